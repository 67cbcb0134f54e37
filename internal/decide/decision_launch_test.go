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

// off is a node that is launched after its fence.
func off() *scene {
	s := moving(record.Launching)
	s.state(before, cloud.Stopped)
	return s
}

// asked is the same with an open request.
func asked(s *scene) *scene {
	s.request()
	return s
}

// answered says what EC2 answered to the open request.
func answered(kind cloud.Kind) func(*scene) {
	return func(s *scene) {
		s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, kind, "")
		s.Outcomes[len(s.Outcomes)-1].Instance = machine(after, "az-c", cloud.Pending)
	}
}

// overQuota says that EC2 refused the open request by this quota.
func overQuota(code string) func(*scene) {
	return func(s *scene) {
		s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, cloud.Quota, code)
	}
}

func onInstanceStore(s *scene) {
	i := s.Facts.Instances[before]
	i.RootStore = "instance-store"
	s.Facts.Instances[before] = i
}

// TestDecisionsPlace: where a node may be launched, and in which order.
func TestDecisionsPlace(t *testing.T) {
	subnets := func(list ...cloud.Subnet) func(*scene) { return func(s *scene) { s.Facts.Subnets = list } }
	types := func(list ...string) func(*scene) { return func(s *scene) { s.Node.Settings.Types = list } }
	short := func(key string) func(*scene) {
		return func(s *scene) {
			s.Facts.Shortages[key] = record.Shortage{Since: ago(90 * time.Second), Until: in(90 * time.Second)}
		}
	}
	tried := func(list ...string) func(*scene) {
		return course(func(sw *record.Switch) { sw.Tried = append(sw.Tried, list...) })
	}
	restart := func(s *scene) { s.Node.Settings.RestartOriginal = true }
	nowhere := tried("az-a", "az-c")
	decisions(t, "place", []decision{
		when("by name", off()),
		when("in the user's order", off(), func(s *scene) { s.Node.Settings.Zones = []string{"az-c", "az-b"} }),
		when("where there are more addresses", off(), subnets(cloud.Subnet{ID: "s-1", Zone: "az-c", Free: 1}, cloud.Subnet{ID: "s-2", Zone: "az-c", Free: 2})),
		when("by the subnet's name", off(), subnets(cloud.Subnet{ID: "s-2", Zone: "az-c", Free: 1}, cloud.Subnet{ID: "s-1", Zone: "az-c", Free: 1})),
		when("where capacity is reserved", off(), func(s *scene) { s.Facts.Reserved = []cloud.Reserve{{Zone: "az-c", Type: "m7g.large", Free: 1}} }),
		when("capacity is reserved for another type", off(), func(s *scene) { s.Facts.Reserved = []cloud.Reserve{{Zone: "az-c", Type: "c7g.large", Free: 1}} }),
		when("the own type first", off(), types("c7g.large"), func(s *scene) { s.Facts.Reserved = []cloud.Reserve{{Zone: "az-c", Type: "c7g.large", Free: 1}} }),
		when("another type where the own lacks capacity", off(), types("c7g.large", "r7g.large"), short("az-a#m7g.large"), short("az-c#m7g.large"), short("az-a#c7g.large")),
		when("a zone that lacks capacity", off(), short("az-a#m7g.large")),
		when("a zone that was tried", off(), tried("az-a")),
		when("a zone that was tried with this type", off(), tried("az-a#m7g.large")),
		when("an impaired zone", off(), func(s *scene) { s.Facts.Zones[0].State, s.Facts.Zones[0].Message = "impaired", "a failure" }),
		when("an unavailable zone", off(), func(s *scene) { s.Facts.Zones[0].State = "unavailable" }),
		when("a zone that traffic is shifted away from", off(), func(s *scene) {
			s.Facts.Shifts = []cloud.Shift{{ZoneID: "id-a", Reason: "we test"}, {ZoneID: "id-x"}}
		}),
		when("nobody knows how the zones fare", off(), func(s *scene) { s.unseen(observe.PartZones, cloud.Denied) }),
		when("no address is free", off(), func(s *scene) { s.Facts.Subnets[0].Free = 0 }),
		when("a zone whose mount target is removed", off(), func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-x", Zone: "az-a", Cut: true, AbsentSince: ago(time.Hour)})
		}),
		when("a zone whose mount target is being put back", off(), func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-x", Zone: "az-a", Mount: &cloud.Mount{ID: "m"}, AbsentSince: ago(time.Hour)})
		}),
		when("no zone is left", off(), nowhere, short("az-a#m7g.large")),
		when("no zone is left, and each lacks capacity: tried when the first may have room", off(), short("az-a#m7g.large"), func(s *scene) {
			s.Facts.Shortages["az-c#m7g.large"] = record.Shortage{Since: ago(time.Minute), Until: in(2 * time.Minute)}
		}),
		when("no zone is left, and a lack of capacity ends sooner than the retry time", off(), short("az-c#m7g.large"), func(s *scene) {
			s.Facts.Shortages["az-a#m7g.large"] = record.Shortage{Since: ago(time.Minute), Until: in(5 * time.Second)}
		}),
		when("no zone is left, and one may have an address at any time", off(), short("az-a#m7g.large"), func(s *scene) { s.Facts.Subnets[2].Free = 0 }),
		when("no zone is left for a create, and each lacks capacity", off(), short("az-a#m7g.large"), short("az-b#m7g.large"), short("az-c#m7g.large"),
			course(func(sw *record.Switch) { sw.Kind, sw.From, sw.FromZone = record.KindCreate, "", "" })),
		when("each lacked capacity, and a person acknowledged it since", off(), short("az-a#m7g.large"), short("az-c#m7g.large"), func(s *scene) { s.Node.Acked = ago(time.Second) }),
		when("each lacks capacity since a person acknowledged it", off(), short("az-a#m7g.large"), short("az-c#m7g.large"), func(s *scene) { s.Node.Acked = ago(91 * time.Second) }),
		when("each lacked capacity, and a person ordered the switch since", off(), short("az-a#m7g.large"), short("az-c#m7g.large"), begunBy(record.KindPlanned, event.CauseOperator)),
		when("each lacked capacity, and AWS's notice began the switch since", off(), short("az-a#m7g.large"), short("az-c#m7g.large"), begunBy(record.KindPlanned, event.CauseScheduled)),
		when("no zone is left for several reasons", off(), types("c7g.large"), short("az-a#m7g.large"), short("az-a#c7g.large"), func(s *scene) { s.Facts.Subnets[2].Free = 0 }),
		when("no subnet is a destination", off(), subnets()),
		when("no zone is left for a create", off(), nowhere, course(func(sw *record.Switch) { sw.Kind, sw.From, sw.FromZone = record.KindCreate, "", "" })),
		when("no zone is left, and it may be started again", off(), nowhere, restart),
		when("no zone is left, and it may be started again, but is terminated", off(), nowhere, restart, to(before, cloud.Terminated)),
		when("no zone is left, and somebody may stop it still", off(), nowhere, restart, blame(func(c *record.Condemned) { c.Stoppers = []record.Sender{{By: "other", Until: in(1)}} })),
		when("no zone is left, and nobody may stop it any more", off(), nowhere, restart, blame(func(c *record.Condemned) {
			c.Stoppers = []record.Sender{{By: "other", Until: now}, {By: "me", Until: in(time.Hour)}}
		})),
		when("no zone is left, and it is condemned no more", off(), nowhere, restart, func(s *scene) { s.Node.Condemned = nil }),
		when("no zone is left, and people were told almost an hour ago", off(), nowhere, func(s *scene) { s.Node.Notices = map[string]time.Time{"WR201": ago(time.Hour - 1)} }),
		when("no zone is left, and people were told an hour ago", off(), nowhere, func(s *scene) { s.Node.Notices = map[string]time.Time{"WR201": ago(time.Hour)} }),
		when("the places cannot be read", off(), func(s *scene) { s.unseen(observe.PartPlaces, cloud.Throttled) }),
		when("attempts are spent", off(), course(func(sw *record.Switch) { sw.Attempts, sw.LastFailure = 3, "i-x: it died" })),
		when("attempts are spent for the third time", off(), course(func(sw *record.Switch) { sw.Attempts, sw.Rounds = 3, 2 })),
		when("attempts are spent for long", off(), course(func(sw *record.Switch) { sw.Attempts, sw.Rounds = 3, 60 })),
		when("an attempt is left", off(), course(func(sw *record.Switch) { sw.Attempts = 2 })),
		when("somebody started the fenced one", off(), to(before, cloud.Running)),
		when("its mount target can be put back", off(), blame(func(c *record.Condemned) {
			c.Mount, c.Cut, c.FileSystem = &cloud.Mount{ID: "m", Zone: "az-b"}, true, files
		}), func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{} }),
		when("its mount target is back", off(), blame(func(c *record.Condemned) { c.Mount, c.FileSystem = &cloud.Mount{ID: "m", Zone: "az-b"}, files }), func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{{ID: "m2", Zone: "az-b", State: "available"}}
		}),
		when("with a gate, beside the fence", gated(record.Launching)),
		when("with a gate, and not isolated", gated(record.Launching), freed),
	})
}

