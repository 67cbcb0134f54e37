package recovery

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// ResourceMonitorProps are the props of ResourceMonitor.
type ResourceMonitorProps struct {
	// ClusterNode is the node to watch. Required.
	ClusterNode ClusterNode
	// Instance describes the instance alarm. Default: see InstanceAlarm.
	Instance *InstanceAlarm
	// Application describes the application alarm. Its Process or its MetricName must be
	// given, unless the node has an Application, whose units are then watched.
	// Default: with the node's Application, see ApplicationAlarm.
	Application *ApplicationAlarm
	// Unserved describes the alarm that tells people when nobody serves the node.
	// Default: see UnservedAlarm.
	Unserved *UnservedAlarm
}

// InstanceAlarm is raised when EC2's status checks fail: the host, its network or
// power, or the instance's kernel or network.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
//
// Missing data does not raise it. A stopped or terminated instance has no status
// checks, but EC2 reports that by an event of its own; and a replacement has none
// for its first minutes, in which an alarm that took silence for failure would
// condemn it.
type InstanceAlarm struct {
	// Period of the metric, a multiple of 60 s, up to 3600 s. Default: 60 s, in which
	// EC2 sends it.
	Period awscdk.Duration
	// EvaluationPeriods to look at, 1 to 60. Default: 2.
	EvaluationPeriods *float64
	// DatapointsToAlarm of them that must fail, 1 to EvaluationPeriods. Default: all.
	DatapointsToAlarm *float64
}

// ApplicationAlarm is raised when the application's own sign of life stops. The
// metric carries the node's id and not the instance's, so it outlives switches.
//
// Missing data raises it: when the CloudWatch agent dies, or the host does, the
// metric just stops.
type ApplicationAlarm struct {
	// Process is a regular expression for the command line of the processes that must
	// run; the metric is then the agent's count of them (procstat, pid_count).
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-procstat-process-metrics.html
	// Default: the units of the node's Application, all of which must be up; without
	// one, give MetricName instead.
	Process *string
	// Namespace of the metric. Default: CWAgent.
	Namespace *string
	// MetricName to watch. Default: procstat_lookup_pid_count.
	MetricName *string
	// Dimensions of the metric. They must not name the instance.
	// Default: NodeId = the node's id.
	Dimensions *map[string]*string
	// Statistic over a period. Default: Minimum.
	Statistic *string
	// Threshold below which a period is bad. Default: 1.
	Threshold *float64
	// Period of the metric: 10, 20, 30 s or a multiple of 60 s up to 3600 s; below 60 s
	// it must be sent with high resolution, as the agent does. Default: 10 s.
	Period awscdk.Duration
	// EvaluationPeriods to look at, 1 to 360. Default: 3: the agent sends every 10 s,
	// and one late sending is no failure.
	EvaluationPeriods *float64
	// DatapointsToAlarm of them that must be bad, 1 to EvaluationPeriods. Default: all.
	DatapointsToAlarm *float64
}

// ResourceMonitor is a node's two alarms that the switcher acts on. Both reach it by
// their state changes, through its alarm rule; they need no actions. A third one is for
// people: it moves nothing.
type ResourceMonitor interface {
	constructs.Construct
	// InstanceAlarm is raised when EC2's status checks fail. The switcher points it at
	// each replacement.
	InstanceAlarm() awscloudwatch.Alarm
	// ApplicationAlarm is raised when the application's sign of life stops.
	ApplicationAlarm() awscloudwatch.Alarm
	// UnservedAlarm tells people when nobody serves the node, or nil: see UnservedAlarm.
	UnservedAlarm() awscloudwatch.Alarm
	// ClusterNode is the node.
	ClusterNode() ClusterNode
	// AgentConfiguration is the CloudWatch agent's configuration (JSON) that sends the
	// application's metric, or nil when the metric is another's.
	AgentConfiguration() *string
	// AgentCommands install and start the agent with it on Amazon Linux, for your own
	// user data. Generated user data does it by itself.
	AgentCommands() *[]*string

	alarmArns(stack awscdk.Stack) []*string
}

type resourceMonitor struct {
	constructs.Construct
	node                  ClusterNode
	instance, application awscloudwatch.Alarm
	unserved              awscloudwatch.Alarm // nil: none
	agent                 string
}

func (m *resourceMonitor) InstanceAlarm() awscloudwatch.Alarm    { return m.instance }
func (m *resourceMonitor) ApplicationAlarm() awscloudwatch.Alarm { return m.application }
func (m *resourceMonitor) UnservedAlarm() awscloudwatch.Alarm    { return m.unserved }
func (m *resourceMonitor) ClusterNode() ClusterNode              { return m.node }

