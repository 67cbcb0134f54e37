package budget

import (
	"encoding/json"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

const (
	calls API = "calls"
	all   API = "all"
)

func small() map[API]Limit {
	return map[API]Limit{calls: {Capacity: 6, Refill: 2}, all: {Capacity: 9, Refill: 4}} // of which one token is left
}

// drain takes single tokens until there is none, and says how many there were.
func drain(b *Budget, now time.Time, costs ...Cost) (n int) {
	for b.Take(now, costs...) {
		n++
	}
	return n
}

func TestBucketHoldsItsCapacityAndRefills(t *testing.T) {
	b := New(small(), start)
	one := Cost{calls, 1}
	for _, c := range []struct {
		at   float64
		want int
	}{{0, 5}, {0, 0}, {0.4, 0}, {0.5, 1}, {2, 3}, {100, 5}, {99, 0}} {
		if got := drain(b, at(c.at), one); got != c.want {
			t.Errorf("after %v s: %d calls, want %d", c.at, got, c.want)
		}
	}
}

func TestAllBucketsOrNone(t *testing.T) {
	b := New(small(), start)
	if got := drain(b, start, Cost{calls, 1}, Cost{all, 1}); got != 5 {
		t.Fatalf("%d calls, want the smaller bucket's 5", got)
	}
	if got := b.Most(start, all); got != 3 {
		t.Errorf("%d left of the larger, want 3: a refused call took some", got)
	}
	if !b.Take(start, Cost{"no such bucket", 9}) {
		t.Error("an API without a bucket is refused")
	}
}

func TestMoreThanTheBucketHoldsIsADebt(t *testing.T) {
	b := New(small(), start)
	if !b.Take(start, Cost{calls, 9}) {
		t.Fatal("a full bucket refuses a call larger than it")
	}
	if b.Take(at(2.4), Cost{calls, 1}) || !b.Take(at(2.5), Cost{calls, 1}) {
		t.Error("four tokens of debt and one more take 2.5 s at 2 a second, and then one")
	}
}

func TestReserve(t *testing.T) {
	b := New(small(), start)
	drain(b, start, Cost{calls, 1})
	for _, want := range []time.Duration{500 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second} {
		if got, ok := b.Reserve(start, 2*time.Second, Cost{calls, 1}); !ok || (got-want).Abs() > time.Millisecond {
			t.Errorf("a call may be made in %v (%v), want %v", got, ok, want)
		}
	}
	if got, ok := b.Reserve(start, 2*time.Second, Cost{calls, 1}); ok {
		t.Errorf("a fifth call is promised for %v: it takes 2.5 s", got)
	}
	if b.Take(at(2), Cost{calls, 1}) || !b.Take(at(2.5), Cost{calls, 1}) {
		t.Error("what was promised is not taken by others, and what comes after it is there")
	}
}

func TestShare(t *testing.T) {
	b := New(small(), start)
	b.Share(80, 2, start)
	if got := drain(b, start, Cost{calls, 1}); got != 2 {
		t.Errorf("%d calls of 5, want 40 %%", got)
	}
	if got := drain(b, at(10), Cost{all, 1}); got != 3 {
		t.Errorf("%d calls of 8, want 40 %%", got)
	}
	b.Share(10, 4, at(20))
	if got := drain(b, at(100), Cost{calls, 1}); got != 1 {
		t.Errorf("%d calls of a very small share, want one", got)
	}
	if b.Take(at(119), Cost{calls, 1}) || !b.Take(at(120.1), Cost{calls, 1}) {
		t.Error("a fortieth of 2 a second is one in 20 s")
	}
}

func TestThrottlingHalvesTheRateAndItRecovers(t *testing.T) {
	rate := func(b *Budget, from float64) int {
		drain(b, at(from), Cost{calls, 1})
		n := 0
		for i := 1; i <= 20; i++ { // two seconds; never full
			n += drain(b, at(from+float64(i)/10), Cost{calls, 1})
		}
		return n
	}
	b := New(small(), start)
	if got := rate(b, 0); got != 4 {
		t.Fatalf("%d in 2 s, want 4", got)
	}
	for range 5 { // five refusals of one moment
		b.Throttled(at(3), Cost{calls, 1})
	}
	if b.Take(at(3), Cost{calls, 1}) {
		t.Error("a call right after a refusal")
	}
	if got := rate(b, 3); got != 2 {
		t.Errorf("%d in 2 s after a refusal, want half", got)
	}
	if got := rate(b, 20); got != 4 {
		t.Errorf("%d in 2 s some seconds later, want all", got)
	}
	for i := range 20 {
		b.Throttled(at(100+float64(i)), Cost{calls, 1})
	}
	if b.Take(at(121), Cost{calls, 1}) || !b.Take(at(129), Cost{calls, 1}) {
		t.Error("after many refusals: not at once, and not never")
	}
	if got := rate(b, 300); got != 4 {
		t.Errorf("%d in 2 s in the end, want all", got)
	}
}

// TestOverTime: whatever is asked for when, no more than AWS allows is taken.
func TestOverTime(t *testing.T) {
	b := New(small(), start)
	taken := 0.0
	for ms := 0; ms < 60_000; ms += 7 {
		cost := float64(1 + ms%3)
		if b.Take(at(float64(ms)/1000), Cost{calls, cost}) {
			taken += cost
		}
		if most := 5 + 2*float64(ms)/1000; taken > most {
			t.Fatalf("%v tokens in %d ms, AWS allows %v", taken, ms, most)
		}
	}
	if taken < 118 {
		t.Errorf("%v tokens in a minute, AWS allows 125", taken)
	}
}

func TestNextLeader(t *testing.T) {
	leave := func(b *Budget, now time.Time) State {
		text, err := json.Marshal(b.State(now))
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	former := New(small(), start)
	drain(former, at(10), Cost{calls, 1})
	former.Throttled(at(10), Cost{all, 1})
	left := leave(former, at(10))

	next := New(small(), at(10))
	next.Resume(left, 5*time.Second, at(10))
	if next.Take(at(14), Cost{calls, 1}) {
		t.Error("takes at once what the former leader has used up")
	}
	if got := drain(next, at(16), Cost{calls, 1}); got != 2 {
		t.Errorf("%d calls 6 s later, want 2: a second beyond the margin", got)
	}
	if got := drain(next, at(16), Cost{all, 1}); got != 2 {
		t.Errorf("%d calls of the throttled, want half of what a second brings", got)
	}

	untouched := New(small(), at(10))
	untouched.Resume(leave(New(small(), start), at(10)), 5*time.Second, at(10))
	if got := drain(untouched, at(10), Cost{calls, 1}); got != 5 {
		t.Errorf("%d calls after a leader that used none, want 5", got)
	}

	dead := New(small(), at(100))
	dead.Emptied(at(99), at(100))
	if got := drain(dead, at(100), Cost{calls, 1}); got != 2 {
		t.Errorf("%d calls a second after a leader that died, want 2", got)
	}
}

func TestLimitsAreUsable(t *testing.T) {
	for api, l := range Limits(2) {
		if l.Capacity < 1 || l.Refill <= 0 {
			t.Errorf("%s: %+v would never allow a call", api, l)
		}
	}
	if got := Limits(7)[RunInstances].Refill; got != 7 {
		t.Errorf("launches refill by %v, the policy says 7", got)
	}
}
