package engine_test

import (
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestForeignEventsAreDroppedByTheLeader: nothing of them is left, and a lone
// invocation answers as ever.
func TestForeignEventsAreDroppedByTheLeader(t *testing.T) {
	r := newRig(t)
	r.deployed()
	for _, payload := range []string{
		stateEvent("foreign-1", "i-0fedcba9876543210", "stopped", r.w.Time),
		alarmEvent("foreign-2", "rec.node-7.instance", r.w.Time),
	} {
		start := len(r.w.Calls)
		if got := r.must(payload); got.Outcome != engine.OutcomeIgnored || got.Code != "WR102" || got.Reason == "" {
			t.Errorf("%s: %+v, want ignored as foreign", payload, got)
		}
		if n := tally(r.w, start, "EC2 DescribeInstances")["EC2 DescribeInstances"]; n != 0 {
			t.Errorf("%s: EC2 was asked %d times", payload, n)
		}
	}
	for key := range r.w.Items {
		if strings.Contains(key, "|"+contract.HintPrefix) {
			t.Errorf("hint %s is left", key)
		}
	}
}

// TestOneAlarmOfTwoNodes: an alarm may watch over several nodes; its one hint concerns them all.
func TestOneAlarmOfTwoNodes(t *testing.T) {
	h := newHerd(t, 100, "az-a", "az-a")
	for _, id := range []int{1, 2} {
		h.w.Stop(h.node(id).Grant.Instance)
	}
	shared := h.alarm(1, contract.AlarmApplication)
	h.edit(2, func(n *record.Node) { n.Settings.Alarms = append(n.Settings.Alarms, shared) })
	h.call(alarmEvent("shared", shared, h.w.Time))
	if h.switched() != 2 {
		t.Errorf("%d of 2 switched", h.switched())
	}
}
