package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// UnservedAlarm tells people that nobody serves the node: its load balancer has found no
// target healthy for longer than a switch takes. It moves nothing by itself. It is for
// what the node's other alarms do not see: an application that lives and does not
// answer, a port or a rule that was changed, a node that is paused or held.
//
// That no switch helps is told by the time alone: whether this one node is being
// switched is no metric (it would cost one for each node). It looks at the node's own
// load balancer; of target groups that others made the load balancer is not known at
// synthesis, so a node with TargetGroups has no such alarm.
type UnservedAlarm struct {
	// Off leaves the alarm out. Default: false.
	Off *bool
	// Minutes without a healthy target after which it is raised, 1 to 60.
	// Default: 10, which is longer than a switch should take.
	Minutes *float64
	// Topic is told. Default: the switcher's; a switcher of another app has none here,
	// and without Topic there is then no alarm.
	Topic awssns.ITopic
}

// unservedPlan is what an UnservedAlarm needs; without a topic there is none.
type unservedPlan struct {
	minutes int
	topic   awssns.ITopic
	metric  func(*awscloudwatch.MetricOptions) awscloudwatch.Metric
}

func (w *UnservedAlarm) plan(at prop.Place, node ClusterNode) unservedPlan {
	if w == nil {
		w = &UnservedAlarm{}
	}
	p := unservedPlan{minutes: at.Whole("Unserved.Minutes", w.Minutes, 10, 1, 60), topic: w.Topic, metric: node.healthyHosts()}
	if made, is := node.Switcher().(Switcher); is && p.topic == nil {
		p.topic = made.Topic() // nil of one that is only referred to
	}
	if w.Topic != nil {
		checkTopic(at, "Unserved.Topic", w.Topic, awscdk.Stack_Of(node))
	}
	if prop.Or(w.Off, false) || p.metric == nil {
		p.topic = nil
	}
	return p
}

// unservedName is not among the names whose alarms the switcher acts on.
func unservedName(node ClusterNode) string {
	return alarm.Own(*node.Switcher().SwitcherName(), fmt.Sprintf("unserved-%d", int(*node.NodeId())))
}

// makeUnserved makes the alarm when the node serves for the first time, so that its
// creation alarms nobody.
func (m *resourceMonitor) makeUnserved(node ClusterNode, p unservedPlan) awscloudwatch.Alarm {
	if p.topic == nil {
		return nil
	}
	alarm := alarm.Warn(m, p.topic, *node.Switcher().RunbookUrl(), alarm.Warning{
		ID: "Unserved", Name: unservedName(node),
		Means: fmt.Sprintf("Nobody has served %s for %d minutes: its load balancer finds no target healthy, and no switch has helped.", *node.NodeName(), p.minutes),
		Do:    fmt.Sprintf("See with recoveryctl show %d whether it is paused, held or never was seen as failed.", int(*node.NodeId())),
		Read:  runbook.Nothing, Metric: p.metric(&awscloudwatch.MetricOptions{Period: prop.Duration(60), Statistic: jsii.String("Maximum")}),
		Least: 1, Below: true, Periods: p.minutes,
		// A target group without any target has no data.
		Missing: awscloudwatch.TreatMissingData_BREACHING,
	})
	alarm.Node().AddDependency(node.Resource())
	return alarm
}

// alarmArns are the ARNs of the monitor's alarms by their names, so that another
// stack's dashboard refers to them without a reference between the stacks.
func (m *resourceMonitor) alarmArns(stack awscdk.Stack) []*string {
	names := []string{m.name(contract.AlarmInstance), m.name(contract.AlarmApplication)}
	if m.unserved != nil {
		names = append(names, unservedName(m.node))
	}
	return alarm.Arns(stack, names...)
}

func (m *resourceMonitor) name(kind string) string {
	return contract.AlarmName(*m.node.Switcher().SwitcherName(), int(*m.node.NodeId()), kind)
}
