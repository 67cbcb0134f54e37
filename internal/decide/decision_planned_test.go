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

// sightLag is how long after its beginning a switch is called off at the earliest
// because EC2 does not show its event any more.
const sightLag = 15 * time.Second

// changed is the launch template that a deployment set.
var changed = contract.Template{ID: "lt-1", Version: "2"}

// wanting is a node at rest of which a deployment wants another image at once.
func wanting() *scene {
	s := resting()
	set := &s.Node.Settings
	set.Template, set.AtOnce, set.Drain, set.Stop = changed, true, 60, 120
	s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, URL: "https://x", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(10 * time.Second)}
	b := original()
	b.Image = "ami-2"
	s.Facts.Template[changed] = b
	return s
}

// draining is a planned switch that has begun; its targets are not noted yet.
func draining(kind string) *scene {
	s := wanting()
	n := &s.Node
	n.Phase, n.Since = record.Draining, ago(10*time.Second)
	n.Switch = &record.Switch{
		ID: "7-2", Kind: kind, Started: ago(10 * time.Second), From: before, FromZone: "az-b",
		Cause: record.Cause{Kind: kind, Detail: "it is wanted", At: ago(10 * time.Second)}, Marks: map[string]time.Time{"draining": ago(10 * time.Second)},
	}
	if kind != record.KindUpdate {
		n.Request, n.Settings.Template, n.Switch.Tried = nil, n.Template, []string{"az-b"}
	}
	return s
}

// leaving is a planned switch past its grant, in one of the known phases.
func leaving(p record.Phase, kind string) *scene {
	s := draining(kind)
	n := &s.Node
	n.Phase, n.Epoch, n.Grant = p, 2, nil
	n.Condemned = []record.Condemned{{Instance: before, Epoch: 2, Zone: "az-b", PrivateIP: "10.0.0.old", Since: ago(10 * time.Second)}}
	n.Switch.Noted, n.Switch.Recorded = true, true
	s.Facts.Targets = map[string][]cloud.Target{}
	s.tag(before, contract.CondemnedTag, "2")
	if kind == record.KindUpdate {
		n.Switch.Fallback = &record.Fallback{Blueprint: original(), Template: n.Template}
		b := s.Facts.Template[changed]
		n.Blueprint, n.Template = &b, changed
	}
	return s
}

// askedGently: EC2 was asked so long ago to shut the original down.
func (s *scene) askedGently(age time.Duration) {
	c := &s.Node.Condemned[0]
	c.Since, c.FirstAsked, c.AskedAt, c.Asked = ago(age), ago(age), ago(age), cloud.ShutDown
	s.state(before, cloud.Stopping)
}

func brake(s *scene) {
	s.Brake = decide.Brake{Wide: true, Known: true, On: true, Reason: "many", First: map[string]int{"az-b": 1}}
}

func gate(s *scene) { s.Node.Settings.Gate, s.Node.Switch.Gate = true, true }

func fails(s *scene) { s.state(before, cloud.Stopped) }

func announce(at time.Time) func(*scene) {
	return func(s *scene) {
		s.Facts.Scheduled = map[string][]cloud.Scheduled{before: {{Instance: before, ID: "event-1", Code: "instance-retirement", NotBefore: at}}}
	}
}

