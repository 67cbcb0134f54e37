package template

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/docs/examples"
)

// everything is a stack in which each resource is made that any prop asks for and that
// the examples do not have: customer's keys, roles and plans of the owner's, existing
// groups, checks of EC2's, a retained node and an adopted one.
func everything(app awscdk.App) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String("Everything"), nil)
	key := awskms.Key_FromKeyArn(stack, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/k"))
	topic := awssns.Topic_FromTopicArn(stack, jsii.String("People"), jsii.String("arn:aws:sns:us-east-1:111122223333:people"))
	role := awsiam.Role_FromRoleName(stack, jsii.String("Theirs"), jsii.String("theirs"), nil)
	s := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Place"), &recovery.RecoveryVpcProps{
			ExtraInterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_SSM()}, LogsEncryptionKey: key,
		}),
		Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{EncryptionKey: key}),
		Name:  jsii.String("everything"), Topic: topic, TopicKey: key, Code: code(),
	})
	full := recovery.NewClusterNode(stack, jsii.String("Full"), &recovery.ClusterNodeProps{
		Switcher: s, NodeId: jsii.Number(2), Gate: jsii.Bool(true), Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_RETAIN}, Role: role,
		Storage:                &recovery.NodeStorage{Volumes: &[]*recovery.NodeVolume{{DeviceName: jsii.String("/dev/xvda"), Size: awscdk.Size_Gibibytes(jsii.Number(20)), KmsKey: key}}, Data: &recovery.NodeFileSystem{EncryptionKey: key, BackupPlan: awsbackup.BackupPlan_FromBackupPlanId(stack, jsii.String("Plan"), jsii.String("plan"))}},
		Application:            &recovery.NodeApplication{Units: jsii.Strings("x"), LogFiles: jsii.Strings("/var/log/x.log")},
		ApplicationStatusCheck: &recovery.ApplicationStatusCheck{Port: jsii.Number(80)},
	})
	groups := &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("theirs"))}}
	recovery.NewClusterNode(stack, jsii.String("Grouped"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(3), Network: &recovery.NodeNetwork{TargetGroups: groups}})
	adopted := recovery.NewAdoptedNode(stack, jsii.String("Adopted"), &recovery.AdoptedNodeProps{
		Switcher: s, NodeId: jsii.Number(4), InstanceId: jsii.String("i-0123456789abcdef0"), Role: role, Network: &recovery.NodeNetwork{TargetGroups: groups}, VolumeKeys: &[]awskms.IKey{key},
		DataFileSystem: awsefs.FileSystem_FromFileSystemAttributes(stack, jsii.String("Data"), &awsefs.FileSystemAttributes{
			FileSystemId: jsii.String("fs-0123456789abcdef0"), SecurityGroup: awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String("DataGroup"), jsii.String("sg-0123456789abcdef0"), nil),
		}),
	})
	for id, node := range map[string]recovery.ClusterNode{"FullMonitor": full, "AdoptedMonitor": adopted} {
		recovery.NewResourceMonitor(stack, jsii.String(id), &recovery.ResourceMonitorProps{
			ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
		})
	}
	return stack
}

// TestNagOfOptions: what the options add is explained as well, and what builds on
// existing resources.
func TestNagOfOptions(t *testing.T) {
	app := exampleApp(t, nil)
	found := []awscdk.Stack{awscdk.Stack_Of(examples.Existing(app)), everything(exampleApp(t, nil))}
	for _, stack := range found {
		addNag(awscdk.App_Of(stack))
		notes := assertions.Annotations_FromStack(stack)
		all := assertions.Match_StringLikeRegexp(jsii.String(".*"))
		notes.HasNoWarning(jsii.String("*"), all) // panics with the findings
		notes.HasNoError(jsii.String("*"), all)
	}
}
