package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestLeaderSweeps: a leader that waits for one node finds another's failure, of which
// no event tells, though every sweep that comes meanwhile finds the lease taken.
func TestLeaderSweeps(t *testing.T) {
	w, e := fleet(t, 2)
	both := w.Running()
	slices.Sort(both)
	waits, fails := both[0], both[1]
	w.Boxes[waits].State = cloud.Stopping // for longer than the invocation lasts
	w.Later(w.Time.Add(30*time.Second), func() { w.Stop(fails) })
	event := stateEvent("ev", waits, cloud.Stopping, w.Time)
	if _, err := e.Handle(deadlined{t.Context(), w.Time.Add(5 * time.Minute)}, engine.Invocation{ID: "lead", Account: "111122223333", Region: "eu-west-1"}, json.RawMessage(event)); err != nil {
		t.Fatal(err)
	}
	if s := w.Boxes[fails].State; s != cloud.Terminated && s != cloud.ShuttingDown {
		t.Errorf("the second node's instance is %s: nobody recovered it", s)
	}
	if s := w.Boxes[waits].State; s != cloud.Stopping {
		t.Errorf("the first node's instance is %s: the leader had nothing to wait for", s)
	}
}

// deadlined is a context whose deadline is a time of the fake's clock.
type deadlined struct {
	context.Context
	at time.Time
}

func (d deadlined) Deadline() (time.Time, bool) { return d.at, true }

// TestLeaderSeesWhatALeaderOfYesterdayWrote: that one saved a switch's beginning, and lost
// its lease before it did anything. No event tells of it.
func TestLeaderSeesWhatALeaderOfYesterdayWrote(t *testing.T) {
	w, e := fleet(t, 2)
	both := w.Running()
	slices.Sort(both)
	waits, begun := both[0], both[1]
	lead := engine.Invocation{ID: "lead", Account: "111122223333", Region: "eu-west-1"}
	for range 2 { // until nothing is left to be saved of a node at rest
		w.Time = w.Time.Add(30 * time.Minute)
		if _, err := e.Handle(t.Context(), lead, json.RawMessage(sweep)); err != nil {
			t.Fatal(err)
		}
	}
	w.Boxes[waits].State = cloud.Stopping // for longer than the invocation lasts
	read := func() (key string, n record.Node) {
		for key, item := range w.Items {
			if strings.HasPrefix(item.Sort, contract.NodePrefix) && strings.HasPrefix(item.Partition, "vpc#") && json.Unmarshal(item.Body, &n) == nil &&
				(n.Grant != nil && n.Grant.Instance == begun || n.Condemns(begun)) {
				return key, n
			}
			n = record.Node{}
		}
		t.Fatalf("no record of the node on %s", begun)
		return "", n
	}
	w.Later(w.Time.Add(30*time.Second), func() {
		key, n := read()
		g := *n.Grant
		n.Epoch, n.Grant, n.Phase, n.Since = n.Epoch+1, nil, record.Confirmed, w.Time
		n.Condemned = []record.Condemned{{Instance: g.Instance, Epoch: n.Epoch, Zone: g.Zone, PrivateIP: g.PrivateIP, Since: w.Time}}
		n.Switch = &record.Switch{
			ID: "x-2", Kind: record.KindRecover, From: g.Instance, FromZone: g.Zone, Recorded: true, Started: w.Time,
			Cause: record.Cause{Kind: "alarm", Detail: "for a moment", At: w.Time}, Marks: map[string]time.Time{},
		}
		item := w.Items[key]
		var err error
		if item.Body, err = json.Marshal(n); err != nil {
			t.Error(err)
		}
		item.Revision++
		w.Items[key] = item
	})
	event := stateEvent("ev", waits, cloud.Stopping, w.Time)
	if _, err := e.Handle(deadlined{t.Context(), w.Time.Add(5 * time.Minute)}, lead, json.RawMessage(event)); err != nil {
		t.Fatal(err)
	}
	if _, n := read(); n.Phase == record.Confirmed {
		t.Errorf("the second node is %s still: nobody looked at its record again", n.Phase)
	}
}

// TestSweepIsNotedInTheLease: the lease names the time at which the last sweep ended. An event is no sweep, and neither is a look that EC2 refused.
func TestSweepIsNotedInTheLease(t *testing.T) {
	r := newRig(t)
	r.deployed()
	s := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}
	swept := func() time.Time {
		t.Helper()
		l, ok, err := s.Lease(t.Context())
		if err != nil || !ok {
			t.Fatalf("lease: %v, %v", ok, err)
		}
		return l.Swept
	}
	r.must(sweep)
	first := swept()
	if age := r.w.Time.Sub(first); age < 0 || age > time.Minute {
		t.Fatalf("the last sweep is noted as %s old", age)
	}
	r.w.Time = r.w.Time.Add(10 * time.Minute)
	r.must(alarmEvent("ev-1", alarm, r.w.Time))
	if !swept().Equal(first) {
		t.Errorf("an event counts as a sweep: %s, want %s", swept(), first)
	}
	r.w.Fault = func(_ int, call string) (before, after error) {
		if strings.Contains(call, "DescribeInstances") {
			return &cloud.Error{Kind: cloud.Denied, Service: "EC2", Action: "DescribeInstances", Code: "UnauthorizedOperation"}, nil
		}
		return nil, nil
	}
	_, _ = r.call(sweep)
	if !swept().Equal(first) {
		t.Error("a sweep that saw nothing counts")
	}
	r.w.Fault = nil
	r.must(sweep)
	if got := swept(); !got.After(first) {
		t.Errorf("the next sweep is not noted: %s", got)
	}
	if l := (record.Lease{Swept: swept()}); l.Stale(l.Swept.Add(record.SweepStale)) || !l.Stale(l.Swept.Add(record.SweepStale+1)) {
		t.Error("a sweep is stale after SweepStale, not before")
	}
}
