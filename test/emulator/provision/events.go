package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Rule is an EventBridge rule of a template.
type Rule struct {
	Name    string
	Region  string
	Pattern string   // JSON
	Targets []string // ARNs
	probe   string   // URL of the queue that tells whether an event matched
}

// Tick is what a schedule sends.
type Tick struct {
	Function string // ARN
	Input    string // JSON
}

// Event is an EventBridge event
// (https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html).
type Event struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"`
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     any      `json:"detail"`
}

func createRule(in *input) error {
	name, pattern := in.name("Name", 64), in.take("EventPattern")
	var targets []struct {
		Arn, Id, Input, InputPath string
		RetryPolicy               json.RawMessage
		DeadLetterConfig          json.RawMessage
	}
	if err := in.property("Targets", &targets); err != nil {
		return err
	}
	req := map[string]any{"Name": name, "EventPattern": pattern, "State": in.take("State"), "Description": in.take("Description")}
	if err := in.JSON(in.ctx, "events", "AWSEvents", "PutRule", req, nil); err != nil {
		return err
	}
	r := &Rule{Name: name, Region: in.stack.Region, Pattern: pattern}
	if err := in.probe(r); err != nil {
		return err
	}
	for _, t := range targets {
		if t.Input != "" || t.InputPath != "" {
			return fmt.Errorf("target %s reshapes its input: the harness delivers events as they are", t.Id)
		}
		r.Targets = append(r.Targets, t.Arn)
	}
	in.d.Rules = append(in.d.Rules, r)
	in.made.Physical = name
	in.made.Attributes["Arn"] = in.arn("events", "rule/"+name)
	return nil
}

// NewEvent fills in what every event of a Region has.
func (d *Deployment) NewEvent(region, source, kind string, resources []string, detail any) Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	return Event{
		Version: "0", ID: fmt.Sprintf("00000000-0000-4000-b000-%012d", d.seq), DetailType: kind, Source: source,
		Account: d.Account(), Time: time.Now().UTC().Format("2006-01-02T15:04:05Z"), Region: region,
		Resources: resources, Detail: detail,
	}
}

// InstanceEvent is EC2's notice of an instance's new state
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
func (d *Deployment) InstanceEvent(region, instance, state string) Event {
	return d.NewEvent(region, "aws.ec2", "EC2 Instance State-change Notification",
		[]string{fmt.Sprintf("arn:aws:ec2:%s:%s:instance/%s", region, d.Account(), instance)},
		map[string]any{"instance-id": instance, "state": state})
}

// AlarmEvent is CloudWatch's notice of an alarm's new state, made from the alarm as
// it stands now (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html).
func (d *Deployment) AlarmEvent(ctx context.Context, region, alarm, previous string) (Event, error) {
	out, err := d.In(region).CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{alarm}})
	if err != nil {
		return Event{}, fmt.Errorf("alarm event: %w", err)
	}
	if len(out.MetricAlarms) != 1 {
		return Event{}, fmt.Errorf("alarm event: there is no alarm %q", alarm)
	}
	a := out.MetricAlarms[0]
	const stamp = "2006-01-02T15:04:05.000+0000"
	dimensions := map[string]string{}
	for _, x := range a.Dimensions {
		dimensions[aws.ToString(x.Name)] = aws.ToString(x.Value)
	}
	detail := map[string]any{
		"alarmName": alarm,
		"state": map[string]any{
			"value": a.StateValue, "reason": aws.ToString(a.StateReason), "reasonData": "{}",
			"timestamp": aws.ToTime(a.StateUpdatedTimestamp).UTC().Format(stamp),
		},
		"previousState": map[string]any{"value": previous, "reason": "", "timestamp": time.Now().UTC().Format(stamp)},
		"configuration": map[string]any{
			"description": aws.ToString(a.AlarmDescription),
			"metrics": []any{map[string]any{"id": "00000000-0000-4000-8000-000000000000", "returnData": true, "metricStat": map[string]any{
				"metric": map[string]any{"namespace": aws.ToString(a.Namespace), "name": aws.ToString(a.MetricName), "dimensions": dimensions},
				"period": aws.ToInt32(a.Period), "stat": string(a.Statistic),
			}}},
		},
	}
	return d.NewEvent(region, "aws.cloudwatch", "CloudWatch Alarm State Change", []string{aws.ToString(a.AlarmArn)}, detail), nil
}

