// Package metric describes CloudWatch metrics.
package metric

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// New returns a metric with the options of its caller. A period that is left out is a
// minute, a statistic that is left out is the given one.
func New(namespace, name, statistic string, dimensions map[string]*string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	o := PerMinute(options, statistic)
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(namespace), MetricName: jsii.String(name), DimensionsMap: &dimensions,
		Period: o.Period, Statistic: o.Statistic, Label: o.Label, Color: o.Color, Unit: o.Unit, Id: o.Id, Visible: o.Visible,
		Account: o.Account, Region: o.Region, StackAccount: o.StackAccount, StackRegion: o.StackRegion,
	})
}

// PerMinute returns the options with the defaults of New.
func PerMinute(options *awscloudwatch.MetricOptions, statistic string) *awscloudwatch.MetricOptions {
	var o awscloudwatch.MetricOptions
	if options != nil {
		o = *options
	}
	if o.Period == nil {
		o.Period = prop.Duration(60)
	}
	if o.Statistic == nil {
		o.Statistic = jsii.String(statistic)
	}
	return &o
}
