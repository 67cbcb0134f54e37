package world

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/workload-recovery/workload-recovery/test/emulator/access"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

// authority stands in for IAM: it asks the policies of the synthesised templates.
type authority struct {
	*World
	mu       sync.Mutex
	known    map[string]string // what never changes of a resource
	policies map[*provision.Created]access.Policy
	used     map[string]bool // actions
}

// Authorize says why the caller's role does not allow a call.
func (a *authority) Authorize(ctx context.Context, c proxy.Call) error {
	if c.Service == proxy.Answer {
		return nil // a pre-signed address
	}
	policy, err := a.policy(c.Caller)
	if err != nil {
		return err
	}
	requests, err := access.Requests(ctx, a, a.Account(), c)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if !policy.Allows(r) {
			return fmt.Errorf("the role does not allow %s", r)
		}
		a.mu.Lock()
		a.used[r.Action] = true
		a.mu.Unlock()
	}
	return nil
}

// policy of the function's role that a caller is a process of.
func (a *authority) policy(caller string) (access.Policy, error) {
	functions := a.Functions()
	i := slices.IndexFunc(functions, func(f *runtimeapi.Function) bool { return f.Owns(caller) })
	if i < 0 {
		return nil, fmt.Errorf("caller %s is no function's process", caller)
	}
	return a.PolicyOf(functions[i].ARN)
}

// PolicyOf is what the templates that are deployed allow a function.
func (w *World) PolicyOf(function string) (access.Policy, error) {
	role, err := w.roleOf(function)
	if err != nil {
		return nil, err
	}
	var all access.Policy
	for _, p := range append(w.Find("AWS::IAM::Policy"), w.Find("AWS::IAM::ManagedPolicy")...) {
		if roles, _ := p.Properties["Roles"].([]any); !slices.Contains(roles, any(role)) {
			continue
		}
		statements, err := w.authority.statements(p)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.Logical, err)
		}
		all = append(all, statements...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no policy is attached to role %q of %s", role, function)
	}
	return all, nil
}

// statements reads a policy's document once: an update of the stack makes another resource.
func (a *authority) statements(p *provision.Created) (access.Policy, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.policies[p]; ok {
		return known, nil
	}
	read, err := access.Parse(p.Properties["PolicyDocument"])
	if err == nil {
		a.policies[p] = read
	}
	return read, err
}

// roleOf is the name of a function's role.
func (w *World) roleOf(function string) (string, error) {
	for _, f := range w.Find("AWS::Lambda::Function") {
		if f.Attributes["Arn"] == function {
			arn := fmt.Sprint(f.Properties["Role"])
			return arn[strings.LastIndex(arn, "/")+1:], nil
		}
	}
	return "", fmt.Errorf("the templates hold no function %s", function)
}

// Used are the actions that calls needed so far.
func (w *World) Used() []string {
	w.authority.mu.Lock()
	defer w.authority.mu.Unlock()
	var all []string
	for action := range w.authority.used {
		all = append(all, action)
	}
	return all
}

// once looks a thing up that does not change.
func (a *authority) once(key string, find func() (string, error)) (string, error) {
	a.mu.Lock()
	v, ok := a.known[key]
	a.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := find()
	if err == nil {
		a.mu.Lock()
		a.known[key] = v
		a.mu.Unlock()
	}
	return v, err
}

