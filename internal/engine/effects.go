package engine

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/act"
	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
)

// part is one effect of a move.
type part struct {
	of *move
	k  int
}

func (p part) effect() decide.Effect { return p.of.step.Effects[p.k] }

// job is what one member of the gang does: one call, for one effect or for several
// that one call can carry; or what one node has to tell, in order.
type job struct {
	parts []part
	chain bool // one call each, one after the other
	costs []budget.Cost
	at    time.Time // not before then
	open  bool      // refused for all because of some: the outcome of each is not known
}

func (j *job) effects() []decide.Effect {
	effects := make([]decide.Effect, 0, len(j.parts))
	for _, p := range j.parts {
		effects = append(effects, p.effect())
	}
	return effects
}

// perform carries out the effects of the moves that stand. A node's effects do
// not wait for each other (decide brings what must follow another in a later
// step), so they may be carried out together with those of other nodes.
//
// An effect whose API has no token left is not carried out in this round. The
// node's next decision brings it again: what comes of record and observation alone
// needs no queue. Nodes of higher priority come first.
//
// Deliveries come last: a topic that hangs must not delay a fence.
func (r *run) perform(ctx context.Context, moves []*move) error {
	var acts, deliveries []*job
	for _, j := range jobsOf(moves) {
		if j.parts[0].effect().Do == decide.Deliver {
			deliveries = append(deliveries, j)
		} else {
			acts = append(acts, j)
		}
	}
	if err := r.carryOut(ctx, acts); err != nil {
		return err
	}
	return r.carryOut(ctx, deliveries)
}

func (r *run) carryOut(ctx context.Context, jobs []*job) error {
	for len(jobs) > 0 {
		if err := r.renew(ctx); err != nil {
			return err
		}
		now := r.clock.Now()
		jobs = slices.DeleteFunc(jobs, func(j *job) bool {
			j.costs = act.Costs(j.effects())
			wait, ok := r.purse.reserve(j.parts[0].effect(), j.costs)
			j.at = now.Add(wait)
			return !ok
		})
		slices.SortStableFunc(jobs, func(a, b *job) int { return a.at.Compare(b.at) })
		r.work(ctx, jobs)
		for _, j := range jobs {
			if j.throttled() {
				r.purse.Throttled(j.costs...)
			}
		}
		jobs = again(jobs)
	}
	return nil
}

func (j *job) throttled() bool {
	return slices.ContainsFunc(j.parts, func(p part) bool {
		o := p.of.done[p.k]
		return o != nil && cloud.Is(o.Err, cloud.Throttled)
	})
}

// jobsOf makes calls of the effects, in the order of the moves. Those that share a
// call stand where the first of them does.
func jobsOf(moves []*move) []*job {
	var jobs []*job
	open := map[string]*job{} // that still has room, by what goes together
	for _, m := range moves {
		if !m.stands() {
			continue
		}
		m.done = make([]*decide.Outcome, len(m.step.Effects))
		for k, e := range m.step.Effects {
			key, most := act.Together(e)
			chain := e.Do == decide.Deliver && key == ""
			if chain {
				key, most = "deliver "+strconv.Itoa(e.Node), len(m.step.Effects)
			}
			j := open[key]
			if j == nil || key == "" || len(j.parts) == most {
				j = &job{chain: chain}
				open[key] = j
				jobs = append(jobs, j)
			}
			j.parts = append(j.parts, part{m, k})
		}
	}
	return jobs
}

// work does the jobs. One whose turn comes when the lease has ended is not begun:
// its effects are found again in the next round.
func (r *run) work(ctx context.Context, jobs []*job) {
	until, late := r.lease.Until, r.clock.Now().Add(deliverTime)
	r.gang.Each(ctx, len(jobs), func(ctx context.Context, i int) {
		j := jobs[i]
		if wait := j.at.Sub(r.clock.Now()); wait > 0 && r.clock.Sleep(ctx, wait) != nil {
			return
		}
		for _, p := range j.parts {
			if !r.clock.Now().Before(until) {
				return
			}
			if p.effect().Do == decide.Deliver && !r.clock.Now().Before(late) {
				p.of.done[p.k] = &decide.Outcome{Effect: p.effect(), Err: errTooMany}
				continue
			}
			if len(j.parts) > 1 && !j.chain {
				r.together(ctx, j)
				return
			}
			o := r.actor.Do(ctx, p.effect(), r.clock.Now())
			p.of.done[p.k] = &o
		}
	})
}

// together does a job of several effects in one call. If that was refused, it
// leaves the outcome open: one bad instance fails the call for all.
func (r *run) together(ctx context.Context, j *job) {
	effects := j.effects()
	err := r.actor.DoTogether(ctx, effects)
	if j.open = act.Refused(err) && effects[0].Do != decide.Deliver; j.open {
		return
	}
	for k, p := range j.parts {
		p.of.done[p.k] = &decide.Outcome{Effect: effects[k], Err: err}
	}
}

// again takes what was refused together apart, in halves, down to single
// effects: so each node gets an outcome of its own, and one bad instance among n
// costs about 2 log n calls.
func again(jobs []*job) []*job {
	var halves []*job
	for _, j := range jobs {
		if j.open {
			mid := len(j.parts) / 2
			halves = append(halves, &job{parts: j.parts[:mid]}, &job{parts: j.parts[mid:]})
		}
	}
	return halves
}
