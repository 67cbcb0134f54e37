package decide_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestEventsTellWhatHappened: an event says which switch it is about and why that began, what
// carries the node if anything does, how long each step took, and, when all is over, how long the
// node did not serve. Others' rules and dashboards read these fields (docs/events.md).
func TestEventsTellWhatHappened(t *testing.T) {
	completed := served()
	completed.state(before, cloud.Terminated)
	completed.Facts.Targets[byID], completed.Facts.Targets[byIP] = completed.Facts.Targets[byID][1:], completed.Facts.Targets[byIP][1:]
	completed.Node.Switch.Marks["serving"] = ago(6 * time.Second)
	interrupted := served()
	interrupted.came(decide.Effect{Do: decide.Deregister, Group: byID}, cloud.Denied, "")
	begun := resting()
	begun.state(before, cloud.Stopped)
	rested := resting()
	rested.came(decide.Effect{Do: decide.Regroup, NIC: "eni-0-i-old"}, cloud.Denied, "")

	type detail = map[string]any
	node := detail{"version": 1.0, "switcher": "rec", "vpc": "vpc-1", "node": 7.0, "name": "seven", "at": "2026-01-02T03:04:05Z"}
	course := detail{"switch": "7-2", "kind": "recover", "from": before, "fromZone": "az-b"}
	carried, cause := detail{"instance": after, "zone": "az-c"}, detail{"cause": "it was stopped", "causedAt": "2026-01-02T03:03:35Z"}
	all := func(parts ...detail) detail {
		whole := detail{}
		for _, p := range parts {
			maps.Copy(whole, p)
		}
		return whole
	}
	for name, c := range map[string]struct {
		s    *scene
		kind string
		want detail
	}{
		"completed": {completed, contract.DetailSwitched, all(node, course, carried, cause, detail{
			"code": "WR118", "epoch": 2.0, "phase": "serving", "recoverySeconds": 25.0, "secondsToPhase": detail{"confirmed": 10.0, "serving": 24.0},
		})},
		"interrupted while the old one is cleared away": {interrupted, contract.DetailInterrupted, all(node, course, carried, cause, detail{
			"code": "WR302", "epoch": 2.0, "phase": "serving", "secondsToPhase": detail{"confirmed": 10.0},
		})},
		"begun": {begun, contract.DetailFailure, all(node, course, detail{
			"code": "WR110", "epoch": 2.0, "phase": "confirmed", "cause": "i-old is stopped", "causedAt": "2026-01-02T03:04:05Z", "secondsToPhase": detail{"confirmed": 0.0},
		})},
		"interrupted at rest": {rested, contract.DetailInterrupted, all(node, detail{"code": "WR302", "epoch": 1.0, "phase": "done", "instance": before, "zone": "az-b"})},
	} {
		var got []detail
		for _, p := range decide.Decide(c.s.Input).Node.Outbox {
			if p.Kind != record.PostEvent || p.Subject != c.kind {
				continue
			}
			d := detail{}
			if err := json.Unmarshal(p.Body, &d); err != nil {
				t.Fatal(err)
			}
			for _, words := range []string{"text", "reason", "action"} { // for people; the catalogue's
				if d[words] == "" {
					t.Errorf("%s: no %s", name, words)
				}
				delete(d, words)
			}
			got = append(got, d)
		}
		if diff := cmp.Diff([]detail{c.want}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
