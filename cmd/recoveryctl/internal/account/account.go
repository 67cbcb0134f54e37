// Package account is recoveryctl's way into an AWS account: it finds switchers by
// their Lambda functions, reads their records, says who the operator is, and hands
// orders to the function.
package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Account is one Region of an account, with the operator's credentials.
type Account struct {
	Region string
	SDK    aws.Config
}

// Open reads the AWS settings as every AWS tool does: profile, Region, credentials
// and endpoint from flags, environment and files, the flags first.
func Open(ctx context.Context, profile, region string) (*Account, error) {
	var options []func(*config.LoadOptions) error
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, &Problem{Kind: Usage, What: "read the AWS settings: " + err.Error(), Hint: "check --profile, AWS_PROFILE and ~/.aws/config"}
	}
	if cfg.Region == "" {
		return nil, &Problem{Kind: Usage, What: "no AWS Region is set", Hint: "give --region, or set AWS_REGION or the profile's region"}
	}
	cfg.HTTPClient = awscloud.WholeAnswers(cfg.HTTPClient)
	return &Account{Region: cfg.Region, SDK: cfg}, nil
}

// Switcher is one VPC's switcher as it is deployed.
type Switcher struct {
	Config   contract.Config
	Function lambdatypes.FunctionConfiguration
	Ports    cloud.Ports
	Store    record.Store
}

// Switchers returns the switchers of the Region, by name: all, or the one that the
// name or the VPC says.
func (a *Account) Switchers(ctx context.Context, name, vpc string) ([]Switcher, error) {
	if name != "" {
		s, err := a.named(ctx, name)
		if err != nil {
			return nil, err
		}
		if vpc != "" && s.Config.VPC != vpc {
			return nil, &Problem{Kind: Missing, What: fmt.Sprintf("switcher %s serves %s, not %s", name, s.Config.VPC, vpc), Hint: "give --switcher or --vpc, not both"}
		}
		return []Switcher{s}, nil
	}
	var found []Switcher
	var others []string
	pages := lambda.NewListFunctionsPaginator(lambda.NewFromConfig(a.SDK), &lambda.ListFunctionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, Explain(err, "find the switchers")
		}
		for _, f := range page.Functions {
			if !strings.HasPrefix(aws.ToString(f.FunctionName), contract.FunctionPrefix) {
				continue
			}
			s, err := a.switcher(f)
			if err != nil {
				return nil, err
			}
			others = append(others, s.Config.Name+" ("+s.Config.VPC+")")
			if vpc == "" || s.Config.VPC == vpc {
				found = append(found, s)
			}
		}
	}
	if len(found) == 0 && len(others) > 0 {
		return nil, &Problem{Kind: Missing, What: fmt.Sprintf("there is no switcher in %s in Region %s", vpc, a.Region), Hint: "the Region has " + list(others) + "; check --vpc and --region"}
	}
	if len(found) == 0 {
		return nil, &Problem{Kind: Missing, What: "there is no switcher in Region " + a.Region, Hint: "check --region and --profile; a switcher is a Lambda function named " + contract.FunctionPrefix + "…"}
	}
	slices.SortFunc(found, func(x, y Switcher) int { return strings.Compare(x.Config.Name, y.Config.Name) })
	return found, nil
}

func (a *Account) named(ctx context.Context, name string) (Switcher, error) {
	if err := contract.ValidName(name); err != nil {
		return Switcher{}, &Problem{Kind: Usage, What: err.Error(), Hint: "recoveryctl status lists the switchers of the Region"}
	}
	function := contract.FunctionName(name)
	out, err := lambda.NewFromConfig(a.SDK).GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &function})
	var absent *lambdatypes.ResourceNotFoundException
	if errors.As(err, &absent) {
		hint := "recoveryctl status lists the switchers of the Region; check --switcher and --region"
		if all, err := a.Switchers(ctx, "", ""); err == nil { // without the permission to list them the hint stays general
			names := make([]string, 0, len(all))
			for _, s := range all {
				names = append(names, s.Config.Name)
			}
			hint = "the Region has " + list(names) + "; check --switcher and --region"
		}
		return Switcher{}, &Problem{Kind: Missing, What: fmt.Sprintf("there is no switcher %s in Region %s", name, a.Region), Hint: hint}
	}
	if err != nil {
		return Switcher{}, Explain(err, "read switcher "+name)
	}
	return a.switcher(lambdatypes.FunctionConfiguration{
		FunctionName: out.FunctionName, FunctionArn: out.FunctionArn, Environment: out.Environment, Role: out.Role, State: out.State,
		StateReason: out.StateReason, LastUpdateStatus: out.LastUpdateStatus, Timeout: out.Timeout, LastModified: out.LastModified,
	})
}

