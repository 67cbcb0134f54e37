package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// roleName is explicit, so that another app's nodes can name the role. IAM is not
// Regional, so the Region is part of it. With the longest switcher name
// (contract.NameLimit) and Region name (14) it has IAM's 64 characters at most.
func (s *switcher) roleName() *string {
	return jsii.String("recovery-" + s.name + "-" + s.env.region)
}

// makeRole gives the function what its calls need and no more, in two managed
// policies: IAM allows 6,144 characters in each, and 10,240 in all inline policies of a
// role together. Those are left to the nodes, whose stacks add what is their own
// (letSwitcher): some 20 nodes with foreign roles, groups, keys or adopted instances.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
//
// Which resources and condition keys an action knows is from the Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/).
func (s *switcher) makeRole() {
	role := awsiam.NewRole(s, jsii.String("Role"), &awsiam.RoleProps{
		RoleName:    s.roleName(),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("What switcher " + s.name + " may do"),
	})
	s.role = role
	for _, p := range []struct {
		id, may    string
		statements [][]awsiam.PolicyStatement
	}{
		{"Recover", "read, launch and fence", [][]awsiam.PolicyStatement{s.readStatements(), s.launchStatements(), s.fenceStatements()}},
		{"Move", "move targets, alarms and storage, and keep records", [][]awsiam.PolicyStatement{s.storageStatements(), s.moveStatements(), s.ownStatements()}},
	} {
		policy := awsiam.NewManagedPolicy(s, jsii.String(p.id), &awsiam.ManagedPolicyProps{
			Roles: &[]awsiam.IRole{role}, Description: jsii.String("What switcher " + s.name + " may do: " + p.may),
		})
		for _, group := range p.statements {
			policy.AddStatements(group...)
		}
		s.permissions = append(s.permissions, policy)
		explain(policy, nagRule{
			id: "AwsSolutions-IAM5",
			reason: "Describe actions of EC2 and Elastic Load Balancing and List actions of zonal shifts know no resources. Mutating actions name kinds of resources with a wildcard id, " +
				"since instances come and go, and are limited by conditions on tags, the VPC, the alarm-name prefix, the role path or the leading key. " +
				"Images, snapshots, key pairs, placement groups and reservations are a node's own choice and are only read by a launch.",
		})
	}
}

// readStatements only read. EC2's and ELB's Describe actions have no
// resource-level permissions, hence "*"; DescribeInstanceAttribute has.
func (s *switcher) readStatements() []awsiam.PolicyStatement {
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

// launchStatements launch only what carries the switcher's tag, in its VPC.
func (s *switcher) launchStatements() []awsiam.PolicyStatement {
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

// fenceStatements stop and terminate only condemned instances of this switcher:
// a call that arrives late, after the instance was given back, must be harmless.
func (s *switcher) fenceStatements() []awsiam.PolicyStatement {
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

// storageStatements cut an instance off from its node's own file system, and put
// the mount target back. EFS makes and removes the target's network interface with
// the role's permissions (CreateMountTarget, DeleteMountTarget, EFS API reference).
func (s *switcher) storageStatements() []awsiam.PolicyStatement {
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

// moveStatements move targets and alarms.
func (s *switcher) moveStatements() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow("MoveTargets", []string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"},
			s.arns("elasticloadbalancing", "targetgroup/*/*"),
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: s.name}}),
		allow("RepointAlarms", []string{"cloudwatch:PutMetricAlarm"}, s.arns("cloudwatch", "alarm:"+contract.AlarmPrefix(s.name)+"*"), nil),
	}
}

// ownStatements concern the switcher's own table, topic, logs and continuation.
func (s *switcher) ownStatements() []awsiam.PolicyStatement {
	out := []awsiam.PolicyStatement{
		allow("Records", []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
			[]*string{s.table.TableArn()}, s.leadingKeys()),
		allow("Tell", []string{"sns:Publish"}, []*string{s.topic.TopicArn()}, nil),
		// On the account's default bus, under the switcher's own name only: nobody takes
		// its events for AWS's.
		allow("Announce", []string{"events:PutEvents"}, s.arns("events", "event-bus/default"), map[string]any{
			"ForAllValues:StringEquals": map[string]any{"events:source": contract.Source},
			"Null":                      map[string]any{"events:source": "false"},
		}),
		allow("Continue", []string{"lambda:InvokeFunction"}, []*string{s.arn}, nil),
		allow("Log", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, []*string{s.logs.LogGroupArn()}, nil),
	}
	if key := s.table.EncryptionKey(); key != nil {
		out = append(out, allow("UseTableKey", []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
			[]*string{key.KeyArn()}, s.via("dynamodb")))
	}
	if s.topicKey != nil {
		out = append(out, allow("UseTopicKey", []string{"kms:Decrypt", "kms:GenerateDataKey*"}, []*string{s.topicKey.KeyArn()}, s.via("sns")))
	}
	if s.key != nil {
		out = append(out, s.useQueueKey())
	}
	return out
}

// useQueueKey is what sending to an encrypted queue takes ("Key management", Amazon SQS
// Developer Guide).
func (s *switcher) useQueueKey() awsiam.PolicyStatement {
	return allow("UseQueueKey", []string{"kms:Decrypt", "kms:GenerateDataKey"}, []*string{s.key.KeyArn()}, s.via("sqs"))
}

// leadingKeys limits the shared table to this VPC's partitions and the Region's
// common ones.
func (s *switcher) leadingKeys() map[string]any {
	vpc := *s.vpc.VpcId()
	return map[string]any{"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": []any{
		contract.VPCPartition(vpc), contract.ClaimPartition, contract.CapacityPartition, contract.LivePartition, "history#" + vpc + "#*",
	}}}
}

func (s *switcher) inVpc() map[string]any {
	return map[string]any{"ArnEquals": map[string]any{"ec2:Vpc": s.vpc.VpcArn()}}
}

// via limits the use of a key to requests that a service makes for the role.
func (s *switcher) via(service string) map[string]any {
	return map[string]any{"StringLike": map[string]any{"kms:ViaService": service + "." + s.env.region + ".amazonaws.com*"}}
}

// iamRoles are the roles under the switcher's path.
func (s *switcher) iamRoles() []*string {
	return []*string{s.env.arn("iam", "", s.env.account, "role"+rolePath(s.name)+"*")}
}

// ec2 are resources of the account and Region.
func (s *switcher) ec2(resources ...string) []*string { return s.arns("ec2", resources...) }

func (s *switcher) arns(service string, resources ...string) []*string {
	return s.env.arns(service, resources...)
}

// foreign are EC2 resources whose ARN has no account.
func (s *switcher) foreign(resources ...string) []*string {
	out := make([]*string, 0, len(resources))
	for _, r := range resources {
		out = append(out, s.env.arn("ec2", s.env.region, "", r))
	}
	return out
}

// allow makes a statement. Its Sid keeps AWS CDK from merging it with others, so
// that a reader of the template finds each with its purpose.
func allow(sid string, actions []string, resources []*string, conditions map[string]any) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: &resources, Conditions: ptrMap(conditions),
	})
}

func ptrMap(m map[string]any) *map[string]any {
	if m == nil {
		return nil
	}
	return &m
}

// anything is for actions that know no resources.
func anything() []*string { return []*string{jsii.String("*")} }

// grantConditions is the same map in the form that grants take.
func grantConditions(m map[string]any) *map[string]*map[string]any {
	out := map[string]*map[string]any{}
	for operator, keys := range m {
		inner := keys.(map[string]any)
		out[operator] = &inner
	}
	return &out
}
