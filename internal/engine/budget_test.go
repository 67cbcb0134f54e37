package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// timed notes when each call of a name was made.
func timed(w *fake.World, name string) *[]time.Time {
	var at []time.Time
	w.Fault = func(_ int, call string) (error, error) {
		if call == name {
			at = append(at, w.Time)
		}
		return nil, nil
	}
	return &at
}

// within reports the most calls in any stretch of time.
func within(at []time.Time, d time.Duration) (most int) {
	for i := range at {
		n := 0
		for _, t := range at[i:] {
			if t.Sub(at[i]) <= d {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestLaunchesStayWithinTheBudget(t *testing.T) {
	h := newHerd(t, 100, make([]string, 30)...)
	h.w.Time = h.w.Time.Add(time.Hour)
	at := timed(h.w, "EC2 RunInstances")
	for _, id := range h.w.Running() {
		h.w.Stop(id)
	}
	h.call(sweep)
	if h.switched() != 30 || len(*at) != 30 {
		t.Fatalf("%d of 30 switched with %d launches", h.switched(), len(*at))
	}
	limit := budget.Limits(2)[budget.RunInstances]
	for _, s := range []int{0, 1, 2, 5, 10} {
		most := int(limit.Capacity) + s*int(limit.Refill)
		if got := within(*at, time.Duration(s)*time.Second); got > most {
			t.Errorf("%d launches within %d s, EC2 allows %d", got, s, most)
		}
	}
	if took := (*at)[29].Sub((*at)[0]); took > 20*time.Second {
		t.Errorf("30 launches took %v, EC2 allows them in 12.5 s", took)
	}
}

// TestPriorityGetsTheTokens: what EC2 allows at once is for the nodes that matter most.
func TestPriorityGetsTheTokens(t *testing.T) {
	h := newHerd(t, 100, make([]string, 12)...)
	for _, id := range []int{9, 11} {
		h.edit(id, func(n *record.Node) { n.Settings.Priority = 900 })
	}
	h.w.Time = h.w.Time.Add(time.Hour)
	for _, id := range h.w.Running() {
		h.w.Stop(id)
	}
	h.call(sweep)
	var first time.Time
	granted := map[int]time.Time{}
	for id := 1; id <= 12; id++ {
		granted[id] = h.node(id).Grant.GrantedAt
		if first.IsZero() || granted[id].Before(first) {
			first = granted[id]
		}
	}
	if !granted[9].Equal(first) || !granted[11].Equal(first) || !granted[12].After(first) {
		t.Errorf("granted at %v: want 9 and 11 first, 12 later", granted)
	}
}

// TestThrottledAPIIsCalledLess: refused for a while, it is asked ever less often,
// and everything is recovered when that is over.
func TestThrottledAPIIsCalledLess(t *testing.T) {
	h := newHerd(t, 100, make([]string, 8)...)
	h.w.Time = h.w.Time.Add(time.Hour)
	until, calls := h.w.Time.Add(2*time.Minute), 0
	h.w.Fault = func(_ int, call string) (error, error) {
		if call != "EC2 RunInstances" || h.w.Time.After(until) {
			return nil, nil
		}
		calls++
		return fake.Refuse(cloud.Throttled, "RequestLimitExceeded", ""), nil
	}
	for _, id := range h.w.Running() {
		h.w.Stop(id)
	}
	h.call(sweep)
	if h.switched() != 8 {
		t.Errorf("%d of 8 switched", h.switched())
	}
	if full := 4 + 2*120; calls == 0 || calls > full/4 {
		t.Errorf("%d launches in two minutes of throttling, %d without backing off", calls, full)
	}
}

// TestNextLeaderTakesTheBudgetOver: a second invocation a moment later does not
// launch as if nothing had been used.
func TestNextLeaderTakesTheBudgetOver(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*record.Lease)
	}{
		{"released", func(*record.Lease) {}},
		{"died", func(l *record.Lease) { l.Until = began.Add(2 * time.Hour).Add(-10 * time.Second) }},
		{"of a version without budgets", func(l *record.Lease) { l.Budget = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHerd(t, 100, make([]string, 12)...)
			h.w.Time = began.Add(2 * time.Hour)
			instances := map[int]string{}
			for id := 1; id <= 12; id++ {
				instances[id] = h.node(id).Grant.Instance
			}
			for id := 1; id <= 5; id++ { // the first leader's five
				h.w.Stop(instances[id])
			}
			h.w.PowerOff, h.w.Boot, h.w.Healthy = 0, 0, 0
			h.call(sweep)
			h.w.Time = began.Add(2 * time.Hour).Add(20 * time.Second)
			key := contract.VPCPartition("vpc-1") + "|" + contract.LeaseKey
			it := h.w.Items[key]
			var l record.Lease
			if err := json.Unmarshal(it.Body, &l); err != nil {
				t.Fatal(err)
			}
			if len(l.Budget) == 0 || !l.Until.IsZero() {
				t.Fatalf("the lease left is %s", it.Body)
			}
			used := budget.State{At: h.w.Time, Levels: map[budget.API]float64{budget.RunInstances: 0}}
			if l.Budget, _ = json.Marshal(used); true {
				c.change(&l)
			}
			it.Body, _ = json.Marshal(l)
			h.w.Items[key] = it
			from := h.w.Time
			at := timed(h.w, "EC2 RunInstances")
			for id := 6; id <= 12; id++ {
				h.w.Stop(instances[id])
			}
			h.call(sweep)
			if h.switched() != 12 {
				t.Fatalf("%d of 12 switched", h.switched())
			}
			early := 0
			for _, x := range *at {
				if x.Sub(from) < 2*time.Second {
					early++
				}
			}
			if full := 4 + 2*2; early >= full || c.name == "released" && early > 0 {
				t.Errorf("%d launches in the first two seconds", early)
			}
		})
	}
}

// TestLeadersShare: with another VPC's leader alive, each takes half.
func TestLeadersShare(t *testing.T) {
	h := newHerd(t, 100, make([]string, 30)...)
	h.w.Time = h.w.Time.Add(time.Hour)
	tell := func(vpc string, until time.Time) {
		body, err := json.Marshal(record.Leader{Until: until})
		if err != nil {
			t.Fatal(err)
		}
		h.w.Items[contract.LivePartition+"|"+vpc] = cloud.Item{Partition: contract.LivePartition, Sort: vpc, Revision: 1, Body: body}
	}
	tell("vpc-2", h.w.Time.Add(time.Hour))
	tell("vpc-3", h.w.Time.Add(-time.Hour)) // died long ago
	tell("vpc-4", time.Time{})              // released
	at := timed(h.w, "EC2 RunInstances")
	for _, id := range h.w.Running() {
		h.w.Stop(id)
	}
	h.call(sweep)
	if h.switched() != 30 {
		t.Fatalf("%d of 30 switched", h.switched())
	}
	if took := (*at)[29].Sub((*at)[0]); took < 25*time.Second || took > 40*time.Second {
		t.Errorf("30 launches at half the rate took %v, want about 28 s", took)
	}
	if it := h.w.Items[contract.LivePartition+"|vpc-1"]; string(it.Body) != fmt.Sprintf(`{"until":%q}`, "0001-01-01T00:00:00Z") {
		t.Errorf("the leader has gone and left %s", it.Body)
	}
}
