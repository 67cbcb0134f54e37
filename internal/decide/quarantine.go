package decide

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// confirmed records the blueprint, before anything is touched, and then isolates
// every condemned instance. What follows is the point of no return.
func (s *step) confirmed() {
	if !s.n.Switch.Recorded && !s.recordBlueprint() {
		return
	}
	if s.cancelled() || s.graceful() && !s.resettled() || s.spare() {
		return
	}
	isolated := s.isolateAll()
	switch {
	case s.overlaps():
		s.to(record.Launching) // the quarantine goes on beside the launch
	case isolated:
		s.to(record.Fencing)
		how := "isolated: "
		if slices.ContainsFunc(s.n.Condemned, s.leaves) {
			how = "asked to shut down: "
		}
		s.say(message.FenceBegun, how+s.condemnedIDs())
		s.fencing()
	default:
		s.wait()
	}
}

// isolateAll quarantines every condemned instance. It reports whether nothing is
// left to do.
func (s *step) isolateAll() bool { return s.isolateBut("") }

func (s *step) isolateBut(spared string) bool {
	isolated := true
	for _, c := range s.n.Condemned {
		if c.Instance != spared {
			isolated = s.isolate(c) && isolated
		}
	}
	return isolated
}

func (s *step) condemnedIDs() string {
	ids := make([]string, 0, len(s.n.Condemned))
	for _, c := range s.n.Condemned {
		ids = append(ids, c.Instance)
	}
	return strings.Join(ids, ", ")
}

// recordBlueprint settles what the replacement inherits. It reports whether the
// switch can go on.
func (s *step) recordBlueprint() bool {
	if !s.seen(observe.PartDetails) {
		return false
	}
	from := s.n.Switch.From
	if err := s.Facts.Unseen[observe.PartTargets]; err == nil {
		s.recordTargets(from)
	} else if !errors.Is(err, observe.ErrLater) { // the load balancer's API must not keep a failed node from being fenced
		s.say(message.CallFailed, "the targets recorded before are used: "+err.Error())
	}
	last, why := s.lastGood()
	if t := s.n.Settings.Template; s.unlike(t) {
		if errors.Is(s.Facts.Unseen[observe.PartTemplates], observe.ErrLater) {
			s.wait() // its turn comes
			return false
		}
		b, err := s.template(t)
		if err == nil {
			if last != nil {
				s.n.Switch.Fallback = &record.Fallback{Blueprint: *last, Template: s.n.Template}
			}
			return s.settle(b, t, message.BlueprintTaken, fmt.Sprintf("from launch template %s version %s, which a deployment set since the last launch", t.ID, t.Version))
		}
		s.say(message.CallFailed, fmt.Sprintf("launch template %s version %s cannot be used, the failed instance is the model and the change waits for the switch after: %v",
			t.ID, t.Version, err))
	}
	switch {
	case last == nil:
		s.hold(record.Interrupted, message.NoBlueprint, why, s.retryAt())
		return false
	case why == "":
		return s.settle(*last, s.n.Template, message.BlueprintTaken, "from "+from)
	default:
		return s.settle(*last, s.n.Template, message.BlueprintKept, why)
	}
}

// lastGood is what the instance is, or, where it cannot be described whole any more,
// what was recorded of it; why says why the latter.
func (s *step) lastGood() (last *cloud.Blueprint, why string) {
	from := s.n.Switch.From
	why = s.Facts.NoDetails[from]
	if d, described := s.Facts.Details[from]; described {
		b, err := blueprint.FromInstance(s.Facts.Instances[from], d, s.n.Blueprint, s.Config.BlackholeGroup)
		if err == nil {
			if lost := lost(s.n, s.Facts.Instances[from], d.Unkept); len(lost) > 0 {
				s.say(message.WillDiffer, fmt.Sprintf("%s: %s", from, strings.Join(lost, "; ")), slog.String("instance", from))
			}
			s.protectAsDescribed(from, d)
			s.keepType(&b)
			return &b, ""
		}
		why = err.Error()
	}
	if why == "" {
		why = from + " is not described"
	}
	return s.n.Blueprint, why
}

func (s *step) settle(b cloud.Blueprint, t contract.Template, code message.Code, reason string) bool {
	s.n.Blueprint, s.n.Template = &b, t
	s.n.Switch.Recorded = true
	s.out.Save = true
	s.say(code, reason)
	return true
}

func (s *step) protectAsDescribed(instance string, d cloud.Details) {
	for i := range s.n.Condemned {
		if c := &s.n.Condemned[i]; c.Instance == instance {
			c.ProtectStop, c.ProtectTerminate = record.ProtectionOf(d.ProtectStop), record.ProtectionOf(d.ProtectTerminate)
		}
	}
}

