package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Wrappers that a consumer may write. None of the interfaces has an unexported method, so
// they can also be written in full, without embedding.
type (
	wrappedTable    struct{ recovery.IRecoveryTable }
	wrappedVpc      struct{ recovery.IRecoveryVpc }
	wrappedSwitcher struct {
		recovery.ISwitcher
		invokers int
	}
	wrappedMadeSwitcher struct{ recovery.Switcher }
	wrappedNode         struct{ recovery.ClusterNode }
	wrappedINode        struct{ recovery.IClusterNode }
	wrappedMonitor      struct{ recovery.ResourceMonitor }
)

func (s *wrappedSwitcher) GrantInvoke(grantee awsiam.IGrantable) awsiam.Grant {
	s.invokers++
	return s.ISwitcher.GrantInvoke(grantee)
}

// TestWrappedConstructsAreTakenForTheirOwn: a wrapper around each construct gives the same
// templates as the construct.
func TestWrappedConstructsAreTakenForTheirOwn(t *testing.T) {
	build := func(wrap bool) (document, document) {
		app := newApp(t)
		stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
		var table recovery.IRecoveryTable = recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
		var vpc recovery.IRecoveryVpc = recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
		if wrap {
			table, vpc = wrappedTable{table}, wrappedVpc{vpc}
		}
		made := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
			Vpc: vpc, Table: table, Name: jsii.String("test"), Code: code(),
			// The node's checks must see it through the wrapper.
			Policy: &recovery.RecoveryPolicy{DeployTime: second(1500), FenceTime: second(4000)},
		})
		var switcher recovery.ISwitcher = made
		if wrap {
			switcher, made = &wrappedSwitcher{ISwitcher: made}, wrappedMadeSwitcher{made}
		}
		node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
			Switcher: switcher, NodeId: jsii.Number(7), Application: &recovery.NodeApplication{Units: jsii.Strings("app")}, Gate: jsii.Bool(true),
		})
		if wrap {
			node = wrappedNode{node}
		}
		var seen recovery.IClusterNode = node
		if wrap {
			seen = wrappedINode{seen}
		}
		monitor := recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: seen})
		if wrap {
			monitor = wrappedMonitor{monitor}
		}
		shown := awscdk.NewStack(app, jsii.String("Shown"), nil)
		recovery.NewRecoveryDashboard(shown, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{Switcher: made, Monitors: &[]recovery.ResourceMonitor{monitor}})
		return synth(t, stack), synth(t, shown)
	}
	stack, shown := build(false)
	wrappedStack, wrappedShown := build(true)
	if diff := cmp.Diff(stack, wrappedStack); diff != "" {
		t.Errorf("the stack of wrapped constructs differs (-plain +wrapped):\n%s", diff)
	}
	if diff := cmp.Diff(shown, wrappedShown); diff != "" {
		t.Errorf("the dashboard of wrapped constructs differs (-plain +wrapped):\n%s", diff)
	}
}

// TestWrapperKeepsTheChecks: what a check must know of a switcher is found behind a wrapper.
func TestWrapperKeepsTheChecks(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil), Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), nil),
		Code: code(), Policy: &recovery.RecoveryPolicy{DeployTime: second(2000)},
	})
	refused(t, func() {
		recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
			Switcher: &wrappedSwitcher{ISwitcher: switcher}, NodeId: jsii.Number(7), Deployment: &recovery.NodeDeployment{ServiceTimeout: second(1900)},
		})
	}, "1900 s", "2001 to 3600 s")
}

// TestFakeSwitcher: a switcher whose every answer is the consumer's is one of another app.
func TestFakeSwitcher(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	fake := &wrappedSwitcher{ISwitcher: importedSwitcher(stack)}
	recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: fake, NodeId: jsii.Number(3)})
	fake.GrantInvoke(awsiam.NewRole(stack, jsii.String("Operator"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()}))
	if fake.invokers != 1 {
		t.Errorf("the fake's own method was called %d times, want 1", fake.invokers)
	}
	if node := synth(t, stack).one(t, "Custom::RecoveryNode", "Node"); node.Properties["NodeId"] != "3" {
		t.Errorf("node %v, want 3", node.Properties["NodeId"])
	}
}

