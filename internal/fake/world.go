// Package fake is an in-memory AWS behind the engine's ports: stateful, with its
// own clock, for unit tests. It models what the engine's correctness rests on:
// instance states with delays, zonal launch tokens, capacity, security groups,
// target health, alarms, compare-and-swap. It does not model API budgets or
// eventual consistency; the simulator does.
package fake

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// World is one Region.
type World struct {
	Time time.Time

	Boxes     map[string]*Box // instances
	Places    []cloud.Subnet
	Elastic   map[string]string          // Elastic IP addresses by allocation id
	Images    []string                   // that exist; none: any does
	Templates map[string]cloud.Blueprint // "id/version"
	NoRoom    map[string]bool            // zones without capacity
	Impaired  map[string]string          // zones that EC2 reports as impaired, and why
	Shifted   []cloud.Shift
	Scheduled []cloud.Scheduled // events, of any instance
	Failing   []cloud.Failing   // applications, of any instance
	Watched   map[string]bool   // "check key=value"
	Reserves  []cloud.Reserve
	Mounts    map[string][]cloud.Mount // by file system
	Pools     map[string]*Pool         // target groups
	Watches   map[string]*cloud.Alarm
	Items     map[string]cloud.Item
	Notices   []cloud.Notice
	Happened  []cloud.Happening // put on the bus
	Invoked   [][]byte
	Answers   map[string][][]byte // by address

	// PowerOff and Boot are how long a stop and a launch take.
	PowerOff, Boot, Healthy time.Duration

	// Calls is every call made, in order: "EC2 RunInstances".
	Calls []string
	// Fault may fail a call: before it is carried out (lost request) or after (lost answer).
	Fault func(n int, call string) (before, after error)
	// Crash is the error that, returned by Fault, ends the caller by a panic with it.
	Crash error

	mu     sync.Mutex // one call, or look at the clock, at a time
	tokens map[string]string
	next   int
	later  []later
}

type later struct {
	at time.Time
	do func()
}

// Later does something at a time, seen by the first call from then on.
func (w *World) Later(at time.Time, do func()) { w.later = append(w.later, later{at, do}) }

// Box is an instance and what DescribeInstances does not tell of it.
type Box struct {
	cloud.Instance
	cloud.Details
	Until time.Time // when a transitional state ends
	then  string
}

// Pool is a target group.
type Pool struct {
	cloud.TargetGroup
	Attributes map[string]string
	Members    map[string]*Member
	Most       int  // targets; 0: any number
	Elsewhere  bool // it belongs to another VPC: its targets are outside of that
}

// Member is a registered target.
type Member struct {
	cloud.Target
	since time.Time
}

// New returns an empty Region with sensible delays.
func New(at time.Time) *World {
	return &World{
		Time: at, Boxes: map[string]*Box{}, Templates: map[string]cloud.Blueprint{}, NoRoom: map[string]bool{}, Impaired: map[string]string{}, Mounts: map[string][]cloud.Mount{},
		Pools: map[string]*Pool{}, Watches: map[string]*cloud.Alarm{}, Items: map[string]cloud.Item{},
		Answers: map[string][][]byte{}, Watched: map[string]bool{}, tokens: map[string]string{},
		PowerOff: 20 * time.Second, Boot: 5 * time.Second, Healthy: 30 * time.Second,
	}
}

// Ports is the world as the engine sees it.
func (w *World) Ports() cloud.Ports {
	return cloud.Ports{
		Compute: compute{w}, Balancers: balancers{w}, Alarms: alarms{w}, Zones: places{w}, Files: files{w}, Table: table{w},
		Topic: topic{w}, Bus: bus{w}, Invoker: invoker{w}, Responder: responder{w},
	}
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Time
}

// Sleep passes time at once.
func (w *World) Sleep(_ context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Time = w.Time.Add(d)
	return nil
}

// call notes a call, applies faults and carries it out.
func (w *World) call(name string, do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	n := len(w.Calls)
	w.Calls = append(w.Calls, name)
	var before, after error
	if w.Fault != nil {
		before, after = w.Fault(n, name)
	}
	if before != nil {
		return w.fail(before)
	}
	if err := do(); err != nil {
		return err
	}
	return w.fail(after)
}

func (w *World) fail(err error) error {
	if err != nil && err == w.Crash { //nolint:errorlint // the very value
		panic(err)
	}
	return err
}

// settle ends transitional states whose time has come.
func (w *World) settle() {
	for i := 0; i < len(w.later); i++ {
		if l := w.later[i]; !w.Time.Before(l.at) {
			w.later = append(w.later[:i], w.later[i+1:]...)
			i--
			l.do()
		}
	}
	for _, b := range w.Boxes {
		if b.then != "" && !w.Time.Before(b.Until) {
			b.State, b.then = b.then, ""
			if b.State == cloud.Terminated {
				b.Interfaces = nil
			}
		}
	}
}

func (w *World) id(prefix string) string {
	w.next++
	return fmt.Sprintf("%s-%08x", prefix, w.next)
}

// Refuse is an error as the adapters would return it.
func Refuse(kind cloud.Kind, code, text string) error {
	return &cloud.Error{Kind: kind, Service: "fake", Action: "call", Code: code, Message: text}
}

// Stop powers an instance off at once, as its own operating system or a person would.
func (w *World) Stop(id string) {
	b := w.Boxes[id]
	b.State, b.then = cloud.Stopped, ""
}

// Alarm puts an alarm into a state.
func (w *World) Alarm(name, state string) {
	a := w.Watches[name]
	a.State, a.Since = state, w.Time
}

// Running returns the ids of instances that are powered on, in no order.
func (w *World) Running() []string {
	w.settle()
	var ids []string
	for id, b := range w.Boxes {
		if b.State == cloud.Running || b.State == cloud.Pending {
			ids = append(ids, id)
		}
	}
	return ids
}
