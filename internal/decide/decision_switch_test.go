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

// to changes the state of an instance.
func to(id, state string) func(*scene) { return func(s *scene) { s.state(id, state) } }

// gone: EC2 does not show an instance.
func gone(id string) func(*scene) { return func(s *scene) { s.vanish(id) } }

// blame changes the first of the condemned.
func blame(f func(*record.Condemned)) func(*scene) {
	return func(s *scene) { f(&s.Node.Condemned[0]) }
}

// course changes the switch.
func course(f func(*record.Switch)) func(*scene) { return func(s *scene) { f(s.Node.Switch) } }

// freed: the original carries its own groups and no tag yet.
func freed(s *scene) {
	s.Facts.Instances[before] = machine(before, "az-b", s.Facts.Instances[before].State)
}

// another adds a condemned instance of an earlier attempt in az-c.
func another(state string) func(*scene) {
	return func(s *scene) {
		s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-try", Epoch: 2, Zone: "az-c", PrivateIP: "10.0.0.try", Since: ago(time.Minute)})
		s.Facts.Instances["i-try"] = machine("i-try", "az-c", state)
		s.condemned("i-try", hole)
	}
}

// TestDecisionsConfirmed: the blueprint is recorded, then everything is isolated.
func TestDecisionsConfirmed(t *testing.T) {
	fresh := func() *scene {
		s := moving(record.Confirmed)
		freed(s)
		s.Node.Switch.Recorded = false
		s.Facts.Details[before] = cloud.Details{UserData: "new data", ShutdownBehavior: "stop"}
		return s
	}
	newer := func(s *scene) { s.Node.Settings.Template.Version = "2" }
	two := contract.Template{ID: "lt-1", Version: "2"}
	later := func(p observe.Part) func(*scene) { return func(s *scene) { s.Facts.Unseen[p] = observe.ErrLater } }
	unseen := func(p observe.Part) func(*scene) { return func(s *scene) { s.unseen(p, cloud.Ambiguous) } }
	decisions(t, "confirmed", []decision{
		when("the instance is the model", fresh()),
		when("the instance is the model, and protected", fresh(), another(cloud.Stopped), func(s *scene) {
			s.Facts.Details[before] = cloud.Details{ProtectStop: true, ProtectTerminate: true}
		}),
		when("the instance runs as an alternative type", fresh(), func(s *scene) {
			s.Node.Settings.Types = []string{"c7g.large"}
			i := s.Facts.Instances[before]
			i.Type = "c7g.large"
			s.Facts.Instances[before] = i
		}),
		when("the instance cannot be described now", fresh(), unseen(observe.PartDetails)),
		when("the instance cannot be described any more", fresh(), func(s *scene) {
			s.Facts.Details, s.Facts.NoDetails = nil, map[string]string{before: "i-old is terminated"}
		}),
		when("the instance is isolated already", fresh(), func(s *scene) { s.condemned(before, hole) }),
		when("there is no model at all", fresh(), func(s *scene) {
			s.Facts.Details, s.Facts.NoDetails = nil, map[string]string{before: "i-old is terminated"}
			s.Node.Blueprint = nil
		}),
		when("the targets cannot be read", fresh(), unseen(observe.PartTargets)),
		when("the targets have their turn later", fresh(), later(observe.PartTargets)),
		when("its targets are on other ports", fresh(), func(s *scene) {
			s.Facts.Targets[byID] = []cloud.Target{{ID: "i-foreign", Port: 9}, {ID: before, Port: 8001}, {ID: before, Port: 8002}}
			s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.0.9", Port: 81}, {ID: "10.0.0.old", Port: 82}}
		}),
		when("its targets are gone", fresh(), func(s *scene) { s.Facts.Targets = nil }),
		when("its address is not known", fresh(), blame(func(c *record.Condemned) { c.PrivateIP = "" }), func(s *scene) {
			s.Facts.Targets[byIP] = []cloud.Target{{ID: "", Port: 99}}
		}),
		when("a deployment set another template", fresh(), newer, func(s *scene) { s.Facts.Template[two] = cloud.Blueprint{Image: "ami-2", Type: "m7g.large"} }),
		when("another template that cannot be read", fresh(), newer, func(s *scene) { s.Facts.NoTemplate[two] = failure(cloud.NotFound, "") }),
		when("another template that cannot be read now", fresh(), newer, unseen(observe.PartTemplates)),
		when("another template that has its turn later", fresh(), newer, later(observe.PartTemplates)),

		when("nothing is isolated", moving(record.Confirmed), freed),
		when("the tag is there", moving(record.Confirmed), freed, func(s *scene) { s.tag(before, contract.CondemnedTag, "2") }),
		when("the tag is of another epoch", moving(record.Confirmed), func(s *scene) { s.tag(before, contract.CondemnedTag, "1") }),
		when("one interface is left", moving(record.Confirmed), func(s *scene) {
			s.Facts.Instances[before].Interfaces[1].Groups = []string{"sg-a", hole}
		}),
		when("the calls were answered and cannot be seen yet", moving(record.Confirmed), freed, func(s *scene) {
			s.came(decide.Effect{Do: decide.Condemn, Instance: before}, "", "")
			s.came(decide.Effect{Do: decide.Isolate, Instance: before, NIC: "eni-0-i-old"}, "", "")
			s.came(decide.Effect{Do: decide.Isolate, Instance: before, NIC: "eni-1-i-old"}, "", "")
		}),
		when("all is isolated and runs", moving(record.Confirmed)),
		when("all is isolated and stopped", moving(record.Confirmed), to(before, cloud.Stopped)),
		when("two are condemned, one is isolated", moving(record.Confirmed), freed, another(cloud.Stopped)),
		when("it is terminated", moving(record.Confirmed), freed, to(before, cloud.Terminated)),
		when("it is shutting down", moving(record.Confirmed), freed, to(before, cloud.ShuttingDown)),
		when("it is out of sight", moving(record.Confirmed), gone(before)),
		when("it is out of sight for long", moving(record.Confirmed), gone(before), blame(func(c *record.Condemned) { c.AbsentSince = ago(5 * time.Minute) })),
		when("with a gate, nothing is isolated", gated(record.Confirmed), freed),
		when("with a gate, all is isolated", gated(record.Confirmed)),
		when("the gate was declared after the switch began", moving(record.Confirmed), func(s *scene) { s.Node.Settings.Gate = true }),
	})
}

