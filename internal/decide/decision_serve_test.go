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

// without deletes target groups.
func without(groups ...string) func(*scene) {
	return func(s *scene) {
		for _, g := range groups {
			delete(s.Facts.Groups, g)
			delete(s.Facts.Targets, g)
		}
	}
}

// unused takes the listener of a group away, and idle says that it had none before.
func unused(s *scene) {
	g := s.Facts.Groups[byIP]
	g.Balancers = 0
	s.Facts.Groups[byIP] = g
}

func idle(s *scene) { s.Node.Targets[1].Idle = true }

// TestDecisionsServing: the granted replacement is registered until it is healthy.
func TestDecisionsServing(t *testing.T) {
	health := func(id, ip string) func(*scene) {
		return func(s *scene) {
			s.registered()
			s.Facts.Targets[byID][1].Health, s.Facts.Targets[byIP][1].Health = id, ip
			s.Facts.Targets[byID][1].Reason = "Target.Timeout"
		}
	}
	granted := func(d time.Duration) func(*scene) { return func(s *scene) { s.Node.Grant.GrantedAt = ago(d) } }
	empty := func(s *scene) { s.Facts.Targets = map[string][]cloud.Target{} }
	gate := func(s *scene) { s.Node.Settings.Gate, s.Node.Switch.Gate = true, true }
	sick := func(s *scene) { health(cloud.Unhealthy, cloud.Healthy)(s) }
	decisions(t, "serving", []decision{
		when("it is registered nowhere", serving()),
		when("it is pending by an old look", serving(), to(after, cloud.Pending)),
		when("it is stopping", serving(), to(after, cloud.Stopping)),
		when("it is terminated", serving(), to(after, cloud.Terminated)),
		when("it is out of sight", serving(), gone(after)),
		when("the targets cannot be read", serving(), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("it was registered a moment ago and cannot be seen", serving(), func(s *scene) {
			s.came(decide.Effect{Do: decide.Register, Group: byID, Targets: []cloud.Target{{ID: after, Port: 80}}}, "", "")
		}),
		when("it is registered in one group", serving(), func(s *scene) {
			s.Facts.Targets[byID] = append(s.Facts.Targets[byID], cloud.Target{ID: after, Port: 80, Health: cloud.Healthy})
		}),
		when("it is registered on another port", serving(), empty, func(s *scene) {
			s.Facts.Targets[byID] = []cloud.Target{{ID: after, Port: 8, Health: cloud.Healthy}}
		}),
		when("it is draining", serving(), health(cloud.Draining, cloud.Healthy)),
		when("it has two places in a group", serving(), empty, func(s *scene) {
			s.Node.Targets = []record.Target{{Group: byID, Kind: "instance", Port: 80}, {Group: byID, Kind: "instance", Port: 81}}
		}),
		when("it was never in the groups", serving(), empty, func(s *scene) { s.Node.Targets = nil }),
		when("a group was deleted", serving(), empty, func(s *scene) { delete(s.Facts.Groups, byIP) }),
		when("it is healthy, and a group is out of sight", serving(), health(cloud.Healthy, ""), without(byIP), granted(time.Minute-1)),
		when("it is healthy, and a group was deleted", serving(), health(cloud.Healthy, ""), without(byIP), granted(time.Minute)),
		when("all its groups were deleted", serving(), without(byID, byIP), granted(time.Minute)),
		when("it is healthy, and no load balancer uses a group any more", serving(), health(cloud.Healthy, cloud.Unused), unused),
		when("it is healthy, and no load balancer used a group before either", serving(), health(cloud.Healthy, cloud.Unused), unused, idle),
		when("no group is wanted any more", serving(), func(s *scene) { s.Node.Settings.Groups = nil }),
		when("it is healthy", serving(), health(cloud.Healthy, cloud.Healthy)),
		when("it is healthy after an order", serving(), health(cloud.Healthy, cloud.Healthy), begunBy(record.KindPlanned, event.CauseOperator)),
		when("it is healthy after a notice of AWS", serving(), health(cloud.Healthy, cloud.Healthy), begunBy(record.KindPlanned, event.CauseScheduled)),
		when("it is healthy after an update", serving(), health(cloud.Healthy, cloud.Healthy), begunBy(record.KindUpdate, record.KindUpdate)),
		when("it is healthy after an adoption", serving(), health(cloud.Healthy, cloud.Healthy), begunBy(record.KindAdopt, record.KindAdopt)),
		when("it is healthy after a create", serving(), health(cloud.Healthy, cloud.Healthy), begunBy(record.KindCreate, record.KindCreate)),
		when("it is healthy in one group", serving(), sick),
		when("no load balancer uses a group", serving(), health(cloud.Healthy, cloud.Unused), func(s *scene) {
			g := s.Facts.Groups[byIP]
			g.Balancers = 0
			s.Facts.Groups[byIP] = g
		}),
		when("a group in use says that it is not in use", serving(), health(cloud.Healthy, cloud.Unused)),
		when("it is not healthy for almost as long as it may", serving(), sick, granted(600*time.Second-1)),
		when("it is not healthy in time", serving(), sick, granted(600*time.Second), func(s *scene) { s.Facts.Alarms = nil }),
		when("it is not healthy in time, and its own alarm is OK", serving(), sick, granted(600*time.Second)),
		when("it is not healthy in time, and its own alarm lacks data", serving(), sick, granted(600*time.Second), func(s *scene) { s.alarm(alarmApp, "INSUFFICIENT_DATA", now) }),
		when("with a gate, it is not open yet", serving(), gate),
		when("with a gate, it fails before it opens", serving(), gate, sick, granted(600*time.Second), func(s *scene) { s.Facts.Alarms = nil }),
		when("somebody started the other one", serving(), to(before, cloud.Running)),
		when("somebody started the other one, which is open to all", serving(), to(before, cloud.Running), freed),
		when("somebody starts the other one", serving(), to(before, cloud.Pending)),
		when("somebody started the other one, and the targets cannot be read", serving(), to(before, cloud.Running), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("another attempt is pending still", serving(), another(cloud.Pending)),
		when("the other one was waived and is registered", serving(), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.Waived = true })),
		when("the other one was cut off and is registered", serving(), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.Cut = true })),
		when("the other one was waived and is registered no more", serving(), to(before, cloud.Stopping), empty, blame(func(c *record.Condemned) { c.Waived = true })),
	})
}

