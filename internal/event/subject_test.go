package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/event"
)

const (
	bare  = "i-0aaabbbbccccdddd1"
	other = "i-0aaabbbbccccdddd2"
)

// forms are ways in which AWS writes an instance id.
func forms(id string) map[string]string {
	return map[string]string{
		"id":                    id,
		"ARN":                   "arn:aws:ec2:us-east-1:123456789012:instance/" + id,
		"ARN of a zone":         "arn:aws:ec2:us-east-1a:instance/" + id,
		"ARN of China":          "arn:aws-cn:ec2:cn-north-1:123456789012:instance/" + id,
		"ARN of GovCloud":       "arn:aws-us-gov:ec2:us-gov-west-1:123456789012:instance/" + id,
		"ARN of an isolated":    "arn:aws-iso-b:ec2:us-isob-east-1:123456789012:instance/" + id,
		"managed instance":      "arn:aws:ssm:us-east-1:123456789012:managed-instance/" + id,
		"ARN with colon":        "arn:aws:ec2:us-east-1:123456789012:instance:" + id,
		"upper case":            strings.ToUpper(id),
		"ARN in upper case":     strings.ToUpper("arn:aws:ec2:us-east-1:123456789012:instance/" + id),
		"with spaces":           "  " + id + "\n",
		"cluster/instance path": "arn:aws:ecs:us-east-1:123456789012:container-instance/cluster/" + id,
	}
}

func decode(t *testing.T, source, detailType string, resources []any, detail any) event.Event {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"id": "e-1", "source": source, "detail-type": detailType, "account": inv.Account, "region": inv.Region,
		"time": "2026-11-11T21:29:54Z", "resources": resources, "detail": detail,
	})
	if err != nil {
		t.Fatal(err)
	}
	return event.Decode(payload, inv)
}

// Every kind of instance event reads the id however the event writes it.
func TestInstanceIDIsReadInEveryForm(t *testing.T) {
	for name, text := range forms(bare) {
		for kind, got := range map[string]event.Event{
			"state, detail": decode(t, "aws.ec2", "EC2 Instance State-change Notification", nil,
				map[string]any{"instance-id": text, "state": "stopped"}),
			"state, resources": decode(t, "aws.ec2", "EC2 Instance State-change Notification", []any{text},
				map[string]any{"state": "stopped"}),
			"spot, detail": decode(t, "aws.ec2", "EC2 Spot Instance Interruption Warning", nil,
				map[string]any{"instance-id": text, "instance-action": "stop"}),
			"spot, resources": decode(t, "aws.ec2", "EC2 Spot Instance Interruption Warning", []any{text},
				map[string]any{"instance-action": "stop"}),
			"health, entityValue": decode(t, "aws.health", "AWS Health Event", nil,
				map[string]any{"service": "EC2", "affectedEntities": []any{map[string]any{"entityValue": text}}}),
			"health, entityArn": decode(t, "aws.health", "AWS Health Event", nil,
				map[string]any{"service": "EC2", "affectedEntities": []any{map[string]any{"entityValue": "UNKNOWN", "entityArn": text}}}),
			"health, plain text": decode(t, "aws.health", "AWS Health Event", nil,
				map[string]any{"service": "EC2", "affectedEntities": []any{text}}),
			"health, one object": decode(t, "aws.health", "AWS Health Event", nil,
				map[string]any{"service": "EC2", "affectedEntities": map[string]any{"entityValue": text}}),
			"health, resources": decode(t, "aws.health", "AWS Health Event", []any{text},
				map[string]any{"service": "EC2"}),
		} {
			if diff := cmp.Diff([]string{bare}, got.Instances); got.Kind != event.Instance || diff != "" {
				t.Errorf("%s, %s: %+v (-want +got)\n%s", kind, name, got, diff)
			}
		}
	}
}