// TestDecisionsCancel: a failed instance that is healthy again.
func TestDecisionsCancel(t *testing.T) {
	because := func(kind string, independent bool) func(*scene) {
		return course(func(sw *record.Switch) { sw.Cause.Kind, sw.Cause.Independent = kind, independent })
	}
	recent := func(s *scene) { s.Node.Recent = []time.Time{ago(time.Hour), ago(20 * time.Second)} }
	decisions(t, "cancel", []decision{
		when("the alarm is OK again", moving(record.Confirmed), because(event.CauseAlarm, false)),
		when("the alarm is OK again, half isolated", moving(record.Confirmed), because(event.CauseAlarm, false), freed, recent, func(s *scene) {
			s.Facts.Instances[before].Interfaces[0].Groups = []string{hole}
			s.Node.Last = &record.Failure{At: ago(20 * time.Second)}
			s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, At: ago(time.Minute)}
		}),
		when("the alarm is OK again, and somebody started an older one", moving(record.Confirmed), because(event.CauseAlarm, false), freed, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-older", Zone: "az-a"})
			s.Facts.Instances["i-older"] = machine("i-older", "az-a", cloud.Running)
		}),
		when("the alarm is OK again, and an older one is off", moving(record.Confirmed), because(event.CauseAlarm, false), freed, func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-older", Zone: "az-a"})
			s.Facts.Instances["i-older"] = machine("i-older", "az-a", cloud.Stopped)
		}),
		when("it is visible again", moving(record.Confirmed), because("absent", true), recent),
		when("it is visible again, and nothing was counted", moving(record.Confirmed), because("absent", true)),
		when("it was stopped and runs again", moving(record.Confirmed), because(event.CauseStopped, true)),
		when("it was terminated", moving(record.Confirmed), because(event.CauseTerminated, true)),
		when("it is not running", moving(record.Confirmed), because(event.CauseAlarm, false), to(before, cloud.Stopping)),
		when("it is out of sight again", moving(record.Confirmed), because("absent", true), gone(before)),
		when("its alarm is in ALARM still", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) { s.alarm(alarmApp, "ALARM", now) }),
		when("its alarm lacks data", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) { s.alarm(alarmApp, "INSUFFICIENT_DATA", now) }),
		when("an alarm that was never OK is in ALARM", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) {
			s.alarm(alarmApp, "ALARM", now)
			s.Node.Armed = []string{alarmInst}
		}),
		when("its alarms are gone", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) { s.Facts.Alarms = nil }),
		when("EC2 showed the fault and its end, and the isolated agent is silent", moving(record.Confirmed), because(event.CauseAlarm, true), func(s *scene) { s.alarm(alarmApp, "ALARM", now) }),
		when("EC2 showed the fault and its end, and the agent that could speak is silent", moving(record.Confirmed), because(event.CauseAlarm, true), freed, func(s *scene) { s.alarm(alarmApp, "ALARM", now) }),
		when("EC2 shows the fault still", moving(record.Confirmed), because(event.CauseAlarm, true), func(s *scene) { s.alarm(alarmInst, "ALARM", now) }),
		when("the alarms cannot be read", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) { s.unseen(observe.PartAlarms, cloud.Ambiguous) }),
		when("there is nothing to give back", moving(record.Confirmed), because(event.CauseAlarm, false), freed, func(s *scene) {
			s.Node.Switch.Recorded, s.Node.Blueprint = false, nil
			s.Facts.NoDetails[before] = "why"
		}),
		when("a replacement was tried before", moving(record.Confirmed), because(event.CauseAlarm, false), course(func(sw *record.Switch) { sw.Attempts = 1 })),
		when("it is being created", moving(record.Confirmed), because(event.CauseAlarm, false), course(func(sw *record.Switch) { sw.Kind = record.KindCreate })),
		when("nothing is condemned", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) { s.Node.Condemned = nil }),
		when("held, and healthy again", moving(record.Confirmed), because(event.CauseAlarm, false), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR302", Reason: "denied", Since: ago(time.Minute), RetryAt: in(time.Minute)}
		}),
		when("held past the point of no return, and healthy again", moving(record.Fencing), because(event.CauseAlarm, false), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR302", Reason: "denied", Since: ago(time.Minute), RetryAt: in(time.Minute)}
		}),
		when("past the point of no return", moving(record.Fencing), because(event.CauseAlarm, false)),
		when("with a gate, while the launch is not answered", gated(record.Launching), because(event.CauseAlarm, false), (*scene).request),
		when("with a gate, held while launching", gated(record.Launching), because(event.CauseAlarm, false), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR201", Reason: "no room", Since: ago(time.Minute), RetryAt: in(time.Minute)}
		}),
		when("without a gate, launching", moving(record.Launching), because(event.CauseAlarm, false)),
		when("two are condemned", moving(record.Confirmed), because(event.CauseAlarm, false), another(cloud.Stopped)),
	})
}

