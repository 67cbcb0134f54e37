package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// trafficGrace is how long a machine without a grant may still take traffic: a
// late registration must be gone within one sweep (I7).
const trafficGrace = 3 * time.Minute

// Check compares the ground truth with the invariants, after every step.
func (w *World) Check() {
	switch {
	case w.unwatched:
		return
	case w.lab != nil:
		w.lab.observe() // what it measures may be wrong, and is counted
		return
	}
	for id := 1; id <= len(w.nodes); id++ {
		t := w.nodes[id]
		writers, servers := 0, 0
		for _, m := range w.of(id) {
			if !m.powered || m.people {
				continue
			}
			if m.mounted && (m.gated || !m.freed) && !(m.ghost && t.wish.AcceptForcedStop) { // only a gate could keep one that a person frees from its data
				writers++
			}
			if !w.takesTraffic(m) {
				if (w.tracked(m) || w.busy(m)) && !w.loose(m) && !waived(t.record, m) {
					servers++
				}
				delete(t.ungranted, m.ID)
				continue
			}
			if !w.loose(m) {
				servers++
			}
			if t.record.Grant != nil && t.record.Grant.Instance == m.ID {
				delete(t.ungranted, m.ID)
			} else if since, ok := t.ungranted[m.ID]; !ok {
				t.ungranted[m.ID] = w.Now
			} else if w.Now.Sub(w.workable(since)) > trafficGrace {
				w.Fail("I7: %s takes traffic of node %d without a grant since %s", m.ID, id, since.Format(time.TimeOnly))
			}
		}
		if writers > 1 {
			w.Fail("I2/I4: %d powered machines have the data of node %d mounted: %s", writers, id, w.states(id))
		}
		if servers > 1 {
			w.Fail("I1: %d machines take traffic of node %d: %s", servers, id, w.states(id))
		}
	}
}

// loose reports whether nothing could keep a machine from traffic that a person gave
// its groups back: it runs no gate, or had not been off when its node went on.
func (w *World) loose(m *Machine) bool { return m.freed && (!m.gated || w.dataless(m.node)) }

// states tells what a node's machines with power are like.
func (w *World) states(id int) string {
	text := ""
	for _, m := range w.of(id) {
		if m.powered {
			text += fmt.Sprintf("%s %s gated=%v mounted=%v up=%v lost=%v isolated=%v tag=%q; ", m.ID, m.State, m.gated, m.mounted, m.up, m.lost, isolated(m), m.Tags[contract.GateTag])
		}
	}
	return text
}

// workable is the time since when nothing was put in the way of the switcher, if
// that is later: a call that was refused, a process that died or slept in between
// take their time before what is wrong can be put right.
func (w *World) workable(since time.Time) time.Time {
	if w.disturbed.After(since) {
		since = w.disturbed
	}
	return w.script.workable(since)
}

