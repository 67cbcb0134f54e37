package main

import (
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// rules are what a controller promises, and so what its floor must respect.
type rules struct {
	// gated: the replacement may boot while the old instance is being switched off,
	// since a gate keeps it from the data; a running original is stopped only after
	// EC2 accepted the replacement (I9).
	gated bool
	// unfenced: the replacement does not wait until the old instance is off. Then
	// two instances can write the same data.
	unfenced bool
	// destroys: the old instance may be terminated before another serves, which can be
	// the quicker way to have it off. This engine may not (I9).
	destroys bool
}

// failure is all that the floor of one recovery rests on. None of it comes from
// what the controller did, save that it was told.
type failure struct {
	seed    uint64
	delays  map[sim.Delay]sim.Range
	node    int
	attempt int // of the machine that failed
	fresh   int // of the machine that replaces it
	fault   sim.Fault
	broke   time.Time
	begin   time.Time // when a controller could know: the notice arrived, or it looked
}

// floor is when a clairvoyant controller that keeps the rules has the node serving
// again, with the latencies that were drawn for its machines: every call is made
// the moment it is allowed, and only RunInstances takes time.
func floor(f failure, r rules) time.Time {
	draw := func(d sim.Delay, attempt int) time.Duration {
		return sim.Latency(f.seed, f.delays, d, f.node, attempt)
	}
	accepted := f.begin.Add(f.delays[sim.DelayLaunchCall].Least)
	fence := draw(sim.DelayStop, f.attempt)
	if r.destroys {
		fence = min(fence, draw(sim.DelayTerminate, f.attempt))
	}
	off := f.begin.Add(fence)
	switch {
	case f.fault == sim.FaultStop: // it is on its way already
		off = later(f.begin, f.broke.Add(draw(sim.DelayPowerOff, f.attempt)))
	case r.gated:
		off = accepted.Add(fence)
	}
	launched := f.begin
	if !r.gated && !r.unfenced {
		launched = off
	}
	running := launched.Add(f.delays[sim.DelayLaunchCall].Least + draw(sim.DelayRunning, f.fresh))
	granted := running
	if !r.unfenced {
		granted = later(running, off)
	}
	answers := later(granted, running.Add(draw(sim.DelayServing, f.fresh)))
	checked := granted.Add(draw(sim.DelayRegister, f.fresh))
	return later(answers, checked).Add(f.delays[sim.DelayHealth].Least)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
