package sim

import (
	"iter"
	"runtime/debug"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Proc is a process: one invocation of the function. It has one thread, and more
// while a gang of it is at work.
type Proc struct {
	Request string // id of the deployment request that it carries, if any
	Name    string
	Skew    time.Duration // of its clock
	Calm    bool          // a part of AWS: nothing befalls its calls
	Dead    bool          // killed: it unwinds when it is resumed, and none of its calls is carried out

	sim     *Sim
	current *thread   // the one that runs, when the process does
	threads []*thread // alive, the oldest first
	frozen  time.Duration
	open    []string // calls without an answer since it last looked
	after   func()
}

// thread is a coroutine of a process: it runs when it is resumed, and nothing
// else does until it parks or ends.
type thread struct {
	p      *Proc
	next   func() (struct{}, bool)
	yield  func(struct{}) bool
	resume func()
	ended  func()
	// owed is time that has passed for the thread but not for the world: what it
	// does next takes that much longer.
	owed    time.Duration
	subject []int             // nodes that its next call is about (client.about)
	asks    string            // what that call asks for (client.sending)
	again   func(cloud.Ports) // makes that call on other ports (client.note)
	like    string            // Deed.Like of that call
}

// killed unwinds the threads of a dead process.
type killed struct{}

// Go starts a process now. after runs when it has ended, however it ended.
func (s *Sim) Go(p *Proc, body, after func()) {
	p.sim, p.after = s, after
	s.procs = append(s.procs, p)
	main := p.thread(func() {
		defer func() {
			switch r := recover(); r.(type) {
			case nil, killed:
			default:
				s.Fail("process %s panics: %v\n%s", p.Name, r, stack(debug.Stack()))
			}
		}()
		body()
	})
	main.ended = func() {
		s.procs = slices.DeleteFunc(s.procs, func(x *Proc) bool { return x == p })
		s.After(main.owed, p.after)
	}
	s.After(0, main.resume)
}

// thread makes a thread that has not begun. It must not panic.
func (p *Proc) thread(body func()) *thread {
	t := &thread{p: p}
	t.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		if !p.Dead {
			body()
		}
	})
	t.resume = t.run
	p.threads = append(p.threads, t)
	return t
}

// run lets the thread run until it parks or ends.
func (t *thread) run() {
	p := t.p
	if still := p.frozen - p.sim.at; still > 0 && !p.Dead {
		p.sim.After(still, t.resume)
		return
	}
	p.current = t
	if _, alive := t.next(); alive {
		return
	}
	p.threads = slices.DeleteFunc(p.threads, func(x *thread) bool { return x == t })
	t.ended()
}

// wait gives control back until somebody resumes the thread. It ends here if its
// process was killed meanwhile.
func (t *thread) wait() {
	t.yield(struct{}{})
	if t.p.Dead {
		panic(killed{})
	}
}

// Park lets d pass, and what is owed. A process that was killed meanwhile ends here.
func (p *Proc) Park(d time.Duration) {
	if p.Dead {
		panic(killed{}) // a deferred call
	}
	t := p.current
	d += t.owed
	t.owed = 0
	if p.sim.idle(d) {
		p.sim.advance(p.sim.at + d)
		return
	}
	p.sim.After(d, t.resume)
	t.wait()
}

// Owe lets d pass for the process before it does anything more. Nobody can tell
// it from Park, for what it does in between reaches no one; it saves an event.
func (p *Proc) Owe(d time.Duration) { p.current.owed += d }

// Freeze stops the whole process for a while, as Lambda does between invocations
// and a busy host at any time.
func (p *Proc) Freeze(d time.Duration) {
	p.frozen = max(p.frozen, p.sim.at+d)
	p.Park(d)
}

// Now is the process's clock, which may be wrong by its skew.
func (p *Proc) Now() time.Time { return p.sim.Now.Add(p.current.owed + p.Skew) }

// Kill ends the process at its next step.
func (p *Proc) Kill() { p.Dead = true }

// Close ends every process that is left, so that no goroutine outlives the run.
func (s *Sim) Close() {
	for len(s.procs) > 0 {
		p := s.procs[0]
		p.Dead = true
		for len(p.threads) > 0 { // the newest first: nobody waits for it
			p.threads[len(p.threads)-1].run()
		}
	}
}
