package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	events "github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// announce schedules an event for a machine, as AWS does ("Scheduled events for your
// instances"): shown by DescribeInstanceStatus, told by AWS Health now and then, and
// carried out in time unless it is withdrawn or the machine is off by then.
func (w *World) announce(m *Machine, code string, in time.Duration) {
	id := w.next("instance-event")
	at := w.Now.Add(in)
	w.Log("AWS announces %s of %s at %s", code, m.ID, at.Format(time.TimeOnly))
	w.announced[id] = w.Now
	w.events[m.ID] = append(w.events[m.ID], cloud.Scheduled{Instance: m.ID, ID: id, Code: code, Detail: "The instance is running on degraded hardware", NotBefore: at})
	if w.Chance(0.5) || w.script != nil {
		w.deliver(m.node, 0, healthEvent(w.next("he"), m.ID, w.Now))
	}
	w.After(in, func() {
		if w.hasEvent(m, id) {
			w.dropEvent(m, id)
			w.carryOut(m, code)
			w.Check()
		}
	})
}

func (w *World) hasEvent(m *Machine, id string) bool {
	return slices.ContainsFunc(w.events[m.ID], func(e cloud.Scheduled) bool { return e.ID == id })
}

func (w *World) dropEvent(m *Machine, id string) {
	w.events[m.ID] = slices.DeleteFunc(w.events[m.ID], func(e cloud.Scheduled) bool { return e.ID == id })
}

// withdraw takes back what was announced for a machine.
func (w *World) withdraw(m *Machine) {
	if len(w.events[m.ID]) > 0 {
		w.Log("AWS withdraws the events of %s", m.ID)
		delete(w.events, m.ID)
	}
}

// carryOut is what EC2 does when the time has come.
func (w *World) carryOut(m *Machine, code string) {
	if m.State != cloud.Running || m.lost {
		return
	}
	w.hit(HarmEvent, m.node)
	w.Log("AWS carries out %s of %s", code, m.ID)
	switch code {
	case cloud.EventRetirement, cloud.EventStop:
		w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
	case cloud.EventMaintenance: // its network or power is gone for a moment
		w.lose(m, false)
		w.After(w.Between(5*time.Second, 90*time.Second), func() { w.heal(m) })
	default:
		w.reboot(m)
	}
}

// reboot switches a machine off and on again; EC2 shows it running all the time.
func (w *World) reboot(m *Machine) {
	m.gen++
	m.boots++
	m.hung = false
	w.off(m)
	m.powered = true
	w.later(m, w.latency(DelayServing, m.node, m.course()), func() {
		m.booted = true
		w.begin(m)
	})
}

// interrupt is EC2's way to take a Spot instance back: it says so two minutes before.
func (w *World) interrupt(m *Machine) {
	action := []string{"terminate", "stop"}[w.Rand.IntN(2)]
	w.Log("AWS will %s the Spot instance %s", action, m.ID)
	w.deliver(m.node, 0, spotEvent(w.next("sp"), m.ID, action, w.Now))
	w.After(2*time.Minute, func() {
		if m.State != cloud.Running || m.lost {
			return
		}
		w.hit(HarmEvent, m.node)
		w.Log("AWS takes the Spot instance %s back", m.ID)
		if action == "stop" {
			w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
		} else {
			w.powerDown(m, cloud.ShuttingDown, cloud.Terminated, DelayTerminate)
		}
		w.Check()
	})
}

func spotEvent(id, instance, action string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning","account":%q,"region":%q,"time":%q,"detail":{"instance-id":%q,"instance-action":%q}}`,
		id, account, region, at.Format(time.RFC3339), instance, action)
}

func healthEvent(id, instance string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.health","detail-type":"AWS Health Event","account":%q,"region":%q,"time":%q,"detail":{"service":"EC2","eventTypeCode":"AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED","eventTypeCategory":"scheduledChange","affectedEntities":[{"entityValue":%q}]}}`,
		id, account, region, at.Format(time.RFC3339), instance)
}

var eventCodes = []string{cloud.EventRetirement, cloud.EventStop, cloud.EventInstanceReboot, cloud.EventSystemReboot, cloud.EventMaintenance}

// armNotices draws what AWS announces between now and the end.
func (w *World) armNotices(end time.Time, moment func() time.Duration) {
	for range w.Chaos.Notices {
		node := 1 + w.Rand.IntN(len(w.nodes))
		at := moment()
		w.After(at, func() { w.notify(node, end) })
	}
}

// notify announces something to the instance that carries a node.
func (w *World) notify(node int, end time.Time) {
	m := w.carrier(node)
	if m == nil || m.State != cloud.Running {
		return
	}
	w.hit(HarmNotice, node)
	if w.Chance(0.35) {
		w.interrupt(m)
		return
	}
	in := w.Between(30*time.Second, 15*time.Minute)
	w.announce(m, eventCodes[w.Rand.IntN(len(eventCodes))], in)
	if w.Chance(0.4) {
		w.After(time.Duration(w.Rand.Int64N(int64(in))), func() { w.withdraw(m) })
	}
	w.After(end.Sub(w.Now), func() { w.withdraw(m) }) // with the other faults
}

// calledOff: a planned switch before an announced event is called off only if that was
// withdrawn (scenario 27).
func (w *World) calledOff(old, n record.Node) {
	sw := old.Switch
	if old.Phase != record.Draining || sw == nil || sw.Cause.Kind != events.CauseScheduled || n.Grant == nil || n.Phase != record.Serving {
		return
	}
	for _, e := range w.events[sw.From] {
		if w.Now.Sub(w.announced[e.ID]) < sight {
			continue // it came after the look that saw none; the next one sees it
		}
		w.Fail("scenario 27: node %d stays on %s, of which %s is announced for %s", n.ID, sw.From, e.Code, e.NotBefore.Format(time.TimeOnly))
	}
}
