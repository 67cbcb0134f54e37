package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// absentConfirm is how long EC2 must have not shown a granted instance before
// that counts as a failure, and absentGone how long before a condemned one counts
// as terminated. EC2 shows a terminated instance for about an hour; Describe is
// eventually consistent, so one look without it proves nothing (assumption: five
// minutes outlast any such lag for an instance seen before).
const (
	absentConfirm = time.Minute
	absentGone    = 5 * time.Minute
)

// done looks whether the node has failed. One that has not is mended, and a hold
// ends when all was seen and nothing is left to mend: while the same thing goes wrong again and
// again, people are told of it once. A cool-down lasts until its time is over.
func (s *step) done() {
	if s.ordered() {
		return
	}
	failed := s.judge()
	if s.n.Phase != record.Done {
		return
	}
	if r := s.n.Request; r != nil && r.Type != event.Delete && !s.changes() {
		s.answer(nil) // nothing moves the instance that the answer names
	}
	verdict, before := s.out.Verdict, len(s.out.Effects)
	s.mend()
	cooling := s.n.Hold != nil && s.n.Hold.Code == string(message.HeldCoolDown) && !s.n.Hold.Due(s.Now)
	if !failed && !cooling && len(s.out.Effects) == before && s.Facts.Unseen[observe.PartAlarms] == nil {
		s.endHold()
	}
	if verdict != "" {
		s.out.Verdict = verdict
	}
}

// judge decides what a failure, or its absence, leads to. It reports whether the
// node is, or may be, failed.
func (s *step) judge() bool {
	if s.Hint != nil && s.Hint.Instance != "" && s.Hint.Instance != s.n.Grant.Instance {
		s.say(message.EventStale, fmt.Sprintf("node %d is carried by %s now: %s", s.n.ID, s.n.Grant.Instance, s.Hint.Cause.Detail))
		return true // not looked at; what holds the node goes on
	}
	cause, failed := s.failure()
	switch {
	case !failed && s.Hint != nil && !s.seen(observe.PartAlarms):
		s.out.Keep = s.out.Wait // where a permission is missing, the sweep looks again by itself
		return true
	case !failed && s.announced():
		return false
	case !failed:
		if s.Hint != nil {
			s.say(message.NodeHealthy, fmt.Sprintf("%s: %s", cause.Detail, s.Hint.Cause.Detail))
		}
	case s.switchedOff() != nil:
		s.heldOff(cause)
	case s.n.Paused(s.Now):
		s.say(message.NodePaused, fmt.Sprintf("%s; paused until %s: %s", cause.Detail, s.n.Pause.Until.Format(time.RFC3339), s.n.Pause.Reason))
	case s.ineligible() != "":
		s.say(message.NotEligible, s.ineligible())
	case s.commanded():
		s.n.Acked = s.Now // a person who knows asks for it, in spite of brake and cool-down
		if s.begin(cause); s.n.Switch != nil {
			s.n.Switch.To = s.Hint.To
		}
	case s.Brake.Wide && !s.Brake.Known:
		s.out.Keep = s.Hint != nil // nothing begins in a round that did not look at all nodes
	case s.Brake.holds(s.n.Grant.Zone, cause) != "":
		s.brake(cause)
	case s.barred(cause):
	case s.awaitsRecovery(cause):
	case !s.lasted(cause):
		s.n.Switch = &record.Switch{Kind: record.KindRecover, Cause: cause, Started: s.Now}
		s.to(record.Suspected)
		s.wait()
	default:
		s.begin(cause)
	}
	return failed
}

// suspected waits for the confirm window to pass.
func (s *step) suspected() {
	cause, failed := s.failure()
	switch {
	case !s.seen(observe.PartAlarms):
	case !failed || s.stands():
		s.say(message.SuspicionPassed, cause.Detail)
		s.n.Switch = nil
		s.to(record.Done)
	case s.since(s.n.Since) < s.window(s.n.Switch.Cause) && !s.lasted(cause), s.Brake.Wide && !s.Brake.Known:
		s.wait()
	case s.Brake.holds(s.n.Grant.Zone, s.n.Switch.Cause) != "":
		cause := s.n.Switch.Cause
		s.n.Switch = nil
		s.to(record.Done)
		s.brake(cause)
	default:
		s.begin(s.n.Switch.Cause)
	}
}

// lasted reports whether a failure has lasted for its window already: CloudWatch and
// EC2 say since when.
func (s *step) lasted(c record.Cause) bool {
	w := s.window(c)
	return w == 0 || (c.Kind == event.CauseAlarm || c.Kind == event.CauseCheck) && s.since(c.At) >= w
}

// sweepSoon is longer than the time to the next sweep.
const sweepSoon = 90 * time.Second

// awaitsRecovery leaves an instance whose status checks fail to EC2's own recovery for
// now. Sweeps look at it meanwhile; the last of the time is a suspicion like any other.
func (s *step) awaitsRecovery(c record.Cause) bool {
	left := seconds(s.n.Settings.AwaitRecovery) - s.since(c.At)
	if c.Kind != event.CauseAlarm || !c.Independent || left < sweepSoon {
		return false
	}
	s.say(message.RecoveryAwaited, fmt.Sprintf("for %s more; %s", left.Round(time.Second), c.Detail))
	return true
}

const causeAbsent = "absent"

