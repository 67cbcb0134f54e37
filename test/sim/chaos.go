package sim

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Chaos says what goes wrong in a run. Probabilities are per call or per event.
type Chaos struct {
	Crash, Lost, Throttle            float64 // per call
	EventLoss, EventTwice, EventLate float64
	Lag                              float64 // a Describe shows a moment ago
	Flicker                          float64 // a zone that lacks capacity has some for a moment
	Freeze                           float64 // a process sleeps through its lease before a call
	Sick                             float64 // a launched machine never becomes healthy
	Skew                             time.Duration
	Outages                          int     // windows in which one service answers nothing, or denies
	Withheld                         bool    // one call is refused, or not answered, for longer than any policy time
	Shortages                        int     // windows in which one zone has no capacity, for one type or all
	Others                           float64 // share of the API budgets that others in the account use
	Impairments                      int     // windows in which one zone is reported unwell
	Reserves                         int     // capacity reservations
	Flaps                            int     // windows in which an application alarm comes and goes
	Breaks                           int     // failures of machines
	Persons                          int     // other deeds of people
	Concurrency                      int     // invocations at once, all functions together; 0: as many as come
	AlarmLate                        float64 // an alarm is not evaluated in time
	Starts                           int     // a person starts a fenced machine
	Deploys                          int     // CloudFormation updates or deletes a node
	Notices                          int     // AWS announces an event, or takes a Spot instance back
	Hang                             float64 // an operating system does not shut down
	Ghost                            float64 // a forced stop is confirmed while the lost host still has power
	ZoneLoss                         float64
	EveryLease                       bool // every attempt to take the lease succeeds

	from, until time.Time // faults happen in between
	outages     []outage
	shortages   []shortage
	quotas      []quota
	impaired    []impairment
	flaps       []flap
	silent      silent
}

type outage struct {
	service  string // or one of its actions
	from, to time.Time
	kind     cloud.Kind
}

type shortage struct {
	zone     string
	kind     string // instance type; "": of all
	from, to time.Time
}

type strikeKind int

const (
	clean strikeKind = iota
	crashBefore
	crashAfter
	lostRequest
	lostAnswer
)

func (k strikeKind) String() string {
	return [...]string{"clean", "crash-before", "crash-after", "lost-request", "lost-answer"}[k]
}

// leases is the share of runs in which every attempt to take the lease succeeds. Such
// a run costs ten times as much as another: some twenty leaders poll for minutes.
const leases = 0.07

// withholds is the share of runs in which one call is withheld for long.
const withholds = 0.15

// RandomChaos draws a profile: some seeds are calm, some are terrible.
func RandomChaos(s *Sim) Chaos {
	level := s.Rand.Float64()
	rate := func(most float64) float64 {
		if s.Chance(0.4) {
			return 0
		}
		return most * level * s.Rand.Float64()
	}
	others := 0.0
	if s.Chance(0.3) {
		others = s.Rand.Float64() / 2
	}
	concurrency := 0
	if s.Chance(0.4) {
		concurrency = 2 + int(998*s.Rand.Float64()*s.Rand.Float64()*s.Rand.Float64()*s.Rand.Float64())
	}
	return Chaos{
		Concurrency: concurrency, Others: others, Crash: rate(0.02), Lost: rate(0.05), Throttle: rate(0.2), EventLoss: rate(0.5), EventTwice: rate(0.5), EventLate: rate(0.3),
		Lag: rate(0.4), Flicker: rate(0.5), Freeze: rate(0.004), Sick: rate(0.2), Skew: time.Duration(rate(2) * float64(time.Second)),
		Outages: s.Rand.IntN(4), Shortages: s.Rand.IntN(4), Impairments: s.Rand.IntN(1 + unwell), Reserves: s.Rand.IntN(3), Flaps: s.Rand.IntN(2) * s.Rand.IntN(3), Breaks: 1 + s.Rand.IntN(8), Starts: s.Rand.IntN(3), Persons: s.Rand.IntN(6), AlarmLate: rate(0.5), Deploys: s.Rand.IntN(4), Notices: s.Rand.IntN(4), Hang: rate(0.5), Ghost: rate(1), Withheld: s.Chance(withholds), ZoneLoss: rate(1), EveryLease: s.Chance(leases),
	}
}

