package decide

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// confirmed records the blueprint, before anything is touched, and then isolates
// every condemned instance. What follows is the point of no return.
func (s *step) confirmed() {
	if !s.n.Switch.Recorded && !s.recordBlueprint() {
		return
	}
	isolated := true
	for _, c := range s.n.Condemned {
		isolated = s.isolate(c) && isolated
	}
	if isolated {
		s.to(record.Fencing)
		s.say(message.FenceBegun, "isolated: "+s.condemnedIDs())
		s.fencing()
	}
}

func (s *step) condemnedIDs() string {
	ids := make([]string, 0, len(s.n.Condemned))
	for _, c := range s.n.Condemned {
		ids = append(ids, c.Instance)
	}
	return strings.Join(ids, ", ")
}

// recordBlueprint settles what the replacement inherits. It reports whether the
// switch can go on.
func (s *step) recordBlueprint() bool {
	if !s.seen(observe.PartDetails) {
		return false
	}
	from := s.n.Switch.From
	if err := s.Facts.Unseen[observe.PartTargets]; err == nil {
		s.recordTargets(from)
	} else { // the load balancer's API must not keep a failed node from being fenced
		s.say(message.CallFailed, "the targets recorded before are used: "+err.Error())
	}
	if t := s.n.Settings.Template; t != s.n.Template {
		if b, ok := s.Facts.Template[t]; ok {
			return s.settle(b, t, message.BlueprintTaken, fmt.Sprintf("from launch template %s version %s, which a deployment set since the last launch", t.ID, t.Version))
		}
		s.say(message.CallFailed, fmt.Sprintf("launch template %s version %s cannot be read, the failed instance is the model and the change waits for the switch after: %v",
			t.ID, t.Version, errors.Join(s.Facts.NoTemplate[t], s.Facts.Unseen[observe.PartTemplates])))
	}
	i := s.Facts.Instances[from]
	why := s.Facts.NoDetails[from]
	if d, described := s.Facts.Details[from]; described {
		b, err := blueprint.FromInstance(i, d, s.Config.BlackholeGroup)
		if err == nil {
			s.protectAsDescribed(from, d)
			return s.settle(b, s.n.Template, message.BlueprintTaken, "from "+from)
		}
		why = err.Error()
	}
	if s.n.Blueprint == nil {
		s.hold(record.Interrupted, message.NoBlueprint, why, s.retryAt())
		return false
	}
	return s.settle(*s.n.Blueprint, s.n.Template, message.BlueprintKept, why)
}

func (s *step) settle(b cloud.Blueprint, t contract.Template, code message.Code, reason string) bool {
	s.n.Blueprint, s.n.Template = &b, t
	s.n.Switch.Recorded = true
	s.out.Save = true
	s.say(code, reason)
	return true
}

func (s *step) protectAsDescribed(instance string, d cloud.Details) {
	for i := range s.n.Condemned {
		if c := &s.n.Condemned[i]; c.Instance == instance {
			c.ProtectStop, c.ProtectTerminate = d.ProtectStop, d.ProtectTerminate
		}
	}
}

// recordTargets notes the node's own places in its target groups: exactly what
// the failed instance holds there. A group that does not show it keeps what was
// recorded before.
func (s *step) recordTargets(instance string) {
	ip := ""
	for _, c := range s.n.Condemned {
		if c.Instance == instance {
			ip = c.PrivateIP
		}
	}
	var targets []record.Target
	for _, g := range s.n.Settings.Groups {
		kind := s.Facts.Groups[g.ARN].Kind
		var found []record.Target
		for _, t := range s.Facts.Targets[g.ARN] {
			if t.ID == instance || ip != "" && t.ID == ip {
				found = append(found, record.Target{Group: g.ARN, Kind: kind, Port: t.Port})
			}
		}
		if len(found) == 0 {
			for _, t := range s.n.Targets {
				if t.Group == g.ARN {
					found = append(found, t)
				}
			}
		}
		targets = append(targets, found...)
	}
	s.n.Targets = targets
}

// isolate quarantines an instance: the condemned tag, then the blackhole group
// on every interface. It reports whether nothing is left to do.
func (s *step) isolate(c record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	if !visible || i.State == cloud.Terminated || i.State == cloud.ShuttingDown {
		return true // nothing left to isolate; the fence is judged by itself
	}
	isolated := s.tagCondemned(c, i)
	for _, n := range i.Interfaces {
		e := Effect{Do: Isolate, Instance: i.ID, NIC: n.ID, Groups: []string{s.Config.BlackholeGroup}}
		if slices.Equal(n.Groups, e.Groups) || s.succeeded(e) {
			continue
		}
		s.do(e)
		isolated = false
	}
	return isolated
}

// tagCondemned names the instance as condemned for IAM. Reports whether it is.
func (s *step) tagCondemned(c record.Condemned, i cloud.Instance) bool {
	e := Effect{Do: Condemn, Instance: i.ID, Tags: map[string]string{contract.CondemnedTag: strconv.Itoa(c.Epoch)}}
	if i.Tags[contract.CondemnedTag] == e.Tags[contract.CondemnedTag] || s.succeeded(e) {
		return true
	}
	s.do(e)
	return false
}