// TestDecisionsPlanned: what begins a planned switch, and what ends its preparation.
func TestDecisionsPlanned(t *testing.T) {
	const update, planned = record.KindUpdate, record.KindPlanned
	spot := func(s *scene) { s.hint(event.CauseSpot, before) }
	paused := func(s *scene) { s.Node.Pause = &record.Pause{Until: in(time.Hour), Reason: "maintenance"} }
	noted := func(s *scene) { s.Node.Switch.Noted = true }
	empty := func(s *scene) { s.Facts.Targets = map[string][]cloud.Target{} }
	still := func(s *scene) {
		s.Facts.Targets = map[string][]cloud.Target{byID: {{ID: before, Port: 80, Health: cloud.Draining}}}
	}
	late := func(s *scene) { s.Node.Since = ago(time.Minute) }
	began := func(age time.Duration) func(*scene) {
		return func(s *scene) { s.Node.Switch.Started = ago(age) }
	}
	unreadable := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) {
			delete(s.Facts.Template, changed)
			s.Facts.NoTemplate[changed] = failure(kind, "")
		}
	}
	decisions(t, "planned", []decision{
		when("a deployment wants a change at once", wanting()),
		when("a deployment wants the same under another version", wanting(), func(s *scene) {
			s.Facts.Template[s.Node.Template] = s.Facts.Template[changed]
		}),
		when("a deployment wants a change, and both versions are read", wanting(), func(s *scene) { s.Facts.Template[s.Node.Template] = original() }),
		when("a deployment wants a change, and it is not its turn", wanting(), func(s *scene) { s.Facts.Unseen[observe.PartTemplates] = observe.ErrLater }),
		when("a deployment wants a change, and the node is paused", wanting(), paused),
		when("a deployment wants a change, and the node has failed", wanting(), fails),
		when("a deployment wants a change, and the node has failed under the brake", wanting(), fails, brake),
		when("a deployment wants a change, and the node has failed while recoveries are switched off", wanting(), fails, func(s *scene) {
			s.Node.Off = &record.Off{Since: ago(time.Minute), By: "arn:me", Reason: "storm"}
		}),
		when("a deployment wants what was given up", wanting(), func(s *scene) { s.Node.Rejected = changed }),
		when("a deployment wants what is there", wanting(), func(s *scene) { s.Node.Template = changed }),
		when("a deployment wants a change at the next switch", wanting(), func(s *scene) { s.Node.Settings.AtOnce = false }),
		when("a delete waited", wanting(), func(s *scene) { s.Node.Request.Type = event.Delete }),
		when("a Spot interruption", resting(), spot),
		when("a Spot interruption of a paused node", resting(), spot, paused),
		when("a Spot interruption of one that is no recovery target", resting(), spot, func(s *scene) { s.tag(before, wantTag, "false") }),
		when("an operator's order", resting(), func(s *scene) { s.hint(event.CauseOperator, ""); s.Hint.To = "az-a" }),
		when("an operator's order that does not say when it was given", resting(), func(s *scene) { s.hint(event.CauseOperator, ""); s.Hint.Cause.At = time.Time{} }),
		when("an operator's order, and the node has failed", resting(), fails, func(s *scene) { s.hint(event.CauseOperator, "") }),
		when("an operator's order, and the node has failed under the brake", resting(), fails, brake, func(s *scene) { s.hint(event.CauseOperator, ""); s.Hint.To = "az-c" }),
		when("an operator's order, and the node has failed while it is paused", resting(), fails, paused, func(s *scene) { s.hint(event.CauseOperator, "") }),
		when("an operator's order, and the node has failed as often as it may", resting(), fails, func(s *scene) {
			s.hint(event.CauseOperator, "")
			s.Node.Recent = []time.Time{ago(3 * time.Minute), ago(2 * time.Minute), ago(time.Minute)}
		}),
		when("an event is announced", swept(), announce(in(24*time.Hour))),
		when("an event that people know of", swept(), announce(in(24*time.Hour)), func(s *scene) { s.Node.Notified = "event-1" }),
		when("an event is near", swept(), announce(in(time.Hour)), func(s *scene) { s.Node.Notified = "event-1" }),
		when("an event is near, and nothing could take the node before", swept(), announce(in(time.Hour)), func(s *scene) { s.Node.Notified, s.Node.Stayed = "event-1", "event-1" }),
		when("an event is near, and nothing could take the node before another one", swept(), announce(in(time.Hour)), func(s *scene) { s.Node.Stayed = "event-0" }),
		when("an event is near, and the node is paused", swept(), announce(in(time.Hour)), paused),

		when("its targets are noted and taken out", draining(update)),
		when("its targets drain", draining(update), noted, still),
		when("its targets have just left", draining(update), noted, still, late, func(s *scene) {
			s.came(decide.Effect{Do: decide.Deregister, Group: byID}, "", "")
		}),
		when("its targets are gone", draining(update), noted, empty),
		when("its time to drain is over", draining(update), noted, still, late),
		when("its time to drain is over, and it was never taken out", draining(update), noted, late, began(299*time.Second)),
		when("nothing takes it out for long", draining(update), noted, late, began(300*time.Second)),
		when("Spot leaves a minute", draining(planned), noted, still, func(s *scene) { s.Node.Switch.Deadline = in(50 * time.Second) }),
		when("the targets cannot be read", draining(update), func(s *scene) { s.unseen(observe.PartTargets, cloud.Throttled) }),
		when("the targets cannot be read for long", draining(update), late, func(s *scene) { s.unseen(observe.PartTargets, cloud.Throttled) }),
		when("the alarms cannot be read", draining(update), func(s *scene) { s.unseen(observe.PartAlarms, cloud.Throttled) }),
		when("it fails while a deployment drains it", draining(update), fails),
		when("it fails while an operator drains it", draining(planned), fails),
		when("it fails under the brake", draining(planned), fails, brake),
		when("the launch template does not exist", draining(update), unreadable(cloud.NotFound)),
		when("the launch template is throttled", draining(update), unreadable(cloud.Throttled)),
		when("the launch template was read before", draining(update), noted, empty, unreadable(cloud.NotFound)),
		when("the deployment takes it back", draining(update), noted, still, func(s *scene) { s.Node.Settings.Template = s.Node.Template }),
		when("AWS shows the event no more after a moment", draining(planned), noted, still, func(s *scene) {
			s.Node.Switch.Cause.Kind, s.Facts.Scheduled = event.CauseScheduled, map[string][]cloud.Scheduled{}
		}),
		when("AWS withdraws the event", draining(planned), noted, still, func(s *scene) {
			s.Node.Switch.Started = ago(sightLag)
			s.Node.Switch.Cause.Kind, s.Facts.Scheduled = event.CauseScheduled, map[string][]cloud.Scheduled{}
		}),
		when("the event stands", draining(planned), noted, still, announce(in(time.Hour)), func(s *scene) { s.Node.Switch.Cause.Kind = event.CauseScheduled }),
	})
}

