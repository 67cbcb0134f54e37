package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// prepare begins a planned switch: the instance is well and keeps the grant until
// the requests under way are finished.
func (s *step) prepare(kind string, cause record.Cause, to string) {
	g := s.n.Grant
	if cause.At.IsZero() { // an order that does not say when it was given
		cause.At = s.Now
	}
	s.n.Switch = &record.Switch{
		ID: fmt.Sprintf("%d-%d", s.n.ID, s.n.Epoch+1), Kind: kind, Cause: cause, Started: s.Now,
		From: g.Instance, FromZone: g.Zone, To: to, Gate: s.n.Settings.Gate,
	}
	s.n.Switch.Tried = s.avoided()
	s.to(record.Draining)
	s.say(message.PlannedStarted, cause.Detail, slog.String("instance", g.Instance), slog.String("az", g.Zone))
	s.wait()
}

// avoided are the zones that a switch does not go to: that of the instance, unless
// only its image or type is to change.
func (s *step) avoided() []string {
	if sw := s.n.Switch; sw.FromZone != "" && sw.Kind != record.KindUpdate {
		return []string{sw.FromZone}
	}
	return nil
}

// graceful reports whether the switch under way moves an instance that is well: its
// operating system shuts down by itself, and its application can write until then.
func (s *step) graceful() bool {
	return s.n.Switch != nil && (s.n.Switch.Kind == record.KindPlanned || s.n.Switch.Kind == record.KindUpdate)
}

// leaves reports whether an instance is one that shuts down by itself: the original, unless
// it got the node back and was not healthy. Then it is isolated and powered off like any
// that failed: it is in the target groups, and may become healthy without a grant.
func (s *step) leaves(c record.Condemned) bool {
	return s.graceful() && c.Instance == s.n.Switch.From && !c.Unwell
}

// gentle reports whether the instance still has time to shut down by itself. It has
// none any more when the node goes on without it.
func (s *step) gentle(c record.Condemned) bool {
	limit := seconds(s.n.Settings.Stop)
	return s.leaves(c) && !c.Waived && !c.Cut && limit > 0 && (c.FirstAsked.IsZero() || s.since(c.FirstAsked) < limit)
}

// draining takes the node out of its target groups and waits until the requests
// under way are finished. The node still has its grant: a failure makes a recovery of
// the switch, and what is called off goes back.
func (s *step) draining() {
	if !s.seen(observe.PartAlarms) && !s.pressed() {
		return
	}
	if cause, failed := s.failure(); failed && s.lasted(cause) && s.free(cause) {
		s.upgrade(cause)
		return
	}
	if why := s.calledOff(); why != "" {
		s.callOff(why)
		return
	}
	if s.n.Switch.Kind == record.KindUpdate && !s.applicable() {
		return
	}
	switch {
	case s.withdrawn():
		s.revoke("is out of its target groups")
	case s.pressed():
		s.revoke("has had its time to drain")
	default:
		s.wait()
	}
}

// upgrade makes a recovery of the switch: the instance failed while it was being
// prepared. The node is recovered as it was; what a deployment wanted is refused.
func (s *step) upgrade(cause record.Cause) {
	if s.n.Switch.Kind == record.KindUpdate {
		s.answer(fmt.Errorf("node %d failed before its change was applied (%s) and is recovered as it was; deploy again", s.n.ID, cause.Detail))
	}
	s.begin(cause)
	if s.n.Phase == record.Confirmed {
		s.n.Switch.LastGood = true
	}
}

// drainPatience is how long after its beginning a planned switch waits for load balancers
// that do not take the deregistration.
const drainPatience = 5 * time.Minute

// haste is how long before AWS stops the instance by itself the draining ends.
const haste = time.Minute

// pressed reports whether the time to drain is over.
func (s *step) pressed() bool {
	sw := s.n.Switch
	return s.since(s.n.Since) >= seconds(s.n.Settings.Drain) || !sw.Deadline.IsZero() && s.Now.After(sw.Deadline.Add(-haste))
}

// withdrawn takes the granted instance out of every target group. It reports
// whether nothing of it is left there.
func (s *step) withdrawn() bool {
	if !s.seen(observe.PartTargets) {
		return false
	}
	g, sw := s.n.Grant, s.n.Switch
	if !sw.Noted {
		s.recordTargets(g.Instance)
		sw.Noted, s.out.Save = true, true
		s.n.Since = s.Now
	}
	if slices.ContainsFunc(s.Outcomes, func(o Outcome) bool { return o.Effect.Do == Deregister && o.Err == nil }) {
		s.n.Since, s.out.Save = s.Now, true // requests under way have their time from when the group took it
	}
	gone := true
	for _, group := range s.allGroups() {
		var own []cloud.Target
		for _, t := range s.Facts.Targets[group] {
			if !g.Has(t.ID) {
				continue
			}
			gone = false
			if t.Health != cloud.Draining {
				own = append(own, cloud.Target{ID: t.ID, Port: t.Port, Outside: t.Outside})
			}
		}
		if e := (Effect{Do: Deregister, Group: group, Targets: own}); len(own) > 0 && !s.succeeded(e) {
			s.do(e)
			s.out.Save = true // so that a leader of yesterday finds out instead of deregistering
			if s.since(sw.Started) < drainPatience {
				s.n.Since = s.Now // whoever was to deregister it did not come to it
			}
		}
	}
	return gone
}

