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

// TestDecisionsAtRest: what is a failure, and whether it is recovered.
func TestDecisionsAtRest(t *testing.T) {
	state := func(to, why string) func(*scene) {
		return func(s *scene) {
			i := s.Facts.Instances[before]
			i.State, i.StateReason = to, why
			s.Facts.Instances[before] = i
		}
	}
	alarm := func(name string, since time.Time) func(*scene) {
		return func(s *scene) { s.alarm(name, "ALARM", since) }
	}
	hint := func(kind string) func(*scene) { return func(s *scene) { s.hint(kind, before) } }
	unseen := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) { s.unseen(observe.PartAlarms, kind) }
	}
	switched := func(at ...time.Time) func(*scene) { return func(s *scene) { s.Node.Recent = at } }
	servedAt := func(at time.Time) func(*scene) { return func(s *scene) { s.Node.Grant.ServedAt = at } }
	acked := func(at time.Time) func(*scene) { return func(s *scene) { s.Node.Acked = at } }
	confirm := func(n int) func(*scene) { return func(s *scene) { s.Config.Policy.ConfirmSeconds = n } }
	held := func(code string, until time.Time) func(*scene) {
		return func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: code, Reason: "so it is", Since: ago(time.Minute), RetryAt: until}
		}
	}
	later := func(s *scene) { s.Facts.Unseen[observe.PartAlarms] = observe.ErrLater }
	decisions(t, "at-rest", []decision{
		when("EC2's own recovery comes first", resting(), func(s *scene) {
			s.alarm(alarmInst, "ALARM", ago(599*time.Second))
			s.Node.Settings.AwaitRecovery = 600
		}),
		when("EC2's own recovery has its time", resting(), func(s *scene) {
			s.alarm(alarmInst, "ALARM", ago(510*time.Second))
			s.Node.Settings.AwaitRecovery = 600
		}),
		when("EC2's own recovery did not help", resting(), func(s *scene) {
			s.alarm(alarmInst, "ALARM", ago(600*time.Second))
			s.Node.Settings.AwaitRecovery = 600
		}),
		when("EC2's own recovery does not mend an application", resting(), func(s *scene) {
			s.alarm(alarmApp, "ALARM", ago(time.Second))
			s.Node.Settings.AwaitRecovery = 600
		}),
		when("nothing is wrong", resting()),
		when("nothing is wrong although somebody said so", resting(), hint(event.CauseStopped)),
		when("a hint of an instance that carries the node no more", resting(), func(s *scene) { s.hint(event.CauseStopped, "i-other") }),
		when("a hint of an earlier instance, and a failure", resting(), func(s *scene) { s.hint(event.CauseStopped, "i-other") }, state(cloud.Stopped, "")),
		when("a hint, and the alarms cannot be read now", resting(), hint(event.CauseAlarm), unseen(cloud.Ambiguous)),
		when("a hint, and the alarms may not be read", resting(), hint(event.CauseAlarm), unseen(cloud.Denied)),
		when("a hint, and the alarms have their turn later", resting(), hint(event.CauseAlarm), later),
		when("no hint, and the alarms cannot be read now", resting(), unseen(cloud.Ambiguous)),
		when("it is pending", resting(), state(cloud.Pending, "")),
		when("it is stopping", resting(), state(cloud.Stopping, "")),
		when("it is stopped, and EC2 says why", resting(), state(cloud.Stopped, "Client.UserInitiatedShutdown")),
		when("it is shutting down", resting(), state(cloud.ShuttingDown, "")),
		when("it is terminated, and the event said when", resting(), state(cloud.Terminated, "Server.SpotInstanceTermination"), hint(event.CauseTerminated)),
		when("it is terminated, and the event said something else", resting(), state(cloud.Terminated, ""), hint(event.CauseStopped)),
		when("the event comes from a clock ahead of ours", resting(), state(cloud.Stopped, ""), hint(event.CauseStopped), func(s *scene) { s.Hint.Cause.At = now }),
		when("the event says no time", resting(), state(cloud.Stopped, ""), hint(event.CauseStopped), func(s *scene) { s.Hint.Cause.At = time.Time{} }),
		when("it is not visible", resting(), func(s *scene) { s.vanish(before) }),
		when("it is not visible, and the confirm window is longer than usual", resting(), func(s *scene) { s.vanish(before) }, confirm(90)),
		when("it is stopped, with a confirm window", resting(), state(cloud.Stopped, ""), confirm(1)),
		when("the instance alarm is in ALARM", resting(), alarm(alarmInst, time.Time{})),
		when("the application alarm is in ALARM for a while", resting(), alarm(alarmApp, ago(40*time.Second))),
		when("the application alarm is in ALARM, and the event is older than its state", resting(), alarm(alarmApp, ago(2*time.Second)), hint(event.CauseAlarm)),
		when("the application alarm gives a reason", resting(), alarm(alarmApp, now), func(s *scene) {
			a := s.Facts.Alarms[alarmApp]
			a.Reason = "no data"
			s.Facts.Alarms[alarmApp] = a
		}),
		when("an alarm that was never OK is in ALARM", resting(), alarm(alarmApp, now), func(s *scene) { s.Node.Armed = []string{alarmInst} }),
		when("an alarm of another instance is in ALARM", resting(), alarm(alarmInst, now), func(s *scene) {
			a := s.Facts.Alarms[alarmInst]
			a.Instances = []string{"i-other"}
			s.Facts.Alarms[alarmInst] = a
		}),
		when("an alarm lacks data", resting(), func(s *scene) { s.alarm(alarmApp, "INSUFFICIENT_DATA", now) }),
		when("an alarm is gone", resting(), func(s *scene) { delete(s.Facts.Alarms, alarmInst) }, alarm(alarmApp, now)),
		when("in its grace time", resting(), alarm(alarmApp, now), servedAt(ago(119*time.Second))),
		when("at the end of its grace time", resting(), alarm(alarmApp, now), servedAt(ago(120*time.Second))),
		when("it has not served yet", resting(), alarm(alarmApp, now), servedAt(time.Time{})),
		when("paused", resting(), state(cloud.Stopped, ""), func(s *scene) {
			s.Node.Pause = &record.Pause{Until: in(time.Second), Reason: "maintenance", By: "me"}
		}),
		when("the pause has ended", resting(), state(cloud.Stopped, ""), func(s *scene) { s.Node.Pause = &record.Pause{Until: now, Reason: "maintenance"} }),
		when("its id tag is another's", resting(), state(cloud.Stopped, ""), func(s *scene) { s.tag(before, idTag, "8") }),
		when("its id tag is no number", resting(), state(cloud.Stopped, ""), func(s *scene) { s.tag(before, idTag, "seven") }),
		when("it is no recovery target", resting(), state(cloud.Stopped, ""), func(s *scene) { s.tag(before, wantTag, "false") }),
		when("it is terminated and shows no tags", resting(), state(cloud.Terminated, ""), func(s *scene) {
			i := s.Facts.Instances[before]
			i.Tags = nil
			s.Facts.Instances[before] = i
		}),
		when("it is gone, and the blueprint is no recovery target", resting(), func(s *scene) {
			s.vanish(before)
			s.Node.Blueprint.Tags = map[string]string{idTag: "7"}
		}),
		when("it is gone, and there is no blueprint", resting(), func(s *scene) {
			s.vanish(before)
			s.Node.Blueprint = nil
		}),
		when("with a gate", resting(), state(cloud.Stopped, ""), func(s *scene) { s.Node.Settings.Gate = true }),
		when("with protections", resting(), state(cloud.Stopped, ""), func(s *scene) { s.Node.Blueprint.ProtectStop = true }),
		when("condemned before", resting(), state(cloud.Stopped, ""), func(s *scene) {
			s.Node.Condemned = []record.Condemned{{Instance: before, Epoch: 1}}
		}),

		when("the alarm comes again while it cools down", resting(), alarm(alarmApp, now), switched(ago(time.Hour/2)), servedAt(ago(299*time.Second))),
		when("the alarm comes again when it has cooled down", resting(), alarm(alarmApp, now), switched(ago(time.Hour/2)), servedAt(ago(300*time.Second))),
		when("EC2 shows a fault while it cools down", resting(), state(cloud.Stopped, ""), switched(ago(time.Hour/2)), servedAt(ago(299*time.Second))),
		when("acknowledged since it serves", resting(), alarm(alarmApp, now), switched(ago(time.Hour/2)), servedAt(ago(299*time.Second)), acked(ago(time.Minute))),
		when("acknowledged when it began to serve", resting(), alarm(alarmApp, now), switched(ago(time.Hour/2)), servedAt(ago(299*time.Second)), acked(ago(299*time.Second))),
		when("the third switch within the window", resting(), state(cloud.Stopped, ""), switched(ago(50*time.Minute), ago(20*time.Minute))),
		when("the fourth switch within the window", resting(), state(cloud.Stopped, ""), switched(ago(50*time.Minute), ago(20*time.Minute), ago(10*time.Minute))),
		when("the fourth, and the first is as old as the window", resting(), state(cloud.Stopped, ""), switched(ago(time.Hour), ago(20*time.Minute), ago(10*time.Minute))),
		when("the fourth, and the first two were acknowledged", resting(), state(cloud.Stopped, ""), switched(ago(50*time.Minute), ago(20*time.Minute), ago(10*time.Minute)), acked(ago(20*time.Minute))),
		when("held again for the same reason", resting(), state(cloud.Stopped, ""), switched(ago(3*time.Minute), ago(2*time.Minute), ago(time.Minute)), held("WR202", ago(time.Second))),
		when("healthy while the cool-down holds it", resting(), held("WR202", in(time.Second))),
		when("healthy when the cool-down is over", resting(), held("WR202", now)),
		when("healthy while something else holds it", resting(), held("WR306", in(time.Minute))),
		when("healthy and held, and something is mended", resting(), held("WR306", in(time.Minute)), func(s *scene) {
			s.Facts.Alarms[alarmInst] = cloud.Alarm{Name: alarmInst, State: "OK", Instances: []string{"i-other"}}
		}),
		when("healthy and held, and the alarms cannot be read", resting(), held("WR306", in(time.Minute)), unseen(cloud.Throttled)),

		when("a person acknowledges", resting(), held("WR202", in(time.Hour)), func(s *scene) { s.hint(event.CauseAck, "") }),
		when("a person acknowledges, and it has failed", resting(), held("WR202", in(time.Hour)), state(cloud.Stopped, ""), switched(ago(3*time.Minute), ago(2*time.Minute), ago(time.Minute)), func(s *scene) { s.hint(event.CauseAck, "") }),
	})
}

