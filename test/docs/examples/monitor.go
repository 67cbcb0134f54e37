package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Monitor watches a node by a metric that the application itself sends.
func Monitor(app awscdk.App) recovery.ResourceMonitor {
	stack := awscdk.NewStack(app, jsii.String("Queue"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: switcher, NodeId: jsii.Number(3),
	})
	return recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node,
		Instance:    &recovery.InstanceAlarm{EvaluationPeriods: jsii.Number(3)},
		// At least one job in each minute; no data is as bad as none.
		Application: &recovery.ApplicationAlarm{
			Namespace: jsii.String("Shop"), MetricName: jsii.String("JobsDone"), Statistic: recovery.AlarmStatistic_SUM,
			Dimensions: &map[string]*string{"Queue": jsii.String("orders")},
			Period:     awscdk.Duration_Minutes(jsii.Number(1)), EvaluationPeriods: jsii.Number(2),
		},
	})
}
