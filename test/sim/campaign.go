package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Campaign is many runs, each of its own seed, on all processors.
type Campaign struct {
	Seeds   []uint64
	Nodes   int           // in a run; 0: drawn from the seed (NodesOf)
	Workers int           // runs at a time; 0: as many as there are processors
	For     time.Duration // begin no run after so long; 0: no limit
	Bad     int           // begin no run after so many violations; 0: no limit
}

// Series is n seeds in a row.
func Series(from, n uint64) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = from + uint64(i)
	}
	return list
}

// NodesOf draws the size of a seed's run: mostly small, since faults meet sooner
// then, and with five nodes or more often enough that the brake has its say.
func NodesOf(seed uint64) int {
	sizes := []int{1, 2, 2, 3, 3, 3, 3, 4, 5, 6, 6, 8, 12}
	return sizes[rand.New(rand.NewPCG(seed, 0x517e)).IntN(len(sizes))]
}

// Replay is the command that shows what a run went through.
func (r Result) Replay() string { return fmt.Sprintf("make sim SEED=%d NODES=%d", r.Seed, r.Nodes) }

// Run runs the campaign and reports each result, in the order of the seeds.
func (c Campaign) Run(report func(Result)) Summary {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	var (
		sum     = Summary{Stats: NewStats()}
		start   = time.Now()
		results = make(chan placed)
		next    atomic.Int64
		bad     atomic.Int64
		wait    sync.WaitGroup
	)
	workers := c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(c.Seeds) || c.For > 0 && time.Since(start) >= c.For || c.Bad > 0 && int(bad.Load()) >= c.Bad {
				return
			}
			r := Run(c.Seeds[i], c.Nodes, nil)
			if r.Err != nil {
				bad.Add(1)
			}
			results <- placed{i, r}
		}
	}
	for range workers {
		wait.Go(work)
	}
	go func() {
		wait.Wait()
		close(results)
	}()
	early := map[int]Result{} // that came before one of an earlier seed
	for r := range results {
		early[r.at] = r.Result
		for {
			r, ok := early[sum.Runs]
			if !ok {
				break
			}
			delete(early, sum.Runs)
			sum.add(r)
			report(r)
		}
	}
	sum.Took = time.Since(start)
	return sum
}

// gcPercent: a run leaves nothing behind and needs some megabytes; the collector
// is better let run seldom.
const gcPercent = 800

type placed struct {
	at int
	Result
}

// Summary is what a campaign came to.
type Summary struct {
	Stats
	Runs, Nodes, Violations int
	Took                    time.Duration
}

func (s *Summary) add(r Result) {
	s.Runs++
	s.Nodes += r.Nodes
	s.Add(r.Stats)
	if r.Err != nil {
		s.Violations++
	}
}

// Rarest are the reachable pairs of phase and fault that were hit least, with
// their counts.
func (s Summary) Rarest(n int) []string {
	pairs, _ := Reachable()
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(s.Pairs[a], s.Pairs[b]) })
	var list []string
	for _, p := range pairs[:min(n, len(pairs))] {
		list = append(list, fmt.Sprintf("%s: %d", p, s.Pairs[p]))
	}
	return list
}

// A campaign of so many seeds is a long one: it must hit every reachable pair of
// phase and fault so often.
const (
	long   = 50_000
	enough = 100
)

// Missed are the reachable pairs that a long campaign did not hit often enough.
func (s Summary) Missed() []string {
	if s.Runs < long {
		return nil
	}
	pairs, _ := Reachable()
	few := slices.DeleteFunc(pairs, func(p Pair) bool { return s.Pairs[p] >= enough })
	var list []string
	for _, p := range few {
		list = append(list, fmt.Sprintf("%s was hit %d times, not %d", p, s.Pairs[p], enough))
	}
	return list
}

func (s Summary) String() string {
	return fmt.Sprintf("sim: %d seeds, %d nodes, %d violations; %d switches and creates, %d launches, %d invocations, %d calls, %d faults of %d kinds x phases; %.0f s, %.1f seeds a second",
		s.Runs, s.Nodes, s.Violations, s.Switches, s.Launches, s.Invocations, s.Calls, s.Faults(), len(s.Pairs), s.Took.Seconds(), float64(s.Runs)/max(s.Took.Seconds(), 0.001))
}
