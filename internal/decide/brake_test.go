package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestBrakeCountsRecoveries: a node that is being recovered is one that fails. One that is moved
// on purpose, or comes or goes, is neither among the failing nor among those that do not fail.
func TestBrakeCountsRecoveries(t *testing.T) {
	for kind, reason := range map[string]string{
		record.KindRecover: "4 of 7 nodes fail at once (az-a 2 of 3, az-b 2 of 4) and they share no Availability Zone",
		record.KindPlanned: "2 of 3 nodes fail at once (az-a 1 of 1, az-b 1 of 2) and they share no Availability Zone",
		record.KindUpdate:  "2 of 3 nodes fail at once (az-a 1 of 1, az-b 1 of 2) and they share no Availability Zone",
	} {
		s := fleet("a! b! a< b< a. b. b.", time.Minute)
		for i := 2; i < 6; i++ { // two that failed a minute ago, and two that are well
			s.nodes[i].Phase, s.nodes[i].Switch = record.Serving, &record.Switch{Kind: kind}
		}
		if got := decide.Judge(s.Config, s.nodes, s.Facts, now); got.Reason != reason {
			t.Errorf("%s: %q, want %q", kind, got.Reason, reason)
		}
	}
}

// TestBrakeIsOfNodesInUse: one that does not serve yet is no node of five.
func TestBrakeIsOfNodesInUse(t *testing.T) {
	for kind, want := range map[string]bool{
		record.KindRecover: true, record.KindPlanned: true, record.KindUpdate: true, record.KindCreate: false, record.KindAdopt: false,
	} {
		s := fleet("a. b. c. a. b.", 0)
		s.nodes[4].Switch = &record.Switch{Kind: kind}
		if got := decide.Wide(s.nodes); got != want {
			t.Errorf("four nodes and one in a switch of kind %s are enough: %v", kind, got)
		}
	}
}

// TestBrakeOrdersOfTheSameMoment: the brake is off when it was put on and taken off at once.
func TestBrakeOrdersOfTheSameMoment(t *testing.T) {
	on := record.Node{Phase: record.Done, Off: &record.Off{Since: ago(time.Minute)}}
	for _, c := range []struct {
		over time.Duration
		off  bool
	}{{time.Minute + 1, true}, {time.Minute, false}, {time.Minute - 1, false}} {
		if got := decide.SwitchedOff([]record.Node{on, {Phase: record.Done, OffOver: ago(c.over)}}) != nil; got != c.off {
			t.Errorf("taken off %v ago: it holds %v", c.over, got)
		}
	}
	later := decide.SwitchedOn([]record.Node{{OffOver: ago(time.Hour)}, {OffOver: ago(time.Minute)}, {OffOver: ago(2 * time.Hour)}})
	if !later.Equal(ago(time.Minute)) {
		t.Errorf("last taken off at %v", later)
	}
	if decide.OfBrake(record.Hint{Cause: record.Cause{Kind: event.CausePause}}) {
		t.Error("a pause is taken for an order about the brake")
	}
}
