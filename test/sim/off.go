package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// lever is the operators' brake of a VPC as it was ordered last, whatever came of that.
type lever struct {
	on   bool
	offs []string  // keys, as records keep them, of all orders to take it off
	last int       // from here on they were given since it was last put on
	seen time.Time // since when a record says that it is on; zero: none does
}

// pull orders the brake of a VPC on or off, as recoveryctl does.
func (w *World) pull(s *site, on bool) {
	id := w.next("brake")
	if s.lever.on = on; on {
		s.lever.last = len(s.lever.offs)
	} else {
		s.lever.offs = append(s.lever.offs, id+"-0")
	}
	w.Log("an operator orders the brake of %s: %v", s.vpc, on)
	w.invokeAt(s, fmt.Sprintf(`{"id":%q,"source":%q,"detail-type":%q,"time":%q,"detail":{"on":%v,"by":"operator","reason":"test"}}`,
		id, contract.Source, contract.DetailBrake, w.Now.UTC().Format(time.RFC3339Nano), on), 0)
}

// brake switches the recoveries of a VPC off for a while.
func (w *World) brake(end time.Time) bool {
	s := w.sites[w.Rand.IntN(len(w.sites))]
	w.hit(HarmBrake, w.nodesAt(s)...)
	w.pull(s, true)
	until := minTime(end, w.Now.Add(w.Between(time.Second, 8*time.Minute)))
	w.After(until.Sub(w.Now), func() { w.release(s) })
	return true
}

// release orders the brake off, and again as long as a record does not say that it
// was heard: recoveryctl tells its caller that the order was not taken up in time, and
// what Lambda could not deliver is lost.
func (w *World) release(s *site) {
	w.pull(s, false)
	given := len(s.lever.offs)
	w.After(w.Between(30*time.Second, 90*time.Second), func() {
		deaf := slices.ContainsFunc(w.nodesAt(s), func(id int) bool {
			n := w.nodes[id].record
			return n.ID > 0 && n.Phase != record.Deleted && !s.lever.heard(n)
		})
		if deaf && !s.lever.on && len(s.lever.offs) == given {
			w.release(s)
		}
	})
}

// heard reports whether a node heard that the brake was taken off, and stays so.
func (l lever) heard(n record.Node) bool { return obeys(n, l.offs[l.last:]) }

func obeys(n record.Node, keys []string) bool {
	return slices.ContainsFunc(n.Obeyed, func(key string) bool { return slices.Contains(keys, key) })
}

// nodesAt are the nodes of a VPC.
func (w *World) nodesAt(s *site) (ids []int) {
	for id := 1; id <= len(w.nodes); id++ {
		if w.siteOf(id) == s {
			ids = append(ids, id)
		}
	}
	return ids
}

// switchedOff: while the operators' brake is on and seen, no recovery begins; and when
// a node heard that it is off, it is not on again before somebody orders that.
func (w *World) switchedOff(old, n record.Node) {
	s := w.siteOf(n.ID)
	if old.Off == nil && n.Off != nil && s.lever.heard(old) {
		w.Fail("operators' brake: node %d is braked again by an order of %s, and heard of a later one to take the brake off (%s)", n.ID, n.Off.Since.Format(time.TimeOnly), old.OffOver.Format(time.TimeOnly))
	}
	on := slices.ContainsFunc(w.nodesAt(s), func(id int) bool {
		x := w.nodes[id].record
		return x.Off != nil && x.Phase != record.Deleted
	})
	switch {
	case !on:
		s.lever.seen = time.Time{}
	case s.lever.seen.IsZero():
		s.lever.seen = w.Now
	}
	begins := n.Switch != nil && n.Switch.Kind == record.KindRecover && old.Grant != nil && n.Grant == nil && (old.Switch == nil || old.Switch.ID != n.Switch.ID)
	if !begins || n.Acked.Equal(n.Switch.Started) && n.Request == nil { // a person ordered it
		return
	}
	if old.Off != nil && n.Off != nil {
		w.Fail("operators' brake: node %d is recovered, whose record says since %s that the brake is on", n.ID, old.Off.Since.Format(time.TimeOnly))
	}
	// Where every lease attempt succeeds, others read what was; so does one that slept.
	hears := slices.ContainsFunc(s.lever.offs, func(key string) bool { return obeys(n, []string{key}) && !obeys(old, []string{key}) })
	later := slices.ContainsFunc(w.nodesAt(s), func(id int) bool { // than the last order to take it off that the node heard of
		x := w.nodes[id].record
		return x.Off != nil && x.Phase != record.Deleted && x.Off.Since.After(n.OffOver)
	})
	if later && n.Off == nil && !hears && !s.lever.heard(n) && !w.Chaos.EveryLease && w.Now.Sub(s.lever.seen) > time.Minute && w.Now.Sub(w.thawed) > time.Minute {
		w.Fail("operators' brake: node %d is recovered, and records of its VPC say since %s that the brake is on", n.ID, s.lever.seen.Format(time.TimeOnly))
	}
}
