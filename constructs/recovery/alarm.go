package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// warning is an alarm that tells people, in one sentence each what it means and what
// to do, and where to read on.
type warning struct {
	id, name, means, do string
	read                runbook
	metric              awscloudwatch.Metric
	least               float64 // from which value on a period is bad
	below               bool    // or below which
	periods             int     // in a row; 0: one
	missing             awscloudwatch.TreatMissingData
}

// warn makes an alarm that tells the topic.
func warn(scope constructs.Construct, topic awssns.ITopic, base string, w warning) awscloudwatch.Alarm {
	props := &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(w.name),
		AlarmDescription: jsii.String(fmt.Sprintf("%s %s %s", w.means, w.do, w.read.at(base))),
		Metric:           w.metric, Threshold: jsii.Number(w.least), EvaluationPeriods: number(max(w.periods, 1)),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		TreatMissingData:   w.missing,
	}
	if w.below {
		props.ComparisonOperator = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	alarm := awscloudwatch.NewAlarm(scope, jsii.String(w.id), props)
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(topic))
	return alarm
}

// The switcher's own alarms. Their names begin unlike those of nodes' alarms, which it
// acts on.
const (
	alarmErrors    = "function-errors"
	alarmLetters   = "dead-letters"
	alarmSlow      = "slow-switch"
	alarmSweep     = "no-sweep"
	alarmThrottled = "throttled"
)

func ownAlarm(switcher, kind string) string { return switcher + "." + kind }

func alarmArns(stack awscdk.Stack, names ...string) []*string {
	resources := make([]string, 0, len(names))
	for _, name := range names {
		resources = append(resources, "alarm:"+name)
	}
	return environmentIn(stack).arns("cloudwatch", resources...)
}

// alarmShape is when an alarm is raised: its settings, checked and with defaults.
type alarmShape struct {
	period, periods, points int
	threshold               float64
	namespace, metric, stat string
	dimensions              map[string]*string
}

// minuteShape is of a metric that AWS sends every minute.
func minuteShape(at place, prop string, period awscdk.Duration, periods, points *float64) alarmShape {
	a := alarmShape{period: at.seconds(prop+".Period", period, 60)}
	if a.period < 60 || a.period > 3600 || a.period%60 != 0 {
		at.fail("%s.Period is %d s: allowed are multiples of 60 s up to 3600 s; leave it out for 60 s", prop, a.period)
	}
	a.periods = at.whole(prop+".EvaluationPeriods", periods, 2, 1, 60)
	a.points = at.whole(prop+".DatapointsToAlarm", points, a.periods, 1, a.periods)
	return a
}

// secondsShape is of a metric of high resolution.
func secondsShape(at place, prop string, period awscdk.Duration, periods, points *float64) alarmShape {
	a := alarmShape{period: at.seconds(prop+".Period", period, 10)}
	if a.period != 10 && a.period != 20 && a.period != 30 && (a.period < 60 || a.period > 3600 || a.period%60 != 0) {
		at.fail("%s.Period is %d s: allowed are 10, 20, 30 s and multiples of 60 s up to 3600 s; leave it out for 10 s", prop, a.period)
	}
	a.periods = at.whole(prop+".EvaluationPeriods", periods, 3, 1, 360)
	a.points = at.whole(prop+".DatapointsToAlarm", points, a.periods, 1, a.periods)
	return a
}
