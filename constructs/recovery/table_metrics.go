package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/metric"
)

func (t *recoveryTable) Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return metric.New("AWS/DynamoDB", *name, "Sum", map[string]*string{"TableName": t.name}, props)
}

func (t *recoveryTable) MetricConsumedReadCapacityUnits(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return t.Metric(jsii.String("ConsumedReadCapacityUnits"), props)
}

func (t *recoveryTable) MetricConsumedWriteCapacityUnits(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return t.Metric(jsii.String("ConsumedWriteCapacityUnits"), props)
}

func (t *recoveryTable) MetricReadThrottleEvents(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return t.Metric(jsii.String("ReadThrottleEvents"), props)
}

func (t *recoveryTable) MetricWriteThrottleEvents(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return t.Metric(jsii.String("WriteThrottleEvents"), props)
}
