// Command shop is an app as a user of the library writes it: a module of its own
// that knows the library only by its import path.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	newStack(app)
	app.Synth(nil)
}

// newStack is one node that survives the loss of its zone, with all it needs.
func newStack(app awscdk.App) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})
	node := recovery.NewClusterNode(stack, jsii.String("Orders"), &recovery.ClusterNodeProps{
		Switcher: switcher, NodeId: jsii.Number(1),
	})
	recovery.NewResourceMonitor(stack, jsii.String("Watch"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("orders")},
	})
	return stack
}
