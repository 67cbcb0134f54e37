package decide

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// serving moves the node's targets to the granted instance, waits until it is
// healthy in all its groups, and then clears the old instance away. Alarms,
// terminations and messages never delay serving.
func (s *step) serving() {
	g := s.n.Grant
	i, visible := s.Facts.Instances[g.Instance]
	if g.ServedAt.IsZero() {
		switch {
		case visible && i.State == cloud.Pending:
			s.wait() // it ran already: EC2 shows what was a moment ago
			return
		case visible && i.State != cloud.Running:
			s.abandon(fmt.Sprintf("%s is %s%s", i.ID, i.State, because(i.StateReason)))
			return
		}
		s.open()
		s.giveBack()
		s.refence()
		reapplied := s.reapplied(i)
		switch {
		case !s.seen(observe.PartTargets):
			return
		case !s.apart() || !s.registered() || !s.healthy() || !reapplied:
			return
		}
		g.ServedAt = s.Now
		s.n.Switch.Marks["served"] = s.Now
		s.out.Save = true
		s.say(message.NodeServes, fmt.Sprintf("%s in %s, %s%s", g.Instance, g.Zone, s.elapsed(), but(slices.Concat(s.missingPlaces(), s.idlePlaces()))),
			slog.String("instance", g.Instance), slog.String("az", g.Zone))
		return // what follows rests on alarms too, which are not read before
	}
	// It may fail again while the old one is being cleared away; what needs a closer
	// look than this, or has to wait, waits for that to be done.
	if cause, failed := s.failure(); failed && s.window(cause) == 0 && s.free(cause) {
		s.begin(cause)
		return
	}
	s.clear()
}

// free reports whether nothing keeps the node from being switched now.
func (s *step) free(cause record.Cause) bool {
	reason, _ := s.bar(cause)
	return reason == "" && !s.stands() && (!s.Brake.Wide || s.Brake.Known && s.Brake.holds(s.n.Grant.Zone, cause) == "")
}

// wanted is where the node belongs: in each group its recorded places, or, for a
// group that never held it, one at the setting's or the group's own port.
func (s *step) wanted() []record.Target {
	var want []record.Target
	for _, set := range s.n.Settings.Groups {
		group, exists := s.Facts.Groups[set.ARN]
		if !exists {
			continue // deleted: there is nothing to move to, and the switch's end says so
		}
		had := len(want)
		for _, t := range s.n.Targets {
			if t.Group == set.ARN {
				want = append(want, t)
			}
		}
		if len(want) == had {
			port := set.Port
			if port == 0 {
				port = group.Port
			}
			want = append(want, record.Target{Group: set.ARN, Kind: group.Kind, Port: port, Idle: group.Balancers == 0})
		}
	}
	return want
}

// unplaced are the recorded places in groups that the settings name and ELB does not show.
// They are kept: a group out of sight for a moment comes back with the same ports.
func (s *step) unplaced() []record.Target {
	var list []record.Target
	for _, t := range s.n.Targets {
		if _, exists := s.Facts.Groups[t.Group]; !exists && s.names(t.Group) {
			list = append(list, t)
		}
	}
	return list
}

// names reports whether the settings name the target group.
func (s *step) names(group string) bool {
	return slices.ContainsFunc(s.n.Settings.Groups, func(g contract.GroupSetting) bool { return g.ARN == group })
}

// hidden reports whether a group of the settings is not shown, and may only be out of sight.
func (s *step) hidden() bool {
	return s.since(s.n.Grant.GrantedAt) < absentConfirm && slices.ContainsFunc(s.n.Settings.Groups, func(g contract.GroupSetting) bool {
		_, exists := s.Facts.Groups[g.ARN]
		return !exists
	})
}

func (s *step) targetID(t record.Target) string {
	if t.Kind == "ip" {
		return s.addressAt(t.Place)
	}
	return s.n.Grant.Instance
}

