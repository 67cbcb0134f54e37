package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	events "github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// What is looked at here does harm only when more goes wrong, so that the harm itself
// would show in one of many thousand seeds.

// quarantined: when the power fence of a node without a gate begins, and when another
// instance is granted, every interface of every condemned one is in quarantine, not
// only the first.
func (w *World) quarantined(old, n record.Node) {
	granted := n.Grant != nil && (old.Grant == nil || old.Grant.Instance != n.Grant.Instance)
	if !granted && (old.Phase != record.Confirmed || n.Phase != record.Fencing) {
		return
	}
	for _, c := range n.Condemned {
		m := w.byID[c.Instance]
		if !granted && m != nil && graceful(n, m) {
			continue // its application is to write what it has
		}
		if m == nil || m.freed || m.State == cloud.Terminated || m.State == cloud.ShuttingDown || w.Now.Before(m.hidden) {
			continue
		}
		for _, i := range m.Interfaces {
			if len(i.Groups) != 1 || !isBlackhole(i.Groups[0]) {
				w.Fail("quarantine: interface %s of %s carries %v in phase %s of node %d", i.ID, m.ID, i.Groups, n.Phase, n.ID)
			}
		}
	}
}

// enlisted: what is registered has been granted its node at some time (I7). A late
// registration is of one that was.
func (w *World) enlisted(p *Pool, targets []cloud.Target) {
	if w.lab != nil || w.unwatched || w.nodes[p.node] == nil {
		return
	}
	for _, x := range targets {
		for _, m := range w.of(p.node) {
			if (m.ID == x.ID || m.PrivateIP == x.ID) && m.State != cloud.Terminated && !w.nodes[p.node].holders[m.ID] {
				w.Fail("I7: %s is registered for node %d and was never granted", m.ID, p.node)
			}
		}
	}
}

// sending says what the next call asks for: what the same process asked for a moment
// ago without an answer is asked again only after a new look. A mutating call that is
// just repeated (an SDK's retryer) can arrive long after what it rested on.
func (c *client) sending(what ...any) *client {
	c.p.current.asks = fmt.Sprint(what...)
	return c
}

// blindly notes how calls end, and tells a repetition.
func (c *client) blindly(action, asks string, begins bool, err error) {
	p := c.p
	switch {
	case reads(action):
		if !begins && err == nil {
			p.open = nil
		}
	case asks == "", c.lab != nil && c.lab.Function != nil: // another controller's habits
	case begins && slices.Contains(p.open, action+asks):
		c.Fail("late calls: %s sends %s%s again without having looked", p.Name, action, asks)
	case !begins && cloud.Passing(err):
		p.open = append(p.open, action+asks)
	}
}

// unheeded: when an invocation has ended well and no other is on its way, no hint
// lies in the table that nobody will look at before the next sweep (scenario 11a). One
// whose answer could not be delivered waits for a sweep: no invocation waits for it.
func (w *World) unheeded(i *invocation) {
	if w.lab != nil || w.running > 0 || w.awaited > 0 || w.unwatched {
		return
	}
	var lease record.Lease
	item := w.items[contract.VPCPartition(i.site.vpc)+"|"+contract.LeaseKey]
	if err := json.Unmarshal(item.Body, &lease); err == nil && !lease.Until.IsZero() {
		return // held by one that died, or could not release it
	}
	for _, item := range w.under(contract.VPCPartition(i.site.vpc) + "|" + contract.HintPrefix) {
		var h record.Hint
		if json.Unmarshal(item.Body, &h) == nil && h.Delivery.Failed > 0 {
			continue
		}
		if left := w.hinted[item.Partition+"|"+item.Sort]; !left.Before(w.disturbed) && !left.IsZero() {
			w.Fail("scenario 11a: hint %s lies in the table since %s, and nobody looks for it", item.Sort, left.Format(time.TimeOnly))
		}
	}
}

// slowRead is what a read that takes long adds to the age of what a grant rests on.
const slowRead = 7 * time.Second

// unforeseen reports whether a machine was started so shortly before its node is
// granted elsewhere that nobody could have known: also by a process that slept between
// its last check and its save. In quarantine, such a one reaches nothing.
func (w *World) unforeseen(m *Machine) bool {
	if w.Now.Sub(w.thawed) < time.Second && isolated(m) && !m.mounted {
		return true
	}
	return w.Now.Sub(m.started) < sight || m.started.After(m.shown) && w.Now.Sub(w.workable(m.started)) < sight+slowRead
}

// silent is a time in which all agents are silent, whatever the applications do: the
// monitoring broke.
type silent struct{ from, to time.Time }

