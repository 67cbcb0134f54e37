package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsChange: a deployment's change meets what else happens to the node. The
// deployment is answered once, and by what became of the very change that it wants.
func TestDecisionsChange(t *testing.T) {
	const update = record.KindUpdate
	strays := func(s *scene) {
		s.Facts.Alarms[alarmInst] = cloud.Alarm{Name: alarmInst, State: "OK", Instances: []string{"i-other"}}
	}
	held := func(s *scene) {
		s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR202", Reason: "cooling down", Since: ago(time.Minute), RetryAt: in(time.Minute)}
	}
	waits := func(s *scene) {
		s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, URL: "https://x", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(10 * time.Second)}
	}
	wants := func(version string) func(*scene) {
		return func(s *scene) {
			waits(s)
			s.Node.Settings.AtOnce, s.Node.Settings.Template.Version = true, version
		}
	}
	rejected := func(version string) func(*scene) {
		return func(s *scene) { s.Node.Rejected = contract.Template{ID: "lt-1", Version: version} }
	}
	ends := func() *scene { // a recovery whose replacement serves, and whose original is gone
		s := served()
		s.state(before, cloud.Terminated)
		s.Facts.Targets[byID], s.Facts.Targets[byIP] = s.Facts.Targets[byID][1:], s.Facts.Targets[byIP][1:]
		return s
	}
	back := func(s *scene) { // the change was given up
		sw := s.Node.Switch
		b := original()
		s.Node.Blueprint, s.Node.Template, s.Node.Rejected = &b, sw.Fallback.Template, changed
		sw.Fallback, sw.Failed = nil, "it was bad"
	}
	unreadable := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) {
			delete(s.Facts.Template, changed)
			s.Facts.NoTemplate[changed] = failure(kind, "")
		}
	}
	recovery := func(s *scene) { // the same, in a recovery
		s.Node.Switch.Kind, s.Node.Request = record.KindRecover, nil
	}
	alarmed := course(func(sw *record.Switch) { sw.Cause.Kind, sw.Cause.Independent = event.CauseAlarm, false })
	newer := func(s *scene) {
		s.Node.Settings.Template.Version = "3"
		b := original()
		b.Image = "ami-3"
		s.Facts.Template[s.Node.Settings.Template] = b
	}
	ordered := func(s *scene) { s.hint(event.CauseOperator, ""); s.Hint.To = "az-c" }
	spot := func(s *scene) { s.hint(event.CauseSpot, before) }
	unseen := func(s *scene) { s.unseen(observe.PartAlarms, cloud.Throttled) }
	later := func(s *scene) { s.Facts.Unseen[observe.PartTemplates] = observe.ErrLater }
	decisions(t, "change", []decision{
		when("wanted, and an operator orders a switch", wanting(), ordered),
		when("wanted, and an operator orders a switch, and the alarms cannot be read", wanting(), ordered, unseen),
		when("wanted, and an operator orders a switch, and it is not the templates' turn", wanting(), ordered, later),
		when("wanted, and an operator orders a switch of the failed node", wanting(), ordered, fails),
		when("wanted, and the Spot instance is to be taken back", wanting(), spot),
		when("wanted, and the Spot instance is to be taken back, and the alarms cannot be read", wanting(), spot, unseen),
		when("wanted, and the Spot instance is to be taken back, and it is not the templates' turn", wanting(), spot, later),
		when("wanted, and the Spot instance is to be taken back, and it fails", wanting(), spot, fails),
		when("wanted, and a former Spot instance is to be taken back", wanting(), func(s *scene) { s.hint(event.CauseSpot, "i-former") }),
		when("wanted, and the node is paused and has something to mend", wanting(), strays, func(s *scene) {
			s.Node.Pause = &record.Pause{Until: in(time.Hour), Reason: "maintenance"}
		}),
		when("wanted, and the alarms cannot be read", wanting(), func(s *scene) { s.unseen(observe.PartAlarms, cloud.Throttled) }),
		when("wanted, and the alarms may not be read", wanting(), func(s *scene) { s.unseen(observe.PartAlarms, cloud.Denied) }),
		when("wanted, and the node has failed and was held", wanting(), fails, held),
		when("wanted, and AWS announced an event that is near", wanting(), announce(in(time.Minute))),
		when("its launch template is denied", draining(update), unreadable(cloud.Denied)),
		when("its launch template is invalid", draining(update), unreadable(cloud.Invalid)),
		when("no launch template may be read", draining(update), func(s *scene) {
			delete(s.Facts.Template, changed)
			s.unseen(observe.PartTemplates, cloud.Denied)
		}),

		when("a recovery ends while it waits", ends(), wants("2")),
		when("a recovery ends, and it is what the node is", ends(), waits),
		when("a recovery ends, and another one was given up before", ends(), waits, rejected("2")),
		when("a recovery ends, and it was given up before", ends(), wants("2"), rejected("2")),
		when("a recovery gave it up and ends", ends(), wants("2"), rejected("2"), course(func(sw *record.Switch) { sw.Failed = "launch template lt-1 version 2 was given up" })),
		when("a recovery ends, and no launch template is set", ends(), waits, func(s *scene) {
			s.Node.Settings.Template, s.Node.Template = contract.Template{}, contract.Template{}
		}),
		when("a held recovery is cancelled while it waits", moving(record.Confirmed), alarmed, held, wants("2")),

		when("given up before the original was asked to stop, and the new one runs", leaving(record.Confirmed, update), back, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: after, Epoch: 2, Zone: "az-c"})
			s.Facts.Instances[after] = machine(after, "az-c", cloud.Running)
			s.condemned(after, hole)
		}),
		when("given up while the original went off by itself, and a person has started it", leaving(record.Fencing, update), back),
		when("given up while the original went off by itself, and a person has started it, and it was asked to stop", leaving(record.Fencing, update), back, func(s *scene) {
			s.askedGently(time.Minute)
			s.state(before, cloud.Running)
		}),
		when("given up while the original goes off by itself", leaving(record.Fencing, update), back, func(s *scene) { s.state(before, cloud.Stopping) }),
		when("another one comes in a recovery that has asked for nothing yet", off(), newer),
		when("a recovery tries it, it is late to be healthy, and its own alarm is OK", sickly("OK"), recovery, fails),
		when("a recovery tries it, it is not healthy in its time, and its own alarm is OK", sickly("OK"), recovery, fails, func(s *scene) { s.Node.Grant.GrantedAt = ago(601 * time.Second) }),
		when("given up, and the original is late to be healthy again", sickly("ALARM"), fails, back),

		when("a check is not wanted any more, and something else is gone", resting(), func(s *scene) {
			s.Node.Watched = "asc-1"
			s.came(decide.Effect{Do: decide.Repoint, Alarm: alarmApp, Instance: before}, cloud.NotFound, "")
		}),
		when("the original was started again in place, and serves", ends(), func(s *scene) {
			sw := s.Node.Switch
			sw.From, sw.FromZone, sw.Restart, s.Node.Condemned = after, "az-c", true, nil
		}),
	})
}
