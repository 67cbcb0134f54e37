package event_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var inv = event.Invocation{ID: "inv-1", Account: "123456789012", Region: "us-east-1"}

// A request tells by the address of its answer when it was sent.
func TestRequestsTellWhenTheyWereSent(t *testing.T) {
	for query, want := range map[string]int64{
		"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261121T080000Z&X-Amz-Expires=7200": time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC).Unix(),
		"?AWSAccessKeyId=A&Expires=1795248000&Signature=x":                                 0, // its end, of which nobody knows how far ahead it is
		"?X-Amz-Date=yesterday": 0,
		"":                      0,
	} {
		got := event.Decode([]byte(`{"RequestType":"Update","RequestId":"r","ResponseURL":"https://x.s3.amazonaws.com/y`+query+`","StackId":"s","LogicalResourceId":"Node","ResourceType":"Custom::RecoveryNode","ResourceProperties":{}}`), inv)
		if got.Request == nil || got.Request.Sent != want {
			t.Errorf("%q: %+v, want %d", query, got.Request, want)
		}
	}
}

// The samples are the documentation's own ("Amazon EC2 events", "Alarm events
// and EventBridge", "AWS Health events", "Custom resource request objects"),
// with account and Region set alike.
func TestDecodeDocumentedSamples(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	cases := map[string]event.Event{
		"state-stopped.json": {
			Kind: event.Instance, ID: "7bf73129-1428-4cd3-a780-95db273d1602", Instances: []string{"i-abcd1111abcd11112"},
			Cause: record.Cause{Kind: "stopped", Detail: "EC2 reports i-abcd1111abcd11112 stopped", At: at("2026-11-11T21:29:54Z")},
		},
		"spot.json": {
			Kind: event.Instance, ID: "12345678-1234-1234-1234-123456789012", Instances: []string{"i-1234567890abcdef0"},
			Cause: record.Cause{Kind: "spot interruption", Detail: "EC2 will terminate the Spot instance i-1234567890abcdef0", At: at("2026-11-11T21:29:54Z")},
		},
		"health.json": {
			Kind: event.Instance, ID: "7bf73129-1428-4cd3-a780-95db273d1602", Instances: []string{"i-abcd1111abcd11112"},
			Cause: record.Cause{Kind: "health notice", Detail: "AWS Health reports AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED", At: at("2026-06-05T06:27:57Z")},
		},
		"alarm.json": {
			Kind: event.Alarm, ID: "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92", Alarm: "rec.node-1.application",
			Cause: record.Cause{Kind: "alarm", Detail: "alarm rec.node-1.application is in ALARM", At: at("2026-10-02T17:04:40Z")},
		},
		"sweep.json":    {Kind: event.Sweep, ID: "inv-1"},
		"continue.json": {Kind: event.Continue, ID: "inv-1", Chain: 2},
		"create.json": {
			Kind: event.Request, ID: "unique-request-id",
			Request: &record.HintRequest{
				Request: record.Request{
					ID: "unique-request-id", Type: "Create", URL: "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x",
					Stack: "arn:aws:cloudformation:us-east-1:123456789012:stack/s/guid", Logical: "Node",
				},
				Properties: json.RawMessage(`{"NodeId": "1"}`),
			},
		},
	}
	for file, want := range cases {
		t.Run(file, func(t *testing.T) {
			got := event.Decode(read(t, file), inv)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEverythingElseIsIgnoredWithAReason(t *testing.T) {
	stopped := string(read(t, "state-stopped.json"))
	create := string(read(t, "create.json"))
	alarm := string(read(t, "alarm.json"))
	cases := map[string]struct{ payload, reason string }{
		"empty":            {``, "not an event object"},
		"array":            {`[]`, "not an event object"},
		"no source":        {`{}`, "no such event"},
		"other source":     {`{"source":"aws.s3","detail-type":"Object Created"}`, "aws.s3"},
		"long source":      {`{"source":"` + strings.Repeat("x", 9999) + `"}`, "…"},
		"other account":    {strings.ReplaceAll(stopped, inv.Account, "999999999999"), "999999999999"},
		"other Region":     {strings.ReplaceAll(stopped, inv.Region, "eu-west-1"), "eu-west-1"},
		"running":          {strings.ReplaceAll(stopped, `"stopped"`, `"running"`), "running"},
		"ack of no node":   {`{"source":"workload-recovery","detail-type":"Recovery Acknowledge","detail":{"node":0}}`, "names no node"},
		"ack of a text":    {`{"source":"workload-recovery","detail-type":"Recovery Acknowledge","detail":{"node":"seven"}}`, "cannot be read"},
		"pause of -1":      {`{"source":"workload-recovery","detail-type":"Recovery Pause","detail":{"node":-1,"until":"2026-01-02T15:04:05Z"}}`, "or 0 for all"},
		"endless pause":    {`{"source":"workload-recovery","detail-type":"Recovery Pause","detail":{"node":1}}`, "no end"},
		"pause of a day":   {`{"source":"workload-recovery","detail-type":"Recovery Pause","detail":{"node":1,"until":"tomorrow"}}`, "cannot be read"},
		"brake, but what":  {`{"source":"workload-recovery","detail-type":"Recovery Brake","detail":{"by":"me"}}`, "neither on nor off"},
		"brake of a node":  {`{"source":"workload-recovery","detail-type":"Recovery Brake","detail":{"on":true,"node":3}}`, "pause the node"},
		"switch of none":   {`{"source":"workload-recovery","detail-type":"Recovery Switch","detail":{"to":"az-a"}}`, "names no node"},
		"switch to a text": {`{"source":"workload-recovery","detail-type":"Recovery Switch","detail":{"node":1,"to":"` + strings.Repeat("z", 65) + `"}}`, "no zone's name"},
		"no instance":      {strings.ReplaceAll(stopped, "i-abcd1111abcd11112", "i-x;DROP"), "names no instance"},
		"detail is a list": {strings.ReplaceAll(alarm, `"detail": {`, `"detail": [{`), "not an event object"},
		"alarm OK":         {strings.Replace(alarm, `"value": "ALARM"`, `"value": "OK"`, 1), "OK"},
		"other service":    {strings.Replace(string(read(t, "health.json")), `"service": "EC2"`, `"service": "RDS"`, 1), "RDS"},
		"other resource":   {strings.ReplaceAll(create, "Custom::RecoveryNode", "Custom::Other"), "Custom::Other"},
		"other request":    {strings.ReplaceAll(create, `"Create"`, `"Import"`), "Import"},
		"no address":       {strings.ReplaceAll(create, "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x", ""), "no address"},
		"no request id":    {strings.ReplaceAll(create, "unique-request-id", ""), "lacks RequestId"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := event.Decode([]byte(c.payload), inv)
			if got.Kind != event.Ignored || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("%+v, want a reason with %q", got, c.reason)
			}
			if len(got.Reason) > 500 {
				t.Errorf("foreign text is not bounded: %d bytes", len(got.Reason))
			}
		})
	}
}

// FuzzDecode: any payload gives a known kind, an ignored one a reason, and
// nothing panics.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		f.Add(read(f, filepath.Base(file)))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e := event.Decode(payload, inv)
		switch e.Kind {
		case event.Ignored:
			if e.Reason == "" {
				t.Error("ignored without a reason")
			}
		case event.Instance:
			if len(e.Instances) == 0 {
				t.Error("an instance event without an instance")
			}
		case event.Alarm:
			if e.Alarm == "" {
				t.Error("an alarm event without a name")
			}
		case event.Request:
			if e.Request == nil || e.Request.URL == "" || e.ID == "" {
				t.Error("a request that cannot be answered")
			}
		case event.Operator:
			if e.Order == nil || e.All != (e.Node == 0) || len([]rune(e.Order.By)) > 256 || len([]rune(e.Order.Reason)) > 256 {
				t.Errorf("an order that cannot be kept: %+v", e)
			}
		case event.Sweep, event.Continue:
			if e.Chain < 0 {
				t.Error("negative chain")
			}
		default:
			t.Errorf("kind %q", e.Kind)
		}
		if e.Kind != event.Ignored && e.ID == "" {
			t.Error("no id")
		}
	})
}

