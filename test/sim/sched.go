package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Sim is virtual time: a heap of events, run one at a time. Processes are
// coroutines of which exactly one runs at any moment: it was resumed by an event
// and gives control back when it parks or ends. With every random draw taken
// from one generator, a run is a pure function of its seed.
type Sim struct {
	Now  time.Time
	Rand *rand.Rand
	Seed uint64
	// Trace keeps what happened as text, if set; the hash is kept always.
	Trace func(line string)

	at     time.Duration // Now, since the start
	until  time.Duration // where Run stops
	events eventHeap
	procs  []*Proc // alive
	seq    int
	hash   uint64
	stop   error // a violation: nothing runs any more

	witness Witness // nobody, mostly
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// NewSim starts time at the beginning of 2026.
func NewSim(seed uint64) *Sim {
	return &Sim{Now: epoch, Seed: seed, Rand: rand.New(rand.NewPCG(seed, 0x5eed)), hash: fnvOffset}
}

type event struct {
	at  time.Duration
	seq int
	run func()
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// eventHeap is a heap of four children a parent. It is written out because a
// run pushes and pops some ten thousand events, and container/heap puts each in
// an interface.
type eventHeap []event

const arity = 4

func (h *eventHeap) push(e event) {
	*h = append(*h, e)
	list := *h
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / arity
		if !e.before(list[up]) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = e
}

func (h *eventHeap) pop() event {
	list := *h
	first, last := list[0], list[len(list)-1]
	list[len(list)-1] = event{} // so that what it would run can be collected
	list = list[:len(list)-1]
	*h = list
	if len(list) == 0 {
		return first
	}
	i := 0
	for {
		least := i*arity + 1
		if least >= len(list) {
			break
		}
		for c := least + 1; c < min(i*arity+1+arity, len(list)); c++ {
			if list[c].before(list[least]) {
				least = c
			}
		}
		if !list[least].before(last) {
			break
		}
		list[i] = list[least]
		i = least
	}
	list[i] = last
	return first
}

// After runs f when d has passed.
func (s *Sim) After(d time.Duration, f func()) {
	s.seq++
	s.events.push(event{s.at + max(d, 0), s.seq, f})
}

// Run runs events until the time is reached or something was found wrong.
func (s *Sim) Run(until time.Time) error {
	s.until = until.Sub(epoch)
	for len(s.events) > 0 && s.stop == nil && s.events[0].at <= s.until {
		e := s.events.pop()
		s.advance(e.at)
		e.run()
	}
	if s.stop == nil && s.at < s.until {
		s.advance(s.until)
	}
	return s.stop
}

func (s *Sim) advance(to time.Duration) {
	if to != s.at {
		s.at, s.Now = to, epoch.Add(to)
	}
}

// idle reports whether nothing happens before d has passed, so that whoever runs
// now may go on by itself then.
func (s *Sim) idle(d time.Duration) bool {
	to := s.at + d
	return s.stop == nil && to <= s.until && (len(s.events) == 0 || to < s.events[0].at)
}

// Fail ends the run.
func (s *Sim) Fail(format string, args ...any) {
	if s.stop == nil {
		s.stop = fmt.Errorf(format, args...)
		s.Log("VIOLATION: "+format, args...)
	}
}

// Between draws a duration, skewed to the low end as latencies are.
func (s *Sim) Between(least, most time.Duration) time.Duration {
	f := s.Rand.Float64()
	return least + time.Duration(f*f*float64(most-least))
}

// Chance draws true with probability p.
func (s *Sim) Chance(p float64) bool { return p > 0 && s.Rand.Float64() < p }
