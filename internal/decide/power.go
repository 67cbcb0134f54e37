package decide

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// stuckAfter is the time after a request to power off from which an instance that is still
// on its way counts as stuck (assumption: without the operating system's shutdown it normally takes
// 10 to 40 s).
const stuckAfter = time.Minute

// answerSoon is the time in which EC2 usually answers; an answer that comes later moves the time from
// which an instance may be stuck.
const answerSoon = 10 * time.Second

// nextPowerOff returns how EC2 is asked next to power the instance off, and whether it is
// time to ask. Force is for an instance that is stuck, and only where the node can use
// what EC2 says after it.
func (s *step) nextPowerOff(c record.Condemned, i cloud.Instance) (how cloud.PowerOff, due bool) {
	going := i.State == cloud.Stopping || i.State == cloud.ShuttingDown
	switch {
	case i.Off() || going && s.gentle(c):
		return "", false
	case s.gentle(c):
		return cloud.ShutDown, true
	case !going:
		return cloud.SkipShutdown, true
	case c.Asked == cloud.ShutDown:
		return cloud.SkipShutdown, true // its time to shut down has passed
	case s.since(latest(c.Since, c.AskedAt)) < stuckAfter:
		return "", false
	case c.Asked == "":
		return cloud.SkipShutdown, true // a person, or its own system, began to power it off
	}
	return cloud.ForceOff, s.forceable(c)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// powerOff chooses the call that switches an instance off.
func (s *step) powerOff(c record.Condemned, i cloud.Instance, how cloud.PowerOff) {
	original := i.ID == s.n.Switch.From
	switch {
	case i.State == cloud.ShuttingDown, i.State == cloud.Pending && !original: // the latter never served
		s.terminate(c, how)
	case i.State == cloud.Pending:
		// A person started the original again. Only a forced stop works on a pending instance
		// ("Methods for stopping an instance", Amazon EC2 User Guide). It began in quarantine,
		// and so has no connection by which it could write: the force makes no weaker evidence.
		if s.sealed(i) {
			s.stop(c, cloud.SkipShutdown, cloud.ForceOff)
		}
	case i.RootStore != "instance-store" && c.Unstoppable == "":
		s.stop(c, how, how)
	case s.n.Settings.AllowTerminateFence, !original, s.waitsAtGate():
		s.terminate(c, how)
	case s.overlaps() && s.n.Phase == record.Gated:
		// Terminating is its only fence, and waits until the replacement stands by.
	default:
		why := "has an instance-store root device"
		if c.Unstoppable != "" {
			why = "cannot be stopped (" + c.Unstoppable + ")"
		}
		s.hold(record.Held, message.HeldInstanceStore, i.ID+" "+why+" and the node does not set Fence.AllowTerminate", s.retryAt())
	}
}

// sealed reports whether every interface of the instance carries the blackhole group alone.
func (s *step) sealed(i cloud.Instance) bool {
	return len(i.Interfaces) > 0 && !slices.ContainsFunc(i.Interfaces, func(n cloud.Interface) bool {
		return !slices.Equal(n.Groups, []string{s.Config.BlackholeGroup})
	})
}

// stop clears the stop protection, or stops the instance. noted is the record's copy of the
// way it was asked.
func (s *step) stop(c record.Condemned, noted, how cloud.PowerOff) {
	if c.ProtectStop == record.ProtectionOn {
		s.do(Effect{Do: Unprotect, Instance: c.Instance, Stop: true})
		return
	}
	s.asks(c.Instance, noted)
	s.do(Effect{Do: Stop, Instance: c.Instance, How: how})
}

func (s *step) terminate(c record.Condemned, how cloud.PowerOff) {
	if c.ProtectTerminate == record.ProtectionOn {
		s.do(Effect{Do: Unprotect, Instance: c.Instance})
		return
	}
	s.asks(c.Instance, how)
	s.do(Effect{Do: Terminate, Instance: c.Instance, How: how})
}

// asks notes, before the call, that this invocation asks EC2 to power the instance
// off: until its calls cannot arrive any more the instance is not started again.
func (s *step) asks(instance string, how cloud.PowerOff) {
	c := s.condemned(instance)
	c.Stoppers = s.joins(c.Stoppers)
	if c.FirstAsked.IsZero() {
		c.FirstAsked, s.out.Save = s.Now, true
	}
	if harder := how.Harder(c.Asked); harder || c.AskedAt.IsZero() || how != cloud.ShutDown && s.since(c.AskedAt) >= stuckAfter {
		c.AskedAt, s.out.Save = s.Now, true
		if harder {
			c.Asked = how
		}
	}
}

// answeredPowerOffs notes what EC2 answered this invocation. No call that was answered is
// under way any more, which matters where the original is to be started again.
func (s *step) answeredPowerOffs() {
	for _, o := range s.Outcomes {
		if o.Effect.Do != Stop && o.Effect.Do != Terminate || cloud.Is(o.Err, cloud.Ambiguous) || !s.n.Condemns(o.Effect.Instance) {
			continue
		}
		c := s.condemned(o.Effect.Instance)
		if o.Err == nil && !c.AskedAt.IsZero() && s.since(c.AskedAt) > answerSoon { // EC2 took it long after it was decided
			c.AskedAt, s.out.Save = s.Now, true
		}
		if o.Err == nil && !s.graceful() {
			continue // nothing else is decided by it
		}
		if slices.ContainsFunc(c.Stoppers, s.self) {
			c.Stoppers, s.out.Save = slices.DeleteFunc(c.Stoppers, s.self), true
		}
		switch {
		case o.Err == nil && o.Effect.How == cloud.ShutDown: // its time counts from when EC2 took it
			c.FirstAsked, c.AskedAt, s.out.Save = s.Now, s.Now, true
		case o.Err != nil && len(c.Stoppers) == 0 && !c.FirstAsked.IsZero():
			// No request was taken, or may be yet: its time has not begun.
			c.FirstAsked, c.AskedAt, s.out.Save = time.Time{}, time.Time{}, true
		}
	}
}

// answeredUnprotects notes the protections that EC2 has cleared: the description of an
// instance does not show them.
func (s *step) answeredUnprotects() {
	for _, o := range s.Outcomes {
		if o.Effect.Do != Unprotect || o.Err != nil || !s.n.Condemns(o.Effect.Instance) {
			continue
		}
		*protection(s.condemned(o.Effect.Instance), o.Effect.Stop) = record.ProtectionCleared
		s.out.Save = true
	}
}

// revealed notes what a refusal to power an instance off reveals, so that the next step can
// go another way. It reports whether there is one.
func (s *step) revealed(o Outcome) bool {
	if o.Effect.Do != Stop && o.Effect.Do != Terminate || !s.n.Condemns(o.Effect.Instance) {
		return false
	}
	c := s.condemned(o.Effect.Instance)
	switch codeOf(o.Err) {
	case "OperationNotPermitted": // it is protected, which was not on record, or is so again
		p := protection(c, o.Effect.Do == Stop)
		again := *p == record.ProtectionCleared
		*p, s.out.Save = record.ProtectionOn, true
		return !again
	case "UnsupportedOperation": // a one-time Spot instance, for example
		if o.Effect.Do != Stop || c.Unstoppable != "" {
			return false
		}
		c.Unstoppable, s.out.Save = o.Err.Error(), true
		return true
	}
	return false
}

func protection(c *record.Condemned, stop bool) *record.Protection {
	if stop {
		return &c.ProtectStop
	}
	return &c.ProtectTerminate
}
