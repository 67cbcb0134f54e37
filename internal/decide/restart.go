package decide

import (
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// mayRestart reports whether the failed instance may be started again in place: the
// node allows it, it is stopped, and nobody else's call to stop it can still arrive. All others of the node are off too.
func (s *step) mayRestart() bool {
	sw := s.n.Switch
	i := s.Facts.Instances[sw.From]
	if !s.n.Settings.RestartOriginal && !s.graceful() || s.n.Blueprint == nil || sw.From == "" || i.State != cloud.Stopped || !s.n.Condemns(sw.From) {
		return false
	}
	return s.fenced() && !s.mayStillWrite(*s.condemned(sw.From)) && !slices.ContainsFunc(s.condemned(sw.From).Stoppers, func(x record.Sender) bool {
		return x.By != s.Process.By && s.Now.Before(x.Until)
	})
}

// restart prepares the stopped original to carry the node again, and then makes it
// the replacement: out of the target groups (it would get traffic the moment it
// runs), its groups given back, tagged as one that may be started.
func (s *step) restart() {
	sw := s.n.Switch
	i := s.Facts.Instances[sw.From]
	if !s.mayRestart() {
		sw.Restart, sw.NoOriginal, s.out.Save = false, true, true // somebody started or terminated one of them
		s.wait()
		return
	}
	if !s.seen(observe.PartTargets) {
		return
	}
	if sw.Fallback != nil {
		s.revert() // the original is what it was
	}
	if !s.restored(*s.condemned(i.ID), i) {
		s.wait() // it must find its zone's mount target, which nobody else would put back
		return
	}
	out, given := s.deregistered(), s.regroup(i)
	startable := i.Tags[contract.CondemnedTag] == contract.MayStart
	if !startable {
		s.do(Effect{Do: Pardon, Instance: i.ID, Tags: map[string]string{contract.CondemnedTag: contract.MayStart}})
	}
	if !startable || !given {
		s.out.Save = true // so that a leader of yesterday finds out instead of undoing a quarantine
	}
	if !startable || !given || !out {
		s.wait()
		return
	}
	s.n.Epoch++
	s.acquit(i.ID)
	sw.Instance = i.ID
	s.to(record.Gated)
	why := ""
	if refused := s.refusals(); refused != "" {
		why = "; the launches before: " + refused
	}
	s.say(message.RestartBegun, fmt.Sprintf("%s in %s%s", i.ID, i.Zone, why))
	s.do(Effect{Do: Start, Instance: i.ID})
}

// restarting starts the original until it is on its way. That can lack capacity like
// any launch: then it is condemned again, and the candidates get another chance.
func (s *step) restarting(i cloud.Instance) {
	sw := s.n.Switch
	if !s.fenced() {
		s.fence()
		return
	}
	for _, o := range s.Outcomes {
		if o.Effect.Do != Start || o.Err == nil {
			continue
		}
		if cloud.Passing(o.Err) {
			s.awaits(string(Start), "start is repeated: "+o.Err.Error(), o.Err)
			continue
		}
		s.n.Epoch++
		s.condemn(i.ID, i.Zone, i.PrivateIP)
		first := s.graceful() && !sw.NoOriginal
		sw.Instance, sw.Restart, sw.NoOriginal = "", false, true
		s.to(record.Launching)
		if first { // other places were not tried yet
			s.say(message.NextCandidate, fmt.Sprintf("%s could not be started again: %v", i.ID, o.Err))
			s.wait()
			return
		}
		why := fmt.Sprintf("%s could not be started again in place either: %v", i.ID, o.Err)
		if before := s.refusals(); before != "" {
			why += "; before, " + before
		}
		s.holdNoCandidate(why+s.lasting(), s.retryAt())
		return
	}
	s.do(Effect{Do: Start, Instance: i.ID})
	s.wait()
}
