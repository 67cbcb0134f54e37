package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Node is an order service that keeps its files in EFS, behind an internal NLB. Its
// image brings the unit orders.service, not enabled.
func Node(app awscdk.App) recovery.ClusterNode {
	stack := awscdk.NewStack(app, jsii.String("Orders"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})

	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: switcher, NodeId: jsii.Number(7), NodeName: jsii.String("orders"),
		MachineImage: awsec2.MachineImage_FromSsmParameter(jsii.String("/orders/image"), nil),
		InstanceType: awsec2.NewInstanceType(jsii.String("m7g.large")),
		// Where m7g.large cannot be had: the same processor architecture.
		InstanceTypes: &[]awsec2.InstanceType{awsec2.NewInstanceType(jsii.String("m6g.large"))},
		Network:       &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Port: jsii.Number(5432), TargetPort: jsii.Number(5432)}},
		// The replacement boots beside the failed instance and waits for its grant.
		Gate: jsii.Bool(true),
		Boot: &recovery.NodeBoot{PrepareCommands: jsii.Strings("dnf install -y java-21-amazon-corretto-headless")},
		Application: &recovery.NodeApplication{
			Units:       jsii.Strings("orders"),
			Check:       &recovery.NodeCheck{TcpPort: jsii.Number(5432)},
			FaultScript: jsii.String("journalctl -u orders -n 1000 > /var/log/recovery/orders.log"),
		},
		Fence:      &recovery.NodeFence{Escalation: recovery.FenceEscalation_STORAGE},
		Recovery:   &recovery.NodeRecovery{RestartOriginal: jsii.Bool(true), Priority: jsii.Number(900)},
		Deployment: &recovery.NodeDeployment{ApplyChanges: recovery.ApplyChanges_AT_ONCE},
	})
	recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node})
	return node
}
