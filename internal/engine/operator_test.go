package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func orderEvent(id, kind, detail string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"workload-recovery","detail-type":%q,"time":%q,"detail":{"by":"arn:me","reason":"disks",%s}}`,
		id, kind, at.Format(time.RFC3339), detail)
}

// TestAPausedNodeIsRecoveredWhenItIsResumed: also what fails during the pause.
func TestAPausedNodeIsRecoveredWhenItIsResumed(t *testing.T) {
	r := newRig(t)
	r.deployed()
	until := r.w.Time.Add(time.Hour).Format(time.RFC3339)
	if got := r.must(orderEvent("o-1", "Recovery Pause", `"node":1,"until":"`+until+`"`, r.w.Time)); got.Code != "WR141" {
		t.Errorf("pause: %+v", got)
	}
	old := r.node().Grant.Instance
	r.w.Stop(old)
	if got := r.must(stateEvent("ev-1", old, "stopped", r.w.Time)); got.Code != "WR108" {
		t.Errorf("a failure during the pause: %+v", got)
	}
	if n := r.node(); n.Grant == nil || n.Grant.Instance != old {
		t.Fatalf("a paused node was recovered: %+v", n)
	}
	r.must(orderEvent("o-2", "Recovery Resume", `"node":1`, r.w.Time))
	if n := r.node(); n.Phase != record.Done || n.Grant == nil || n.Grant.Instance == old || n.Pause != nil {
		t.Errorf("after the resume: phase %s, %+v, pause %+v", n.Phase, n.Grant, n.Pause)
	}
	r.must(orderEvent("o-1", "Recovery Pause", `"node":1,"until":"`+until+`"`, r.w.Time))
	if r.node().Pause != nil {
		t.Error("the first order, delivered again, pauses the node anew")
	}
	actions, err := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}.Actions(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range actions {
		kinds = append(kinds, a.Kind+" by "+a.By+": "+a.Reason)
	}
	if diff := cmp.Diff([]string{"paused by arn:me: disks", "resumed by arn:me: disks"}, kinds); diff != "" {
		t.Errorf("in the history (-want +got)\n%s", diff)
	}
	switches, err := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}.Histories(t.Context(), record.Node{ID: 1})
	if err != nil || len(switches) != 2 {
		t.Errorf("%d switches in the history (%v), want the create and the recovery", len(switches), err)
	}
}

// TestNoOrderIsLostBehindAnEvent: both came while nobody led.
func TestNoOrderIsLostBehindAnEvent(t *testing.T) {
	r := newRig(t)
	r.deployed()
	s := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}
	old := r.node().Grant.Instance
	for _, h := range []record.Hint{
		{Key: "a-1", Instance: old, Cause: record.Cause{Kind: event.CauseStopped, At: r.w.Time}},
		{Key: "b-1", Node: 1, Cause: record.Cause{Kind: event.CausePause, At: r.w.Time}, Order: &record.Order{Until: r.w.Time.Add(time.Hour), By: "arn:me"}},
	} {
		if err := s.PutHint(t.Context(), h, r.w.Time); err != nil {
			t.Fatal(err)
		}
	}
	r.w.Stop(old)
	r.must(sweep)
	if n := r.node(); n.Pause == nil || n.Grant == nil || n.Grant.Instance != old {
		t.Errorf("pause %+v, grant %+v: want it paused and left alone", n.Pause, n.Grant)
	}
}

// TestTwoOperatorsWantTheNodeMoved: one switch, and both orders in the history.
func TestTwoOperatorsWantTheNodeMoved(t *testing.T) {
	r := newRig(t)
	r.deployed()
	s := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}
	for _, key := range []string{"a-1", "b-1"} {
		h := record.Hint{Key: key, Node: 1, Cause: record.Cause{Kind: event.CauseOperator, At: r.w.Time}, Order: &record.Order{By: "arn:" + key}}
		if err := s.PutHint(t.Context(), h, r.w.Time); err != nil {
			t.Fatal(err)
		}
	}
	epoch := r.node().Epoch
	r.must(sweep)
	if n := r.node(); n.Epoch != epoch+1 || n.Phase != record.Done {
		t.Errorf("epoch %d, phase %s, want one switch from epoch %d on", n.Epoch, n.Phase, epoch)
	}
	if diff := cmp.Diff([]string{"a-1", "b-1"}, r.node().Obeyed); diff != "" {
		t.Errorf("orders that were seen to (-want +got)\n%s", diff)
	}
	actions, err := s.Actions(t.Context(), 1)
	if err != nil || len(actions) != 2 {
		t.Errorf("%d orders in the history (%v), want both", len(actions), err)
	}
}

// TestTheBrakeIsTheWholeVPCs: no node is recovered while it is on, and all are after.
func TestTheBrakeIsTheWholeVPCs(t *testing.T) {
	h := newHerd(t, 100, "az-a", "az-b", "az-c")
	h.call(orderEvent("o-1", "Recovery Brake", `"on":true`, h.w.Time))
	h.edit(3, func(n *record.Node) { n.Off = nil }) // added since
	h.stop(1, 3)
	if h.switched() != 0 {
		t.Errorf("%d nodes were switched while recoveries are off", h.switched())
	}
	for _, id := range []int{1, 3} {
		if n := h.node(id); n.Hold == nil || n.Hold.Code != "WR211" || n.Off == nil {
			t.Errorf("node %d: hold %+v, off %+v", id, n.Hold, n.Off)
		}
	}
	h.call(orderEvent("o-2", "Recovery Brake", `"on":false`, h.w.Time))
	if h.switched() != 2 {
		t.Errorf("%d of 2 failed nodes were switched when recoveries were on again", h.switched())
	}
	for id := 1; id <= 3; id++ {
		if n := h.node(id); n.Off != nil || n.Hold != nil {
			t.Errorf("node %d: off %+v, hold %+v", id, n.Off, n.Hold)
		}
	}
}

// TestAcknowledgementSetsRememberedShortagesAside: all zones lacked room, a person made
// room and says so. The node is tried at once, although the lack is remembered for two
// minutes more. Until the order, each retry the record names is one that can succeed.
func TestAcknowledgementSetsRememberedShortagesAside(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.w.NoRoom = map[string]bool{"az-a": true, "az-b": true, "az-c": true}
	old := r.node().Grant.Instance
	r.w.Stop(old)
	r.must(stateEvent("ev-1", old, "stopped", r.w.Time))
	n := r.node()
	if n.Hold == nil || n.Hold.Code != "WR201" {
		t.Fatalf("hold %+v, want WR201\n%s", n.Hold, r.log)
	}
	short, err := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}.Shortages(t.Context(), r.w.Time)
	if err != nil || len(short) != 2 {
		t.Fatalf("%d shortages are remembered (%v), want 2", len(short), err)
	}
	first := time.Time{}
	for _, s := range short {
		if first.IsZero() || s.Until.Before(first) {
			first = s.Until
		}
	}
	if d := first.Sub(n.Hold.RetryAt).Abs(); d > time.Second {
		t.Errorf("the next try is at %s, and the first zone can be asked again at %s", n.Hold.RetryAt, first)
	}
	r.w.NoRoom = nil
	ordered := r.w.Time
	r.must(orderEvent("o-1", "Recovery Acknowledge", `"node":1`, r.w.Time))
	n = r.node()
	if n.Phase != record.Done || n.Grant == nil || n.Grant.Instance == old {
		t.Fatalf("after the acknowledgement: phase %s, hold %+v\n%s", n.Phase, n.Hold, r.log)
	}
	if !n.Grant.GrantedAt.Before(first) {
		t.Errorf("granted %s after the order: it waited for the remembered lack of capacity to end", n.Grant.GrantedAt.Sub(ordered))
	}
}

// TestOrderedSwitchIgnoresOlderShortages: another node lacked room in the zone a moment
// ago. An operator who orders a switch to it may know better.
func TestOrderedSwitchIgnoresOlderShortages(t *testing.T) {
	r := newRig(t)
	r.deployed()
	to := map[bool]string{true: "az-b", false: "az-c"}[r.node().Grant.Zone == "az-c"]
	s := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}
	if err := s.RememberShortage(t.Context(), to+"#m7g.large", record.Shortage{Since: r.w.Time.Add(-time.Minute), Until: r.w.Time.Add(2 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	r.must(orderEvent("o-1", "Recovery Switch", `"node":1,"to":"`+to+`"`, r.w.Time))
	if n := r.node(); n.Phase != record.Done || n.Grant == nil || n.Grant.Zone != to {
		t.Errorf("phase %s, grant %+v, want it in %s\n%s", n.Phase, n.Grant, to, r.log)
	}
}
