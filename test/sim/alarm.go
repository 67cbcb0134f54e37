package sim

import (
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// evaluate is one period of an alarm: two bad ones in a row are an ALARM. It may be
// evaluated late, and tell of the same thing twice ("Evaluating an alarm", "Alarm
// events and EventBridge").
func (w *World) evaluate(a *Alarm) {
	if a.gone {
		return
	}
	w.After(a.period, func() { w.evaluate(a) })
	if w.script.stuck(a) || w.Chance(w.Chaos.AlarmLate) {
		return
	}
	bad, known := w.broken(a)
	if !known { // missing data are not breaching
		if a.State == "OK" && w.Chance(w.Chaos.AlarmLate) {
			w.turn(a, "INSUFFICIENT_DATA")
		}
		return
	}
	state := "OK"
	if bad {
		if a.bad++; a.bad < 2 {
			return
		}
		state = "ALARM"
	} else {
		a.bad = 0
	}
	switch {
	case a.State != state:
		w.turn(a, state)
	case state == "ALARM" && w.Chance(w.Chaos.AlarmLate/4):
		w.deliver(a.node, 0, alarmEvent(w.next("al"), a.Name, w.Now))
	}
}

func (w *World) turn(a *Alarm, state string) {
	a.State, a.Since = state, w.Now
	w.Log("alarm %s %s", a.Name, state)
	if state == "ALARM" {
		if a.app && w.flapping(a.node) {
			w.hit(HarmFlap, a.node)
		}
		w.deliver(a.node, 0, alarmEvent(w.next("al"), a.Name, w.Now))
	}
}

// broken reports whether an alarm has a reason to go off now; known is false where
// there is no metric.
func (w *World) broken(a *Alarm) (bad, known bool) {
	if a.app {
		if w.flapping(a.node) || w.silence() {
			return true, true
		}
		for _, m := range w.machines { // people silence what a delete left to them before they make the node anew
			if m.node == a.node && !m.people && m.up && m.powered && !m.hung && !m.lost && !isolated(m) {
				return false, true
			}
		}
		return true, true
	}
	m := w.byID[a.Instances[0]]
	if m == nil {
		return false, false
	}
	return m.lost || !m.powered, m.State == cloud.Running
}

// flap is a time in which a node's application alarm comes and goes each minute, or
// its agent is silent, whatever the application does.
type flap struct {
	node     int
	silent   bool
	from, to time.Time
}

func (w *World) armFlaps(end time.Time, moment func() time.Duration) {
	for range w.Chaos.Flaps {
		from := w.Now.Add(moment())
		w.Chaos.flaps = append(w.Chaos.flaps, flap{1 + w.Rand.IntN(len(w.nodes)), w.Chance(0.3), from, minTime(end, from.Add(w.Between(4*time.Minute, 20*time.Minute)))})
	}
}

// flapping reports whether an application alarm is in the bad half of its flapping.
func (w *World) flapping(node int) bool {
	for _, f := range w.Chaos.flaps {
		if f.node == node && !w.Now.Before(f.from) && w.Now.Before(f.to) {
			return f.silent || int(w.Now.Sub(f.from)/time.Minute)%2 == 0
		}
	}
	return false
}

// recoverHost is EC2's simplified automatic recovery: the instance is rebooted on
// another host and keeps its id, unless it was asked to stop meanwhile.
func (w *World) recoverHost(m *Machine) {
	if !m.lost || m.State != cloud.Running {
		w.heal(m)
		return
	}
	w.Log("EC2 recovers %s on another host", m.ID)
	m.lost, m.stale = false, nil
	w.reboot(m)
}
