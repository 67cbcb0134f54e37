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
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

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
	ClusterNode() IClusterNode
	// AgentConfiguration is the CloudWatch agent's configuration (JSON) that sends the
	// application's metric, or nil when the metric is another's.
	AgentConfiguration() *string
	// AgentCommands install and start the agent with it on Amazon Linux, for your own
	// user data. Generated user data does it by itself.
	AgentCommands() *[]*string
}

type resourceMonitor struct {
	constructs.Construct
	node                  IClusterNode
	instance, application awscloudwatch.Alarm
	unserved              awscloudwatch.Alarm // nil: none
	agent                 string
}

func (m *resourceMonitor) InstanceAlarm() awscloudwatch.Alarm    { return m.instance }
func (m *resourceMonitor) ApplicationAlarm() awscloudwatch.Alarm { return m.application }
func (m *resourceMonitor) UnservedAlarm() awscloudwatch.Alarm    { return m.unserved }
func (m *resourceMonitor) ClusterNode() IClusterNode             { return m.node }

func (m *resourceMonitor) AgentConfiguration() *string {
	if m.agent == "" {
		return nil
	}
	return jsii.String(m.agent)
}

func (p *ResourceMonitorProps) instance(at prop.Place) alarm.Shape {
	want := p.Instance
	if want == nil {
		want = &InstanceAlarm{}
	}
	return alarm.MinuteShape(at, "Instance", want.Period, want.EvaluationPeriods, want.DatapointsToAlarm)
}

func (want *ApplicationAlarm) plan(at prop.Place, node IClusterNode) alarm.Shape {
	a := alarm.SecondsShape(at, "Application", want.Period, want.EvaluationPeriods, want.DatapointsToAlarm)
	a.Threshold = prop.Or(want.Threshold, 1)
	a.Namespace, a.Metric, a.Stat = prop.Or(want.Namespace, agentNamespace), prop.Or(want.MetricName, processMetric), string(want.Statistic)
	a.Dimensions = map[string]*string{nodeDimension: jsii.String(strconv.Itoa(int(*node.NodeId())))}
	if a.Stat == "" {
		a.Stat = string(AlarmStatistic_MINIMUM)
	}
	alarm.CheckStatistic(at, "Application.Statistic", a.Stat)
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
func (m *resourceMonitor) makeInstance(node IClusterNode, a alarm.Shape) awscloudwatch.Alarm {
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
	if made, is := wrapped.Find[*clusterNode](node); is {
		made.AddConsumer(alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm))
		made.addAlarm(name)
	}
	return alarm
}

// says is an alarm's description about the node, with where to read on.
func (m *resourceMonitor) says(text string) *string {
	return jsii.String(fmt.Sprintf(text, *m.node.NodeName(), int(*m.node.NodeId())) + " " + runbook.First.At(*m.node.Switcher().RunbookUrl()))
}

func (m *resourceMonitor) makeApplication(node IClusterNode, a alarm.Shape) awscloudwatch.Alarm {
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
	if made, is := wrapped.Find[*clusterNode](node); is {
		made.addAlarm(name)
	}
	return alarm
}

// nodeDimension is the metric dimension that holds the node's id.
const nodeDimension = boot.Dimension

func (m *resourceMonitor) name(kind string) string { return alarmName(m.node, kind) }

// alarmArnsOf are the ARNs of a monitor's alarms by their names, so that another
// stack's dashboard refers to them without a reference between the stacks.
func alarmArnsOf(m ResourceMonitor, stack awscdk.Stack) []*string {
	node := m.ClusterNode()
	names := []string{alarmName(node, contract.AlarmInstance), alarmName(node, contract.AlarmApplication)}
	if m.UnservedAlarm() != nil {
		names = append(names, unservedName(node))
	}
	return alarm.Arns(stack, names...)
}

// unservedName is not among the names whose alarms the switcher acts on.
func unservedName(node IClusterNode) string {
	return alarm.Own(*node.Switcher().SwitcherName(), fmt.Sprintf("unserved-%d", int(*node.NodeId())))
}
