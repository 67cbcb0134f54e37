// Package resource makes the CloudFormation-level (L1) constructs, each where no higher
// one does what is needed:
//   - the VPC: awsec2.NewVpc asks its stack for the account's zones, which in a
//     stack with an explicit environment is a lookup;
//   - the blackhole group: awsec2.NewSecurityGroup writes a placeholder rule of
//     its own;
//   - a group rule in another stack than the group's: the L2 puts it where a
//     dependency cycle between VPC stack and node stack can arise;
//   - the application status check, of which there is no L2;
//   - the schedule: the L2 grants its role every version of the function.
package resource

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// NewVpc makes a VPC with DNS resolution and host names, which private
// DNS of interface endpoints and EFS names need.
func NewVpc(scope constructs.Construct, cidr string) awsec2.CfnVPC {
	vpc := awsec2.NewCfnVPC(scope, jsii.String("Resource"), &awsec2.CfnVPCProps{
		CidrBlock:          jsii.String(cidr),
		EnableDnsHostnames: jsii.Bool(true),
		EnableDnsSupport:   jsii.Bool(true),
	})
	awscdk.Tags_Of(vpc).Add(jsii.String("Name"), scope.Node().Path(), nil)
	return vpc
}

// NewBlackholeGroup makes a security group that lets nothing in or out.
//
// EC2 gives a new group without egress rules one that allows everything, and an
// empty list counts as none. The documented way to have no egress is a single
// rule to the loopback address, which no packet on an interface ever has as its
// destination; the default rule is then not added:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html ("Remove default rule").
// AWS CDK's own placeholder (255.255.255.255/32, ICMP) is a rule to an address
// that packets can have, so it is not used here.
func NewBlackholeGroup(scope constructs.Construct, id string, vpcID *string) awsec2.CfnSecurityGroup {
	group := awsec2.NewCfnSecurityGroup(scope, jsii.String(id), &awsec2.CfnSecurityGroupProps{
		GroupDescription: jsii.String("Quarantine of condemned instances: no ingress and no egress"),
		VpcId:            vpcID,
		SecurityGroupEgress: []any{&awsec2.CfnSecurityGroup_EgressProperty{
			CidrIp:      jsii.String("127.0.0.1/32"),
			IpProtocol:  jsii.String("-1"),
			Description: jsii.String("No egress: replaces the rule that allows all"),
		}},
	})
	awscdk.Tags_Of(group).Add(jsii.String("Name"), jsii.String(*scope.Node().Path()+"/"+id), nil)
	return group
}

// NewIngressRule lets members of one group reach another group's port, as a
// resource of the scope's own stack.
func NewIngressRule(scope constructs.Construct, id string, to, from *string, port float64, why string) awsec2.CfnSecurityGroupIngress {
	return awsec2.NewCfnSecurityGroupIngress(scope, jsii.String(id), &awsec2.CfnSecurityGroupIngressProps{
		GroupId:               to,
		SourceSecurityGroupId: from,
		IpProtocol:            jsii.String("tcp"),
		FromPort:              jsii.Number(port),
		ToPort:                jsii.Number(port),
		Description:           jsii.String(why),
	})
}

// StatusPlan is a check's settings, checked and with defaults.
type StatusPlan struct {
	Port, Timeout, Failures, Start int
	Path, Protocol, Codes          string
}

// NewStatusCheck makes an application status check that counts for the instance's
// status, on paths that AWS chooses.
func NewStatusCheck(scope constructs.Construct, id string, p StatusPlan) awsec2.CfnApplicationStatusCheck {
	return awsec2.NewCfnApplicationStatusCheck(scope, jsii.String(id), &awsec2.CfnApplicationStatusCheckProps{
		Protocol: jsii.String(p.Protocol), Port: prop.Number(p.Port), Path: jsii.String(p.Path), StatusCodeMatcher: jsii.String(p.Codes),
		Interval: prop.Number(60), Timeout: prop.Number(p.Timeout), FailureThreshold: prop.Number(p.Failures),
		InitializationGracePeriodSeconds: prop.Number(p.Start), Aggregation: jsii.String("included"),
	})
}

// NewSchedule makes a schedule that hands the input to the function once a
// minute. A tick that cannot be delivered within a minute is not retried: the
// next one does its work.
func NewSchedule(scope constructs.Construct, id, description, input string, function, role *string, undelivered awssqs.IQueue) awsscheduler.CfnSchedule {
	return awsscheduler.NewCfnSchedule(scope, jsii.String(id), &awsscheduler.CfnScheduleProps{
		Description:        jsii.String(description),
		ScheduleExpression: jsii.String("rate(1 minute)"),
		FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		State:              jsii.String("ENABLED"),
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:              function,
			RoleArn:          role,
			Input:            jsii.String(input),
			DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: undelivered.QueueArn()},
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumEventAgeInSeconds: jsii.Number(60),
				MaximumRetryAttempts:     jsii.Number(1),
			},
		},
	})
}