func (w *World) armSilence(end time.Time, moment func() time.Duration) {
	if w.Chance(0.3) {
		from := w.Now.Add(moment())
		w.Chaos.silent = silent{from, minTime(end, from.Add(w.Between(time.Minute, 8*time.Minute)))}
	}
}

func (w *World) silence() bool {
	return !w.Now.Before(w.Chaos.silent.from) && w.Now.Before(w.Chaos.silent.to)
}

// braked: while all agents are silent, and have been for long enough that everybody
// could see it, no node is switched because of that, where there are enough nodes to
// tell (scenario 29).
func (w *World) braked(old, n record.Node) {
	begins := old.Grant != nil && n.Grant == nil && n.Switch != nil && n.Switch.Kind == record.KindRecover
	if !begins || n.Switch.Cause.Kind != events.CauseAlarm || n.Switch.Cause.Independent || !w.silence() {
		return
	}
	if n.Acked.Equal(n.Switch.Started) && (n.Request == nil || w.Now.Sub(w.nodes[n.ID].ordered) < 15*time.Minute) {
		return // a person ordered it
	}
	m := w.byID[n.Switch.From]
	if m == nil || !m.up || m.hung || m.lost || w.Now.Sub(w.thawed) < time.Minute {
		return
	}
	nodes, alarmed := 0, 0
	for id, t := range w.nodes {
		r := t.record
		if r.ID == n.ID {
			r = old
		}
		if w.siteOf(id) != w.siteOf(n.ID) || r.Paused(w.Now.Add(-2*w.Chaos.Skew)) || r.Phase == record.Deleting || r.Phase == record.Deleted || r.Switch != nil && r.Switch.Kind != record.KindRecover {
			continue
		}
		if w.shows(r) {
			return // there is a cause that EC2 shows, too
		}
		nodes++
		if w.agentSilent(id) && r.Phase == record.Done && r.Grant != nil && w.eligible(id, r.Grant.Instance) {
			alarmed++
		}
	}
	if nodes >= decide.BrakeFrom && alarmed*100 > nodes*w.config().Policy.BrakePercent {
		w.Fail("scenario 29: node %d is switched because its agent is silent, as those of %d of %d nodes are", n.ID, alarmed, nodes)
	}
}

// shows reports whether EC2 itself shows a fault of the node, or did a short while ago.
func (w *World) shows(n record.Node) bool {
	if n.Last != nil && n.Last.Cause.Independent && w.Now.Sub(n.Last.At) < 11*time.Minute {
		return true
	}
	if n.Grant == nil {
		return false
	}
	if slices.ContainsFunc(w.alarms, func(a *Alarm) bool {
		return a.Name == w.alarmOf(n.ID, contract.AlarmInstance) && (a.State == "ALARM" || w.Now.Sub(a.Since) < sight)
	}) {
		return true // its status checks, which say so for a while when the fault is over
	}
	m := w.byID[n.Grant.Instance]
	return m == nil || m.lost || !m.powered || m.State != cloud.Running
}

// raised: an epoch in which a replacement was given up, or an instance lost its grant,
// is not used again.
func (w *World) raised(old, n record.Node) {
	lost := old.Grant != nil && (n.Grant == nil || n.Grant.Instance != old.Grant.Instance)
	given := old.Switch != nil && n.Switch != nil && old.Switch.ID == n.Switch.ID && old.Switch.Instance != "" && n.Switch.Instance != old.Switch.Instance
	if (lost || given) && n.Epoch <= old.Epoch {
		w.Fail("I2: node %d goes on in epoch %d without the instance of that epoch", n.ID, n.Epoch)
	}
}

// agentSilent: the node's application alarm is in ALARM, has been OK before and is
// believed by now.
func (w *World) agentSilent(id int) bool {
	r := w.nodes[id].record
	name := w.alarmOf(id, contract.AlarmApplication)
	grace := time.Duration(w.config().Policy.GraceSeconds)*time.Second + 2*w.Chaos.Skew + time.Minute
	return slices.Contains(r.Armed, name) && r.Grant != nil && !r.Grant.ServedAt.IsZero() && w.Now.Sub(r.Grant.ServedAt) > grace &&
		slices.ContainsFunc(w.alarms, func(a *Alarm) bool {
			return a.Name == name && a.State == "ALARM" && w.Now.Sub(a.Since) > 30*time.Second
		})
}

// eligible: nobody has taken the node's instance out of the switcher's hands.
func (w *World) eligible(id int, instance string) bool {
	m := w.byID[instance]
	return m != nil && m.Tags[contract.DefaultIDTag] == fmt.Sprint(id) && strings.EqualFold(m.Tags[contract.DefaultTargetTag], "true")
}