// TestDecisionsLeaving: the original shuts down by itself, and what does not work out
// goes back.
func TestDecisionsLeaving(t *testing.T) {
	const update, planned = record.KindUpdate, record.KindPlanned
	described := func(s *scene) {
		s.Node.Switch.Recorded, s.Node.Switch.Fallback = false, nil
		b := original()
		s.Node.Blueprint, s.Node.Template = &b, contract.Template{ID: "lt-1", Version: "1"}
		s.Facts.Details[before] = cloud.Details{UserData: "data", ShutdownBehavior: "stop"}
	}
	refused := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) {
			s.request()
			s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, kind, "")
		}
	}
	full := func(s *scene) {
		s.Facts.Subnets = nil
	}
	isOff := func(s *scene) {
		s.state(before, cloud.Stopped)
		s.condemned(before, hole)
	}
	gaveUp := func(s *scene) { s.Node.Switch.Stays = true }
	back := func(s *scene) { // the change was given up
		sw := s.Node.Switch
		b := original()
		s.Node.Blueprint, s.Node.Template, s.Node.Rejected = &b, sw.Fallback.Template, changed
		sw.Fallback, sw.Failed = nil, "it was bad"
	}
	inVain := func(s *scene) { s.Node.Switch.NoOriginal = true } // it was to be started again
	unwell := func(s *scene) { s.Node.Condemned[0].Unwell = true }
	again := func(s *scene) { // the original is started again
		isOff(s)
		back(s)
		s.Node.Switch.Restart = true
	}
	decisions(t, "leaving", []decision{
		when("the blueprint is taken", leaving(record.Confirmed, update), described),
		when("the blueprint of a planned one is taken", leaving(record.Confirmed, planned), described),
		when("a gated one is launched first", leaving(record.Confirmed, update), gate),
		when("it is asked to shut down", leaving(record.Fencing, update)),
		when("it shuts down", leaving(record.Fencing, update), func(s *scene) { s.askedGently(100 * time.Second) }),
		when("its time is over, and nobody came to ask it", leaving(record.Fencing, update), func(s *scene) { s.askedGently(120 * time.Second); s.state(before, cloud.Running) }),
		when("its time is over, and somebody started it again", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(120 * time.Second)
			i := s.Facts.Instances[before]
			i.State, i.LaunchedAt = cloud.Running, ago(time.Minute)
			s.Facts.Instances[before] = i
		}),
		when("its time is over, and the fence is overdue", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(120 * time.Second)
			s.state(before, cloud.Running)
			s.Node.Since = ago(time.Duration(s.Config.Policy.FenceSeconds) * time.Second)
		}),
		when("it does not shut down", leaving(record.Fencing, update), func(s *scene) { s.askedGently(120 * time.Second) }),
		when("the new one runs beside one that does not shut down", standby(leaving(record.Gated, planned), cloud.Running), func(s *scene) { s.askedGently(10 * time.Second) }),
		when("the new one runs beside one that the node goes on without", standby(leaving(record.Gated, planned), cloud.Running), func(s *scene) {
			s.askedGently(10 * time.Second)
			s.Node.Condemned[0].Waived = true
		}),
		when("it was asked to skip the shutdown a moment ago", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(130 * time.Second)
			s.Node.Condemned[0].AskedAt, s.Node.Condemned[0].Asked = ago(10*time.Second), cloud.SkipShutdown
		}),
		when("it was asked to skip the shutdown a minute ago, and its data is on its own file system", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(180 * time.Second)
			s.Node.Condemned[0].AskedAt, s.Node.Condemned[0].Asked, s.Node.Settings.FileSystem = ago(time.Minute), cloud.SkipShutdown, files
		}),
		when("no time to shut down", leaving(record.Fencing, update), func(s *scene) { s.Node.Settings.Stop = 0 }),
		when("its fence is not overdue yet", leaving(record.Fencing, update), func(s *scene) { s.askedGently(650 * time.Second); s.Node.Since = ago(700 * time.Second) }),
		when("its fence is overdue", leaving(record.Fencing, update), func(s *scene) { s.askedGently(710 * time.Second); s.Node.Since = ago(720 * time.Second) }),
		when("EC2 has answered the stop", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(time.Second)
			s.Node.Condemned[0].Stoppers = []record.Sender{{By: "me", Until: in(20 * time.Minute)}, {By: "other", Until: in(time.Minute)}}
			s.came(decide.Effect{Do: decide.Stop, Instance: before, How: cloud.ShutDown}, "", "")
		}),
		when("EC2 has not answered the stop", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(time.Second)
			s.Node.Condemned[0].Stoppers = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}
			s.came(decide.Effect{Do: decide.Stop, Instance: before, How: cloud.ShutDown}, cloud.Ambiguous, "")
		}),
		when("EC2 throttled the stop", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(119 * time.Second)
			s.state(before, cloud.Running)
			s.Node.Condemned[0].Stoppers = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}
			s.came(decide.Effect{Do: decide.Stop, Instance: before, How: cloud.ShutDown}, cloud.Throttled, "")
		}),
		when("EC2 throttled the stop, and another invocation may have asked", leaving(record.Fencing, update), func(s *scene) {
			s.askedGently(119 * time.Second)
			s.state(before, cloud.Running)
			s.Node.Condemned[0].Stoppers = []record.Sender{{By: "me", Until: in(20 * time.Minute)}, {By: "other", Until: in(time.Minute)}}
			s.came(decide.Effect{Do: decide.Stop, Instance: before, How: cloud.ShutDown}, cloud.Throttled, "")
		}),
		when("it is off", leaving(record.Fencing, update), fails),
		when("a place is chosen", leaving(record.Launching, update), isOff),
		when("a place for a planned one", leaving(record.Launching, planned), isOff),
		when("a place that an operator chose", leaving(record.Launching, planned), isOff, func(s *scene) { s.Node.Switch.To = "az-c" }),

		when("the image is refused", leaving(record.Launching, update), isOff, refused(cloud.Invalid)),
		when("the image is denied", leaving(record.Launching, update), isOff, refused(cloud.Denied)),
		when("the type is over the quota", leaving(record.Launching, update), isOff, refused(cloud.Quota)),
		when("nothing can take the type", leaving(record.Launching, update), isOff, full),
		when("nothing can take a planned one", leaving(record.Launching, planned), isOff, full),
		when("nothing can take a gated one", leaving(record.Launching, planned), gate, full),
		when("nothing can take a gated one before an announced event", leaving(record.Launching, planned), gate, full, func(s *scene) {
			s.Node.Switch.Cause.Kind, s.Node.Notified = event.CauseScheduled, "event-1"
		}),
		when("nothing can take a gated one, whose original is being stopped", leaving(record.Launching, planned), gate, full, func(s *scene) { s.Node.Condemned[0].FirstAsked = ago(time.Second) }),
		when("nothing can take a gated one, whose original is off", leaving(record.Launching, planned), gate, full, isOff),
		when("a gated one whose original got the node back and was not healthy", leaving(record.Confirmed, planned), gate, unwell),
		when("one whose original got the node back and was not healthy", leaving(record.Confirmed, planned), unwell),
		when("its original was not healthy, and is isolated", leaving(record.Confirmed, planned), unwell, func(s *scene) { s.condemned(before, hole) }),
		when("its original was not healthy, and was powered off a moment ago", leaving(record.Fencing, planned), unwell, func(s *scene) {
			s.askedGently(10 * time.Second)
			s.Node.Condemned[0].Since, s.Node.Condemned[0].Asked = ago(5*time.Minute), cloud.SkipShutdown
		}),
		when("nothing can take a gated one, whose original has failed before", leaving(record.Launching, planned), gate, full, inVain),
		when("nothing can take a gated recovery", leaving(record.Launching, record.KindRecover), gate, full),
		when("a gated planned one is over the quota", leaving(record.Launching, planned), gate, refused(cloud.Quota)),
		when("a gated planned one is denied", leaving(record.Launching, planned), gate, refused(cloud.Denied)),
		when("a gated planned one is refused", leaving(record.Launching, planned), gate, refused(cloud.Invalid)),
		when("a planned one that was given up", leaving(record.Launching, planned), gate, gaveUp),
		when("a planned one that was given up, and a deployment wants a change meanwhile", leaving(record.Launching, planned), gate, gaveUp, func(s *scene) { s.Node.Settings.Template = changed }),
		when("a planned one that was given up, and another one is not off", leaving(record.Launching, planned), gate, gaveUp, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-older"})
			s.Facts.Instances["i-older"] = machine("i-older", "az-a", cloud.Running)
		}),
		when("a planned one that was given up, and stops by itself", leaving(record.Launching, planned), gate, gaveUp, isOff),
		when("the image of a gated one is refused", leaving(record.Launching, update), gate, refused(cloud.Invalid)),
		when("the image is refused, and another one is not off", leaving(record.Launching, update), gate, refused(cloud.Invalid), func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-older"})
			s.Facts.Instances["i-older"] = machine("i-older", "az-a", cloud.Running)
		}),
		when("the change is taken back before a launch", leaving(record.Launching, update), isOff, func(s *scene) { s.Node.Settings.Template.Version = "1" }),
		when("the change is taken back by another version", leaving(record.Launching, update), isOff, func(s *scene) {
			s.Node.Settings.Template.Version = "3"
			s.Facts.Template[s.Node.Settings.Template], s.Facts.Template[contract.Template{ID: "lt-1", Version: "1"}] = original(), original()
		}),
		when("the change is taken back before the stop", leaving(record.Confirmed, update), func(s *scene) { s.Node.Settings.Template.Version = "1" }),
		when("another change comes before a launch", leaving(record.Launching, update), isOff, func(s *scene) {
			s.Node.Settings.Template.Version = "3"
			b := original()
			b.Image = "ami-3"
			s.Facts.Template[s.Node.Settings.Template] = b
		}),
		when("another change comes and cannot be read yet", leaving(record.Launching, update), isOff, func(s *scene) {
			s.Node.Settings.Template.Version = "3"
			s.unseen(observe.PartTemplates, cloud.Throttled)
		}),
		when("another change comes and does not exist", leaving(record.Launching, update), isOff, func(s *scene) {
			s.Node.Settings.Template.Version = "3"
			s.Facts.NoTemplate[s.Node.Settings.Template] = failure(cloud.NotFound, "")
		}),
		when("another change comes in a recovery and cannot be read", moving(record.Launching), isOff, func(s *scene) {
			s.Node.Settings.Template.Version = "3"
			s.unseen(observe.PartTemplates, cloud.Throttled)
		}),
		when("another change comes in a recovery and was not looked at", moving(record.Launching), isOff, func(s *scene) { s.Node.Settings.Template.Version = "3" }),
		when("the new one dies", standby(leaving(record.Gated, update), cloud.Terminated), fails),
		when("the new one is not healthy in its time", sickly("ALARM"), fails),
		when("the new one is not healthy in its time, and its own alarm is OK", sickly("OK"), fails),
		when("going back, the new one runs", leaving(record.Confirmed, update), fails, back, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: after, Zone: "az-c"})
			s.Facts.Instances[after] = machine(after, "az-c", cloud.Running)
		}),
		when("going back, the new one is off and not shut off", leaving(record.Confirmed, update), back, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: after, Zone: "az-c"})
			s.Facts.Instances[after] = machine(after, "az-c", cloud.Stopped)
		}),
		when("going back, the new one is off and shut off", leaving(record.Confirmed, update), back, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: after, Epoch: 2, Zone: "az-c"})
			s.Facts.Instances[after] = machine(after, "az-c", cloud.Stopped)
			s.condemned(after, hole)
		}),
		when("going back, all are off", leaving(record.Launching, update), isOff, back),
		when("going back, somebody may still stop it", leaving(record.Launching, update), isOff, back, func(s *scene) {
			s.Node.Condemned[0].Stoppers = []record.Sender{{By: "other", Until: in(time.Minute)}}
		}),
		when("going back, the original was tried", leaving(record.Launching, update), isOff, back, inVain),
		when("the original is prepared", leaving(record.Launching, update), again),
		when("the original lacks room", leaving(record.Gated, update), again, func(s *scene) {
			s.Node.Condemned, s.Node.Switch.Instance = nil, before
			s.came(decide.Effect{Do: decide.Start, Instance: before}, cloud.Capacity, "")
		}),
		when("the original serves again", func() *scene {
			s := leaving(record.Serving, update)
			s.Node.Grant = &record.Grant{Instance: before, Epoch: 3, Zone: "az-b", PrivateIP: "10.0.0.old", GrantedAt: ago(20 * time.Second), ServedAt: ago(time.Second)}
			s.Node.Condemned, s.Node.Switch.Instance = nil, before
			s.Facts.Targets[byID] = []cloud.Target{{ID: before, Port: 80, Health: cloud.Healthy}}
			s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.0.old", Port: 81, Health: cloud.Healthy}}
			return s
		}(), back),
		when("the changed one serves", func() *scene {
			s := standby(leaving(record.Gated, update), cloud.Running)
			s.Node.Phase = record.Serving
			s.Node.Grant = &record.Grant{Instance: after, Epoch: 2, Zone: "az-c", PrivateIP: "10.0.0.new", GrantedAt: ago(20 * time.Second), ServedAt: ago(time.Second)}
			s.state(before, cloud.Terminated)
			s.registered()
			return s
		}()),
		when("a recovery gives the changed template up", standby(moving(record.Gated), cloud.Terminated), func(s *scene) {
			s.state(before, cloud.Stopped)
			s.Node.Switch.Fallback = &record.Fallback{Blueprint: original(), Template: contract.Template{ID: "lt-1", Version: "0"}}
		}),
	})
}

// sickly is an update whose new instance is late to be healthy; its application's own
// alarm is in this state.
func sickly(state string) *scene {
	s := standby(leaving(record.Gated, record.KindUpdate), cloud.Running)
	s.Node.Phase, s.Node.Switch.Attempts = record.Serving, 1
	s.Node.Grant = &record.Grant{Instance: after, Epoch: 2, Zone: "az-c", PrivateIP: "10.0.0.new", GrantedAt: ago(451 * time.Second)}
	s.Facts.Targets[byID] = []cloud.Target{{ID: after, Port: 80, Health: cloud.Unhealthy}}
	s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.0.new", Port: 81, Health: cloud.Unhealthy}}
	s.alarm(alarmApp, state, now)
	return s
}