// TestDecisionsFencing: all that is condemned is powered off.
func TestDecisionsFencing(t *testing.T) {
	store := func(id string) func(*scene) {
		return func(s *scene) {
			i := s.Facts.Instances[id]
			i.RootStore = "instance-store"
			s.Facts.Instances[id] = i
		}
	}
	long := func(d time.Duration) func(*scene) { return func(s *scene) { s.Node.Since = ago(d) } }
	stopping := func(since, asked time.Duration) func(*scene) {
		return func(s *scene) {
			s.state(before, cloud.Stopping)
			s.Node.Condemned[0].Since, s.Node.Condemned[0].AskedAt = ago(since), ago(asked)
		}
	}
	escalate := func(how string) func(*scene) {
		return func(s *scene) {
			s.Node.Settings.Escalation, s.Node.Settings.FileSystem, s.Node.Since = how, files, ago(601*time.Second)
			s.Node.Condemned[0].FirstAsked, s.Node.Condemned[0].AskedAt = ago(600*time.Second), ago(time.Second)
			s.Node.Condemned[0].Asked = cloud.SkipShutdown
			s.state(before, cloud.Stopping)
		}
	}
	mounts := func(list ...cloud.Mount) func(*scene) { return func(s *scene) { s.Facts.Mounts[files] = list } }
	mount := func(zone, state string) cloud.Mount {
		return cloud.Mount{ID: "fsmt-" + zone, Zone: zone, Subnet: "subnet-" + zone, State: state, Groups: []string{"sg-f"}}
	}
	cut := blame(func(c *record.Condemned) { c.Cut, c.FileSystem = true, files })
	decisions(t, "fencing", []decision{
		when("it runs", moving(record.Fencing)),
		when("it runs and was asked to stop by this invocation", moving(record.Fencing), blame(func(c *record.Condemned) {
			c.Stoppers, c.AskedAt, c.FirstAsked = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}, ago(59*time.Second), ago(time.Minute)
			c.Asked = cloud.SkipShutdown
		})),
		when("it runs and was asked to stop by another invocation a minute ago", moving(record.Fencing), blame(func(c *record.Condemned) {
			c.Stoppers, c.AskedAt, c.FirstAsked = []record.Sender{{By: "other"}}, ago(60*time.Second), ago(time.Minute)
			c.Asked = cloud.SkipShutdown
		})),
		when("it runs and is not isolated", moving(record.Fencing), freed),
		when("it runs and was marked a moment ago", moving(record.Fencing), freed, func(s *scene) { s.came(decide.Effect{Do: decide.Condemn, Instance: before}, "", "") }),
		when("it is protected", moving(record.Fencing), blame(func(c *record.Condemned) { c.ProtectStop = record.ProtectionOn })),
		when("its protection was cleared a moment ago", moving(record.Fencing), blame(func(c *record.Condemned) { c.ProtectStop = record.ProtectionOn }), func(s *scene) {
			s.came(decide.Effect{Do: decide.Unprotect, Instance: before, Stop: true}, "", "")
		}),
		when("its other protection was cleared a moment ago", moving(record.Fencing), blame(func(c *record.Condemned) { c.ProtectStop = record.ProtectionOn }), func(s *scene) {
			s.came(decide.Effect{Do: decide.Unprotect, Instance: before}, "", "")
		}),
		when("it is stopping", moving(record.Fencing), to(before, cloud.Stopping)),
		when("it is stopping for almost a minute", moving(record.Fencing), stopping(59*time.Second, 60*time.Second)),
		when("it was asked to stop almost a minute ago", moving(record.Fencing), stopping(60*time.Second, 59*time.Second)),
		when("it is stopping for a minute", moving(record.Fencing), stopping(60*time.Second, 60*time.Second)),
		when("it is stopped", moving(record.Fencing), to(before, cloud.Stopped)),
		when("it is terminated", moving(record.Fencing), to(before, cloud.Terminated)),
		when("it is shutting down", moving(record.Fencing), to(before, cloud.ShuttingDown)),
		when("somebody starts it", moving(record.Fencing), to(before, cloud.Pending)),
		when("a replacement is pending", moving(record.Fencing), to(before, cloud.Stopped), another(cloud.Pending)),
		when("a pending replacement is protected", moving(record.Fencing), to(before, cloud.Stopped), another(cloud.Pending), func(s *scene) { s.Node.Condemned[1].ProtectTerminate = record.ProtectionOn }),
		when("two are condemned and run", moving(record.Fencing), another(cloud.Running)),
		when("two are condemned, one is off", moving(record.Fencing), another(cloud.Stopped)),
		when("it cannot be stopped", moving(record.Fencing), store(before)),
		when("it cannot be stopped and may be terminated", moving(record.Fencing), store(before), func(s *scene) { s.Node.Settings.AllowTerminateFence = true }),
		when("a replacement cannot be stopped", moving(record.Fencing), to(before, cloud.Stopped), another(cloud.Running), store("i-try")),
		when("it is out of sight", moving(record.Fencing), gone(before)),
		when("it is out of sight for less than five minutes", moving(record.Fencing), gone(before), blame(func(c *record.Condemned) { c.AbsentSince = ago(5*time.Minute - 1) })),
		when("it is out of sight for five minutes", moving(record.Fencing), gone(before), blame(func(c *record.Condemned) { c.AbsentSince = ago(5 * time.Minute) })),
		when("it is in sight again", moving(record.Fencing), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.AbsentSince = ago(time.Minute) })),
		when("just before the fence is overdue", moving(record.Fencing), to(before, cloud.Stopping), long(600*time.Second-1)),
		when("the fence is overdue", moving(record.Fencing), to(before, cloud.Stopping), long(600*time.Second), another(cloud.Stopping), func(s *scene) {
			s.Node.Condemned[0].Since = ago(600 * time.Second)
			i := s.Facts.Instances[before]
			i.StateReason = "Client.UserInitiatedShutdown"
			s.Facts.Instances[before] = i
			s.vanish("i-try")
		}),
		when("overdue, and the node goes on", moving(record.Fencing), escalate(contract.EscalateGoOn)),
		when("overdue, and the node goes on, one is off", moving(record.Fencing), escalate(contract.EscalateGoOn), another(cloud.Stopped)),
		when("it was waived", moving(record.Fencing), to(before, cloud.Stopping), blame(func(c *record.Condemned) { c.Waived = true })),
		when("overdue, and the node may be held", moving(record.Fencing), escalate(contract.EscalateHold)),

		when("overdue, and the mount targets cannot be read", moving(record.Fencing), escalate(contract.EscalateStorage), func(s *scene) { s.unseen(observe.PartMounts, cloud.Throttled) }),
		when("overdue, and the mount targets were not read", moving(record.Fencing), escalate(contract.EscalateStorage)),
		when("overdue, and the mount target is there", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-c", "available"), mount("az-b", "available"))),
		when("overdue, and its removal was asked for", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-b", "available")), blame(func(c *record.Condemned) {
			c.FileSystem, c.Mount = files, &cloud.Mount{ID: "fsmt-1"}
		})),
		when("overdue, and the mount target is being deleted", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-b", "deleting"))),
		when("overdue, and the mount target is deleted", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-b", "deleted"))),
		when("overdue, and the mount target is being made", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-b", "creating"))),
		when("overdue, and the mount target is gone", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(mount("az-c", "available"))),
		when("overdue, and nobody knows where it is", moving(record.Fencing), escalate(contract.EscalateStorage), mounts(), blame(func(c *record.Condemned) { c.Zone = "" })),
		when("overdue, one is off, the other's mount target is there", moving(record.Fencing), escalate(contract.EscalateStorage), to(before, cloud.Stopped), another(cloud.Stopping), mounts(mount("az-b", "available"), mount("az-c", "available"))),
		when("cut off, and it is so still", moving(record.Fencing), escalate(contract.EscalateStorage), cut, mounts()),
		when("cut off, and that was not looked at", moving(record.Fencing), escalate(contract.EscalateStorage), cut),
		when("cut off, and somebody made the mount target anew", moving(record.Fencing), escalate(contract.EscalateStorage), cut, mounts(mount("az-b", "available"))),
		when("a hint meets the switch", moving(record.Fencing), to(before, cloud.Stopping), func(s *scene) { s.hint(event.CauseStopped, before) }),
		when("held until a while from now", moving(record.Fencing), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR301", Reason: "overdue", Since: ago(time.Minute), RetryAt: in(1)}
		}),
		when("held until now", moving(record.Fencing), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR301", Reason: "overdue", Since: ago(time.Minute), RetryAt: now}
		}),
	})
}
