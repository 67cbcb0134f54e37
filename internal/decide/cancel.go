package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// cancelled looks whether the failed instance is healthy again, and if so gives it
// the node back. It is asked before the point of no return only: no process has
// asked, or will ever ask, to stop the instance in this epoch, since that takes the
// saved change of phase that the cancellation's own save excludes.
func (s *step) cancelled() bool {
	sw := s.n.Switch
	if sw.Kind != record.KindRecover || sw.Attempts > 0 || sw.Failed != "" || len(s.n.Condemned) == 0 || !s.healthyAgain() {
		return false
	}
	if !s.othersOff() { // somebody started one that was fenced: it is fenced again first
		s.fenceBut(sw.From)
		return true
	}
	if sw.Launch != nil {
		s.lose() // its instance waits at its gate, and is reaped when it is seen
	}
	if sw.Fallback != nil {
		s.revert() // the changed launch template waits for the next switch
	}
	i := s.Facts.Instances[sw.From]
	s.n.Epoch++
	s.n.Grant = &record.Grant{
		Instance: i.ID, Epoch: s.n.Epoch, Zone: i.Zone, Subnet: i.Subnet, PrivateIP: i.PrivateIP, Further: addressesBeside(i),
		Image: i.Image, GrantedAt: s.Now, ServedAt: s.Now,
	}
	s.acquit(i.ID)
	s.n.Last = nil
	if sw.Cause.Independent && len(s.n.Recent) > 0 {
		s.n.Recent = s.n.Recent[:len(s.n.Recent)-1] // it was never moved
	}
	s.to(record.Done)
	s.say(message.SwitchCancelled, i.ID+" is running and its alarms are OK again", slog.String("instance", i.ID), slog.String("az", i.Zone))
	s.n.Switch = nil
	s.settleRequest("")
	s.giveBack()
	s.open()
	return true
}

// othersOff reports whether every condemned instance but the failed one is off.
func (s *step) othersOff() bool {
	off := true
	for k := range s.n.Condemned {
		if c := &s.n.Condemned[k]; c.Instance != s.n.Switch.From {
			off = s.off(c) && off
		}
	}
	return off
}

// acquit takes an instance off the condemned.
func (s *step) acquit(instance string) {
	s.n.Condemned = slices.DeleteFunc(s.n.Condemned, func(c record.Condemned) bool { return c.Instance == instance })
}

// cancellable reports whether the node has not passed its point of no return.
func (s *step) cancellable() bool {
	return s.n.Phase == record.Confirmed && s.n.Switch != nil || s.n.Phase == record.Launching && s.overlaps()
}

// healthyAgain: the failed instance runs, what was recorded of it can give it its
// groups back, and every believed alarm is OK. What EC2 showed as stopped or
// terminated does not become healthy by itself.
func (s *step) healthyAgain() bool {
	sw := s.n.Switch
	i, visible := s.Facts.Instances[sw.From]
	cause := sw.Cause.Kind
	if !visible || i.State != cloud.Running || s.n.Blueprint == nil || s.Facts.Unseen[observe.PartAlarms] != nil {
		return false
	}
	if cause != event.CauseAlarm && cause != causeAbsent {
		return false
	}
	for _, name := range s.n.Armed {
		// The agent of an isolated instance cannot report: where EC2 itself showed the
		// fault, EC2's word that it is over is enough.
		muted := sw.Cause.Independent && !strings.HasSuffix(name, "."+contract.AlarmInstance) && s.quarantined(i)
		if a, ok := s.Facts.Alarms[name]; ok && a.State != "OK" && !muted {
			return false
		}
	}
	return true
}

func (s *step) quarantined(i cloud.Instance) bool {
	return slices.ContainsFunc(i.Interfaces, func(n cloud.Interface) bool { return slices.Contains(n.Groups, s.Config.BlackholeGroup) })
}

// giveBack undoes, on the instance that carries the node, what a quarantine did:
// one that was cancelled, or a late call of one.
func (s *step) giveBack() {
	i, visible := s.Facts.Instances[s.n.Grant.Instance]
	if !visible || s.n.Blueprint == nil {
		return
	}
	if !s.regroup(i) {
		s.out.Save = true // so that a leader of yesterday finds out instead of undoing a quarantine
	}
	if i.Tags[contract.SwitcherTag] != s.Config.Name {
		return // a person took it out of the switcher's hands: the role allows nothing on it
	}
	if e := s.pardon(i); !holds(i.Tags, e.Tags) && !s.succeeded(e) {
		s.do(e)
		s.out.Save = true
	}
}

// pardon returns the effect that writes the tags of the instance that carries the node: not
// condemned, of the grant's epoch, and no key missing that a later switch overwrites.
func (s *step) pardon(i cloud.Instance) Effect {
	e := Effect{Do: Pardon, Instance: i.ID, Tags: map[string]string{
		contract.CondemnedTag: contract.NoEpoch, contract.EpochTag: strconv.Itoa(s.n.Grant.Epoch),
	}}
	if i.Tags[contract.GateTag] == "" && !s.gated() {
		e.Tags[contract.GateTag] = contract.NoEpoch
	}
	return e
}

// regroup gives every interface that carries the blackhole group the groups that
// the blueprint has for it. It reports whether there was nothing to do.
func (s *step) regroup(i cloud.Instance) bool {
	whole := true
	for _, n := range i.Interfaces {
		if !slices.Contains(n.Groups, s.Config.BlackholeGroup) {
			continue
		}
		at := slices.IndexFunc(s.n.Blueprint.Interfaces, func(b cloud.InterfaceSpec) bool { return b.Device == n.Device && b.Card == n.Card })
		if at < 0 {
			s.say(message.CallFailed, fmt.Sprintf("interface %s of %s carries the blackhole group and the blueprint has no groups for device %d; give it its groups by hand", n.ID, i.ID, n.Device))
			continue
		}
		e := Effect{Do: Regroup, Instance: i.ID, NIC: n.ID, Groups: slices.Clone(s.n.Blueprint.Interfaces[at].Groups)}
		if !s.succeeded(e) {
			s.do(e)
			whole = false
		}
	}
	return whole
}
