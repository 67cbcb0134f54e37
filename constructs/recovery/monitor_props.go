package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
)

// ResourceMonitorProps are the props of ResourceMonitor.
type ResourceMonitorProps struct {
	// ClusterNode is the node to watch. Required.
	ClusterNode IClusterNode
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
	// EvaluationPeriods to look at, 1 to 60. Times Period they are at most 604,800 s, and
	// at most 86,400 s where Period is under an hour (PutMetricAlarm, Amazon CloudWatch
	// API reference). Default: 2.
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
	// Dimensions of the metric, at most 30. They must not name the instance.
	// Default: NodeId = the node's id.
	Dimensions *map[string]*string
	// Statistic over a period. Default: AlarmStatistic_MINIMUM.
	Statistic AlarmStatistic
	// Threshold below which a period is bad. Default: 1.
	Threshold *float64
	// Period of the metric: 10, 20, 30 s or a multiple of 60 s up to 3600 s; below 60 s
	// it must be sent with high resolution, as the agent does. Default: 10 s.
	Period awscdk.Duration
	// EvaluationPeriods to look at, 1 to 360. Times Period they are at most 604,800 s, and
	// at most 86,400 s where Period is under an hour. Default: 3: the agent sends every 10 s,
	// and one late sending is no failure.
	EvaluationPeriods *float64
	// DatapointsToAlarm of them that must be bad, 1 to EvaluationPeriods. Default: all.
	DatapointsToAlarm *float64
}

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
	// After is the time without a healthy target after which it is raised: whole minutes, 1 to 60
	// minutes. Default: 10 minutes, which is longer than a switch should take.
	After awscdk.Duration
	// Topic receives the alarm. Default: the switcher's; a switcher of another app has none here,
	// and without Topic there is then no alarm.
	Topic awssns.ITopic
}

// AlarmStatistic is AlarmStatistic_MINIMUM, AlarmStatistic_MAXIMUM,
// AlarmStatistic_AVERAGE, AlarmStatistic_SUM, AlarmStatistic_SAMPLE_COUNT, or another
// statistic of CloudWatch's, such as AlarmStatistic("p99").
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
type AlarmStatistic string

const (
	// AlarmStatistic_MINIMUM is the least value of a period.
	AlarmStatistic_MINIMUM AlarmStatistic = "Minimum"
	// AlarmStatistic_MAXIMUM is the greatest value of a period.
	AlarmStatistic_MAXIMUM AlarmStatistic = "Maximum"
	// AlarmStatistic_AVERAGE is the mean of a period's values.
	AlarmStatistic_AVERAGE AlarmStatistic = "Average"
	// AlarmStatistic_SUM is the sum of a period's values.
	AlarmStatistic_SUM AlarmStatistic = "Sum"
	// AlarmStatistic_SAMPLE_COUNT counts the values of a period.
	AlarmStatistic_SAMPLE_COUNT AlarmStatistic = "SampleCount"
)
