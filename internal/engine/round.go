package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
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

// unheard reports whether a hint is an operator's planned switch and the decision was
// given another one's: each is answered and kept in the history, one after the other.
func (m *move) unheard(h record.Hint) bool {
	return h.Cause.Kind == event.CauseOperator && m.in.Hint != nil && m.in.Hint.Key != h.Key && !slices.Contains(m.step.Node.Obeyed, h.Key)
}

// look is a node that this round decides on, and what that takes.
type look struct {
	at    int // where the node is in run.nodes
	need  observe.Need
	sweep bool
}

// round observes all nodes that need it together, and takes each one step
// further: it decides on all in order of priority, saves what changed, and then
// carries out the effects of what was saved. busy: something was done, look again
// at once. wait: something is awaited, look again after a pause.
func (r *run) round(ctx context.Context, hints map[int][]record.Hint) (busy, wait bool, err error) {
	now := r.clock.Now()
	looks, needs, brake := r.looks(hints, now)
	if len(looks) == 0 {
		return false, false, nil
	}
	r.lookedAt, r.heavy = now, observe.Calls(needs) > 1
	facts, err := r.observer.Read(ctx, needs, now)
	switch {
	case errors.Is(err, observe.ErrLater):
		return false, true, nil
	case cloud.Barred(err):
		return r.blind(ctx, looks, hints, err)
	case err != nil && cloud.Passing(err):
		message.Log(ctx, r.log, message.New(message.CallFailed, err.Error()))
		r.blindness++
		return false, true, r.silent(ctx, looks, hints, err) // nothing is decided without the power states; look again
	case err != nil:
		return false, false, err
	}
	r.blindness = 0
	judged := brake.Known
	if judged {
		if brake.Known = facts.AllAlarms(); brake.Known {
			brake = decide.Judge(r.cfg, r.nodes, facts, now)
		}
	}
	moves := make([]*move, 0, len(looks))
	for _, l := range looks {
		n, view := r.nodes[l.at], facts.For(l.need, l.sweep)
		moves = append(moves, r.decide(ctx, l, facts, brake, hints[n.ID]))
		if !view.Postponed() && (brake.Known == judged || n.Phase != record.Done) {
			delete(r.sweeping, n.ID) // all was seen
		}
	}
	busy, wait, err = r.take(ctx, moves)
	return busy, wait || !busy && len(r.sweeping) > 0, err
}

// fewHinted is how many nodes at once are looked at so thoroughly, when something
// tells of them, that a switch can begin with that look. Where more are told of, they
// share the budgets of such looks better when only those that failed have them.
const fewHinted = 4

// looks lists the nodes to decide on. Where a switch may begin, the brake must know
// how the others fare: needs holds theirs too.
func (r *run) looks(hints map[int][]record.Hint, now time.Time) (looks []look, needs []observe.Need, brake decide.Brake) {
	brake.Wide, brake.Off, brake.OffOver = decide.Wide(r.nodes), decide.SwitchedOff(r.nodes), decide.SwitchedOn(r.nodes)
	for _, n := range r.nodes {
		brake.Known = brake.Known || brake.Wide && decide.Beginning(n, len(hints[n.ID]) > 0, r.sweeping[n.ID], r.cfg, now)
	}
	for i, n := range r.nodes {
		hinted, sweep := len(hints[n.ID]) > 0, r.sweeping[n.ID]
		released := brake.Known && decide.Braked(n)
		if !hinted && !sweep && !released && n.Resting(now) && n.Request == nil && len(r.outcomes[n.ID]) == 0 && !r.deferred[n.ID] {
			if brake.Known && n.Phase == record.Done {
				needs = append(needs, observe.NeedOf(n, false, r.cfg.Policy, now))
			}
			continue
		}
		l := look{i, observe.NeedOf(n, sweep, r.cfg.Policy, now), sweep}
		if n.Phase != record.Deleted {
			l.need.Tagged = n.ID // whether an instance is ahead of the record
		}
		if l.need.Fresh = hinted; hinted && len(hints) <= fewHinted {
			l.need.Ahead(n)
		}
		looks, needs = append(looks, l), append(needs, l.need)
	}
	return looks, needs, brake
}

// blind holds the nodes when EC2 refuses to show instances: nothing can be decided.
func (r *run) blind(ctx context.Context, looks []look, hints map[int][]record.Hint, why error) (busy, wait bool, err error) {
	clear(r.sweeping)
	r.owes = false // nothing was seen
	return r.take(ctx, r.unseeing(ctx, looks, hints, why))
}

// silent notes which nodes are under way while EC2 does not answer. Nodes at rest wait for the
// next look with their hints. AWS's answers to earlier calls count at the look that succeeds.
func (r *run) silent(ctx context.Context, looks []look, hints map[int][]record.Hint, why error) error {
	moves := r.unseeing(ctx, slices.DeleteFunc(looks, func(l look) bool {
		phase := r.nodes[l.at].Phase
		return phase == record.Done || phase == record.Deleted
	}), hints, why)
	_, _, err := r.take(ctx, moves)
	for _, m := range moves {
		if id := m.step.Node.ID; m.err == nil {
			r.outcomes[id] = append(answers(m.in.Outcomes), r.outcomes[id]...)
		}
	}
	return err
}

