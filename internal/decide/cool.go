package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// barred holds a node that may not be switched now.
func (s *step) barred(cause record.Cause) bool {
	reason, until := s.bar(cause)
	if reason == "" {
		return false
	}
	s.rest()
	s.hold(record.Held, message.HeldCoolDown, reason+"; now: "+cause.Detail, until)
	return true
}

// bar says why a node may not be switched now, and until when: it is cooling down,
// or was switched as often as the policy allows.
func (s *step) bar(cause record.Cause) (reason string, until time.Time) {
	p := s.Config.Policy
	if until = s.coolsUntil(cause); s.Now.Before(until) {
		return fmt.Sprintf("the node was switched and began to serve less than %d s ago (the policy's CoolDownSeconds)", p.CoolDownSeconds), until
	}
	if recent := s.recent(); len(recent) >= p.MaxSwitches {
		return fmt.Sprintf("%d switches began within %d s (the policy's MaxSwitches)", len(recent), p.WindowSeconds), recent[0].Add(seconds(p.WindowSeconds))
	}
	return "", time.Time{}
}

// recent is when the switches began that the policy's MaxSwitches counts.
func (s *step) recent() []time.Time {
	window := seconds(s.Config.Policy.WindowSeconds)
	return slices.DeleteFunc(slices.Clone(s.n.Recent), func(t time.Time) bool { return s.since(t) >= window || t.Before(s.n.Acked) })
}

// rest ends a suspicion that leads to no switch now: a node that is held from
// switching is mended meanwhile like any that rests.
func (s *step) rest() {
	if s.n.Phase == record.Suspected {
		s.n.Switch = nil
		s.to(record.Done)
	}
}

// coolsUntil is when a failure that only an alarm reports is believed again after a
// switch: an alarm that comes and goes must not move the node each time.
func (s *step) coolsUntil(c record.Cause) time.Time {
	served := s.n.Grant.ServedAt
	if c.Independent || len(s.n.Recent) == 0 || s.n.Acked.After(served) {
		return time.Time{}
	}
	return served.Add(seconds(s.Config.Policy.CoolDownSeconds))
}