// recorded looks at what the record says from now on.
func (w *World) recorded(item cloud.Item) {
	if w.unwatched {
		return
	}
	if !strings.HasPrefix(item.Sort, contract.NodePrefix) || !strings.HasPrefix(item.Partition, "vpc#") {
		return
	}
	n, err := w.memo.Decode(item)
	if err != nil && json.Unmarshal(item.Body, &n) != nil { // a newer switcher's record is none for this engine
		w.Fail("the record is not readable: %v", err)
		return
	}
	if home := contract.VPCPartition(w.siteOf(n.ID).vpc); item.Partition != home {
		w.Fail("I3: node %d of %s is recorded in %s", n.ID, home, item.Partition)
		return
	}
	t := w.nodes[n.ID]
	old := t.record
	t.record = n
	w.chosen(old, n)
	w.cooled(old, n)
	w.quarantined(old, n)
	w.raised(old, n)
	w.braked(old, n)
	w.asksToStop(t, n)
	w.answers(old, n)
	w.retains(t, old)
	w.calledOff(old, n)
	w.obeyed(old, n)
	w.switchedOff(old, n)
	w.requested(t, n)
	if n.Phase == record.Draining && old.Phase != record.Draining {
		t.drain = n.Settings.Drain
	} else if n.Phase == record.Draining {
		t.drain = min(t.drain, n.Settings.Drain) // a deployment may shorten it
	} else if old.Phase == record.Draining {
		t.drained = w.Now
	}
	w.Log("record %d rev %d epoch %d %s", n.ID, item.Revision, n.Epoch, n.Phase)
	if n.Phase != old.Phase {
		w.spring(n.ID, n.Phase)
	}
	if n.Epoch < old.Epoch {
		w.Fail("the epoch of node %d went from %d to %d", n.ID, old.Epoch, n.Epoch)
	}
	w.condemns(t, n)
	for _, c := range old.Condemned {
		if !n.Condemns(c.Instance) {
			t.spared[c.Instance] = w.Now
		}
	}
	if g := n.Grant; g != nil && (old.Grant == nil || old.Grant.Instance != g.Instance) {
		t.holders[g.Instance] = true
		w.granted(n, g.Instance)
		w.taken(t, g.Instance)
	}
	if completes(old, n) {
		w.Stats.Switches++
		t.good = old.Grant.Image
	}
	if b := n.Blueprint; b != nil {
		model, known := w.imageOf(n.ID, b.Image)
		if !known {
			w.Fail("I8: the blueprint of node %d is of image %s, which it never had", n.ID, b.Image)
		}
		adopted := t.own.Image == b.Image && t.own.Type == b.Type // as the alternative that it ran as
		if own := model.Type; b.Type != own && !adopted {
			w.Fail("I8: the blueprint of node %d is of type %s, the launch template's own is %s", n.ID, b.Type, own)
		}
		for _, i := range b.Interfaces {
			if slices.Contains(i.Groups, blackhole) {
				w.Fail("I8: the blueprint of node %d holds the blackhole group", n.ID)
			}
		}
	}
}

// completes reports whether a switch has ended well, also when the next one begins with
// the same look.
func completes(old, n record.Node) bool {
	return old.Phase == record.Serving && (n.Phase == record.Done || n.Phase != record.Deleting && n.Switch != nil && n.Switch.ID != old.Switch.ID)
}

// condemns notes since when instances are condemned.
func (w *World) condemns(t *Truth, n record.Node) {
	for _, c := range n.Condemned {
		if _, known := t.condemned[c.Instance]; !known {
			t.condemned[c.Instance] = w.Now
		}
	}
	for _, id := range sorted(t.condemned) {
		if !n.Condemns(id) {
			delete(t.condemned, id)
		}
	}
}

// granted: no other machine ever launched for the node has power, or can write
// its data behind a gate or a storage fence (I4).
func (w *World) granted(n record.Node, instance string) {
	if n.Condemns(instance) {
		w.Fail("I2: %s is granted and condemned", instance)
	}
	for _, m := range w.of(n.ID) {
		if m.ID != instance && m.powered && !m.people && !w.unforeseen(m) && !w.harmless(m) {
			w.Fail("I4: %s is granted node %d while %s has power (%s, mounted %v)", instance, n.ID, m.ID, m.State, m.mounted)
		}
	}
}

// waived: the node goes on without proof that the machine is off, as it declares it may.
// New connections do not reach that one; those it has nobody can cut.
func waived(n record.Node, m *Machine) bool {
	return slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return c.Instance == m.ID && c.Waived })
}

// sight is how old at most what a grant rests on may be: the engine's ten seconds, and
// the three by which a Describe may lag.
const sight = 13 * time.Second

