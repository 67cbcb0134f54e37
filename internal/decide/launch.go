package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// launching asks for a replacement, candidate by candidate. A request is saved
// whole before it is sent and sent again, identical, until it is answered: an
// unanswered launch may have happened, and absence from Describe proves nothing.
func (s *step) launching() {
	if !s.fenced() {
		s.to(record.Fencing) // somebody started a fenced instance again
		s.fence()
		return
	}
	sw := s.n.Switch
	if s.judgeLaunch() {
		return
	}
	if sw.Launch == nil {
		if !s.seen(observe.PartPlaces, observe.PartTemplates) || !s.blueprintForCreate() {
			return
		}
		if s.attemptsSpent() || !s.choose() {
			return
		}
	}
	s.send()
}

// attemptsSpent holds a switch whose replacements keep failing; after the pause
// it begins a new round.
func (s *step) attemptsSpent() bool {
	sw := s.n.Switch
	if sw.Attempts < s.Config.Policy.MaxAttempts {
		return false
	}
	// One more at a time from now on, after 1, 2, 4 … times the retry time, at the
	// longest the cool-down's window: each leaves a stopped instance as evidence.
	p := s.Config.Policy
	pause := min(seconds(p.RetrySeconds)<<min(sw.Rounds, 12), seconds(p.WindowSeconds))
	s.hold(record.Interrupted, message.AttemptsSpent,
		fmt.Sprintf("%d replacements failed in a row; the last one, %s; the next is tried after %s", sw.Attempts+sw.Rounds, sw.LastFailure, pause), s.Now.Add(pause))
	sw.Rounds++
	sw.Attempts = p.MaxAttempts - 1
	return true
}

// send emits the saved request. Who sends it is saved first: a process that was
// cut off before its call may still make it when it wakes.
func (s *step) send() {
	sw := s.n.Switch
	if !slices.ContainsFunc(sw.Senders, func(x record.Sender) bool { return x.By == s.Process.By }) {
		sw.Senders = append(sw.Senders, s.Process)
		s.out.Save = true
	}
	l := *sw.Launch
	l.Blueprint = *s.n.Blueprint
	s.do(Effect{Do: Launch, Launch: l})
	s.wait()
}

// judgeLaunch looks at the answer to the request. It reports whether the step ends there.
func (s *step) judgeLaunch() bool {
	sw := s.n.Switch
	if sw.Launch == nil {
		return false
	}
	for _, o := range s.Outcomes {
		if o.Effect.Do != Launch || o.Effect.Launch.Token != sw.Launch.Token {
			continue
		}
		place := sw.Launch.Zone + " (" + s.n.Blueprint.Type + ")"
		switch kind := cloud.KindOf(o.Err); kind {
		case "":
			s.accepted(o.Instance)
			return true
		case cloud.Capacity, cloud.Addresses, cloud.Unsupported, cloud.NotFound: // not found: the subnet
			if s.otherSender() {
				return true
			}
			s.say(message.NextCandidate, o.Err.Error(), slog.String("az", sw.Launch.Zone))
			if kind == cloud.Capacity {
				s.do(Effect{Do: Remember, Key: contract.CapacityKey(sw.Launch.Zone, s.n.Blueprint.Type)})
			}
			sw.Tried = append(sw.Tried, sw.Launch.Zone)
			s.refused()
			return false // the next candidate, in this same step
		case cloud.Quota:
			if s.otherSender() {
				return true
			}
			s.refused()
			s.hold(record.Held, message.HeldQuota, o.Err.Error(), s.retryAt())
		case cloud.Denied: // the request stays open: it is right, and is sent again
			if s.otherSender() {
				return true
			}
			s.hold(record.Interrupted, message.PermissionDenied, "launch in "+place+": "+o.Err.Error(), s.retryAt())
		case cloud.Invalid, cloud.Conflict:
			if s.otherSender() {
				return true
			}
			s.refused()
			s.hold(record.Interrupted, message.LaunchInvalid, "launch in "+place+": "+o.Err.Error(), s.retryAt())
		case cloud.Throttled, cloud.Ambiguous:
			s.say(message.CallFailed, "launch in "+place+" is repeated with its token: "+o.Err.Error())
			return false // Launch stays open: the identical request again
		}
		return true
	}
	return false
}

// refused closes a request that EC2 certainly did not carry out.
func (s *step) refused() {
	s.n.Switch.Launch, s.n.Switch.Senders, s.out.Save = nil, nil, true
}

// otherSender reports whether another invocation may still send the open
// request, which EC2 refused this time: it could be accepted then, beside the
// next candidate's. The node waits until that is over, and asks again meanwhile.
func (s *step) otherSender() bool {
	sw := s.n.Switch
	// This invocation has its answer: nothing of it is under way any more.
	sw.Senders = slices.DeleteFunc(sw.Senders, func(x record.Sender) bool { return x.By == s.Process.By })
	s.out.Save = true
	for _, x := range sw.Senders {
		if s.Now.Before(x.Until) {
			s.hold(record.Held, message.HeldLaunchOpen,
				fmt.Sprintf("invocation %s was cut off around its launch in %s and may still send it until %s", x.By, s.n.Switch.Launch.Zone, x.Until.UTC().Format(time.RFC3339)),
				earlier(s.retryAt(), x.Until))
			return true
		}
	}
	return false
}