// Tags implements access.Lookup.
func (a *authority) Tags(ctx context.Context, region, id string) (map[string]string, error) {
	tags := map[string]string{}
	switch {
	case strings.HasPrefix(id, "arn:"):
		out, err := a.In(region).ELB.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{id}})
		if err != nil {
			return nil, err
		}
		for _, t := range out.TagDescriptions[0].Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	case strings.HasPrefix(id, "asc-"): // the emulator has none
		for _, c := range a.Find("AWS::EC2::ApplicationStatusCheck") {
			list, _ := c.Properties["Tags"].([]any)
			for _, t := range list {
				if t, ok := t.(map[string]any); ok && c.Physical == id {
					tags[fmt.Sprint(t["Key"])] = fmt.Sprint(t["Value"])
				}
			}
		}
	case strings.HasPrefix(id, "fs-"):
		var out struct {
			FileSystems []struct {
				Tags []struct{ Key, Value string }
			}
		}
		path := "/2015-02-01/file-systems?" + url.Values{"FileSystemId": {id}}.Encode()
		if err := a.In(region).REST(ctx, http.MethodGet, path, proxy.EFS, nil, &out); err != nil {
			return nil, err
		}
		for _, t := range out.FileSystems[0].Tags {
			tags[t.Key] = t.Value
		}
	default:
		out, err := a.In(region).EC2.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []types.Filter{{Name: aws.String("resource-id"), Values: []string{id}}}})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, nil
}

// VPC implements access.Lookup.
func (a *authority) VPC(ctx context.Context, region, id string) (string, error) {
	return a.once("vpc of "+id, func() (string, error) {
		client := a.In(region).EC2
		kind, _, _ := strings.Cut(id, "-")
		switch kind {
		case "subnet":
			out, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.Subnets[0].VpcId), nil
		case "sg":
			out, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.SecurityGroups[0].VpcId), nil
		}
		n, err := a.networkInterface(ctx, region, id)
		return aws.ToString(n.VpcId), err
	})
}

func (a *authority) networkInterface(ctx context.Context, region, id string) (types.NetworkInterface, error) {
	out, err := a.In(region).EC2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}})
	if err != nil {
		return types.NetworkInterface{}, err
	}
	return out.NetworkInterfaces[0], nil
}

// Carrier implements access.Lookup.
func (a *authority) Carrier(ctx context.Context, region, networkInterface string) (string, error) {
	n, err := a.networkInterface(ctx, region, networkInterface)
	if err != nil || n.Attachment == nil {
		return "", err
	}
	return aws.ToString(n.Attachment.InstanceId), nil
}

// Mount implements access.Lookup.
func (a *authority) Mount(ctx context.Context, region, mountTarget string) (fileSystem, subnet string, err error) {
	var out struct {
		MountTargets []struct{ FileSystemId, SubnetId string }
	}
	path := "/2015-02-01/mount-targets?" + url.Values{"MountTargetId": {mountTarget}}.Encode()
	err = a.In(region).REST(ctx, http.MethodGet, path, proxy.EFS, nil, &out)
	if err != nil && strings.Contains(err.Error(), "MountTargetNotFound") {
		return "", "", nil
	}
	if err != nil || len(out.MountTargets) == 0 {
		return "", "", err
	}
	return out.MountTargets[0].FileSystemId, out.MountTargets[0].SubnetId, nil
}

// Role implements access.Lookup.
func (a *authority) Role(_ context.Context, _, profile string) (string, error) {
	return a.once("role in "+profile, func() (string, error) {
		for _, p := range a.Find("AWS::IAM::InstanceProfile") {
			roles, _ := p.Properties["Roles"].([]any)
			if p.Physical != profile || len(roles) != 1 {
				continue
			}
			for _, r := range a.Find("AWS::IAM::Role") {
				if r.Physical == roles[0] {
					return fmt.Sprint(r.Attributes["Arn"]), nil
				}
			}
		}
		return "", fmt.Errorf("the templates hold no instance profile %q with a role of theirs", profile)
	})
}

// Customers implements access.Lookup: other keys than those of the templates are the
// emulator's for the account.
func (a *authority) Customers(_ context.Context, _, key string) (bool, error) {
	return slices.ContainsFunc(a.Find("AWS::KMS::Key"), func(k *provision.Created) bool { return k.Attributes["Arn"] == key }), nil
}

var _ access.Lookup = (*authority)(nil)

// authorize sets the world's authority up.
func (w *World) authorize(p *proxy.Proxy) {
	w.authority = &authority{World: w, known: map[string]string{}, policies: map[*provision.Created]access.Policy{}, used: map[string]bool{}}
	p.Authorize = w.authority.Authorize
}
