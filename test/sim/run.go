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
	"slices"
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
	// trouble is how long faults happen: mostly little more than the least, so that
	// they meet each other.
	leastTrouble, mostTrouble = 10 * time.Minute, 30 * time.Minute

	settle = 10*time.Minute + 5*time.Minute
	// quiet is how long all must have been well for a run to end before its time.
	quiet = 3 * time.Minute
	// many nodes are a run of their own kind: more of them break, and more at once.
	many = 50
)

// creating is how long n nodes may take until they serve: EC2 accepts five launches
// at once and two a second from then on, of which a switcher leaves some to others,
// and a target is healthy within two minutes.
func creating(n int) time.Duration { return 4*time.Minute + time.Duration(n-1)*3*time.Second }

// watching is the time from then to the first fault: alarms are believed once they
// were seen to be OK.
func watching(n int) time.Duration { return 150*time.Second + time.Duration(n)*200*time.Millisecond }

// settling is the time that n nodes have to serve when the last fault has ended.
func settling(n int) time.Duration { return settle + time.Duration(n)*time.Second }

// Run makes one run of n nodes; with 0 the seed says how many. trace, if given, is
// told every line.
func Run(seed uint64, n int, trace func(string)) Result {
	s := NewSim(seed)
	s.Trace = trace
	return runSeed(s, n)
}

func runSeed(s *Sim, n int) Result {
	if n == 0 {
		n = NodesOf(s.Seed)
	}
	chaos := RandomChaos(s)
	if n >= many {
		chaos.Breaks *= n / many
		chaos.ZoneLoss = max(chaos.ZoneLoss, 0.7)
	}
	return run(s, s.Seed, n, chaos)
}

func run(s *Sim, seed uint64, n int, chaos Chaos) Result {
	w := NewWorld(s, n, Chaos{EveryLease: chaos.EveryLease})
	worlds := []*World{w}
	if s.Chance(twins) {
		worlds = append(worlds, w.another(chaos))
	}
	defer s.Close()
	each := func(do func(*World)) {
		for _, x := range worlds {
			if s.stop == nil {
				do(x)
			}
		}
	}
	each((*World).Deploy)
	for end := s.Now.Add(creating(n)); s.Now.Before(end) && slices.ContainsFunc(worlds, (*World).deploying); {
		if s.Run(s.Now.Add(10*time.Second)) != nil {
			break
		}
	}
	each((*World).Watch)
	_ = s.Run(s.Now.Add(watching(n))) // what goes wrong stops all that follows
	end := s.Now.Add(s.Between(leastTrouble, mostTrouble))
	if chaos.Withheld {
		end = end.Add(mostWithheld)
	}
	each(func(x *World) {
		x.Chaos = chaos
		x.Arm(end)
	})
	_ = s.Run(end)
	each((*World).settle)
	for _, x := range worlds[1:] {
		w.Stats.Add(x.Stats)
	}
	return Result{Seed: seed, Nodes: n, Hash: s.Hash(), Stats: w.Stats, Err: s.stop}
}

// deploying reports whether a node does not serve yet.
func (w *World) deploying() bool {
	for id := range w.nodes {
		if m := w.carrier(id); m == nil || w.nodes[id].record.Phase != record.Done || !w.takesTraffic(m) {
			return true
		}
	}
	return false
}

// settle gives the nodes their time to recover when the faults have ended. All
// that was well for a while stays so: nothing happens any more.
func (w *World) settle() {
	const beat = 30 * time.Second
	end := w.Now.Add(settling(len(w.nodes)))
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
		if s := t.stack; s != nil && s.status != isDeployed && s.status != isGone {
			return false
		}
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
