// Package engine drives nodes: it turns an invocation into hints, takes the
// VPC's lease, and then goes round observe -> decide -> record -> act for every
// node that needs it, until all are at rest. One invocation drives all nodes of
// the VPC; others leave their hint and go.
//
// It decides in one goroutine and leaves what may happen at once to a Gang, reads
// time and sleeps only through Clock, and ranges over maps only after sorting, so
// that a simulation of it is deterministic.
package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/act"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Clock tells and passes time.
type Clock interface {
	Now() time.Time
	// Sleep returns early, with the context's error, when the context ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Invocation is what Lambda says about a call.
type Invocation = event.Invocation

// Result is what an invocation answers: for people, tests and the log.
type Result struct {
	Outcome string `json:"outcome"` // see the Outcome constants
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Outcomes of an invocation.
const (
	OutcomeIgnored    = "ignored"     // no-op, with a reason
	OutcomeDuplicate  = "duplicate"   // a switch was under way already
	OutcomeHandedOver = "handed-over" // another invocation leads and will see the hint
	OutcomeContinued  = "continued"   // goes on in another invocation
	OutcomeDone       = "done"        // everything that could be done was; Code says what came last
)

// Engine is one VPC's switcher.
type Engine struct {
	cfg      contract.Config
	ports    cloud.Ports
	store    record.Store
	observer observe.Observer
	actor    act.Actor
	clock    Clock
	log      *slog.Logger
	metrics  io.Writer
	onPulse  func()
	gang     Gang
}

// Option changes an engine's surroundings.
type Option func(*Engine)

// WithClock replaces the machine's clock.
func WithClock(c Clock) Option { return func(e *Engine) { e.clock = c } }

// WithLog sets where messages go. Default: nowhere.
func WithLog(l *slog.Logger) Option { return func(e *Engine) { e.log = l } }

// WithMetrics sets where metrics go, as lines in CloudWatch's embedded metric
// format. Default: nowhere.
func WithMetrics(w io.Writer) Option { return func(e *Engine) { e.metrics = w } }

// WithPulse calls f whenever a leader has written how its nodes fare, at least once a
// minute: what is counted elsewhere need not wait for the end of a long invocation.
// Default: nothing.
func WithPulse(f func()) Option { return func(e *Engine) { e.onPulse = f } }

// WithMemo lets engines of one table share what they have decoded.
func WithMemo(m *record.Memo) Option { return func(e *Engine) { e.store.Memo = m } }

// New makes the engine of one VPC. The configuration must be valid.
func New(cfg contract.Config, ports cloud.Ports, opts ...Option) *Engine {
	store := record.Store{Table: ports.Table, VPC: cfg.VPC, Memo: &record.Memo{}, Switcher: cfg.Name}
	e := &Engine{
		cfg: cfg, ports: ports, store: store,
		observer: observe.Observer{Ports: ports, Store: store, IDTag: cfg.IDTag, VPC: cfg.VPC, Memory: &observe.Memory{}},
		actor:    act.Actor{Ports: ports, Store: store, Policy: cfg.Policy},
		clock:    machineClock{},
		log:      slog.New(slog.DiscardHandler),
		metrics:  io.Discard,
		onPulse:  func() {},
		gang:     goroutines{},
	}
	for _, o := range opts {
		o(e)
	}
	e.observer.Now = e.clock.Now
	return e
}

// Handle serves one invocation. An error means that Lambda should try again: the
// table or AWS could not be read, and nothing was lost.
func (e *Engine) Handle(ctx context.Context, inv Invocation, payload json.RawMessage) (Result, error) {
	ev := event.Decode(payload, inv)
	if ev.Kind == event.Ignored {
		entry := message.New(message.EventUnknown, ev.Reason)
		message.Log(ctx, e.log, entry)
		return Result{Outcome: OutcomeIgnored, Code: string(entry.Code), Reason: entry.Reason}, nil
	}
	hints := hintsOf(ev)
	for _, h := range hints {
		if err := e.patiently(ctx, func() error { return e.store.PutHint(ctx, h, e.clock.Now()) }); err != nil {
			return e.failed(ctx, err)
		}
	}
	r := &run{Engine: e, inv: inv, sweep: ev.Kind == event.Sweep, chain: ev.Chain, own: map[string]bool{}, replies: map[string]reply{}}
	for _, h := range hints {
		r.own[h.Key] = true
		if h.Request != nil {
			r.requested = append(r.requested, h)
		}
	}
	if err := r.lead(ctx); err != nil {
		return e.failed(ctx, err)
	}
	if r.result.Outcome == "" {
		r.result.Outcome = OutcomeDone // a sweep or a continuation that met nothing to tell of
	}
	return r.result, nil
}

func (e *Engine) failed(ctx context.Context, err error) (Result, error) {
	message.Log(ctx, e.log, message.New(message.InvocationFail, err.Error()))
	return Result{}, err
}

// hintsOf turns an event into what the leader must look at. Which node an instance
// or an alarm belongs to is for the leader to say, who has the records anyway: a
// thousand events would read a thousand records each.
func hintsOf(ev event.Event) []record.Hint {
	switch ev.Kind {
	case event.Request:
		return []record.Hint{{Key: "request-" + ev.ID, Request: ev.Request}}
	case event.Alarm:
		return []record.Hint{{Key: ev.ID, Alarm: ev.Alarm, Cause: ev.Cause}}
	case event.Instance:
		hints := make([]record.Hint, 0, len(ev.Instances))
		for _, id := range ev.Instances {
			hints = append(hints, record.Hint{Key: ev.ID + "-" + id, Instance: id, Cause: ev.Cause})
		}
		return hints
	case event.Operator:
		return []record.Hint{{Key: fmt.Sprintf("%s-%d", ev.ID, ev.Node), Node: ev.Node, All: ev.All, To: ev.To, Order: ev.Order, Cause: ev.Cause}}
	case event.Ignored, event.Sweep, event.Continue:
	}
	return nil
}
