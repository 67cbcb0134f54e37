package awscloud

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

const (
	// namesPerCall is how many alarms one DescribeAlarms names at most.
	namesPerCall = 100
	// instanceDimension is the dimension that says which instance an alarm watches.
	instanceDimension = "InstanceId"
)

type alarms struct {
	client func() *cloudwatch.Client
	read   func(*cloudwatch.Options)
}

func newAlarms(s *session) *alarms {
	return &alarms{
		client: sync.OnceValue(func() *cloudwatch.Client {
			return cloudwatch.NewFromConfig(s.cfg, func(o *cloudwatch.Options) {
				if s.cfg.BaseEndpoint != nil {
					// The emulator does not speak the SDK's default, RPC v2 CBOR.
					// CloudWatch itself speaks both.
					o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
				}
			})
		}),
		read: func(o *cloudwatch.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

func (a *alarms) Alarms(ctx context.Context, names []string) ([]cloud.Alarm, error) {
	described, err := a.describe(ctx, names)
	if err != nil {
		return nil, err
	}
	var found []cloud.Alarm
	for i := range described {
		d := &described[i]
		since := d.StateTransitionedTimestamp // when the value changed; the other also moves with the reason
		if since == nil {
			since = d.StateUpdatedTimestamp
		}
		found = append(found, cloud.Alarm{
			Name: aws.ToString(d.AlarmName), State: string(d.StateValue), Reason: aws.ToString(d.StateReason),
			Since: aws.ToTime(since), Instances: watched(d),
		})
	}
	return found, nil
}

func (a *alarms) describe(ctx context.Context, names []string) ([]types.MetricAlarm, error) {
	var found []types.MetricAlarm
	for chunk := range slices.Chunk(names, namesPerCall) {
		pages := cloudwatch.NewDescribeAlarmsPaginator(a.client(), &cloudwatch.DescribeAlarmsInput{
			AlarmNames: chunk, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, MaxRecords: aws.Int32(namesPerCall),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, a.read)
			if err != nil {
				return nil, failure(err)
			}
			found = append(found, page.MetricAlarms...)
		}
	}
	return found, nil
}

// Repoint reads the alarm and writes it whole, since PutMetricAlarm "overwrites
// the previous configuration". CloudWatch keeps state, history and tags.
func (a *alarms) Repoint(ctx context.Context, name, instance string) error {
	described, err := a.describe(ctx, []string{name})
	if err != nil {
		return err
	}
	if len(described) != 1 {
		return &cloud.Error{
			Kind: cloud.NotFound, Service: serviceAlarms, Action: "DescribeAlarms",
			Message: fmt.Sprintf("there is no metric alarm %q", name),
		}
	}
	ids := watched(&described[0])
	if !slices.ContainsFunc(ids, func(id string) bool { return id != instance }) {
		if len(ids) == 0 {
			return invalid(serviceAlarms, "DescribeAlarms", fmt.Sprintf(
				"alarm %q has no dimension %s that could name %s: add one, or take the alarm off the node", name, instanceDimension, instance))
		}
		return nil
	}
	in := rewrite(&described[0])
	repoint(in.Dimensions, instance)
	for i := range in.Metrics {
		if s := in.Metrics[i].MetricStat; s != nil && s.Metric != nil {
			repoint(s.Metric.Dimensions, instance)
		}
	}
	_, err = a.client().PutMetricAlarm(ctx, in)
	return failure(err)
}

// rewrite is the request that writes an alarm as it is. Left out on purpose: Tags,
// which PutMetricAlarm ignores for an alarm that exists.
func rewrite(d *types.MetricAlarm) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		ActionConfiguration:              d.ActionConfiguration,
		ActionsEnabled:                   d.ActionsEnabled,
		AlarmActions:                     d.AlarmActions,
		AlarmDescription:                 d.AlarmDescription,
		AlarmName:                        d.AlarmName,
		ComparisonOperator:               d.ComparisonOperator,
		DatapointsToAlarm:                d.DatapointsToAlarm,
		Dimensions:                       d.Dimensions,
		EvaluateLowSampleCountPercentile: d.EvaluateLowSampleCountPercentile,
		EvaluationCriteria:               d.EvaluationCriteria,
		EvaluationInterval:               d.EvaluationInterval,
		EvaluationPeriods:                d.EvaluationPeriods,
		EvaluationWindow:                 d.EvaluationWindow,
		ExtendedStatistic:                d.ExtendedStatistic,
		InsufficientDataActions:          d.InsufficientDataActions,
		MetricName:                       d.MetricName,
		Metrics:                          d.Metrics,
		Namespace:                        d.Namespace,
		OKActions:                        d.OKActions,
		Period:                           d.Period,
		Statistic:                        d.Statistic,
		Threshold:                        d.Threshold,
		ThresholdMetricId:                d.ThresholdMetricId,
		TreatMissingData:                 d.TreatMissingData,
		Unit:                             d.Unit,
		WarmUpConfiguration:              d.WarmUpConfiguration,
	}
}

// repoint changes dimensions in place; they belong to an answer that nobody else holds.
func repoint(dimensions []types.Dimension, instance string) {
	for i := range dimensions {
		if aws.ToString(dimensions[i].Name) == instanceDimension {
			dimensions[i].Value = aws.String(instance)
		}
	}
}

// watched lists the instances an alarm names, also within metric math, once each.
func watched(d *types.MetricAlarm) []string {
	var ids []string
	add := func(dimensions []types.Dimension) {
		for _, x := range dimensions {
			if id := aws.ToString(x.Value); aws.ToString(x.Name) == instanceDimension && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	add(d.Dimensions)
	for _, m := range d.Metrics {
		if m.MetricStat != nil && m.MetricStat.Metric != nil {
			add(m.MetricStat.Metric.Dimensions)
		}
	}
	return ids
}