func importedSwitcher(stack awscdk.Stack) recovery.ISwitcher {
	vpc := recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, jsii.String("TheirVpc"), &recovery.RecoveryVpcAttributes{
		VpcId: jsii.String("vpc-1"), CidrBlock: jsii.String("10.0.0.0/16"), BlackholeSecurityGroupId: jsii.String("sg-1"),
		LogFileSystemId: jsii.String("fs-1"), LogSecurityGroupId: jsii.String("sg-2"),
		AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetIds: jsii.Strings("subnet-1", "subnet-2"),
	})
	return recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("TheirSwitcher"), &recovery.SwitcherAttributes{SwitcherName: jsii.String("theirs"), Vpc: vpc})
}

// TestMonitorInAnotherStack: a node that is only referred to, by its attributes.
func TestMonitorInAnotherStack(t *testing.T) {
	app := newApp(t)
	nodes, people := awscdk.NewStack(app, jsii.String("Nodes"), nil), awscdk.NewStack(app, jsii.String("People"), nil)
	recovery.NewClusterNode(nodes, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: importedSwitcher(nodes), NodeId: jsii.Number(7), MonitoredElsewhere: jsii.Bool(true),
	})
	node := recovery.ClusterNode_FromNodeAttributes(people, jsii.String("Node"), &recovery.ClusterNodeAttributes{
		Switcher: importedSwitcher(people), NodeId: jsii.Number(7), InstanceId: jsii.String("i-0123456789abcdef0"),
		TargetGroup: elb.NetworkTargetGroup_FromTargetGroupAttributes(people, jsii.String("Targets"), &elb.TargetGroupAttributes{
			TargetGroupArn:   jsii.String(targetGroup("orders")),
			LoadBalancerArns: jsii.String("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/orders/0123456789abcdef"),
		}),
	})
	recovery.NewResourceMonitor(people, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("orders")},
		Unserved: &recovery.UnservedAlarm{Topic: awssns.Topic_FromTopicArn(people, jsii.String("Topic"), jsii.String("arn:aws:sns:us-east-1:111122223333:people"))},
	})
	var named, made []any
	list, _ := synth(t, nodes).one(t, "Custom::RecoveryNode", "Node").Properties["Alarms"].([]any)
	named = append(named, list...)
	d := synth(t, people)
	for _, id := range d.ids("AWS::CloudWatch::Alarm") {
		made = append(made, d.Resources[id].Properties["AlarmName"])
	}
	want := []any{"theirs.node-7.application", "theirs.node-7.instance"}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("the node names other alarms (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(want, "theirs.unserved-7"), made); diff != "" {
		t.Errorf("the monitor makes other alarms (-want +got):\n%s", diff)
	}
	if got := len(d.Resources); got != 3 {
		t.Errorf("%d resources, want the three alarms only", got)
	}
	refused(t, func() {
		recovery.NewResourceMonitor(people, jsii.String("Other"), &recovery.ResourceMonitorProps{
			ClusterNode: recovery.ClusterNode_FromNodeAttributes(people, jsii.String("Bare"), &recovery.ClusterNodeAttributes{
				Switcher: importedSwitcher(awscdk.NewStack(app, jsii.String("More"), nil)), NodeId: jsii.Number(8),
			}),
			Application: &recovery.ApplicationAlarm{Process: jsii.String("orders")},
		})
	}, "InstanceId is missing", "ClusterNodeAttributes")
}

