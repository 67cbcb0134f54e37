package decide_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// comes is a deployment's request for the scene's node.
func comes(name, kind string, s *scene, change ...func(*scene)) decision {
	return decision{name, func() (record.Node, decide.Step) {
		for _, c := range change {
			c(s)
		}
		set := contract.Settings{ID: 7, Name: "eight", Template: contract.Template{ID: "lt-1", Version: "2"}, Alarms: []string{alarmApp}}
		if s.Node.Template.Version == "" {
			set.Template.Version = ""
		}
		set.Adopt = s.adopt
		return s.Node, decide.Accept(decide.RequestInput{
			Config: s.Config, Node: s.Node, Settings: set, Now: now,
			Request: record.Request{ID: "r-2", Type: kind, URL: "https://x", Stack: "stack-2", Logical: "Logical", PhysicalID: s.physical, Sent: s.sent},
		})
	}}
}

// called gives the request the physical id that CloudFormation calls the node by.
func called(physical string) func(*scene) { return func(s *scene) { s.physical = physical } }

// TestDecisionsRequests: what CloudFormation asks for.
func TestDecisionsRequests(t *testing.T) {
	none := func() *scene { s := resting(); s.Node = record.Node{}; return s }
	pending := func(s *scene) {
		s.Node.Request = &record.Request{ID: "r-1", Type: event.Update, URL: "https://y", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(time.Minute)}
	}
	deleted := func() *scene {
		s := resting()
		n := &s.Node
		n.Phase, n.Grant, n.Epoch = record.Deleted, nil, 4
		n.Condemned = []record.Condemned{{Instance: before}}
		n.Recent, n.Acked, n.Last = []time.Time{ago(time.Hour)}, ago(time.Hour), &record.Failure{At: ago(time.Hour)}
		n.Lost = []record.LostLaunch{{Since: ago(time.Hour)}}
		return s
	}
	decisions(t, "requests", []decision{
		comes("create", event.Create, none()),
		comes("create of one that is deleted", event.Create, deleted()),
		comes("create of one that rests", event.Create, resting()),
		comes("create of one that is under way", event.Create, moving(record.Fencing)),
		comes("create of one that is being deleted", event.Create, moving(record.Deleting)),
		comes("update at rest", event.Update, resting()),
		comes("update without another template", event.Update, resting(), func(s *scene) { s.Node.Template.Version = "" }),
		comes("update under way", event.Update, moving(record.Fencing)),
		comes("update of one that is being deleted", event.Update, moving(record.Deleting)),
		comes("an update overtakes another", event.Update, moving(record.Fencing), pending),
		comes("a request that waits already", event.Update, moving(record.Fencing), func(s *scene) { s.Node.Request = &record.Request{ID: "r-2"} }),
		comes("a request that was answered", event.Update, resting(), func(s *scene) { s.Node.Answered = []string{"r-1", "r-2"} }),
		comes("delete at rest", event.Delete, resting()),
		comes("delete of nothing", event.Delete, none()),
		comes("delete of one that is deleted", event.Delete, deleted()),
		comes("delete of one that is being deleted", event.Delete, moving(record.Deleting), pending),
		comes("delete while the original is fenced", event.Delete, moving(record.Fencing)),
		comes("delete while a launch is open", event.Delete, asked(off())),
		comes("delete while a replacement boots", event.Delete, standby(moving(record.Gated), cloud.Pending)),
		comes("delete while a replacement serves", event.Delete, serving()),
		comes("delete of one that is held", event.Delete, moving(record.Fencing), func(s *scene) { s.Node.Hold = &record.Hold{Code: "WR301", Reason: "overdue"} }),
		comes("a request of another kind", "Odd", resting()),
		comes("update under the node's physical id", event.Update, resting(), called("rec.node-7")),
		comes("update under the node's physical id again", event.Update, resting(), called("rec.node-7"), func(s *scene) { s.Node.Confirmed = true }),
		comes("update back to the node that the resource was before", event.Update, resting(), called("rec.node-8")),
		comes("an older update under another physical id", event.Update, resting(), called("other.node-5"), func(s *scene) { s.Node.Latest, s.sent = 9, 8 }),
		comes("update under another physical id of one that is being deleted", event.Update, moving(record.Deleting), called("other.node-5")),
		comes("delete under the node's physical id", event.Delete, deleted(), called("rec.node-7")),
		comes("delete under an id that CloudFormation made up", event.Delete, deleted(), called("stack-2-Logical-1ABCDEF2GHIJ")),
		comes("create of one that is deleted and was confirmed", event.Create, deleted(), func(s *scene) { s.Node.Confirmed = true }),
	})
}

