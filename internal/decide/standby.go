package decide

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// standby waits for the replacement to run, while every other instance of the node
// is being fenced, and grants it when all of them are seen off in the same look.
func (s *step) standby() {
	sw := s.n.Switch
	i, visible := s.Facts.Instances[sw.Instance]
	if sw.Restart && visible && i.State == cloud.Stopped {
		s.restarting(i)
		return
	}
	if visible && i.State != cloud.Pending && i.State != cloud.Running {
		s.abandon(fmt.Sprintf("%s is %s%s", i.ID, i.State, because(i.StateReason)))
		return
	}
	off := s.fenced()
	if !off {
		s.fence() // beside its boot, or because an earlier instance was started again
	}
	switch {
	case !visible || i.State == cloud.Pending:
		if s.since(s.n.Since) > s.healthLimit() {
			state := "EC2 does not show it"
			if visible {
				state = "it is " + i.State + because(i.StateReason)
			}
			s.abandon(sw.Instance + " did not run in time: " + state)
			return
		}
		s.wait()
	case off && s.isolateAll(): // so that who starts a fenced one finds it shut off
		s.grant(i)
	}
}

func (s *step) grant(i cloud.Instance) {
	s.n.Grant = &record.Grant{
		Instance: i.ID, Epoch: s.n.Epoch, Zone: i.Zone, Subnet: i.Subnet,
		PrivateIP: i.PrivateIP, Further: addressesBeside(i), Image: i.Image, GrantedAt: s.Now,
	}
	s.n.Switch.Attempts++
	s.open()
	s.enlist()
	s.to(record.Serving)
	s.say(message.Granted, i.ID+" carries the node", slog.String("instance", i.ID), slog.String("az", i.Zone))
}

// abandon gives a replacement up: a new epoch, its grant revoked, it condemned
// and isolated like any other, and then another candidate tried, as often as the
// policy allows.
func (s *step) abandon(reason string) {
	sw := s.n.Switch
	if sw.Kind == record.KindAdopt {
		s.refuseAdoption(reason)
		return
	}
	zone, ip := "", ""
	if i, ok := s.Facts.Instances[sw.Instance]; ok {
		zone, ip = i.Zone, i.PrivateIP
	} else if sw.Launch != nil {
		zone = sw.Launch.Zone
	}
	s.n.Epoch++
	s.n.Grant = nil
	// A gate that was about to be opened stays shut, and a quarantine as it is.
	planned := len(s.out.Effects)
	s.out.Effects = slices.DeleteFunc(s.out.Effects, func(e Effect) bool {
		return e.Do == Open || e.Do == Regroup || e.Do == Pardon || e.Do == Forward || e.Do == Address
	})
	sw.Effects -= planned - len(s.out.Effects)
	s.condemn(sw.Instance, zone, ip)
	s.condemned(sw.Instance).Unwell = s.Facts.Instances[sw.Instance].State == cloud.Running
	s.say(message.Abandoned, reason, slog.String("instance", sw.Instance), slog.String("az", zone))
	if zone != "" && !slices.Contains(sw.Tried, zone) {
		sw.Tried = append(sw.Tried, zone)
	}
	failed := sw.Instance
	sw.NoOriginal = sw.NoOriginal || failed == sw.From
	sw.Instance, sw.Launch, sw.Senders, sw.Restart = "", nil, nil, false
	if s.n.Phase == record.Gated {
		sw.Attempts++
	}
	s.goBack(failed + ": " + reason)
	s.to(record.Confirmed)
	sw.LastFailure = failed + ": " + reason
}
