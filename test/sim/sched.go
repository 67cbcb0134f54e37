package sim

import (
	"container/heap"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"
)

// Sim is virtual time: a heap of events, run one at a time. Processes are
// goroutines of which exactly one runs at any moment: it was resumed by an event
// and gives control back when it parks or ends. With every random draw taken
// from one generator, a run is a pure function of its seed.
type Sim struct {
	Now  time.Time
	Rand *rand.Rand
	Seed uint64
	// Trace keeps what happened as text, if set; the hash is kept always.
	Trace func(line string)

	events eventHeap
	procs  []*Proc // alive
	seq    int
	hash   uint64
	stop   error // a violation: nothing runs any more
}

// NewSim starts time at the beginning of 2026.
func NewSim(seed uint64) *Sim {
	return &Sim{
		Now:  time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Rand: rand.New(rand.NewPCG(seed, 0x5eed)),
		Seed: seed,
		hash: fnvOffset,
	}
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

type event struct {
	at  time.Time
	seq int
	run func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if c := h[i].at.Compare(h[j].at); c != 0 {
		return c < 0
	}
	return h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

// After runs f when d has passed.
func (s *Sim) After(d time.Duration, f func()) {
	s.seq++
	heap.Push(&s.events, event{s.Now.Add(max(d, 0)), s.seq, f})
}

// Run runs events until the time is reached or something was found wrong.
func (s *Sim) Run(until time.Time) error {
	for len(s.events) > 0 && s.stop == nil {
		if s.events[0].at.After(until) {
			break
		}
		e := heap.Pop(&s.events).(event)
		s.Now = e.at
		e.run()
	}
	if s.stop == nil && s.Now.Before(until) {
		s.Now = until
	}
	return s.stop
}

// Fail ends the run.
func (s *Sim) Fail(format string, args ...any) {
	if s.stop == nil {
		s.stop = fmt.Errorf(format, args...)
		s.Log("VIOLATION: %v", s.stop)
	}
}

// Log adds a line to the trace.
func (s *Sim) Log(format string, args ...any) {
	line := fmt.Sprintf("%8.3f ", s.Now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Seconds()) + fmt.Sprintf(format, args...)
	h := fnv.New64a()
	_, _ = h.Write([]byte(line)) // a hash never fails
	s.hash = (s.hash ^ h.Sum64()) * fnvPrime
	if s.Trace != nil {
		s.Trace(line)
	}
}

// Hash identifies the trace.
func (s *Sim) Hash() uint64 { return s.hash }

// Between draws a duration, skewed to the low end as latencies are.
func (s *Sim) Between(least, most time.Duration) time.Duration {
	f := s.Rand.Float64()
	return least + time.Duration(f*f*float64(most-least))
}

// Chance draws true with probability p.
func (s *Sim) Chance(p float64) bool { return p > 0 && s.Rand.Float64() < p }

// Proc is a process: one invocation of the function.
type Proc struct {
	Name string
	Skew time.Duration // of its clock
	Dead bool          // killed: it unwinds when it is resumed, and none of its calls is carried out

	sim    *Sim
	wake   chan struct{}
	parked chan struct{}
	ended  bool
	after  func()
}

// killed unwinds a dead process.
type killed struct{}

// Go starts a process now. after runs when it has ended, however it ended.
func (s *Sim) Go(p *Proc, body, after func()) {
	p.sim, p.wake, p.parked, p.after = s, make(chan struct{}), make(chan struct{}), after
	s.procs = append(s.procs, p)
	go func() {
		<-p.wake
		if p.Dead {
			p.ended = true
			p.parked <- struct{}{}
			return
		}
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(killed); !ok {
					s.Fail("process %s panics: %v\n%s", p.Name, r, debug.Stack())
				}
			}
			p.ended = true
			p.parked <- struct{}{}
		}()
		body()
	}()
	s.After(0, p.resume)
}

// resume lets the process run until it parks or ends.
func (p *Proc) resume() {
	p.wake <- struct{}{}
	<-p.parked
	if p.ended {
		p.sim.procs = slices.DeleteFunc(p.sim.procs, func(x *Proc) bool { return x == p })
		p.after()
	}
}

// Close ends every process that is left, so that no goroutine outlives the run.
func (s *Sim) Close() {
	for len(s.procs) > 0 {
		p := s.procs[0]
		p.Dead, p.after = true, func() {}
		p.resume()
	}
}

// Park gives control back until d has passed. A process that was killed
// meanwhile ends here.
func (p *Proc) Park(d time.Duration) {
	p.sim.After(d, p.resume)
	p.parked <- struct{}{}
	<-p.wake
	if p.Dead {
		panic(killed{})
	}
}

// Kill ends the process at its next step.
func (p *Proc) Kill() { p.Dead = true }