// probe gives the rule a queue as its target. The emulator's matching of patterns
// is right, but it cannot deliver to functions: so it delivers to the queue, and
// what arrives there is delivered to the functions by Deliver.
func (in *input) probe(r *Rule) error {
	name := "probe-" + r.Name
	var queue struct{ QueueUrl string }
	if err := in.JSON(in.ctx, "sqs", "AmazonSQS", "CreateQueue", map[string]any{"QueueName": name}, &queue); err != nil {
		return err
	}
	r.probe = queue.QueueUrl
	return in.JSON(in.ctx, "events", "AWSEvents", "PutTargets", map[string]any{
		"Rule": r.Name, "Targets": []any{map[string]string{"Id": "probe", "Arn": in.arn("sqs", name)}},
	}, nil)
}

// Deliver hands an event to every function whose rule matches it, as EventBridge
// does, and says to how many. Settle waits for them.
func (d *Deployment) Deliver(ctx context.Context, e Event) (int, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("deliver %s: %w", e.DetailType, err)
	}
	matching, err := d.match(ctx, e)
	if err != nil {
		return 0, fmt.Errorf("match %s with the rules: %w", e.DetailType, err)
	}
	delivered := 0
	for _, r := range matching {
		for _, t := range r.Targets {
			f := d.functions[t]
			if f == nil {
				return delivered, fmt.Errorf("rule %s targets %s, which is no function of this account", r.Name, t)
			}
			f.InvokeAsync(payload)
			delivered++
		}
	}
	return delivered, nil
}

// match asks the emulator which rules of the event's Region match it.
func (d *Deployment) match(ctx context.Context, e Event) ([]*Rule, error) {
	d.matching.Lock() // the probes hold one event at a time
	defer d.matching.Unlock()
	c := d.In(e.Region)
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return nil, err
	}
	entry := map[string]any{"Source": e.Source, "DetailType": e.DetailType, "Resources": e.Resources, "Detail": string(detail)}
	var put struct{ FailedEntryCount int }
	if err := c.JSON(ctx, "events", "AWSEvents", "PutEvents", map[string]any{"Entries": []any{entry}}, &put); err != nil || put.FailedEntryCount > 0 {
		return nil, fmt.Errorf("PutEvents: %d entries refused: %w", put.FailedEntryCount, err)
	}
	var found []*Rule
	for _, r := range d.Rules {
		if r.Region != e.Region {
			continue
		}
		got, err := c.Receive(ctx, r.probe)
		if err != nil {
			return nil, err
		}
		if len(got) > 0 {
			found = append(found, r)
		}
	}
	return found, nil
}

// Receive takes all messages out of a queue.
func (c *Clients) Receive(ctx context.Context, queue string) ([]string, error) {
	var bodies []string
	for {
		var out struct {
			Messages []struct{ Body, ReceiptHandle string }
		}
		err := c.JSON(ctx, "sqs", "AmazonSQS", "ReceiveMessage", map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}, &out)
		if err != nil || len(out.Messages) == 0 {
			return bodies, err
		}
		for _, m := range out.Messages {
			bodies = append(bodies, m.Body)
			if err := c.JSON(ctx, "sqs", "AmazonSQS", "DeleteMessage", map[string]any{"QueueUrl": queue, "ReceiptHandle": m.ReceiptHandle}, nil); err != nil {
				return bodies, err
			}
		}
	}
}

// Listen subscribes a new queue to a topic; Receive reads what was published since.
func (d *Deployment) Listen(ctx context.Context, region, topic string) (queue string, err error) {
	name := "listener-" + digest(topic, 12)
	var out struct{ QueueUrl string }
	if err := d.In(region).JSON(ctx, "sqs", "AmazonSQS", "CreateQueue", map[string]any{"QueueName": name}, &out); err != nil {
		return "", err
	}
	_, err = d.In(region).SNS.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &topic, Protocol: aws.String("sqs"),
		Endpoint: aws.String(fmt.Sprintf("arn:aws:sqs:%s:%s:%s", region, d.Account(), name)),
	})
	return out.QueueUrl, err
}

// Sweep sends every schedule's tick once.
func (d *Deployment) Sweep() {
	for _, t := range d.Ticks {
		if f := d.functions[t.Function]; f != nil {
			f.InvokeAsync([]byte(t.Input))
		}
	}
}
