// Package alarm makes alarms and checks when they are raised.
package alarm

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
)

// Warning is an alarm for people. Its description says in one sentence each what it means
// and what to do, and names the page with the details.
type Warning struct {
	ID, Name, Means, Do string
	Read                runbook.Page
	Metric              awscloudwatch.Metric
	Least               float64 // from which value on a period is bad
	Below               bool    // or below which
	Periods             int     // in a row; 0: one
	Missing             awscloudwatch.TreatMissingData
}

// Warn makes an alarm that notifies the topic.
func Warn(scope constructs.Construct, topic awssns.ITopic, base string, w Warning) awscloudwatch.Alarm {
	props := &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(w.Name),
		AlarmDescription: jsii.String(fmt.Sprintf("%s %s %s", w.Means, w.Do, w.Read.At(base))),
		Metric:           w.Metric, Threshold: jsii.Number(w.Least), EvaluationPeriods: prop.Number(max(w.Periods, 1)),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		TreatMissingData:   w.Missing,
	}
	if w.Below {
		props.ComparisonOperator = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	alarm := awscloudwatch.NewAlarm(scope, jsii.String(w.ID), props)
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(topic))
	return alarm
}

// The switcher's own alarms. Their names begin unlike those of nodes' alarms, which it
// acts on.
const (
	Errors    = "function-errors"
	Letters   = "dead-letters"
	Slow      = "slow-switch"
	Sweep     = "no-sweep"
	Throttled = "throttled"
)

// Own is the name of an alarm of the switcher itself.
func Own(switcher, kind string) string { return switcher + "." + kind }

// Arns are the ARNs of alarms of the stack's account and Region, by their names.
func Arns(stack awscdk.Stack, names ...string) []*string {
	resources := make([]string, 0, len(names))
	for _, name := range names {
		resources = append(resources, "alarm:"+name)
	}
	return statement.In(stack).Arns("cloudwatch", resources...)
}

// Shape holds the settings of an alarm, checked and with defaults.
type Shape struct {
	Period, Periods, Points int
	Threshold               float64
	Namespace, Metric, Stat string
	Dimensions              map[string]*string
}

// MinuteShape is of a metric that AWS sends every minute.
func MinuteShape(at prop.Place, prop string, period awscdk.Duration, periods, points *float64) Shape {
	a := Shape{Period: at.Seconds(prop+".Period", period, 60)}
	if a.Period < 60 || a.Period > 3600 || a.Period%60 != 0 {
		at.Fail("%s.Period is %d s: allowed are multiples of 60 s up to 3600 s; leave it out for 60 s", prop, a.Period)
	}
	a.Periods = at.Whole(prop+".EvaluationPeriods", periods, 2, 1, 60)
	a.check(at, prop)
	a.Points = at.Whole(prop+".DatapointsToAlarm", points, a.Periods, 1, a.Periods)
	return a
}

// SecondsShape is of a metric of high resolution.
func SecondsShape(at prop.Place, prop string, period awscdk.Duration, periods, points *float64) Shape {
	a := Shape{Period: at.Seconds(prop+".Period", period, 10)}
	if a.Period != 10 && a.Period != 20 && a.Period != 30 && (a.Period < 60 || a.Period > 3600 || a.Period%60 != 0) {
		at.Fail("%s.Period is %d s: allowed are 10, 20, 30 s and multiples of 60 s up to 3600 s; leave it out for 10 s", prop, a.Period)
	}
	a.Periods = at.Whole(prop+".EvaluationPeriods", periods, 3, 1, 360)
	a.check(at, prop)
	a.Points = at.Whole(prop+".DatapointsToAlarm", points, a.Periods, 1, a.Periods)
	return a
}

// check refuses an alarm that looks back further than CloudWatch does: a day, or seven days
// with a period of an hour or more
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
func (a Shape) check(at prop.Place, prop string) {
	most := 86400
	if a.Period >= 3600 {
		most = 604800
	}
	if a.Period*a.Periods > most {
		at.Fail("%s.Period is %d s and EvaluationPeriods is %d, %d s together: CloudWatch allows %d s with such a period; give at most %d periods, or a shorter period",
			prop, a.Period, a.Periods, a.Period*a.Periods, most, most/a.Period)
	}
}
