package decide

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// RequestInput is a custom-resource request for a node id that the requester
// owns: the claim was checked. Node is its record, empty if there is none.
type RequestInput struct {
	Config   contract.Config
	Node     record.Node
	Request  record.Request
	Settings contract.Settings
	Now      time.Time
}

// Accept decides what a deployment's request means for the node.
func Accept(in RequestInput) Step {
	s := &step{Input: Input{Config: in.Config, Node: in.Node, Now: in.Now}, n: in.Node.Clone()}
	r := in.Request
	r.At = in.Now
	own := contract.PhysicalID(in.Config.Name, in.Settings.ID)
	confirms := r.Type != event.Create && r.PhysicalID == own
	if r.PhysicalID == "" {
		r.PhysicalID = own
	}
	s.n.ID = in.Settings.ID
	switch {
	case s.n.HasRequest(r):
		s.say(message.EventDuplicate, fmt.Sprintf("request %s was accepted before", r.ID))
		return s.finish()
	case s.n.Overtakes(r):
		s.reply(r, fmt.Errorf("a newer request about node %d was accepted before this one arrived; deploy again", s.n.ID))
		return s.finish()
	case s.n.Phase == record.Deleting && r.Type != event.Delete:
		s.reply(r, fmt.Errorf("node %d is being deleted; deploy again when that is done", s.n.ID))
		return s.finish()
	case r.Type == event.Update && in.Settings.Adopt != in.Node.Settings.Adopt && in.Settings.Adopt != "":
		s.reply(r, fmt.Errorf("AdoptInstance of node %d was %q and cannot become %q: adopt that instance as a node of its own", s.n.ID, in.Node.Settings.Adopt, in.Settings.Adopt))
		return s.finish()
	}
	s.n.Latest = max(s.n.Latest, r.Sent)
	if r.Type != event.Delete { // a request that is refused above keeps the id that it was called with
		r.PhysicalID = own
	}
	if confirms && !s.n.Confirmed && s.n.Phase != "" {
		s.n.Confirmed, s.out.Save = true, true
	}
	// CloudFormation would take the answer to an earlier sending for this one's.
	if s.n.Request != nil && s.n.Request.ID != r.ID {
		s.answer(fmt.Errorf("overtaken by request %s (%s)", r.ID, r.Type))
	}
	switch r.Type {
	case event.Create:
		s.create(r, in.Settings)
	case event.Update:
		s.update(r, in.Settings)
	case event.Delete:
		s.bury(r)
	}
	return s.finish()
}

// create begins the life of a node. One that exists already (a create whose
// answer was lost) is only asked to answer.
func (s *step) create(r record.Request, set contract.Settings) {
	s.n.Settings = set
	if s.n.Phase != "" && s.n.Phase != record.Deleted {
		s.pend(r)
		return
	}
	s.n.Name = set.Name
	s.n.Owner = record.Owner{Stack: r.Stack, Logical: r.Logical}
	s.n.Born = s.Now.Unix()
	s.n.Epoch++
	s.n.Blueprint, s.n.Targets, s.n.Condemned, s.n.Recent, s.n.Armed = nil, nil, nil, nil, nil
	s.n.Notices = nil
	s.n.Last, s.n.Lost, s.n.Acked, s.n.Retained, s.n.Confirmed = nil, nil, time.Time{}, "", false
	// Its former life's release, not delivered yet, would take this one's claim.
	s.n.Outbox = slices.DeleteFunc(s.n.Outbox, func(p record.Post) bool { return p.Kind == record.PostRelease })
	s.n.Rejected, s.n.Notified, s.n.Stayed, s.n.Watched, s.n.Remade, s.n.Pause = contract.Template{}, "", "", "", nil, nil
	kind, detail := record.KindCreate, "CloudFormation creates the node"
	if set.Adopt != "" {
		kind, detail = record.KindAdopt, "CloudFormation makes a node of "+set.Adopt
	}
	s.n.Switch = &record.Switch{
		ID: fmt.Sprintf("%d-%d", set.ID, s.n.Epoch), Kind: kind, Started: s.Now,
		Cause: record.Cause{Kind: kind, Detail: detail, At: s.Now},
	}
	s.to(record.Launching)
	s.pend(r)
}

