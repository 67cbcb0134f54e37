package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	events "github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

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
	p.DeploySeconds = 300 + w.Rand.IntN(1200)
	p.NoticeLeadSeconds = 60 + w.Rand.IntN(900)
	if w.Chance(0.2) {
		p.ConfirmSeconds = w.Rand.IntN(60)
	}
	// Most of a run's calls are looks that see nothing new: fewer of them leave time
	// for more seeds. One seed in four looks as often as the default.
	p.PollSeconds = []int{1, 4, 5, 7}[w.Rand.IntN(4)]
	return p
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
		t.served = g.ServedAt // the save of it may come much later
	}
	if sw := old.Switch; sw != nil && sw.Kind == record.KindRecover && old.Grant == nil && n.Grant != nil && n.Grant.Instance == sw.From && !sw.Restart {
		// Cancelled: it was never moved. What EC2 itself showed does not count.
		if t.served = n.Grant.ServedAt; sw.Cause.Independent && len(t.began) > 0 {
			t.began = t.began[:len(t.began)-1]
		}
		return
	}
	if g := n.Grant; g != nil && old.Grant == nil && old.Switch != nil && old.Switch.From == g.Instance && old.Switch.Cause.Independent && len(t.began) > 0 {
		t.began = t.began[:len(t.began)-1] // cancelled: EC2 itself showed a fault and its end, and nothing was moved
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
	counts := slices.ContainsFunc(t.began, func(at time.Time) bool { return at.After(n.Acked) })
	if pause := time.Duration(p.CoolDownSeconds)*time.Second - margin; counts && !n.Acked.After(t.served) && c.Kind == events.CauseAlarm && !c.Independent && w.Now.Sub(t.served) < pause {
		w.Fail("scenario 31: node %d is switched again by its application alarm %s after it began to serve", n.ID, w.Now.Sub(t.served))
	}
	recent := 0
	for _, at := range t.began {
		if w.Now.Sub(at) < time.Duration(p.WindowSeconds)*time.Second-margin && at.After(n.Acked) {
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

// Settling reports whether a node is on its way from a hold that ended a moment ago, or
// in a switch that began then.
func (w *World) Settling() bool {
	for id := 1; id <= len(w.nodes); id++ {
		t := w.nodes[id]
		if s := t.stack; s != nil && (s.busy() || s.status == stuckBack || s.status == stuckRemoval) {
			return true
		}
		if n := t.record; n.Switch != nil && n.Hold == nil && !t.deleted && w.Now.Sub(n.Switch.Started) < settle {
			return true
		}
		if m := w.carrier(id); m != nil && w.takesTraffic(m) || t.deleted || t.cooling.IsZero() || w.waits(id) {
			continue
		}
		if w.Now.Sub(t.cooling) < settle {
			return true
		}
	}
	return false
}

// told: people are told of the same thing now and then, not again and again. The
// same notice may arrive more than once.
func (w *World) told(n cloud.Notice) {
	const most, span = 8, 10 * time.Minute
	if w.notice[n.Subject] == n.Body || strings.Contains(n.Subject, " messages about ") { // a digest: one every ten seconds at most
		return
	}
	w.notice[n.Subject] = n.Body
	list := slices.DeleteFunc(w.lately[n.Subject], func(at time.Time) bool { return w.Now.Sub(at) > span })
	w.lately[n.Subject] = append(list, w.Now)
	if len(list) >= most && w.script == nil && !w.Chaos.EveryLease { // there each leader delivers what waits
		w.Fail("people are told for the %d. time within %s: %s", len(list)+1, span, n.Subject)
	}
}
