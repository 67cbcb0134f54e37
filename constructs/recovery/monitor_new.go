package recovery

import (
	"strconv"

	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
)

// NewResourceMonitor makes a node's two alarms.
func NewResourceMonitor(scope constructs.Construct, id *string, props *ResourceMonitorProps) ResourceMonitor {
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	at.Require(props != nil && props.ClusterNode != nil, "ClusterNode", "give the node to watch")
	node, alarm := props.ClusterNode, props.Application
	if alarm == nil {
		alarm = &ApplicationAlarm{}
	}
	at.Require(node.InstanceId() != nil, "ClusterNode's InstanceId", "give the node's current instance in ClusterNodeAttributes, for the instance alarm")
	plan := bootPlanOf(node)
	units := plan != nil && plan.Application != nil
	at.Require(units || alarm.Process != nil || alarm.MetricName != nil,
		"Application", "give the Process that must run, or the MetricName of the application's own sign of life, or give the node an Application")
	if p := alarm.Process; p != nil && (*p == "" || len(*p) > 255) {
		at.Fail("Application.Process has %d characters: the CloudWatch agent takes a regular expression of 1 to 255", len(*p))
	}
	if made, is := wrapped.Find[*clusterNode](node); is && made.elsewhere {
		at.Fail("node %d has MonitoredElsewhere, so a ResourceMonitor of another stack watches it: leave MonitoredElsewhere out, or this monitor", made.id)
	}
	m := &resourceMonitor{node: node}
	instance, application, unserved := props.instance(at), alarm.plan(at, node), props.Unserved.plan(at, node)
	registry.Claim(scope, at, "monitor of node", strconv.Itoa(int(*node.NodeId())), "a node has one ResourceMonitor; change that one")

	constructs.NewConstruct_Override(m, scope, id)
	m.instance = m.makeInstance(node, instance)
	m.application = m.makeApplication(node, application)
	m.unserved = m.makeUnserved(node, unserved)
	if alarm.MetricName == nil || alarm.Process != nil {
		m.sendFrom(node, prop.Or(alarm.Process, ""), application)
	}
	return m
}
