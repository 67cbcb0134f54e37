package stacks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Node is one node of a group: its workload and what tells that it is alive.
type Node struct {
	// ID is the construct's id. Required.
	ID string
	// Props describe the node; its Switcher is filled in here. Required.
	Props recovery.ClusterNodeProps
	// Monitor describes its alarms; its ClusterNode is filled in here. Required.
	Monitor recovery.ResourceMonitorProps
}

// NodesStackProps are the props of NodesStack.
type NodesStackProps struct {
	awscdk.StackProps
	// Switcher recovers the nodes. Required.
	Switcher recovery.ISwitcher
	// Nodes of the group. Required.
	Nodes []Node
}

// NodesStack is a group of nodes that are deployed together.
type NodesStack struct {
	// Stack is the stack.
	Stack awscdk.Stack
	// Nodes and Monitors are in the order of the props.
	Nodes    []recovery.ClusterNode
	Monitors []recovery.ResourceMonitor
}

// NewNodesStack makes the stack of a group of nodes.
func NewNodesStack(scope constructs.Construct, id string, props *NodesStackProps) NodesStack {
	out := NodesStack{Stack: newStack(scope, id, props.StackProps, "Workload recovery: a group of nodes")}
	for _, n := range props.Nodes {
		n.Props.Switcher = props.Switcher
		node := recovery.NewClusterNode(out.Stack, jsii.String(n.ID), &n.Props)
		n.Monitor.ClusterNode = node
		monitor := recovery.NewResourceMonitor(out.Stack, jsii.String(n.ID+"Monitor"), &n.Monitor)
		out.Nodes, out.Monitors = append(out.Nodes, node), append(out.Monitors, monitor)
		if lb := node.LoadBalancer(); lb != nil {
			output(out.Stack, n.ID+"Address", lb.LoadBalancerDnsName(), fmt.Sprintf("Where clients reach %s", *node.NodeName()))
		}
	}
	return out
}

// NodesPerStack is how many node ids share a stack that NewNodesStacks makes.
const NodesPerStack = recovery.NodesPerStack

// NewNodesStacks makes as many stacks as the nodes need, so that none outgrows
// CloudFormation's limits: one for the ids 1 to 16, one for 17 to 32 and so on, with
// the ids at the end of its id and of its name ("Nodes-17-32"); of ids without nodes
// there is none. A node's stack follows from its id alone, so that no node moves to
// another stack when others come and go: that would delete it and make it anew.
func NewNodesStacks(scope constructs.Construct, id string, props *NodesStackProps) []NodesStack {
	groups := map[int][]Node{}
	for _, n := range props.Nodes {
		if n.Props.NodeId == nil {
			panic(fmt.Sprintf("stacks: node %q has no NodeId: give an integer that no other node of the Region has", n.ID))
		}
		group := (int(*n.Props.NodeId) - 1) / NodesPerStack
		groups[group] = append(groups[group], n)
	}
	var out []NodesStack
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		own := *props
		own.Nodes = groups[group]
		slices.SortStableFunc(own.Nodes, func(a, b Node) int { return cmp.Compare(*a.Props.NodeId, *b.Props.NodeId) })
		ids := fmt.Sprintf("-%d-%d", group*NodesPerStack+1, (group+1)*NodesPerStack)
		if own.StackName != nil {
			own.StackName = jsii.String(*own.StackName + ids)
		}
		out = append(out, NewNodesStack(scope, id+ids, &own))
	}
	return out
}
