package sim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// begin mounts the node's data and starts the application, if nothing is in the
// way: a gate that is not open, the blackhole group, a zone without a mount
// target. Whatever opens the way later pokes the machine.
func (w *World) begin(m *Machine) {
	if !m.booted || !m.powered || m.mounted || m.up || !open(m) {
		return
	}
	if !w.dataless(m.node) {
		t := w.way(m)
		if t == nil {
			return
		}
		m.mounted, m.by = true, t
	}
	m.up, m.upSince = !m.sick && !m.ends, w.Now
	if m.ends {
		w.later(m, time.Second, func() { w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff) })
	}
	w.Log("machine %s of node %d is up=%v", m.ID, m.node, m.up)
	if t := w.nodes[m.node]; t != nil && m.gated && !t.holders[m.ID] {
		w.Fail("I2: %s of node %d mounts and starts and was never granted", m.ID, m.node)
	}
}

// poke lets a machine that waits look again, within the second in which it polls.
func (w *World) poke(m *Machine) {
	if m.booted && m.powered && !m.mounted && !m.up {
		w.later(m, w.Between(100*time.Millisecond, time.Second), func() { w.begin(m) })
	}
}

func (w *World) mountWaiting(fs string) {
	for _, m := range w.machines {
		if m.node > 0 && fileSystem(m.node) == fs {
			w.poke(m)
		}
	}
}

// open reports whether a machine that has booted may go on: it runs no gate, or
// the gate tag, as the machine sees it, names it and an epoch not before its own.
func open(m *Machine) bool {
	if !m.gated {
		return true
	}
	tags := m.Tags
	if m.lost {
		tags = m.stale // instance metadata is served by a host that hears of nothing
	}
	epoch, ok := strings.CutPrefix(tags[contract.GateTag], m.ID+":")
	granted, err := strconv.Atoi(epoch)
	return ok && err == nil && granted >= epochOf(m)
}

// epochOf is the epoch that a machine was launched in.
func epochOf(m *Machine) int {
	n, _ := strconv.Atoi(m.Tags[contract.EpochTag]) // 0 if there is none: foreign
	return n
}

// dataless: a node that may go on without proof has no data to mount.
func (w *World) dataless(node int) bool {
	t := w.nodes[node]
	return t != nil && t.wish.Escalation == contract.EscalateGoOn
}

// lose takes a machine's host away: dead, or only cut off and running on.
func (w *World) lose(m *Machine, dead bool) {
	m.lost, m.stale, m.flows = true, maps.Clone(m.Tags), time.Time{}
	m.gen++
	if dead {
		w.off(m)
	}
}

// harmless reports whether a machine may have power while another one is granted:
// it waits at its closed gate; or its mounts are broken and its zone has no mount
// target, which only a node that allows the storage fence does without power's
// proof; or the node has no data and allows to go on, once the fence is overdue.
func (w *World) harmless(m *Machine) bool {
	t := w.nodes[m.node]
	switch {
	case m.gated && !m.mounted && !m.up && !open(m):
		return true
	case m.ghost && (t.wish.AcceptForcedStop || w.dataless(m.node)):
		return true
	case m.ghost:
		return !m.mounted // its mounts are broken, and it makes none while its host is lost
	case t.wish.Escalation == contract.EscalateStorage:
		return !m.mounted && w.target(fileSystem(m.node), m.Zone) == nil && (w.overdue(m) || forced(t.record, m))
	case t.wish.Escalation == contract.EscalateGoOn:
		return w.overdue(m)
	}
	return false
}

// forced reports whether the machine was stopped by force: it is cut off at once then.
func forced(n record.Node, m *Machine) bool {
	return slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return c.Instance == m.ID && c.Asked == cloud.ForceOff })
}

// overdue: the power fence was given its time since the machine was condemned.
func (w *World) overdue(m *Machine) bool {
	at, condemned := w.nodes[m.node].condemned[m.ID]
	return condemned && w.Now.Sub(at)+2*w.Chaos.Skew+time.Second >= time.Duration(w.config().Policy.FenceSeconds)*time.Second
}