func (s *step) accepted(i cloud.Instance) {
	sw := s.n.Switch
	sw.Instance, sw.Senders = i.ID, nil
	s.to(record.Gated)
	s.say(message.LaunchAccepted, i.ID+" in "+sw.Launch.Zone, slog.String("instance", i.ID), slog.String("az", sw.Launch.Zone))
}

// blueprintForCreate takes the first blueprint of a node from its launch template.
func (s *step) blueprintForCreate() bool {
	if s.n.Switch.Recorded {
		return true
	}
	t := s.n.Settings.Template
	b, ok := s.Facts.Template[t]
	if !ok {
		err := s.Facts.NoTemplate[t]
		code := message.LaunchInvalid
		if cloud.Is(err, cloud.Denied) {
			code = message.PermissionDenied
		}
		s.hold(record.Interrupted, code, fmt.Sprintf("launch template %s version %s cannot be read: %v", t.ID, t.Version, err), s.retryAt())
		return false
	}
	return s.settle(b, t, message.BlueprintTaken, fmt.Sprintf("from launch template %s version %s", t.ID, t.Version))
}

// choose picks the next candidate and opens the request for it. It reports
// false, and holds the node, when none is left.
func (s *step) choose() bool {
	sw := s.n.Switch
	candidates, why := s.candidates()
	if len(candidates) == 0 {
		s.hold(record.Held, message.HeldNoCandidate, why, s.retryAt())
		sw.Tried = nil // the next round tries every zone again
		if sw.FromZone != "" {
			sw.Tried = []string{sw.FromZone}
		}
		return false
	}
	place := candidates[0]
	sw.Requests++
	sw.Launch = &cloud.Launch{
		Subnet: place.ID, Zone: place.Zone, Token: token(s.n, place.Zone),
		Tags: map[string]string{
			s.Config.IDTag:       strconv.Itoa(s.n.ID),
			contract.SwitcherTag: s.Config.Name,
			contract.EpochTag:    strconv.Itoa(s.n.Epoch),
		},
	}
	s.out.Save = true
	s.say(message.LaunchRequested, s.n.Blueprint.Type+" in "+place.Zone, slog.String("az", place.Zone), slog.String("subnet", place.ID))
	return true
}

// gated waits for the replacement to run, and grants it when every other
// instance of the node is seen off in the same look.
func (s *step) gated() {
	sw := s.n.Switch
	i, visible := s.Facts.Instances[sw.Instance]
	switch {
	case !visible || i.State == cloud.Pending:
		if s.since(s.n.Since) > seconds(s.Config.Policy.HealthSeconds) {
			s.abandon(sw.Instance + " did not run in time")
			return
		}
		s.wait()
	case i.State != cloud.Running:
		s.abandon(fmt.Sprintf("%s is %s%s", i.ID, i.State, because(i.StateReason)))
	case !s.fenced():
		s.fence() // an earlier instance was started again: no grant beside it
	default:
		s.grant(i)
	}
}

func (s *step) grant(i cloud.Instance) {
	s.n.Grant = &record.Grant{
		Instance: i.ID, Epoch: s.n.Epoch, Zone: i.Zone, Subnet: i.Subnet,
		PrivateIP: i.PrivateIP, Image: i.Image, GrantedAt: s.Now,
	}
	s.n.Switch.Attempts++
	s.to(record.Serving)
	s.say(message.Granted, i.ID+" carries the node", slog.String("instance", i.ID), slog.String("az", i.Zone))
}

// abandon gives a replacement up: a new epoch, its grant revoked, it condemned
// and isolated like any other, and then another candidate tried, as often as the
// policy allows.
func (s *step) abandon(reason string) {
	sw := s.n.Switch
	zone, ip := "", ""
	if i, ok := s.Facts.Instances[sw.Instance]; ok {
		zone, ip = i.Zone, i.PrivateIP
	} else if sw.Launch != nil {
		zone = sw.Launch.Zone
	}
	s.n.Epoch++
	s.n.Grant = nil
	s.condemn(sw.Instance, zone, ip)
	s.say(message.Abandoned, reason, slog.String("instance", sw.Instance), slog.String("az", zone))
	if zone != "" && !slices.Contains(sw.Tried, zone) {
		sw.Tried = append(sw.Tried, zone)
	}
	failed := sw.Instance
	sw.Instance, sw.Launch, sw.Senders = "", nil, nil
	if s.n.Phase == record.Gated {
		sw.Attempts++
	}
	s.to(record.Confirmed)
	sw.LastFailure = failed + ": " + reason
}
