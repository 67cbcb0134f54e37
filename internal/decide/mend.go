package decide

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

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
	s.watched(s.n.Settings.StatusCheck)
	s.giveBack()
	s.open()
	s.reap()
	s.strays()
	s.renumber()
	s.retarget()
	s.readdress()
	s.refresh()
	s.reportDifferences()
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
// groups, takes out what is condemned, and puts back a registration of the node that
// somebody removed.
func (s *step) retarget() {
	late := s.n.Unsettled(s.Now)
	if !s.Facts.Sweep || !late && len(s.n.Condemned) == 0 || s.Facts.Unseen[observe.PartTargets] != nil {
		return
	}
	if s.deregistered(); !late {
		return
	}
	if i := s.Facts.Instances[s.n.Grant.Instance]; i.State == cloud.Running {
		s.followAddresses()
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
		InterfaceTags: old.InterfaceTags, CPU: old.CPU, Credits: old.Credits,
	}, &old, s.Config.BlackholeGroup)
	s.keepType(&b)
	if err != nil || sameJSON(b, old) {
		return // one that is not whole is no model
	}
	s.n.Blueprint, s.out.Save = &b, true
}

// keepType keeps the node's own instance type where the instance runs as one of the
// alternatives: the next switch asks for the own type first.
func (s *step) keepType(b *cloud.Blueprint) {
	if was := s.n.Blueprint; was != nil && b.Type != was.Type && slices.Contains(s.n.Settings.Types, b.Type) {
		b.Type, b.CPU, b.Credits = was.Type, was.CPU, was.Credits
	}
}

// sameJSON compares two values as the record keeps them.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
