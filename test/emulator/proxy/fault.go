package proxy

import (
	"context"
	"time"
)

// Side is a moment of a call, seen from the service that carries it out.
type Side int

// Sides.
const (
	Neither Side = iota
	Before       // the service has seen nothing yet
	After        // the service has carried it out, nothing is answered yet
)

func (s Side) String() string { return [...]string{"neither", "before", "after"}[s] }

// Fault is one thing that goes wrong. Empty Service, Action and Where match every
// call.
type Fault struct {
	Service string
	Action  string
	Where   func(Call) bool
	// Nth strikes at that matching call only, counted from 1 since Inject. Zero
	// strikes at every one until the fault is lifted.
	Nth int

	// Latency is waited for before the call is carried out.
	Latency time.Duration
	// Error is answered instead of carrying the call out.
	Error *Error
	// Lose breaks the connection without an answer, before or after the call is
	// carried out.
	Lose Side
	// Hook runs just before the connection breaks; without Error and Lose, after the call
	// was carried out and before it is answered.
	Hook func(Call)

	seen int
}

// Error is a service's refusal.
type Error struct {
	Status  int // HTTP status; default 400
	Code    string
	Message string
}

// Inject adds a fault and returns the function that lifts it.
func (p *Proxy) Inject(f Fault) (lift func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := &f
	p.faults = append(p.faults, fault)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, g := range p.faults {
			if g == fault {
				p.faults = append(p.faults[:i], p.faults[i+1:]...)
				return
			}
		}
	}
}

// strikes returns the first fault that hits this call, counting for all.
func (p *Proxy) strikes(c Call) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	var hit *Fault
	for _, f := range p.faults {
		if f.Service != "" && f.Service != c.Service || f.Action != "" && f.Action != c.Action || f.Where != nil && !f.Where(c) {
			continue
		}
		f.seen++
		if hit == nil && (f.Nth == 0 || f.Nth == f.seen) {
			hit = f
		}
	}
	return hit
}

func (f *Fault) String() string {
	switch {
	case f == nil:
		return ""
	case f.Error != nil:
		return "answered " + f.Error.Code
	case f.Lose != Neither:
		return "lost " + f.Lose.String() + " it was carried out"
	case f.Latency > 0:
		return "delayed"
	}
	return "hook"
}

// wait is Latency, cut short when the caller goes away.
func (f *Fault) wait(ctx context.Context) {
	if f == nil || f.Latency == 0 {
		return
	}
	t := time.NewTimer(f.Latency)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
