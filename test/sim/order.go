package sim

import (
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// What operators order through the switcher itself.

// order gives an order to a node's switcher.
func (w *World) order(node int, kind, detail string) {
	w.Log("an operator orders %s of node %d: %s", kind, node, detail)
	w.invokeAt(w.siteOf(max(node, 1)), fmt.Sprintf(`{"source":%q,"detail-type":%q,"detail":{%s"by":"operator","reason":"test"}}`, contract.Source, kind, detail), 0)
}

// plan orders a planned switch of a node.
func (w *World) plan(time.Time) bool {
	id := 1 + w.Rand.IntN(len(w.nodes))
	if w.nodes[id].deleted {
		return true
	}
	w.hit(HarmOrder, id)
	to := ""
	if w.Chance(0.3) {
		to = fmt.Sprintf(`"to":%q,`, zones[w.Rand.IntN(len(zones))])
	}
	w.nodes[id].ordered = w.Now
	w.order(id, contract.DetailSwitch, fmt.Sprintf(`"node":%d,%s`, id, to))
	return true
}

// pause takes a node out of the switcher's hands for a while.
func (w *World) pause(end time.Time) bool {
	id := 1 + w.Rand.IntN(len(w.nodes))
	w.hit(HarmOrder, id)
	until := minTime(end, w.Now.Add(w.Between(time.Minute, 8*time.Minute)))
	w.order(id, contract.DetailPause, fmt.Sprintf(`"node":%d,"until":%q,`, id, until.Format(time.RFC3339)))
	if w.Chance(0.3) {
		w.After(w.Between(0, until.Sub(w.Now)), func() { w.order(id, contract.DetailResume, fmt.Sprintf(`"node":%d,`, id)) })
	}
	return true
}

// obeyed: nothing begins by itself that an operator has forbidden (scenarios 21, 22).
// The clocks of invocations differ.
func (w *World) obeyed(old, n record.Node) {
	begins := n.Switch != nil && (n.Switch.Kind == record.KindRecover || n.Switch.Kind == record.KindPlanned) &&
		(old.Switch == nil || old.Switch.ID != n.Switch.ID) && (n.Phase == record.Draining || n.Phase == record.Confirmed)
	if begins && old.Phase == record.Done && old.Paused(w.Now.Add(2*w.Chaos.Skew+time.Second)) && n.Pause != nil {
		w.Fail("scenario 22: node %d is switched (%s), which is paused until %s", n.ID, n.Switch.Kind, old.Pause.Until.Format(time.TimeOnly))
	}
}
