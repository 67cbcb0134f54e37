package decide

import (
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// onward are the changes of phase after which the next decision needs no new look:
// it is made at once, on the same facts, and saved with the one before. Each comes
// before the first grant of the switch. So a look costs a switch no more time than
// it must: the failure is seen, the epoch raised, the blueprint recorded, the
// instance isolated and the replacement asked for with one look and one save.
//
// It is what would happen if the process had died after the save and another one had
// made the very same look: nothing that an effect of this step brings about counts
// before it was seen or answered. A grant rests on a look of its own.
var onward = map[record.Phase][]record.Phase{
	record.Done:      {record.Confirmed},
	record.Suspected: {record.Confirmed},
	record.Confirmed: {record.Launching},
	record.Fencing:   {record.Launching},
	record.Launching: {record.Gated},
}

// Onward makes the node's next step, and goes on with the next phase's as long as
// that needs no new look. look returns the facts as the node may use them, and
// whether they hold all that it needs.
func Onward(in Input, look func(record.Node) (observe.Facts, bool)) Step {
	out := Decide(in)
	in.Hint, in.Orders = nil, nil // judged
	in.Outcomes = slices.DeleteFunc(slices.Clone(in.Outcomes), func(o Outcome) bool {
		return o.Err != nil || o.Effect.Do == Deliver || o.Effect.Do == Launch || o.Effect.Do == Stop || o.Effect.Do == Terminate || o.Effect.Do == Unprotect // judged
	})
	for {
		from, n := in.Node.Phase, out.Node
		if n.Hold != nil || out.Keep || !slices.Contains(onward[from], n.Phase) {
			return out
		}
		facts, whole := look(n)
		if !whole {
			return out
		}
		in.Node, in.Facts = n, facts
		next := Decide(in)
		if next.Node.Grant != nil && (n.Grant == nil || next.Node.Grant.Instance != n.Grant.Instance) {
			return out // after a look of its own
		}
		out = out.and(next)
	}
}

// and is both steps as one.
func (a Step) and(b Step) Step {
	known := map[string]bool{}
	for _, e := range a.Effects {
		known[e.ID()] = true
	}
	for _, e := range b.Effects {
		if !known[e.ID()] {
			a.Effects = append(a.Effects, e)
		} else if b.Node.Switch != nil && e.Do.mutates() {
			b.Node.Switch.Effects-- // counted once
		}
	}
	a.Node, a.Save = b.Node, a.Save || b.Save
	a.Say = append(a.Say, b.Say...)
	if b.Verdict != "" {
		a.Verdict = b.Verdict
	}
	// Whether to look again at once is the last decision's to say; that of the first
	// was made before it was known what comes next.
	a.Wait = b.Wait
	return a
}
