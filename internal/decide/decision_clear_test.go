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

// leaves is a node that is deleted while i-old carries it, a few seconds ago.
func leaves() *scene {
	s := moving(record.Deleting)
	sw := s.Node.Switch
	sw.Kind, sw.FromZone, sw.Tried = record.KindDelete, "", nil
	s.Node.Settings.Drain = 30
	return s
}

// shows lets a target group show only this.
func shows(group string, targets ...cloud.Target) func(*scene) {
	return func(s *scene) { s.Facts.Targets = map[string][]cloud.Target{group: targets} }
}

// TestDecisionsDrain: what carries a node that is deleted finishes its requests first.
func TestDecisionsDrain(t *testing.T) {
	leaving := cloud.Target{ID: before, Port: 80, Health: cloud.Draining}
	address := cloud.Target{ID: "10.0.0.old", Port: 81, Health: cloud.Draining}
	after := func(age time.Duration) func(*scene) { return func(s *scene) { s.Node.Since = ago(age) } }
	decisions(t, "drain", []decision{
		when("it is registered", leaves()),
		when("it drains", leaves(), shows(byID, leaving)),
		when("its address drains", leaves(), shows(byIP, address)),
		when("an address of nobody drains", leaves(), shows(byIP, cloud.Target{Port: 81, Health: cloud.Draining}), blame(func(c *record.Condemned) { c.PrivateIP = "" })),
		when("another one drains", leaves(), shows(byID, cloud.Target{ID: "i-foreign", Port: 80, Health: cloud.Draining})),
		when("it has drained", leaves(), shows(byID)),
		when("its time is almost over", leaves(), shows(byID, leaving), after(30*time.Second-1)),
		when("its time is over", leaves(), shows(byID, leaving), after(30*time.Second)),
		when("the targets cannot be read", leaves(), func(s *scene) { s.unseen(observe.PartTargets, cloud.Throttled) }),
		when("the targets cannot be read until its time is over", leaves(), after(30*time.Second), func(s *scene) { s.unseen(observe.PartTargets, cloud.Throttled) }),
		when("another one of the node waits for nothing", leaves(), shows(byID, leaving), func(s *scene) {
			s.Node.Condemned = append(s.Node.Condemned, record.Condemned{Instance: "i-spare", Epoch: 2, Zone: "az-a", PrivateIP: "10.0.0.spare"})
			s.Facts.Instances["i-spare"] = machine("i-spare", "az-a", cloud.Stopped)
			s.condemned("i-spare", hole)
		}),
	})
}