func (a *Account) switcher(f lambdatypes.FunctionConfiguration) (Switcher, error) {
	text := ""
	if f.Environment != nil {
		text = f.Environment.Variables[contract.EnvConfig]
	}
	cfg, err := contract.ParseConfig(text)
	if err != nil {
		return Switcher{}, &Problem{
			Kind: Failed, What: fmt.Sprintf("function %s: %v", aws.ToString(f.FunctionName), err),
			Hint: "the function's environment is unreadable to you (kms:Decrypt), or was changed by hand: deploy the Switcher again",
		}
	}
	s := Switcher{
		Config: cfg, Function: f,
		Ports: awscloud.Ports(a.SDK, awscloud.Options{Table: cfg.Table, Topic: cfg.Topic, Function: cfg.Function}),
	}
	s.Store = record.Store{Table: s.Ports.Table, VPC: cfg.VPC}
	return s, nil
}

// Caller is the ARN of whoever the credentials belong to.
func (a *Account) Caller(ctx context.Context) (string, error) {
	out, err := sts.NewFromConfig(a.SDK).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", Explain(err, "ask AWS who you are")
	}
	return aws.ToString(out.Arn), nil
}

// Node reads one node's record, as it is now.
func (s Switcher) Node(ctx context.Context, id int) (record.Node, error) {
	it, err := s.Ports.Table.Get(ctx, contract.VPCPartition(s.Config.VPC), contract.NodeKey(id))
	if cloud.Is(err, cloud.NotFound) {
		return record.Node{}, &Problem{Kind: Missing, What: fmt.Sprintf("switcher %s has no node %d", s.Config.Name, id), Hint: "recoveryctl status lists the nodes"}
	}
	if err != nil {
		return record.Node{}, Explain(err, fmt.Sprintf("read the record of node %d", id))
	}
	var plain *record.Memo
	return plain.Decode(it)
}

// Nodes reads all nodes of the switcher's VPC but those that were deleted, by id.
func (s Switcher) Nodes(ctx context.Context) ([]record.Node, error) {
	nodes, err := s.Store.Nodes(ctx)
	if err != nil {
		return nil, Explain(err, "read the nodes of switcher "+s.Config.Name)
	}
	nodes = slices.DeleteFunc(nodes, func(n record.Node) bool { return n.Phase == record.Deleted })
	slices.SortFunc(nodes, func(x, y record.Node) int { return x.ID - y.ID })
	return nodes, nil
}

// Owner finds the switcher that has the node. Node ids are unique per Region.
func (a *Account) Owner(ctx context.Context, all []Switcher, id int) (Switcher, record.Node, error) {
	for _, s := range all {
		n, err := s.Node(ctx, id)
		var p *Problem
		switch {
		case err == nil && n.Phase != record.Deleted:
			return s, n, nil
		case err != nil && (!errors.As(err, &p) || p.Kind != Missing):
			return s, n, err
		}
	}
	var ids []string
	for _, s := range all {
		nodes, err := s.Nodes(ctx)
		if err != nil {
			return s, record.Node{}, err
		}
		for _, n := range nodes {
			ids = append(ids, strconv.Itoa(n.ID))
		}
	}
	hint := "recoveryctl status lists the nodes; check --region, --switcher and --vpc"
	if len(ids) > 0 {
		hint = "the nodes are " + list(ids) + "; " + hint
	}
	return Switcher{}, record.Node{}, &Problem{Kind: Missing, What: fmt.Sprintf("there is no node %d in Region %s", id, a.Region), Hint: hint}
}

// list joins what is allowed, shortened where it would fill the screen.
func list(allowed []string) string {
	const most = 20
	if extra := len(allowed) - most; extra > 0 {
		return strings.Join(allowed[:most], ", ") + fmt.Sprintf(" and %d more", extra)
	}
	return strings.Join(allowed, ", ")
}

// code is the AWS error code of an error, or "".
func code(err error) string {
	var c *cloud.Error
	if errors.As(err, &c) {
		return c.Code
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