// TestDecisionsOfTheBrake: one node of many.
func TestDecisionsOfTheBrake(t *testing.T) {
	stopped := func(s *scene) { s.state(before, cloud.Stopped) }
	alarm := func(age time.Duration) func(*scene) {
		return func(s *scene) { s.alarm(alarmApp, "ALARM", ago(age)) }
	}
	brake := func(b decide.Brake) func(*scene) {
		return func(s *scene) { b.Wide = true; s.Brake = b }
	}
	on := decide.Brake{Known: true, On: true, Reason: "too many", First: map[string]int{"": 7, "az-b": 7}}
	mute := decide.Brake{Known: true, Silent: map[string]string{"az-b": "only agents"}, First: map[string]int{"": 3, "az-b": 7}}
	other := decide.Brake{Known: true, On: true, Reason: "too many", First: map[string]int{"": 3, "az-b": 7}}
	suspected := func(age time.Duration, c record.Cause) *scene {
		s := resting()
		s.Node.Phase, s.Node.Since = record.Suspected, ago(age)
		s.Node.Switch = &record.Switch{Kind: record.KindRecover, Cause: c, Started: ago(age)}
		return s
	}
	app := record.Cause{Kind: event.CauseAlarm, Detail: "the alarm", At: ago(10 * time.Second)}
	decisions(t, "brake", []decision{
		when("not all were looked at, with a hint", resting(), stopped, brake(decide.Brake{}), func(s *scene) { s.hint(event.CauseStopped, before) }),
		when("not all were looked at, without a hint", resting(), stopped, brake(decide.Brake{})),
		when("all were looked at and the brake is off", resting(), stopped, brake(decide.Brake{Known: true})),
		when("the brake is on, and this node tells", resting(), stopped, brake(on)),
		when("the brake is on, and another node tells", resting(), stopped, brake(other)),
		when("the brake is on still", resting(), stopped, brake(on), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR206", Reason: "too many", Since: ago(time.Hour), RetryAt: ago(time.Second)}
		}),
		when("only agents are silent in the zone, and EC2 shows a fault", resting(), stopped, brake(mute)),
		when("only agents are silent in the zone", resting(), alarm(time.Minute), brake(mute)),
		when("the alarm is too young where the brake works", resting(), alarm(19*time.Second), brake(decide.Brake{Known: true})),
		when("the alarm is old enough where the brake works", resting(), alarm(20*time.Second), brake(decide.Brake{Known: true})),
		when("the alarm is too young, with a longer confirm window", resting(), alarm(20*time.Second), brake(decide.Brake{Known: true}), func(s *scene) { s.Config.Policy.ConfirmSeconds = 21 }),

		when("suspected, and it passed", suspected(time.Second, app)),
		when("suspected, and paused meanwhile", suspected(time.Second, app), stopped, func(s *scene) { s.Node.Pause = &record.Pause{Until: in(time.Hour)} }),
		when("suspected, and the alarms cannot be read", suspected(time.Hour, app), stopped, func(s *scene) { s.unseen(observe.PartAlarms, cloud.Ambiguous) }),
		when("suspected, in its window", suspected(19*time.Second, app), alarm(10*time.Second), brake(decide.Brake{Known: true})),
		when("suspected, at the end of its window", suspected(20*time.Second, app), alarm(10*time.Second), brake(decide.Brake{Known: true})),
		when("suspected in its window, and the alarm is older", suspected(5*time.Second, app), alarm(20*time.Second), brake(decide.Brake{Known: true})),
		when("suspected long enough, and not all were looked at", suspected(time.Minute, app), alarm(time.Minute), brake(decide.Brake{})),
		when("suspected long enough, and the brake is on", suspected(time.Minute, app), alarm(time.Minute), brake(on)),
		when("suspected long enough, and only agents are silent", suspected(time.Minute, app), alarm(time.Minute), brake(mute)),
		when("suspected long enough, and cooling down", suspected(time.Minute, app), alarm(time.Minute), func(s *scene) {
			s.Node.Recent, s.Node.Grant.ServedAt = []time.Time{ago(10 * time.Minute)}, ago(4*time.Minute)
		}),
		when("suspected of being gone, after less than a minute", suspected(59*time.Second, record.Cause{Kind: "absent", Independent: true}), func(s *scene) { s.vanish(before) }),
		when("suspected of being gone, after a minute", suspected(time.Minute, record.Cause{Kind: "absent", Independent: true}), func(s *scene) { s.vanish(before) }),
		when("suspected, and a hint", suspected(time.Second, app), func(s *scene) { s.hint(event.CauseAlarm, before) }),
	})
}

