package main

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// bucket is a token bucket of an API as documented: how many calls it holds, and
// how many it is refilled with a second.
type bucket struct{ burst, rate float64 }

// The documented buckets on the path of a mass recovery ("Request throttling for
// the Amazon EC2 API"; "Request throttling for the Elastic Load Balancing API").
// Stops and terminations are batched and hold nothing up.
var (
	runInstances = bucket{5, 2}
	raised       = bucket{15, 6}
	createFleet  = bucket{50, 5}
	targets      = bucket{20, 4} // RegisterTargets and DeregisterTargets together
	elbMutating  = bucket{20, 3} // if RegisterTargets drains it too: not documented
)

// serve lets calls that are wanted at these times through in their order, and tells
// when each is made. A call takes n tokens.
func (b bucket) serve(wanted []time.Time, n float64) []time.Time {
	order := slices.Clone(wanted)
	slices.SortFunc(order, time.Time.Compare)
	made := make([]time.Time, len(order))
	left, at := b.burst, time.Time{}
	for i, t := range order {
		t = later(t, at)
		if !at.IsZero() {
			left = min(b.burst, left+t.Sub(at).Seconds()*b.rate)
		}
		if left < n {
			t = t.Add(time.Duration((n - left) / b.rate * float64(time.Second)))
			left = n
		}
		left -= n
		made[i], at = t, t
	}
	return made
}

// budgets are what a mass recovery has to keep to.
type budgets struct {
	launches, registrations bucket
	// deregister: each old target is deregistered before the new one serves.
	deregister bool
}

// bound is below the makespan of n gated nodes that fail together, whoever
// controls them: every call is made as soon as the budgets allow, each bucket is
// shared with nobody, and behind a budget every machine is as quick as any can be.
func bound(seed uint64, d map[sim.Delay]sim.Range, n int, b budgets) time.Duration {
	zero := time.Unix(0, 0)
	begin := zero.Add(notice(d, false))
	now := make([]time.Time, n)
	var end time.Time
	for i := range now {
		now[i] = begin
		end = later(end, floor(failure{seed: seed, delays: d, node: i + 1, fresh: 1, fault: sim.FaultZone, broke: zero, begin: begin}, rules{gated: true}))
	}
	least := func(kind sim.Delay) time.Duration { return d[kind].Least }
	launched := b.launches.serve(now, 1)
	boots := least(sim.DelayLaunchCall) + least(sim.DelayRunning) + least(sim.DelayServing) + least(sim.DelayHealth)
	end = later(end, launched[n-1].Add(boots))
	for i := range launched {
		launched[i] = launched[i].Add(least(sim.DelayLaunchCall) + max(least(sim.DelayRunning), least(sim.DelayStop)))
	}
	tokens := 1.0
	if b.deregister {
		tokens = 2
	}
	registered := b.registrations.serve(launched, tokens)
	end = later(end, registered[n-1].Add(least(sim.DelayRegister)+least(sim.DelayHealth)))
	return end.Sub(zero)
}
