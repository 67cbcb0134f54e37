package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// VpcStackProps are the props of VpcStack.
type VpcStackProps struct {
	awscdk.StackProps
	// Region is the stack of the Region. Required.
	Region RegionStack
	// Vpc describes the place. Default: see recovery.RecoveryVpcProps.
	Vpc *recovery.RecoveryVpcProps
	// Switcher describes the switcher; its Vpc and Table are filled in here.
	// Default: see recovery.SwitcherProps.
	Switcher *recovery.SwitcherProps
}

// VpcStack is what a VPC has once: the place and its switcher.
type VpcStack struct {
	// Stack is the stack.
	Stack awscdk.Stack
	// Vpc is the place for nodes.
	Vpc recovery.RecoveryVpc
	// Switcher recovers the nodes of the VPC.
	Switcher recovery.Switcher
}

// NewVpcStack makes the stack of a VPC.
func NewVpcStack(scope constructs.Construct, id string, props *VpcStackProps) VpcStack {
	stack := newStack(scope, id, props.StackProps, "Workload recovery: a VPC and its switcher")
	out := VpcStack{Stack: stack, Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), props.Vpc)}
	var s recovery.SwitcherProps
	if props.Switcher != nil {
		s = *props.Switcher
	}
	s.Vpc, s.Table = out.Vpc, props.Region.Table
	out.Switcher = recovery.NewSwitcher(stack, jsii.String("Switcher"), &s)
	output(stack, "SwitcherName", out.Switcher.SwitcherName(), "The switcher's name")
	output(stack, "Topic", out.Switcher.Topic().TopicArn(), "Subscribe here to be told of switches")
	output(stack, "LogGroup", out.Switcher.LogGroup().LogGroupName(), "The switcher's logs")
	return out
}

func output(stack awscdk.Stack, id string, value *string, description string) {
	awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
}
