package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// RegionStackProps are the props of RegionStack. All may be left out.
type RegionStackProps struct {
	awscdk.StackProps
	// Table describes the Region's table. Default: see recovery.RecoveryTableProps.
	Table *recovery.RecoveryTableProps
}

// RegionStack is what a Region has once: the table.
type RegionStack struct {
	// Stack is the stack.
	Stack awscdk.Stack
	// Table is the Region's table.
	Table recovery.RecoveryTable
}

// NewRegionStack makes the stack of a Region.
func NewRegionStack(scope constructs.Construct, id string, props *RegionStackProps) RegionStack {
	if props == nil {
		props = &RegionStackProps{}
	}
	stack := newStack(scope, id, props.StackProps, "Workload recovery: the Region's table")
	return RegionStack{Stack: stack, Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), props.Table)}
}

// newStack makes a stack with a description, which CloudFormation shows in lists.
func newStack(scope constructs.Construct, id string, props awscdk.StackProps, description string) awscdk.Stack {
	if props.Description == nil {
		props.Description = jsii.String(description)
	}
	return awscdk.NewStack(scope, jsii.String(id), &props)
}