// destructive is asked before a machine is stopped, terminated or isolated.
func (w *World) destructive(by *site, action string, m *Machine) {
	if w.unwatched || w.lab != nil && w.lab.Function != nil {
		return // there is no record to hold it to
	}
	if action == "ModifyNetworkInterfaceAttribute" && m.node > 0 && w.nodes[m.node].retained == m.ID && w.Now.Sub(w.nodes[m.node].spared[m.ID]) < lateCall {
		return // a late call: put right before the machine is given back, and refused by IAM from then on
	}
	if m.node == 0 || m.people {
		w.Fail("I3: %s of the foreign %s", action, m.ID)
		return
	}
	if by != nil && by != w.siteOf(m.node) {
		w.Fail("I3: the switcher of %s calls %s for %s of %s", by.vpc, action, m.ID, m.VPC)
	}
	n := w.nodes[m.node].record
	late := action == "ModifyNetworkInterfaceAttribute" && w.Now.Sub(w.nodes[m.node].spared[m.ID]) < lateCall // repaired by the sweep
	if n.Grant != nil && n.Grant.Instance == m.ID && !late {
		w.Fail("I3: %s of %s, which holds the grant of node %d", action, m.ID, m.node)
	}
	if tag := m.Tags[contract.CondemnedTag]; action != "ModifyNetworkInterfaceAttribute" && !contract.IsEpoch(tag) {
		w.Fail("I3: %s of %s, whose tag %s is %q and no epoch", action, m.ID, contract.CondemnedTag, tag)
	}
	if action == "StopInstances" || action == "TerminateInstances" {
		w.provoked(action, m, n)
	}
	going := m.State == cloud.Terminated || m.State == cloud.ShuttingDown
	if action == "TerminateInstances" && n.Phase != record.Deleting && !going && m.RootStore == "ebs" && m.ID == fromOf(n) && (n.Grant == nil || n.Grant.ServedAt.IsZero()) {
		w.Fail("I9: the original %s of node %d is terminated before a replacement serves", m.ID, m.node)
	}
}

// provoked: the running original of a gated node loses its power only after EC2
// accepted a replacement for it (I9), or refused one because of a quota that counts what runs.
func (w *World) provoked(action string, m *Machine, n record.Node) {
	if !m.gated || !m.powered || m.ID != fromOf(n) || n.Switch.Kind == record.KindDelete || n.Switch.Restart && (w.nodes[m.node].wish.RestartOriginal || n.Switch.Kind == record.KindUpdate) {
		return
	}
	if m.State != cloud.Running && m.State != cloud.Pending {
		return // it is on its way already
	}
	if w.mayFenceFirst(m.node) {
		return
	}
	for _, x := range w.machines {
		if x.node == m.node && x != m && epochOf(x) >= firstEpoch(n) {
			return
		}
	}
	w.Fail("I9: %s of the running original %s of the gated node %d before any replacement was accepted", action, m.ID, m.node)
}

// firstEpoch is the one that a switch began with: its id is "<node>-<epoch>".
func firstEpoch(n record.Node) int {
	_, epoch, _ := strings.Cut(n.Switch.ID, "-")
	first, err := strconv.Atoi(epoch)
	if err != nil {
		return math.MaxInt
	}
	return first
}

func fromOf(n record.Node) string {
	if n.Switch == nil {
		return ""
	}
	return n.Switch.From
}

// inherits: a machine is launched like the plan, with nothing of the quarantine (I8).
func (w *World) inherits(m *Machine, l cloud.Launch) {
	if w.unwatched || w.nodes[m.node] == nil {
		return
	}
	plan, _ := w.imageOf(m.node, m.Image)
	if saved := w.nodes[m.node].requested[l.Token]; saved != m.Image && (w.lab == nil || w.lab.Function == nil) {
		w.Fail("I8: %s of node %d is launched from image %s, and %q was saved for that request", m.ID, m.node, m.Image, saved)
	}
	same := m.Image == plan.Image && (m.Type == plan.Type || slices.Contains(w.nodes[m.node].wish.Types, m.Type)) && m.KeyName == plan.KeyName && len(m.Interfaces) == len(plan.Interfaces)
	for i := range min(len(m.Interfaces), len(plan.Interfaces)) {
		same = same && slices.Equal(m.Interfaces[i].Groups, plan.Interfaces[i].Groups)
	}
	if !same {
		w.Fail("I8: %s is not launched like node %d: %+v", m.ID, m.node, l.Blueprint)
	}
	for _, key := range []string{contract.CondemnedTag, contract.GateTag} {
		ours := w.lab == nil || w.lab.Function == nil
		if v, ok := m.Tags[key]; ours && (!ok || v != contract.NoEpoch) {
			w.Fail("I8: %s is launched with tag %s=%q: %q is expected from the start", m.ID, key, v, contract.NoEpoch)
		}
	}
	// A deployment may change a node that a person has taken out of recovery: it stays so.
	if sw := w.nodes[m.node].record.Switch; m.Tags[contract.DefaultTargetTag] != "true" && (sw == nil || sw.Kind != record.KindUpdate) {
		w.Fail("I8: %s is launched as no recovery target: tag %s is %q", m.ID, contract.DefaultTargetTag, m.Tags[contract.DefaultTargetTag])
	}
}

