package sim

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// longestStop is when EC2 powers off an operating system that does not shut down
// (assumption: "after a few minutes", "Troubleshoot Amazon EC2 instance stop issues").
const longestStop = 10 * time.Minute

// lastMoment is how long before AWS's own deed nothing more is waited for.
const lastMoment = 65 * time.Second

// shutDown lets the operating system shut down: the application ends at once and
// writes what it has, and then the power goes off. Some hang until they are forced.
func (w *World) shutDown(m *Machine) {
	if m.State != cloud.Running {
		w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayStop)
		return
	}
	w.inTime(m)
	m.gen++
	m.asked = w.Now
	w.state(m, cloud.Stopping)
	if m.lost {
		return // heal completes it
	}
	m.closing, m.up = m.powered, false
	takes := w.latency(DelayShutDown, m.node, m.course())
	if w.Chance(w.Chaos.Hang) || w.script.hangs(m) {
		w.hit(HarmHungStop, m.node)
		takes = longestStop
	}
	w.later(m, takes, func() {
		w.Log("%s of node %d has shut down", m.ID, m.node)
		m.flushed = true
		w.off(m)
		w.state(m, cloud.Stopped)
	})
}

// powerOff powers a machine off without its operating system's shutdown. Only a forced
// request reaches a machine whose host is lost.
func (w *World) powerOff(m *Machine, how cloud.PowerOff) {
	if how == cloud.ForceOff && w.ghost(m, cloud.Stopped) {
		return
	}
	if m.closing && m.State == cloud.Stopping && !m.lost {
		m.gen++
		m.closing = false
		w.later(m, w.latency(DelayStop, m.node, m.course()), func() {
			w.off(m)
			w.state(m, cloud.Stopped)
		})
		return
	}
	w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayStop)
}

// ghost lets EC2 confirm a forced stop of a machine whose host is lost, as it often does.
// The machine may nevertheless have power until its host is back, and then writes once more:
// "post-stop writes" ("Methods for stopping an instance", Amazon EC2 User Guide).
func (w *World) ghost(m *Machine, to string) bool {
	going := m.State == cloud.Running || m.State == cloud.Stopping || m.State == cloud.ShuttingDown
	if !m.lost || !going || !w.Chance(w.Chaos.Ghost) && !w.script.ghost(m) {
		return false
	}
	w.hit(HarmGhost, m.node)
	m.gen++
	m.ghost = m.powered
	w.later(m, w.latency(DelayStop, m.node, m.course()), func() { w.state(m, to) })
	return true
}

// writesAgain is the last act of a machine that was stopped by force and still had power:
// no other instance may have the node's data by then, unless the node accepts that.
func (w *World) writesAgain(m *Machine) {
	if !m.ghost {
		return
	}
	m.ghost = false
	t := w.nodes[m.node]
	if g := t.record.Grant; m.mounted && g != nil && g.Instance != m.ID && !t.wish.AcceptForcedStop && !w.dataless(m.node) && !w.unwatched && w.lab == nil {
		w.Fail("I4: %s of node %d was stopped by force and writes once more, while %s holds the grant", m.ID, m.node, g.Instance)
	}
	w.off(m)
}

// stuck is asked before a machine is stopped by force: it was asked without force before,
// and had a minute for that, or it is pending. After a fault in the switcher's way a request
// may come late, or rest on a look that is not true any more.
func (w *World) stuck(m *Machine) {
	if w.unwatched || w.lab != nil || m.State == cloud.Pending || m.State == cloud.Stopped || isolated(m) && !m.mounted || w.Now.Sub(w.disturbed) < 2*time.Minute {
		return
	}
	if since := w.Now.Sub(m.past[len(m.past)-1].at) + 2*w.Chaos.Skew; m.State != cloud.Stopping || since < 50*time.Second {
		w.Fail("R22: %s of node %d is stopped by force and is not stuck: %s for %s", m.ID, m.node, m.State, since)
	}
}

// graceful reports whether the machine is being moved while it is well: its
// application is to lose nothing. One that got its node back and was not healthy is
// powered off like any that failed, also when a person starts it later.
func graceful(n record.Node, m *Machine) bool {
	sw := n.Switch
	planned := sw != nil && (sw.Kind == record.KindPlanned || sw.Kind == record.KindUpdate) && sw.From == m.ID && n.Phase != record.Done
	return planned && !slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return c.Instance == m.ID && c.Unwell })
}

// flushes is asked before a machine is cut off from its network: an application that
// is stopped gracefully must be able to write until it has ended.
func (w *World) flushes(m *Machine) {
	t := w.nodes[m.node]
	if t == nil || w.unwatched || w.lab != nil || m.lost || !m.powered || t.record.Settings.Stop == 0 {
		return
	}
	if w.Now.Sub(t.spared[m.ID]) < lateCall || w.Now.Sub(w.thawed) < time.Second {
		return // a late call, of an earlier switch or of one who slept before it; nothing could keep it from coming
	}
	limit := w.patience(t)
	if since := t.since[m.ID]; !since.IsZero() && (w.Now.Sub(since) >= limit || m.started.After(since)) {
		return // it had its time, or ended and was started again by a person
	}
	if m.closing || graceful(t.record, m) && (m.up || m.mounted) && !m.hung && m.State == cloud.Running {
		w.Fail("data: %s of node %d is isolated while its application has not ended (%s)", m.ID, m.node, m.State)
	}
}

