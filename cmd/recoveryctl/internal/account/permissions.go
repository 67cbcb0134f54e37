package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// question is one call of the switcher's, as IAM's simulator is asked about it
// (SimulatePrincipalPolicy, IAM API reference). The simulator sees the role's policies
// and its boundary, and the organisation's; a condition sees the values given here.
type question struct {
	actions  []string
	resource string
	context  map[string][]string
}

// questions are the calls without which a recovery does not end.
func (x *inspection) questions() []question {
	c, f := x.s.Config, aws.ToString(x.s.Function.FunctionArn)
	part := strings.Split(f, ":") // arn:partition:lambda:region:account:function:name
	if len(part) < 7 {
		return nil
	}
	arn := func(service, resource string) string {
		return strings.Join([]string{"arn", part[1], service, part[3], part[4], resource}, ":")
	}
	const some = "0123456789abcdef0"
	own := map[string][]string{"aws:ResourceTag/" + contract.SwitcherTag: {c.Name}}
	condemned := map[string][]string{"aws:ResourceTag/" + contract.SwitcherTag: {c.Name}, "aws:ResourceTag/" + contract.CondemnedTag: {"1"}}
	startable := map[string][]string{"aws:ResourceTag/" + contract.SwitcherTag: {c.Name}, "aws:ResourceTag/" + contract.CondemnedTag: {contract.MayStart}}
	launched := map[string][]string{"aws:RequestTag/" + contract.SwitcherTag: {c.Name}}
	inVPC := map[string][]string{"ec2:Vpc": {arn("ec2", "vpc/"+c.VPC)}}
	marked := map[string][]string{"aws:ResourceTag/" + contract.SwitcherTag: {c.Name}, "aws:TagKeys": {contract.CondemnedTag}}
	rows := map[string][]string{"dynamodb:LeadingKeys": {contract.VPCPartition(c.VPC)}}
	passed := map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}
	return []question{
		{[]string{"ec2:DescribeInstances", "ec2:DescribeSubnets", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeVolumes", "elasticloadbalancing:DescribeTargetHealth"}, "*", nil},
		{[]string{"ec2:DescribeInstanceAttribute"}, arn("ec2", "instance/i-"+some), nil},
		{[]string{"ec2:RunInstances"}, arn("ec2", "instance/i-"+some), launched},
		{[]string{"ec2:RunInstances"}, arn("ec2", "subnet/subnet-"+some), inVPC},
		{[]string{"ec2:CreateTags"}, arn("ec2", "instance/i-"+some), marked},
		{[]string{"ec2:StopInstances", "ec2:TerminateInstances", "ec2:ModifyInstanceAttribute"}, arn("ec2", "instance/i-"+some), condemned},
		{[]string{"ec2:StartInstances"}, arn("ec2", "instance/i-"+some), startable},
		{[]string{"ec2:ModifyNetworkInterfaceAttribute"}, arn("ec2", "network-interface/eni-"+some), inVPC},
		{[]string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"}, arn("elasticloadbalancing", "targetgroup/"+c.Name+"/"+some), own},
		{[]string{"cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"}, arn("cloudwatch", "alarm:"+contract.AlarmName(c.Name, 1, contract.AlarmInstance)), nil},
		{[]string{"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"}, arn("dynamodb", "table/"+c.Table), rows},
		{[]string{"sns:Publish"}, c.Topic, nil},
		{[]string{"lambda:InvokeFunction"}, f, nil},
		{[]string{"iam:PassRole"}, fmt.Sprintf("arn:%s:iam::%s:role%s%s/node", part[1], part[4], contract.RolePath, c.Name), passed},
	}
}

func (x *inspection) permissions(ctx context.Context) error {
	client := iam.NewFromConfig(x.a.SDK)
	var refused []string
	for _, q := range x.questions() {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: x.s.Function.Role, ActionNames: q.actions, ResourceArns: []string{q.resource}}
		for key, values := range q.context {
			kind := types.ContextKeyTypeEnumString
			if key == "aws:TagKeys" || key == "dynamodb:LeadingKeys" {
				kind = types.ContextKeyTypeEnumStringList
			}
			in.ContextEntries = append(in.ContextEntries, types.ContextEntry{ContextKeyName: aws.String(key), ContextKeyType: kind, ContextKeyValues: values})
		}
		out, err := client.SimulatePrincipalPolicy(ctx, in)
		if err != nil {
			return err
		}
		for _, r := range out.EvaluationResults {
			if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				refused = append(refused, fmt.Sprintf("%s on %s (%s)", aws.ToString(r.EvalActionName), q.resource, r.EvalDecision))
			}
		}
	}
	slices.Sort(refused)
	x.note(func(f *doctor.Facts) { f.Refused = refused })
	return nil
}