// TestDecisionsLaunch: what follows from an answer, or from none.
func TestDecisionsLaunch(t *testing.T) {
	other := func(until time.Time) func(*scene) {
		return course(func(sw *record.Switch) { sw.Senders = append(sw.Senders, record.Sender{By: "other", Until: until}) })
	}
	tried := func(until time.Time) func(*scene) {
		return course(func(sw *record.Switch) { sw.Senders = []record.Sender{{By: "me", Until: until}} })
	}
	waited := func(d time.Duration) func(*scene) { return course(func(sw *record.Switch) { sw.Asked = ago(d) }) }
	create := func() *scene {
		s := off()
		s.Node.Blueprint, s.Node.Condemned, s.Node.Epoch = nil, nil, 1
		s.Node.Switch = &record.Switch{ID: "7-1", Kind: record.KindCreate, Started: ago(time.Second), Cause: record.Cause{Kind: record.KindCreate, At: ago(time.Second)}}
		return s
	}
	open := func(s *scene) {
		s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR205", Reason: "another invocation may still send it", Since: ago(time.Second), RetryAt: in(time.Minute)}
	}
	one := contract.Template{ID: "lt-1", Version: "1"}
	rows := []decision{
		when("it is sent again", asked(off())),
		when("it is sent again by another invocation", asked(off()), func(s *scene) { s.Process.By = "you" }),
		when("an alternative type is sent", asked(off()), course(func(sw *record.Switch) { sw.Launch.Type = "c7g.large" })),
		when("an answer to another request", asked(off()), answered(cloud.Capacity), course(func(sw *record.Switch) { l := *sw.Launch; l.Token = "new"; sw.Launch = &l })),
		when("a create takes the template", create(), func(s *scene) { s.Facts.Template[one] = cloud.Blueprint{Image: "ami-1", Type: "m7g.large"} }),
		when("a create's template is wrong", create(), func(s *scene) { s.Facts.NoTemplate[one] = failure(cloud.Invalid, "") }),
		when("a create's template may not be read", create(), func(s *scene) { s.Facts.NoTemplate[one] = failure(cloud.Denied, "") }),
		when("a create's template cannot be read now", create(), func(s *scene) { s.unseen(observe.PartTemplates, cloud.Ambiguous) }),
		when("with a gate, unanswered for almost half a minute", asked(gated(record.Launching)), answered(cloud.Ambiguous), waited(30*time.Second-1)),
		when("with a gate, unanswered for half a minute", asked(gated(record.Launching)), answered(cloud.Ambiguous), waited(30*time.Second)),
		when("with a gate, throttled for half a minute", asked(gated(record.Launching)), answered(cloud.Throttled), waited(30*time.Second)),
		when("without a gate, unanswered for long", asked(off()), answered(cloud.Ambiguous), waited(time.Hour)),
		when("refused, and another invocation may send it", asked(off()), answered(cloud.Capacity), other(in(1))),
		when("refused, and another invocation may send it for long", asked(off()), answered(cloud.Capacity), other(in(time.Hour))),
		when("refused, and no other invocation may send it any more", asked(off()), answered(cloud.Capacity), other(now)),
		when("refused, and an earlier try of the same invocation crashed", asked(off()), answered(cloud.Capacity), tried(now.Add(record.SignatureLife+time.Second))),
		when("refused, and an earlier try of the same invocation reached its time limit", asked(off()), answered(cloud.Capacity), tried(now.Add(record.SignatureLife))),
		when("with a gate, refused, and another invocation may send it", asked(gated(record.Launching)), answered(cloud.Capacity), other(in(time.Hour))),
		when("with a gate, refused by a quota that counts what runs", asked(gated(record.Launching)), overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by a quota that counts what runs, and it is not marked yet", asked(gated(record.Launching)), freed, overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by the number of instances", asked(gated(record.Launching)), overQuota("InstanceLimitExceeded")),
		when("with a gate, refused by the number of Spot instances", asked(gated(record.Launching)), overQuota("MaxSpotInstanceCountExceeded")),
		when("with a gate, refused by a quota that counts what exists", asked(gated(record.Launching)), overQuota("VolumeLimitExceeded")),
		when("with a gate, refused by a quota, and the failed one is off", asked(gated(record.Launching)), to(before, cloud.Stopped), overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by a quota, and the failed one is on its way off", asked(gated(record.Launching)), to(before, cloud.Stopping), overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by a quota, and only terminating would free it", asked(gated(record.Launching)), onInstanceStore, overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by a quota, and terminating it is allowed", asked(gated(record.Launching)), onInstanceStore, func(s *scene) { s.Node.Settings.AllowTerminateFence = true }, overQuota("VcpuLimitExceeded")),
		when("with a gate, refused by a quota again after the fence", asked(gated(record.Launching)), to(before, cloud.Stopped), course(func(sw *record.Switch) { sw.FenceFirst = true }), overQuota("VcpuLimitExceeded")),
		when("with a gate, fenced first, and healthy again", gated(record.Launching), course(func(sw *record.Switch) {
			sw.FenceFirst, sw.Cause.Kind = true, event.CauseAlarm
		})),
		when("with a gate, a planned switch refused by a quota", asked(gated(record.Launching)), course(func(sw *record.Switch) { sw.Kind = record.KindPlanned }), overQuota("VcpuLimitExceeded")),
		when("refused by a quota, and another invocation may send it", asked(off()), answered(cloud.Quota), other(in(time.Hour))),
		when("denied, and another invocation may send it", asked(off()), answered(cloud.Denied), other(in(time.Hour))),
		when("invalid, and another invocation may send it", asked(off()), answered(cloud.Invalid), other(in(time.Hour))),
		when("refused, and held meanwhile by what another invocation saved", asked(off()), answered(cloud.Capacity), other(in(time.Hour)), open),
		when("not answered, and held meanwhile by what another invocation saved", asked(off()), answered(cloud.Ambiguous), other(in(time.Hour)), open),
		when("accepted, and held meanwhile by what another invocation saved", asked(off()), answered(""), other(in(time.Hour)), open),
		when("accepted, and a fenced instance runs again", asked(off()), answered(""), func(s *scene) { s.state(before, cloud.Running) }),
		when("its instance was launched and is terminated, and another invocation may send it", asked(off()), answered(cloud.Spent), other(in(time.Hour))),
		when("its instance was launched and is terminated, for the last time", asked(off()), answered(cloud.Spent), course(func(sw *record.Switch) { sw.Attempts = 2 })),
		when("a changed template's instance was launched and is terminated", asked(off()), answered(cloud.Spent), course(func(sw *record.Switch) {
			sw.Fallback = &record.Fallback{Blueprint: original(), Template: one}
		})),
		when("a create lacks capacity", asked(create()), func(s *scene) {
			b := original()
			s.Node.Blueprint, s.Node.Switch.Recorded = &b, true
		}, answered(cloud.Quota)),
	}
	for _, kind := range []cloud.Kind{
		"", cloud.Capacity, cloud.Addresses, cloud.Unsupported, cloud.NotFound, cloud.Quota, cloud.Denied, cloud.Invalid, cloud.Conflict, cloud.Throttled, cloud.Ambiguous,
		cloud.NoRoom, cloud.Spent, cloud.Account, cloud.Full,
	} {
		rows = append(rows, when("answered: "+string(kind), asked(off()), answered(kind)))
	}
	rows = append(rows, when("an alternative type lacks capacity", asked(off()), course(func(sw *record.Switch) { sw.Launch.Type = "c7g.large" }), answered(cloud.Capacity)))
	rows = append(rows,
		when("a create's template may not be read by this account", create(), func(s *scene) { s.Facts.NoTemplate[one] = failure(cloud.Account, "PendingVerification") }),
		when("the original was to be started again and has its groups", off(), freed),
		when("the original has its groups, and a launch is open", asked(off()), freed),
	)
	decisions(t, "launch", rows)
}

// TestDecisionsStandby: a replacement waits for its grant.
func TestDecisionsStandby(t *testing.T) {
	since := func(d time.Duration) func(*scene) { return func(s *scene) { s.Node.Since = ago(d) } }
	alone := func(state string) *scene {
		s := standby(moving(record.Gated), state)
		s.state(before, cloud.Stopped)
		return s
	}
	again := func() *scene { // the original is started again in place
		s := standby(moving(record.Gated), cloud.Stopped)
		s.vanish(after)
		s.Facts.Instances[before] = machine(before, "az-b", cloud.Stopped)
		s.Node.Switch.Instance, s.Node.Switch.Launch, s.Node.Switch.Restart, s.Node.Condemned = before, nil, true, nil
		s.Node.Settings.RestartOriginal = true
		return s
	}
	restart := func(state string) *scene {
		s := off()
		s.Node.Switch.Restart, s.Node.Settings.RestartOriginal = true, true
		s.state(before, state)
		return s
	}
	ready := func(s *scene) {
		freed(s)
		s.tag(before, contract.CondemnedTag, contract.MayStart)
		s.Facts.Targets = nil
	}
	started := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) { s.came(decide.Effect{Do: decide.Start, Instance: before}, kind, "") }
	}
	decisions(t, "standby", []decision{
		when("it is pending", alone(cloud.Pending)),
		when("it is out of sight", alone(cloud.Pending), gone(after)),
		when("it is pending for as long as it may", alone(cloud.Pending), since(600*time.Second)),
		when("it is pending for too long", alone(cloud.Pending), since(600*time.Second+1)),
		when("it is out of sight for too long", alone(cloud.Pending), gone(after), since(time.Hour)),
		when("it is terminated", alone(cloud.Terminated), func(s *scene) {
			i := s.Facts.Instances[after]
			i.StateReason = "Client.InternalError"
			s.Facts.Instances[after] = i
		}),
		when("it is stopped", alone(cloud.Stopped)),
		when("it runs and the other is off", alone(cloud.Running)),
		when("it runs and the other is off and not isolated", alone(cloud.Running), freed),
		when("it runs and the other runs", alone(cloud.Running), to(before, cloud.Running)),
		when("it runs and the other is stopping", alone(cloud.Running), to(before, cloud.Stopping)),
		when("with a gate, it runs and the other runs", standby(gated(record.Gated), cloud.Running)),
		when("with a gate, it runs and the other is off", standby(gated(record.Gated), cloud.Running), to(before, cloud.Stopped)),
		when("with a gate, it runs and the other is off and not shut", standby(gated(record.Gated), cloud.Running), to(before, cloud.Stopped), func(s *scene) { s.tag(before, contract.GateTag, "i-old:1") }),
		when("with a gate, it boots and the other runs", standby(gated(record.Gated), cloud.Pending)),
		when("with a gate, it runs and the other can only be terminated", standby(gated(record.Gated), cloud.Running), func(s *scene) {
			i := s.Facts.Instances[before]
			i.RootStore = "instance-store"
			s.Facts.Instances[before] = i
		}),
		when("with a gate, it boots and the other can only be terminated", standby(gated(record.Gated), cloud.Pending), func(s *scene) {
			i := s.Facts.Instances[before]
			i.RootStore = "instance-store"
			s.Facts.Instances[before] = i
		}),
		when("a zone that was tried before is not noted twice", alone(cloud.Terminated), course(func(sw *record.Switch) { sw.Tried = []string{"az-b", "az-c"} })),

		when("the original is to be started again", restart(cloud.Stopped)),
		when("the original is to be started again, and the targets cannot be read", restart(cloud.Stopped), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("the original is ready to be started again", restart(cloud.Stopped), ready),
		when("the original is marked still", restart(cloud.Stopped), ready, func(s *scene) { s.tag(before, contract.CondemnedTag, "2") }),
		when("the original is pardoned, and may not be started yet", restart(cloud.Stopped), ready, func(s *scene) { s.tag(before, contract.CondemnedTag, contract.NoEpoch) }),
		when("somebody started the original meanwhile", restart(cloud.Running)),
		when("the original is not started yet", again()),
		when("the original is started", again(), to(before, cloud.Pending)),
		when("the original runs", again(), to(before, cloud.Running)),
		when("the original's start was throttled", again(), started(cloud.Throttled)),
		when("the original's start was not answered", again(), started(cloud.Ambiguous)),
		when("the original's start lacks capacity", again(), started(cloud.Capacity)),
		when("the original's start is refused", again(), started(cloud.Invalid)),
		when("the original's start is denied", again(), started(cloud.Denied)),
		when("the original's start was accepted and cannot be seen yet", again(), started("")),
		when("the original waits, another one was started", again(), another(cloud.Running)),
		when("a hint meets a replacement", alone(cloud.Pending), func(s *scene) { s.hint(event.CauseStopped, after) }),
	})
}
