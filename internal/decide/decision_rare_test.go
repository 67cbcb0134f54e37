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

// foreign is somebody else's place in a target group.
var foreign = cloud.Target{ID: "i-foreign", Port: 80, Health: cloud.Healthy}

// TestDecisionsRarely: two things come together that seldom do.
func TestDecisionsRarely(t *testing.T) {
	const update, planned = record.KindUpdate, record.KindPlanned
	stopped := func(s *scene) { s.state(before, cloud.Stopped) }
	alarmed := course(func(sw *record.Switch) { sw.Cause.Kind, sw.Cause.Independent = event.CauseAlarm, false })
	changedBlueprint := func(s *scene) { // the switch launches what a deployment changed
		b := original()
		b.Image = "ami-2"
		s.Node.Switch.Fallback = &record.Fallback{Blueprint: original(), Template: s.Node.Template}
		s.Node.Blueprint, s.Node.Template, s.Node.Settings.Template = &b, changed, changed
	}
	offElsewhere := func(s *scene) { s.Brake.Off = &record.Off{Since: ago(time.Minute), By: "arn:me", Reason: "storm"} }
	off1 := func(s *scene) { s.Node.Off = &record.Off{Since: ago(time.Minute), By: "arn:me", Reason: "storm"} }
	events := func(list ...cloud.Scheduled) func(*scene) {
		return func(s *scene) { s.Facts.Scheduled = map[string][]cloud.Scheduled{before: list} }
	}
	event1 := func(id string, at time.Duration) cloud.Scheduled {
		return cloud.Scheduled{Instance: before, ID: id, Code: cloud.EventRetirement, NotBefore: in(at)}
	}
	back := func(s *scene) { // the change was given up
		sw := s.Node.Switch
		b := original()
		s.Node.Blueprint, s.Node.Template, s.Node.Rejected = &b, sw.Fallback.Template, changed
		sw.Fallback, sw.Failed = nil, "it was bad"
	}
	fsMount := cloud.Mount{ID: "fsmt-1", Zone: "az-b", Subnet: "subnet-az-b", State: "available"}
	reaped := func() *scene {
		s := swept()
		s.Node.Condemned = []record.Condemned{{Instance: "i-gone", Epoch: 1, Zone: "az-b", FileSystem: files, Mount: &cloud.Mount{ID: "fsmt-1", Zone: "az-b", Subnet: "subnet-az-b"}}}
		s.Facts.Instances["i-gone"] = machine("i-gone", "az-b", cloud.Terminated)
		return s
	}
	removal := func(s *scene) { s.came(decide.Effect{Do: decide.Unmount, Mount: fsMount}, "", "") }
	restart := func() *scene {
		s := off()
		s.Node.Settings.RestartOriginal, s.Node.Switch.Restart = true, true
		s.Facts.Targets = map[string][]cloud.Target{}
		return s
	}
	stuck := func() *scene { return moving(record.Fencing) }
	wiped := func(s *scene) { s.Facts.Targets = map[string][]cloud.Target{} }
	lastOne := func() *scene { // a node that is deleted, and whose launch is answered by what died since
		s := asked(leaves())
		s.Node.Condemned, s.Node.Switch.From = nil, ""
		wiped(s)
		answered("")(s)
		i := machine(after, "az-c", cloud.Terminated)
		s.Facts.Instances[after] = i
		s.Outcomes[0].Instance = i
		return s
	}
	decisions(t, "rare", []decision{
		when("adopted, and the tag that says whether it may be recovered is empty", adopting(), func(s *scene) { s.tag(before, wantTag, "") }),
		when("left by a refused adoption, and it was terminated meanwhile", leaves(), wiped, func(s *scene) {
			s.Node.Condemned, s.Node.Switch.From, s.Node.Switch.Retain = nil, "", before
			s.state(before, cloud.Terminated)
		}),
		when("cancelled, and the switch was to launch what a deployment changed", moving(record.Confirmed), alarmed, changedBlueprint),

		when("its mount target is there, and its fence is not overdue", stuck(), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.FileSystem = files }), func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{fsMount}
		}),
		when("it was cut off, and somebody made its mount target anew", stuck(), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.FileSystem, c.Cut = files, true }), storage, func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{fsMount}
		}),
		when("its mount target was asked for, and is not there", reaped(), blame(func(c *record.Condemned) { c.Remade = true }), func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{} }),
		when("this one's removal of its mount target was answered", reaped(), blame(func(c *record.Condemned) { c.Cutters = []record.Sender{{By: "me", Until: in(20 * time.Minute)}} }), removal),
		when("a removal of its mount target was answered, and another may still send one", reaped(), blame(func(c *record.Condemned) { c.Cutters = []record.Sender{{By: "other", Until: in(1)}} }), removal),
		when("deleted, it made no mount target, and they cannot be read", leaves(), wiped, to(before, cloud.Terminated), func(s *scene) { s.unseen(observe.PartMounts, cloud.Ambiguous) }),
		when("deleted, it made a mount target, and they cannot be read", leaves(), wiped, to(before, cloud.Terminated), func(s *scene) {
			s.Node.Remade = []record.Remade{{FileSystem: files, Mount: "fsmt-1"}}
			s.Facts.Mounts[files] = []cloud.Mount{}
			s.unseen(observe.PartMounts, cloud.Ambiguous)
		}),

		when("an update that went back spares its original before it asks for another", leaving(record.Launching, update), back),
		when("refused, and the deployment took the change back meanwhile", leaving(record.Launching, update), stopped, func(s *scene) {
			s.condemned(before, hole)
			s.request()
			s.Node.Settings.Template = s.Node.Switch.Fallback.Template
		}, answered(cloud.Capacity)),
		when("a launch is answered after its switch was cancelled", resting(), func(s *scene) {
			s.came(decide.Effect{Do: decide.Launch, Launch: cloud.Launch{Token: "wr-7-10-2-1-az-c"}}, "", "")
		}),
		when("off, and not isolated any more", off(), freed),
		when("started again, and the switch was to launch what a deployment changed", restart(), changedBlueprint),
		when("started again, and its mount target is not back yet", restart(), blame(func(c *record.Condemned) { c.FileSystem, c.Mount = files, &fsMount }), func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{}
		}),
		when("the original that was started again dies", standby(moving(record.Gated), cloud.Running), course(func(sw *record.Switch) { sw.Instance, sw.Restart = before, true }), func(s *scene) {
			s.Node.Condemned = nil
			s.state(before, cloud.ShuttingDown)
		}),
		when("another one dies, after the original was started again in vain", standby(moving(record.Gated), cloud.Running), course(func(sw *record.Switch) { sw.NoOriginal = true }), to(after, cloud.ShuttingDown), stopped),

		when("granted beside one that the node goes on without", standby(moving(record.Gated), cloud.Running), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.Waived = true })),
		when("granted beside one that is cut off", standby(moving(record.Gated), cloud.Running), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.Cut, c.FileSystem = true, files }), storage, func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{}
		}),
		when("not healthy in its time, and in quarantine", serving(), func(s *scene) {
			s.Node.Grant.GrantedAt = ago(time.Hour)
			s.condemned(after, hole)
			s.alarm(alarmApp, "ALARM", now)
		}, func(s *scene) {
			s.registered()
			for group := range s.Facts.Targets {
				for k := range s.Facts.Targets[group] {
					s.Facts.Targets[group][k].Health = cloud.Unhealthy
				}
			}
		}),
		when("somebody took it out of a group, long after it was granted", swept(), wiped, func(s *scene) {
			s.Node.Condemned = []record.Condemned{{Instance: "i-was", Epoch: 1, Zone: "az-a", AbsentSince: now}}
		}),
		when("deleted, and only the settings name its groups", leaves(), func(s *scene) { s.Node.Targets = nil }),
		when("deleted, and nothing is known of the targets", leaves(), wiped, func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("deleted, and the last launch brought what is terminated already", lastOne()),
		when("deleted, and the last launch but one brought what is terminated already", lastOne(), func(s *scene) {
			s.Node.Lost = []record.LostLaunch{{Launch: cloud.Launch{Zone: "az-a", Token: "lost"}}}
		}),

		when("another node's record says off, and all is well", resting(), offElsewhere),
		when("it did not hear that the brake is off, and all is well", resting(), off1, func(s *scene) { s.Brake.OffOver = ago(30 * time.Second) }),
		when("a planned switch that says who wants it, and why", resting(), func(s *scene) {
			s.hint(event.CauseOperator, "")
			s.Hint.Order = &record.Order{By: "arn:me", Reason: "work on the rack"}
		}),

		when("others are in its target groups while it drains", draining(planned), func(s *scene) {
			s.Facts.Targets = map[string][]cloud.Target{byID: {foreign}, byIP: {{ID: "10.0.0.9", Port: 81, Health: cloud.Healthy}}}
		}),
		when("it is not where it was recorded to be when it begins to drain", draining(planned), func(s *scene) {
			s.Facts.Targets = map[string][]cloud.Target{byIP: {{ID: "10.0.0.old", Port: 91, Health: cloud.Healthy}}}
		}),
		when("it begins to drain, and somebody is taking it out already", draining(planned), func(s *scene) {
			s.Facts.Targets = map[string][]cloud.Target{byID: {{ID: before, Port: 80, Health: cloud.Draining}}}
		}),
		when("it begins to drain, and the address of the node is not known", draining(planned), func(s *scene) { s.Node.Grant.PrivateIP = "" }),
		when("taking it out of a group was throttled", draining(planned), func(s *scene) {
			s.Node.Switch.Noted, s.Node.Switch.Started = true, ago(time.Hour)
			s.Facts.Targets = map[string][]cloud.Target{byID: {{ID: before, Port: 80, Health: cloud.Healthy}}}
			s.came(decide.Effect{Do: decide.Deregister, Group: byID, Targets: []cloud.Target{{ID: before, Port: 80}}}, cloud.Throttled, "")
		}),
		when("something else was done while it drains", draining(planned), func(s *scene) {
			s.Node.Switch.Noted, s.Node.Switch.Started = true, ago(time.Hour)
			s.Facts.Targets = map[string][]cloud.Target{byID: {{ID: before, Port: 80, Health: cloud.Draining}}}
			s.came(decide.Effect{Do: decide.Watch, Key: "asc-1"}, "", "")
		}),
		when("two events are announced, the later one first", swept(), events(event1("event-1", 48*time.Hour), event1("event-2", 24*time.Hour))),
		when("two events are announced for the same moment", swept(), events(event1("event-2", 24*time.Hour), event1("event-1", 24*time.Hour))),
		when("an event is announced, and a hint of a node that is well", resting(), announce(in(240*time.Hour)), func(s *scene) { s.hint(event.CauseStopped, before) }),
		when("an event is near, and a hint of a node that is well", resting(), announce(in(time.Minute)), func(s *scene) { s.hint(event.CauseStopped, before) }),
		when("an event is near while recoveries are switched off", swept(), announce(in(time.Minute)), off1),
		when("a Spot interruption while recoveries are switched off", resting(), off1, func(s *scene) { s.hint(event.CauseSpot, before) }),

		{"an update that is to be applied at once", func() (record.Node, decide.Step) {
			s := resting()
			return s.Node, decide.Accept(decide.RequestInput{
				Config: s.Config, Node: s.Node, Now: now,
				Settings: contract.Settings{ID: 7, Name: "seven", Template: changed, AtOnce: true},
				Request:  record.Request{ID: "r-2", Type: event.Update, URL: "https://x", Stack: "stack", Logical: "Node"},
			})
		}},
	})
}

func storage(s *scene) { s.Node.Settings.Escalation = contract.EscalateStorage }
