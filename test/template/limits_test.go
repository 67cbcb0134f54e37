package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/stacks"
)

// many are nodes with these ids.
func many(change func(*stacks.Node), ids ...int) []stacks.Node {
	var out []stacks.Node
	for _, id := range ids {
		n := stacks.SingleNodes()[0]
		n.ID, n.Props.NodeId, n.Props.NodeName = fmt.Sprintf("Node%d", id), jsii.Number(float64(id)), jsii.String(fmt.Sprintf("node-%d", id))
		change(&n)
		out = append(out, n)
	}
	return out
}

func from(first, last int) []int {
	var out []int
	for id := first; id <= last; id++ {
		out = append(out, id)
	}
	return out
}

func asIs(*stacks.Node) {}

// vpcIn is a VPC's stack, with its Region's.
func vpcIn(app awscdk.App) stacks.VpcStack {
	return stacks.NewVpcStack(app, "Vpc", &stacks.VpcStackProps{
		Region:   stacks.NewRegionStack(app, "Region", nil),
		Switcher: &recovery.SwitcherProps{Name: jsii.String("many"), Code: code()},
	})
}

// TestNodesStacks: a node's stack follows from its id, whoever else is there.
func TestNodesStacks(t *testing.T) {
	app := newApp(t)
	vpc := vpcIn(app)
	made := stacks.NewNodesStacks(app, "Nodes", &stacks.NodesStackProps{
		StackProps: awscdk.StackProps{StackName: jsii.String("prod")}, Switcher: vpc.Switcher, Nodes: many(asIs, 40, 17, 16, 1),
	})
	got := map[string][]string{}
	for _, s := range made {
		key := *s.Stack.Node().Id() + " " + *s.Stack.StackName()
		for _, n := range s.Nodes {
			got[key] = append(got[key], *n.Node().Id())
		}
		if len(s.Monitors) != len(s.Nodes) {
			t.Errorf("%s has %d nodes and %d monitors", key, len(s.Nodes), len(s.Monitors))
		}
	}
	want := map[string][]string{
		"Nodes-1-16 prod-1-16": {"Node1", "Node16"}, "Nodes-17-32 prod-17-32": {"Node17"}, "Nodes-33-48 prod-33-48": {"Node40"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	refused(t, func() {
		stacks.NewNodesStacks(app, "More", &stacks.NodesStackProps{
			Switcher: vpc.Switcher, Nodes: many(func(n *stacks.Node) { n.Props.NodeId = nil }, 5),
		})
	}, `node "Node5" has no NodeId`)
}

// TestFullStack: NodesPerStack nodes fit with everything that makes a node larger.
func TestFullStack(t *testing.T) {
	app := newApp(t)
	vpc := vpcIn(app)
	plan := awsbackup.NewBackupPlan(vpc.Stack, jsii.String("Plan"), &awsbackup.BackupPlanProps{BackupPlanRules: &[]awsbackup.BackupPlanRule{awsbackup.BackupPlanRule_Daily(nil)}})
	topic := awssns.NewTopic(vpc.Stack, jsii.String("Other"), nil)
	group := awsec2.NewSecurityGroup(vpc.Stack, jsii.String("More"), &awsec2.SecurityGroupProps{Vpc: vpc.Vpc.Vpc()})
	made := stacks.NewNodesStacks(app, "Nodes", &stacks.NodesStackProps{
		Switcher: vpc.Switcher,
		Nodes: many(func(n *stacks.Node) {
			n.Props.Gate = jsii.Bool(true)
			n.Props.Deployment = &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_RETAIN}
			n.Props.Storage = &recovery.NodeStorage{Data: &recovery.NodeFileSystem{BackupPlan: plan}}
			n.Props.Network = &recovery.NodeNetwork{SecurityGroups: &[]awsec2.ISecurityGroup{group}}
			n.Props.ApplicationStatusCheck = &recovery.ApplicationStatusCheck{Port: jsii.Number(8000 + *n.Props.NodeId)}
			n.Props.Application.LogFiles = jsii.Strings("/var/log/app.log")
			n.Props.UserData = awsec2.UserData_Custom(jsii.String("#!/bin/sh\n" + strings.Repeat("# much of the user's own\n", 100)))
			n.Monitor.Unserved = &recovery.UnservedAlarm{Topic: topic}
		}, from(1, stacks.NodesPerStack)...),
	})
	if len(made) != 1 || len(made[0].Nodes) != stacks.NodesPerStack {
		t.Fatalf("%d stacks, want one", len(made))
	}
	template := synth(t, made[0].Stack)
	resources := 0
	for _, n := range template.counts() {
		resources += n
	}
	if resources > 500 || resources < 24*stacks.NodesPerStack {
		t.Errorf("%d resources, want at most 500, and at least 24 a node", resources)
	}
}

// TestTooManyNodes: what CloudFormation would refuse is refused at synthesis, with what
// to do.
func TestTooManyNodes(t *testing.T) {
	app := newApp(t)
	stacks.NewNodesStack(app, "Nodes", &stacks.NodesStackProps{Switcher: vpcIn(app).Switcher, Nodes: many(asIs, from(1, 21)...)})
	refused(t, func() { app.Synth(nil) }, "stack Nodes has 504 resources, of 21 nodes", "CloudFormation allows 500", "stacks.NewNodesStacks")

	app = newApp(t)
	nodes := stacks.NewNodesStack(app, "Nodes", &stacks.NodesStackProps{Switcher: vpcIn(app).Switcher, Nodes: many(asIs, 1)})
	for i := range 3 {
		wide(nodes.Stack, fmt.Sprintf("Wide%d", i), 350_000)
	}
	refused(t, func() { app.Synth(nil) }, "the template of stack Nodes has more than 10", "CloudFormation allows 1000000", "stacks.NewNodesStacks", "suppressTemplateIndentation")
}

// wide is a resource whose properties are some bytes long.
func wide(scope constructs.Construct, id string, size int) {
	awscdk.NewCfnResource(scope, jsii.String(id), &awscdk.CfnResourceProps{
		Type: jsii.String("AWS::SSM::Parameter"), Properties: &map[string]any{"Value": strings.Repeat("x", size)},
	})
}