func (s *step) find(t record.Target) (cloud.Target, bool) {
	for _, x := range s.Facts.Targets[t.Group] {
		if x.ID == s.targetID(t) && x.Port == t.Port && x.Health != cloud.Draining {
			return x, true
		}
	}
	return cloud.Target{}, false
}

// registered makes sure of every place. It reports whether all are taken.
func (s *step) registered() bool {
	want := s.wanted()
	s.n.Targets = append(slices.Clone(want), s.unplaced()...)
	all := true
	for _, group := range groupsOf(want) {
		var missing []cloud.Target
		for _, t := range want {
			if _, ok := s.find(t); t.Group == group && !ok {
				missing = append(missing, cloud.Target{ID: s.targetID(t), Port: t.Port, Outside: t.Outside})
			}
		}
		if len(missing) > 0 {
			e := Effect{Do: Register, Group: group, Targets: missing}
			s.do(e)
			s.out.Wait = s.out.Wait || s.succeeded(e) // sent already and not visible yet
			all = false
		}
	}
	return all
}

// enlist registers the instance that is being granted where the node is known to
// belong, without a look at the groups: that comes next, and finds what is missing.
// Where an instance that was not proven off may still be a target, it goes first.
func (s *step) enlist() {
	if slices.ContainsFunc(s.n.Condemned, func(c record.Condemned) bool { return c.Waived || c.Cut }) {
		return
	}
	for _, set := range s.n.Settings.Groups {
		var places []cloud.Target
		for _, t := range s.n.Targets {
			if t.Group == set.ARN && t.Kind != "" {
				places = append(places, cloud.Target{ID: s.targetID(t), Port: t.Port, Outside: t.Outside})
			}
		}
		if len(places) > 0 {
			s.do(Effect{Do: Register, Group: set.ARN, Targets: places})
		}
	}
}

func groupsOf(targets []record.Target) []string {
	var groups []string
	for _, t := range targets {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group)
		}
	}
	return groups
}

// healthy reports whether every place is healthy. A group that no load balancer
// uses cannot tell; its target counts as it is. When the time is up the
// replacement is abandoned.
func (s *step) healthy() bool {
	var not []string
	for _, t := range s.wanted() {
		x, _ := s.find(t)
		idle := x.Health == cloud.Unused && s.Facts.Groups[t.Group].Balancers == 0
		if x.Health != cloud.Healthy && !idle {
			not = append(not, fmt.Sprintf("%s in %s%s", x.Health, t.Group, because(x.Reason)))
		}
	}
	if len(not) == 0 && !s.hidden() {
		return true
	}
	s.wait()
	if len(not) == 0 {
		return false // a group that was deleted does not come back; one out of sight does
	}
	limit := s.healthLimit()
	switch {
	case s.since(s.n.Grant.GrantedAt) < limit || !s.seen(observe.PartAlarms):
	case s.ownEvidence() != "" && !s.trial():
		s.hold(record.Interrupted, message.BalancerDisputes, s.ownEvidence()+", but "+strings.Join(not, "; "), s.retryAt())
	default:
		s.abandon(fmt.Sprintf("%s is not healthy after %s: %s", s.n.Grant.Instance, limit, strings.Join(not, "; ")))
	}
	return false
}

// ownEvidence says which of the node's application alarms is OK: then the load
// balancer's word alone does not condemn the replacement.
func (s *step) ownEvidence() string {
	for _, name := range s.n.Settings.Alarms {
		if a, ok := s.Facts.Alarms[name]; ok && a.State == "OK" && strings.HasSuffix(name, "."+contract.AlarmApplication) {
			return "alarm " + name + " is OK"
		}
	}
	return ""
}

