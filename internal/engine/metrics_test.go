package engine_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// meters are the lines of metrics that an engine wrote, and how often it told.
type meters struct {
	bytes.Buffer
	pulses int
}

// measured makes the rig's engine anew, with its metrics kept.
func (r *rig) measured() *meters {
	var m meters
	r.e = engine.New(r.cfg, r.w.Ports(), engine.WithClock(r.w), engine.WithGang(engine.Sequential{}),
		engine.WithLog(slog.New(slog.NewJSONHandler(r.log, nil))), engine.WithMetrics(&m), engine.WithPulse(func() { m.pulses++ }))
	return &m
}

// take reads the lines since the last time, as CloudWatch does: the values of the
// metrics that each declares.
func (m *meters) take(t *testing.T) []map[string]float64 {
	t.Helper()
	var lines []map[string]float64
	for text := range strings.Lines(m.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if line[contract.MetricDimension] != "rec" {
			t.Errorf("the line does not say whose it is: %s", text)
		}
		var head struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		}
		raw, err := json.Marshal(line["_aws"])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &head); err != nil || len(head.CloudWatchMetrics) != 1 || head.Timestamp < began.UnixMilli() {
			t.Fatalf("%v: not in the embedded metric format: %s", err, text)
		}
		d := head.CloudWatchMetrics[0]
		if d.Namespace != contract.MetricNamespace || cmp.Diff([][]string{{contract.MetricDimension}}, d.Dimensions) != "" {
			t.Errorf("by %v in %s", d.Dimensions, d.Namespace)
		}
		values := map[string]float64{}
		for _, x := range d.Metrics {
			v, is := line[x.Name].(float64)
			if want := strings.HasSuffix(x.Name, "Seconds"); !is || want != (x.Unit == "Seconds") || !want != (x.Unit == "Count") {
				t.Errorf("metric %s: %v %s", x.Name, line[x.Name], x.Unit)
			}
			values[x.Name] = v
		}
		lines = append(lines, values)
	}
	m.Reset()
	return lines
}

// last is the value that was sent last under each name.
func last(lines []map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for _, l := range lines {
		for k, v := range l {
			out[k] = v
		}
	}
	return out
}

// TestSweepIsThePulse: a sweep that looked at every node is counted, once, with what it
// found; one that saw nothing is not, so that the alarm on missing sweeps speaks.
func TestSweepIsThePulse(t *testing.T) {
	r := newRig(t)
	m := r.measured()
	r.must(sweep)
	if diff := cmp.Diff([]map[string]float64{{"Sweeps": 1}}, m.take(t)); diff != "" {
		t.Errorf("without a node (-want +got):\n%s", diff)
	}
	r.deployed()
	m.take(t)
	m.pulses = 0
	r.must(sweep)
	if diff := cmp.Diff([]map[string]float64{{"Sweeps": 1, "NodesDone": 1}}, m.take(t)); diff != "" || m.pulses != 1 {
		t.Errorf("one node at rest, told %d times (-want +got):\n%s", m.pulses, diff)
	}
	r.w.Fault = func(_ int, call string) (error, error) {
		if call == "EC2 DescribeInstances" {
			return fake.Refuse(cloud.Denied, "UnauthorizedOperation", ""), nil
		}
		return nil, nil
	}
	r.must(sweep)
	if diff := cmp.Diff([]map[string]float64{{"NodesDone": 1}}, m.take(t)); diff != "" {
		t.Errorf("EC2 shows nothing (-want +got):\n%s", diff)
	}
}

