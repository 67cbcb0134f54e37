// Package sim runs the real engine in a simulated Region, in virtual time, with
// faults drawn from a seed, and checks the invariants of docs/architecture.md
// against the ground truth: power, mounts, traffic. A run is a pure function of
// its seed and size; a failing one prints the command that replays it.
//
// Each invocation of the function is one goroutine, and the engine starts no
// others, so a scheduler that resumes one at a time needs no help from the
// runtime to be deterministic (docs/adr).
package sim

import (
	"time"
)

// Result is one finished run.
type Result struct {
	Seed  uint64
	Hash  uint64
	Stats Stats
	Err   error
}

// The course of a run: nodes are created in peace, then faults happen for a
// while, then every node must serve within ten minutes (I5; the extra minutes are
// for what was remembered or held just before: a lack of capacity for 3 minutes, a
// hold's retry of one, Lambda's retries).
const (
	peace   = 8 * time.Minute
	trouble = 30 * time.Minute
	settle  = 10*time.Minute + 5*time.Minute
)

// Run makes one run of n nodes. trace, if given, is told every line.
func Run(seed uint64, n int, trace func(string)) Result {
	s := NewSim(seed)
	s.Trace = trace
	chaos := RandomChaos(s)
	return run(s, seed, n, chaos)
}

func run(s *Sim, seed uint64, n int, chaos Chaos) Result {
	w := NewWorld(s, n, Chaos{EveryLease: chaos.EveryLease})
	defer s.Close()
	w.Deploy()
	start := s.Now
	phases := []struct {
		until time.Duration
		then  func()
	}{
		{peace / 2, w.Watch},
		{peace, func() {
			w.Chaos = chaos
			w.Arm(start.Add(peace + trouble))
		}},
		{peace + trouble + settle, func() {
			for range 4 { // what the cool-down held until a moment ago is on its way
				if !w.Settling() || s.Run(s.Now.Add(settle/2)) != nil {
					break
				}
			}
			w.Alive()
		}},
	}
	for _, p := range phases {
		if s.Run(start.Add(p.until)) != nil {
			break
		}
		p.then()
	}
	return Result{Seed: seed, Hash: s.Hash(), Stats: w.Stats, Err: s.stop}
}
