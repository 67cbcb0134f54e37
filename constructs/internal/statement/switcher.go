package statement

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Switcher holds the values that limit a switcher's permissions.
type Switcher struct {
	Name                           string
	Env                            Environment
	VpcID, VpcArn, TableArn        *string
	TopicArn, FunctionArn, LogsArn *string
	// TableKey encrypts the table, TopicKey the topic, OwnKey what the switcher makes:
	// customers' keys, or nil.
	TableKey, TopicKey, OwnKey awskms.IKey
}

// Read returns the statements that only read. EC2's and ELB's Describe actions have no
// resource-level permissions, hence "*"; DescribeInstanceAttribute has.
func (s Switcher) Read() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		Allow("ReadEc2", []string{
			"ec2:DescribeAvailabilityZones", "ec2:DescribeCapacityReservations",
			"ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeLaunchTemplateVersions",
			"ec2:DescribeSubnets", "ec2:DescribeVolumes",
			// The permissions for further inherited settings: credits, processor options, the strategy
			// of a placement group, tags of interfaces.
			"ec2:DescribeInstanceCreditSpecifications", "ec2:DescribeInstanceTypes", "ec2:DescribePlacementGroups",
			// EFS asks these with the role's permissions, for its mount targets' interfaces.
			"ec2:DescribeNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces",
		}, Anything(), nil),
		Allow("ReadZonalShifts", []string{"arc-zonal-shift:ListAutoshifts", "arc-zonal-shift:ListZonalShifts"}, Anything(), nil),
		// It tells user data: of the switcher's own instances only.
		Allow("ReadInstanceAttributes", []string{"ec2:DescribeInstanceAttribute"}, s.ec2("instance/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.Name}}),
		Allow("ReadTargets", []string{
			"elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
		}, Anything(), nil),
		// A request by names is authorised against all alarms of the account and Region.
		Allow("ReadAlarms", []string{"cloudwatch:DescribeAlarms"}, s.arns("cloudwatch", "alarm:*"), nil),
	}
}

