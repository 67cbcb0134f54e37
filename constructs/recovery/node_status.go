package recovery

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/resource"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func (w *ApplicationStatusCheck) plan(at prop.Place) resource.StatusPlan {
	const group = "ApplicationStatusCheck."
	at.Require(w.Port != nil, group+"Port", "give the port that the application answers HTTP on")
	p := resource.StatusPlan{
		Port: at.Whole(group+"Port", w.Port, 0, 1, 65535), Path: prop.Or(w.Path, "/"), Codes: prop.Or(w.StatusCodes, "200"),
		Protocol: at.OneOf(group+"Protocol", w.Protocol, "http", "http", "https"),
		Timeout:  at.Between(group+"Timeout", w.Timeout, 6, 1, 30),
		Failures: at.Whole(group+"Failures", w.Failures, 2, 1, 10),
		Start:    at.Between(group+"StartTime", w.StartTime, 300, 1, 600),
	}
	if !strings.HasPrefix(p.Path, "/") {
		at.Fail("%sPath is %q: it must begin with a slash; write %q", group, p.Path, "/"+p.Path)
	}
	if len(p.Codes) > 64 || strings.Trim(p.Codes, "0123456789,-") != "" || p.Codes == "" {
		at.Fail("%sStatusCodes is %q: allowed are up to 64 characters of numbers and ranges such as 200,202,300-399; leave it out for 200", group, p.Codes)
	}
	if w.CheckId != nil && !prop.Unresolved(w.CheckId) && !strings.HasPrefix(*w.CheckId, "asc-") {
		at.Fail("%sCheckId is %q: give the id of an application status check such as asc-0123456789abcdef0", group, *w.CheckId)
	}
	return p
}

// makeStatusCheck makes the check, or takes the one that another node of the stack
// has made, and lets the switcher associate it with the node. CloudFormation has no
// resource for that in AWS CDK.
func (n *clusterNode) makeStatusCheck(at prop.Place, want *ApplicationStatusCheck) {
	if want == nil {
		return
	}
	plan := want.plan(at)
	if want.CheckId != nil {
		n.check = *want.CheckId
	} else {
		check := sharedCheck(awscdk.Stack_Of(n), *n.switcher.SwitcherName(), plan)
		n.check = *check.AttrApplicationStatusCheckId()
		n.need(check)
	}
	if n.group != nil {
		n.group.AddIngressRule(awsec2.Peer_Ipv4(n.switcher.Vpc().CidrBlock()), awsec2.Port_Tcp(prop.Number(plan.Port)), jsii.String("Application status check"), nil)
	}
	checks := func(id *string) []*string {
		return []*string{awscdk.Stack_Of(n).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ec2"), Resource: jsii.String("application-status-check"), ResourceName: id,
		})}
	}
	statements := []awsiam.PolicyStatement{
		statement.Allow("ReadStatusChecks", []string{"ec2:DescribeApplicationStatus", "ec2:DescribeApplicationStatusCheckAssociations"}, statement.Anything(), nil),
		// By tag, so that the node can be taken off a check that the stack no longer names.
		statement.Allow("AssociateOwnChecks", watchActions, checks(jsii.String("*")), map[string]any{
			"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: *n.switcher.SwitcherName()},
		}),
	}
	if want.CheckId != nil {
		statements = append(statements, statement.Allow("AssociateThatCheck", watchActions, checks(want.CheckId), nil))
	}
	nag.Explain(n.letSwitcher("Watch", statements...), nag.Rule{
		ID: "AwsSolutions-IAM5", Reason: "Describe actions of EC2 know no resources. The association is limited to the switcher's own checks by their tag, and to the one that is named.",
	})
}

// watchActions associate a check with the tag of a node, and end that.
var watchActions = []string{"ec2:AssociateApplicationStatusCheck", "ec2:DisassociateApplicationStatusCheck"}

// statusChecksID is the construct under a stack that holds its checks.
const statusChecksID = "RecoveryStatusChecks"

// sharedCheck carries the switcher's tag, on which its permission rests.
func sharedCheck(stack awscdk.Stack, switcher string, p resource.StatusPlan) awsec2.CfnApplicationStatusCheck {
	var scope constructs.Construct
	if found := stack.Node().TryFindChild(jsii.String(statusChecksID)); found != nil {
		scope = registry.ScopeOf(found)
	} else {
		scope = constructs.NewConstruct(stack, jsii.String(statusChecksID))
	}
	sum := sha256.Sum256(fmt.Append(nil, switcher, p))
	id := p.Protocol + strconv.Itoa(p.Port) + hex.EncodeToString(sum[:4])
	if found := scope.Node().TryFindChild(&id); found != nil {
		return found.(awsec2.CfnApplicationStatusCheck)
	}
	check := resource.NewStatusCheck(scope, id, p)
	awscdk.Tags_Of(check).Add(jsii.String(contract.SwitcherTag), jsii.String(switcher), &awscdk.TagProps{Priority: jsii.Number(1000)})
	return check
}
