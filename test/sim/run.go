// Package sim runs the real engine in a simulated Region, in virtual time, with
// faults drawn from a seed, and checks the invariants of docs/architecture.md
// against the ground truth: power, mounts, traffic. A run is a pure function of
// its seed and size; a failing one prints the command that replays it.
//
// Each invocation of the function is one coroutine, and the engine starts no
// others but by its gang, so a scheduler that resumes one at a time needs no help
// from the runtime to be deterministic (docs/adr).
package sim

import (
	"time"

	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Result is one finished run.
type Result struct {
	Seed  uint64
	Nodes int
	Hash  uint64
	Stats Stats
	Err   error
}

// The course of a run: nodes are created in peace, then faults happen for a
// while, then every node must serve within ten minutes (I5; the extra minutes are
// for what was remembered or held just before: a lack of capacity for 3 minutes, a
// hold's retry of one, Lambda's retries).
const (
	trouble = 30 * time.Minute
	settle  = 10*time.Minute + 5*time.Minute
	// quiet is how long all must have been well for a run to end before its time.
	quiet = 3 * time.Minute
)

// creating is how long n nodes take until they serve: EC2 accepts five launches at
// once and two a second from then on, and a target is healthy within two minutes.
func creating(n int) time.Duration { return 3*time.Minute + time.Duration(n)*1200*time.Millisecond }

// peace is the time before the first fault: alarms are believed once they were OK.
func peace(n int) time.Duration { return creating(n) + 150*time.Second }

// Run makes one run of n nodes; with 0 the seed says how many. trace, if given, is
// told every line.
func Run(seed uint64, n int, trace func(string)) Result {
	if n == 0 {
		n = NodesOf(seed)
	}
	s := NewSim(seed)
	s.Trace = trace
	chaos := RandomChaos(s)
	return run(s, seed, n, chaos)
}

func run(s *Sim, seed uint64, n int, chaos Chaos) Result {
	w := NewWorld(s, n, Chaos{EveryLease: chaos.EveryLease})
	worlds := []*World{w}
	if s.Chance(twins) {
		worlds = append(worlds, w.another(chaos))
	}
	defer s.Close()
	for _, x := range worlds {
		x.Deploy()
	}
	start, peace := s.Now, peace(n)
	phases := []struct {
		until time.Duration
		then  func(*World)
	}{
		{creating(n), (*World).Watch},
		{peace, func(x *World) {
			x.Chaos = chaos
			x.Arm(start.Add(peace + trouble))
		}},
		{peace + trouble, (*World).settle},
	}
	for _, p := range phases {
		if s.Run(start.Add(p.until)) != nil {
			break
		}
		for _, x := range worlds {
			p.then(x)
		}
	}
	for _, x := range worlds[1:] {
		w.Stats.Add(x.Stats)
	}
	return Result{Seed: seed, Nodes: n, Hash: s.Hash(), Stats: w.Stats, Err: s.stop}
}

// settle gives the nodes their time to recover when the faults have ended. All
// that was well for a while stays so: nothing happens any more.
func (w *World) settle() {
	const beat = 30 * time.Second
	end := w.Now.Add(settle)
	for well := time.Duration(0); w.Now.Before(end) && well < quiet; well += beat {
		if w.Run(w.Now.Add(beat)) != nil {
			return
		}
		if !w.well() {
			well = -beat
		}
	}
	for range 4 { // what the cool-down held until a moment ago is on its way
		if !w.Settling() || w.Run(w.Now.Add(settle/2)) != nil {
			break
		}
	}
	w.Alive()
}

// well reports whether the run could end now: nothing is under way, and all is as
// it must be at the end.
func (w *World) well() bool {
	if len(w.procs) > 0 {
		return false
	}
	for _, t := range w.nodes {
		if n := t.record; n.Phase != record.Done && n.Phase != record.Deleted || n.Hold != nil {
			return false
		}
	}
	hash, trace := w.hash, w.Trace
	w.Trace = nil
	w.Alive()
	found := w.stop
	w.stop, w.hash, w.Trace = nil, hash, trace
	return found == nil
}
