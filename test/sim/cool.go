package sim

import (
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	events "github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// flap is a time in which a node's application alarm comes and goes each minute,
// whatever the application does.
type flap struct {
	node     int
	from, to time.Time
}

// drawPolicy draws what the user has set: mostly the defaults, with as many switches as
// there are faults.
func (w *World) drawPolicy() contract.Policy {
	p := contract.DefaultPolicy()
	p.MaxSwitches = 100 // many failures are injected on purpose
	if w.Chance(0.25) {
		p.MaxSwitches = 1 + w.Rand.IntN(3)
	}
	if w.Chance(0.4) {
		p.FenceSeconds = 60 + w.Rand.IntN(540)
	}
	if w.Chance(0.4) {
		p.CoolDownSeconds = 30 + w.Rand.IntN(570)
	}
	if w.Chance(0.2) {
		p.ConfirmSeconds = w.Rand.IntN(60)
	}
	return p
}

func (w *World) armFlaps(end time.Time, moment func() time.Duration) {
	for range w.Chaos.Flaps {
		from := w.Now.Add(moment())
		w.Chaos.flaps = append(w.Chaos.flaps, flap{1 + w.Rand.IntN(len(w.nodes)), from, minTime(end, from.Add(w.Between(4*time.Minute, 20*time.Minute)))})
	}
}

// flapping reports whether an application alarm is in the bad half of its flapping.
func (w *World) flapping(node int) bool {
	for _, f := range w.Chaos.flaps {
		if f.node == node && !w.Now.Before(f.from) && w.Now.Before(f.to) {
			return int(w.Now.Sub(f.from)/time.Minute)%2 == 0
		}
	}
	return false
}

// cooled checks a switch that begins against the cool-down (scenario 31): after a
// switch, what only an application alarm reports waits; and so many within a window
// and no more.
func (w *World) cooled(old, n record.Node) {
	t := w.nodes[n.ID]
	if h := n.Hold; h != nil && h.Code == string(message.HeldCoolDown) {
		t.cooling = w.Now
	}
	if g := n.Grant; g != nil && !g.ServedAt.IsZero() && (old.Grant == nil || old.Grant.ServedAt.IsZero()) {
		t.served = w.Now
	}
	if n.Switch == nil || n.Switch.Kind != record.KindRecover || old.Grant == nil || n.Grant != nil {
		return
	}
	if old.Switch != nil && old.Switch.ID == n.Switch.ID {
		return // an attempt is given up: no new switch
	}
	p := w.config().Policy
	margin := 2*w.Chaos.Skew + 5*time.Second // clocks of invocations, and the time a save takes
	c := n.Switch.Cause
	if pause := time.Duration(p.CoolDownSeconds)*time.Second - margin; len(t.began) > 0 && c.Kind == events.CauseAlarm && !c.Independent && w.Now.Sub(t.served) < pause {
		w.Fail("scenario 31: node %d is switched again by its application alarm %s after it began to serve", n.ID, w.Now.Sub(t.served))
	}
	recent := 0
	for _, at := range t.began {
		if w.Now.Sub(at) < time.Duration(p.WindowSeconds)*time.Second-margin {
			recent++
		}
	}
	if recent >= p.MaxSwitches {
		w.Fail("scenario 31: %d switches of node %d have begun within %d s already, when another one begins", recent, n.ID, p.WindowSeconds)
	}
	t.began = append(t.began, w.Now)
}

// waits reports whether the cool-down holds a node now.
func (w *World) waits(id int) bool {
	h := w.nodes[id].record.Hold
	return h != nil && h.Code == string(message.HeldCoolDown)
}

// Settling reports whether a node is on its way from a hold that ended a moment ago.
func (w *World) Settling() bool {
	for id := 1; id <= len(w.nodes); id++ {
		t := w.nodes[id]
		if m := w.carrier(id); m != nil && w.takesTraffic(m) || t.deleted || t.cooling.IsZero() || w.waits(id) {
			continue
		}
		if w.Now.Sub(t.cooling) < settle {
			return true
		}
	}
	return false
}

// broken reports whether an alarm has a reason to go off now; known is false where
// there is no metric.
func (w *World) broken(a *Alarm) (bad, known bool) {
	if a.app {
		if w.flapping(a.node) {
			return true, true
		}
		for _, m := range w.machines {
			if m.node == a.node && m.up && m.powered && !m.hung && !m.lost && !isolated(m) {
				return false, true
			}
		}
		return true, true
	}
	m := w.byID[a.Instances[0]]
	return m.lost || !m.powered, m.State == cloud.Running
}