// unseeing are the moves of nodes of which EC2 shows nothing.
func (r *run) unseeing(ctx context.Context, looks []look, hints map[int][]record.Hint, why error) []*move {
	moves := make([]*move, 0, len(looks))
	for _, l := range looks {
		m := r.move(ctx, l.at, observe.Facts{}, decide.Brake{}, hints[r.nodes[l.at].ID])
		m.step = decide.Blind(m.in, why)
		r.verdict(m.in.Node.ID, m.hints, m.step)
		moves = append(moves, m)
	}
	return moves
}

// decide makes a node's move, as far as this look goes.
func (r *run) decide(ctx context.Context, l look, facts observe.Facts, brake decide.Brake, hints []record.Hint) *move {
	m := r.move(ctx, l.at, facts.For(l.need, l.sweep), brake, hints)
	m.step = decide.Onward(m.in, func(n record.Node) (observe.Facts, bool) {
		need := observe.NeedOf(n, false, r.cfg.Policy, m.in.Now)
		return facts.For(need, false), l.need.Covers(need, launched(m.in.Outcomes))
	})
	r.verdict(m.in.Node.ID, hints, m.step)
	return m
}

// launched is the instance that came of the node's launch a moment ago, or "": it is
// pending, whether EC2 shows it yet or not.
func launched(outcomes []decide.Outcome) string {
	for _, o := range outcomes {
		if o.Effect.Do == decide.Launch && o.Err == nil {
			return o.Instance.ID
		}
	}
	return ""
}

// answers are those that count whatever another writer saved meanwhile: an invocation
// that forgot one would stay on record as one that may still send the request.
func answers(outcomes []decide.Outcome) []decide.Outcome {
	return slices.DeleteFunc(slices.Clone(outcomes), func(o decide.Outcome) bool {
		return !slices.Contains([]decide.Verb{decide.Launch, decide.Stop, decide.Terminate, decide.Unprotect, decide.Unmount}, o.Effect.Do)
	})
}

// move is what node i's decision rests on.
func (r *run) move(ctx context.Context, i int, facts observe.Facts, brake decide.Brake, hints []record.Hint) *move {
	n := r.nodes[i]
	m := &move{at: i, hints: hints, in: decide.Input{
		Config: r.cfg, Node: n, Facts: facts, Outcomes: r.outcomes[n.ID], Now: r.clock.Now(), Brake: brake, Process: r.process(ctx),
		Hint: decide.Foremost(hints), Orders: decide.Orders(hints),
	}}
	delete(r.outcomes, n.ID)
	return m
}

// take saves the moves and carries out the effects of those that stand.
func (r *run) take(ctx context.Context, moves []*move) (busy, wait bool, err error) {
	saving := r.save(ctx, moves)
	if err := r.perform(ctx, moves); err != nil {
		return false, false, err
	}
	r.drop(moves)
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

// drop notes the hints that were judged; tidy removes them. All hints of a node say the
// same: look at it. One look serves them all; one hint may concern several nodes, and
// stays as long as one of them must keep it. One that stays is judged again, as a
// duplicate.
func (r *run) drop(moves []*move) {
	kept := map[string]bool{}
	for _, m := range moves {
		for _, h := range m.hints {
			kept[h.Key] = kept[h.Key] || !m.stands() || m.step.Keep || m.unheard(h)
		}
	}
	for _, m := range moves {
		for _, h := range m.hints {
			if !kept[h.Key] && !r.done[h.Version()] {
				r.judged, r.done[h.Version()] = append(r.judged, h), true
			}
		}
	}
}

// tidy does what no recovery need wait for: it removes the hints that were judged,
// and prolongs the lease a little before that is due. A hint that is left by a crash
// is judged once more.
func (r *run) tidy(ctx context.Context) error {
	judged := r.judged
	r.judged, r.done = nil, map[string]bool{}
	if err := r.dropAll(ctx, judged); err != nil {
		return err
	}
	return r.renewWithin(ctx, renewEarly+2*time.Second)
}

// dropAll removes hints from the table. Those that the table does not delete now are tried
// again by tidy, and are not judged again by this leader.
func (r *run) dropAll(ctx context.Context, hints []record.Hint) (failed error) {
	errs := make([]error, len(hints))
	r.gang.Each(ctx, len(hints), func(ctx context.Context, i int) { errs[i] = r.store.DropHint(ctx, hints[i]) })
	for i, err := range errs {
		switch {
		case err == nil:
		case cloud.Passing(err):
			r.judged, r.done[hints[i].Version()] = append(r.judged, hints[i]), true
		case failed == nil:
			failed = err
		}
	}
	return failed
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
		r.outcomes[id] = answers(m.in.Outcomes)
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
		if o.Effect.Do == decide.Repoint {
			r.observer.Memory.ForgetAlarm(o.Effect.Alarm)
		}
	}
	done := strings.Join(ids, "\n")
	again := done == r.last[id] // the same once more: the world has not followed yet
	if done != "" || len(m.step.Effects) == 0 {
		r.last[id] = done
	}
	return m.step.Save || done != "" && !again, m.step.Wait || len(m.step.Effects) > 0
}
