package decide_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestEventsTellWhereAndHowLong: an event names the instance that carries the node, if one
// does, and a completed switch how long the node did not serve. docs/events.md promises both.
func TestEventsTellWhereAndHowLong(t *testing.T) {
	completed := served()
	completed.state(before, cloud.Terminated)
	completed.Facts.Targets[byID], completed.Facts.Targets[byIP] = completed.Facts.Targets[byID][1:], completed.Facts.Targets[byIP][1:]
	interrupted := served()
	interrupted.came(decide.Effect{Do: decide.Deregister, Group: byID}, cloud.Denied, "")
	failed := resting()
	failed.state(before, cloud.Stopped)
	type told struct {
		Instance, Zone, From, FromZone string
		Recovery                       any // seconds; nil: it does not say
	}
	for name, c := range map[string]struct {
		s    *scene
		kind string
		want told
	}{
		"completed": {completed, contract.DetailSwitched, told{after, "az-c", before, "az-b", 25.0}},
		"interrupted while the old one is cleared away": {interrupted, contract.DetailInterrupted, told{after, "az-c", before, "az-b", nil}},
		"begun": {failed, contract.DetailFailure, told{"", "", before, "az-b", nil}},
	} {
		var got []told
		for _, p := range decide.Decide(c.s.Input).Node.Outbox {
			if p.Kind != record.PostEvent || p.Subject != c.kind {
				continue
			}
			var d map[string]any
			if err := json.Unmarshal(p.Body, &d); err != nil {
				t.Fatal(err)
			}
			text := func(key string) string { s, _ := d[key].(string); return s }
			got = append(got, told{text("instance"), text("zone"), text("from"), text("fromZone"), d["recoverySeconds"]})
		}
		if diff := cmp.Diff([]told{c.want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
