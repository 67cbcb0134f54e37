package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// settled lets sweeps come until the node is at rest, for at most an hour.
func (r *rig) settled() {
	for began := r.w.Time; r.node().Phase != record.Done && r.w.Time.Sub(began) < time.Hour; {
		r.must(sweep)
		r.w.Time = r.w.Time.Add(10 * time.Second)
	}
}

// recovered stops the instance that carries the node, lets the switch end, and returns the
// record.
func (r *rig) recovered() record.Node {
	r.Helper()
	old := r.node().Grant.Instance
	r.w.Stop(old)
	r.must(stateEvent("e-1", old, "stopped", r.w.Time))
	r.settled()
	n := r.node()
	if n.Phase != record.Done || n.Hold != nil || n.Grant.Instance == old {
		r.Fatalf("it was not recovered: %s, hold %+v", n.Phase, n.Hold)
	}
	return n
}

// TestFullTargetGroup: a target group without room for a second target gives the old one's
// place to the new one (case R1, TooManyTargets).
func TestFullTargetGroup(t *testing.T) {
	for name, gate := range map[string]bool{"without a gate": false, "with a gate": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.gate = gate
			r.deployed()
			r.w.Pools[group].Most = 1
			n := r.recovered()
			if m := r.w.Pools[group].Members; len(m) != 1 || m[fmt.Sprintf("%s:80", n.Grant.Instance)] == nil {
				t.Errorf("the group holds %v", m)
			}
		})
	}
}

// TestFullTargetGroupOfOthers: a group that others fill is a hold that says so, and the node
// serves as soon as there is room.
func TestFullTargetGroupOfOthers(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	p := r.w.Pools[group]
	r.w.Stop(old)
	p.Most = 1
	r.w.Later(r.w.Time.Add(20*time.Second), func() {
		for key := range p.Members {
			delete(p.Members, key)
		}
		p.Members["i-theirs:80"] = &fake.Member{Target: cloud.Target{ID: "i-theirs", Port: 80}}
	})
	r.w.Later(r.w.Time.Add(20*time.Minute), func() { delete(p.Members, "i-theirs:80") })
	r.must(stateEvent("e-1", old, "stopped", r.w.Time))
	for r.w.Time.Before(began.Add(10 * time.Minute)) {
		r.must(sweep)
		r.w.Time = r.w.Time.Add(20 * time.Second)
	}
	if h := r.node().Hold; h == nil || h.Code != "WR204" || !strings.Contains(h.Reason, "TooManyTargets") {
		t.Errorf("held with %+v, want WR204 with ELB's words", h)
	}
	r.settled()
	if n := r.node(); n.Phase != record.Done || n.Grant.Instance == old {
		t.Errorf("it does not serve when there is room: %s, hold %+v", n.Phase, n.Hold)
	}
}

// TestInstanceWhoseTagsAreFull: tags that people add to a running instance until no further
// one fits do not keep it from being recovered (case R1).
func TestInstanceWhoseTagsAreFull(t *testing.T) {
	r := newRig(t)
	r.deployed()
	tags := r.w.Boxes[r.node().Grant.Instance].Tags
	for i := 0; len(tags) < contract.MaxTags; i++ {
		tags[fmt.Sprintf("added-by-hand-%02d", i)] = "x"
	}
	n := r.recovered()
	if got := r.w.Boxes[n.Grant.Instance].Tags; len(got) > contract.MaxTags || got["added-by-hand-00"] != "x" {
		t.Errorf("the replacement has %d tags: %v", len(got), got)
	}
}
