package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Guarded is for an account whose administrators have a bootstrap of their own, a
// permissions boundary for all roles, and tags that every resource must carry.
func Guarded(app awscdk.App) recovery.ClusterNode {
	stack := awscdk.NewStack(app, jsii.String("Licences"), &awscdk.StackProps{
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{Qualifier: jsii.String("acme")}),
		// An existing managed policy of the account.
		PermissionsBoundary: awscdk.PermissionsBoundary_FromName(jsii.String("acme-boundary")),
	})
	awscdk.Tags_Of(app).Add(jsii.String("team"), jsii.String("tools"), nil)
	awscdk.Tags_Of(app).Add(jsii.String("cost center"), jsii.String("4711"), &awscdk.TagProps{
		// Its key holds a space, which the instance metadata cannot show.
		ExcludeResourceTypes: jsii.Strings("AWS::EC2::LaunchTemplate"),
	})

	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})
	return recovery.NewClusterNode(stack, jsii.String("Server"), &recovery.ClusterNodeProps{Switcher: switcher, NodeId: jsii.Number(1)})
}