// TestDecisionsRemade: mount targets that the switcher made are remembered, and removed
// with the node.
func TestDecisionsRemade(t *testing.T) {
	made, old := cloud.Mount{ID: "fsmt-new", Zone: "az-b", State: "available"}, cloud.Mount{ID: "fsmt-old", Zone: "az-b", State: "available"}
	cutter := func(by string, left time.Duration) func(*scene) {
		return blame(func(c *record.Condemned) { c.Cutters = []record.Sender{{By: by, Until: in(left)}} })
	}
	cut := func(remade bool) func(*scene) {
		return blame(func(c *record.Condemned) {
			c.Mount, c.FileSystem, c.Remade = &cloud.Mount{ID: "fsmt-old", Zone: "az-b"}, files, remade
		})
	}
	there := func(m cloud.Mount) func(*scene) {
		return func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{m} }
	}
	remembered := func(s *scene) { s.Node.Remade = []record.Remade{{FileSystem: files, Mount: "fsmt-new"}} }
	lost := func(s *scene) {
		s.unseen(observe.PartMounts, cloud.NotFound)
		s.Facts.NoFiles = map[string]bool{files: true}
	}
	reaping := func() *scene {
		s := swept()
		s.Node.Condemned = []record.Condemned{{Instance: "i-gone", Epoch: 1, Zone: "az-b"}}
		s.Facts.Instances["i-gone"] = machine("i-gone", "az-b", cloud.Terminated)
		return s
	}
	decisions(t, "remade", []decision{
		when("it is to be put back", reaping(), cut(false), func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{} }),
		when("it is there, made by the switcher", reaping(), cut(true), there(made)),
		when("it is there, and known", reaping(), cut(true), there(made), remembered),
		when("it is there, made by somebody else", reaping(), cut(false), there(made)),
		when("it is the old one", reaping(), cut(true), there(old)),
		when("it is the old one, and another invocation may still remove it", reaping(), cut(false), there(old), cutter("other", 1)),
		when("it is the old one, and nobody may remove it any more", reaping(), cut(false), there(old), cutter("other", 0)),
		when("it is the old one, and this one's request to remove it is open", reaping(), cut(false), there(old), cutter("me", 20*time.Minute)),
		when("it is the old one, and this one's request to remove it was refused", reaping(), cut(false), there(old), cutter("me", 20*time.Minute), func(s *scene) {
			s.came(decide.Effect{Do: decide.Unmount, Mount: old}, cloud.Throttled, "")
		}),
		when("it is the old one, and this one's request to remove it was not answered", reaping(), cut(false), there(old), cutter("me", 20*time.Minute), func(s *scene) {
			s.came(decide.Effect{Do: decide.Unmount, Mount: old}, cloud.Ambiguous, "")
		}),
		when("it is a new one, whoever may still remove the old one", reaping(), cut(true), there(made), cutter("other", 1)),
		when("it is being made", reaping(), cut(true), there(cloud.Mount{ID: "fsmt-new", Zone: "az-b", State: "creating"})),
		when("it was not looked at", reaping(), cut(true)),
		when("the node is deleted meanwhile", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), there(made)),
		when("the node is deleted, and it is being made", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), there(cloud.Mount{ID: "fsmt-new", Zone: "az-b", State: "creating"})),
		when("the node is deleted, and it goes", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), remembered, there(cloud.Mount{ID: "fsmt-new", Zone: "az-b", State: "deleting"})),
		when("the node is deleted, and it is gone", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), remembered, func(s *scene) { s.Facts.Mounts[files] = []cloud.Mount{} }),
		when("the node is deleted, and whether it was made was not looked at", leaves(), shows(byID), to(before, cloud.Terminated), cut(true)),
		when("the node is deleted, and whether it was made cannot be read", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), func(s *scene) { s.unseen(observe.PartMounts, cloud.Throttled) }),
		when("the node is deleted, and so was the file system that it may have been made for", leaves(), shows(byID), to(before, cloud.Terminated), cut(true), lost),
		when("the node is deleted, and so was the file system that it was made for", leaves(), shows(byID), to(before, cloud.Terminated), remembered, lost),
		when("the node is deleted, and nobody was to make it", leaves(), shows(byID), to(before, cloud.Terminated), cut(false), func(s *scene) { s.unseen(observe.PartMounts, cloud.Throttled) }),
		when("the node is deleted, and it was not looked at", leaves(), shows(byID), to(before, cloud.Terminated), remembered),
		when("the node is deleted, and one of several was not looked at", leaves(), shows(byID), to(before, cloud.Terminated), remembered, func(s *scene) {
			s.Node.Remade = append(s.Node.Remade, record.Remade{FileSystem: "fs-other", Mount: "fsmt-other"})
			s.Facts.Mounts["fs-other"] = []cloud.Mount{{ID: "fsmt-other", State: "available"}}
		}),
	})
}

// TestDecisionsReleased: what a delete leaves running is given back as it was.
func TestDecisionsReleased(t *testing.T) {
	stays := func() *scene {
		s := leaves()
		s.Node.Condemned, s.Node.Switch.From, s.Node.Switch.Retain = nil, "", before
		i := machine(before, "az-b", cloud.Running)
		i.Tags = map[string]string{"Name": "seven"}
		s.Facts.Instances[before] = i
		return s
	}
	hidden := func(s *scene) { s.condemned(before, hole) }
	shut := func(s *scene) {
		s.Node.Settings.Gate = true
		s.tag(before, contract.GateTag, contract.NoEpoch)
	}
	opened := decide.Effect{Do: decide.Open, Instance: before, Tags: map[string]string{contract.GateTag: before + ":2"}}
	decisions(t, "released", []decision{
		when("it carries nothing of ours", stays()),
		when("it is in quarantine", stays(), hidden),
		when("it is in quarantine, and nothing is known of its groups", stays(), hidden, func(s *scene) { s.Node.Blueprint = nil }),
		when("it runs no gate, and carries the gate tag only", stays(), func(s *scene) { s.tag(before, contract.GateTag, contract.NoEpoch) }),
		when("its gate is shut", stays(), shut),
		when("its gate was opened", stays(), shut, func(s *scene) { s.came(opened, "", "") }),
		when("its gate could not be opened", stays(), shut, func(s *scene) { s.came(opened, cloud.Throttled, "") }),
		when("it carries the condemned tag only", stays(), func(s *scene) { s.tag(before, contract.CondemnedTag, "2") }),
		when("its tags were taken off", stays(), func(s *scene) {
			s.tag(before, contract.SwitcherTag, "rec")
			s.came(decide.Effect{Do: decide.Release, Instance: before, Tags: map[string]string{contract.SwitcherTag: "rec"}}, "", "")
		}),
		when("its tags could not be taken off", stays(), func(s *scene) {
			s.tag(before, contract.SwitcherTag, "rec")
			s.came(decide.Effect{Do: decide.Release, Instance: before, Tags: map[string]string{contract.SwitcherTag: "rec"}}, cloud.Denied, "")
		}),
		when("it was terminated by its owner", stays(), to(before, cloud.Terminated)),
		when("its owner terminates it", stays(), to(before, cloud.ShuttingDown)),
		when("it is stopped", stays(), to(before, cloud.Stopped)),
	})
}