// patience is how long a node's instance has to shut down: it counts from when that was
// decided, by that invocation's clock, and saving and asking take their time.
func (w *World) patience(t *Truth) time.Duration {
	return time.Duration(t.record.Settings.Stop)*time.Second - 2*w.Chaos.Skew - 10*time.Second
}

// patient is asked before a machine is powered off by force: one that is well is
// first asked to shut down, and given its time.
func (w *World) patient(m *Machine) {
	t := w.nodes[m.node]
	if t == nil || w.unwatched || w.lab != nil || m.lost || !m.powered || !graceful(t.record, m) || t.record.Settings.Stop == 0 || isolated(m) {
		return // one that was off before began in quarantine, and has nothing to write
	}
	limit := w.patience(t)
	switch {
	case m.State == cloud.Running && !m.hung && m.up && m.asked.IsZero() && w.Now.Sub(t.since[m.ID]) < limit:
		w.Fail("data: %s of node %d is powered off without a shutdown and was never asked to shut down", m.ID, m.node)
	case m.closing && w.Now.Sub(t.since[m.ID]) < limit:
		w.Fail("data: %s of node %d is powered off without a shutdown after %s, and has %d s to shut down", m.ID, m.node, w.Now.Sub(t.since[m.ID]), t.record.Settings.Stop)
	}
}

// asksToStop notes since when, by the record, a machine is asked to power off: since it
// was saved, or since it was decided, if whoever decided it slept before the save.
func (w *World) asksToStop(t *Truth, n record.Node) {
	for _, c := range n.Condemned {
		if !t.since[c.Instance].IsZero() || c.FirstAsked.IsZero() {
			continue
		}
		t.since[c.Instance] = w.Now
		if w.Now.Sub(c.FirstAsked) > sight {
			t.since[c.Instance] = c.FirstAsked
		}
	}
}

// inTime is asked when a machine that is well is asked to stop: the load balancer
// sends it nothing any more, and what was under way had its time to finish.
func (w *World) inTime(m *Machine) {
	t := w.nodes[m.node]
	if t == nil || w.lab != nil || !graceful(t.record, m) || t.drain < 5 || m.hung || !m.up || m.lost || isolated(m) {
		return
	}
	sw := t.record.Switch
	if w.disturbed.After(sw.Started.Add(-w.Chaos.Skew)) || !sw.Deadline.IsZero() && w.Now.After(sw.Deadline.Add(-lastMoment-w.Chaos.Skew)) {
		return // the load balancer could not be asked, or AWS does not wait
	}
	limit := time.Duration(t.drain)*time.Second - 2*w.Chaos.Skew - 2*time.Second
	for _, p := range w.poolsOf(m.node) {
		for _, x := range p.members {
			if x.ID != m.ID && x.ID != m.PrivateIP || x.since.After(t.drained.Add(-sight)) {
				continue // another's, or put back by a late call since it was seen to be out
			}
			if x.drained.IsZero() || w.Now.Before(x.drained) && w.Now.Sub(x.left) < limit {
				w.Fail("requests: %s of node %d is stopped while requests to it are under way (registered since %s, left %s, Drain %d s)",
					m.ID, m.node, x.since.Format(time.TimeOnly), x.left.Format(time.TimeOnly), t.drain)
			}
		}
	}
}

// leave takes a target out of a group. One that serves finishes what is under way
// first ("Deregistration delay": 30 s in the groups that ClusterNode makes, 300 s by
// default; an Application Load Balancer ends it early when nothing is under way).
func (w *World) leave(p *Pool, x *member) {
	m := w.machineOf(p, x.ID)
	serves := m != nil && m.up && m.powered && !m.lost && !m.hung && m.State == cloud.Running && !isolated(m)
	if !serves || w.unwatched || w.lab != nil {
		p.members = slices.DeleteFunc(p.members, func(y *member) bool { return y == x })
		return
	}
	if !x.drained.IsZero() {
		return
	}
	takes := w.draw(DelayDrain)
	x.left, x.drained = w.Now, w.Now.Add(takes)
	w.After(takes, func() {
		if !x.drained.IsZero() && !w.Now.Before(x.drained) {
			p.members = slices.DeleteFunc(p.members, func(y *member) bool { return y == x })
		}
	})
}

// busy reports whether requests to a machine that left its groups are under way.
func (w *World) busy(m *Machine) bool {
	if !m.up || !m.powered || m.lost || isolated(m) {
		return false
	}
	return slices.ContainsFunc(w.poolsOf(m.node), func(p *Pool) bool {
		return slices.ContainsFunc(p.members, func(x *member) bool {
			return !x.drained.IsZero() && (x.ID == m.ID || x.ID == m.PrivateIP)
		})
	})
}