// failure reads the levels: what the granted instance and the node's alarms show now.
// Without a failure, the cause's detail says what was seen instead.
func (s *step) failure() (record.Cause, bool) {
	g := s.n.Grant
	i, visible := s.Facts.Instances[g.Instance]
	switch {
	case !visible:
		return s.cause(causeAbsent, g.Instance+" is not visible in EC2"), true
	case i.State == cloud.Stopping || i.State == cloud.Stopped:
		return s.cause(event.CauseStopped, fmt.Sprintf("%s is %s%s", i.ID, i.State, because(i.StateReason))), true
	case i.State == cloud.ShuttingDown || i.State == cloud.Terminated:
		return s.cause(event.CauseTerminated, fmt.Sprintf("%s is %s%s", i.ID, i.State, because(i.StateReason))), true
	}
	if a, ok := s.alarm(); ok {
		c := s.cause(event.CauseAlarm, fmt.Sprintf("%s is %s and alarm %s is in ALARM%s", i.ID, i.State, a.Name, because(a.Reason)))
		c.Independent = strings.HasSuffix(a.Name, "."+contract.AlarmInstance)
		if !a.Since.IsZero() && a.Since.Before(c.At) {
			c.At = a.Since // when CloudWatch saw it, whenever we came to look
		}
		return c, true
	}
	if f, ok := s.Facts.Failing[g.Instance]; ok && !s.early() {
		c := s.cause(event.CauseCheck, fmt.Sprintf("%s is %s and EC2's check of its application fails%s", i.ID, i.State, because(f.Reason)))
		c.Independent = false // what many applications rest on can fail for all of them at once
		if !f.Since.IsZero() && f.Since.Before(c.At) {
			c.At = f.Since
		}
		return c, true
	}
	return record.Cause{Detail: i.ID + " is " + i.State + " and no believed alarm is in ALARM"}, false
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// cause takes the time from the hint if that tells of the same thing: it knows
// better than the look that followed when it happened.
func (s *step) cause(kind, detail string) record.Cause {
	c := record.Cause{Kind: kind, Detail: detail, At: s.Now, Independent: kind != event.CauseAlarm}
	if h := s.Hint; h != nil && h.Cause.Kind == kind && !h.Cause.At.IsZero() && h.Cause.At.Before(s.Now) {
		c.At = h.Cause.At
	}
	return c
}

// alarm finds an alarm that is believed: it is in ALARM, has been OK at least
// once in the node's life (so that a node without an agent is not switched for
// ever), watches this instance or the node as such, and the grace time is over.
func (s *step) alarm() (cloud.Alarm, bool) {
	g := s.n.Grant
	if s.early() {
		return cloud.Alarm{}, false
	}
	for _, name := range s.n.Settings.Alarms {
		a, ok := s.Facts.Alarms[name]
		if !ok || a.State != "ALARM" || !slices.Contains(s.n.Armed, name) {
			continue
		}
		if len(a.Instances) == 0 || slices.Contains(a.Instances, g.Instance) {
			return a, true
		}
	}
	return cloud.Alarm{}, false
}

// early reports whether the node does not serve yet, or only since a moment ago.
func (s *step) early() bool {
	served := s.n.Grant.ServedAt
	return served.IsZero() || s.since(served) < seconds(s.Config.Policy.GraceSeconds)
}

// ineligible says why the node may not be recovered, or "".
func (s *step) ineligible() string {
	var tags map[string]string
	if i, ok := s.Facts.Instances[s.n.Grant.Instance]; ok && len(i.Tags) > 0 {
		tags = i.Tags
	} else if s.n.Blueprint != nil {
		tags = s.n.Blueprint.Tags // a terminated instance may show no tags
	}
	id, target := s.Config.IDTag, s.Config.TargetTag
	if got, err := contract.ParseNodeID(tags[id]); err != nil || got != s.n.ID {
		return fmt.Sprintf("tag %s of %s is %q, the record says %d", id, s.n.Grant.Instance, tags[id], s.n.ID)
	}
	if tags[target] != "true" {
		return fmt.Sprintf("tag %s of %s is %q; only \"true\" is recovered", target, s.n.Grant.Instance, tags[target])
	}
	return ""
}

// begin starts a switch: the epoch is raised and the grant revoked before
// anything is done to its holder.
func (s *step) begin(cause record.Cause) {
	if s.barred(cause) {
		return
	}
	g := *s.n.Grant
	s.n.Recent = append(s.recent(), s.Now)
	s.n.Last = &record.Failure{At: s.Now, Zone: g.Zone, Cause: cause}
	s.n.Epoch++
	s.n.Grant = nil
	s.n.Switch = &record.Switch{
		ID: fmt.Sprintf("%d-%d", s.n.ID, s.n.Epoch), Kind: record.KindRecover, Cause: cause, Started: s.Now,
		From: g.Instance, FromZone: g.Zone, Tried: []string{g.Zone}, Gate: s.n.Settings.Gate,
	}
	s.condemn(g.Instance, g.Zone, g.PrivateIP)
	s.to(record.Confirmed)
	s.say(message.SwitchStarted, cause.Detail, slog.String("instance", g.Instance), slog.String("az", g.Zone))
	s.announce(detailOf(message.SwitchStarted), message.SwitchStarted, cause.Detail)
}

// condemn names the instance as one that may be stopped and terminated.
func (s *step) condemn(instance, zone, ip string) {
	if s.n.Condemns(instance) {
		return
	}
	c := record.Condemned{Instance: instance, Epoch: s.n.Epoch, Zone: zone, PrivateIP: ip, Since: s.Now}
	for _, a := range s.addressesOf(instance) {
		if a.IP != ip {
			c.Further = append(c.Further, a)
		}
	}
	if b := s.n.Blueprint; b != nil {
		c.ProtectStop, c.ProtectTerminate = record.ProtectionOf(b.ProtectStop), record.ProtectionOf(b.ProtectTerminate)
	}
	s.n.Condemned = append(s.n.Condemned, c)
	s.out.Save = true
}