// TestDecisionsMend: what is put right at a node at rest.
func TestDecisionsMend(t *testing.T) {
	condemned := func(age time.Duration, change ...func(*record.Condemned)) func(*scene) {
		return func(s *scene) {
			c := record.Condemned{Instance: "i-was", Epoch: 1, Zone: "az-a", PrivateIP: "10.0.0.was", Since: ago(age)}
			for _, f := range change {
				f(&c)
			}
			s.Node.Condemned = append(s.Node.Condemned, c)
		}
	}
	was := func(state string) func(*scene) {
		return func(s *scene) { s.Facts.Instances["i-was"] = machine("i-was", "az-a", state) }
	}
	marked := func(s *scene) {
		s.condemned("i-was", hole)
		s.tag("i-was", contract.CondemnedTag, "1")
	}
	cut := func(c *record.Condemned) {
		c.Mount, c.Cut, c.FileSystem = &cloud.Mount{ID: "fsmt-1", Zone: "az-a", Subnet: "subnet-az-a", Groups: []string{"sg-f"}}, true, files
	}
	mounts := func(list ...cloud.Mount) func(*scene) { return func(s *scene) { s.Facts.Mounts[files] = list } }
	stray := func(i cloud.Instance) func(*scene) {
		return func(s *scene) { s.Facts.Tagged[7] = append(s.Facts.Tagged[7], i) }
	}
	launched := func(token, state string) cloud.Instance {
		i := machine("i-str", "az-c", state)
		i.Token = token
		return i
	}
	unsettled := func(s *scene) { s.Node.Grant.GrantedAt = ago(record.LateCall - time.Second) }
	target := func(id string, port int, health string) func(*scene) {
		return func(s *scene) {
			g := byID
			if id[0] != 'i' {
				g = byIP
			}
			s.Facts.Targets[g] = append(s.Facts.Targets[g], cloud.Target{ID: id, Port: port, Health: health})
		}
	}
	tags := func(s *scene) { s.tag(before, "Name", "changed") }
	decisions(t, "mend", []decision{
		when("an alarm is OK for the first time", resting(), func(s *scene) { s.Node.Armed = nil }),
		when("an alarm watches another instance", resting(), func(s *scene) {
			s.Facts.Alarms[alarmInst] = cloud.Alarm{Name: alarmInst, State: "OK", Instances: []string{before, "i-other"}}
		}),
		when("it carries the blackhole group", resting(), func(s *scene) { s.condemned(before, hole) }),
		when("its groups were given back a moment ago", resting(), func(s *scene) {
			s.condemned(before, hole)
			s.came(decide.Effect{Do: decide.Regroup, Instance: before, NIC: "eni-0-i-old", Groups: []string{"sg-a"}}, "", "")
			s.came(decide.Effect{Do: decide.Pardon, Instance: before}, "", "")
		}),
		when("it carries the blackhole group on an interface that the blueprint lacks", resting(), func(s *scene) {
			s.condemned(before, hole)
			s.Node.Blueprint.Interfaces = s.Node.Blueprint.Interfaces[:1]
		}),
		when("it carries the blackhole group on another card", resting(), func(s *scene) {
			s.condemned(before, hole)
			s.Node.Blueprint.Interfaces[0].Card = 1
		}),
		when("a person removed the condemned tag", resting(), func(s *scene) { s.untag(before, contract.CondemnedTag) }),
		when("a person removed the gate tag", resting(), func(s *scene) { s.untag(before, contract.GateTag) }),
		when("its condemned tag says that it may be started", resting(), func(s *scene) { s.tag(before, contract.CondemnedTag, contract.MayStart) }),
		when("its epoch tag is of its launch, and it was granted again since", resting(), func(s *scene) { s.Node.Epoch, s.Node.Grant.Epoch = 3, 3 }),
		when("its gate is not open", resting(), func(s *scene) { s.Node.Settings.Gate = true }),
		when("its gate is open for another epoch", resting(), func(s *scene) {
			s.Node.Settings.Gate = true
			s.tag(before, contract.GateTag, "i-old:0")
		}),
		when("its gate is open", resting(), func(s *scene) {
			s.Node.Settings.Gate = true
			s.tag(before, contract.GateTag, "i-old:1")
		}),
		when("its gate was opened a moment ago", resting(), func(s *scene) {
			s.Node.Settings.Gate = true
			s.came(decide.Effect{Do: decide.Open, Instance: before}, "", "")
		}),

		when("a condemned one runs", swept(), condemned(time.Hour), was(cloud.Running)),
		when("a condemned one that is isolated runs", swept(), condemned(time.Hour), was(cloud.Running), marked),
		when("a condemned one is pending", swept(), condemned(time.Hour), was(cloud.Pending), marked),
		when("a condemned one is stopped and not marked", swept(), condemned(time.Hour), was(cloud.Stopped)),
		when("a condemned one is stopped", swept(), condemned(time.Hour), was(cloud.Stopped), marked),
		when("a condemned one is protected", swept(), condemned(time.Hour, func(c *record.Condemned) { c.ProtectTerminate = record.ProtectionOn }), was(cloud.Stopped), marked),
		when("a condemned one was protected a moment ago", swept(), condemned(time.Hour, func(c *record.Condemned) { c.ProtectTerminate = record.ProtectionOn }), was(cloud.Stopped), marked, func(s *scene) {
			s.came(decide.Effect{Do: decide.Unprotect, Instance: "i-was"}, "", "")
		}),
		when("a condemned one is shutting down", swept(), condemned(time.Hour), was(cloud.ShuttingDown), marked),
		when("a condemned one is terminated", swept(), condemned(time.Hour), was(cloud.Terminated)),
		when("a condemned one is out of sight", swept(), condemned(time.Hour)),
		when("a condemned one is out of sight for less than five minutes", swept(), condemned(time.Hour, func(c *record.Condemned) { c.AbsentSince = ago(5*time.Minute - time.Second) })),
		when("a condemned one is out of sight for five minutes", swept(), condemned(time.Hour, func(c *record.Condemned) { c.AbsentSince = ago(5 * time.Minute) })),
		when("two condemned ones, one of them gone", swept(), condemned(time.Hour), func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-too", Epoch: 1, AbsentSince: ago(time.Hour)})
		}, was(cloud.Stopped), marked),
		when("its mount target is to be put back", swept(), condemned(time.Hour, cut), was(cloud.Terminated), mounts(cloud.Mount{ID: "fsmt-9", Zone: "az-c"})),
		when("its mount target is not looked at", swept(), condemned(time.Hour, cut), was(cloud.Terminated)),
		when("its mount target is being made", swept(), condemned(time.Hour, cut), was(cloud.Terminated), mounts(cloud.Mount{ID: "fsmt-2", Zone: "az-a", State: "creating"})),
		when("its mount target is back", swept(), condemned(time.Hour, cut), was(cloud.Terminated), mounts(cloud.Mount{ID: "fsmt-2", Zone: "az-a", State: "available"})),
		when("its mount target waits until it is off", swept(), condemned(time.Hour, cut), was(cloud.ShuttingDown), mounts()),
		when("it is gone and its mount target is to be put back", swept(), condemned(time.Hour, cut, func(c *record.Condemned) { c.AbsentSince = ago(time.Hour) }), mounts()),

		when("a stray of its own", swept(), stray(launched("wr-7-10-2-1-az-c", cloud.Running))),
		when("a stray of its own that is terminated", swept(), stray(launched("wr-7-10-2-1-az-c", cloud.Terminated))),
		when("a stray of an earlier node with this id", swept(), stray(launched("wr-7-9-2-1-az-c", cloud.Running))),
		when("somebody else's instance carries the tag", swept(), stray(launched("", cloud.Running)), stray(machine(before, "az-b", cloud.Running))),
		when("a stray, with protections in the blueprint", swept(), stray(launched("wr-7-10-2-1-az-c", cloud.Running)), func(s *scene) { s.Node.Blueprint.ProtectTerminate = true }),
		when("a stray, and no blueprint", swept(), stray(launched("wr-7-10-2-1-az-c", cloud.Running)), func(s *scene) { s.Node.Blueprint = nil }),

		when("a late registration of a condemned one", swept(), unsettled, condemned(time.Hour), was(cloud.ShuttingDown), target("i-was", 80, cloud.Unhealthy), target("10.0.0.was", 81, cloud.Healthy), target("i-foreign", 80, cloud.Healthy)),
		when("a late registration, when no late call can arrive any more", swept(), condemned(time.Hour), was(cloud.ShuttingDown), target("i-was", 80, cloud.Unhealthy), func(s *scene) { s.Node.Grant.GrantedAt = ago(record.LateCall) }),
		when("a stopped one's address is registered", swept(), condemned(time.Hour), was(cloud.Stopped), target("10.0.0.was", 81, cloud.Healthy)),
		when("a terminated one's address is registered", swept(), condemned(time.Hour), was(cloud.Terminated), target("10.0.0.was", 81, cloud.Healthy)),
		when("a terminated one's address was not looked at", resting(), condemned(time.Hour), was(cloud.Terminated), func(s *scene) { delete(s.Facts.Targets, byIP) }),
		when("a terminated one's address drains", swept(), condemned(time.Hour), was(cloud.Terminated), target("10.0.0.was", 81, cloud.Draining)),
		when("a terminated one's instance target was not looked at", swept(), condemned(time.Hour), was(cloud.Terminated), func(s *scene) { delete(s.Facts.Targets, byID) }),
		when("a late registration, and no sweep", resting(), unsettled, condemned(time.Hour), was(cloud.ShuttingDown), target("i-was", 80, cloud.Unhealthy)),
		when("a late registration, and the targets cannot be read", swept(), unsettled, condemned(time.Hour), was(cloud.ShuttingDown), target("i-was", 80, cloud.Unhealthy), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("a condemned one is draining", swept(), unsettled, condemned(time.Hour), was(cloud.ShuttingDown), target("i-was", 80, cloud.Draining)),
		when("somebody deregistered it", swept(), unsettled, func(s *scene) { s.Facts.Targets = nil }),
		when("somebody deregistered it, and it does not run", swept(), unsettled, func(s *scene) {
			s.Facts.Targets = nil
			s.state(before, cloud.Pending)
		}),
		when("it is registered on another port", swept(), unsettled, func(s *scene) { s.Facts.Targets[byID][0].Port = 8 }),

		when("it is another than its blueprint", swept(), tags),
		when("it is another than its blueprint, and no sweep", resting(), tags),
		when("it is another than its blueprint, and does not run", swept(), tags, func(s *scene) { s.state(before, cloud.Pending) }),
		when("it is another than its blueprint, and isolated", swept(), tags, func(s *scene) { s.condemned(before, hole) }),
		when("there is no blueprint to keep", swept(), tags, func(s *scene) { s.Node.Blueprint = nil }),
		when("it runs as an alternative type", swept(), tags, func(s *scene) {
			s.Node.Settings.Types = []string{"c7g.large"}
			i := s.Facts.Instances[before]
			i.Type = "c7g.large"
			s.Facts.Instances[before] = i
		}),
		when("somebody changed its type", swept(), func(s *scene) {
			i := s.Facts.Instances[before]
			i.Type = "c7g.large"
			s.Facts.Instances[before] = i
		}),
		when("launches that were given up", swept(), func(s *scene) {
			s.Node.Lost = []record.LostLaunch{{Launch: cloud.Launch{Token: "a"}, Since: ago(record.LateCall)}, {Launch: cloud.Launch{Token: "b"}, Since: ago(record.LateCall - time.Second)}}
		}),
	})
}
