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

// adopting: i-old runs, and is to become node 7.
func adopting() *scene {
	s := resting()
	n := &s.Node
	n.Phase, n.Since, n.Grant, n.Blueprint, n.Targets, n.Armed = record.Launching, ago(10*time.Second), nil, nil, nil, nil
	n.Settings.Adopt, n.Settings.Template, n.Template = before, contract.Template{}, contract.Template{}
	n.Switch = &record.Switch{ID: "7-1", Kind: record.KindAdopt, Started: ago(10 * time.Second), Cause: record.Cause{Kind: record.KindAdopt, At: ago(10 * time.Second)}, Marks: map[string]time.Time{}}
	n.Request = &record.Request{ID: "r-1", Type: event.Create, URL: "https://x", Stack: "stack", Logical: "Node", PhysicalID: "rec.node-7", At: ago(10 * time.Second)}
	i := s.Facts.Instances[before]
	i.VPC, i.Tags = "vpc-1", map[string]string{"Name": "seven"}
	s.Facts.Instances[before] = i
	s.Facts.Details[before] = cloud.Details{UserData: "data", ShutdownBehavior: "stop"}
	return s
}

// TestDecisionsAdopt: a running instance becomes the node, or stays as it was.
func TestDecisionsAdopt(t *testing.T) {
	tagged := func(s *scene) {
		s.tag(before, idTag, "7")
		s.tag(before, wantTag, "true")
		s.tag(before, contract.SwitcherTag, "rec")
		s.tag(before, contract.EpochTag, "1")
		s.tag(before, contract.CondemnedTag, contract.NoEpoch)
		s.tag(before, contract.GateTag, contract.NoEpoch)
	}
	decisions(t, "adopt", []decision{
		when("it is tagged", adopting()),
		when("it is tagged, and its owner keeps it from recoveries", adopting(), func(s *scene) { s.tag(before, wantTag, "false") }),
		when("it carries an open gate of an earlier life", adopting(), func(s *scene) { s.tag(before, contract.GateTag, "i-old:7") }),
		when("it was condemned in an earlier life", adopting(), func(s *scene) { s.tag(before, contract.CondemnedTag, "6") }),
		when("it is recorded and granted", adopting(), tagged),
		when("it is not visible yet", adopting(), func(s *scene) { s.vanish(before) }),
		when("it does not exist", adopting(), func(s *scene) { s.vanish(before); s.Node.Since = ago(time.Minute) }),
		when("it is stopped", adopting(), fails),
		when("it is in another VPC", adopting(), func(s *scene) {
			i := s.Facts.Instances[before]
			i.VPC = "vpc-2"
			s.Facts.Instances[before] = i
		}),
		when("it belongs to another switcher", adopting(), func(s *scene) { s.tag(before, contract.SwitcherTag, "other") }),
		when("it is another node", adopting(), func(s *scene) { s.tag(before, idTag, "8") }),
		when("a tag cannot be exposed", adopting(), func(s *scene) {
			s.tag(before, "cost center", "1")
			i := s.Facts.Instances[before]
			i.Metadata.Tags = "enabled"
			s.Facts.Instances[before] = i
		}),
		when("it cannot be described", adopting(), func(s *scene) {
			delete(s.Facts.Details, before)
			s.Facts.NoDetails[before] = "denied"
		}),
		when("its targets cannot be read", adopting(), func(s *scene) { s.unseen(observe.PartTargets, cloud.Throttled) }),
		when("it is isolated", adopting(), tagged, func(s *scene) { s.condemned(before, hole) }),
		when("it is not healthy in its time", adopting(), tagged, func(s *scene) {
			n := &s.Node
			n.Phase, n.Switch.Instance, n.Switch.Recorded = record.Serving, before, true
			b := original()
			n.Blueprint = &b
			n.Grant = &record.Grant{Instance: before, Epoch: 1, Zone: "az-b", PrivateIP: "10.0.0.old", GrantedAt: ago(601 * time.Second)}
			s.Facts.Targets[byID] = []cloud.Target{{ID: before, Port: 80, Health: cloud.Unhealthy}}
			s.alarm(alarmApp, "ALARM", now)
		}),
		comes("a create that adopts", event.Create, resting(), func(s *scene) { s.Node, s.adopt = record.Node{}, before }),
		comes("an update that names another instance", event.Update, resting(), func(s *scene) { s.adopt = after }),
		comes("an older request", event.Update, resting(), func(s *scene) { s.Node.Latest = 1000; s.sent = 999 }),
		comes("a newer request", event.Update, resting(), func(s *scene) { s.Node.Latest = 1000; s.sent = 1001 }),
	})
}

