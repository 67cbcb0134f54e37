package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Dashboard shows a VPC with two nodes. It is in a stack of its own, so that nodes can
// come and go.
func Dashboard(app awscdk.App) recovery.RecoveryDashboard {
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc: vpc, Table: table, Name: jsii.String("shop"),
		Objective:  awscdk.Duration_Minutes(jsii.Number(4)),
		RunbookUrl: jsii.String("https://wiki.example.com/recovery"), // your copy of docs
	})
	var monitors []recovery.ResourceMonitor
	for id, name := range []string{"Orders", "Stock"} {
		node := recovery.NewClusterNode(stack, jsii.String(name), &recovery.ClusterNodeProps{
			Switcher: switcher, NodeId: jsii.Number(id + 1), NodeName: jsii.String(name),
		})
		monitors = append(monitors, recovery.NewResourceMonitor(stack, jsii.String(name+"Monitor"), &recovery.ResourceMonitorProps{
			ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("java.*" + name)},
		}))
	}
	shown := awscdk.NewStack(app, jsii.String("ShopDashboard"), nil)
	return recovery.NewRecoveryDashboard(shown, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{
		Switcher: switcher, Monitors: &monitors,
	})
}
