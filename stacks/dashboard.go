package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// DashboardStackProps are the props of DashboardStack.
type DashboardStackProps struct {
	awscdk.StackProps
	// Vpc is the stack of the VPC to show. Required.
	Vpc VpcStack
	// Nodes are the groups of nodes whose alarms are shown. Default: none.
	Nodes []NodesStack
}

// DashboardStack shows a VPC with its switcher and its nodes. It is a stack of its own
// since it names nodes, which the VPC's must not, and since it can be deployed, changed
// and deleted without touching anything that recovers.
type DashboardStack struct {
	// Stack is the stack.
	Stack awscdk.Stack
	// Dashboard is the dashboard.
	Dashboard recovery.RecoveryDashboard
}

// NewDashboardStack makes the stack of a VPC's dashboard.
func NewDashboardStack(scope constructs.Construct, id string, props *DashboardStackProps) DashboardStack {
	stack := newStack(scope, id, props.StackProps, "Workload recovery: the dashboard of a VPC")
	var monitors []recovery.ResourceMonitor
	for _, n := range props.Nodes {
		monitors = append(monitors, n.Monitors...)
	}
	out := DashboardStack{Stack: stack, Dashboard: recovery.NewRecoveryDashboard(stack, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{
		Switcher: props.Vpc.Switcher, Monitors: &monitors,
	})}
	output(stack, "Name", out.Dashboard.DashboardName(), "The dashboard's name in CloudWatch")
	return out
}