// TestDecisionsServed: the old instance is cleared away.
func TestDecisionsServed(t *testing.T) {
	alone := func(s *scene) { // registered, and nobody else is
		s.Facts.Targets[byID], s.Facts.Targets[byIP] = s.Facts.Targets[byID][1:], s.Facts.Targets[byIP][1:]
	}
	marks := func(s *scene) {
		s.Node.Switch.Marks = map[string]time.Time{"confirmed": ago(30 * time.Second), "fencing": ago(28 * time.Second), "gated": ago(20 * time.Second), "serving": ago(20 * time.Second), "served": ago(5 * time.Second)}
		s.Node.Switch.Effects = 9
	}
	clear := func() *scene { s := served(); alone(s); marks(s); return s }
	grace := func(s *scene) { s.Node.Grant.ServedAt = ago(2 * time.Hour) }
	files := func(state string) func(*scene) {
		return func(s *scene) {
			s.Node.Settings.Escalation, s.Node.Settings.FileSystem = contract.EscalateStorage, "fs-1"
			s.Facts.Mounts = map[string][]cloud.Mount{"fs-1": {{ID: "m-a", Zone: "az-a", State: "available"}}}
			if state != "" {
				s.Facts.Mounts["fs-1"] = append(s.Facts.Mounts["fs-1"], cloud.Mount{ID: "m-c", Zone: "az-c", State: state})
			}
		}
	}
	decisions(t, "served", []decision{
		when("the other one is registered still", served()),
		when("the other one was deregistered a moment ago", served(), func(s *scene) {
			s.came(decide.Effect{Do: decide.Deregister, Group: byID, Targets: []cloud.Target{{ID: before, Port: 80}}}, "", "")
		}),
		when("the targets cannot be read", served(), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("an alarm watches the other one", clear()),
		when("an alarm was changed a moment ago", clear(), func(s *scene) { s.came(decide.Effect{Do: decide.Repoint, Alarm: alarmInst, Instance: after}, "", "") }),
		when("the other one is stopped", clear()),
		when("the other one is shutting down", clear(), to(before, cloud.ShuttingDown)),
		when("the other one is terminated", clear(), to(before, cloud.Terminated)),
		when("the other one is terminated and its mount target is missing", clear(), to(before, cloud.Terminated), blame(func(c *record.Condemned) { c.Mount = &cloud.Mount{ID: "m"} })),
		when("the other one is out of sight", clear(), gone(before)),
		when("a group was deleted during the switch", clear(), to(before, cloud.Terminated), without(byIP)),
		when("all groups were deleted during the switch", clear(), to(before, cloud.Terminated), without(byID, byIP)),
		when("no load balancer uses a group any more", clear(), to(before, cloud.Terminated), unused),
		when("no load balancer used a group before either", clear(), to(before, cloud.Terminated), unused, idle),
		when("a person took its registration away", clear(), to(before, cloud.Terminated), func(s *scene) { s.Facts.Targets[byIP] = nil }),
		when("it is not healthy any more", clear(), to(before, cloud.Terminated), func(s *scene) {
			s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.0.new", Port: 81, Health: cloud.Unhealthy, Reason: "Target.Timeout"}}
		}),
		when("its alarms were deleted", clear(), to(before, cloud.Terminated), func(s *scene) { s.Facts.Alarms = nil }),
		when("its alarms cannot be read", clear(), to(before, cloud.Terminated), func(s *scene) { s.unseen(observe.PartAlarms, cloud.Ambiguous) }),
		when("its alarms are not read in this round", clear(), to(before, cloud.Terminated), func(s *scene) { s.Facts.Unseen[observe.PartAlarms] = observe.ErrLater }),
		when("an alarm may not be changed", clear(), to(before, cloud.Terminated), func(s *scene) {
			s.came(decide.Effect{Do: decide.Repoint, Alarm: alarmInst, Instance: after}, cloud.Denied, "")
		}),
		when("an alarm cannot be changed", clear(), to(before, cloud.Terminated), func(s *scene) {
			s.came(decide.Effect{Do: decide.Repoint, Alarm: alarmInst, Instance: after}, cloud.Throttled, "")
		}),
		when("its zone has a mount target", clear(), to(before, cloud.Terminated), files("available")),
		when("its zone has no mount target", clear(), to(before, cloud.Terminated), files("")),
		when("its zone's mount target is being removed", clear(), to(before, cloud.Terminated), files("deleting")),
		when("its file system was deleted", clear(), to(before, cloud.Terminated), files(""), func(s *scene) { s.Facts.Mounts, s.Facts.NoFiles = nil, map[string]bool{"fs-1": true} }),
		when("its mount targets cannot be read", clear(), to(before, cloud.Terminated), files(""), func(s *scene) {
			s.Facts.Mounts = nil
			s.unseen(observe.PartMounts, cloud.Ambiguous)
		}),
		when("it was created, and a group and its alarms do not exist", clear(), to(before, cloud.ShuttingDown), without(byIP), course(func(sw *record.Switch) { sw.Kind = record.KindCreate }), func(s *scene) { s.Facts.Alarms = nil }),
		when("it stayed where it was, and a group does not exist", clear(), without(byIP), func(s *scene) {
			s.Node.Condemned, s.Node.Switch.Kind, s.Node.Switch.From = nil, record.KindPlanned, after
		}),
		when("two are to be cleared away", clear(), another(cloud.Stopped), to(before, cloud.ShuttingDown)),
		when("it was created", clear(), to(before, cloud.ShuttingDown), course(func(sw *record.Switch) { sw.Kind = record.KindCreate }), func(s *scene) {
			s.Node.Request = &record.Request{ID: "r-1", Type: event.Create, URL: "https://x", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(time.Minute)}
		}),
		when("a group that is no longer wanted", clear(), func(s *scene) {
			s.Node.Settings.Groups = s.Node.Settings.Groups[:1]
			s.Facts.Targets[byIP] = append(s.Facts.Targets[byIP], cloud.Target{ID: "10.0.0.old", Port: 81, Health: cloud.Healthy})
		}),
		when("it fails again", clear(), to(after, cloud.Stopped)),
		when("it fails again, and is paused", clear(), to(after, cloud.Stopped), func(s *scene) { s.Node.Pause = &record.Pause{Until: in(1)} }),
		when("it fails again, and the brake does not know", clear(), to(after, cloud.Stopped), func(s *scene) { s.Brake = decide.Brake{Wide: true} }),
		when("it fails again, and the brake is on", clear(), to(after, cloud.Stopped), func(s *scene) { s.Brake = decide.Brake{Wide: true, Known: true, On: true, Reason: "many"} }),
		when("it fails again, and the brake is off", clear(), to(after, cloud.Stopped), func(s *scene) { s.Brake = decide.Brake{Wide: true, Known: true} }),
		when("it fails again, with a confirm window", clear(), to(after, cloud.Stopped), func(s *scene) { s.Config.Policy.ConfirmSeconds = 1 }),
		when("it fails again, as often as it may", clear(), to(after, cloud.Stopped), func(s *scene) {
			s.Node.Recent = []time.Time{ago(3 * time.Minute), ago(2 * time.Minute), ago(time.Minute)}
		}),
		when("it fails again by its alarm", clear(), grace, func(s *scene) { s.alarm(alarmApp, "ALARM", now) }),
	})
}

// TestDecisionsTroubles: what went wrong in the step before.
func TestDecisionsTroubles(t *testing.T) {
	stop := decide.Effect{Do: decide.Stop, Instance: before, How: cloud.SkipShutdown}
	went := func(e decide.Effect, kind cloud.Kind, code string) func(*scene) {
		return func(s *scene) { s.came(e, kind, code) }
	}
	plain := func() *scene { s := moving(record.Fencing); s.state(before, cloud.Stopping); return s }
	post := func(kind record.PostKind, key string) record.Post {
		return record.Post{Key: key, Kind: kind, Subject: "s", Text: "t"}
	}
	told := func(kind record.PostKind, err cloud.Kind) *scene {
		s := resting()
		s.Node.Outbox = []record.Post{post(kind, "p-1"), post(record.PostNotice, "p-2")}
		s.came(decide.Effect{Do: decide.Deliver, Post: post(kind, "p-1")}, err, "")
		return s
	}
	waits := func(age, held time.Duration, kind record.HoldKind) *scene {
		s := plain()
		s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, URL: "https://x", At: ago(age)}
		if kind != "" {
			s.Node.Hold = &record.Hold{Kind: kind, Code: "WR302", Reason: "denied", Since: ago(held), RetryAt: in(time.Hour)}
		}
		return s
	}
	long := make([]byte, 1300)
	for i := range long {
		long[i] = 'x'
	}
	decisions(t, "troubles", []decision{
		when("a deployment was sent long before it came", moving(record.Fencing), func(s *scene) {
			s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, At: ago(time.Minute), Sent: ago(900 * time.Second).Unix()}
		}),
		when("a deployment was sent a while before it came", moving(record.Fencing), func(s *scene) {
			s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, At: ago(time.Minute), Sent: ago(899 * time.Second).Unix()}
		}),
		when("throttled", plain(), went(stop, cloud.Throttled, "")),
		when("not answered", plain(), went(stop, cloud.Ambiguous, "")),
		when("not found", plain(), went(stop, cloud.NotFound, "")),
		when("denied", plain(), went(stop, cloud.Denied, "")),
		when("invalid", plain(), went(stop, cloud.Invalid, "")),
		when("in the wrong state", plain(), went(stop, cloud.Invalid, "IncorrectInstanceState")),
		when("an interface in the wrong state", plain(), went(stop, cloud.Invalid, "IncorrectState")),
		when("protected against a stop", plain(), to(before, cloud.Running), went(stop, cloud.Invalid, "OperationNotPermitted"), another(cloud.Stopped)),
		when("protected against termination", plain(), to(before, cloud.Running), went(decide.Effect{Do: decide.Terminate, Instance: before}, cloud.Invalid, "OperationNotPermitted")),
		when("protected although that was cleared", plain(), to(before, cloud.Running), went(stop, cloud.Invalid, "OperationNotPermitted"), blame(func(c *record.Condemned) { c.ProtectStop = record.ProtectionCleared })),
		when("something else is not permitted", plain(), went(decide.Effect{Do: decide.Isolate, Instance: before}, cloud.Invalid, "OperationNotPermitted")),
		when("protected, of an instance that is condemned no more", plain(), went(decide.Effect{Do: decide.Stop, Instance: "i-x"}, cloud.Invalid, "OperationNotPermitted")),
		when("a mount target is gone already", plain(), went(decide.Effect{Do: decide.Unmount}, cloud.NotFound, "")),
		when("a mount target is not removed", plain(), went(decide.Effect{Do: decide.Unmount}, cloud.Invalid, "")),
		when("a mount target is there already", plain(), went(decide.Effect{Do: decide.Mount}, cloud.Conflict, "")),
		when("a mount target cannot be made", plain(), went(decide.Effect{Do: decide.Mount}, cloud.Invalid, "")),
		when("a start that was denied", plain(), went(decide.Effect{Do: decide.Start}, cloud.Denied, "")),
		when("a start that lacks capacity", plain(), went(decide.Effect{Do: decide.Start}, cloud.Capacity, "")),
		when("an alarm cannot be changed while serving", serving(), went(decide.Effect{Do: decide.Repoint, Alarm: alarmInst}, cloud.Denied, "")),
		when("an alarm cannot be changed at rest", resting(), went(decide.Effect{Do: decide.Repoint, Alarm: alarmInst}, cloud.Invalid, "")),
		when("an alarm may not be changed at rest", resting(), went(decide.Effect{Do: decide.Repoint, Alarm: alarmInst}, cloud.Denied, "")),
		when("denied again", plain(), went(stop, cloud.Denied, ""), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR302", Reason: "before", Since: ago(time.Hour), RetryAt: ago(1)}
		}),
		when("denied, and it was held for something else", plain(), went(stop, cloud.Denied, ""), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR201", Reason: "before", Since: ago(time.Hour), RetryAt: ago(1)}
		}),
		when("one of two went wrong", plain(), went(stop, "", ""), went(stop, cloud.Throttled, "")),

		when("a notice was delivered", told(record.PostNotice, "")),
		when("a notice was not answered", told(record.PostNotice, cloud.Ambiguous)),
		when("a notice was refused for good", told(record.PostNotice, cloud.Denied)),
		when("an answer's address has expired", told(record.PostAnswer, cloud.Invalid)),
		when("an answer's address is gone", told(record.PostAnswer, cloud.NotFound)),
		when("a history entry was denied", told(record.PostHistory, cloud.Denied)),
		when("a claim's release was denied", told(record.PostRelease, cloud.Denied)),
		when("a notice waits for its next attempt", waiting(record.PostNotice, "", time.Minute, in(time.Second))),
		when("a notice is due again", waiting(record.PostNotice, "", time.Minute, now)),
		when("a notice failed for almost a day", waiting(record.PostNotice, "", 24*time.Hour-1, now)),
		when("a notice failed for a day", waiting(record.PostNotice, "", 24*time.Hour, now)),
		when("an event failed for a day", waiting(record.PostEvent, "", 24*time.Hour, now)),
		when("a history entry failed for a day", waiting(record.PostHistory, "", 24*time.Hour, now)),
		when("an answer failed for an hour", waiting(record.PostAnswer, "https://x", time.Hour, now)),
		when("an answer's address expires in a minute", waiting(record.PostAnswer, "https://x?X-Amz-Date=20260102T030400Z&X-Amz-Expires=5", time.Minute, now)),
		when("an answer's address expired two minutes ago", waiting(record.PostAnswer, "https://x?X-Amz-Date=20260102T020000Z&X-Amz-Expires=3725", 0, time.Time{})),
		when("an answer's address expires in an hour, and it failed for two", waiting(record.PostAnswer, "https://x?X-Amz-Date=20260102T030000Z&X-Amz-Expires=3600", 2*time.Hour, now)),
		when("a notice with a long name", plain(), went(stop, cloud.Denied, ""), func(s *scene) { s.Node.Name = "näme " + string(long[:90]) }),

		when("a deployment waits", waits(time.Minute, 0, "")),
		when("a deployment waits for a held node", waits(time.Minute, time.Minute, record.Held)),
		when("a deployment waits for an interrupted node", waits(10*time.Minute, 2*time.Minute-1, record.Interrupted)),
		when("a deployment has waited for an interrupted node", waits(10*time.Minute, 2*time.Minute, record.Interrupted)),
		when("a deployment has almost waited for too long", waits(900*time.Second-1, time.Minute, record.Held)),
		when("a deployment has waited for a held node for too long", waits(900*time.Second, time.Minute, record.Held)),
		when("a deployment has waited for too long", waits(901*time.Second, 0, "")),
		when("a deployment fails for a long reason", waits(900*time.Second, time.Minute, record.Held), func(s *scene) { s.Node.Hold.Reason = string(long) }),
		when("many requests were answered before", waits(900*time.Second, time.Minute, record.Held), func(s *scene) {
			for i := range 20 {
				s.Node.Answered = append(s.Node.Answered, string(rune('a'+i)))
			}
		}),

		when("the record lacks its grant", resting(), func(s *scene) { s.Node.Grant = nil }),
		when("the record lacks its grant while serving", serving(), func(s *scene) { s.Node.Grant = nil }),
		when("the record lacks its switch", plain(), func(s *scene) { s.Node.Switch = nil }),
		when("the record lacks its blueprint", plain(), func(s *scene) { s.Node.Blueprint = nil }),
		when("the record lacks its blueprint with an open launch", asked(moving(record.Deleting)), func(s *scene) { s.Node.Blueprint = nil }),
		when("the record's phase is not known", resting(), func(s *scene) { s.Node.Phase = "odd" }),
		when("suspected without a grant", resting(), func(s *scene) { s.Node.Phase, s.Node.Grant, s.Node.Switch = record.Suspected, nil, &record.Switch{} }),
		{"EC2 shows nothing, under way", func() (record.Node, decide.Step) {
			s := plain()
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
		{"EC2 shows nothing, at rest", func() (record.Node, decide.Step) {
			s := resting()
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
		{"EC2 shows nothing, at rest with a hint", func() (record.Node, decide.Step) {
			s := resting()
			s.hint(event.CauseStopped, before)
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
		{"EC2 shows nothing, held", func() (record.Node, decide.Step) {
			s := waits(time.Minute, time.Minute, record.Held)
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
		{"EC2 shows nothing, a deployment has waited and something is to be told", func() (record.Node, decide.Step) {
			s := waits(900*time.Second, time.Minute, record.Held)
			s.Node.Outbox = []record.Post{post(record.PostNotice, "p-1")}
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
		{"EC2 shows nothing, deleted", func() (record.Node, decide.Step) {
			s := plain()
			s.Node.Phase = record.Deleted
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
	})
}

// begunBy changes what began the switch.
func begunBy(kind, cause string) func(*scene) {
	return func(s *scene) { s.Node.Switch.Kind, s.Node.Switch.Cause.Kind = kind, cause }
}

// waiting is the node at rest with one post whose delivery has failed for a time.
func waiting(kind record.PostKind, to string, failing time.Duration, after time.Time) *scene {
	s := resting()
	p := record.Post{Key: "p-1", Kind: kind, To: to}
	if failing > 0 {
		p.Delivery = record.Delivery{Failed: 3, Since: ago(failing), After: after}
	}
	s.Node.Outbox = []record.Post{p}
	return s
}
