package decide

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

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

// off is the fence of one instance. One that EC2 no longer shows counts as
// terminated only after a time that no lag explains; one that EC2 does not confirm
// off may be fenced by what its escalation did.
func (s *step) off(c *record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	switch {
	case visible:
		if !c.AbsentSince.IsZero() {
			c.AbsentSince, s.out.Save = time.Time{}, true
		}
		return i.Off() || s.escalated(c)
	case c.AbsentSince.IsZero():
		c.AbsentSince, s.out.Save = s.Now, true
	}
	return s.since(c.AbsentSince) >= absentGone || s.escalated(c)
}

// forceAgain is how long an instance may be stopping before it is forced once more
// (assumption: a forced stop normally takes 10 to 40 s).
const forceAgain = time.Minute

// fence powers off what still runs. The quarantine is completed beside it.
func (s *step) fence() { s.fenceBut("") }

func (s *step) fenceBut(spared string) {
	s.wait()
	for _, c := range slices.Clone(s.n.Condemned) {
		if c.Instance == spared {
			continue
		}
		i, visible := s.Facts.Instances[c.Instance]
		stuck := i.State == cloud.Stopping && !s.gentle(c) && s.since(c.Since) >= forceAgain && s.askAgain(c)
		if !visible || i.State != cloud.Running && i.State != cloud.Pending && !stuck {
			continue
		}
		if s.isolate(c); s.marked(c, i) {
			s.powerOff(c, i)
		}
	}
	limit := seconds(s.Config.Policy.FenceSeconds)
	if s.graceful() {
		limit += seconds(s.n.Settings.Stop)
	}
	if s.since(s.n.Since) < limit || s.escalate() {
		return
	}
	s.hold(record.Interrupted, message.FenceOverdue, fmt.Sprintf("%s after %s", s.powerStates(), limit), s.retryAt())
}

// powerOff chooses how an instance that runs is switched off.
func (s *step) powerOff(c record.Condemned, i cloud.Instance) {
	original := i.ID == s.n.Switch.From
	switch {
	case i.State == cloud.Pending && original:
		// Somebody started the original. It cannot be stopped before it runs, and must
		// not be terminated before a replacement serves.
	case i.State == cloud.Pending:
		s.terminate(c) // a replacement that never served
	case i.RootStore != "instance-store":
		if e := (Effect{Do: Unprotect, Instance: i.ID, Stop: true}); c.ProtectStop && !s.succeeded(e) {
			s.do(e)
			return
		}
		s.asks(c.Instance)
		s.do(Effect{Do: Stop, Instance: i.ID, Force: !s.gentle(c)})
	case s.n.Settings.AllowTerminateFence, !original, s.waitsAtGate():
		s.terminate(c)
	case s.overlaps() && s.n.Phase == record.Gated:
		// Terminating is its only fence, and waits until the replacement stands by.
	default:
		s.hold(record.Held, message.HeldInstanceStore, i.ID+" has an instance-store root device and the node does not set AllowTerminateFence", s.retryAt())
	}
}

// asks notes, before the call, that this invocation asks EC2 to power the instance
// off: until its calls cannot arrive any more the instance is not started again.
func (s *step) asks(instance string) {
	c := s.condemned(instance)
	c.Stoppers = s.joins(c.Stoppers)
	if c.FirstAsked.IsZero() {
		c.FirstAsked, s.out.Save = s.Now, true
	}
	if c.AskedAt.IsZero() || s.askAgain(*c) && !s.gentle(*c) {
		c.AskedAt, s.out.Save = s.Now, true
	}
}

// askAgain reports whether it is time to ask EC2 once more: a minute after it was
// last asked, or when the time is over in which it was asked gently.
func (s *step) askAgain(c record.Condemned) bool {
	gently := s.leaves(c) && c.AskedAt.Equal(c.FirstAsked)
	return s.since(c.AskedAt) >= forceAgain || gently && s.n.Settings.Stop > 0
}

// answeredStops notes, in a planned switch, that EC2 answered this invocation: no call of
// it to power an instance off is under way any more, which matters where the original is
// to be started again.
func (s *step) answeredStops() {
	for _, o := range s.Outcomes {
		if o.Effect.Do != Stop || cloud.Is(o.Err, cloud.Ambiguous) || !s.graceful() {
			continue
		}
		c := s.condemned(o.Effect.Instance)
		c.Stoppers = slices.DeleteFunc(c.Stoppers, s.self)
		switch {
		case o.Effect.Force:
		case o.Err == nil: // its time counts from when EC2 took it, however long that was after it was decided
			c.FirstAsked, c.AskedAt = s.Now, s.Now
		case len(c.Stoppers) == 0: // nobody's request was taken, or may be yet: its time has not begun
			c.FirstAsked, c.AskedAt = time.Time{}, time.Time{}
		}
		s.out.Save = true
	}
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

func (s *step) terminate(c record.Condemned) {
	if e := (Effect{Do: Unprotect, Instance: c.Instance}); c.ProtectTerminate && !s.succeeded(e) {
		s.do(e)
		return
	}
	s.asks(c.Instance)
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
		if slices.ContainsFunc(targets, func(t cloud.Target) bool { return t.ID == c.PrivateIP && s.stale(t) }) {
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
		if before := len(s.out.Effects); s.marked(c, i) {
			s.powerOff(c, i)
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
