package decide_test

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestEffectsAreToldApart: an outcome is taken for that of another effect, and an effect for
// one that was decided on already, only if they are the same call.
func TestEffectsAreToldApart(t *testing.T) {
	target := func(id string, port int) []cloud.Target { return []cloud.Target{{ID: id, Port: port}} }
	effects := []decide.Effect{
		{Do: decide.Stop, Instance: before},
		{Do: decide.Stop, Instance: before, How: cloud.ForceOff},
		{Do: decide.Stop, Instance: after},
		{Do: decide.Terminate, Instance: before},
		{Do: decide.Unprotect, Instance: before},
		{Do: decide.Unprotect, Instance: before, Stop: true},
		{Do: decide.Isolate, Instance: before, NIC: "eni-1"},
		{Do: decide.Isolate, Instance: before, NIC: "eni-2"},
		{Do: decide.Launch, Launch: cloud.Launch{Token: "one"}},
		{Do: decide.Launch, Launch: cloud.Launch{Token: "two"}},
		{Do: decide.Remember, Key: "az-a#m7g.large"},
		{Do: decide.Remember, Key: "az-b#m7g.large"},
		{Do: decide.Register, Group: byID, Targets: target(before, 80)},
		{Do: decide.Register, Group: byID, Targets: target(before, 81)},
		{Do: decide.Register, Group: byID, Targets: target(after, 80)},
		{Do: decide.Register, Group: byIP, Targets: target(before, 80)},
		{Do: decide.Deregister, Group: byID, Targets: target(before, 80)},
		{Do: decide.Repoint, Alarm: alarmInst, Instance: before},
		{Do: decide.Repoint, Alarm: alarmApp, Instance: before},
		{Do: decide.Deliver, Post: record.Post{Key: "one"}},
		{Do: decide.Deliver, Post: record.Post{Key: "two"}},
		{Do: decide.Unmount, Mount: cloud.Mount{ID: "fsmt-1"}},
		{Do: decide.Unmount, Mount: cloud.Mount{ID: "fsmt-2"}},
		{Do: decide.Mount, Mount: cloud.Mount{ID: "fsmt-1"}, FileSystem: files},
		{Do: decide.Mount, Mount: cloud.Mount{ID: "fsmt-1"}, FileSystem: "fs-8"},
	}
	known := map[string]decide.Effect{}
	for _, e := range effects {
		if other, twice := known[e.ID()]; twice {
			t.Errorf("%+v has the id of %+v: %s", e, other, e.ID())
		}
		known[e.ID()] = e
		again := e
		again.Node, again.Epoch = 9, 9 // of whatever node and epoch: a step is about one node
		if again.ID() != e.ID() {
			t.Errorf("%+v is not recognised", e)
		}
	}
}