// One AWS Health event may list instances in several forms beside volumes, hosts and
// things that are not strings. Each instance counts once.
func TestMixedListsNameEachInstanceOnce(t *testing.T) {
	got := decode(t, "aws.health", "AWS Health Event",
		[]any{"arn:aws:ec2:us-east-1:123456789012:instance/" + bare, "arn:aws:ec2:us-east-1:123456789012:volume/vol-0aaabbbbccccdddd1", 7, nil},
		map[string]any{"service": "EC2", "affectedEntities": []any{
			map[string]any{"entityValue": "vol-0aaabbbbccccdddd1"},
			map[string]any{"entityValue": "arn:aws:ec2:us-east-1:123456789012:dedicated-host/h-0aaabbbbccccdddd1"},
			map[string]any{"entityValue": 12},
			nil, 3.5,
			[]any{},
			map[string]any{"entityValue": "arn:aws:ec2:us-east-1:123456789012:instance/" + other, "entityArn": "arn:aws:health:us-east-1:123456789012:entity/AVh5GGT7ul1arKr1sE1K"},
			map[string]any{"entityValue": strings.ToUpper(bare)},
			other,
		}})
	if diff := cmp.Diff([]string{other, bare}, got.Instances, cmpopts.SortSlices(strings.Compare)); got.Kind != event.Instance || diff != "" {
		t.Errorf("%+v (-want +got)\n%s", got, diff)
	}
}

// Text that only resembles an instance id names no instance.
func TestOtherResourcesAreNotReadAsInstances(t *testing.T) {
	for _, text := range []string{
		"", "i-", "i-x;DROP", "i-0aaabbbbccccdddd1x", "ami-0aaabbbbccccdddd1", "xi-0aaabbbbccccdddd1", "instance/" + bare,
		"arn:aws:ec2:us-east-1:123456789012:instance/" + bare + "/x", "arn:aws:ec2:us-east-1:123456789012:volume/vol-1",
		"arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/web",
		"arn:aws:ec2:us-east-1:123456789012:instance/" + strings.Repeat("i-", 2000) + bare, bare + " " + other,
	} {
		got := decode(t, "aws.health", "AWS Health Event", []any{text}, map[string]any{"service": "EC2", "affectedEntities": []any{map[string]any{"entityValue": text}}})
		if got.Kind != event.Ignored || !strings.Contains(got.Reason, "names no instance") {
			t.Errorf("%q: %+v", text, got)
		}
		got = decode(t, "aws.ec2", "EC2 Instance State-change Notification", nil, map[string]any{"instance-id": text, "state": "stopped"})
		if got.Kind != event.Ignored || !strings.Contains(got.Reason, "names no instance") {
			t.Errorf("state of %q: %+v", text, got)
		}
	}
}

// A state event whose detail names something else, or whose resources are several, does
// not guess which instance it is about.
func TestStateEventDoesNotGuess(t *testing.T) {
	for name, got := range map[string]event.Event{
		"detail names another": decode(t, "aws.ec2", "EC2 Instance State-change Notification", []any{bare}, map[string]any{"instance-id": "nonsense", "state": "stopped"}),
		"two resources":        decode(t, "aws.ec2", "EC2 Instance State-change Notification", []any{bare, other}, map[string]any{"state": "stopped"}),
	} {
		if got.Kind != event.Ignored {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// An alarm event that names its alarm only by ARN is read too.
func TestAlarmIsReadFromItsARN(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:example.node-1.application":  "example.node-1.application",
		"arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:a:b":                     "a:b",
		"arn:aws:cloudwatch:us-east-1:123456789012:dashboard:example.node-1.instance": "",
		"arn:aws:sns:us-east-1:123456789012:alarm:x":                                  "",
		"example.node-1.instance":                                                     "",
	} {
		got := decode(t, "aws.cloudwatch", "CloudWatch Alarm State Change", []any{arn}, map[string]any{"state": map[string]any{"value": "ALARM"}})
		if got.Alarm != want || (got.Kind == event.Ignored) != (want == "") {
			t.Errorf("%s: %s, want %q", fmt.Sprint(got), arn, want)
		}
	}
}
