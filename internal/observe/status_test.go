package observe_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func statusCalls(w *fake.World) int {
	n := 0
	for _, c := range w.Calls {
		if c == "EC2 DescribeInstanceStatus" {
			n++
		}
	}
	return n
}

// TestScheduledOnceAMinute: one call tells of all instances, and holds for a minute,
// unless another instance is asked for.
func TestScheduledOnceAMinute(t *testing.T) {
	w := fake.New(began)
	w.Scheduled = []cloud.Scheduled{{Instance: "i-1", ID: "e", Code: cloud.EventStop, NotBefore: began}}
	purse := &wallet{left: map[budget.API]float64{budget.DescribeStatus: 2}}
	o := observer(w, purse)
	one, two := observe.Need{Scheduled: []string{"i-1"}}, observe.Need{Scheduled: []string{"i-2"}}
	for i, c := range []struct {
		after time.Duration
		needs []observe.Need
		calls int
		later bool
	}{
		{0, []observe.Need{one}, 1, false},
		{30 * time.Second, []observe.Need{one}, 1, false},
		{0, []observe.Need{one, two}, 2, false},
		{10 * time.Second, []observe.Need{one}, 2, false},
		{time.Minute, []observe.Need{one, two}, 2, true}, // the budget is empty
	} {
		w.Time = w.Time.Add(c.after)
		f := read(t, o, w, c.needs)
		view := f.For(one, true)
		if n := statusCalls(w); n != c.calls || view.Postponed() != c.later {
			t.Fatalf("step %d: %d calls, postponed %v; wanted %d, %v", i, n, view.Postponed(), c.calls, c.later)
		}
		if c.later != (len(view.Scheduled["i-1"]) == 0) || len(view.Scheduled["i-2"]) > 0 {
			t.Errorf("step %d: events %v", i, view.Scheduled)
		}
		if f.For(observe.Need{}, true).Postponed() {
			t.Errorf("step %d: a node that needs no events waits for them", i)
		}
	}
}

// TestScheduledUnseen: that events cannot be read holds nobody up, and is tried
// again a little later.
func TestScheduledUnseen(t *testing.T) {
	w := fake.New(began)
	w.Fault = func(_ int, call string) (error, error) {
		if call == "EC2 DescribeInstanceStatus" {
			return fake.Refuse(cloud.Denied, "UnauthorizedOperation", "no"), nil
		}
		return nil, nil
	}
	o := observer(w, nil)
	for _, calls := range []int{1, 1, 2} {
		f := read(t, o, w, []observe.Need{{Scheduled: []string{"i-1"}}})
		if err := f.Unseen[observe.PartScheduled]; !cloud.Is(err, cloud.Denied) || errors.Is(err, observe.ErrLater) || f.Postponed() {
			t.Errorf("unseen because of %v", err)
		}
		if n := statusCalls(w); n != calls {
			t.Errorf("%d calls, wanted %d", n, calls)
		}
		w.Time = w.Time.Add(10 * time.Second)
	}
}

func TestScheduledIsNeededAtRestOnly(t *testing.T) {
	grant := &record.Grant{Instance: "i-1"}
	for _, c := range []struct {
		name  string
		node  record.Node
		sweep bool
		want  []string
	}{
		{"at rest, by the sweep", record.Node{Phase: record.Done, Grant: grant}, true, []string{"i-1"}},
		{"at rest, by a hint", record.Node{Phase: record.Done, Grant: grant}, false, nil},
		{"without a grant", record.Node{Phase: record.Done}, true, nil},
		{"under way", record.Node{Phase: record.Serving, Grant: grant}, true, nil},
		{"deleted", record.Node{Phase: record.Deleted}, true, nil},
	} {
		if got := observe.NeedOf(c.node, c.sweep, contract.DefaultPolicy(), began).Scheduled; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, wanted %v", c.name, got, c.want)
		}
	}
}

// TestFailing: the rounds of one sweep share an answer, and the next sweep asks anew.
func TestFailing(t *testing.T) {
	w := fake.New(began)
	w.Failing = []cloud.Failing{{Instance: "i-1", Reason: "asc-1: ConnectionRefused", Since: began}, {Instance: "i-2"}}
	purse := &wallet{left: map[budget.API]float64{budget.DescribeFailing: 2}}
	o := observer(w, purse)
	need := observe.Need{Failing: []string{"i-1"}}
	for i, c := range []struct {
		after time.Duration
		left  float64
		later bool
	}{{0, 1, false}, {19 * time.Second, 1, false}, {2 * time.Second, 0, false}, {time.Minute, 0, true}} {
		w.Time = w.Time.Add(c.after)
		f := read(t, o, w, []observe.Need{need})
		view := f.For(need, true)
		if got := purse.left[budget.DescribeFailing]; got != c.left || view.Postponed() != c.later {
			t.Errorf("step %d: %v tokens left, postponed %v; wanted %v, %v", i, got, view.Postponed(), c.left, c.later)
		}
		if _, impaired := view.Failing["i-1"]; impaired == c.later || len(view.Failing) > 1 {
			t.Errorf("step %d: impaired %v", i, view.Failing)
		}
	}
	node := record.Node{Phase: record.Done, Grant: &record.Grant{Instance: "i-1"}}
	if got := observe.NeedOf(node, true, contract.DefaultPolicy(), began).Failing; got != nil {
		t.Errorf("a node without a check needs the status of %v", got)
	}
	node.Settings.StatusCheck = "asc-1"
	if got := observe.NeedOf(node, true, contract.DefaultPolicy(), began).Failing; !slices.Equal(got, []string{"i-1"}) {
		t.Errorf("a node with a check needs the status of %v", got)
	}
}

// TestScheduledReadAgainWhileDraining: a memory from before the event was announced
// must not look as if it had been withdrawn.
func TestScheduledReadAgainWhileDraining(t *testing.T) {
	w := fake.New(began)
	o := observer(w, &wallet{left: map[budget.API]float64{budget.DescribeStatus: 9}})
	n := record.Node{ID: 1, Phase: record.Draining, Grant: &record.Grant{Instance: "i-1"}, Switch: &record.Switch{Kind: record.KindPlanned, From: "i-1"}}
	read(t, o, w, []observe.Need{{Scheduled: []string{"i-1"}}})
	w.Scheduled = []cloud.Scheduled{{Instance: "i-1", ID: "e", Code: cloud.EventStop, NotBefore: began}}
	w.Time = w.Time.Add(10 * time.Second)
	f := read(t, o, w, []observe.Need{observe.NeedOf(n, false, contract.DefaultPolicy(), w.Time)})
	if len(f.Scheduled["i-1"]) != 1 {
		t.Errorf("the event is not seen: %v", f.Scheduled)
	}
}
