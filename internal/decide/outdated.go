package decide

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// isOutdated reports whether the record is older than what is visible in EC2, which means
// that the table was restored to an earlier point in time: the record is saved before
// each effect, so no instance can be ahead of it otherwise. The node is held until a person
// adopts the restored table.
func (s *step) isOutdated() bool {
	if s.n.Phase == record.Deleted || s.adopting() {
		return false
	}
	if s.n.Grant != nil && s.n.Phase != record.Serving && !s.seen(observe.PartTagged) { // nothing begins before
		s.out.Keep = s.Hint != nil
		return true
	}
	why := s.ahead()
	switch {
	case why == "":
		if h := s.n.Hold; h != nil && h.Code == string(message.TableRestored) {
			s.endHold()
		}
		if _, looked := s.Facts.Tagged[s.n.ID]; looked && s.n.AdoptTable {
			s.n.AdoptTable, s.out.Save = false, true
			s.say(message.OrderVoid, "no instance is ahead of the record")
		}
		return false
	case s.n.AdoptTable:
		s.takeOver()
	default:
		s.hold(record.Interrupted, message.TableRestored, why+fmt.Sprintf("; the record is of epoch %d", s.n.Epoch), s.retryAt())
	}
	return true
}

func (s *step) adopting() bool { return s.n.Switch != nil && s.n.Switch.Kind == record.KindAdopt }

// ahead says which instance the record should know of and does not, or "".
func (s *step) ahead() string {
	for _, i := range s.visible() {
		switch epoch := highestEpoch(i); {
		case epoch > s.n.Epoch:
			return fmt.Sprintf("%s (%s) carries epoch %d", i.ID, i.State, epoch)
		case s.chooses() && epoch == s.n.Epoch && !s.n.Knows(i.ID) && i.State != cloud.Terminated && ownToken(i.Token, s.n) && !s.asksFor(i.Token):
			return fmt.Sprintf("%s (%s) was launched in epoch %d by a request that the record does not hold", i.ID, i.State, epoch)
		case !ownToken(i.Token, s.n) && !s.n.Knows(i.ID) && s.n.Switch != nil && s.n.Switch.Kind == record.KindCreate:
			return fmt.Sprintf("%s (%s) carries the node, whose record was missing when CloudFormation created it", i.ID, i.State)
		}
	}
	return ""
}

// chooses reports whether a launch may be requested next. In a later phase an instance of
// this epoch that the record does not know is a stray.
func (s *step) chooses() bool {
	return s.n.Phase == record.Confirmed || s.n.Phase == record.Fencing || s.n.Phase == record.Launching
}

// asksFor reports whether the record holds the launch request with that token.
func (s *step) asksFor(token string) bool {
	sw := s.n.Switch
	return sw != nil && sw.Launch != nil && sw.Launch.Token == token ||
		slices.ContainsFunc(s.n.Lost, func(l record.LostLaunch) bool { return l.Launch.Token == token })
}

// visible lists the node's instances that EC2 shows, by their tags. An instance of an
// earlier life of the node id counts while it is not terminated. One whose launch token
// names another node does not count: a person tagged it.
func (s *step) visible() []cloud.Instance {
	list := slices.Clone(s.Facts.Tagged[s.n.ID])
	if len(list) == 0 {
		for _, i := range s.Facts.Instances {
			if s.n.Knows(i.ID) {
				list = append(list, i)
			}
		}
		slices.SortFunc(list, func(a, b cloud.Instance) int { return strings.Compare(a.ID, b.ID) })
	}
	return slices.DeleteFunc(list, func(i cloud.Instance) bool {
		gone := i.State == cloud.Terminated || i.State == cloud.ShuttingDown
		ofID := strings.HasPrefix(i.Token, fmt.Sprintf("wr-%d-", s.n.ID))
		switch {
		case i.Tags[s.Config.IDTag] != strconv.Itoa(s.n.ID) || i.Tags[contract.SwitcherTag] != s.Config.Name:
			return true
		case ownToken(i.Token, s.n), s.n.Knows(i.ID):
			return false
		}
		return gone || !ofID && i.ID != s.n.Settings.Adopt
	})
}

// highestEpoch returns the highest epoch that the instance's tags name, or 0.
func highestEpoch(i cloud.Instance) int {
	highest := 0
	_, gate, _ := strings.Cut(i.Tags[contract.GateTag], i.ID+":")
	for _, value := range []string{i.Tags[contract.EpochTag], i.Tags[contract.CondemnedTag], gate} {
		if n, err := strconv.Atoi(value); err == nil && contract.IsEpoch(value) {
			highest = max(highest, n)
		}
	}
	return highest
}

// takeOver makes the record say what is visible, by a person's order: its epoch becomes
// higher than any that is visible, and the node is carried by the running instance of the
// highest epoch that is not condemned. The other instances are condemned.
func (s *step) takeOver() {
	if !s.seen(observe.PartTagged) || s.n.Blueprint == nil && !s.blueprintForCreate() {
		return
	}
	var carrier cloud.Instance
	list := s.visible()
	highest := s.n.Epoch
	for _, i := range list {
		highest = max(highest, highestEpoch(i))
		running := i.State == cloud.Running && !contract.IsEpoch(i.Tags[contract.CondemnedTag])
		if running && (carrier.ID == "" || highestEpoch(i) > highestEpoch(carrier)) {
			carrier = i
		}
	}
	s.n.Epoch = highest + 1
	s.n.AdoptTable, s.out.Save = false, true
	s.endHold()
	if carrier.ID == "" {
		s.say(message.TableAdopted, "no running instance carries the node; the switcher goes on from the record")
		return
	}
	if s.n.Switch != nil && s.n.Switch.Kind == record.KindDelete {
		s.say(message.TableAdopted, "the node is being deleted")
		return
	}
	if g := s.n.Grant; g != nil && g.Instance != carrier.ID {
		s.condemn(g.Instance, g.Zone, g.PrivateIP)
	}
	s.acquit(carrier.ID)
	for _, i := range list {
		if i.ID != carrier.ID && i.State != cloud.Terminated {
			s.condemn(i.ID, i.Zone, i.PrivateIP)
		}
	}
	s.n.Grant = &record.Grant{
		Instance: carrier.ID, Epoch: s.n.Epoch, Zone: carrier.Zone, Subnet: carrier.Subnet, PrivateIP: carrier.PrivateIP,
		Image: carrier.Image, GrantedAt: s.Now, ServedAt: s.Now,
	}
	s.n.Switch, s.n.Lost = nil, nil
	s.to(record.Done)
	reason := fmt.Sprintf("%s carries the node in epoch %d", carrier.ID, s.n.Epoch)
	s.say(message.TableAdopted, reason, slog.String("instance", carrier.ID), slog.String("az", carrier.Zone))
	s.notify(message.TableAdopted, reason)
	s.wait()
}
