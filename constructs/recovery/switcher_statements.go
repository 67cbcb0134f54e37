package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// switcherScope is what a switcher's permissions are limited to.
type switcherScope struct {
	name                           string
	env                            environmentOf
	vpcID, vpcArn, tableArn        *string
	topicArn, functionArn, logsArn *string
	// tableKey encrypts the table, topicKey the topic, ownKey what the switcher makes:
	// customers' keys, or nil.
	tableKey, topicKey, ownKey awskms.IKey
}

// read only read. EC2's and ELB's Describe actions have no
// resource-level permissions, hence "*"; DescribeInstanceAttribute has.
func (s switcherScope) read() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow("ReadEc2", []string{
			"ec2:DescribeAvailabilityZones", "ec2:DescribeCapacityReservations",
			"ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeLaunchTemplateVersions",
			"ec2:DescribeSubnets", "ec2:DescribeVolumes",
			// EFS asks these with the role's permissions, for its mount targets' interfaces.
			"ec2:DescribeNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces",
		}, anything(), nil),
		allow("ReadZonalShifts", []string{"arc-zonal-shift:ListAutoshifts", "arc-zonal-shift:ListZonalShifts"}, anything(), nil),
		// It tells user data: of the switcher's own instances only.
		allow("ReadInstanceAttributes", []string{"ec2:DescribeInstanceAttribute"}, s.ec2("instance/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.name}}),
		allow("ReadTargets", []string{
			"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
		}, anything(), nil),
		// A request by names is authorised against all alarms of the account and Region.
		allow("ReadAlarms", []string{"cloudwatch:DescribeAlarms"}, s.arns("cloudwatch", "alarm:*"), nil),
	}
}