// TestMetricsOfARecovery: a recovery that is held is told of while it lasts, and what it
// took in the end.
func TestMetricsOfARecovery(t *testing.T) {
	r := newRig(t)
	m := r.measured()
	r.deployed()
	m.take(t)
	failed := r.w.Time
	r.w.Stop(r.node().Grant.Instance)
	places := r.w.Places
	r.w.Places = nil
	r.must(stateEvent("e", r.node().Grant.Instance, cloud.Stopped, r.w.Time))
	r.w.Time = failed.Add(10 * time.Minute)
	r.must(sweep)
	got := last(m.take(t))
	if got["NodesHeld"] != 1 || got["NodesLaunching"] != 1 || got["SwitchSeconds"] < 600 {
		t.Errorf("a recovery that has no place to go is counted as %v", got)
	}
	if _, done := got["RecoverySeconds"]; done {
		t.Error("it was counted as finished")
	}
	r.w.Places = places
	r.w.Time = r.w.Time.Add(5 * time.Minute)
	r.must(sweep)
	all := m.take(t)
	got = last(all)
	for name, want := range map[string]float64{"RecoverySeconds": 900, "SwitchSeconds": 900, "Attempts": 1} {
		if got[name] < want {
			t.Errorf("%s = %g, want at least %g: %v", name, got[name], want, got)
		}
	}
	end := all[len(all)-1]
	if end["NodesDone"] != 1 || end["NodesLaunching"]+end["NodesHeld"] != 0 {
		t.Errorf("at the end the nodes are counted as %v", end)
	}
	var phases float64
	for name, v := range got {
		if strings.HasSuffix(name, "Seconds") && name != "RecoverySeconds" && name != "SwitchSeconds" {
			phases += v
		}
	}
	if phases < 900 {
		t.Errorf("the phases together took %g s: %v", phases, got)
	}
}

// TestLeaderTellsEveryMinute: who waits for long tells meanwhile.
func TestLeaderTellsEveryMinute(t *testing.T) {
	r := newRig(t)
	m := r.measured()
	r.deployed()
	m.take(t)
	m.pulses = 0
	i := r.node().Grant.Instance
	r.w.Boxes[i].State = cloud.Stopping // for longer than the invocation lasts
	event := stateEvent("e", i, cloud.Stopping, r.w.Time)
	if _, err := r.e.Handle(deadlined{t.Context(), r.w.Time.Add(5 * time.Minute)}, engine.Invocation{ID: "lead", Account: "111122223333", Region: "eu-west-1"}, json.RawMessage(event)); err != nil {
		t.Fatal(err)
	}
	lines := m.take(t)
	sweeps, oldest := 0.0, 0.0
	for _, l := range lines {
		sweeps += l["Sweeps"]
		if l["SwitchSeconds"] < oldest {
			t.Errorf("the oldest recovery is %g s old after %g s", l["SwitchSeconds"], oldest)
		}
		oldest = max(oldest, l["SwitchSeconds"])
	}
	if sweeps < 3 || oldest < 180 || m.pulses != len(lines) {
		t.Errorf("in five minutes: %g sweeps, the oldest recovery %g s, told %d times: %v", sweeps, oldest, m.pulses, lines)
	}
	if len(lines) > 12 {
		t.Errorf("%d lines in five minutes", len(lines))
	}
}

// TestPausedAndBrakedAreCounted: what keeps nodes from being recovered is seen.
func TestPausedAndBrakedAreCounted(t *testing.T) {
	r := newRig(t)
	m := r.measured()
	r.deployed()
	m.take(t)
	r.must(`{"id":"p","source":"workload-recovery","detail-type":"Recovery Pause","detail":{"node":1,"until":"` +
		r.w.Time.Add(time.Hour).Format(time.RFC3339) + `","by":"me","reason":"work"}}`)
	if got := last(m.take(t)); got["NodesPaused"] != 1 || got["NodesBraked"] != 0 {
		t.Errorf("a paused node is counted as %v", got)
	}
	r.must(`{"id":"b","source":"workload-recovery","detail-type":"Recovery Brake","detail":{"on":true,"by":"me","reason":"work"}}`)
	if got := last(m.take(t)); got["NodesPaused"] != 1 || got["NodesBraked"] != 1 {
		t.Errorf("a node under the brake is counted as %v", got)
	}
}

// TestPhasesAreNamedAlike: the dashboard shows the phases that records have.
func TestPhasesAreNamedAlike(t *testing.T) {
	var names []string
	for _, p := range []record.Phase{
		record.Suspected, record.Draining, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Done, record.Deleting,
	} {
		names = append(names, string(p))
	}
	if diff := cmp.Diff(names, contract.Phases); diff != "" {
		t.Errorf("phases (-record +contract):\n%s", diff)
	}
}
