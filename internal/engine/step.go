package engine

import (
	"context"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const (
	contractSource   = contract.Source
	contractContinue = contract.DetailContinue
)

// process is this invocation as the record names it: until when a request that it
// signed can still be accepted.
func (r *run) process(ctx context.Context) record.Sender {
	end, ok := ctx.Deadline()
	if !ok {
		end = r.clock.Now().Add(record.InvocationLife)
	}
	return record.Sender{By: r.inv.ID, Until: end.Add(record.SignatureLife)}
}

// commit takes one move by itself. saved is false if another writer came first;
// then everything is read again.
func (r *run) commit(ctx context.Context, at int, d decide.Step) (saved bool, err error) {
	m := &move{at: at, step: d}
	if at < len(r.nodes) {
		m.in.Node = r.nodes[at]
	}
	_, _, err = r.take(ctx, []*move{m})
	return m.stands(), err
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
