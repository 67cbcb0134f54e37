package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// TestScenario4 sends what no rule would let through, and what one would.
func TestScenario4UnknownMalformedAndHostileEvents(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	foreign := a.launchForeign(s)
	nodes := []world.State{a.state(s, database), a.state(s, web)}
	own, alarm := nodes[0].Node.Grant.Instance, nodes[0].Node.Settings.Alarms[0]
	event := func(change func(map[string]any)) string {
		b, err := json.Marshal(a.InstanceEvent(s.Region, own, "stopped"))
		must(t, err)
		var e map[string]any
		must(t, json.Unmarshal(b, &e))
		change(e)
		b, err = json.Marshal(e)
		must(t, err)
		return string(b)
	}
	detail := func(d any) string { return event(func(e map[string]any) { e["detail"] = d }) }
	instance := func(id any) string { return detail(map[string]any{"instance-id": id, "state": "stopped"}) }
	ofAlarm := func(name any) string {
		return event(func(e map[string]any) {
			e["source"], e["detail-type"] = "aws.cloudwatch", "CloudWatch Alarm State Change"
			e["detail"] = map[string]any{"alarmName": name, "state": map[string]any{"value": "ALARM"}}
		})
	}
	for name, payload := range map[string]string{
		"nothing":               `null`,
		"a list":                `[]`,
		"a number":              `42`,
		"a text":                `"stopped"`,
		"an empty object":       `{}`,
		"wrong types":           `{"source":1,"detail-type":{},"detail":[]}`,
		"deep nesting":          `{"detail":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`,
		"a quarter megabyte":    `{"source":"` + strings.Repeat("x", 250_000) + `"}`,
		"unknown source":        event(func(e map[string]any) { e["source"] = "com.example" }),
		"unknown detail type":   event(func(e map[string]any) { e["detail-type"] = "EC2 Something New" }),
		"another account":       event(func(e map[string]any) { e["account"] = "999999999999" }),
		"another Region":        event(func(e map[string]any) { e["region"] = "us-west-2" }),
		"no account":            event(func(e map[string]any) { delete(e, "account") }),
		"no detail":             event(func(e map[string]any) { delete(e, "detail") }),
		"detail is a text":      detail("stopped"),
		"unknown state":         detail(map[string]any{"instance-id": own, "state": "exploded"}),
		"no instance":           detail(map[string]any{"state": "stopped"}),
		"instance is a number":  instance(7),
		"instance is a command": instance("i-0; terminate everything"),
		"instance has newlines": instance(own + "\n" + own),
		"unknown instance":      instance("i-0123456789abcdef0"),
		"foreign instance":      instance(foreign),
		"healthy instance":      instance(own),
		"alarm is a number":     ofAlarm(7),
		"alarm without a name":  ofAlarm(""),
		"alarm of nobody":       ofAlarm("example.node-99999999999999999999.instance"),
		"alarm that is OK":      ofAlarm(alarm),
		"alarm of another":      ofAlarm("somebody-elses-alarm"),
		"unknown request type":  `{"RequestType":"Explode","RequestId":"r","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::RecoveryNode","ResponseURL":"` + a.Proxy.URL + `/cloudformation-answer/x"}`,
		"request without URL":   `{"RequestType":"Delete","RequestId":"r","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::RecoveryNode","ResourceProperties":{"NodeId":"1"}}`,
		"request with a path":   `{"RequestType":"Delete","RequestId":"r","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::RecoveryNode","ResponseURL":"file:///etc/passwd","ResourceProperties":{"NodeId":"1"}}`,
		"another's request":     `{"RequestType":"Delete","RequestId":"r2","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::RecoveryNode","ResponseURL":"` + a.Proxy.URL + `/cloudformation-answer/z","ResourceProperties":{"NodeId":"1"}}`,
		"request of a stranger": `{"RequestType":"Create","RequestId":"r3","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::Other","ResponseURL":"` + a.Proxy.URL + `/cloudformation-answer/w"}`,
		"properties are a list": `{"RequestType":"Create","RequestId":"r","StackId":"s","LogicalResourceId":"l","ResourceType":"Custom::RecoveryNode","ResponseURL":"` + a.Proxy.URL + `/cloudformation-answer/y","ResourceProperties":[]}`,
		"continuation, forged":  `{"source":"workload-recovery","detail-type":"Recovery Continue","chain":-5}`,
	} {
		t.Run(name, func(t *testing.T) {
			from := a.Proxy.Len()
			r, err := s.Invoke([]byte(payload))
			must(t, err)
			got := answer(t, r)
			if got.Outcome != engine.OutcomeIgnored && got.Outcome != engine.OutcomeDone || got.Outcome == engine.OutcomeIgnored && got.Reason == "" {
				t.Errorf("answered %+v, wanted a no-op with its reason", got)
			}
			a.Settle()
			for _, c := range a.Proxy.Calls(from) {
				if isMutating(c) && c.Service != proxy.Answer {
					t.Errorf("it made the call %s", c)
				}
			}
		})
	}
	for _, n := range nodes {
		a.untouched(s, n)
	}
	i, err := s.Instance(t.Context(), foreign)
	must(t, err)
	if i.State.Name != types.InstanceStateNameStopped {
		t.Errorf("the foreign instance is %s, wanted it as it was left, stopped", i.State.Name)
	}
	a.notDelivered(s, own)
	for _, r := range s.Results() {
		if r.Status == runtimeapi.Crashed || r.Status == runtimeapi.TimedOut {
			t.Errorf("a process ended: invocation %s %s: %s", r.RequestID, r.Status, r.Payload)
		}
	}
}

// launchForeign starts an instance beside the nodes that carries a node's id tag
// but was never launched by the switcher, and stops it.
func (a *account) launchForeign(s world.Switcher) string {
	a.t.Helper()
	subnets, err := s.Destinations(a.t.Context())
	must(a.t, err)
	var subnet string
	for id := range subnets {
		subnet = max(subnet, id)
	}
	out, err := s.AWS().EC2.RunInstances(a.t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeT3Micro, SubnetId: &subnet,
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String(fmt.Sprintf("foreign-%d", a.Proxy.Len())),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{
			{Key: &s.Settings.IDTag, Value: aws.String(fmt.Sprint(web))}, {Key: &s.Settings.TargetTag, Value: aws.String("true")},
		}}},
	})
	must(a.t, err)
	id := aws.ToString(out.Instances[0].InstanceId)
	_, err = s.FailApplication(a.t.Context(), id)
	must(a.t, err)
	return id
}

// notDelivered asserts what the rules keep out.
func (a *account) notDelivered(s world.Switcher, own string) {
	a.t.Helper()
	a.deliver(a.InstanceEvent(s.Region, own, "running"), 0)
	a.deliver(a.InstanceEvent(s.Region, own, "pending"), 0)
	a.deliver(a.NewEvent(s.Region, "com.example", "EC2 Instance State-change Notification", nil, map[string]any{"state": "stopped"}), 0)
	a.deliver(a.NewEvent(s.Region, "aws.health", "AWS Health Event", nil, map[string]any{"service": "RDS"}), 0)
	a.deliver(a.NewEvent(s.Region, "aws.cloudwatch", "CloudWatch Alarm State Change", nil,
		map[string]any{"alarmName": "somebody-elses", "state": map[string]any{"value": "ALARM"}}), 0)
	a.deliver(a.NewEvent(s.Region, "aws.cloudwatch", "CloudWatch Alarm State Change", nil,
		map[string]any{"alarmName": s.Settings.Name + ".node-1.instance", "state": map[string]any{"value": "OK"}}), 0)
}