// clear removes the old instances' registrations, points the alarms at the new
// one and terminates the old ones. The switch is complete when registrations are
// gone and terminations under way; the sweep mends an alarm that could not be
// rewritten now.
func (s *step) clear() {
	cleared := s.seen(observe.PartTargets) && s.deregistered()
	for _, name := range s.n.Settings.Alarms {
		e := Effect{Do: Repoint, Alarm: name, Instance: s.n.Grant.Instance}
		if a, ok := s.Facts.Alarms[name]; ok && strays(a.Instances, s.n.Grant.Instance) && !s.succeeded(e) {
			s.do(e)
		}
	}
	if cleared { // an ip target must be gone before its address can be used again
		for _, c := range slices.Clone(s.n.Condemned) {
			cleared = s.remove(c) && cleared
		}
	}
	if !cleared {
		return
	}
	if errors.Is(s.Facts.Unseen[observe.PartAlarms], observe.ErrLater) {
		s.wait() // the end says whether they exist
		return
	}
	s.complete()
}

// deregistered takes the condemned instances out of every group. It reports
// whether none of them is left there.
func (s *step) deregistered() bool {
	gone := true
	for _, group := range s.allGroups() {
		var stale []cloud.Target
		for _, t := range s.Facts.Targets[group] {
			if s.stale(t) {
				stale = append(stale, cloud.Target{ID: t.ID, Port: t.Port, Outside: t.Outside})
			}
		}
		if len(stale) == 0 {
			continue
		}
		e := Effect{Do: Deregister, Group: group, Targets: stale}
		s.do(e)
		s.out.Wait = s.out.Wait || s.succeeded(e)
		gone = false
	}
	return gone
}

// makeRoom takes the old instances out of the target groups before the new one is in, since
// a full group has no room for both. It reports whether any old one was still there.
func (s *step) makeRoom() bool {
	if s.n.Phase != record.Serving || s.Facts.Unseen[observe.PartTargets] != nil {
		return false
	}
	s.wait()
	return !s.deregistered()
}

func (s *step) stale(t cloud.Target) bool {
	if t.Health == cloud.Draining || s.n.Grant != nil && s.n.Grant.Has(t.ID) {
		return false
	}
	return slices.ContainsFunc(s.n.Condemned, func(c record.Condemned) bool {
		return c.Has(t.ID)
	})
}

// allGroups are the groups of the settings and those the node was in before.
func (s *step) allGroups() []string {
	groups := groupsOf(s.n.Targets)
	for _, g := range s.n.Settings.Groups {
		if !slices.Contains(groups, g.ARN) {
			groups = append(groups, g.ARN)
		}
	}
	return groups
}

// complete ends the switch, and says what the node should have and has not.
func (s *step) complete() {
	sw, g := s.n.Switch, s.n.Grant
	missing := s.missing()
	for _, c := range slices.Clone(s.n.Condemned) {
		if i, ok := s.Facts.Instances[c.Instance]; ok && i.State == cloud.Terminated && c.Mount == nil {
			s.forget(c)
		}
	}
	s.archive(sw, g, missing)
	where := []slog.Attr{slog.String("instance", g.Instance), slog.String("az", g.Zone)}
	moved := false
	switch {
	case sw.Kind == record.KindCreate || sw.Kind == record.KindAdopt:
		s.say(message.NodeCreated, g.Instance+" in "+g.Zone, where...)
	case sw.From == g.Instance && s.graceful():
		s.say(message.NodeStayed, g.Instance+" in "+g.Zone, where...)
	default:
		moved = true
		took := fmt.Sprintf("%s in %s took over from %s in %s", g.Instance, g.Zone, sw.From, sw.FromZone)
		if sw.From == g.Instance {
			took = g.Instance + " in " + g.Zone + " was started again"
		}
		s.say(message.SwitchCompleted, took, where...)
	}
	switch {
	case len(missing) > 0:
		s.say(message.EndLacks, strings.Join(missing, "; "), where...)
		s.lacks(missing, moved)
	case moved:
		s.notify(message.SwitchCompleted, s.report())
		s.n.Notices = nil // a hold from now on is a new cause
	}
	s.to(record.Done)
	s.n.Switch = nil
	s.settleRequest(sw.Failed)
}
