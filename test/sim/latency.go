package sim

import (
	"math/rand/v2"
	"time"
)

// Delay names something of AWS that takes time.
type Delay string

// The delays of the world. Those of a machine are drawn for its node and its
// attempt alone (World.latency), so that two controllers that do different things
// with the same seed meet the same machines.
const (
	DelayCall       Delay = "call"        // half of an API call: there, and back
	DelayLaunchCall Delay = "launch-call" // RunInstances, from the request to the launch
	DelayRunning    Delay = "running"     // pending to running
	DelayServing    Delay = "serving"     // running to the application's first answer
	DelayPowerOff   Delay = "power-off"   // a machine that shuts itself down: stopping to stopped
	DelayStop       Delay = "stop"        // StopInstances to stopped
	DelayShutDown   Delay = "shut-down"   // an operating system that shuts down by itself: stopping to stopped
	DelayDrain      Delay = "drain"       // DeregisterTargets to the end of what is under way
	DelayTerminate  Delay = "terminate"   // TerminateInstances to terminated
	DelayRegister   Delay = "register"    // RegisterTargets to the first health check
	DelayHealth     Delay = "health"      // health checks that a target must pass once it answers
	DelayMountMade  Delay = "mount-made"  // CreateMountTarget to available
	DelayMountGone  Delay = "mount-gone"  // DeleteMountTarget to gone
	DelayState      Delay = "state"       // a change of an instance's state to its event
	DelayEvent      Delay = "event"       // an event, or an alarm's, to the function
	DelayStart      Delay = "start"       // the function's start
)

// Range is what a delay is drawn from, skewed to the low end as latencies are.
type Range struct{ Least, Most time.Duration }

// wideDelays are those of a seeded run: wider than AWS's, so that more orders of
// events come up.
func wideDelays() map[Delay]Range {
	const s, ms = time.Second, time.Millisecond
	return map[Delay]Range{
		DelayCall: {3 * ms, 60 * ms}, DelayLaunchCall: {}, DelayRunning: {2 * s, 9 * s}, DelayServing: {15 * s, 25 * s},
		DelayPowerOff: {1 * s, 10 * s}, DelayStop: {8 * s, 40 * s}, DelayShutDown: {3 * s, 75 * s}, DelayDrain: {1 * s, 150 * s}, DelayTerminate: {20 * s, 120 * s},
		DelayRegister: {5 * s, 100 * s}, DelayHealth: {}, DelayMountMade: {60 * s, 90 * s}, DelayMountGone: {5 * s, 30 * s}, DelayState: {}, DelayEvent: {500 * ms, 2500 * ms}, DelayStart: {40 * ms, 600 * ms},
	}
}

// latency is the delay of a node's attempt (its machines in the order of their
// launches, from 0 on): a function of seed, node, attempt and kind only, and not
// of what the controller did before.
func (w *World) latency(kind Delay, node, attempt int) time.Duration {
	return Latency(w.Seed, w.Delays, kind, node, attempt)
}

// Latency is what World.latency draws, for who computes bounds without a world.
func Latency(seed uint64, from map[Delay]Range, kind Delay, node, attempt int) time.Duration {
	r := from[kind]
	h := uint64(fnvOffset)
	for _, c := range []byte(kind) {
		h = (h ^ uint64(c)) * fnvPrime
	}
	f := rand.New(rand.NewPCG(seed^h+5, uint64(node)<<32|uint64(attempt))).Float64()
	return r.Least + time.Duration(f*f*float64(r.Most-r.Least))
}

// draw is a delay that belongs to no machine.
func (w *World) draw(kind Delay) time.Duration {
	r := w.Delays[kind]
	if r.Least == r.Most {
		return r.Least
	}
	return w.Between(r.Least, r.Most)
}
