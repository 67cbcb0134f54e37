package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
)

// unservedPlan is what an UnservedAlarm needs; without a topic there is none.
type unservedPlan struct {
	minutes int
	topic   awssns.ITopic
	metric  awscloudwatch.Metric
}

func (w *UnservedAlarm) plan(at prop.Place, node IClusterNode) unservedPlan {
	if w == nil {
		w = &UnservedAlarm{}
	}
	p := unservedPlan{minutes: at.Minutes("Unserved.After", w.After, 10, 1, 60), topic: w.Topic, metric: node.MetricHealthyHostCount(nil)}
	if made, is := wrapped.Find[Switcher](node.Switcher()); is && p.topic == nil {
		p.topic = made.Topic() // nil of one that is only referred to
	}
	if w.Topic != nil {
		checkTopic(at, "Unserved.Topic", w.Topic, node.Stack())
	}
	if prop.Or(w.Off, false) || p.metric == nil {
		p.topic = nil
	}
	return p
}

// makeUnserved makes the alarm when the node serves for the first time, so that its
// creation alarms nobody.
func (m *resourceMonitor) makeUnserved(node IClusterNode, p unservedPlan) awscloudwatch.Alarm {
	if p.topic == nil {
		return nil
	}
	alarm := alarm.Warn(m, p.topic, *node.Switcher().RunbookUrl(), alarm.Warning{
		ID: "Unserved", Name: unservedName(node),
		Means: fmt.Sprintf("Nobody has served %s for %d minutes: its load balancer finds no target healthy, and no switch has helped.", *node.NodeName(), p.minutes),
		Do:    fmt.Sprintf("See with recoveryctl show %d whether it is paused, held or never was seen as failed.", int(*node.NodeId())),
		Read:  runbook.Nothing, Metric: p.metric,
		Least: 1, Below: true, Periods: p.minutes,
		// A target group without any target has no data.
		Missing: awscloudwatch.TreatMissingData_BREACHING,
	})
	if made, is := wrapped.Find[*clusterNode](node); is {
		alarm.Node().AddDependency(made.resource)
	}
	return alarm
}
