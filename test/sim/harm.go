package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Harm is a kind of thing that goes wrong.
type Harm string

// The faults of a run. Those of calls meet the nodes that the call is about; a call
// about all nodes at once meets all of them.
const (
	HarmCrashBefore Harm = "crash-before" // the process dies before a call
	HarmCrashAfter  Harm = "crash-after"  // or when it was carried out
	HarmLostRequest Harm = "lost-request" // a call never arrives
	HarmLostAnswer  Harm = "lost-answer"  // it was carried out, and nobody says so
	HarmThrottle    Harm = "throttle"
	HarmOutage      Harm = "outage"   // a service answers nothing
	HarmDenied      Harm = "denied"   // a permission is missing
	HarmFreeze      Harm = "freeze"   // the process sleeps through its lease
	HarmStale       Harm = "stale"    // a Describe shows what was
	HarmCapacity    Harm = "capacity" // a zone has no room

	HarmEventLost  Harm = "event-lost"
	HarmEventTwice Harm = "event-twice"
	HarmEventLate  Harm = "event-late"
	HarmFlap       Harm = "alarm-flaps" // an alarm goes off without a reason

	HarmPowerOff  Harm = "power-off" // the machine that carries the node shuts itself down
	HarmGone      Harm = "terminated"
	HarmHang      Harm = "hang"
	HarmHostDies  Harm = "host-dies"
	HarmHostCut   Harm = "host-cut"
	HarmHostMoved Harm = "host-moved" // EC2 recovers it on another host
	HarmZone      Harm = "zone-loss"
	HarmSick      Harm = "sick" // a new machine that never answers

	HarmStart      Harm = "person-starts" // a condemned machine
	HarmMeddle     Harm = "person-stops"  // a replacement without a grant
	HarmRetag      Harm = "person-retags"
	HarmFree       Harm = "person-frees" // gives a condemned one its groups back
	HarmUnregister Harm = "person-deregisters"
	HarmOrder      Harm = "person-orders" // a planned switch, or a pause
	HarmBrake      Harm = "person-brakes" // all recoveries of a VPC
	HarmUpdate     Harm = "deploy-update"
	HarmDelete     Harm = "deploy-delete"
	HarmClaim      Harm = "deploy-claim"  // by another stack
	HarmCreate     Harm = "deploy-create" // of a node that was deleted
	HarmImage      Harm = "deploy-image"  // another version of the launch template

	HarmNotice   Harm = "notice"    // AWS announces an event, or takes a Spot instance back
	HarmEvent    Harm = "event"     // and carries it out
	HarmHungStop Harm = "hung-stop" // an operating system does not shut down
	HarmGhost    Harm = "ghost"     // a forced stop is confirmed, and the machine writes once more
)

var strikeHarms = map[strikeKind]Harm{
	crashBefore: HarmCrashBefore, crashAfter: HarmCrashAfter, lostRequest: HarmLostRequest, lostAnswer: HarmLostAnswer,
}

// Pair is a fault that met a node in a phase.
type Pair struct {
	Phase record.Phase // by the record; "" if the node has none yet, or no node is concerned
	Harm  Harm
}

func (p Pair) String() string {
	if p.Phase == "" {
		return "none x " + string(p.Harm)
	}
	return string(p.Phase) + " x " + string(p.Harm)
}

// hit counts a fault for the phases that the nodes are in.
func (w *World) hit(f Harm, nodes ...int) {
	var seen []record.Phase
	for _, id := range nodes {
		var phase record.Phase
		if t := w.nodes[id]; t != nil {
			phase = t.record.Phase
		}
		if !slices.Contains(seen, phase) {
			seen = append(seen, phase)
			w.Stats.Pairs[Pair{phase, f}]++
		}
	}
	if len(nodes) == 0 {
		w.Stats.Pairs[Pair{"", f}]++
	}
}

// about says which nodes the next call concerns. Without it, a call concerns all
// nodes if it reads, and none otherwise.
func (c *client) about(nodes ...int) *client {
	c.p.current.subject = nodes
	return c
}

// subject takes what the call that begins concerns.
func (c *client) subject(action string) []int {
	t := c.p.current
	nodes := t.subject
	t.subject = nil
	if nodes != nil || !strings.HasPrefix(action, "Describe") && action != "Query" {
		return nodes
	}
	return c.all()
}

func (w *World) all() []int {
	if len(w.index.ids1) != len(w.nodes) {
		w.index.ids1 = nil
		for id := 1; id <= len(w.nodes); id++ {
			w.index.ids1 = append(w.index.ids1, id)
		}
	}
	return w.index.ids1
}

func (w *World) nodesOf(instances ...string) []int {
	var nodes []int
	for _, id := range instances {
		if m := w.byID[id]; m != nil && !slices.Contains(nodes, m.node) {
			nodes = append(nodes, m.node)
		}
	}
	return nodes
}

// nodeToLaunch is the node that a launch is for, or 0.
func (w *World) nodeToLaunch(l cloud.Launch) int {
	if w.unwatched {
		return 1
	}
	for _, id := range nodeOfLaunch(l) {
		return id
	}
	return 0
}

// nodeOfLaunch is the node that a launch is for.
func nodeOfLaunch(l cloud.Launch) []int {
	for _, tags := range []map[string]string{l.Tags, l.Blueprint.Tags} {
		if id, err := contract.ParseNodeID(tags[contract.DefaultIDTag]); err == nil {
			return []int{id}
		}
	}
	return nil
}

// nodeOfKey is the node whose record, claim or history an item is.
func nodeOfKey(partition, sort string) []int {
	digits, ok := strings.CutPrefix(sort, contract.NodePrefix)
	if !ok {
		_, digits, ok = strings.Cut(partition, "history#vpc-1#")
	}
	if id, err := strconv.Atoi(digits); ok && err == nil {
		return []int{id}
	}
	return nil
}

// nodeOfFiles is the node whose data a file system holds.
func nodeOfFiles(fs string) []int {
	if id, err := strconv.ParseInt(strings.TrimPrefix(fs, "fs-"), 16, 64); err == nil {
		return []int{int(id)}
	}
	return nil
}

func (w *World) nodeOfMount(id string) []int {
	for _, t := range w.mounts {
		if t.ID == id {
			return nodeOfFiles(t.fs)
		}
	}
	return nil
}

func (w *World) nodeOfInterface(nic string) []int {
	for _, m := range w.machines {
		for i := range m.Interfaces {
			if m.Interfaces[i].ID == nic {
				return []int{m.node}
			}
		}
	}
	return nil
}

func (w *World) nodeOfPool(arn string) []int {
	if p := w.pool(arn); p != nil && p.node > 0 {
		return []int{p.node}
	}
	return nil
}

func (w *World) nodeOfAlarm(name string) []int {
	if a := w.alarm(name); a != nil {
		return []int{a.node}
	}
	return nil
}
