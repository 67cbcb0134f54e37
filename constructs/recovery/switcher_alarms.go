package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeAlarms makes the alarms that tell when the switcher itself fails, and when it
// does not do what it is for. Its schedule exists before the alarm that misses it.
func (s *switcher) makeAlarms(more bool, schedule constructs.IDependable) {
	name := "Switcher " + s.name
	of := func(w warning) awscloudwatch.Alarm { return warn(s, s.topic, s.runbooks, w) }
	s.errors = of(warning{
		id: "Errors", name: ownAlarm(s.name, alarmErrors), means: name + " failed: nodes may not be recovered.",
		do:   "Read its log " + s.logName() + " for WR404 and mend what it names; what failed is tried again by itself.",
		read: runbookSwitcher, metric: s.MetricErrors(nil), least: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	s.letters = of(warning{
		id: "DeadLettersWaiting", name: ownAlarm(s.name, alarmLetters), means: "An event to switcher " + s.name + " was lost.",
		do:   "It waits in the dead-letter queue with its error. Send a request of CloudFormation again, then purge the queue.",
		read: runbookSwitcher, metric: s.MetricDeadLetters(nil), least: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	if !more {
		return
	}
	s.slow = of(warning{
		id: "SlowSwitch", name: ownAlarm(s.name, alarmSlow), means: fmt.Sprintf("A recovery by switcher %s took longer than its objective of %d s, or still does.", s.name, s.objective),
		do:   "See with recoveryctl status whether it is held, and why; if it is complete, see with recoveryctl history which phase was slow.",
		read: runbookHeld, metric: s.Metric(jsii.String(contract.MetricSwitch), &awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")}),
		least: float64(s.objective), missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	s.sweeps = of(warning{
		id: "NoSweep", name: ownAlarm(s.name, alarmSweep), means: name + " has not looked at its nodes for five minutes: failures that no event tells of are not found.",
		do:   "See whether its schedule is enabled and its function can run, and read its log " + s.logName() + ".",
		read: runbookSwitcher, metric: s.Metric(jsii.String(contract.MetricSweeps), nil),
		least: 1, below: true, periods: 5, missing: awscloudwatch.TreatMissingData_BREACHING,
	})
	s.sweeps.Node().AddDependency(schedule)
	s.throttled = of(warning{
		id: "Throttled", name: ownAlarm(s.name, alarmThrottled), means: "AWS has refused calls of switcher " + s.name + " as too many in each of five minutes: recoveries are slower.",
		do:   "Find what else calls the account's API so much, lower BudgetPercent, or ask AWS for a higher rate.",
		read: runbookSwitcher, metric: s.Metric(jsii.String(contract.MetricThrottled), nil),
		least: 1, periods: 5, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// logName is the name of the log group, or a hint at it where only AWS knows it.
func (s *switcher) logName() string {
	if name := *s.logs.LogGroupName(); !unresolved(name) {
		return name
	}
	return "/aws/lambda/" + s.function
}

func (s *switcher) RunbookUrl() *string                  { return jsii.String(s.runbooks) }
func (s *switcher) Objective() awscdk.Duration           { return duration(s.objective) }
func (s *switcher) ErrorAlarm() awscloudwatch.Alarm      { return s.errors }
func (s *switcher) DeadLetterAlarm() awscloudwatch.Alarm { return s.letters }
func (s *switcher) SlowSwitchAlarm() awscloudwatch.Alarm { return s.slow }
func (s *switcher) SweepAlarm() awscloudwatch.Alarm      { return s.sweeps }
func (s *switcher) ThrottleAlarm() awscloudwatch.Alarm   { return s.throttled }

// Metric is one of the switcher's own.
func (s *switcher) Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	o := perMinute(props, "Sum")
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(contract.MetricNamespace), MetricName: name,
		DimensionsMap: &map[string]*string{contract.MetricDimension: jsii.String(s.name)},
		Period:        o.Period, Statistic: o.Statistic, Label: o.Label, Color: o.Color, Unit: o.Unit, Id: o.Id, Visible: o.Visible,
		Account: o.Account, Region: o.Region, StackAccount: o.StackAccount, StackRegion: o.StackRegion,
	})
}

func (s *switcher) MetricErrors(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricErrors(perMinute(props, "Sum"))
}

func (s *switcher) MetricInvocations(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricInvocations(perMinute(props, "Sum"))
}

func (s *switcher) MetricDuration(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricDuration(perMinute(props, "Average"))
}

func (s *switcher) MetricDeadLetters(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.queue.MetricApproximateNumberOfMessagesVisible(perMinute(props, "Maximum"))
}

func perMinute(props *awscloudwatch.MetricOptions, statistic string) *awscloudwatch.MetricOptions {
	var o awscloudwatch.MetricOptions
	if props != nil {
		o = *props
	}
	if o.Period == nil {
		o.Period = duration(60)
	}
	if o.Statistic == nil {
		o.Statistic = jsii.String(statistic)
	}
	return &o
}
