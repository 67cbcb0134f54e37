package awscloud

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func TestMeterWritesOneLineAndBeginsAnew(t *testing.T) {
	var m Meter
	var out bytes.Buffer
	at := time.UnixMilli(1_700_000_000_123)
	if err := m.Flush(&out, "one", at); err != nil || out.Len() != 0 {
		t.Errorf("Flush of nothing wrote %q, %v", out.String(), err)
	}
	for _, c := range []Call{
		{Service: "EC2", Action: "DescribeInstances", Attempts: 3, Took: 70 * time.Millisecond},
		{Service: "EC2", Action: "DescribeInstances", Attempts: 1, Kind: cloud.Throttled},
		{Service: "DynamoDB", Action: "PutItem", Attempts: 1, Kind: cloud.Conflict},
		{Service: "EC2", Action: "RunInstances", Attempts: 1, Kind: cloud.Ambiguous, Took: time.Second},
	} {
		m.Observe(c)
	}
	if err := m.Flush(&out, "one", at); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 {
		t.Fatalf("%d lines, wanted 1: CloudWatch reads one line as one record\n%s", n, out.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	aws, ok := got["_aws"].(map[string]any)
	if !ok || aws["Timestamp"] != 1_700_000_000_123.0 {
		t.Errorf("_aws = %v", got["_aws"])
	}
	metrics := aws["CloudWatchMetrics"].([]any)[0].(map[string]any)["Metrics"].([]any)
	for _, x := range metrics {
		if name := x.(map[string]any)["Name"].(string); got[name] == nil {
			t.Errorf("metric %s is declared and has no value", name)
		}
	}
	delete(got, "_aws")
	want := map[string]any{
		"Switcher": "one", "Calls": 4.0, "Requests": 6.0, "ThrottledCalls": 1.0, "FailedCalls": 1.0, "SlowestCall": 1000.0,
		"actions": map[string]any{"EC2 DescribeInstances": 2.0, "EC2 RunInstances": 1.0, "DynamoDB PutItem": 1.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line differs (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := m.Flush(&out, "one", at); err != nil || out.Len() != 0 {
		t.Errorf("the second Flush wrote %q, %v", out.String(), err)
	}
}
