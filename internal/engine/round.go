package engine

import (
	"context"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// move is one node's part in a round: what was decided, and what became of it.
type move struct {
	at    int // where the node is in run.nodes
	in    decide.Input
	hints []record.Hint
	step  decide.Step
	aged  bool  // not taken: what its grant rests on has aged
	err   error // of the save
	// done holds the outcomes by effect; nil: not carried out in this round.
	done []*decide.Outcome
}

// stands reports whether the move was saved, so that its effects may be carried out.
func (m *move) stands() bool { return !m.aged && m.err == nil }

// round observes all nodes that need it together, and takes each one step
// further: it decides on all in order of priority, saves what changed, and then
// carries out the effects of what was saved. busy: something was done, look again
// at once. wait: something is awaited, look again after a pause.
func (r *run) round(ctx context.Context, hints map[int][]record.Hint) (busy, wait bool, err error) {
	var active []int
	var needs []observe.Need
	now := r.clock.Now()
	brake := decide.Brake{Wide: decide.Wide(r.nodes, now)}
	for _, n := range r.nodes {
		brake.Known = brake.Known || brake.Wide && decide.Beginning(n, len(hints[n.ID]) > 0, r.sweep, r.cfg, now)
	}
	for i, n := range r.nodes {
		if len(hints[n.ID]) == 0 && !r.sweep && n.Resting(now) && n.Request == nil && len(r.outcomes[n.ID]) == 0 && !r.deferred[n.ID] {
			if brake.Known && n.Phase == record.Done {
				needs = append(needs, observe.NeedOf(n, false, r.cfg.Policy, now)) // for the brake
			}
			continue
		}
		active = append(active, i)
		needs = append(needs, observe.NeedOf(n, r.sweep, r.cfg.Policy, now))
	}
	if len(active) == 0 {
		return false, false, nil
	}
	facts, err := r.observer.Read(ctx, needs, now, r.sweep)
	if err != nil {
		if passing(err) {
			message.Log(ctx, r.log, message.New(message.CallFailed, err.Error()))
			return false, true, nil // nothing is decided without the power states; look again
		}
		return false, false, err
	}
	r.sweep = false
	if brake.Known {
		brake = decide.Judge(r.cfg, r.nodes, facts, now)
	}
	moves := make([]*move, 0, len(active))
	for _, i := range active {
		moves = append(moves, r.decide(ctx, i, facts, brake, hints[r.nodes[i].ID]))
	}
	return r.take(ctx, moves)
}

// decide makes node i's move.
func (r *run) decide(ctx context.Context, i int, facts observe.Facts, brake decide.Brake, hints []record.Hint) *move {
	n := r.nodes[i]
	m := &move{at: i, hints: hints, in: decide.Input{
		Config: r.cfg, Node: n, Facts: facts, Outcomes: r.outcomes[n.ID], Now: r.clock.Now(), Brake: brake, Process: r.process(ctx),
	}}
	delete(r.outcomes, n.ID)
	if len(hints) > 0 {
		m.in.Hint = &hints[0]
	}
	m.step = decide.Decide(m.in)
	r.verdict(n.ID, hints, m.step)
	return m
}

// take saves the moves and carries out the effects of those that stand.
func (r *run) take(ctx context.Context, moves []*move) (busy, wait bool, err error) {
	saving := r.save(ctx, moves)
	if err := r.perform(ctx, moves); err != nil {
		return false, false, err
	}
	if err := r.drop(ctx, moves); err != nil {
		return false, false, err
	}
	for _, m := range moves {
		b, w := r.settle(m)
		busy, wait = busy || b, wait || w
	}
	if saving != nil {
		return false, false, saving
	}
	return busy || !r.loaded, wait && !busy && r.loaded, nil
}

// freshEnough is how old the sight of the fenced instances may be when a grant is
// saved. Other nodes' records are saved in the same round, which can take longer,
// and somebody may have started one of the instances meanwhile.
const freshEnough = 10 * time.Second

func grants(before, after record.Node) bool {
	return after.Grant != nil && (before.Grant == nil || before.Grant.Instance != after.Grant.Instance)
}

// save writes every record that changed, and marks the moves that stand. Where
// another writer came first, everything is read again; the other moves stand. The
// error is the first of any other kind.
func (r *run) save(ctx context.Context, moves []*move) error {
	var changed []*move
	for _, m := range moves {
		if m.step.Save {
			changed = append(changed, m)
		}
	}
	r.gang.Each(ctx, len(changed), func(ctx context.Context, i int) {
		m := changed[i]
		now := r.clock.Now()
		if m.aged = grants(m.in.Node, m.step.Node) && now.Sub(m.in.Facts.PowerAt) > freshEnough; m.aged {
			return
		}
		m.step.Node, m.err = r.store.Save(ctx, m.step.Node, now)
	})
	var first error
	for _, m := range moves {
		switch {
		case m.aged:
		case cloud.Is(m.err, cloud.Conflict):
			r.loaded = false
		case m.err != nil:
			if first == nil {
				first = m.err
			}
		case m.at == len(r.nodes):
			r.nodes = append(r.nodes, m.step.Node)
		default:
			r.nodes[m.at] = m.step.Node
		}
		if m.stands() {
			for _, e := range m.step.Say {
				message.Log(ctx, r.log, e)
			}
		}
	}
	return first
}

// drop removes the hints that were judged. All hints of a node say the same: look
// at it. One look serves them all. One that stays is judged again, as a duplicate.
func (r *run) drop(ctx context.Context, moves []*move) error {
	var hints []record.Hint
	for _, m := range moves {
		if m.stands() && !m.step.Keep {
			hints = append(hints, m.hints...)
		}
	}
	errs := make([]error, len(hints))
	r.gang.Each(ctx, len(hints), func(ctx context.Context, i int) { errs[i] = r.store.DropHint(ctx, hints[i]) })
	for _, err := range errs {
		if err != nil && !passing(err) {
			return err
		}
	}
	return nil
}

// settle hands the outcomes of a move to the node's next one, in the effects'
// order, and says whether to look again.
func (r *run) settle(m *move) (busy, wait bool) {
	id := m.step.Node.ID
	if m.aged { // look again first
		r.outcomes[id] = m.in.Outcomes
		return true, false
	}
	if m.err != nil { // it was this node's turn, and what was decided did not count
		r.deferred[id] = true
		return true, false
	}
	var ids []string
	delete(r.deferred, id)
	for k, o := range m.done {
		if o == nil {
			r.deferred[id] = true
			continue
		}
		ids = append(ids, m.step.Effects[k].ID())
		r.outcomes[id] = append(r.outcomes[id], *o)
		r.measure(m.step.Node, *o)
	}
	done := strings.Join(ids, "\n")
	again := done == r.last[id] // the same once more: the world has not followed yet
	if done != "" || len(m.step.Effects) == 0 {
		r.last[id] = done
	}
	return m.step.Save || done != "" && !again, m.step.Wait || len(m.step.Effects) > 0
}