// revoke ends the preparation: from here on the instance is condemned, and the
// switch goes on like any other, only that it is stopped gently.
func (s *step) revoke(drained string) {
	g := *s.n.Grant
	s.n.Epoch++
	s.n.Grant = nil
	s.condemn(g.Instance, g.Zone, g.PrivateIP)
	s.to(record.Confirmed)
	s.say(message.Drained, g.Instance+" "+drained, slog.String("instance", g.Instance), slog.String("az", g.Zone))
	s.wait()
}

// sightLag is how long what EC2 shows may lag behind (assumption: Describe is
// eventually consistent): an event that was just seen has not been withdrawn because
// the next look does not show it.
const sightLag = 15 * time.Second

// calledOff says why the switch is not wanted any more, or "".
func (s *step) calledOff() string {
	sw := s.n.Switch
	switch {
	case sw.Kind == record.KindUpdate && s.n.Settings.Template == s.n.Template:
		return "a deployment took the change back"
	case sw.Cause.Kind == event.CauseScheduled && s.since(sw.Started) >= sightLag && s.Facts.Scheduled != nil && s.Facts.Unseen[observe.PartScheduled] == nil && s.scheduled() == nil:
		return "AWS withdrew the event"
	}
	return ""
}

// callOff leaves the node where it is: a new grant for the same instance, which is
// registered again.
func (s *step) callOff(why string) {
	sw, g := s.n.Switch, s.n.Grant
	s.n.Epoch++
	g.Epoch, g.GrantedAt, g.ServedAt = s.n.Epoch, s.Now, time.Time{}
	sw.Instance = g.Instance
	s.to(record.Serving)
	s.say(message.PlannedCancelled, why, slog.String("instance", g.Instance), slog.String("az", g.Zone))
	s.wait()
}

// scheduled is the next event that AWS announced for the granted instance, or nil.
func (s *step) scheduled() *cloud.Scheduled {
	events := slices.Clone(s.Facts.Scheduled[s.n.Grant.Instance])
	slices.SortFunc(events, func(a, b cloud.Scheduled) int {
		if c := a.NotBefore.Compare(b.NotBefore); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	if len(events) == 0 {
		return nil
	}
	return &events[0]
}

// spotNotice is how long before a Spot instance is interrupted AWS says so ("Spot
// Instance interruption notices", Amazon EC2 User Guide).
const spotNotice = 2 * time.Minute

// announced moves a node that is well away from what AWS or a person announced. It
// reports whether a planned switch began.
func (s *step) announced() bool {
	g := s.n.Grant
	if h := s.Hint; s.called() {
		if why := s.unmovable(); why != "" {
			s.say(message.NotEligible, why+": "+h.Cause.Detail)
			return false
		}
		s.prepare(record.KindPlanned, h.Cause, h.To)
		if h.Cause.Kind == event.CauseSpot {
			s.n.Switch.Deadline = h.Cause.At.Add(spotNotice)
		}
		return true
	}
	e := s.scheduled()
	if e == nil || e.ID == s.n.Stayed {
		return false
	}
	at := e.NotBefore.UTC().Format(time.RFC3339)
	detail := fmt.Sprintf("AWS announced %s of %s for %s%s", e.Code, g.Instance, at, because(e.Detail))
	lead := seconds(s.Config.Policy.NoticeLeadSeconds)
	if s.n.Notified != e.ID {
		s.n.Notified, s.out.Save = e.ID, true
		s.say(message.EventAnnounced, detail)
		switch why := s.unmovable(); {
		case why != "":
			s.notify(message.EventAnnounced, detail+". The node is not moved before that: "+why)
		case s.Now.Before(e.NotBefore.Add(-lead)): // else the switch tells of it
			s.notify(message.EventAnnounced, fmt.Sprintf("%s. The node is moved by a planned switch at %s", detail, e.NotBefore.Add(-lead).UTC().Format(time.RFC3339)))
		}
	}
	if s.Now.Before(e.NotBefore.Add(-lead)) || s.unmovable() != "" {
		return false
	}
	s.prepare(record.KindPlanned, record.Cause{Kind: event.CauseScheduled, Detail: detail, At: s.Now, Independent: true}, "")
	s.n.Switch.Deadline = e.NotBefore
	return true
}

// called reports whether an operator, or a notice about the instance that carries the
// node, asks for a planned switch.
func (s *step) called() bool {
	return s.commanded() || s.Hint != nil && s.Hint.Cause.Kind == event.CauseSpot && s.Hint.Instance == s.n.Grant.Instance
}

// commanded reports whether an operator asks for a switch.
func (s *step) commanded() bool { return s.Hint != nil && s.Hint.Cause.Kind == event.CauseOperator }

// unmovable says why a planned switch may not begin now, or "".
func (s *step) unmovable() string {
	if p := s.n.Pause; s.n.Paused(s.Now) {
		return fmt.Sprintf("paused until %s: %s", p.Until.Format(time.RFC3339), p.Reason)
	}
	if off := s.switchedOff(); off != nil && !s.commanded() {
		return fmt.Sprintf("recoveries are switched off by %s: %s", off.By, off.Reason)
	}
	return s.ineligible()
}
