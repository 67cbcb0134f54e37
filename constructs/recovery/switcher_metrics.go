package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/metric"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Metric is one of the switcher's own.
func (s *switcher) Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return metric.New(contract.MetricNamespace, *name, "Sum", map[string]*string{contract.MetricDimension: jsii.String(s.name)}, props)
}

func (s *switcher) MetricErrors(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricErrors(metric.PerMinute(props, "Sum"))
}

func (s *switcher) MetricInvocations(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricInvocations(metric.PerMinute(props, "Sum"))
}

func (s *switcher) MetricDuration(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.fn.MetricDuration(metric.PerMinute(props, "Average"))
}

func (s *switcher) MetricDeadLetters(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return s.queue.MetricApproximateNumberOfMessagesVisible(metric.PerMinute(props, "Maximum"))
}