// Arm schedules the chaos between now and the end given.
func (w *World) Arm(end time.Time) {
	c := &w.Chaos
	c.from, c.until = w.Now, end
	span := end.Sub(w.Now)
	moment := func() time.Duration { return time.Duration(w.Rand.Int64N(int64(span))) }
	services := []string{"EC2", "ELB", "CloudWatch", "DynamoDB", "SNS", "Lambda"}
	for range c.Outages {
		from := w.Now.Add(moment())
		kind := cloud.Ambiguous
		if w.Chance(0.3) {
			kind = cloud.Denied
		}
		c.outages = append(c.outages, outage{services[w.Rand.IntN(len(services))], from, minTime(end, from.Add(w.Between(10*time.Second, 6*time.Minute))), kind})
	}
	if w.Chance(0.15) { // as many instances may run as there are nodes, or one more
		from := w.Now.Add(moment())
		c.quotas = append(c.quotas, quota{from, minTime(end, from.Add(w.Between(time.Minute, 10*time.Minute))), len(w.nodes) + w.Rand.IntN(2)})
	}
	w.armZones(end, moment)
	w.armFlaps(end, moment)
	w.armSilence(end, moment)
	w.armPersons(end, moment)
	w.armNotices(end, moment)
	w.armAmbushes()
	if c.Withheld {
		w.ambushes = append(w.ambushes, ambush{Pair{phasesOfRecord[w.Rand.IntN(len(phasesOfRecord))], HarmOutage}, (*World).withhold})
	}
	for range c.Deploys {
		node := 1 + w.Rand.IntN(len(w.nodes))
		at := moment()
		w.After(at, func() { w.deployAgain(node) })
	}
	for range c.Starts {
		at := moment()
		w.After(at, func() { w.startFenced(end) })
	}
	for range c.Breaks {
		node := 1 + w.Rand.IntN(len(w.nodes))
		w.After(moment(), func() { w.breakNode(node) })
	}
	if w.Chance(c.ZoneLoss) {
		zone := zones[w.Rand.IntN(len(zones))]
		at := moment()
		w.After(at, func() { w.loseZone(zone) })
		w.After(at+w.Between(time.Minute, span-at+time.Second), func() { w.returnZone(zone) })
	}
	w.After(span, func() {
		w.Log("faults end")
		for _, z := range zones {
			w.returnZone(z)
		}
		for _, m := range w.machines {
			m.sick = w.doomed(m) // what a person would have done to them is done
			if m.powered && m.booted && m.mounted && !m.hung && !m.sick && !m.ends && !m.closing {
				m.up = true
			}
		}
		w.Chaos = Chaos{from: c.from, until: c.until, EveryLease: c.EveryLease}
		w.renew()
	})
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// breakNode breaks the machine that carries a node, in one of the ways machines break.
func (w *World) breakNode(node int) {
	m := w.carrier(node)
	if m == nil || !m.powered {
		return
	}
	how := w.Rand.IntN(6)
	w.hit([]Harm{HarmPowerOff, HarmGone, HarmHang, HarmHostDies, HarmHostCut, HarmHostMoved}[how], node)
	w.Log("break node %d on %s, way %d", node, m.ID, how)
	switch how {
	case 0: // its application's fault script powers it off
		w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
	case 1: // somebody terminates it
		w.powerDown(m, cloud.ShuttingDown, cloud.Terminated, DelayTerminate)
	case 2:
		m.hung = true
	case 3: // the host dies; nothing is confirmed until it is back
		w.lose(m, true)
		w.After(w.Between(time.Minute, 12*time.Minute), func() { w.heal(m) })
	case 4: // the host is cut off and goes on running
		w.lose(m, false)
		w.After(w.Between(time.Minute, 12*time.Minute), func() { w.heal(m) })
	case 5: // its host fails, and EC2 recovers it on another one
		w.lose(m, w.Chance(0.5))
		w.After(w.Between(20*time.Second, 6*time.Minute), func() { w.recoverHost(m) })
	}
	w.Check()
}

// deployAgain updates or deletes a node, or lets another stack claim its id.
func (w *World) deployAgain(node int) {
	switch {
	case w.Chance(0.25):
		w.deploy(HarmDelete, node)
	case w.Chance(0.2):
		w.deploy(HarmClaim, node)
	default:
		w.deploy(HarmUpdate, node)
	}
}

// deploy does something with a node's stack, as soon as CloudFormation lets it.
func (w *World) deploy(what Harm, node int) {
	t := w.nodes[node]
	s := t.stack
	if t.deleted {
		return
	}
	if what == HarmClaim && s.props == nil {
		return // the id is nobody's yet: the other stack may have it
	}
	if what == HarmClaim {
		t.requests++
		w.hit(what, node)
		w.claimTwice(node)
		return
	}
	if what == HarmDelete && t.contested {
		return // the other stack's claim may come after the delete, and would then be right
	}
	if s.busy() || s.status != isDeployed {
		w.After(w.Between(5*time.Second, 30*time.Second), func() {
			if w.Now.Before(w.Chaos.until) {
				w.deploy(what, node)
			}
		})
		return
	}
	w.hit(what, node)
	if what == HarmDelete {
		s.remove()
		return
	}
	if w.Chance(0.15) {
		s.tags()
		return
	}
	if w.Chance(0.1) {
		w.misname(node)
		return
	}
	if other := 1 + w.Rand.IntN(len(w.nodes)); other != node && w.Chance(0.1) && !w.nodes[other].deleted && w.nodes[other].stack.props != nil {
		w.nodes[other].contested = true // its delete could make the claim right
		w.hit(HarmClaim, other)
		s.update(map[string]any{"NodeId": strconv.Itoa(other)})
		return
	}
	change, fate := w.change(node)
	if fate != "" {
		w.hit(HarmImage, node)
	}
	s.fails = w.Chance(0.1)
	s.threshold(change)
}

// claimTwice lets another stack create a node with an id that is taken, and
// roll back as CloudFormation does. The owner's node must not notice.
func (w *World) claimTwice(node int) {
	t := w.nodes[node]
	w.Log("another stack claims node %d", node)
	t.contested = true
	var more map[string]any
	if w.script == nil && w.Chance(0.3) { // and wants a machine for it
		more = map[string]any{"AdoptInstance": w.machines[w.Rand.IntN(len(w.machines))].ID}
	}
	w.claim(node, w.sites[w.Rand.IntN(len(w.sites))], more)
}

// claim lets another stack create a node.
func (w *World) claim(node int, at *site, more map[string]any) {
	t := w.nodes[node]
	o := &formation{w: w, node: node, name: fmt.Sprintf("stack-other-%d", len(w.stacks)), site: at, other: true, limit: w.serviceTimeout()}
	w.stacks = append(w.stacks, o)
	o.wanted, o.status = w.base(node), isCreating
	maps.Copy(o.wanted, t.props)
	maps.Copy(o.wanted, more)
	o.send("Create", o.wanted)
}

// startFenced waits for a machine that was fenced and is not granted, and starts
// it, as a person would who wants to look at it.
func (w *World) startFenced(end time.Time) {
	for _, m := range w.machines {
		if m.node > 0 && m.State == cloud.Stopped && !m.lost && w.nodes[m.node].record.Condemns(m.ID) && w.Chance(0.3) {
			w.Log("a person starts %s", m.ID)
			w.hit(HarmStart, m.node)
			m.started = w.Now
			w.boot(m)
			return
		}
	}
	if w.Now.Before(end) {
		w.After(5*time.Second, func() { w.startFenced(end) })
	}
}

func (w *World) loseZone(zone string) {
	w.Log("zone %s is lost", zone)
	w.Chaos.shortages = append(w.Chaos.shortages, shortage{zone, "", w.Now, w.Chaos.until})
	dead := w.Chance(0.5)
	for _, m := range w.machines {
		if m.Zone == zone && m.node > 0 && (m.State == cloud.Running || m.State == cloud.Pending || m.State == cloud.Stopping) && !m.lost {
			w.hit(HarmZone, m.node)
			w.lose(m, dead)
		}
	}
}

func (w *World) returnZone(zone string) {
	for i := range w.Chaos.shortages {
		if w.Chaos.shortages[i].zone == zone {
			w.Chaos.shortages[i].to = minTime(w.Now, w.Chaos.shortages[i].to)
		}
	}
	for _, m := range w.machines {
		if m.Zone == zone {
			w.heal(m)
		}
	}
}

func (w *World) outage(service, action string) (cloud.Kind, bool) {
	for _, o := range w.Chaos.outages {
		if (o.service == service || o.service == action) && !w.Now.Before(o.from) && w.Now.Before(o.to) {
			return o.kind, true
		}
	}
	return "", false
}

// refusal says whether a service refuses a call now.
func (w *World) refusal(service, action string, nodes []int) error {
	if kind, out := w.outage(service, action); out {
		if kind == cloud.Denied {
			w.hit(HarmDenied, nodes...)
		} else {
			w.hit(HarmOutage, nodes...)
		}
		return refuse(kind, service, action, "outage")
	}
	if service != "CloudFormation" && w.Chance(w.Chaos.Throttle) {
		w.hit(HarmThrottle, nodes...)
		return refuse(cloud.Throttled, service, action, "RequestLimitExceeded")
	}
	return nil
}

func (w *World) strike(service, action string, nodes []int) strikeKind {
	kind := clean
	switch {
	case w.Chance(w.Chaos.Crash):
		kind = crashBefore + strikeKind(w.Rand.IntN(2))
	case w.Chance(w.Chaos.Lost):
		kind = lostRequest + strikeKind(w.Rand.IntN(2))
	}
	if kind != clean {
		w.hit(strikeHarms[kind], nodes...)
		w.Log("strike %s %s %s", service, action, kind)
	}
	return kind
}
