package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
)

// tally counts the calls made since a call number, by name.
func tally(w *fake.World, from int, names ...string) map[string]int {
	count := map[string]int{}
	for _, n := range names {
		count[n] = 0
	}
	for _, c := range w.Calls[from:] {
		if _, ok := count[c]; ok {
			count[c]++
		}
	}
	return count
}

// hung makes a herd of which every node hangs at once, and says how many calls were made before.
func hung(t *testing.T, nodes int) (*herd, int) {
	t.Helper()
	h := newHerd(t, 100, make([]string, nodes)...)
	for id := 1; id <= nodes; id++ {
		h.w.Alarm(h.alarm(id, contract.AlarmInstance), "ALARM")
	}
	return h, len(h.w.Calls)
}

func TestEffectsOfManyNodesShareACall(t *testing.T) {
	h, start := hung(t, 4)
	h.call(sweep)
	if h.switched() != 4 {
		t.Fatalf("%d of 4 switched", h.switched())
	}
	want := map[string]int{"EC2 CreateTags": 1, "EC2 StopInstances": 1, "EC2 TerminateInstances": 1, "EC2 RunInstances": 4, "EC2 ModifyNetworkInterfaceAttribute": 4}
	got := tally(h.w, start, "EC2 CreateTags", "EC2 StopInstances", "EC2 TerminateInstances", "EC2 RunInstances", "EC2 ModifyNetworkInterfaceAttribute")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestOneBadInstanceDoesNotKeepTheOthers: a call that is refused because of one
// instance is taken apart, and only its node is told of the refusal.
func TestOneBadInstanceDoesNotKeepTheOthers(t *testing.T) {
	h, start := hung(t, 4)
	bad := h.w.Boxes[h.node(3).Grant.Instance]
	h.w.Fault = func(_ int, call string) (error, error) {
		if call == "EC2 StopInstances" { // set by hand after the blueprint was taken: the refusal tells
			bad.ProtectStop, h.w.Fault = true, nil
		}
		return nil, nil
	}
	h.call(sweep)
	if h.switched() != 4 {
		t.Fatalf("%d of 4 switched", h.switched())
	}
	// All four, two and two, one and one of the second half; then the bad one's protection is cleared and it is stopped.
	want := map[string]int{"EC2 StopInstances": 6, "EC2 ModifyInstanceAttribute": 1}
	if diff := cmp.Diff(want, tally(h.w, start, "EC2 StopInstances", "EC2 ModifyInstanceAttribute")); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestThrottledCallIsNotTakenApart: it says nothing about any instance.
func TestThrottledCallIsNotTakenApart(t *testing.T) {
	for _, kind := range []cloud.Kind{cloud.Throttled, cloud.Ambiguous} {
		h, start := hung(t, 4)
		failures := 1
		h.w.Fault = func(_ int, call string) (error, error) {
			if call == "EC2 StopInstances" && failures > 0 {
				failures--
				return fake.Refuse(kind, "", "not now"), nil
			}
			return nil, nil
		}
		h.call(sweep)
		if got := tally(h.w, start, "EC2 StopInstances")["EC2 StopInstances"]; got != 2 || h.switched() != 4 {
			t.Errorf("%s: %d calls, %d of 4 switched; want 2 and 4", kind, got, h.switched())
		}
	}
}

// rewritten is the table where somebody else always comes first.
type rewritten struct {
	cloud.Table
	first func(cloud.Item) bool
}

func (r rewritten) Put(ctx context.Context, item cloud.Item, prev int64) error {
	if r.first(item) {
		return fake.Refuse(cloud.Conflict, "ConditionalCheckFailedException", item.Sort)
	}
	return r.Table.Put(ctx, item, prev)
}

// TestNoEffectOfANodeThatWasNotSaved: its neighbours go on, and nothing of it is
// done on the strength of what was not saved.
func TestNoEffectOfANodeThatWasNotSaved(t *testing.T) {
	h, _ := hung(t, 3)
	instance := h.node(2).Grant.Instance
	ports, conflicts := h.w.Ports(), 0
	ports.Table = rewritten{ports.Table, func(i cloud.Item) bool {
		if i.Sort != contract.NodeKey(2) || conflicts == 20 {
			return false
		}
		conflicts++
		if b := h.w.Boxes[instance]; b.State != cloud.Running || b.Tags[contract.CondemnedTag] != contract.NoEpoch || !slices.Equal(b.Interfaces[0].Groups, []string{"sg-app"}) {
			t.Fatalf("after %d conflicts %s is %s, tags %v, groups %v", conflicts, instance, b.State, b.Tags, b.Interfaces[0].Groups)
		}
		return true
	}}
	h.use(ports)
	h.call(sweep)
	if conflicts != 20 || h.switched() != 3 {
		t.Errorf("%d conflicts, %d of 3 switched", conflicts, h.switched())
	}
}

// TestAnswerOutlivesAConflict: what EC2 said of a launch is known, whoever saves the
// record first; the request is not sent again to learn it, and this invocation does not
// count as one that may still send it.
func TestAnswerOutlivesAConflict(t *testing.T) {
	h, start := hung(t, 3)
	ports, conflicts := h.w.Ports(), 0
	ports.Table = rewritten{ports.Table, func(i cloud.Item) bool {
		if i.Sort != contract.NodeKey(2) || conflicts == 3 || tally(h.w, start, "EC2 RunInstances")["EC2 RunInstances"] < 3 {
			return false
		}
		conflicts++
		return true
	}}
	h.use(ports)
	h.call(sweep)
	if got := tally(h.w, start, "EC2 RunInstances")["EC2 RunInstances"]; conflicts != 3 || got != 3 || h.switched() != 3 {
		t.Errorf("%d conflicts, %d launch requests, %d of 3 switched; want 3 of each", conflicts, got, h.switched())
	}
}

// TestOutcomesOfAnotherRecord: what was done is not believed any more when another
// leader wrote the record meanwhile. It may have undone it: here, the tag without which
// nothing is powered off.
func TestOutcomesOfAnotherRecord(t *testing.T) {
	h, start := hung(t, 1)
	instance := h.node(1).Grant.Instance
	var blind, over bool
	h.w.Fault = func(_ int, call string) (error, error) {
		box := h.w.Boxes[instance]
		switch tagged := contract.IsEpoch(box.Tags[contract.CondemnedTag]); {
		case call == "EC2 DescribeInstances" && tagged && !blind && !over:
			blind = true
			h.w.Later(h.w.Time.Add(90*time.Second), func() { blind, over = false, true })
			box.Tags[contract.CondemnedTag] = contract.NoEpoch
			for key, item := range h.w.Items {
				if item.Sort == contract.NodeKey(1) && strings.HasPrefix(item.Partition, "vpc#") {
					item.Revision++
					h.w.Items[key] = item
				}
			}
		case (call == "EC2 StopInstances" || call == "EC2 TerminateInstances") && !tagged:
			t.Errorf("%s of an instance without the tag", call)
		}
		if call == "EC2 DescribeInstances" && blind {
			return fake.Refuse(cloud.Throttled, "", "not now"), nil
		}
		return nil, nil
	}
	h.call(sweep)
	if got := tally(h.w, start, "EC2 CreateTags")["EC2 CreateTags"]; !over || got != 2 || h.switched() != 1 {
		t.Errorf("tagged %d times, want 2; %d of 1 switched; throttled for long: %v", got, h.switched(), over)
	}
}
