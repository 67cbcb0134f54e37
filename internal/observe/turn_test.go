package observe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// wallet has so many tokens of each API left; of those it does not name, any number.
type wallet struct {
	left      map[budget.API]float64
	throttled int
}

func (w *wallet) Take(costs ...budget.Cost) bool {
	for _, c := range costs {
		if left, ok := w.left[c.API]; ok && left < c.Tokens {
			return false
		}
	}
	for _, c := range costs {
		if _, ok := w.left[c.API]; ok {
			w.left[c.API] -= c.Tokens
		}
	}
	return true
}

func (w *wallet) Throttled(...budget.Cost) { w.throttled++ }

func observer(w *fake.World, p observe.Purse) observe.Observer {
	ports := w.Ports()
	return observe.Observer{Ports: ports, Store: record.Store{Table: ports.Table, VPC: "vpc-1"}, IDTag: "id", VPC: "vpc-1", Now: w.Now, Memory: &observe.Memory{}, Purse: p}
}

func read(t *testing.T, o observe.Observer, w *fake.World, needs []observe.Need) observe.Facts {
	t.Helper()
	f, err := o.Read(t.Context(), needs, w.Time)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTargetGroupsInTurn: there is room for three groups in a round; the urgent ones are
// first, then who waited longest, and in the end everybody was looked at.
func TestTargetGroupsInTurn(t *testing.T) {
	w := fake.New(began)
	var needs []observe.Need
	for i := range 7 {
		arn := fmt.Sprintf("group-%d", i)
		w.Pools[arn] = &fake.Pool{TargetGroup: cloud.TargetGroup{ARN: arn, Kind: "instance", Port: 80, Balancers: 1}, Members: map[string]*fake.Member{}}
		rank := 1
		if i == 6 {
			rank = 0
		}
		needs = append(needs, observe.Need{Targets: []string{arn}, Rank: rank})
	}
	purse := &wallet{left: map[budget.API]float64{}}
	o := observer(w, purse)
	var turns [][]int
	for range 4 {
		purse.left[budget.Balancers] = 4 // one of them describes the groups
		f := read(t, o, w, needs)
		var seen []int
		for i, n := range needs {
			view := f.For(n, false)
			err := view.Unseen[observe.PartTargets]
			if err == nil {
				seen = append(seen, i)
			} else if !errors.Is(err, observe.ErrLater) || !view.Postponed() {
				t.Fatalf("node %d: %v", i, err)
			}
		}
		turns = append(turns, seen)
		w.Time = w.Time.Add(time.Second)
	}
	want := [][]int{{0, 1, 6}, {2, 3, 6}, {4, 5, 6}, {0, 1, 6}}
	if !slices.EqualFunc(turns, want, slices.Equal[[]int]) {
		t.Errorf("looked at %v, want %v", turns, want)
	}
}

// TestAlarmsFromAMomentAgo: where there is no room to read an alarm again, what was seen
// a few seconds ago counts, unless something has just told of the node.
func TestAlarmsFromAMomentAgo(t *testing.T) {
	w := fake.New(began)
	w.Watches["a"] = &cloud.Alarm{Name: "a", State: "OK"}
	purse := &wallet{left: map[budget.API]float64{budget.DescribeAlarms: 1}}
	o := observer(w, purse)
	need := observe.Need{Alarms: []string{"a", "gone"}}
	fresh := need
	fresh.Fresh = true
	f := read(t, o, w, []observe.Need{need})
	if f.Alarms["a"].State != "OK" || !f.AllAlarms() || f.For(fresh, false).Postponed() {
		t.Fatalf("read just now: %v, all known %v", f.Alarms, f.AllAlarms())
	}
	w.Alarm("a", "ALARM")
	w.Time = w.Time.Add(5 * time.Second)
	f = read(t, o, w, []observe.Need{need})
	if f.Alarms["a"].State != "OK" || !f.AllAlarms() || f.For(need, false).Postponed() {
		t.Errorf("5 s later: %v, all known %v", f.Alarms, f.AllAlarms())
	}
	if v := f.For(fresh, false); !errors.Is(v.Unseen[observe.PartAlarms], observe.ErrLater) || f.Unseen[observe.PartAlarms] != nil {
		t.Errorf("a node with news is content with what was seen 5 s ago: %v", v.Unseen)
	}
	o.Memory.ForgetAlarm("a")
	if f = read(t, o, w, []observe.Need{need}); f.AllAlarms() || !f.For(need, false).Postponed() {
		t.Error("an alarm that was rewritten is still known")
	}
	w.Time = w.Time.Add(6 * time.Second)
	if f = read(t, o, w, []observe.Need{{Alarms: []string{"gone"}}}); f.AllAlarms() {
		t.Error("what was seen 11 s ago still counts")
	}
	purse.left[budget.DescribeAlarms] = 1
	if f = read(t, o, w, []observe.Need{need}); f.Alarms["a"].State != "ALARM" || !f.AllAlarms() {
		t.Errorf("read again: %v", f.Alarms)
	}
}

// TestPowerStatesAreAllOrNothing: without room for them nothing is read.
func TestPowerStatesAreAllOrNothing(t *testing.T) {
	w := fake.New(began)
	o := observer(w, &wallet{left: map[budget.API]float64{budget.DescribeInstances: 1}})
	var ids []string
	for i := range 201 {
		ids = append(ids, fmt.Sprintf("i-%d", i))
	}
	needs := []observe.Need{{Instances: ids, Alarms: []string{"a"}}}
	if _, err := o.Read(t.Context(), needs, w.Time); !errors.Is(err, observe.ErrLater) || len(w.Calls) != 0 {
		t.Errorf("201 instances with room for one call: %v, calls %v", err, w.Calls)
	}
	if n := observe.Calls(needs); n != 2 {
		t.Errorf("201 instances take %d calls, want 2", n)
	}
}

// TestThrottledReadsAreNoted: the budget hears of it, and the part is unseen for that reason.
func TestThrottledReadsAreNoted(t *testing.T) {
	w := fake.New(began)
	w.Fault = func(_ int, call string) (error, error) {
		if call == "CloudWatch DescribeAlarms" {
			return fake.Refuse(cloud.Throttled, "ThrottlingException", ""), nil
		}
		return nil, nil
	}
	purse := &wallet{}
	f := read(t, observer(w, purse), w, []observe.Need{{Alarms: []string{"a"}}})
	if purse.throttled != 1 || !cloud.Is(f.Unseen[observe.PartAlarms], cloud.Throttled) {
		t.Errorf("%d throttlings noted, unseen %v", purse.throttled, f.Unseen)
	}
}

// crowd counts what is done through it.
type crowd struct{ n int }

func (c *crowd) Each(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	c.n += n
	for i := range n {
		do(ctx, i)
	}
}

// TestReadsGoThroughTheGang: the instances, the groups and, for each node, its targets
// and details take too long one after the other.
func TestReadsGoThroughTheGang(t *testing.T) {
	w := fake.New(began)
	var need observe.Need
	for i := range 3 {
		arn, id := fmt.Sprintf("group-%d", i), fmt.Sprintf("i-%d", i)
		w.Pools[arn] = &fake.Pool{TargetGroup: cloud.TargetGroup{ARN: arn}, Members: map[string]*fake.Member{}}
		w.Boxes[id] = &fake.Box{Instance: cloud.Instance{ID: id, State: cloud.Running}}
		need.Targets, need.Details, need.Instances = append(need.Targets, arn), append(need.Details, id), append(need.Instances, id)
	}
	o, c := observer(w, nil), &crowd{}
	o.Gang = c
	f := read(t, o, w, []observe.Need{need})
	if c.n != 8 || len(f.Details) != 3 || len(f.Targets) != 3 {
		t.Errorf("%d through the gang, %d details, %d groups; want 8, 3, 3", c.n, len(f.Details), len(f.Targets))
	}
}
