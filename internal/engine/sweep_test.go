package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/engine"
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