// TestDecisionsRetained: the node goes and its instance stays.
func TestDecisionsRetained(t *testing.T) {
	retain := func(s *scene) { s.Node.Settings.Retain = true }
	leaves := func() *scene {
		s := resting()
		n := &s.Node
		n.Phase, n.Epoch, n.Grant = record.Deleting, 2, nil
		n.Switch = &record.Switch{ID: "7-2", Kind: record.KindDelete, Recorded: true, Retain: before, Marks: map[string]time.Time{}}
		s.tag(before, contract.GateTag, "i-old:1")
		return s
	}
	carried := func(s *scene) { s.Node.Switch.RetainIP = "10.0.0.old" }
	made := func(s *scene) {
		s.Node.Remade = []record.Remade{{FileSystem: files, Mount: "fsmt-new"}}
	}
	decisions(t, "retained", []decision{
		comes("deleted at rest", event.Delete, resting(), retain),
		comes("deleted in a switch", event.Delete, moving(record.Fencing), retain),
		comes("deleted while it is created", event.Delete, serving(), retain, func(s *scene) { s.Node.Switch.Kind = record.KindCreate }),
		comes("deleted while it is adopted", event.Delete, adopting()),
		when("its tags are taken off", leaves()),
		when("its tags are taken off, and its gate was never opened", leaves(), func(s *scene) { s.tag(before, contract.GateTag, contract.NoEpoch) }),
		when("its tags are off", leaves(), func(s *scene) {
			i := s.Facts.Instances[before]
			i.Tags = map[string]string{"Name": "seven", wantTag: "true"}
			s.Facts.Instances[before] = i
		}),
		when("it is gone", leaves(), func(s *scene) { s.vanish(before) }),
		when("what carried the node is terminated", leaves(), carried, to(before, cloud.Terminated)),
		when("what carried the node is shutting down", leaves(), carried, to(before, cloud.ShuttingDown)),
		when("what carried the node is not shown", leaves(), carried, gone(before)),
		when("a mount target of ours is left", leaves(), made, func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{{ID: "fsmt-new", Zone: "az-b", State: "available"}, {ID: "fsmt-a", Zone: "az-a", State: "available"}}
		}),
		when("a mount target of ours goes", leaves(), made, func(s *scene) {
			s.Facts.Mounts[files] = []cloud.Mount{{ID: "fsmt-new", Zone: "az-b", State: "deleting"}}
		}),
		when("a mount target of ours is gone", leaves(), made, func(s *scene) { s.Facts.Mounts[files] = nil }),
		when("the mount targets cannot be read", leaves(), made, func(s *scene) { s.unseen(observe.PartMounts, cloud.Throttled) }),
	})
}

// TestDecisionsWatch: EC2's own check of the application.
func TestDecisionsWatch(t *testing.T) {
	asked := func(s *scene) { s.Node.Settings.StatusCheck = "asc-1" }
	has := func(s *scene) { s.Node.Watched = "asc-1" }
	effect := func(do decide.Verb) decide.Effect {
		return decide.Effect{Do: do, Key: "asc-1", Tags: map[string]string{idTag: "7"}}
	}
	failing := func(age time.Duration) func(*scene) {
		return func(s *scene) {
			s.Facts.Failing = map[string]cloud.Failing{before: {Instance: before, Reason: "asc-1: ConnectionRefused", Since: ago(age)}}
		}
	}
	leaves := func() *scene {
		s := resting()
		n := &s.Node
		n.Phase, n.Epoch, n.Grant, n.Condemned = record.Deleting, 2, nil, nil
		n.Switch = &record.Switch{ID: "7-2", Kind: record.KindDelete, Recorded: true, Marks: map[string]time.Time{}}
		return s
	}
	decisions(t, "watch", []decision{
		when("a check is to look at it", resting(), asked),
		when("a check looks at it", resting(), asked, func(s *scene) { s.came(effect(decide.Watch), "", "") }),
		when("a check may not look at it", resting(), asked, func(s *scene) { s.came(effect(decide.Watch), cloud.Denied, "") }),
		when("nothing to do", resting(), asked, has),
		when("the check is no longer wanted", resting(), has),
		when("the check is off", resting(), has, func(s *scene) { s.came(effect(decide.Unwatch), "", "") }),
		when("the check is gone", resting(), has, func(s *scene) { s.came(effect(decide.Unwatch), cloud.NotFound, "") }),
		when("the check may not be taken off any more", resting(), has, func(s *scene) { s.came(effect(decide.Unwatch), cloud.Denied, "") }),
		when("another check is wanted", resting(), has, func(s *scene) { s.Node.Settings.StatusCheck = "asc-2" }),
		when("its application fails", resting(), asked, has, failing(70*time.Second)),
		when("its application fails soon after it began to serve", resting(), asked, has, failing(10*time.Second), func(s *scene) { s.Node.Grant.ServedAt = ago(119 * time.Second) }),
		when("its application has failed for the confirm window", resting(), asked, has, failing(70*time.Second), func(s *scene) { s.Config.Policy.ConfirmSeconds = 70 }),
		when("its application has not failed for the confirm window", resting(), asked, has, failing(69*time.Second), func(s *scene) { s.Config.Policy.ConfirmSeconds = 70 }),
		when("the node is deleted", leaves(), has),
		when("the node is deleted, and the check is off", leaves(), has, func(s *scene) { s.came(effect(decide.Unwatch), "", "") }),
	})
}
