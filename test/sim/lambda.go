package sim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/engine"
)

const (
	// timeLimit is Lambda's for one invocation.
	timeLimit = 15 * time.Minute
	// oldest is how long Lambda keeps an asynchronous event that is throttled
	// ("How Lambda handles errors and retries with asynchronous invocation").
	oldest = 6 * time.Hour
	// longestChain is after how many invocations of itself Lambda drops the next one
	// ("Lambda recursive loop detection").
	longestChain = 16
)

// invocation is one asynchronous event for a switcher's function.
type invocation struct {
	id, payload string
	site        *site
	tries       int // that ended in an error
	throttled   int
	chain       int // invocations of itself before
	since       time.Time
	outcome     string // of the last try
}

// invoke hands an event to every switcher of the Region, as their rules do.
func (w *World) invoke(payload string) {
	for _, s := range w.sites {
		w.invokeAt(s, payload, 0)
	}
	if w.script != nil && w.twin != nil {
		w.twin.invoke(payload)
	}
}

// invokeAt hands an event to one switcher.
func (w *World) invokeAt(s *site, payload string, chain int) {
	w.ids++
	w.try(&invocation{id: fmt.Sprintf("inv-%06x", w.ids), payload: payload, site: s, chain: chain, since: w.Now})
}

// try runs the function as Lambda does: two more tries after an error, after one
// and two minutes; a throttled one waits from a second to five minutes.
func (w *World) try(i *invocation) {
	if i.tries > 2 || w.Now.Sub(i.since) > oldest {
		w.Stats.Failed++
		w.Log("dead letter %s", i.id)
		return
	}
	w.awaited++
	w.After(w.draw(DelayStart), func() {
		w.awaited--
		if limit := w.Chaos.Concurrency; limit > 0 && w.running >= limit {
			w.Log("%s is throttled, %d run", i.id, w.running)
			pause := min(time.Second<<min(i.throttled, 20), 5*time.Minute)
			i.throttled++
			w.disturbed = w.Now
			w.again(i, pause)
			return
		}
		w.start(i)
	})
}

// again is Lambda's next try, after a pause.
func (w *World) again(i *invocation, pause time.Duration) {
	w.awaited++
	w.After(pause, func() {
		w.awaited--
		w.try(i)
	})
}

func (w *World) start(i *invocation) {
	w.Stats.Invocations++
	w.running++
	if id, request := w.bodies[i.payload]; request && w.arrived[id].IsZero() {
		w.arrived[id] = w.Now
	}
	p := &Proc{Name: fmt.Sprintf("%s.%d", i.id, i.tries), Request: w.bodies[i.payload]}
	if w.Chaos.Skew > 0 {
		p.Skew = time.Duration(w.Rand.Int64N(int64(2*w.Chaos.Skew))) - w.Chaos.Skew
	}
	failed := true
	w.Go(p, func() {
		res, err := w.function(p, i)
		failed, i.outcome = err != nil, res.Outcome
		w.Log("%s returns %s %s err=%v", p.Name, res.Outcome, res.Code, err)
	}, func() {
		w.running--
		if failed {
			i.tries++
			w.again(i, time.Duration(i.tries)*time.Minute)
		} else if i.outcome != engine.OutcomeContinued {
			w.unheeded(i)
		}
	})
	w.After(timeLimit, p.Kill)
}

// function is what an invocation runs: the engine, unless a lab measures another.
func (w *World) function(p *Proc, i *invocation) (engine.Result, error) {
	ctx := deadlined{context.Background(), p.Now().Add(timeLimit)}
	if w.lab != nil && w.lab.Function != nil {
		return engine.Result{}, w.lab.Function(ctx, Call{ID: i.id, Payload: i.payload, Ports: w.ports(p), Clock: clock{p}})
	}
	options := []engine.Option{engine.WithClock(clock{p}), engine.WithGang(gang{p}), engine.WithMemo(&w.memo)}
	if w.Trace != nil {
		options = append(options, engine.WithLog(slog.New(slog.NewTextHandler(traced{w, p}, &slog.HandlerOptions{ReplaceAttr: noTime}))))
	}
	e := engine.New(w.configOf(i.site), w.portsOf(p, i), options...)
	return e.Handle(ctx, engine.Invocation{ID: i.id, Account: account, Region: w.region}, []byte(i.payload))
}

// deliver hands an event to the functions as EventBridge does: at least once for
// alarms, best effort for EC2; late, twice or not at all.
func (w *World) deliver(node int, after time.Duration, payload string) {
	if w.lab != nil {
		w.lab.published(payload)
	}
	if w.Chance(w.Chaos.EventLoss) {
		w.hit(HarmEventLost, node)
		return
	}
	payload = strings.ReplaceAll(payload, region, w.region)
	copies := 1
	if w.Chance(w.Chaos.EventTwice) {
		w.hit(HarmEventTwice, node)
		copies = 2
	}
	for range copies {
		d := after + w.draw(DelayEvent)
		if w.Chance(w.Chaos.EventLate) {
			w.hit(HarmEventLate, node)
			d += w.Between(0, 20*time.Minute)
		}
		w.After(d, func() { w.send(payload, 0) })
	}
}

// send is EventBridge's, or its Scheduler's, call of Lambda: tried again for a day
// while Lambda does not answer ("How EventBridge retries delivering events").
func (w *World) send(payload string, n int) {
	if kind, away := w.outage("Lambda", ""); away && kind == cloud.Ambiguous {
		w.disturbed = w.Now
		w.After(w.Between(time.Second, min(10*time.Second<<min(n, 10), time.Hour)), func() { w.send(payload, n+1) })
		return
	}
	w.invoke(payload)
	if w.twin != nil && w.Chance(0.05) {
		w.twin.invoke(payload) // somebody forwards events to another Region
	}
}

const sweepEvent = `{"source":"workload-recovery","detail-type":"Recovery Sweep"}`

// tick runs the schedule.
func (w *World) tick() {
	w.send(sweepEvent, 0)
	w.After(time.Minute, w.tick)
}

type lambda struct {
	*client
	i *invocation
}

// Invoke calls the switcher's own function again.
func (l *lambda) Invoke(_ context.Context, payload []byte) error {
	return l.call("Lambda", "Invoke", func() error {
		if l.i == nil {
			return nil // a lab's controller runs in no function
		}
		if l.i.chain >= longestChain {
			l.Fail("the function has called itself %d times in a row: Lambda drops the next call", l.i.chain)
			return nil
		}
		l.invokeAt(l.i.site, string(slices.Clone(payload)), l.i.chain+1)
		return nil
	})
}