// recordTargets notes the node's own places in its target groups: exactly what
// the failed instance holds there. A group that does not show it keeps what was
// recorded before.
func (s *step) recordTargets(instance string) {
	addresses := s.addressesOf(instance)
	var targets []record.Target
	for _, g := range s.n.Settings.Groups {
		group, exists := s.Facts.Groups[g.ARN]
		var found []record.Target
		for _, t := range s.Facts.Targets[g.ARN] {
			if place, own := placeIn(t, instance, addresses); own {
				found = append(found, record.Target{Group: g.ARN, Kind: group.Kind, Port: t.Port, Place: place, Outside: t.Outside, Idle: exists && group.Balancers == 0})
			}
		}
		if len(found) == 0 {
			for _, t := range s.n.Targets {
				if t.Group == g.ARN {
					found = append(found, t)
				}
			}
		}
		targets = append(targets, found...)
	}
	s.n.Targets = targets
}

// isolate quarantines an instance: the condemned tag, then the blackhole group
// on every interface. It reports whether nothing is left to do.
func (s *step) isolate(c record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	switch {
	case !visible:
		return s.off(s.condemned(c.Instance)) // what is out of sight for a moment is not isolated
	case i.State == cloud.Terminated || i.State == cloud.ShuttingDown:
		return true // nothing left to isolate; the fence is judged by itself
	}
	isolated := s.tagCondemned(c, i)
	if s.gentle(c) && !i.Off() {
		return isolated // its application still writes what it must
	}
	for _, n := range i.Interfaces {
		e := Effect{Do: Isolate, Instance: i.ID, NIC: n.ID, Groups: []string{s.Config.BlackholeGroup}}
		if slices.Equal(n.Groups, e.Groups) || s.succeeded(e) {
			continue
		}
		s.do(e)
		s.out.Save = true // so that a leader of yesterday finds out instead of isolating
		isolated = false
	}
	return isolated
}

// tagCondemned tags the instance as condemned, which IAM asks for. It reports whether it is
// tagged, or needs no tag because it is off and EC2 refuses it.
func (s *step) tagCondemned(c record.Condemned, i cloud.Instance) bool {
	if s.marked(c, i) {
		return true
	}
	spared := s.sparesTag(c, i)
	if spared && s.since(c.Untagged) < tagAgain {
		return true
	}
	s.do(s.mark(c))
	s.out.Save = true
	return spared
}

// tagAgain is the time after which a refused condemned tag is tried again.
const tagAgain = 5 * time.Minute

// sparesTag reports whether the instance is off and EC2 refused its condemned tag: there is
// nothing to stop, and the quarantine of its interfaces keeps it from its data and its
// clients when a person starts it.
func (s *step) sparesTag(c record.Condemned, i cloud.Instance) bool {
	return !c.Untagged.IsZero() && i.State == cloud.Stopped
}

// goesUntagged notes that EC2 refused the condemned tag of an instance that is off. It
// reports whether the node goes on without that tag.
func (s *step) goesUntagged(o Outcome) bool {
	i := s.Facts.Instances[o.Effect.Instance]
	refused := cloud.Is(o.Err, cloud.Full) || cloud.Is(o.Err, cloud.Denied) || cloud.Is(o.Err, cloud.Invalid)
	if !refused || i.State != cloud.Stopped || !s.n.Condemns(i.ID) {
		return false
	}
	s.condemned(i.ID).Untagged, s.out.Save = s.Now, true
	reason := fmt.Sprintf("%s is %s: %v", i.ID, i.State, o.Err)
	if s.isNews(string(message.CondemnedUntagged) + " " + i.ID) {
		s.say(message.CondemnedUntagged, reason, slog.String("instance", i.ID))
		s.notify(message.CondemnedUntagged, reason)
	}
	return true
}

// marked reports whether the instance is tagged as condemned.
func (s *step) marked(c record.Condemned, i cloud.Instance) bool {
	e := s.mark(c)
	return holds(i.Tags, e.Tags) || s.succeeded(e)
}

func (s *step) mark(c record.Condemned) Effect {
	e := Effect{Do: Condemn, Instance: c.Instance, Tags: map[string]string{contract.CondemnedTag: strconv.Itoa(c.Epoch)}}
	if s.gated() { // closed before it is stopped: whoever starts it again finds it shut
		e.Tags[contract.GateTag] = contract.NoEpoch
	}
	return e
}
