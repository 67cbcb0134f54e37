package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsAtTheEdge: rows that tell one reason from another where both lead to
// nearly the same (found by make mutation).
func TestDecisionsAtTheEdge(t *testing.T) {
	alarmed := course(func(sw *record.Switch) { sw.Cause.Kind, sw.Cause.Independent = event.CauseAlarm, false })
	held := func(s *scene) {
		s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR302", Reason: "denied", Since: ago(time.Minute), RetryAt: in(time.Minute)}
	}
	cooling := func(retry time.Duration, first time.Duration) func(*scene) {
		return func(s *scene) {
			s.state(before, cloud.Stopped)
			s.Node.Recent = []time.Time{ago(first), ago(2 * time.Minute), ago(time.Minute)}
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR202", Reason: "cooling down", Since: ago(time.Minute), RetryAt: in(retry)}
		}
	}
	store := func(s *scene) {
		i := s.Facts.Instances[before]
		i.RootStore, i.State = "instance-store", cloud.Running
		s.Facts.Instances[before] = i
	}
	overdue := func(how string, first time.Duration, state string) func(*scene) {
		return func(s *scene) {
			s.Node.Settings.Escalation, s.Node.Settings.FileSystem, s.Node.Since = how, files, ago(time.Hour)
			s.Node.Condemned[0].Since, s.Node.Condemned[0].AskedAt = ago(time.Hour), ago(time.Second)
			if first > 0 {
				s.Node.Condemned[0].FirstAsked = ago(first)
			}
			s.state(before, state)
		}
	}
	mounted := func(c *record.Condemned) {
		c.FileSystem, c.Mount = files, &cloud.Mount{ID: "m", Zone: "az-b", Subnet: "subnet-az-b"}
	}
	available := func(s *scene) {
		s.Facts.Mounts[files] = []cloud.Mount{{ID: "m2", Zone: "az-b", State: "available"}}
	}
	decisions(t, "edge", []decision{
		when("a stale hint of a held node", resting(), func(s *scene) {
			s.hint(event.CauseStopped, "i-other")
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR306", Reason: "so it is"}
		}),
		when("a hint of a healthy node, and an alarm is OK for the first time", resting(), func(s *scene) {
			s.hint(event.CauseStopped, before)
			s.Node.Armed = nil
		}),
		when("it carries one tag only", resting(), func(s *scene) {
			i := s.Facts.Instances[before]
			i.Tags, i.State = map[string]string{idTag: "7"}, cloud.Stopped
			s.Facts.Instances[before] = i
		}),
		when("a person acknowledges, and nothing was held", resting(), func(s *scene) { s.hint(event.CauseAck, "") }),
		when("the cool-down's end is hardly later", resting(), cooling(10*time.Second, 3530*time.Second)),
		when("the cool-down's end is much later", resting(), cooling(10*time.Second, 3529*time.Second)),
		when("the cool-down was over and begins anew", resting(), cooling(0, 3530*time.Second)),
		when("an alarm is gone at rest", resting(), func(s *scene) { delete(s.Facts.Alarms, alarmInst) }),
		when("a launch that was given up long ago", resting(), func(s *scene) { s.Node.Lost = []record.LostLaunch{{Since: ago(record.LateCall)}} }),
		when("a launch that was given up a while ago", resting(), func(s *scene) { s.Node.Lost = []record.LostLaunch{{Since: ago(record.LateCall - 1)}} }),
		when("it is marked as condemned, and not isolated", resting(), func(s *scene) { s.tag(before, contract.CondemnedTag, "1") }),
		when("a mount target that is removed already, at rest", resting(), func(s *scene) { s.came(decide.Effect{Do: decide.Unmount}, cloud.NotFound, "") }),
		when("a mount target that is there already, at rest", resting(), func(s *scene) { s.came(decide.Effect{Do: decide.Mount}, cloud.Conflict, "") }),

		when("cancelled, and one switch was counted", moving(record.Confirmed), course(func(sw *record.Switch) { sw.Cause.Kind = "absent" }), func(s *scene) { s.Node.Recent = []time.Time{ago(20 * time.Second)} }),
		when("without a gate, held while launching, and healthy again", moving(record.Launching), alarmed, held),
		when("with a gate, held at the gate, and healthy again", standby(gated(record.Gated), cloud.Running), alarmed, held),
		when("held, not healthy again, and a deployment waits", moving(record.Confirmed), held, func(s *scene) { s.Node.Request = &record.Request{ID: "r-1", At: now} }),
		when("out of sight for a while, and there is no model but the old one", moving(record.Confirmed), gone(before), blame(func(c *record.Condemned) { c.AbsentSince = ago(time.Minute) }), func(s *scene) {
			s.Node.Switch.Recorded = false
			s.Facts.NoDetails[before] = "it is out of sight"
		}),

		when("asked to stop before, by nobody who is known", moving(record.Fencing), blame(func(c *record.Condemned) {
			c.Stoppers, c.AskedAt = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}, ago(time.Second)
			c.Asked = cloud.SkipShutdown
		})),
		when("asked to stop before, by another", moving(record.Fencing), blame(func(c *record.Condemned) {
			c.Stoppers, c.AskedAt, c.FirstAsked = []record.Sender{{By: "other"}}, ago(time.Second), ago(time.Second)
			c.Asked = cloud.SkipShutdown
		})),
		when("overdue, and EC2 had almost its time", moving(record.Fencing), overdue(contract.EscalateGoOn, 600*time.Second-1, cloud.Stopping)),
		when("overdue, never asked, and it runs", moving(record.Fencing), overdue(contract.EscalateGoOn, 0, cloud.Running), freed),
		when("overdue, never asked, and it is pending", moving(record.Fencing), overdue(contract.EscalateGoOn, 0, cloud.Pending)),
		when("overdue, never asked, and it is stopping", moving(record.Fencing), overdue(contract.EscalateGoOn, 0, cloud.Stopping)),
		when("overdue, with an escalation that is not known", moving(record.Fencing), overdue("odd", time.Hour, cloud.Stopping)),
		when("overdue, one is off, and the other is not", moving(record.Fencing), overdue(contract.EscalateStorage, time.Hour, cloud.Stopped), another(cloud.Stopping), available, func(s *scene) {
			s.Node.Condemned[1].FirstAsked, s.Node.Condemned[1].AskedAt = ago(time.Hour), ago(time.Second)
		}),
		when("cut off, its mount target is known, and somebody made it anew", moving(record.Fencing), overdue(contract.EscalateStorage, time.Hour, cloud.Stopping), blame(mounted), blame(func(c *record.Condemned) { c.Cut = true }), available),

		when("its mount target is back while a launch is open", asked(off()), blame(mounted), available),
		when("it is gone, and its mount target is not back", off(), gone(before), blame(mounted), blame(func(c *record.Condemned) { c.AbsentSince = ago(time.Hour) }), func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{} }),
		when("with a gate, refused, and nobody else may send it", asked(gated(record.Launching)), answered(cloud.Capacity)),
		when("where capacity is reserved, in the first zone", off(), func(s *scene) {
			s.Facts.Reserved = []cloud.Reserve{{Zone: "az-a", Type: "m7g.large", Free: 1}}
		}),
		when("where capacity is reserved, in the last of many", off(), func(s *scene) {
			s.Facts.Reserved = []cloud.Reserve{{Zone: "az-e", Type: "m7g.large", Free: 1}}
			s.Facts.Subnets = append(s.Facts.Subnets, cloud.Subnet{ID: "s-d", Zone: "az-d", Free: 1}, cloud.Subnet{ID: "s-e", Zone: "az-e", Free: 1}, cloud.Subnet{ID: "s-f", Zone: "az-f", Free: 1})
		}),
		when("where capacity is reserved, and its zone is listed first", off(), func(s *scene) {
			s.Facts.Reserved = []cloud.Reserve{{Zone: "az-c", Type: "m7g.large", Free: 1}}
			s.Facts.Subnets[0], s.Facts.Subnets[2] = s.Facts.Subnets[2], s.Facts.Subnets[0]
		}),
		when("attempts are spent for very long, and the window is long", off(), course(func(sw *record.Switch) { sw.Attempts, sw.Rounds = 3, 20 }), func(s *scene) {
			s.Config.Policy.RetrySeconds, s.Config.Policy.WindowSeconds = 10, 86400
		}),
		when("without a gate, the replacement runs, and the original that was started can only be terminated", standby(moving(record.Gated), cloud.Running), store),
		when("with a gate, serving, and the original that was started can only be terminated", serving(), func(s *scene) { s.Node.Settings.Gate, s.Node.Switch.Gate = true, true }, store, func(s *scene) {
			s.condemned(before, hole)
			s.tag(before, contract.GateTag, contract.NoEpoch)
		}),
		when("the original is to be started again, and is registered still", off(), course(func(sw *record.Switch) { sw.Restart = true }), freed, func(s *scene) { s.Node.Settings.RestartOriginal = true }),
		when("the granted one carries the blackhole group", serving(), func(s *scene) { s.condemned(after, hole) }),
		when("another port was registered a moment ago", serving(), func(s *scene) {
			s.came(decide.Effect{Do: decide.Register, Group: byID, Targets: []cloud.Target{{ID: after, Port: 8}}}, "", "")
		}),

		when("the same notice waits already", moving(record.Fencing), func(s *scene) {
			s.Node.Outbox = []record.Post{{Key: "notice-WR302-1767323045000000000", Kind: record.PostNotice}}
			s.came(decide.Effect{Do: decide.Stop, Instance: before}, cloud.Denied, "")
		}),
		when("a notice of a node with an odd name", moving(record.Fencing), func(s *scene) {
			s.Node.Name = "~ !\x1f\x7f"
			s.came(decide.Effect{Do: decide.Stop, Instance: before}, cloud.Denied, "")
		}),
		when("a deployment has waited exactly as long as it may", moving(record.Fencing), to(before, cloud.Stopping), func(s *scene) {
			s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, At: ago(900 * time.Second)}
		}),
		comes("a delete comes again while nobody waits", event.Delete, moving(record.Deleting)),
	})
}

// TestBraked: which nodes are judged again together.
func TestBraked(t *testing.T) {
	hold := func(code string) record.Node { return record.Node{Hold: &record.Hold{Code: code}} }
	for _, c := range []struct {
		node record.Node
		want bool
	}{{record.Node{}, false}, {hold("WR202"), false}, {hold("WR206"), true}} {
		if got := decide.Braked(c.node); got != c.want {
			t.Errorf("%+v: %v", c.node.Hold, got)
		}
	}
}
