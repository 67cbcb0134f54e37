package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// withheld fails a call, from now on and for a time, with an error that may pass.
func (r *rig) withheld(call string, d time.Duration, kind cloud.Kind) {
	until := r.w.Time.Add(d)
	r.w.Fault = func(_ int, c string) (before, after error) {
		if c == call && r.w.Time.Before(until) {
			return fake.Refuse(kind, "", "an answer that cannot be read"), nil
		}
		return nil, nil
	}
}

// TestSilentCallIsAHold: minutes without an answer are a hold of which people are notified
// once, with few calls, and the switch goes on with the first answer (case R17).
func TestSilentCallIsAHold(t *testing.T) {
	for name, c := range map[string]struct {
		call string
		kind cloud.Kind
		d    time.Duration
		most int // tries of the call
	}{
		"a launch is throttled for 226 s":             {"EC2 RunInstances", cloud.Throttled, 226 * time.Second, 200},
		"a launch is throttled for half an hour":      {"EC2 RunInstances", cloud.Throttled, 30 * time.Minute, 320},
		"no target health can be read for 10 minutes": {"ELB DescribeTargetHealth", cloud.Ambiguous, 10 * time.Minute, 260},
		"no instance is shown for 10 minutes":         {"EC2 DescribeInstances", cloud.Ambiguous, 10 * time.Minute, 260},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.deployed()
			old := r.node().Grant.Instance
			r.w.Stop(old)
			if c.call == "EC2 DescribeInstances" { // in mid switch: a node at rest waits for its next look
				r.w.Fault = func(_ int, call string) (before, after error) {
					if call == "EC2 RunInstances" {
						r.withheld(c.call, c.d, c.kind)
					}
					return nil, nil
				}
			} else {
				r.withheld(c.call, c.d, c.kind)
			}
			start, began := len(r.w.Calls), r.w.Time
			r.must(stateEvent("e-1", old, "stopped", r.w.Time))
			r.settled()
			if n := r.node(); n.Phase != record.Done || n.Grant.Instance == old || n.Hold != nil || len(n.Unanswered) > 0 {
				t.Fatalf("it did not go on: %s, hold %+v, unanswered %v", n.Phase, n.Hold, n.Unanswered)
			}
			told := 0
			for _, x := range r.w.Notices {
				if strings.HasPrefix(x.Body, "WR209") {
					told++
				}
			}
			if told != 1 {
				t.Errorf("people were notified of the silence %d times, want once", told)
			}
			if n := tally(r.w, start, c.call)[c.call]; n > c.most {
				t.Errorf("%s was called %d times in %s, want at most %d", c.call, n, r.w.Time.Sub(began), c.most)
			}
		})
	}
}

// TestHintThatCannotBeDeleted: a table that takes everything but deletions does not keep an
// invocation busy with hints that it has judged.
func TestHintThatCannotBeDeleted(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.withheld("DynamoDB DeleteItem", time.Hour, cloud.Throttled)
	start := len(r.w.Calls)
	for i := range 3 {
		r.must(alarmEvent(string(rune('a'+i)), alarm, r.w.Time))
	}
	if n := len(r.w.Calls) - start; n > 300 {
		t.Errorf("%d calls for three events about nothing", n)
	}
	r.w.Fault = nil
	if got := r.must(sweep); got.Outcome == engine.OutcomeContinued {
		t.Errorf("the sweep ends with %+v", got)
	}
	if left := r.leftHints(); left != 0 {
		t.Errorf("%d hints are left after the table deletes again", left)
	}
}
