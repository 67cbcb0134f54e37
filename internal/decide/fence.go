package decide

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// fencing powers the condemned instances off until EC2 confirms that all are.
func (s *step) fencing() {
	if s.spare() {
		return // it runs again before anybody asked it to stop
	}
	if !s.fenced() {
		s.fence()
		return
	}
	if s.graceful() && !s.isolateAll() { // whoever starts it again finds it shut off; it ended by itself before
		s.wait()
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

// fence powers off what still runs. The quarantine is completed beside it.
func (s *step) fence() { s.fenceBut("") }

func (s *step) fenceBut(spared string) {
	s.wait()
	for _, c := range slices.Clone(s.n.Condemned) {
		i, visible := s.Facts.Instances[c.Instance]
		if c.Instance == spared || !visible {
			continue
		}
		how, due := s.nextPowerOff(c, i)
		if !due {
			continue
		}
		if s.isolate(c); s.tagged(c, i) {
			s.powerOff(c, i, how)
		}
	}
	if s.strengthen() {
		return
	}
	limit := seconds(s.Config.Policy.FenceSeconds)
	if s.graceful() {
		limit += seconds(s.n.Settings.Stop)
	}
	// The time counts from when EC2 took the request: until then, people must know the reason
	// why it does not.
	late, others := s.overdue()
	if s.since(s.n.Since) < limit || !late || !others && s.escalate() {
		return
	}
	s.hold(record.Interrupted, message.FenceOverdue, fmt.Sprintf("%s after %s%s", s.powerStates(), limit, s.notForced()), s.retryAt())
}

// tagged reports whether the instance is tagged as condemned. One that is on its way to
// being terminated was not isolated, and is tagged here.
func (s *step) tagged(c record.Condemned, i cloud.Instance) bool {
	if i.State == cloud.ShuttingDown {
		return s.tagCondemned(c, i)
	}
	return s.marked(c, i)
}

// overdue reports whether EC2 has had the policy's time to power off an instance that is not
// fenced, and whether it has not yet had that of others. The time counts from when EC2 was
// first asked, however long asking took.
func (s *step) overdue() (late, others bool) {
	for i := range s.n.Condemned {
		c := &s.n.Condemned[i]
		if s.off(c) {
			continue
		}
		asked := c.FirstAsked
		if x := s.Facts.Instances[c.Instance]; asked.IsZero() && x.State != cloud.Running && x.State != cloud.Pending {
			asked = c.Since // somebody else asked, or it is out of sight
		}
		if asked.IsZero() || s.since(asked) < seconds(s.Config.Policy.FenceSeconds) {
			others = true
		} else {
			late = true
		}
	}
	return late, others
}

// joins adds this invocation to those that may send a request. Who sends it is saved
// first: a process that was cut off before its call may still make it when it wakes.
func (s *step) joins(senders []record.Sender) []record.Sender {
	if slices.ContainsFunc(senders, s.self) {
		return senders
	}
	s.out.Save = true
	return append(senders, s.Process)
}

// self reports whether x is this invocation, or an earlier try of it that crashed:
// Lambda tries again under the same id, and a process that exited sends nothing more.
// A try that reached its time limit counts as another sender: its host may have been
// frozen, and may send what was signed when it runs again.
func (s *step) self(x record.Sender) bool {
	return x.By == s.Process.By && s.Now.Before(x.Until.Add(-record.SignatureLife))
}

// live reports whether a call of that invocation can still arrive.
func (s *step) live(x record.Sender) bool { return s.Now.Before(x.Until) }

// untaken gives an instance that is to shut down by itself its time again when it was
// never asked: whoever decided to ask died, or slept, before the call. It runs, and was
// not started since it was condemned ("LaunchTime: the time that the instance was last
// launched", Amazon EC2 API reference). The fence's own limit ends that.
func (s *step) untaken() {
	if !s.graceful() || !s.n.Condemns(s.n.Switch.From) {
		return
	}
	c, i := s.condemned(s.n.Switch.From), s.Facts.Instances[s.n.Switch.From]
	asked := !c.FirstAsked.IsZero() && s.since(c.FirstAsked) >= seconds(s.n.Settings.Stop)
	if asked && s.n.Settings.Stop > 0 && i.State == cloud.Running && i.LaunchedAt.Before(c.Since) && s.since(s.n.Since) < seconds(s.Config.Policy.FenceSeconds) {
		c.FirstAsked, c.AskedAt, s.out.Save = s.Now, s.Now, true
	}
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
	if s.tagCondemned(c, i); s.marked(c, i) {
		s.terminate(c, cloud.ShutDown)
		return false
	}
	return s.sparesTag(c, i) // it stays, stopped, until its tags have room: the switch does not wait for that
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
		if !s.detached(c) {
			continue
		}
		gone := s.remove(c)
		if gone && (!visible || i.State == cloud.Terminated) && s.restored(c, i) {
			s.forget(c)
		}
	}
}

// detached reports whether the instance's address is seen to be in none of the node's
// target groups: ELB keeps the address of a terminated instance, which may belong to
// somebody else soon. Instance targets leave by themselves.
func (s *step) detached(c record.Condemned) bool {
	for _, group := range s.allGroups() {
		if c.PrivateIP == "" || slices.ContainsFunc(s.n.Targets, func(t record.Target) bool { return t.Group == group && t.Kind == "instance" }) {
			continue
		}
		targets, read := s.Facts.Targets[group]
		if !read {
			return false
		}
		if slices.ContainsFunc(targets, func(t cloud.Target) bool { return t.ID != c.Instance && c.Has(t.ID) && s.stale(t) }) {
			return false
		}
	}
	return true
}

// refence stops again what somebody started while the replacement is not healthy
// yet, and takes it out of the target groups: nothing but the granted instance
// may serve. It is terminated only when the replacement serves.
func (s *step) refence() {
	for _, c := range slices.Clone(s.n.Condemned) {
		i, visible := s.Facts.Instances[c.Instance]
		if !visible || i.State != cloud.Running && i.State != cloud.Pending {
			continue
		}
		s.isolate(c)
		if s.Facts.Unseen[observe.PartTargets] == nil {
			s.deregistered()
		}
		how, _ := s.nextPowerOff(c, i)
		if before := len(s.out.Effects); s.marked(c, i) {
			s.powerOff(c, i, how)
			if len(s.out.Effects) > before {
				s.say(message.CondemnedRunning, c.Instance+" is "+i.State, slog.String("instance", c.Instance))
			}
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