// Launch returns the statements that launch only what carries the switcher's tag, in its VPC.
func (s Switcher) Launch() []awsiam.PolicyStatement {
	run := []string{"ec2:RunInstances"}
	tagged := map[string]any{"StringEquals": map[string]any{"aws:RequestTag/" + contract.SwitcherTag: s.Name}}
	return []awsiam.PolicyStatement{
		Allow("LaunchTagged", run, s.ec2("instance/*", "volume/*", "network-interface/*"), tagged),
		Allow("LaunchInVpc", run, s.ec2("subnet/*", "security-group/*"), s.inVpc()),
		// What a launch reads. Images and snapshots can be other accounts' or AWS's own.
		Allow("LaunchFrom", run, append(s.ec2("key-pair/*", "placement-group/*", "capacity-reservation/*"), append(
			s.foreign("image/*", "snapshot/*"), append(s.arns("resource-groups", "group/*"), s.arns("license-manager", "license-configuration:*")...)...)...), nil),
		Allow("TagAtLaunch", []string{"ec2:CreateTags"}, s.ec2("instance/*", "volume/*", "network-interface/*"),
			map[string]any{"StringEquals": map[string]any{
				"ec2:CreateAction": "RunInstances", "aws:RequestTag/" + contract.SwitcherTag: s.Name,
			}}),
		Allow("PassNodeRole", []string{"iam:PassRole"}, s.iamRoles(), map[string]any{
			"StringEquals": map[string]any{"iam:PassedToService": []any{"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}},
		}),
	}
}

// Fence returns the statements that stop and terminate only condemned instances of this switcher:
// a call that arrives late, after the instance was given back, must be harmless.
func (s Switcher) Fence() []awsiam.PolicyStatement {
	own := map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.Name}
	condemned := map[string]any{
		"StringEquals": own,
		"StringLike":   map[string]any{"aws:ResourceTag/" + contract.CondemnedTag: contract.EpochPatterns()},
	}
	keys := make([]any, 0, len(contract.ControlTags))
	for _, k := range contract.ControlTags {
		keys = append(keys, k)
	}
	return []awsiam.PolicyStatement{
		Allow("MarkOwn", []string{"ec2:CreateTags"}, s.ec2("instance/*"), map[string]any{
			"StringEquals":              own,
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": keys},
			"Null":                      map[string]any{"aws:TagKeys": "false"},
		}),
		Allow("PowerOffCondemned", []string{"ec2:StopInstances", "ec2:TerminateInstances"}, s.ec2("instance/*"), condemned),
		// An original is started again in place only after it was pardoned.
		Allow("StartPardoned", []string{"ec2:StartInstances"}, s.ec2("instance/*"), map[string]any{
			"StringEquals": map[string]any{
				"aws:ResourceTag/" + contract.SwitcherTag: s.Name, "aws:ResourceTag/" + contract.CondemnedTag: contract.MayStart,
			},
		}),
		// Clears termination and stop protection.
		Allow("UnprotectCondemned", []string{"ec2:ModifyInstanceAttribute"}, s.ec2("instance/*"), condemned),
		Allow("SwapGroups", []string{"ec2:ModifyNetworkInterfaceAttribute"},
			s.ec2("network-interface/*", "security-group/*"), s.inVpc()),
		// An attached interface is authorised against its instance as well (Service
		// Authorization Reference, Amazon EC2): no foreign one, and none that was given back.
		Allow("SwapGroupsOfInstance", []string{"ec2:ModifyNetworkInterfaceAttribute"}, s.ec2("instance/*"),
			map[string]any{"StringEquals": own}),
	}
}

// Storage returns the statements that cut an instance off from its node's own file system, and put
// the mount target back. EFS makes and removes the target's network interface with
// the role's permissions (CreateMountTarget, DeleteMountTarget, EFS API reference).
func (s Switcher) Storage() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		Allow("CutOffStorage", []string{
			"elasticfilesystem:CreateMountTarget", "elasticfilesystem:DeleteMountTarget",
			"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
		}, s.arns("elasticfilesystem", "file-system/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.Name}}),
		Allow("RemoveMountTargetInterface", []string{"ec2:DeleteNetworkInterface"}, s.ec2("network-interface/*"), s.inVpc()),
		Allow("MakeMountTargetInterface", []string{"ec2:CreateNetworkInterface"}, s.ec2("subnet/*", "security-group/*"), s.inVpc()),
		// An interface that is being made knows no VPC yet; its subnet and groups must
		// pass the statement above.
		Allow("MakeInterface", []string{"ec2:CreateNetworkInterface"}, s.ec2("network-interface/*"), nil),
	}
}

// Move returns the statements that move targets and alarms.
func (s Switcher) Move() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		Allow("MoveTargets", []string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"},
			s.arns("elasticloadbalancing", "targetgroup/*/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.Name}}),
		Allow("RepointAlarms", []string{"cloudwatch:PutMetricAlarm"}, s.arns("cloudwatch", "alarm:"+contract.AlarmPrefix(s.Name)+"*"), nil),
	}
}

// Own returns the statements for the switcher's own table, topic, logs and continuation.
func (s Switcher) Own() []awsiam.PolicyStatement {
	out := []awsiam.PolicyStatement{
		Allow("Records", []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
			[]*string{s.TableArn}, s.LeadingKeys()),
		Allow("Tell", []string{"sns:Publish"}, []*string{s.TopicArn}, nil),
		// On the account's default bus, under the switcher's own name only: nobody takes
		// its events for AWS's.
		Allow("Announce", []string{"events:PutEvents"}, s.arns("events", "event-bus/default"), map[string]any{
			"ForAllValues:StringEquals": map[string]any{"events:source": contract.Source},
			"Null":                      map[string]any{"events:source": "false"},
		}),
		Allow("Continue", []string{"lambda:InvokeFunction"}, []*string{s.FunctionArn}, nil),
		Allow("Log", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, []*string{s.LogsArn}, nil),
	}
	if key := s.TableKey; key != nil {
		out = append(out, Allow("UseTableKey", []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
			[]*string{key.KeyArn()}, s.Via("dynamodb")))
	}
	if s.TopicKey != nil {
		out = append(out, Allow("UseTopicKey", []string{"kms:Decrypt", "kms:GenerateDataKey*"}, []*string{s.TopicKey.KeyArn()}, s.Via("sns")))
	}
	if s.OwnKey != nil {
		out = append(out, s.UseQueueKey())
	}
	return out
}

// UseQueueKey allows the use of the key of an encrypted queue, which a sender needs ("Key
// management", Amazon SQS Developer Guide).
func (s Switcher) UseQueueKey() awsiam.PolicyStatement {
	return Allow("UseQueueKey", []string{"kms:Decrypt", "kms:GenerateDataKey"}, []*string{s.OwnKey.KeyArn()}, s.Via("sqs"))
}

// LeadingKeys limits the shared table to this VPC's partitions and the Region's
// common ones.
func (s Switcher) LeadingKeys() map[string]any {
	vpc := *s.VpcID
	return map[string]any{"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": []any{
		contract.VPCPartition(vpc), contract.ClaimPartition, contract.CapacityPartition, contract.LivePartition, "history#" + vpc + "#*",
	}}}
}

func (s Switcher) inVpc() map[string]any {
	return map[string]any{"ArnEquals": map[string]any{"ec2:Vpc": s.VpcArn}}
}

// Via limits the use of a key to requests that a service makes for the role.
func (s Switcher) Via(service string) map[string]any {
	return map[string]any{"StringLike": map[string]any{"kms:ViaService": service + "." + s.Env.Region + ".amazonaws.com*"}}
}

// iamRoles are the roles under the switcher's path.
func (s Switcher) iamRoles() []*string {
	return []*string{s.Env.arn("iam", "", s.Env.account, "role"+contract.RolePath+s.Name+"/*")}
}

// ec2 are resources of the account and Region.
func (s Switcher) ec2(resources ...string) []*string { return s.arns("ec2", resources...) }

func (s Switcher) arns(service string, resources ...string) []*string {
	return s.Env.Arns(service, resources...)
}

// foreign are EC2 resources whose ARN has no account.
func (s Switcher) foreign(resources ...string) []*string {
	out := make([]*string, 0, len(resources))
	for _, r := range resources {
		out = append(out, s.Env.arn("ec2", s.Env.Region, "", r))
	}
	return out
}
