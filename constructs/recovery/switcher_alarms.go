package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeAlarms makes the alarms that tell when the switcher itself fails, and when it
// does not do what it is for. Its schedule exists before the alarm that misses it.
func (s *switcher) makeAlarms(more bool, schedule constructs.IDependable) {
	name := "Switcher " + s.name
	of := func(w alarm.Warning) awscloudwatch.Alarm { return alarm.Warn(s, s.topic, s.runbooks, w) }
	s.errors = of(alarm.Warning{
		ID: "Errors", Name: alarm.Own(s.name, alarm.Errors), Means: name + " failed: nodes may not be recovered.",
		Do:   "Read its log " + s.logName() + " for WR404 and mend what it names; what failed is tried again by itself.",
		Read: runbook.Switcher, Metric: s.MetricErrors(nil), Least: 1, Missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	s.letters = of(alarm.Warning{
		ID: "DeadLettersWaiting", Name: alarm.Own(s.name, alarm.Letters), Means: "An event to switcher " + s.name + " was lost.",
		Do:   "It waits in the dead-letter queue with its error. Send a request of CloudFormation again, then purge the queue.",
		Read: runbook.Switcher, Metric: s.MetricDeadLetters(nil), Least: 1, Missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	if !more {
		return
	}
	s.slow = of(alarm.Warning{
		ID: "SlowSwitch", Name: alarm.Own(s.name, alarm.Slow), Means: fmt.Sprintf("A recovery by switcher %s took longer than its objective of %d s, or still does.", s.name, s.objective),
		Do:   "See with recoveryctl status whether it is held, and why; if it is complete, see with recoveryctl history which phase was slow.",
		Read: runbook.Held, Metric: s.Metric(jsii.String(contract.MetricSwitch), &awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")}),
		Least: float64(s.objective), Missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	s.sweeps = of(alarm.Warning{
		ID: "NoSweep", Name: alarm.Own(s.name, alarm.Sweep), Means: name + " has not looked at its nodes for five minutes: failures that no event tells of are not found.",
		Do:   "See whether its schedule is enabled and its function can run, and read its log " + s.logName() + ".",
		Read: runbook.Switcher, Metric: s.Metric(jsii.String(contract.MetricSweeps), nil),
		Least: 1, Below: true, Periods: 5, Missing: awscloudwatch.TreatMissingData_BREACHING,
	})
	s.sweeps.Node().AddDependency(schedule)
	s.throttled = of(alarm.Warning{
		ID: "Throttled", Name: alarm.Own(s.name, alarm.Throttled), Means: "AWS has refused calls of switcher " + s.name + " as too many in each of five minutes: recoveries are slower.",
		Do:   "Find what else calls the account's API so much, lower BudgetPercent, or ask AWS for a higher rate.",
		Read: runbook.Switcher, Metric: s.Metric(jsii.String(contract.MetricThrottled), nil),
		Least: 1, Periods: 5, Missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}
