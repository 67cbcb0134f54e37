package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Existing builds on what the account has: a VPC, the Region's table of another app,
// the operators' topic with its key, and a target group.
func Existing(app awscdk.App) recovery.ClusterNode {
	stack := awscdk.NewStack(app, jsii.String("Reports"), &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-west-1")}, // a lookup needs it
	})
	theirs := awsec2.Vpc_FromLookup(stack, jsii.String("Theirs"), &awsec2.VpcLookupOptions{VpcName: jsii.String("shared")})
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		Vpc: theirs,
		// Free blocks of the VPC: nodes have subnets of their own.
		AvailabilityZones: jsii.Strings("eu-west-1a", "eu-west-1b", "eu-west-1c"),
		SubnetCidrs:       jsii.Strings("10.7.240.0/26", "10.7.240.64/26", "10.7.240.128/26"),
	})
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc: vpc, Name: jsii.String("reports"),
		Table: recovery.RecoveryTable_FromTableAttributes(stack, jsii.String("Table"), &recovery.RecoveryTableAttributes{
			TableName: jsii.String("recovery"), // the other app's RecoveryTableProps.TableName
		}),
		Topic:    awssns.Topic_FromTopicArn(stack, jsii.String("Topic"), jsii.String("arn:aws:sns:eu-west-1:111122223333:operators")),
		TopicKey: awskms.Key_FromKeyArn(stack, jsii.String("TopicKey"), jsii.String("arn:aws:kms:eu-west-1:111122223333:key/0b6ff3a4-1111-2222-3333-444455556666")),
	})
	node := recovery.NewClusterNode(stack, jsii.String("Reports"), &recovery.ClusterNodeProps{
		Switcher: switcher, NodeId: jsii.Number(21), NodeName: jsii.String("reports"),
		Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{
			TargetGroupArn: jsii.String("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/reports/0123456789abcdef"),
			Port:           jsii.Number(8080),
		}}},
	})
	// The load balancer is not this app's: let it reach the node.
	balancer := awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String("Balancer"), jsii.String("sg-0123456789abcdef0"), nil)
	node.Connections().AllowFrom(balancer, awsec2.Port_Tcp(jsii.Number(8080)), jsii.String("The shared load balancer"))
	recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("reportd")},
	})
	return node
}