// TestOperatorsOrders: what each order says is carried whole.
func TestOperatorsOrders(t *testing.T) {
	order := func(kind, detail string) event.Event {
		return event.Decode([]byte(`{"id":"o-1","source":"workload-recovery","time":"2026-01-02T03:04:05Z","detail-type":"`+kind+`","detail":`+detail+`}`), inv)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := func(cause, detail string, o record.Order) event.Event {
		o.By, o.Reason = "arn:me", "disks"
		return event.Event{Kind: event.Operator, ID: "o-1", Order: &o, Cause: record.Cause{Kind: cause, Detail: detail, At: at}}
	}
	pause := want(event.CausePause, `paused by "arn:me": "disks"`, record.Order{Until: at.Add(2 * time.Hour)})
	pause.Node = 7
	resume := want(event.CauseResume, `resumed by "arn:me": "disks"`, record.Order{})
	resume.All = true
	on := want(event.CauseBrakeOn, `brake on by "arn:me": "disks"`, record.Order{On: true})
	off := want(event.CauseBrakeOff, `brake off by "arn:me": "disks"`, record.Order{})
	on.All, off.All = true, true
	move := want(event.CauseOperator, `planned by "arn:me": "disks"`, record.Order{})
	move.Node, move.To = 7, "us-east-1b"
	ack := want(event.CauseAck, `acknowledged by "arn:me": "disks"`, record.Order{})
	ack.Node = 7
	const by = `"by":"arn:me","reason":"disks"}`
	for name, c := range map[string][2]event.Event{
		"pause":     {pause, order("Recovery Pause", `{"node":7,"until":"2026-01-02T05:04:05Z",`+by)},
		"resume":    {resume, order("Recovery Resume", `{"node":0,`+by)},
		"brake on":  {on, order("Recovery Brake", `{"on":true,`+by)},
		"brake off": {off, order("Recovery Brake", `{"on":false,`+by)},
		"switch":    {move, order("Recovery Switch", `{"node":7,"to":"us-east-1b",`+by)},
		"ack":       {ack, order("Recovery Acknowledge", `{"node":7,`+by)},
	} {
		if diff := cmp.Diff(c[0], c[1]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	long := order("Recovery Acknowledge", `{"node":7,"by":"`+strings.Repeat("x", 999)+`","reason":"two\nlines"}`)
	if long.Order == nil {
		t.Fatal(long.Reason)
	}
	if n := len([]rune(long.Order.By)); n != 256 || long.Order.Reason != "two lines" {
		t.Errorf("foreign text is kept with %d characters and reason %q", n, long.Order.Reason)
	}
}
