package recovery

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/metric"
	"github.com/workload-recovery/workload-recovery/constructs/internal/notice"
	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func (n *clusterNode) MetricHealthyHostCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return healthyHostCount(n.healthy, props)
}

func (n *clusterNode) MetricProcessCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return processCount(n.id, props)
}

func healthyHostCount(healthy func(*awscloudwatch.MetricOptions) awscloudwatch.Metric, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	if healthy == nil {
		return nil
	}
	return healthy(metric.PerMinute(props, "Maximum"))
}

func processCount(id int, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return metric.New(agentNamespace, processMetric, "Minimum", map[string]*string{boot.Dimension: jsii.String(strconv.Itoa(id))}, props)
}

// Names of the metrics that the CloudWatch agent sends for ResourceMonitor.
const (
	agentNamespace = "CWAgent"
	processMetric  = "procstat_lookup_pid_count"
)

func (n *clusterNode) OnSwitched(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailSwitched)
}

func (n *clusterNode) OnHeld(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailHeld)
}

func (n *clusterNode) OnInterrupted(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailInterrupted)
}