// TestDecisionsAgain: EC2 is asked once more to power an instance off.
func TestDecisionsAgain(t *testing.T) {
	const planned = record.KindPlanned
	asked := func(how cloud.PowerOff, first, last time.Duration) func(*scene) {
		return func(s *scene) {
			s.state(before, cloud.Stopping)
			c := &s.Node.Condemned[0]
			c.Since, c.FirstAsked, c.AskedAt, c.Asked = ago(10*time.Minute), ago(first), ago(last), how
			s.Node.Settings.FileSystem = files
			s.Node.Since = ago(10 * time.Minute)
		}
	}
	other := func(s *scene) { s.Node.Switch.From = "i-else" }
	unhurried := func(s *scene) { s.Node.Settings.Stop = 0 }
	decisions(t, "again", []decision{
		when("a recovery's was asked a moment ago", moving(record.Fencing), asked(cloud.SkipShutdown, 10*time.Second, 10*time.Second)),
		when("a recovery's was asked a minute ago", moving(record.Fencing), asked(cloud.SkipShutdown, time.Minute, time.Minute)),
		when("a planned one was asked gently, and its time is over", leaving(record.Fencing, planned), asked(cloud.ShutDown, 121*time.Second, 121*time.Second)),
		when("a planned one was asked gently, and has no time to shut down", leaving(record.Fencing, planned), unhurried, asked(cloud.SkipShutdown, 30*time.Second, 30*time.Second)),
		when("a planned one was asked again a moment ago", leaving(record.Fencing, planned), asked(cloud.SkipShutdown, 150*time.Second, 10*time.Second)),
		when("another one of a planned switch was asked a moment ago", leaving(record.Fencing, planned), asked(cloud.SkipShutdown, 30*time.Second, 30*time.Second), other),
		when("a recovery's, asked so long ago as a shutdown may take", moving(record.Fencing), func(s *scene) { s.Node.Settings.Stop = 20 }, asked(cloud.SkipShutdown, 30*time.Second, 30*time.Second)),
		when("a planned one's time to shut down is over before the minute is", leaving(record.Fencing, planned), func(s *scene) { s.Node.Settings.Stop = 20 }, asked(cloud.ShutDown, 30*time.Second, 30*time.Second)),
	})
}

// TestDecisionsLife: what a new life of a node id does not inherit, and what an update says.
func TestDecisionsLife(t *testing.T) {
	before := func() *scene {
		s := resting()
		n := &s.Node
		n.Phase, n.Grant, n.Epoch = record.Deleted, nil, 4
		n.Rejected, n.Notified, n.Watched = contract.Template{ID: "lt-1", Version: "2"}, "event-1", "asc-1"
		n.Remade = []record.Remade{{FileSystem: files, Mount: "fsmt-new"}}
		n.Outbox = []record.Post{{Key: "notice-1", Kind: record.PostNotice, Text: "told late"}, {Key: "release", Kind: record.PostRelease}}
		return s
	}
	decisions(t, "life", []decision{
		comes("created again before the last release was delivered", event.Create, before()),
		comes("an update that is stored while the node is moved", event.Update, moving(record.Fencing)),
	})
}