// fencing powers the condemned instances off until EC2 confirms that all are.
func (s *step) fencing() {
	if !s.fenced() {
		s.fence()
		return
	}
	s.to(record.Launching)
	s.say(message.Fenced, "off: "+s.condemnedIDs())
	// Places and shortages are read for the next round.
}

// fenced reports whether every condemned instance is seen off now.
func (s *step) fenced() bool {
	off := true
	for i := range s.n.Condemned {
		off = s.off(&s.n.Condemned[i]) && off
	}
	return off
}

// off is the power fence of one instance. An instance that EC2 no longer shows
// counts as terminated only after a time that no lag explains.
func (s *step) off(c *record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	switch {
	case visible:
		if !c.AbsentSince.IsZero() {
			c.AbsentSince, s.out.Save = time.Time{}, true
		}
		return i.Off()
	case c.AbsentSince.IsZero():
		c.AbsentSince, s.out.Save = s.Now, true
	}
	return s.since(c.AbsentSince) >= absentGone
}

// fence stops what still runs.
func (s *step) fence() {
	s.wait()
	for _, c := range s.n.Condemned {
		i, visible := s.Facts.Instances[c.Instance]
		if !visible || i.State != cloud.Running && i.State != cloud.Pending {
			continue
		}
		if !s.tagCondemned(c, i) {
			continue
		}
		s.powerOff(c, i)
	}
	if limit := seconds(s.Config.Policy.FenceSeconds); s.since(s.n.Since) >= limit {
		s.hold(record.Interrupted, message.FenceOverdue, fmt.Sprintf("%s after %s", s.powerStates(), limit), s.retryAt())
	}
}

// powerOff chooses how an instance that runs is switched off.
func (s *step) powerOff(c record.Condemned, i cloud.Instance) {
	switch {
	case i.State == cloud.Pending && i.ID == s.n.Switch.From:
		// Somebody started the original. It cannot be stopped before it runs, and must
		// not be terminated before a replacement serves.
	case i.State == cloud.Pending:
		s.terminate(c) // a replacement that never served
	case i.RootStore != "instance-store":
		if e := (Effect{Do: Unprotect, Instance: i.ID, Stop: true}); c.ProtectStop && !s.succeeded(e) {
			s.do(e)
			return
		}
		s.do(Effect{Do: Stop, Instance: i.ID, Force: true})
	case s.n.Settings.AllowTerminateFence:
		s.terminate(c)
	default:
		s.hold(record.Held, message.HeldInstanceStore, i.ID+" has an instance-store root device and the node does not set AllowTerminateFence", s.retryAt())
	}
}

func (s *step) terminate(c record.Condemned) {
	if e := (Effect{Do: Unprotect, Instance: c.Instance}); c.ProtectTerminate && !s.succeeded(e) {
		s.do(e)
		return
	}
	s.do(Effect{Do: Terminate, Instance: c.Instance})
}

func (s *step) powerStates() string {
	states := make(map[string]string, len(s.n.Condemned))
	for _, c := range s.n.Condemned {
		states[c.Instance] = "not visible"
		if i, ok := s.Facts.Instances[c.Instance]; ok {
			states[c.Instance] = i.State + because(i.StateReason)
		}
	}
	parts := make([]string, 0, len(states))
	for _, id := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, id+" is "+states[id])
	}
	return strings.Join(parts, ", ")
}

// remove terminates a condemned instance after the node serves (or is deleted).
// It reports whether it is gone or on its way.
func (s *step) remove(c record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	if !visible {
		return s.off(s.condemned(c.Instance))
	}
	if i.State == cloud.Terminated || i.State == cloud.ShuttingDown {
		return true
	}
	if s.tagCondemned(c, i) {
		s.terminate(c)
	}
	return false
}

func (s *step) condemned(instance string) *record.Condemned {
	for i := range s.n.Condemned {
		if s.n.Condemned[i].Instance == instance {
			return &s.n.Condemned[i]
		}
	}
	return &record.Condemned{Instance: instance}
}

// reap clears away what an earlier switch left, and stops what was started again.
func (s *step) reap() {
	for _, c := range slices.Clone(s.n.Condemned) {
		i, visible := s.Facts.Instances[c.Instance]
		if visible && (i.State == cloud.Running || i.State == cloud.Pending) {
			s.say(message.CondemnedRunning, c.Instance+" is "+i.State, slog.String("instance", c.Instance))
			s.isolate(c)
		}
		gone := s.remove(c)
		if gone && (!visible || i.State == cloud.Terminated) {
			s.forget(c)
		}
	}
}

// forget takes a terminated instance off the condemned. ELB deregisters a
// terminated instance by itself and refuses to register it again, and its address
// may belong to somebody else from now on: nothing more is done about it.
func (s *step) forget(c record.Condemned) {
	s.n.Condemned = slices.DeleteFunc(s.n.Condemned, func(x record.Condemned) bool { return x.Instance == c.Instance })
	s.out.Save = true
}