// launch launch only what carries the switcher's tag, in its VPC.
func (s switcherScope) launch() []awsiam.PolicyStatement {
	run := []string{"ec2:RunInstances"}
	tagged := map[string]any{"StringEquals": map[string]any{"aws:RequestTag/" + contract.SwitcherTag: s.name}}
	return []awsiam.PolicyStatement{
		allow("LaunchTagged", run, s.ec2("instance/*", "volume/*", "network-interface/*"), tagged),
		allow("LaunchInVpc", run, s.ec2("subnet/*", "security-group/*"), s.inVpc()),
		// What a launch reads. Images and snapshots can be other accounts' or AWS's own.
		allow("LaunchFrom", run, append(s.ec2("key-pair/*", "placement-group/*", "capacity-reservation/*"), append(
			s.foreign("image/*", "snapshot/*"), s.arns("resource-groups", "group/*")...)...), nil),
		allow("TagAtLaunch", []string{"ec2:CreateTags"}, s.ec2("instance/*", "volume/*", "network-interface/*"),
			map[string]any{"StringEquals": map[string]any{
				"ec2:CreateAction": "RunInstances", "aws:RequestTag/" + contract.SwitcherTag: s.name,
			}}),
		allow("PassNodeRole", []string{"iam:PassRole"}, s.iamRoles(), map[string]any{
			"StringEquals": map[string]any{"iam:PassedToService": []any{"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}},
		}),
	}
}

// fence stop and terminate only condemned instances of this switcher:
// a call that arrives late, after the instance was given back, must be harmless.
func (s switcherScope) fence() []awsiam.PolicyStatement {
	own := map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.name}
	condemned := map[string]any{
		"StringEquals": own,
		"Null":         map[string]any{"aws:ResourceTag/" + contract.CondemnedTag: "false"},
	}
	keys := make([]any, 0, len(contract.ControlTags))
	for _, k := range contract.ControlTags {
		keys = append(keys, k)
	}
	return []awsiam.PolicyStatement{
		allow("MarkOwn", []string{"ec2:CreateTags", "ec2:DeleteTags"}, s.ec2("instance/*"), map[string]any{
			"StringEquals":              own,
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": keys},
			"Null":                      map[string]any{"aws:TagKeys": "false"},
		}),
		allow("PowerOffCondemned", []string{"ec2:StopInstances", "ec2:TerminateInstances"}, s.ec2("instance/*"), condemned),
		// An original is started again in place only after it was pardoned.
		allow("StartPardoned", []string{"ec2:StartInstances"}, s.ec2("instance/*"), map[string]any{
			"StringEquals": own,
			"Null":         map[string]any{"aws:ResourceTag/" + contract.CondemnedTag: "true"},
		}),
		// Clears termination and stop protection.
		allow("UnprotectCondemned", []string{"ec2:ModifyInstanceAttribute"}, s.ec2("instance/*"), condemned),
		allow("SwapGroups", []string{"ec2:ModifyNetworkInterfaceAttribute"},
			s.ec2("network-interface/*", "security-group/*"), s.inVpc()),
		// An attached interface is authorised against its instance as well (Service
		// Authorization Reference, Amazon EC2): no foreign one, and none that was given back.
		allow("SwapGroupsOfInstance", []string{"ec2:ModifyNetworkInterfaceAttribute"}, s.ec2("instance/*"),
			map[string]any{"StringEquals": own}),
	}
}

// storage cut an instance off from its node's own file system, and put
// the mount target back. EFS makes and removes the target's network interface with
// the role's permissions (CreateMountTarget, DeleteMountTarget, EFS API reference).
func (s switcherScope) storage() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow("CutOffStorage", []string{
			"elasticfilesystem:CreateMountTarget", "elasticfilesystem:DeleteMountTarget",
			"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
		}, s.arns("elasticfilesystem", "file-system/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.name}}),
		allow("RemoveMountTargetInterface", []string{"ec2:DeleteNetworkInterface"}, s.ec2("network-interface/*"), s.inVpc()),
		allow("MakeMountTargetInterface", []string{"ec2:CreateNetworkInterface"}, s.ec2("subnet/*", "security-group/*"), s.inVpc()),
		// An interface that is being made knows no VPC yet; its subnet and groups must
		// pass the statement above.
		allow("MakeInterface", []string{"ec2:CreateNetworkInterface"}, s.ec2("network-interface/*"), nil),
	}
}

// move move targets and alarms.
func (s switcherScope) move() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow("MoveTargets", []string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"},
			s.arns("elasticloadbalancing", "targetgroup/*/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.name}}),
		allow("RepointAlarms", []string{"cloudwatch:PutMetricAlarm"}, s.arns("cloudwatch", "alarm:"+contract.AlarmPrefix(s.name)+"*"), nil),
	}
}

// own concern the switcher's own table, topic, logs and continuation.
func (s switcherScope) own() []awsiam.PolicyStatement {
	out := []awsiam.PolicyStatement{
		allow("Records", []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
			[]*string{s.tableArn}, s.leadingKeys()),
		allow("Tell", []string{"sns:Publish"}, []*string{s.topicArn}, nil),
		// On the account's default bus, under the switcher's own name only: nobody takes
		// its events for AWS's.
		allow("Announce", []string{"events:PutEvents"}, s.arns("events", "event-bus/default"), map[string]any{
			"ForAllValues:StringEquals": map[string]any{"events:source": contract.Source},
			"Null":                      map[string]any{"events:source": "false"},
		}),
		allow("Continue", []string{"lambda:InvokeFunction"}, []*string{s.functionArn}, nil),
		allow("Log", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, []*string{s.logsArn}, nil),
	}
	if key := s.tableKey; key != nil {
		out = append(out, allow("UseTableKey", []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
			[]*string{key.KeyArn()}, s.via("dynamodb")))
	}
	if s.topicKey != nil {
		out = append(out, allow("UseTopicKey", []string{"kms:Decrypt", "kms:GenerateDataKey*"}, []*string{s.topicKey.KeyArn()}, s.via("sns")))
	}
	if s.ownKey != nil {
		out = append(out, s.useQueueKey())
	}
	return out
}

// useQueueKey is what sending to an encrypted queue takes ("Key management", Amazon SQS
// Developer Guide).
func (s switcherScope) useQueueKey() awsiam.PolicyStatement {
	return allow("UseQueueKey", []string{"kms:Decrypt", "kms:GenerateDataKey"}, []*string{s.ownKey.KeyArn()}, s.via("sqs"))
}

// leadingKeys limits the shared table to this VPC's partitions and the Region's
// common ones.
func (s switcherScope) leadingKeys() map[string]any {
	vpc := *s.vpcID
	return map[string]any{"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": []any{
		contract.VPCPartition(vpc), contract.ClaimPartition, contract.CapacityPartition, contract.LivePartition, "history#" + vpc + "#*",
	}}}
}

func (s switcherScope) inVpc() map[string]any {
	return map[string]any{"ArnEquals": map[string]any{"ec2:Vpc": s.vpcArn}}
}

// via limits the use of a key to requests that a service makes for the role.
func (s switcherScope) via(service string) map[string]any {
	return map[string]any{"StringLike": map[string]any{"kms:ViaService": service + "." + s.env.region + ".amazonaws.com*"}}
}

// iamRoles are the roles under the switcher's path.
func (s switcherScope) iamRoles() []*string {
	return []*string{s.env.arn("iam", "", s.env.account, "role"+contract.RolePath+s.name+"/*")}
}

// ec2 are resources of the account and Region.
func (s switcherScope) ec2(resources ...string) []*string { return s.arns("ec2", resources...) }

func (s switcherScope) arns(service string, resources ...string) []*string {
	return s.env.arns(service, resources...)
}

// foreign are EC2 resources whose ARN has no account.
func (s switcherScope) foreign(resources ...string) []*string {
	out := make([]*string, 0, len(resources))
	for _, r := range resources {
		out = append(out, s.env.arn("ec2", s.env.region, "", r))
	}
	return out
}