// outlasts: the node has a gate and pauses after replacements that failed. The last one is
// isolated, and keeps power until EC2 has accepted the next one (I9).
func (w *World) outlasts(m *Machine) bool {
	n := w.nodes[m.node].record
	return n.Settings.Gate && n.Hold != nil && n.Hold.Code == string(message.AttemptsSpent) && n.Condemns(m.ID)
}

// Alive checks liveness (I5): every node serves now.
func (w *World) Alive() {
	for id := 1; id <= len(w.nodes); id++ {
		m := w.carrier(id)
		if w.nodes[id].deleted {
			w.buried(id)
			continue
		}
		w.restored(id)
		if m == nil || !w.takesTraffic(m) || m.hung {
			n := w.nodes[id].record
			if n.Hold != nil && (n.Hold.Code == string(message.HeldBrake) || n.Hold.Code == string(message.AttemptsSpent)) || w.waits(id) {
				continue // a person is asked, or the cool-down holds it: allowed ends
			}
			if n.Hold != nil && n.Hold.Code == string(message.HeldLaunchOpen) && w.Chaos.EveryLease {
				continue // each of the many leaders may still send it
			}
			if n.Phase == record.Done && !slices.Contains(n.Armed, w.alarmOf(id, contract.AlarmApplication)) {
				continue // deployed anew amid faults, its application broke before anybody saw it well
			}
			state := "nothing"
			if m != nil {
				state = m.State
			}
			w.Fail("I5: node %d does not serve: phase %s, carried by %s, hold %+v", id, n.Phase, state, n.Hold)
			return
		}
		w.intact(id, m)
	}
	for _, m := range w.machines {
		if m.node > 0 && m.powered && !m.ghost && m != w.carrier(m.node) && !m.people && m.State != cloud.ShuttingDown && !w.outlasts(m) { // that one is on its way
			w.Fail("I2: %s of node %d still has power and no grant", m.ID, m.node)
		}
	}
}

// unheard: so many of the function's invocations were given up that a request
// may have been lost before it was ever noted. CloudFormation's time-out is what
// is left then.
func (w *World) unheard() bool { return w.Stats.Failed > 0 }

// buried: a deleted node has left nothing behind.
func (w *World) buried(id int) {
	n := w.nodes[id].record
	if w.Chaos.EveryLease && n.Hold != nil && n.Hold.Code == string(message.HeldLaunchOpen) {
		return // each of the many leaders may still send it
	}
	if s := w.nodes[id].stack; s != nil && s.status != isGone && !w.unheard() {
		w.Fail("the stack of node %d is still %s", id, s.status)
	}
	if n.Phase != record.Deleted {
		if !w.unheard() {
			w.Fail("node %d was to be deleted and is %s, hold %+v", id, n.Phase, n.Hold)
		}
		return
	}
	for _, m := range w.machines {
		if m.node == id && m.State != cloud.Terminated && !m.people {
			w.Fail("%s of the deleted node %d is %s", m.ID, id, m.State)
		}
	}
	if m := w.byID[w.nodes[id].retained]; m != nil && m.State != cloud.Terminated {
		w.bare(m)
	}
	if _, claimed := w.items[contract.ClaimPartition+"|"+contract.NodeKey(id)]; claimed {
		w.Fail("the id of the deleted node %d is still claimed", id)
	}
	for _, p := range w.pools {
		for _, x := range p.members {
			if p.node == id && x.drained.IsZero() && !w.theirs(p, x) {
				w.Fail("the deleted node %d still has the target %s:%d", id, x.ID, x.Port)
			}
		}
	}
}