func (m *resourceMonitor) AgentConfiguration() *string {
	if m.agent == "" {
		return nil
	}
	return jsii.String(m.agent)
}

// NewResourceMonitor makes a node's two alarms.
func NewResourceMonitor(scope constructs.Construct, id *string, props *ResourceMonitorProps) ResourceMonitor {
	at := prop.Of(scope, id)
	at.Require(props != nil && props.ClusterNode != nil, "ClusterNode", "give the node to watch")
	node, alarm := props.ClusterNode, props.Application
	if alarm == nil {
		alarm = &ApplicationAlarm{}
	}
	plan := node.bootPlan()
	units := plan != nil && plan.Application != nil
	at.Require(units || alarm.Process != nil || alarm.MetricName != nil,
		"Application", "give the Process that must run, or the MetricName of the application's own sign of life, or give the node an Application")
	if p := alarm.Process; p != nil && (*p == "" || len(*p) > 255) {
		at.Fail("Application.Process has %d characters: the CloudWatch agent takes a regular expression of 1 to 255", len(*p))
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

func (p *ResourceMonitorProps) instance(at prop.Place) alarm.Shape {
	want := p.Instance
	if want == nil {
		want = &InstanceAlarm{}
	}
	return alarm.MinuteShape(at, "Instance", want.Period, want.EvaluationPeriods, want.DatapointsToAlarm)
}

func (want *ApplicationAlarm) plan(at prop.Place, node ClusterNode) alarm.Shape {
	a := alarm.SecondsShape(at, "Application", want.Period, want.EvaluationPeriods, want.DatapointsToAlarm)
	a.Threshold = prop.Or(want.Threshold, 1)
	a.Namespace, a.Metric, a.Stat = prop.Or(want.Namespace, "CWAgent"), prop.Or(want.MetricName, "procstat_lookup_pid_count"), prop.Or(want.Statistic, "Minimum")
	a.Dimensions = map[string]*string{nodeDimension: jsii.String(strconv.Itoa(int(*node.NodeId())))}
	if want.Dimensions != nil {
		a.Dimensions = *want.Dimensions
	}
	if _, named := a.Dimensions["InstanceId"]; named {
		at.Fail("Application.Dimensions names InstanceId: the alarm would watch one instance and not the node; use a dimension such as %s", nodeDimension)
	}
	return a
}

// makeInstance makes the alarm that names the instance, and tells the node that
// it does.
func (m *resourceMonitor) makeInstance(node ClusterNode, a alarm.Shape) awscloudwatch.Alarm {
	name := m.name(contract.AlarmInstance)
	alarm := awscloudwatch.NewAlarm(m, jsii.String("Instance"), &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(name),
		AlarmDescription: m.says("The instance of %s fails its status checks. The switcher moves the node by itself, and points this alarm at the replacement: recoveryctl show %d."),
		Metric: awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String("AWS/EC2"), MetricName: jsii.String("StatusCheckFailed"), Statistic: jsii.String("Maximum"),
			Period: prop.Duration(a.Period), DimensionsMap: &map[string]*string{"InstanceId": node.InstanceId()},
		}),
		Threshold: jsii.Number(1), ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods: prop.Number(a.Periods), DatapointsToAlarm: prop.Number(a.Points),
		TreatMissingData: awscloudwatch.TreatMissingData_MISSING,
	})
	node.AddConsumer(alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm))
	node.addAlarm(name)
	return alarm
}

// says is an alarm's description about the node, with where to read on.
func (m *resourceMonitor) says(text string) *string {
	return jsii.String(fmt.Sprintf(text, *m.node.NodeName(), int(*m.node.NodeId())) + " " + runbook.First.At(*m.node.Switcher().RunbookUrl()))
}

func (m *resourceMonitor) makeApplication(node ClusterNode, a alarm.Shape) awscloudwatch.Alarm {
	name := m.name(contract.AlarmApplication)
	alarm := awscloudwatch.NewAlarm(m, jsii.String("Application"), &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(name),
		AlarmDescription: m.says("The application of %s gives no sign of life. The switcher moves the node by itself: recoveryctl show %d."),
		Metric: awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String(a.Namespace), MetricName: jsii.String(a.Metric), Statistic: jsii.String(a.Stat),
			Period: prop.Duration(a.Period), DimensionsMap: &a.Dimensions,
		}),
		Threshold: jsii.Number(a.Threshold), ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
		EvaluationPeriods: prop.Number(a.Periods), DatapointsToAlarm: prop.Number(a.Points),
		TreatMissingData: awscloudwatch.TreatMissingData_BREACHING,
	})
	node.addAlarm(name)
	return alarm
}
