package decide_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// onward makes a row of Onward: the facts of the scene serve every phase.
func onward(name string, s *scene, change ...func(*scene)) decision {
	return decision{name, func() (record.Node, decide.Step) {
		for _, c := range change {
			c(s)
		}
		return s.Node, decide.Onward(s.Input, func(record.Node) (observe.Facts, bool) { return s.Facts, true })
	}}
}

// whole: EC2 has shown the original whole, so that it is the model.
func whole(s *scene) {
	s.Facts.Details[before] = cloud.Details{UserData: "data", ShutdownBehavior: "stop"}
}

// gateable is a node with a gate, at rest.
func gateable() *scene {
	s := resting()
	s.Node.Settings.Gate = true
	s.tag(before, "recovery:gate", before+":1")
	return s
}

// TestDecisionsOnward: how far a switch gets with one look. What both of its decisions want
// done is done, told and counted once; nothing that the step itself brings about counts before
// it was seen; and a grant has a look of its own.
func TestDecisionsOnward(t *testing.T) {
	stopped := func(s *scene) { s.state(before, cloud.Stopped) }
	silent := func(s *scene) { s.alarm(alarmApp, "ALARM", now) }
	isolated := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) {
			s.came(decide.Effect{Do: decide.Isolate, Instance: before, NIC: "eni-0-" + before, Groups: []string{hole}}, kind, "")
			s.came(decide.Effect{Do: decide.Isolate, Instance: before, NIC: "eni-1-" + before, Groups: []string{hole}}, kind, "")
		}
	}
	open := func(s *scene) { // tagged, and its interfaces as they were
		was := machine(before, "az-b", s.Facts.Instances[before].State)
		i := s.Facts.Instances[before]
		i.Interfaces = was.Interfaces
		s.Facts.Instances[before] = i
	}
	running := func(s *scene) { s.Facts.Instances[after] = machine(after, "az-c", cloud.Running) }
	pending := func(s *scene) { s.Facts.Instances[after] = machine(after, "az-c", cloud.Pending) }
	undelivered := func(s *scene) {
		p := record.Post{Key: "notice-1", Kind: record.PostNotice, Subject: "s", Text: "t"}
		s.Node.Outbox = []record.Post{p}
		s.came(decide.Effect{Do: decide.Deliver, Post: p}, cloud.Throttled, "")
	}
	suspected := func(s *scene) {
		s.Node.Phase = record.Suspected
		s.Node.Switch = &record.Switch{Kind: record.KindRecover, Cause: record.Cause{Kind: event.CauseStopped, Detail: "it was stopped", At: now}, Started: now}
	}
	decisions(t, "onward", []decision{
		onward("all is well", resting()),
		onward("it fails", resting(), silent, whole),
		onward("it fails, and EC2 does not describe it", resting(), silent),
		onward("with a gate, it fails", gateable(), silent, whole),
		onward("with a gate, it fails, and a hint says so", gateable(), stopped, whole, func(s *scene) { s.hint(event.CauseStopped, before) }),
		onward("with a gate, a suspicion is confirmed", gateable(), stopped, whole, suspected),
		onward("with a gate, it fails, and no zone is left", gateable(), stopped, whole, func(s *scene) { s.Facts.Subnets = s.Facts.Subnets[1:2] }),
		onward("with a gate, it fails, and a notice was not delivered", gateable(), stopped, whole, undelivered),
		onward("isolated and off", moving(record.Confirmed), stopped),
		onward("fenced", moving(record.Fencing), stopped),
		onward("fenced, and no zone is left", moving(record.Fencing), stopped, func(s *scene) { s.Facts.Subnets = s.Facts.Subnets[1:2] }),
		onward("fenced, and the launch that was open when somebody started it again is accepted", asked(moving(record.Fencing)), stopped, answered("")),
		onward("accepted, and not seen yet", asked(off()), answered("")),
		onward("accepted, and pending", asked(off()), answered(""), pending),
		onward("accepted, and it runs already", asked(off()), answered(""), running),
		onward("with a gate, accepted, and the failed one was isolated a moment ago", asked(gated(record.Launching)), open, isolated(""), answered(""), pending),
		onward("with a gate, accepted, and isolating the failed one was throttled", asked(gated(record.Launching)), open, isolated(cloud.Throttled), answered(""), pending),
		onward("with a gate, accepted, and it died", asked(gated(record.Launching)), answered(""), running, func(s *scene) { s.state(after, cloud.Terminated) }),
		{"with a gate, it fails, and what the next phase needs was not looked at", func() (record.Node, decide.Step) {
			s := gateable()
			stopped(s)
			whole(s)
			return s.Node, decide.Onward(s.Input, func(n record.Node) (observe.Facts, bool) { return s.Facts, n.Phase == record.Confirmed })
		}},
	})
}

// TestOnwardLooksAsTheNodeIsByThen: each decision rests on what the node needs in its new phase,
// and none is made for a phase that needs a look of its own.
func TestOnwardLooksAsTheNodeIsByThen(t *testing.T) {
	for name, c := range map[string]struct {
		s    *scene
		want []record.Phase
	}{
		"all is well": {resting(), nil},
		"it fails":    {gateable(), []record.Phase{record.Confirmed, record.Launching}},
		"fenced":      {moving(record.Fencing), []record.Phase{record.Launching}},
		"drained":     {draining(record.KindPlanned), nil},
		"it serves":   {serving(), nil},
	} {
		if name != "all is well" {
			whole(c.s)
			c.s.state(before, cloud.Stopped)
		}
		var looked []record.Phase
		decide.Onward(c.s.Input, func(n record.Node) (observe.Facts, bool) {
			looked = append(looked, n.Phase)
			return c.s.Facts, true
		})
		if diff := cmp.Diff(c.want, looked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