// TestDecisionsDeleting: nothing of the node is left behind.
func TestDecisionsDeleting(t *testing.T) {
	ending := func(state string) *scene {
		s := moving(record.Deleting)
		s.state(before, state)
		s.Facts.Targets = map[string][]cloud.Target{}
		sw := s.Node.Switch
		sw.Kind, sw.From, sw.FromZone, sw.Tried = record.KindDelete, "", "", nil
		s.Node.Request = &record.Request{ID: "r-1", Type: event.Delete, URL: "https://y", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(time.Minute)}
		return s
	}
	lost := func(n int) func(*scene) {
		return func(s *scene) {
			for i := range n {
				l := cloud.Launch{Zone: "az-a", Token: fmt.Sprintf("lost-%d", i)}
				s.Node.Lost = append(s.Node.Lost, record.LostLaunch{Launch: l, Senders: []record.Sender{{By: "me", Until: in(time.Hour)}}})
			}
		}
	}
	buried := func(age time.Duration) *scene {
		s := swept()
		n := &s.Node
		n.Phase, n.Since, n.Grant, n.Switch = record.Deleted, ago(age), nil, nil
		n.Condemned = []record.Condemned{{Instance: before, Epoch: 1, PrivateIP: "10.0.0.old"}}
		return s
	}
	tagged := map[string]string{contract.DefaultIDTag: "7", contract.SwitcherTag: "rec", contract.EpochTag: "1", "Name": "db"}
	stays := func(tags map[string]string) *scene {
		s := buried(time.Minute)
		s.Node.Condemned, s.Node.Retained = nil, "i-stays"
		i := machine("i-stays", "az-a", cloud.Running)
		i.Tags = tags
		s.Facts.Instances["i-stays"] = i
		return s
	}
	decisions(t, "deleting", []decision{
		when("it runs", ending(cloud.Running)),
		when("it runs and is not marked", ending(cloud.Running), freed),
		when("it is registered", ending(cloud.ShuttingDown), func(s *scene) { s.Facts.Targets[byID] = []cloud.Target{{ID: before, Port: 80}} }),
		when("it is shutting down", ending(cloud.ShuttingDown)),
		when("it is terminated", ending(cloud.Terminated)),
		when("it is out of sight", ending(cloud.Terminated), gone(before)),
		when("it is out of sight for long", ending(cloud.Terminated), gone(before), blame(func(c *record.Condemned) { c.AbsentSince = ago(time.Hour) })),
		when("the targets cannot be read", ending(cloud.Terminated), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("strays cannot be looked for", ending(cloud.Terminated), func(s *scene) { s.unseen(observe.PartTagged, cloud.Ambiguous) }),
		when("a stray is found", ending(cloud.Terminated), func(s *scene) {
			i := machine("i-str", "az-c", cloud.Running)
			i.Token = "wr-7-10-2-1-az-c"
			s.Facts.Tagged[7] = []cloud.Instance{i}
		}),
		when("it is held", ending(cloud.Terminated), func(s *scene) { s.Node.Hold = &record.Hold{Code: "WR302", Reason: "denied", RetryAt: now} }),
		when("a launch is open", asked(ending(cloud.Running))),
		when("a launch is open, and was accepted", asked(ending(cloud.Terminated)), answered("")),
		when("a launch is open, and another was answered", asked(ending(cloud.Terminated)), func(s *scene) {
			s.came(decide.Effect{Do: decide.Launch, Launch: cloud.Launch{Token: "other"}}, "", "")
		}),
		when("a launch is open, and not answered", asked(ending(cloud.Terminated)), answered(cloud.Ambiguous)),
		when("a launch is open, and throttled", asked(ending(cloud.Terminated)), answered(cloud.Throttled)),
		when("a launch is open, and refused", asked(ending(cloud.Terminated)), answered(cloud.Capacity)),
		when("a launch is open, refused, and another invocation may send it", asked(ending(cloud.Terminated)), answered(cloud.Capacity), course(func(sw *record.Switch) {
			sw.Senders = append(sw.Senders, record.Sender{By: "other", Until: in(1)})
		})),
		when("a launch was given up before", ending(cloud.Terminated), lost(1)),
		when("a launch of what the node was before was given up", ending(cloud.Terminated), lost(1), func(s *scene) {
			b := original()
			b.Image = "ami-0"
			s.Node.Lost[0].Like = &b
		}),
		when("two launches were given up before", ending(cloud.Terminated), lost(2)),
		when("a launch is open and accepted, and one was given up before", asked(ending(cloud.Terminated)), answered(""), lost(1)),
		when("a launch is open and refused, and one was given up before", asked(ending(cloud.Terminated)), answered(cloud.Invalid), lost(1)),
		when("nothing is left", ending(cloud.Terminated), func(s *scene) { s.Node.Condemned = nil }),

		when("deleted", buried(time.Minute)),
		when("deleted, and no sweep", buried(time.Minute), func(s *scene) { s.Facts.Sweep = false }),
		when("deleted, and the targets cannot be read", buried(time.Minute), func(s *scene) { s.unseen(observe.PartTargets, cloud.Ambiguous) }),
		when("deleted almost as long ago as a late call may take", buried(record.LateCall-1)),
		when("deleted as long ago as a late call may take", buried(record.LateCall)),
		when("deleted and forgotten", buried(time.Hour), func(s *scene) { s.Node.Condemned = nil }),
		when("deleted, and its instance stays", stays(map[string]string{"Name": "db"})),
		when("one that stays was tagged by a late call", stays(tagged)),
		when("one that stays was tagged by a late call, and no sweep", stays(tagged), func(s *scene) { s.Facts.Sweep = false }),
		when("one that stays was tagged by a late call, and asked to be untagged", stays(tagged), func(s *scene) {
			s.came(decide.Effect{Do: decide.Release, Instance: "i-stays", Tags: tagged}, "", "")
		}),
		when("one that stays was adopted by another node", stays(map[string]string{contract.DefaultIDTag: "8", contract.SwitcherTag: "rec"})),
		when("one that stays was adopted by another switcher", stays(map[string]string{contract.DefaultIDTag: "7", contract.SwitcherTag: "other"})),
		when("one that stays was tagged by a late call, and the stack's right to untag it is gone", stays(tagged), func(s *scene) {
			s.came(decide.Effect{Do: decide.Release, Instance: "i-stays", Tags: tagged}, cloud.Denied, "")
		}),
		when("one that stays could not be untagged, as long ago as a late call may take", stays(tagged), func(s *scene) {
			s.Node.Since, s.Node.Hold = ago(record.LateCall), &record.Hold{Kind: record.Interrupted, Code: "WR302", Reason: "denied", RetryAt: ago(time.Second)}
		}),
		when("one that stays, as long ago as a late call may take", stays(tagged), func(s *scene) { s.Node.Since = ago(record.LateCall) }),
		when("a hint after the end", buried(time.Minute), func(s *scene) { s.hint(event.CauseStopped, before) }),
	})
}