// update stores the settings. A changed launch template applies at the next switch,
// or at once by a planned one, as the node says. A version that was given up before is
// tried again: somebody asks for it.
func (s *step) update(r record.Request, set contract.Settings) {
	s.n.Settings, s.n.Name, s.n.Rejected = set, set.Name, contract.Template{}
	s.out.Save = true
	reason := "the instance is as before"
	if set.Template.ID != "" && set.Template != s.n.Template {
		when := "at the next switch"
		if set.AtOnce {
			when = "at once"
		}
		reason = fmt.Sprintf("launch template %s version %s applies %s", set.Template.ID, set.Template.Version, when)
	}
	s.say(message.SettingsStored, reason)
	s.pend(r)
}

// bury writes the tombstone first: from here on nothing recovers the node. An
// instance that is to stay must carry the node then: a switch under way ends first.
func (s *step) bury(r record.Request) {
	adopting := s.n.Switch != nil && s.n.Switch.Kind == record.KindAdopt
	retain := s.n.Settings.Retain || adopting
	if made := s.n.Switch != nil && s.n.Switch.Kind == record.KindCreate; made {
		retain = false // it never served
	}
	if retain && s.n.Phase != record.Done && s.n.Phase != record.Deleting && s.n.Phase != record.Deleted && s.n.Phase != "" && !adopting {
		s.pend(r)
		return
	}
	s.n.Request = &r
	s.out.Save = true
	s.say(message.RequestAccepted, fmt.Sprintf("%s of node %d", r.Type, s.n.ID))
	if s.n.Phase == record.Deleting {
		return
	}
	if s.n.Phase == record.Deleted || s.n.Phase == "" {
		s.answer(nil)
		return
	}
	if retain {
		instance := s.n.Settings.Adopt
		if g := s.n.Grant; g != nil {
			instance = g.Instance
		}
		s.leave(instance, "CloudFormation deletes the node and leaves its instance")
		return
	}
	old := s.n.Switch
	s.n.Epoch++
	from := ""
	if g := s.n.Grant; g != nil {
		from = g.Instance
		s.condemn(g.Instance, g.Zone, g.PrivateIP)
		s.n.Grant = nil
	}
	next := &record.Switch{
		ID: fmt.Sprintf("%d-%d", s.n.ID, s.n.Epoch), Kind: record.KindDelete, Started: s.Now, Recorded: true, From: from,
		Cause: record.Cause{Kind: record.KindDelete, Detail: "CloudFormation deletes the node", At: s.Now},
	}
	if old != nil && old.Instance != "" {
		s.condemn(old.Instance, "", "")
	} else if old != nil && old.Launch != nil {
		next.Launch, next.Senders = old.Launch, old.Senders // may have happened: resolved before the id is released
	}
	s.n.Switch = next
	s.to(record.Deleting)
}

// pend keeps the request until the node rests; one that rests is answered at once.
func (s *step) pend(r record.Request) {
	s.n.Request = &r
	s.out.Save = true
	s.say(message.RequestAccepted, fmt.Sprintf("%s of node %d", r.Type, s.n.ID))
	if s.n.Phase == record.Done && r.Type != event.Delete && !s.changes() {
		s.answer(nil)
	}
}

