package sim

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// play runs one process for a minute and returns what it and others told.
func play(t *testing.T, body func(s *Sim, p *Proc, tell func(string, ...any))) ([]string, error) {
	t.Helper()
	s := NewSim(1)
	defer s.Close()
	var told []string
	tell := func(format string, args ...any) {
		told = append(told, fmt.Sprintf("%g ", s.at.Seconds())+fmt.Sprintf(format, args...))
	}
	p := &Proc{Name: "p"}
	s.Go(p, func() { body(s, p, tell) }, func() { tell("ended") })
	err := s.Run(epoch.Add(time.Minute))
	return told, err
}

func TestEventsComeInOrderOfTimeAndThenOfTheirMaking(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var h eventHeap
	var want []event
	for seq := range 500 {
		e := event{at: time.Duration(r.IntN(40)), seq: seq}
		h.push(e)
		want = append(want, e)
		if r.IntN(3) == 0 {
			least := slices.MinFunc(want, byTime)
			if got := h.pop(); got.at != least.at || got.seq != least.seq {
				t.Fatalf("got %d/%d, want %d/%d", got.at, got.seq, least.at, least.seq)
			}
			want = slices.DeleteFunc(want, func(e event) bool { return e.seq == least.seq })
		}
	}
	slices.SortFunc(want, byTime)
	for _, e := range want {
		if got := h.pop(); got.seq != e.seq {
			t.Fatalf("got %d/%d, want %d/%d", got.at, got.seq, e.at, e.seq)
		}
	}
}

func byTime(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) }

func TestWhatIsOwedPassesBeforeTheNextStep(t *testing.T) {
	told, err := play(t, func(s *Sim, p *Proc, tell func(string, ...any)) {
		s.After(2*time.Second, func() { tell("another") })
		p.Park(time.Second)
		p.Owe(3 * time.Second)
		tell("its clock shows %g", p.Now().Sub(epoch).Seconds())
		p.Park(time.Second)
		tell("goes on")
	})
	want := []string{"1 its clock shows 4", "2 another", "5 goes on", "5 ended"}
	if diff := gocmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestGangPartsRunSideBySide(t *testing.T) {
	told, err := play(t, func(s *Sim, p *Proc, tell func(string, ...any)) {
		s.After(3500*time.Millisecond, func() { tell("another") })
		p.Owe(time.Second)
		gang{p}.Each(context.Background(), gangSize+2, func(_ context.Context, i int) {
			p.Park(time.Duration(1+(i+2)%3) * time.Second)
			if i >= gangSize-1 {
				tell("part %d", i)
			}
			p.Owe(500 * time.Millisecond)
		})
		tell("all have ended, its clock shows %g", p.Now().Sub(epoch).Seconds())
		gang{p}.Each(context.Background(), 1, func(context.Context, int) { tell("one alone is the caller: %v", len(p.threads) == 1) })
	})
	want := []string{ // 32 at once, the two others when the first have ended
		"2 part 31", "3.5 another", "4.5 part 32", "5.5 part 33", "5.5 all have ended, its clock shows 6", "5.5 one alone is the caller: true", "6 ended",
	}
	if diff := gocmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestCrashOfAPartEndsAll(t *testing.T) {
	told, err := play(t, func(_ *Sim, p *Proc, tell func(string, ...any)) {
		defer func() {
			defer tell("unwound")
			p.Park(time.Second) // a deferred call
			tell("never")
		}()
		gang{p}.Each(context.Background(), 3, func(_ context.Context, i int) {
			p.Park(time.Duration(1+i) * time.Second)
			tell("part %d", i)
			if i == 1 {
				p.Kill()
				panic(killed{})
			}
		})
		tell("never")
	})
	want := []string{"1 part 0", "2 part 1", "3 unwound", "3 ended"}
	if diff := gocmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestPanicOfAPartIsTheCallers(t *testing.T) {
	told, err := play(t, func(_ *Sim, p *Proc, tell func(string, ...any)) {
		gang{p}.Each(context.Background(), 2*gangSize, func(_ context.Context, i int) {
			p.Park(time.Second)
			if i == 0 {
				panic("boom")
			}
			if i >= gangSize {
				tell("begun after the panic")
			}
		})
	})
	if err == nil || !strings.Contains(err.Error(), "boom") || len(told) != 0 {
		t.Errorf("%v, %v", err, told)
	}
}

func TestFreezeStopsAllParts(t *testing.T) {
	told, err := play(t, func(_ *Sim, p *Proc, tell func(string, ...any)) {
		gang{p}.Each(context.Background(), 2, func(_ context.Context, i int) {
			if i == 0 {
				p.Freeze(10 * time.Second)
			} else {
				p.Park(time.Second)
			}
			tell("part %d", i)
		})
	})
	want := []string{"10 part 0", "11 part 1", "11 ended"} // the other had not begun
	if diff := gocmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestReachablePairsAreAllOrExplained: each pair of phase and fault is demanded of
// a long campaign, or has a reason why not.
func TestReachablePairsAreAllOrExplained(t *testing.T) {
	pairs, others := Reachable()
	if got, want := len(pairs)+len(others), len(allPhases)*(len(ofCalls)+len(ofWorld)); got != want {
		t.Errorf("%d pairs of %d", got, want)
	}
	for _, p := range pairs {
		if others[p] != "" {
			t.Errorf("%s is demanded, and cannot be: %s", p, others[p])
		}
	}
	sum := Summary{Runs: long, Stats: NewStats()}
	for _, p := range pairs[1:] {
		sum.Pairs[p] = enough
	}
	sum.Pairs[pairs[0]] = enough - 1
	if got := sum.Missed(); len(got) != 1 || !strings.HasPrefix(got[0], pairs[0].String()) {
		t.Errorf("missed: %v", got)
	}
	if sum.Runs--; len(sum.Missed()) != 0 {
		t.Error("a short campaign is asked for every pair")
	}
}
