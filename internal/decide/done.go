package decide

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
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
	failed := s.judge()
	if s.n.Phase != record.Done {
		return
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
	case !failed:
		if s.Hint != nil {
			s.say(message.NodeHealthy, fmt.Sprintf("%s: %s", cause.Detail, s.Hint.Cause.Detail))
		}
	case s.n.Paused(s.Now):
		s.say(message.NodePaused, fmt.Sprintf("%s; paused until %s: %s", cause.Detail, s.n.Pause.Until.Format(time.RFC3339), s.n.Pause.Reason))
	case s.ineligible() != "":
		s.say(message.NotEligible, s.ineligible())
	case s.Brake.Wide && !s.Brake.Known:
		s.out.Keep = s.Hint != nil // nothing begins in a round that did not look at all nodes
	case s.Brake.holds(s.n.Grant.Zone, cause) != "":
		s.brake(cause)
	case s.barred(cause):
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
	case !failed || s.n.Paused(s.Now):
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

// lasted reports whether a failure has lasted for its window already: CloudWatch
// says since when an alarm is in ALARM.
func (s *step) lasted(c record.Cause) bool {
	w := s.window(c)
	return w == 0 || c.Kind == event.CauseAlarm && s.since(c.At) >= w
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
	if g.ServedAt.IsZero() || s.since(g.ServedAt) < seconds(s.Config.Policy.GraceSeconds) {
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
	s.n.Recent = append(s.n.Recent, s.Now)
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
}

// barred holds a node that may not be switched now: it is cooling down, or was
// switched as often as the policy allows.
func (s *step) barred(cause record.Cause) bool {
	p := s.Config.Policy
	recent := slices.DeleteFunc(slices.Clone(s.n.Recent), func(t time.Time) bool { return s.since(t) >= seconds(p.WindowSeconds) || !t.After(s.n.Acked) })
	reason, until := "", s.coolsUntil(cause)
	switch {
	case s.Now.Before(until):
		reason = fmt.Sprintf("the node was switched and began to serve less than %d s ago (the policy's CoolDownSeconds)", p.CoolDownSeconds)
	case len(recent) >= p.MaxSwitches:
		reason = fmt.Sprintf("%d switches began within %d s (the policy's MaxSwitches)", len(recent), p.WindowSeconds)
		until = recent[0].Add(seconds(p.WindowSeconds))
	default:
		s.n.Recent = recent
		return false
	}
	s.rest()
	s.hold(record.Held, message.HeldCoolDown, reason+"; now: "+cause.Detail, until)
	return true
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

// acknowledged takes up a person's word that the node's failures are known: a hold
// is tried again now, and the cool-down counts from here.
func (s *step) acknowledged() {
	if s.Hint == nil || s.Hint.Cause.Kind != event.CauseAck {
		return
	}
	s.n.Acked, s.out.Save = s.Now, true
	s.endHold()
	s.say(message.Acknowledged, s.Hint.Cause.Detail)
	s.Hint = nil // it says nothing of the node's health
}

// condemn names the instance as one that may be stopped and terminated.
func (s *step) condemn(instance, zone, ip string) {
	if s.n.Condemns(instance) {
		return
	}
	c := record.Condemned{Instance: instance, Epoch: s.n.Epoch, Zone: zone, PrivateIP: ip, Since: s.Now}
	if b := s.n.Blueprint; b != nil {
		c.ProtectStop, c.ProtectTerminate = b.ProtectStop, b.ProtectTerminate
	}
	s.n.Condemned = append(s.n.Condemned, c)
	s.out.Save = true
}

// mend repairs, in a node at rest, what is not as recorded.
func (s *step) mend() {
	for _, name := range s.n.Settings.Alarms {
		a, ok := s.Facts.Alarms[name]
		if !ok {
			continue
		}
		if a.State == "OK" && !slices.Contains(s.n.Armed, name) {
			s.n.Armed = append(s.n.Armed, name)
			s.out.Save = true
			s.say(message.AlarmArmed, name+" is OK")
		}
		if strays(a.Instances, s.n.Grant.Instance) {
			s.do(Effect{Do: Repoint, Alarm: name, Instance: s.n.Grant.Instance})
		}
	}
	s.giveBack()
	s.open()
	s.reap()
	s.strays()
	s.retarget()
	s.refresh()
	s.n.Lost = slices.DeleteFunc(s.n.Lost, func(l record.LostLaunch) bool {
		late := s.since(l.Since) >= record.LateCall
		s.out.Save = s.out.Save || late
		return late
	})
}

func strays(instances []string, own string) bool {
	return slices.ContainsFunc(instances, func(i string) bool { return i != own })
}

// strays condemns instances that this switcher launched for the node but does
// not know: found by the token, which nobody else could have chosen.
func (s *step) strays() {
	for _, i := range s.Facts.Tagged[s.n.ID] {
		if i.State == cloud.Terminated || s.n.Knows(i.ID) {
			continue
		}
		if !ownToken(i.Token, s.n) {
			s.say(message.ForeignTagged, fmt.Sprintf("%s carries tag %s=%d but was not launched for this node", i.ID, s.Config.IDTag, s.n.ID), slog.String("instance", i.ID))
			continue
		}
		s.condemn(i.ID, i.Zone, i.PrivateIP)
		s.say(message.StrayCondemned, i.ID+" was launched for the node and never granted", slog.String("instance", i.ID))
	}
}

// retarget undoes what a late call of an earlier leader did to the target
// groups, and puts back a registration of the node that somebody removed.
func (s *step) retarget() {
	if !s.Facts.Sweep || !s.n.Unsettled(s.Now) || s.Facts.Unseen[observe.PartTargets] != nil {
		return
	}
	s.deregistered()
	if i := s.Facts.Instances[s.n.Grant.Instance]; i.State == cloud.Running {
		s.registered()
	}
}

// refresh keeps the blueprint like the healthy instance, so that an instance
// that vanishes later is rebuilt as it was.
func (s *step) refresh() {
	i, ok := s.Facts.Instances[s.n.Grant.Instance]
	if !ok || !s.Facts.Sweep || i.State != cloud.Running || s.n.Blueprint == nil {
		return
	}
	old := *s.n.Blueprint
	b, err := blueprint.FromInstance(i, cloud.Details{
		UserData: old.UserData, ProtectTerminate: old.ProtectTerminate, ProtectStop: old.ProtectStop,
		ShutdownBehavior: old.ShutdownBehavior, Volumes: old.Volumes, VolumeTags: old.VolumeTags,
	}, s.Config.BlackholeGroup)
	s.keepType(&b)
	if err != nil || sameJSON(b, old) {
		return // one that is not whole is no model
	}
	s.n.Blueprint, s.out.Save = &b, true
}

// keepType keeps the node's own instance type where the instance runs as one of the
// alternatives: the next switch asks for the own type first.
func (s *step) keepType(b *cloud.Blueprint) {
	if s.n.Blueprint != nil && slices.Contains(s.n.Settings.Types, b.Type) {
		b.Type = s.n.Blueprint.Type
	}
}

// sameJSON compares two values as the record keeps them.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
