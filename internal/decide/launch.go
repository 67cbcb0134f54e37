package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
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
	sw := s.n.Switch
	switch {
	case sw.Kind == record.KindAdopt:
		s.adopt()
		return
	case sw.Restart:
		s.restart()
		return
	case !s.resettled():
		return
	case s.spare():
		return
	case s.overlaps(): // the fence comes when EC2 has accepted the replacement (I9)
		if s.cancelled() {
			return
		}
		s.isolateAll()
	case !s.fenced():
		s.to(record.Fencing) // somebody started a fenced instance again
		s.fence()
		return
	case s.prefersOriginal():
		sw.Restart, s.out.Save = true, true
		s.wait()
		return
	}
	s.remount()
	if s.judgeLaunch() {
		return
	}
	if sw.Launch == nil {
		if kept := sw.Failed; !s.resettled() || sw.Failed != kept {
			s.wait()
			return
		}
		if !s.seen(observe.PartPlaces, observe.PartTemplates) || !s.blueprintForCreate() {
			return
		}
		if !s.overlaps() && !s.isolateAll() {
			s.wait() // what was to be started again in place has its groups back
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

// send emits the saved request.
func (s *step) send() {
	sw := s.n.Switch
	sw.Senders = s.joins(sw.Senders)
	l := *sw.Launch
	l.Blueprint = *s.n.Blueprint
	if sw.Like != nil {
		l.Blueprint = *sw.Like
	}
	l.Blueprint = blueprint.As(l.Blueprint, l.Type)
	if l.Gated {
		l.Blueprint.Tags = exposed(l.Blueprint.Tags)
	}
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
		place := sw.Launch.Zone + " (" + s.launchType() + ")"
		switch kind := cloud.KindOf(o.Err); kind {
		case "":
			s.accepted(o.Instance)
			return true
		case cloud.Spent:
			return s.spent(place, o.Err) // if not: the next candidate, with a new token
		case cloud.Capacity, cloud.NoRoom, cloud.Addresses, cloud.Unsupported, cloud.NotFound: // not found: the subnet
			if s.otherSender(o.Err) {
				return true
			}
			s.turnedDown(o.Err)
			return false // the next candidate, in this same step
		case cloud.Quota:
			if s.otherSender(o.Err) {
				return true
			}
			s.refused()
			if s.retreat("launch in "+place+": "+o.Err.Error()) || s.fencesFirst(o.Err) {
				return true
			}
			s.hold(record.Held, message.HeldQuota, "launch in "+place+": "+o.Err.Error(), s.retryAt())
		case cloud.Full:
			if s.otherSender(o.Err) {
				return true
			}
			s.refused()
			if s.retreat("launch in " + place + ": " + o.Err.Error()) {
				return true
			}
			s.hold(record.Held, message.HeldTags, "launch in "+place+": "+o.Err.Error(), s.retryAt())
		case cloud.Denied, cloud.Account: // the request stays open: it is right, and is sent again
			if s.otherSender(o.Err) {
				return true
			}
			if s.retreat("launch in " + place + ": " + o.Err.Error()) {
				s.refused()
				return true
			}
			s.holdBarred("launch in "+place+": "+o.Err.Error(), o.Err)
		case cloud.Invalid, cloud.Conflict:
			if s.otherSender(o.Err) {
				return true
			}
			s.refused()
			if s.retreat("launch in " + place + ": " + o.Err.Error()) {
				return true
			}
			s.hold(record.Interrupted, message.LaunchInvalid, "launch in "+place+": "+o.Err.Error(), s.retryAt())
		case cloud.Throttled, cloud.Ambiguous:
			s.awaits(string(Launch), "launch in "+place+" is repeated with its token: "+o.Err.Error(), o.Err)
			if kind == cloud.Ambiguous {
				s.giveUp()
			}
			return false // Launch stays open: the identical request again
		}
		return true
	}
	return false
}

// turnedDown closes a request that the candidate cannot take, and strikes the candidate off
// this round.
func (s *step) turnedDown(err error) {
	sw, kind := s.n.Switch, cloud.KindOf(err)
	s.say(message.NextCandidate, err.Error(), slog.String("az", sw.Launch.Zone))
	key := contract.CapacityKey(sw.Launch.Zone, s.launchType())
	if kind == cloud.Capacity {
		s.do(Effect{Do: Remember, Key: key})
	}
	if kind == cloud.Addresses || kind == cloud.NotFound {
		key = sw.Launch.Zone // no other type fits there either
	}
	sw.Tried = append(sw.Tried, key)
	s.noteAnswer(key, err)
	s.refused()
}

// spent notes that EC2 launched an instance for the request and that it is terminated
// already: the answer that named it was lost. That attempt failed like any replacement
// that dies. Its token launches nothing any more, from any invocation. It reports whether the step ends there.
func (s *step) spent(place string, err error) bool {
	sw := s.n.Switch
	sw.Attempts++
	sw.LastFailure = "launch in " + place + ": " + err.Error()
	sw.Tried = append(sw.Tried, sw.Launch.Zone)
	s.noteAnswer(sw.Launch.Zone, err)
	s.say(message.Abandoned, sw.LastFailure, slog.String("az", sw.Launch.Zone))
	s.refused()
	return s.goBack(sw.LastFailure)
}

// launchType is the instance type that the open request asks for.
func (s *step) launchType() string {
	if t := s.n.Switch.Launch.Type; t != "" {
		return t
	}
	return s.n.Blueprint.Type
}

// launchPatience is how long a gated node waits for the answer to its launch.
const launchPatience = 30 * time.Second

// giveUp goes on to the next candidate when the launch is not answered and the node
// has a gate: an instance that comes of it all the same waits there, never mounts,
// and is reaped when it is seen. A node without a gate waits for the answer.
func (s *step) giveUp() {
	sw := s.n.Switch
	if !s.overlaps() || s.since(sw.Asked) < launchPatience {
		return
	}
	s.say(message.LaunchGivenUp, sw.Launch.Zone+" did not answer for "+launchPatience.String(), slog.String("az", sw.Launch.Zone))
	sw.Tried = append(sw.Tried, sw.Launch.Zone)
	s.lose()
}

// lose keeps a request that is given up before it was answered, so that a delete of
// the node can find out what became of it.
func (s *step) lose() {
	s.keep()
	s.refused()
}

func (s *step) keep() {
	sw := s.n.Switch
	s.n.Lost = append(s.n.Lost, record.LostLaunch{Launch: *sw.Launch, Like: s.n.Blueprint, Senders: sw.Senders, Since: s.Now})
}

// refused closes a request that EC2 certainly did not carry out.
func (s *step) refused() {
	sw := s.n.Switch
	sw.Launch, sw.Like, sw.Senders, s.out.Save = nil, nil, nil, true
}

// answeredLaunches notes that EC2 refused this invocation its launch: nothing of it is
// under way any more, whatever becomes of the node in this step. What EC2 accepted ends
// a hold instead: whoever was answered counts as a sender until the instance is on record.
func (s *step) answeredLaunches() {
	for _, o := range s.Outcomes {
		sw, kind := s.n.Switch, cloud.KindOf(o.Err)
		switch {
		case o.Effect.Do != Launch || sw == nil || sw.Launch == nil || sw.Launch.Token != o.Effect.Launch.Token:
		case o.Err == nil && s.n.Phase == record.Launching:
			s.endHold()
		case o.Err == nil, kind == cloud.Ambiguous, kind == cloud.Throttled: // the same request is sent again
		case slices.ContainsFunc(sw.Senders, s.self):
			sw.Senders, s.out.Save = slices.DeleteFunc(sw.Senders, s.self), true
		}
	}
}

// noteAccepted records, in a step that a trouble with another effect ends, an instance
// that EC2 launched: what was accepted is on record before the node is held.
func (s *step) noteAccepted() {
	for _, o := range s.Outcomes {
		sw := s.n.Switch
		if o.Effect.Do != Launch || o.Err != nil || sw == nil || sw.Launch == nil || sw.Launch.Token != o.Effect.Launch.Token {
			continue
		}
		switch s.n.Phase {
		case record.Launching:
			hold := s.n.Hold
			s.n.Hold = nil
			s.accepted(o.Instance)
			s.n.Hold = hold
		case record.Deleting:
			s.condemn(o.Instance.ID, o.Instance.Zone, o.Instance.PrivateIP)
			s.refused() // closed: the instance is known
		default: // no request is open
		}
	}
}

// otherSender reports whether another invocation may still send the open
// request, which EC2 refused this time: it could be accepted then, beside the
// next candidate's. The node waits until that is over, and asks again meanwhile.
func (s *step) otherSender(refusal error) bool {
	sw := s.n.Switch
	if s.overlaps() && len(sw.Senders) > 0 {
		s.keep()
		return false // what may come of it waits at its gate
	}
	for _, x := range sw.Senders {
		if s.Now.Before(x.Until) {
			s.hold(record.Held, message.HeldLaunchOpen,
				fmt.Sprintf("invocation %s was cut off around its launch in %s and may still send it until %s; EC2 refused the same request just now: %v",
					x.By, s.n.Switch.Launch.Zone, x.Until.UTC().Format(time.RFC3339), refusal),
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
	b, err := s.template(t)
	if err != nil {
		reason := fmt.Sprintf("launch template %s version %s cannot be used: %v", t.ID, t.Version, err)
		if cloud.Barred(err) {
			s.holdBarred(reason, err)
		} else {
			s.hold(record.Interrupted, message.LaunchInvalid, reason, s.retryAt())
		}
		return false
	}
	return s.settle(b, t, message.BlueprintTaken, fmt.Sprintf("from launch template %s version %s", t.ID, t.Version))
}

// choose picks the next candidate and opens the request for it. It reports
// false, and holds the node, when none is left.
func (s *step) choose() bool {
	sw := s.n.Switch
	if err := s.Facts.Unseen[observe.PartZones]; err != nil {
		s.say(message.CallFailed, "candidates are chosen without knowing how the zones fare: "+err.Error())
	}
	candidates, why := s.candidates()
	if len(candidates) == 0 {
		if s.graceful() && s.retreat("no candidate can take it: "+why) {
			return false
		}
		if s.mayRestart() {
			sw.Restart, s.out.Save = true, true
			s.wait()
			return false
		}
		s.holdNoCandidate(why, s.placeable())
		return false
	}
	place := candidates[0]
	sw.Requests++
	sw.Asked = s.Now
	sw.Launch = &cloud.Launch{
		Subnet: place.ID, Zone: place.Zone, Token: token(s.n, place.Zone), Gated: s.gated(),
		Tags: map[string]string{
			s.Config.IDTag:       strconv.Itoa(s.n.ID),
			contract.SwitcherTag: s.Config.Name,
			contract.EpochTag:    strconv.Itoa(s.n.Epoch),
			// There from the start, so that no later step of a switch adds a key.
			contract.CondemnedTag: contract.NoEpoch, contract.GateTag: contract.NoEpoch,
		},
	}
	if sw.Kind == record.KindRecover || sw.Kind == record.KindPlanned {
		sw.Launch.Tags[s.Config.TargetTag] = "true" // or it would not have been recovered
	}
	if place.kind != s.n.Blueprint.Type {
		sw.Launch.Type = place.kind
	}
	s.out.Save = true
	s.say(message.LaunchRequested, place.kind+" in "+place.Zone, slog.String("az", place.Zone), slog.String("subnet", place.ID))
	return true
}

// holdNoCandidate holds a node that cannot be placed until retryAt; the next round tries
// every candidate again.
func (s *step) holdNoCandidate(why string, retryAt time.Time) {
	sw := s.n.Switch
	if s.holdQuietly(record.Held, message.HeldNoCandidate, why, retryAt) && s.isNews(string(message.HeldNoCandidate)) {
		s.notify(message.HeldNoCandidate, why)
	}
	sw.Tried = s.avoided()
}