// deleting clears everything of the node away and then gives its id back.
func (s *step) deleting() {
	open := s.openLaunch() // what is known is cleared away meanwhile
	s.strays()
	cleared := s.seen(observe.PartTargets, observe.PartTagged) && s.deregistered()
	cleared = s.unmade() && cleared
	cleared = s.watched("") && cleared
	if r := s.n.Switch.Retain; r != "" {
		cleared = s.released(r) && cleared
	}
	for _, c := range slices.Clone(s.n.Condemned) {
		i, visible := s.Facts.Instances[c.Instance]
		if c.Instance == s.n.Switch.From && !s.drained(c) {
			cleared = false // it finishes the requests under way
			continue
		}
		going := s.remove(c)
		cleared = cleared && going && (!visible || i.State == cloud.Terminated)
	}
	if open || !cleared {
		s.wait()
		return
	}
	s.n.Phase, s.n.Since = record.Deleted, s.Now
	s.endHold()
	s.n.Retained = s.n.Switch.Retain
	s.n.Switch, s.n.Blueprint = nil, nil // who was condemned is known until no late call can arrive
	s.out.Save = true
	s.put(record.Post{Key: "release", Kind: record.PostRelease, Body: encode(s.n.Owner)})
	s.say(message.NodeDeleted, fmt.Sprintf("node %d", s.n.ID))
	s.answer(nil)
}

// drained reports whether no target group shows the instance any more, or has had
// the time for that.
func (s *step) drained(c record.Condemned) bool {
	if s.since(s.n.Since) >= seconds(s.n.Settings.Drain) {
		return true
	}
	if s.Facts.Unseen[observe.PartTargets] != nil {
		return false
	}
	for _, group := range s.allGroups() {
		for _, t := range s.Facts.Targets[group] {
			if c.Has(t.ID) {
				return false
			}
		}
	}
	return true
}

// deleted undoes what a late call of an earlier leader did when the node was gone
// already: it takes out of the target groups what was put there, since an address may
// belong to somebody else soon, and takes the node's tags off the instance that stayed.
func (s *step) deleted() {
	if len(s.n.Condemned) == 0 && s.n.Retained == "" {
		return
	}
	if s.since(s.n.Since) >= record.LateCall {
		s.n.Condemned, s.n.Targets, s.n.Retained, s.out.Save = nil, nil, "", true
		s.endHold() // of what was refused: its right may have gone with the node's stack
		return
	}
	if !s.Facts.Sweep {
		return
	}
	if len(s.n.Condemned) > 0 && s.Facts.Unseen[observe.PartTargets] == nil {
		s.deregistered()
	}
	// Only what is ours: another switcher, or another node, may have adopted it since.
	i := s.Facts.Instances[s.n.Retained]
	if i.Tags[s.Config.IDTag] == strconv.Itoa(s.n.ID) && i.Tags[contract.SwitcherTag] == s.Config.Name && i.State != cloud.Terminated {
		s.untagged(i)
	}
}

// openLaunch finds out what became of an unanswered launch, by sending the
// identical request again, so that no instance is left behind.
func (s *step) openLaunch() bool {
	sw := s.n.Switch
	if sw.Launch == nil {
		if len(s.n.Lost) == 0 {
			return false
		}
		l := s.n.Lost[0]
		s.n.Lost = slices.Delete(s.n.Lost, 0, 1)
		sw.Launch, sw.Like, sw.Senders, s.out.Save = &l.Launch, l.Like, l.Senders, true
	}
	for _, o := range s.Outcomes {
		if o.Effect.Do != Launch || o.Effect.Launch.Token != sw.Launch.Token {
			continue
		}
		switch cloud.KindOf(o.Err) {
		case "":
			s.condemn(o.Instance.ID, o.Instance.Zone, o.Instance.PrivateIP)
			s.refused() // closed: the instance is known
			return len(s.n.Lost) > 0
		case cloud.Throttled, cloud.Ambiguous:
			s.awaits(string(Launch), o.Err.Error(), o.Err)
		default:
			if s.otherSender(o.Err) {
				return true
			}
			s.refused() // it never happened
			return len(s.n.Lost) > 0
		}
	}
	s.send()
	return true
}
