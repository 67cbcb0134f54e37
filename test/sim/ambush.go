package sim

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// An ambush lets something go wrong just when a node has entered a phase. Phases
// that last a second are met by chance too seldom.
type ambush struct {
	Pair
	do func(w *World, node int)
}

// ambushes are those that a run may draw.
var ambushes = slices.Concat(
	lurk(deployments, record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving),
	lurk(places, record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting),
	lurk(places, record.Launching, record.Launching, record.Launching), // where only a node with a gate still has a running instance
	lurk(carriers, record.Draining, record.Draining, record.Suspected, record.Serving),
	lurk(orders, record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving),
	lurk(brakes, record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting),
	lurk(announced, record.Draining, record.Suspected, record.Serving),
	lurk(condemned, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting),
	lurk(alarms, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting),
	lurk(alarms, slices.Repeat([]record.Phase{record.Deleted}, 12)...), // the only events that meet one there often
)

func lurk(deeds map[Harm]func(*World, int), phases ...record.Phase) (list []ambush) {
	for _, h := range sorted(deeds) {
		for _, p := range phases {
			list = append(list, ambush{Pair{p, h}, deeds[h]})
		}
	}
	return list
}

var (
	deployments = map[Harm]func(*World, int){
		HarmUpdate: func(w *World, id int) { w.deploy(HarmUpdate, id) },
		HarmDelete: func(w *World, id int) { w.deploy(HarmDelete, id) },
		HarmClaim:  func(w *World, id int) { w.deploy(HarmClaim, id) },
	}
	places = map[Harm]func(*World, int){HarmZone: func(w *World, id int) {
		if i := slices.IndexFunc(w.of(id), func(m *Machine) bool { return m.powered && !m.lost }); i >= 0 {
			zone := w.of(id)[i].Zone
			w.loseZone(zone)
			w.After(w.Between(time.Minute, 10*time.Minute), func() { w.returnZone(zone) })
		}
	}}
	brakes   = map[Harm]func(*World, int){HarmBrake: func(w *World, _ int) { w.brake(w.Chaos.until) }}
	orders   = map[Harm]func(*World, int){HarmOrder: func(w *World, _ int) { w.plan(w.Now) }}
	carriers = map[Harm]func(*World, int){
		HarmPowerOff: func(w *World, id int) { w.breakNode(id) }, // or any other way
	}
	announced = map[Harm]func(*World, int){HarmNotice: func(w *World, id int) { w.notify(id, w.Chaos.until) }}
	condemned = map[Harm]func(*World, int){
		HarmFree:  func(w *World, _ int) { w.soon(w.Now.Add(20*time.Second), w.free) },
		HarmStart: func(w *World, _ int) { w.startFenced(w.Now.Add(20 * time.Second)) },
	}
	alarms = map[Harm]func(*World, int){HarmFlap: func(w *World, id int) {
		if a := w.alarm(w.alarmOf(id, contract.AlarmApplication)); a != nil && a.State != "ALARM" && w.nodes[id].record.Grant == nil {
			w.hit(HarmFlap, id)
			w.turn(a, "ALARM")
		}
	}}
)

// armAmbushes draws what lies in wait.
func (w *World) armAmbushes() {
	for range w.Rand.IntN(4) {
		w.ambushes = append(w.ambushes, ambushes[w.Rand.IntN(len(ambushes))])
	}
}

// spring sets off what waited for a node to enter a phase.
func (w *World) spring(id int, phase record.Phase) {
	i := slices.IndexFunc(w.ambushes, func(a ambush) bool { return a.Phase == phase })
	if i < 0 || !w.Now.Before(w.Chaos.until) {
		return
	}
	a := w.ambushes[i]
	w.ambushes = slices.Delete(w.ambushes, i, i+1)
	w.After(w.Between(0, 300*time.Millisecond), func() {
		if w.nodes[id].record.Phase == phase && w.Now.Before(w.Chaos.until) {
			w.Log("ambush: %s on node %d", a.Pair, id)
			a.do(w, id)
		}
	})
}

// cannot says why a pair never comes up, or not often enough to be counted on.
func (p Pair) cannot() string {
	during := func(reason string, phases ...record.Phase) string {
		if slices.Contains(phases, p.Phase) {
			return ""
		}
		return reason
	}
	if p.Phase == "" && !slices.Contains(ofCalls, p.Harm) {
		return "what has no record has no instance, no alarm and no deployment but its first"
	}
	switch p.Harm {
	case HarmPowerOff, HarmGone, HarmHang, HarmHostDies, HarmHostCut, HarmHostMoved, HarmRetag, HarmUnregister:
		return during("no instance holds the grant", record.Draining, record.Suspected, record.Serving, record.Done)
	case HarmMeddle:
		return during("a replacement without a grant exists at the gate only", record.Gated)
	case HarmSick, HarmCapacity:
		return during("machines are launched in this phase only, but for calls that come late", record.Launching)
	case HarmFree:
		return during("nothing is condemned, or no longer than a moment", record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting)
	case HarmStart:
		return during("nothing condemned is stopped, and stays so", record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving)
	case HarmUpdate, HarmImage, HarmDelete, HarmClaim, HarmOrder:
		return during("a stack deletes its node once, and then is gone", record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Done)
	case HarmCreate:
		return during("the others are created in peace", record.Deleted)
	case HarmNotice, HarmEvent:
		return during("no instance holds the grant", record.Draining, record.Suspected, record.Serving, record.Done)
	case HarmGhost:
		return during("nothing is stopped by force", record.Fencing, record.Gated)
	case HarmHungStop:
		return during("nothing is stopped gracefully", record.Fencing, record.Gated)
	case HarmZone:
		if p.Phase == record.Deleted {
			return "a deleted node has no instance"
		}
	case HarmStale:
		if p.Phase == record.Deleted {
			return "a deleted node's instances are not asked for"
		}
	default:
	}
	return ""
}

// ofCalls are the faults that a call meets, whatever it is about.
var ofCalls = []Harm{
	HarmCrashBefore, HarmCrashAfter, HarmLostRequest, HarmLostAnswer, HarmThrottle, HarmOutage, HarmDenied, HarmFreeze,
}

var ofWorld = []Harm{
	HarmStale, HarmCapacity, HarmEventLost, HarmEventTwice, HarmEventLate, HarmFlap,
	HarmPowerOff, HarmGone, HarmHang, HarmHostDies, HarmHostCut, HarmHostMoved, HarmZone, HarmSick,
	HarmStart, HarmMeddle, HarmRetag, HarmFree, HarmUnregister, HarmUpdate, HarmImage, HarmDelete, HarmClaim,
	HarmNotice, HarmEvent, HarmHungStop, HarmGhost, HarmOrder, HarmBrake, HarmCreate,
}

var allPhases = []record.Phase{
	"", record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Done, record.Deleting, record.Deleted,
}

// Reachable are the pairs that a long campaign must hit. The others come with the
// reason why not.
func Reachable() (pairs []Pair, others map[Pair]string) {
	others = map[Pair]string{}
	for _, h := range slices.Concat(ofCalls, ofWorld) {
		for _, phase := range allPhases {
			p := Pair{phase, h}
			if why := p.cannot(); why != "" {
				others[p] = why
			} else {
				pairs = append(pairs, p)
			}
		}
	}
	return pairs, others
}