// TestRulesForEvents: rules match what docs/events.md describes.
func TestRulesForEvents(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{})
	topic := awssns.Topic_FromTopicArn(b.stack, jsii.String("Chat"), jsii.String("arn:aws:sns:us-east-1:111122223333:chat"))
	to := &awsevents.OnEventOptions{Target: awseventstargets.NewSnsTopic(topic, nil), EventPattern: &awsevents.EventPattern{Account: jsii.Strings("111122223333")}}
	node.OnSwitched(jsii.String("Switched"), to)
	node.OnHeld(jsii.String("Held"), nil)
	node.OnInterrupted(jsii.String("Interrupted"), nil)
	b.switcher.OnSwitched(jsii.String("AnySwitched"), nil)
	b.switcher.OnHeld(jsii.String("AnyHeld"), nil)
	b.switcher.OnInterrupted(jsii.String("AnyInterrupted"), to)
	nodes, switchers := synth(t, b.stack), synth(t, b.switcher.Stack())
	of := func(prefix string) string {
		d := nodes
		if strings.HasPrefix(prefix, "Switcher") {
			d = switchers
		}
		return text(t, d.one(t, "AWS::Events::Rule", prefix).Properties["EventPattern"])
	}
	for prefix, want := range map[string]string{
		"NodeSwitched":           `{"account":["111122223333"],"detail":{"node":[7],"switcher":["test"]},"detail-type":["Recovery Switched"],"source":["workload-recovery"]}`,
		"NodeHeld":               `{"detail":{"node":[7],"switcher":["test"]},"detail-type":["Recovery Held"],"source":["workload-recovery"]}`,
		"NodeInterrupted":        `{"detail":{"node":[7],"switcher":["test"]},"detail-type":["Recovery Interrupted"],"source":["workload-recovery"]}`,
		"SwitcherAnySwitched":    `{"detail":{"switcher":["test"]},"detail-type":["Recovery Switched"],"source":["workload-recovery"]}`,
		"SwitcherAnyHeld":        `{"detail":{"switcher":["test"]},"detail-type":["Recovery Held","Recovery Brake Held"],"source":["workload-recovery"]}`,
		"SwitcherAnyInterrupted": `{"account":["111122223333"],"detail":{"switcher":["test"]},"detail-type":["Recovery Interrupted"],"source":["workload-recovery"]}`,
	} {
		if got := of(prefix); got != want {
			t.Errorf("%s matches %s\nwant %s", prefix, got, want)
		}
	}
}

// TestMetrics: of nodes and the table, made here and elsewhere.
func TestMetricsOfNodeAndTable(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{})
	describe := func(m awscloudwatch.Metric) string {
		if m == nil {
			return "none"
		}
		return fmt.Sprintf("%s %s %s %v %s", *m.Namespace(), *m.MetricName(), *m.Statistic(), flat(b.stack.Resolve(m.Dimensions())), *m.Period().ToString())
	}
	for name, want := range map[string][2]string{
		"healthy": {describe(node.MetricHealthyHostCount(nil)), "AWS/NetworkELB HealthyHostCount Maximum"},
		"process": {describe(node.MetricProcessCount(nil)), "CWAgent procstat_lookup_pid_count Minimum map[NodeId:7] Duration.seconds(60)"},
		"own":     {describe(node.MetricProcessCount(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: second(10)})), "CWAgent procstat_lookup_pid_count Sum map[NodeId:7] Duration.seconds(10)"},
		"read":    {describe(b.switcher.Table().MetricConsumedReadCapacityUnits(nil)), "AWS/DynamoDB ConsumedReadCapacityUnits Sum map[TableName:"},
		"write":   {describe(b.switcher.Table().MetricConsumedWriteCapacityUnits(nil)), "AWS/DynamoDB ConsumedWriteCapacityUnits Sum map[TableName:"},
		"reads":   {describe(b.switcher.Table().MetricReadThrottleEvents(nil)), "AWS/DynamoDB ReadThrottleEvents Sum map[TableName:"},
		"writes":  {describe(b.switcher.Table().MetricWriteThrottleEvents(nil)), "AWS/DynamoDB WriteThrottleEvents Sum map[TableName:"},
		"given":   {describe(b.node("Given", recovery.ClusterNodeProps{NodeId: jsii.Number(9), Network: &recovery.NodeNetwork{TargetGroups: groupsNamed("theirs")}}).MetricHealthyHostCount(nil)), "none"},
	} {
		if !strings.HasPrefix(want[0], want[1]) {
			t.Errorf("%s: %s, want %s", name, want[0], want[1])
		}
	}
}

func groupsNamed(name string) *[]*recovery.NodeTargetGroup {
	return &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup(name))}}
}
