package sim

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// armPersons lets people put their hands to the nodes' instances.
func (w *World) armPersons(end time.Time, moment func() time.Duration) {
	deeds := []func(time.Time) bool{w.meddle, w.retag, w.free, w.unregister, w.plan, w.pause, w.brake}
	for range w.Chaos.Persons {
		do := deeds[w.Rand.IntN(len(deeds))]
		w.After(moment(), func() { w.soon(end, do) })
	}
}

// soon does something as soon as there is something to do it to.
func (w *World) soon(end time.Time, do func(time.Time) bool) {
	if !do(end) && w.Now.Before(end) {
		w.After(w.Between(500*time.Millisecond, 5*time.Second), func() { w.soon(end, do) })
	}
}

// meddle stops or terminates a replacement that has no grant yet.
func (w *World) meddle(time.Time) bool {
	for id := 1; id <= len(w.nodes); id++ {
		n := w.nodes[id].record
		if n.Switch == nil || n.Switch.Instance == "" || n.Grant != nil {
			continue
		}
		m := w.byID[n.Switch.Instance]
		if m == nil || m.State != cloud.Running || m.lost || !w.Chance(0.3) {
			continue
		}
		w.Log("a person switches the replacement %s off", m.ID)
		w.hit(HarmMeddle, m.node)
		if w.Chance(0.5) {
			w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
		} else {
			w.powerDown(m, cloud.ShuttingDown, cloud.Terminated, DelayTerminate)
		}
		w.Check()
		return true
	}
	return false
}

// retag takes a node's instance out of the switcher's hands for a while: its id tag
// is gone or another's, or it is no recovery target. Its recovery is not due then.
func (w *World) retag(end time.Time) bool {
	m := w.carrier(1 + w.Rand.IntN(len(w.nodes)))
	if m == nil {
		return false
	}
	key := contract.DefaultIDTag
	values := []string{"", "two", "2", "1"}
	if w.Chance(0.5) {
		key, values = contract.DefaultTargetTag, []string{"", "false"}
	}
	was, value := w.plans[m.node].Tags[key], values[w.Rand.IntN(len(values))]
	w.Log("a person sets tag %s of %s to %q", key, m.ID, value)
	w.hit(HarmRetag, m.node)
	if value == "" {
		delete(m.Tags, key)
	} else {
		m.Tags[key] = value
	}
	until := minTime(end, w.Now.Add(w.Between(10*time.Second, 10*time.Minute)))
	w.After(until.Sub(w.Now), func() { w.putBack(m, key, was) })
	return true
}

// putBack sets a tag back: on the machine, and on what a deployment launched like it
// meanwhile.
func (w *World) putBack(m *Machine, key, was string) {
	t := w.nodes[m.node]
	if m.people || t.retained == m.ID || t.deleted {
		return // the node's no more
	}
	w.Log("a person sets tag %s of %s back to %q", key, m.ID, was)
	m.Tags[key] = was
	c := w.carrier(m.node)
	if t.record.Phase != record.Done || c == nil {
		w.After(5*time.Second, func() { w.putBack(m, key, was) })
		return
	}
	if c != m && key == contract.DefaultTargetTag {
		w.putBack(c, key, was)
	}
}

// free gives a condemned instance its groups back, as somebody does who wants to
// get at it.
func (w *World) free(time.Time) bool {
	for _, m := range w.machines {
		if m.node == 0 || m.State == cloud.Terminated || m.lost || !isolated(m) || !w.nodes[m.node].record.Condemns(m.ID) || !w.Chance(0.3) {
			continue
		}
		w.Log("a person gives %s its groups back", m.ID)
		w.hit(HarmFree, m.node)
		m.freed = true
		for i := range m.Interfaces {
			w.regroup(nil, m, i, w.plans[m.node].Interfaces[i].Groups)
		}
		w.Check()
		return true
	}
	return false
}

// unregister takes a node's target out of its group, for a while.
func (w *World) unregister(end time.Time) bool {
	id := 1 + w.Rand.IntN(len(w.nodes))
	p, m := w.poolOf(id), w.carrier(id)
	if m == nil || len(p.members) != 1 || p.members[0].ID != m.ID && p.members[0].ID != m.PrivateIP {
		return false
	}
	x := p.members[0]
	w.Log("a person deregisters %s of node %d", x.ID, id)
	w.hit(HarmUnregister, id)
	p.members = nil
	until := minTime(end, w.Now.Add(w.Between(10*time.Second, 5*time.Minute)))
	w.After(until.Sub(w.Now), func() {
		known := slices.ContainsFunc(p.members, func(y *member) bool { return y.ID == x.ID })
		if w.carrier(id) == m && m.State == cloud.Running && !known && !w.nodes[id].deleted {
			w.Log("a person registers %s of node %d again", x.ID, id)
			x.since = w.Now
			p.members = append(p.members, x)
		}
	})
	return true
}

func (w *World) poolOf(node int) *Pool {
	for _, p := range w.pools {
		if p.node == node {
			return p
		}
	}
	return nil
}
