package engine

import (
	"context"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const (
	contractSource   = contract.Source
	contractContinue = contract.DetailContinue
)

// step decides on node i, saves the decision and carries it out.
func (r *run) step(ctx context.Context, i int, facts observe.Facts, brake decide.Brake, hints []record.Hint) (busy, wait bool, err error) {
	n := r.nodes[i]
	in := decide.Input{Config: r.cfg, Node: n, Facts: facts, Outcomes: r.outcomes[n.ID], Now: r.clock.Now(), Brake: brake, Process: r.process(ctx)}
	delete(r.outcomes, n.ID)
	if len(hints) > 0 {
		in.Hint = &hints[0]
	}
	d := decide.Decide(in)
	if grants(n, d.Node) && r.clock.Now().Sub(facts.PowerAt) > freshEnough {
		r.outcomes[n.ID] = in.Outcomes
		return true, false, nil // what it rests on has aged: look again first
	}
	r.verdict(n.ID, hints, d)
	saved, err := r.commit(ctx, i, d)
	if err != nil || !saved {
		return true, false, err
	}
	if !d.Keep {
		// All hints of a node say the same: look at it. One look serves them all.
		for _, h := range hints {
			if err := r.store.DropHint(ctx, h); err != nil && !passing(err) {
				return false, false, err
			} // one that stays is judged again, as a duplicate
		}
	}
	var ids []string
	for _, e := range d.Effects {
		ids = append(ids, e.ID())
	}
	done := strings.Join(ids, "\n")
	again := done == r.last[n.ID] // the same once more: the world has not followed yet
	r.last[n.ID] = done
	progressed := d.Save || done != "" && !again
	return progressed, d.Wait || done != "", nil
}

// freshEnough is how old the sight of the fenced instances may be when a grant is
// given. Other nodes' effects in the same round can take longer, and somebody may
// have started one meanwhile.
const freshEnough = 10 * time.Second

func grants(before, after record.Node) bool {
	return after.Grant != nil && (before.Grant == nil || before.Grant.Instance != after.Grant.Instance)
}

// lateLife is how long a signed request can still be accepted after its process
// was cut off: AWS accepts a signature for five minutes.
const lateLife = 5 * time.Minute

// process is this invocation as the record names it.
func (r *run) process(ctx context.Context) record.Sender {
	end, ok := ctx.Deadline()
	if !ok {
		end = r.clock.Now().Add(15 * time.Minute) // Lambda's longest
	}
	return record.Sender{By: r.inv.ID, Until: end.Add(lateLife)}
}

// commit saves the step and only then carries out its effects. saved is false if
// another writer came first; then everything is read again.
func (r *run) commit(ctx context.Context, i int, d decide.Step) (saved bool, err error) {
	n := d.Node
	if d.Save {
		n, err = r.store.Save(ctx, d.Node, r.clock.Now())
		if cloud.Is(err, cloud.Conflict) {
			r.loaded = false
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if i == len(r.nodes) {
		r.nodes = append(r.nodes, n)
	} else {
		r.nodes[i] = n
	}
	for _, e := range d.Say {
		message.Log(ctx, r.log, e)
	}
	for _, e := range d.Effects {
		if err := r.renew(ctx, !r.clock.Now().Before(r.lease.Until)); err != nil {
			return false, err
		}
		o := r.actor.Do(ctx, e, r.clock.Now())
		r.outcomes[n.ID] = append(r.outcomes[n.ID], o)
		r.measure(n, o)
	}
	return true, nil
}

// verdict notes what became of this invocation's own hints.
func (r *run) verdict(node int, hints []record.Hint, d decide.Step) {
	own := r.follow[node]
	for _, h := range hints {
		own = own || r.own[h.Key]
	}
	if !own || d.Verdict == "" {
		return
	}
	outcome := OutcomeDone
	switch d.Verdict {
	case message.EventStale, message.NotEligible, message.NodeHealthy, message.NodePaused:
		outcome = OutcomeIgnored
	case message.EventDuplicate:
		outcome = OutcomeDuplicate
	default:
		r.follow[node] = true
	}
	r.result = Result{Outcome: outcome, Code: string(d.Verdict)}
	for _, e := range d.Say {
		if e.Code == d.Verdict {
			r.result.Reason = e.Reason
		}
	}
}
