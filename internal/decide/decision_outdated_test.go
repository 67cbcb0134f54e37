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

// TestDecisionsOutdated: the table was restored to an earlier point in time, so an instance
// is ahead of the record.
func TestDecisionsOutdated(t *testing.T) {
	ours := func(id, zone, state, epoch, token string) cloud.Instance {
		i := machine(id, zone, state)
		i.Tags[contract.EpochTag], i.Token = epoch, token
		return i
	}
	found := func(list ...cloud.Instance) func(*scene) {
		return func(s *scene) { s.Facts.Tagged[7] = append([]cloud.Instance{s.Facts.Instances[before]}, list...) }
	}
	next := ours(after, "az-c", cloud.Running, "2", "wr-7-10-2-1-az-c")
	confirmed := func(s *scene) { s.Node.AdoptTable = true }
	terminated := to(before, cloud.Terminated)
	created := func() *scene {
		s := resting()
		n := &s.Node
		n.Phase, n.Grant, n.Blueprint = record.Launching, nil, nil
		n.Switch = &record.Switch{ID: "7-1", Kind: record.KindCreate, Started: now, Marks: map[string]time.Time{}}
		s.vanish(before)
		return s
	}
	tagged := func(list ...cloud.Instance) func(*scene) {
		return func(s *scene) { s.Facts.Tagged[7] = list }
	}
	decisions(t, "outdated", []decision{
		when("its successor runs, and it is terminated", resting(), terminated, found(next)),
		when("its successor runs, and it is terminated, on a sweep", swept(), terminated, found(next)),
		when("its successor is terminated too", resting(), terminated, found(ours(after, "az-c", cloud.Terminated, "2", "wr-7-10-2-1-az-c"))),
		when("it was condemned in a later epoch", resting(), func(s *scene) { s.tag(before, contract.CondemnedTag, "2") }),
		when("its gate was opened in a later epoch", resting(), func(s *scene) { s.tag(before, contract.GateTag, "i-old:3") }),
		when("a switch is to launch beside the instance that the record has forgotten", moving(record.Launching), func(s *scene) {
			s.state(before, cloud.Stopped)
			s.Facts.Tagged[7] = []cloud.Instance{s.Facts.Instances[before], next}
		}),
		when("the launch is on record, and its instance is seen before its answer", moving(record.Launching), func(s *scene) {
			s.request()
			s.state(before, cloud.Stopped)
			s.Facts.Tagged[7] = []cloud.Instance{s.Facts.Instances[before], next}
		}),
		when("a person gave another node's instance its id", resting(), found(ours("i-eig", "az-c", cloud.Running, "9", "wr-8-10-9-1-az-c"))),
		when("another switcher's instance has its id", resting(), found(func() cloud.Instance {
			i := ours("i-eig", "az-c", cloud.Running, "9", "wr-7-9-9-1-az-c")
			i.Tags[contract.SwitcherTag] = "other"
			return i
		}())),
		when("the node is created, and an instance of it runs", created(), tagged(ours(after, "az-c", cloud.Running, "5", "wr-7-9-5-1-az-c"))),
		when("it fails, and its instances cannot be searched for", resting(), terminated, func(s *scene) { s.unseen(observe.PartTagged, cloud.Throttled) }),
		when("the hold's cause is gone", resting(), found(), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR309", Reason: "i-new carries epoch 2", Since: ago(time.Minute), RetryAt: in(time.Minute)}
		}),

		when("a person adopts the table", resting(), terminated, found(next), func(s *scene) { s.hint(event.CauseAdoptTable, "") }),
		when("adopted, and its successor runs", resting(), terminated, found(next), confirmed),
		when("adopted, and the instances cannot be searched for", moving(record.Confirmed), func(s *scene) { s.tag(before, contract.EpochTag, "9") }, confirmed, func(s *scene) { s.unseen(observe.PartTagged, cloud.Throttled) }),
		when("adopted while it is created", created(), tagged(ours(after, "az-c", cloud.Running, "5", "wr-7-9-5-1-az-c")), confirmed, func(s *scene) {
			s.Facts.Template[s.Node.Settings.Template] = original()
		}),
		when("adopted in mid-switch", moving(record.Confirmed), found(next), confirmed),
		when("adopted, and no instance runs", resting(), terminated, found(ours(after, "az-c", cloud.Terminated, "2", "wr-7-10-2-1-az-c")), confirmed),
		when("adopted, and the newest is condemned", resting(), found(func() cloud.Instance {
			i := ours(after, "az-c", cloud.Running, "2", "wr-7-10-2-1-az-c")
			i.Tags[contract.CondemnedTag] = "3"
			return i
		}()), confirmed),
		when("adopted, and nothing is ahead", resting(), found(), confirmed),
	})
}

// TestNothingHappensToAnOutdatedNode: in every phase a node whose record is older than an
// instance makes no call but those that notify people.
func TestNothingHappensToAnOutdatedNode(t *testing.T) {
	for _, p := range []record.Phase{record.Confirmed, record.Fencing, record.Launching, record.Gated} {
		s := moving(p)
		if p == record.Gated {
			s = standby(s, cloud.Running)
		}
		i := machine("i-aft", "az-a", cloud.Running)
		i.Tags[contract.EpochTag], i.Token = "9", "wr-7-10-9-1-az-a"
		s.Facts.Tagged[7] = []cloud.Instance{i}
		out := decide.Decide(s.Input)
		for _, e := range out.Effects {
			if e.Do != decide.Deliver {
				t.Errorf("%s: %s of %s", p, e.Do, e.Instance)
			}
		}
		if out.Node.Hold == nil || out.Node.Hold.Code != "WR309" {
			t.Errorf("%s: hold %+v, wanted WR309", p, out.Node.Hold)
		}
	}
}
