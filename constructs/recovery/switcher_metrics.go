package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

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
		o.Period = prop.Duration(60)
	}
	if o.Statistic == nil {
		o.Statistic = jsii.String(statistic)
	}
	return &o
}
