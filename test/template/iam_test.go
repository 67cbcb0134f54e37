package template

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"
)

// arn begins the ARN of a resource of the stack's account and Region.
const arn = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"

func arns(service string, resources ...string) []any {
	var out []any
	for _, r := range resources {
		out = append(out, fmt.Sprintf(arn, service, r))
	}
	return out
}

type statement struct {
	Action    any
	Resource  any
	Condition any
}

// only makes a one-element list the element, as CloudFormation templates of AWS
// CDK have it.
func only(list []any) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// TestSwitcherPermissions asserts every statement of the function's role. What is
// not listed here the switcher may not do.
func TestSwitcherPermissions(t *testing.T) {
	vpcArn := fmt.Sprintf(arn, "ec2", "vpc/${Vpc}")
	inVpc := map[string]any{"ArnEquals": map[string]any{"ec2:Vpc": vpcArn}}
	own := map[string]any{"aws:ResourceTag/recovery:switcher": "example"}
	condemned := map[string]any{"StringEquals": own, "StringLike": map[string]any{
		"aws:ResourceTag/recovery:condemned": []any{"0*", "1*", "2*", "3*", "4*", "5*", "6*", "7*", "8*", "9*"},
	}}
	want := map[string]statement{
		// Actions that know no resources.
		"ReadEc2": {[]any{
			"ec2:DescribeAvailabilityZones", "ec2:DescribeCapacityReservations", "ec2:DescribeInstanceCreditSpecifications", "ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions",
			"ec2:DescribeNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces", "ec2:DescribePlacementGroups", "ec2:DescribeSubnets", "ec2:DescribeVolumes",
		}, "*", nil},
		"ReadZonalShifts": {[]any{"arc-zonal-shift:ListAutoshifts", "arc-zonal-shift:ListZonalShifts"}, "*", nil},
		"ReadTargets":     {[]any{"elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"}, "*", nil},

		"ReadInstanceAttributes": {"ec2:DescribeInstanceAttribute", only(arns("ec2", "instance/*")), map[string]any{"StringEquals": own}},
		"ReadAlarms":             {"cloudwatch:DescribeAlarms", only(arns("cloudwatch", "alarm:*")), nil},
		"LaunchTagged": {
			"ec2:RunInstances", arns("ec2", "instance/*", "network-interface/*", "volume/*"),
			map[string]any{"StringEquals": map[string]any{"aws:RequestTag/recovery:switcher": "example"}},
		},
		"LaunchInVpc": {"ec2:RunInstances", arns("ec2", "security-group/*", "subnet/*"), inVpc},
		"LaunchFrom": {"ec2:RunInstances", append(arns("ec2", "capacity-reservation/*", "key-pair/*", "placement-group/*"),
			"arn:${AWS::Partition}:ec2:${AWS::Region}::image/*", "arn:${AWS::Partition}:ec2:${AWS::Region}::snapshot/*",
			fmt.Sprintf(arn, "license-manager", "license-configuration:*"), fmt.Sprintf(arn, "resource-groups", "group/*")), nil},
		"TagAtLaunch": {
			"ec2:CreateTags", arns("ec2", "instance/*", "network-interface/*", "volume/*"),
			map[string]any{"StringEquals": map[string]any{"ec2:CreateAction": "RunInstances", "aws:RequestTag/recovery:switcher": "example"}},
		},
		"PassNodeRole": {
			"iam:PassRole", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/recovery/example/*",
			map[string]any{"StringEquals": map[string]any{"iam:PassedToService": []any{"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}}},
		},
		"MarkOwn": {"ec2:CreateTags", only(arns("ec2", "instance/*")), map[string]any{
			"StringEquals":              own,
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": []any{"recovery:condemned", "recovery:epoch", "recovery:gate"}},
			"Null":                      map[string]any{"aws:TagKeys": "false"},
		}},
		"PowerOffCondemned": {[]any{"ec2:StopInstances", "ec2:TerminateInstances"}, only(arns("ec2", "instance/*")), condemned},
		"StartPardoned": {
			"ec2:StartInstances", only(arns("ec2", "instance/*")),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/recovery:switcher": "example", "aws:ResourceTag/recovery:condemned": "start"}},
		},
		"CutOffStorage": {[]any{
			"elasticfilesystem:CreateMountTarget", "elasticfilesystem:DeleteMountTarget",
			"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
		}, only(arns("elasticfilesystem", "file-system/*")), map[string]any{"StringEquals": own}},
		"RemoveMountTargetInterface": {"ec2:DeleteNetworkInterface", only(arns("ec2", "network-interface/*")), inVpc},
		"MakeMountTargetInterface":   {"ec2:CreateNetworkInterface", arns("ec2", "security-group/*", "subnet/*"), inVpc},
		// Subnet and groups must be in the VPC besides.
		"MakeInterface":      {"ec2:CreateNetworkInterface", only(arns("ec2", "network-interface/*")), nil},
		"UnprotectCondemned": {"ec2:ModifyInstanceAttribute", only(arns("ec2", "instance/*")), condemned},
		"SwapGroups":         {"ec2:ModifyNetworkInterfaceAttribute", arns("ec2", "network-interface/*", "security-group/*"), inVpc},
		// The interface and the groups must be in the VPC besides.
		"SwapGroupsOfInstance": {"ec2:ModifyNetworkInterfaceAttribute", only(arns("ec2", "instance/*")), map[string]any{"StringEquals": own}},
		"MoveTargets": {
			[]any{"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"},
			only(arns("elasticloadbalancing", "targetgroup/*/*")),
			map[string]any{"StringEquals": own},
		},
		"RepointAlarms": {"cloudwatch:PutMetricAlarm", only(arns("cloudwatch", "alarm:example.node-*")), nil},
		"Records": {
			[]any{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
			"${import RecoveryRegion:ExportsOutputFnGetAttTableArn}",
			map[string]any{"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": []any{"vpc#${Vpc}", "claim", "capacity", "live", "history#${Vpc}#*"}}},
		},
		"Tell": {"sns:Publish", "${SwitcherTopic}", nil},
		"Announce": {"events:PutEvents", only(arns("events", "event-bus/default")), map[string]any{
			"ForAllValues:StringEquals": map[string]any{"events:source": "workload-recovery"},
			"Null":                      map[string]any{"events:source": "false"},
		}},
		"Continue": {"lambda:InvokeFunction", only(arns("lambda", "function:recovery-switcher-example")), nil},
		"Log":      {[]any{"logs:CreateLogStream", "logs:PutLogEvents"}, "${SwitcherLogs.Arn}", nil},
		"UseTopicKey": {
			[]any{"kms:Decrypt", "kms:GenerateDataKey*"},
			"${SwitcherTopicKey.Arn}",
			map[string]any{"StringLike": map[string]any{"kms:ViaService": "sns.${AWS::Region}.amazonaws.com*"}},
		},
		// Added by AWS CDK for the on-failure destination.
		"of [sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage]": {[]any{"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}, "${SwitcherDeadLetters.Arn}", nil},
	}
	got := switcherStatements(t, synth(t, single(t).Vpc.Stack))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statements by Sid (-want +got):\n%s", diff)
	}
}

// TestSweepPermissions: the schedule may invoke this function, and no version or
// other of it.
func TestSweepPermissions(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	want := map[string]statement{
		"Sweep":       {"lambda:InvokeFunction", only(arns("lambda", "function:recovery-switcher-example")), nil},
		"Undelivered": {"sqs:SendMessage", "${SwitcherDeadLetters.Arn}", nil},
	}
	if diff := cmp.Diff(want, statements(t, d, "SwitcherSweepRoleDefaultPolicy")); diff != "" {
		t.Errorf("statements by Sid (-want +got):\n%s", diff)
	}
	trust := flat(d.one(t, "AWS::IAM::Role", "SwitcherSweepRole").Properties["AssumeRolePolicyDocument"])
	wantTrust := map[string]any{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]any{"Service": "scheduler.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "${AWS::AccountId}"}},
	}
	if diff := cmp.Diff(wantTrust, at(t, trust, "Statement", 0)); diff != "" {
		t.Errorf("trust (-want +got):\n%s", diff)
	}
}

// TestNodePermissions: a node reaches its own two directories, with the agent's
// managed policy besides.
func TestNodePermissions(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	actions := []any{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"}
	through := func(point string) any {
		return map[string]any{"StringEquals": map[string]any{"elasticfilesystem:AccessPointArn": fmt.Sprintf(arn, "elasticfilesystem", "access-point/"+point)}}
	}
	want := map[string]statement{
		"Data":         {actions, "${Database1Data.Arn}", through("${Database1DataPoint}")},
		"RecoveryLogs": {actions, "${import RecoveryVpc:ExportsOutputFnGetAttVpcLogsArn}", through("${Database1LogPoint}")},
	}
	if diff := cmp.Diff(want, statements(t, d, "Database1Files")); diff != "" {
		t.Errorf("statements by Sid (-want +got):\n%s", diff)
	}
	role := flat(d.one(t, "AWS::IAM::Role", "Database1Role").Properties).(map[string]any)
	for path, want := range map[string]any{
		"Path":              "/recovery/example/",
		"ManagedPolicyArns": []any{"arn:${AWS::Partition}:iam::aws:policy/CloudWatchAgentServerPolicy"},
	} {
		if diff := cmp.Diff(want, role[path]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestNoWildcards: an action on "*" must be one that knows no resources.
func TestNoWildcards(t *testing.T) {
	example := single(t)
	for _, stack := range []awscdk.Stack{example.Region.Stack, example.Vpc.Stack, example.Nodes.Stack} {
		d := synth(t, stack)
		for _, id := range append(d.ids("AWS::IAM::Policy"), d.ids(managedPolicy)...) {
			for sid, s := range statementsOf(t, d.Resources[id]) {
				if s.Resource == "*" && sid != "ReadEc2" && sid != "ReadTargets" && sid != "ReadZonalShifts" {
					t.Errorf("%s: statement %s has resource *", id, sid)
				}
				if strings.Contains(fmt.Sprint(s.Action), ":*") {
					t.Errorf("%s: statement %s has action %v", id, sid, s.Action)
				}
			}
		}
	}
}

// switcherPolicies are the policies of the function's role, by type: the nodes' come
// from other stacks, as inline ones.
var switcherPolicies = map[string]string{"SwitcherRecover": managedPolicy, "SwitcherMove": managedPolicy, "SwitcherRoleDefaultPolicy": "AWS::IAM::Policy"}

const managedPolicy = "AWS::IAM::ManagedPolicy"

func switcherStatements(t *testing.T, d document) map[string]statement {
	t.Helper()
	all := map[string]statement{}
	for prefix, kind := range switcherPolicies {
		p := d.one(t, kind, prefix)
		if roles := text(t, flat(p.Properties["Roles"])); roles != `["${SwitcherRole}"]` {
			t.Errorf("%s belongs to %s", prefix, roles)
		}
		// IAM counts no white space.
		if size := len(text(t, flat(p.Properties["PolicyDocument"]))); kind == managedPolicy && size > 6144-500 {
			t.Errorf("%s has about %d characters: IAM allows 6,144; move statements to another policy", prefix, size)
		}
		maps.Copy(all, statementsOf(t, p))
	}
	return all
}

// statements are a policy's statements by Sid. All must be Allow.
func statements(t *testing.T, d document, prefix string) map[string]statement {
	t.Helper()
	return statementsOf(t, d.one(t, "AWS::IAM::Policy", prefix))
}

func statementsOf(t *testing.T, policy resource) map[string]statement {
	t.Helper()
	doc := flat(policy.Properties["PolicyDocument"])
	out := map[string]statement{}
	for _, raw := range at(t, doc, "Statement").([]any) {
		s := raw.(map[string]any)
		sid, named := s["Sid"].(string)
		if !named { // added by AWS CDK
			sid = "of " + fmt.Sprint(s["Action"])
		}
		if _, twice := out[sid]; twice || s["Effect"] != "Allow" {
			t.Errorf("statement %q is there twice or does not allow", sid)
		}
		out[sid] = statement{Action: s["Action"], Resource: unhashed(s["Resource"]), Condition: s["Condition"]}
	}
	return out
}

// unhashed drops the hashes from the names of exports.
func unhashed(v any) any {
	if s, ok := v.(string); ok && strings.HasPrefix(s, "${import") {
		return trimHash(s)
	}
	return v
}
