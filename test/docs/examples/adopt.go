package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Adopt makes a running instance a node, without a restart.
func Adopt(app awscdk.App) recovery.ClusterNode {
	stack := awscdk.NewStack(app, jsii.String("Licences"), nil)
	vpc := recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, jsii.String("Vpc"), &recovery.RecoveryVpcAttributes{
		VpcId: jsii.String("vpc-0123456789abcdef0"), CidrBlock: jsii.String("10.0.0.0/16"),
		AvailabilityZones:        jsii.Strings("eu-west-1a", "eu-west-1b"),
		SubnetIds:                jsii.Strings("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
		BlackholeSecurityGroupId: jsii.String("sg-0123456789abcdef0"),
		LogFileSystemId:          jsii.String("fs-0123456789abcdef0"), LogSecurityGroupId: jsii.String("sg-0fedcba9876543210"),
	})
	switcher := recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("Switcher"), &recovery.SwitcherAttributes{
		SwitcherName: jsii.String("prod"), Vpc: vpc,
	})
	node := recovery.NewAdoptedNode(stack, jsii.String("Node"), &recovery.AdoptedNodeProps{
		Switcher: switcher, NodeId: jsii.Number(12), NodeName: jsii.String("licences"),
		InstanceId: jsii.String("i-0123456789abcdef0"),
		// The role of the instance's profile: replacements get it too.
		Role: awsiam.Role_FromRoleName(stack, jsii.String("Role"), jsii.String("licence-server"), nil),
		Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{
			TargetGroupArn: jsii.String("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/licences/0123456789abcdef"),
		}}},
		// EC2's automatic recovery is on by default, and an adopted instance keeps it.
		Recovery: &recovery.NodeRecovery{AwaitAutoRecovery: awscdk.Duration_Minutes(jsii.Number(10))},
	})
	recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("lmgrd")},
	})
	return node
}
