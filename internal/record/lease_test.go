package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const leaseItem = "vpc#vpc-1|lease"

// held is a's lease of 30 s, to be cut off after 15 minutes.
func held(t *testing.T, s record.Store) record.Lease {
	t.Helper()
	l, ok, err := s.AcquireLease(t.Context(), "a", began, began.Add(15*time.Minute))
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	return l
}

// TestLeaseIsFreeOnlyAfterItsMargin: the clocks of two invocations may differ by 5 s.
func TestLeaseIsFreeOnlyAfterItsMargin(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		free  bool
	}{{0, false}, {35*time.Second - 1, false}, {35 * time.Second, true}} {
		w, s := store()
		was := held(t, s)
		l, ok, err := s.AcquireLease(t.Context(), "b", began.Add(c.after), tomorrow)
		if err != nil || ok != c.free {
			t.Errorf("after %v: %v, %v", c.after, ok, err)
		}
		if !c.free {
			if l.Holder != "a" || w.Items[leaseItem].Revision != 1 {
				t.Errorf("after %v: who does not get it is told of %+v, revision %d", c.after, l, w.Items[leaseItem].Revision)
			}
			continue
		}
		want := record.Lease{Holder: "b", Term: 2, Until: began.Add(c.after + 30*time.Second), Deadline: tomorrow, Began: began, Former: &was}
		if diff := cmp.Diff(want, l, cmpopts.IgnoreUnexported(record.Lease{})); diff != "" {
			t.Errorf("after %v (-want +got)\n%s", c.after, diff)
		}
	}
}

// TestNextHolderKnowsTheFormer: what the former one left of the API budgets, its item among the
// Region's leaders, and until when calls of it may still arrive.
func TestNextHolderKnowsTheFormer(t *testing.T) {
	_, s := store()
	first := held(t, s)
	if first.Former != nil {
		t.Errorf("the first lease has a former one: %+v", first.Former)
	}
	first.Budget, first.Live = []byte(`{"EC2":1}`), 3
	first, err := s.RenewLease(t.Context(), first, began.Add(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ReleaseLease(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	next, ok, err := s.AcquireLease(t.Context(), "b", began.Add(11*time.Second), tomorrow)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	was := first
	was.Until = time.Time{} // released
	want := record.Lease{Holder: "b", Term: 2, Until: began.Add(41 * time.Second), Deadline: tomorrow, Budget: first.Budget, Live: 3, Began: began, Former: &was}
	if diff := cmp.Diff(want, next, cmpopts.IgnoreUnexported(record.Lease{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestOwnLeaseIsFree: Lambda tries an invocation again under its id when the earlier try has
// ended, and need not wait for the lease of that.
func TestOwnLeaseIsFree(t *testing.T) {
	_, s := store()
	held(t, s)
	if l, ok, err := s.AcquireLease(t.Context(), "a", began.Add(time.Second), tomorrow); err != nil || !ok || l.Term != 2 {
		t.Errorf("%v, term %d, %v", ok, l.Term, err)
	}
}

// TestRenewedLeaseStandsLonger: by one write, which only the newest revision allows.
func TestRenewedLeaseStandsLonger(t *testing.T) {
	w, s := store()
	l := held(t, s)
	for i := 1; i <= 2; i++ {
		w.Calls = nil
		var err error
		at := began.Add(time.Duration(i) * 20 * time.Second)
		if l, err = s.RenewLease(t.Context(), l, at); err != nil || !l.Until.Equal(at.Add(30*time.Second)) {
			t.Fatalf("renewal %d: until %v, %v", i, l.Until, err)
		}
		if diff := cmp.Diff([]string{putItem}, w.Calls); diff != "" {
			t.Errorf("renewal %d (-want +got)\n%s", i, diff)
		}
	}
	if _, ok, err := s.AcquireLease(t.Context(), "b", began.Add(75*time.Second-1), tomorrow); err != nil || ok {
		t.Errorf("b took a renewed lease: %v, %v", ok, err)
	}
}

// TestLostAnswerDoesNotLoseTheLease: the holder whose own write moved the revision has the
// lease still, also for the next renewal.
func TestLostAnswerDoesNotLoseTheLease(t *testing.T) {
	w, s := store()
	l := held(t, s)
	w.Fault = func(_ int, call string) (before, after error) {
		if call == putItem {
			return nil, fake.Refuse(cloud.Ambiguous, "", "no answer")
		}
		return nil, nil
	}
	if _, err := s.RenewLease(t.Context(), l, began.Add(10*time.Second)); !cloud.Is(err, cloud.Ambiguous) {
		t.Fatalf("got %v", err)
	}
	w.Fault = nil
	for i := range 2 {
		w.Calls = nil
		var err error
		if l, err = s.RenewLease(t.Context(), l, began.Add(20*time.Second)); err != nil {
			t.Fatalf("renewal %d: %v", i, err)
		}
		want := [][]string{{putItem, getItem, putItem}, {putItem}}[i]
		if diff := cmp.Diff(want, w.Calls); diff != "" {
			t.Errorf("renewal %d (-want +got)\n%s", i, diff)
		}
	}
}

// TestLeaseThatMayBeAnothersIsLost: a conflict counts as a loss unless the table shows the
// holder's own lease of the same term.
func TestLeaseThatMayBeAnothersIsLost(t *testing.T) {
	for name, stored := range map[string]string{
		"another holder's":                `{"holder":"b","term":1}`,
		"another term of the same holder": `{"holder":"a","term":2}`,
		"both":                            `{"holder":"b","term":2}`,
		"not readable":                    `{"holder":"a","term":1,"until":"soon"}`,
		"gone":                            "",
	} {
		w, s := store()
		l := held(t, s)
		delete(w.Items, leaseItem)
		if stored != "" {
			put(w, "vpc#vpc-1", "lease", 9, stored)
		}
		if _, err := s.RenewLease(t.Context(), l, began); !cloud.Is(err, cloud.Conflict) {
			t.Errorf("%s: renewed, %v", name, err)
		}
		if err := s.ReleaseLease(t.Context(), l); err != nil {
			t.Errorf("%s: releasing a lost lease: %v", name, err)
		}
		if got := w.Items[leaseItem]; string(got.Body) != stored {
			t.Errorf("%s: overwritten by %s", name, got.Body)
		}
	}
}

// TestLeaseIsNotHeldWhenTheTableFails: who cannot write the lease does not lead.
func TestLeaseIsNotHeldWhenTheTableFails(t *testing.T) {
	for _, c := range []struct {
		call string
		kind cloud.Kind
		want string // "": another was faster, which is no error
	}{
		{getItem, cloud.Denied, "read the lease of vpc-1: fake call (denied): no"},
		{putItem, cloud.Denied, "write the lease of vpc-1: fake call (denied): no"},
		{putItem, cloud.Conflict, ""},
	} {
		w, s := store()
		refuse(w, c.call, c.kind)
		_, ok, err := s.AcquireLease(t.Context(), "a", began, tomorrow)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if ok || text != c.want {
			t.Errorf("%s %s: %v, %q, want %q", c.call, c.kind, ok, text, c.want)
		}
	}
	w, s := store()
	put(w, "vpc#vpc-1", "lease", 1, `{"holder":1}`)
	if _, ok, err := s.AcquireLease(t.Context(), "a", began, tomorrow); ok || err == nil {
		t.Errorf("a lease that is not readable: %v, %v", ok, err)
	}
}

func TestLeaseThatCouldNotBeReleasedIsAnError(t *testing.T) {
	w, s := store()
	l := held(t, s)
	refuse(w, putItem, cloud.Throttled)
	if err := s.ReleaseLease(t.Context(), l); !cloud.Is(err, cloud.Throttled) {
		t.Errorf("got %v", err)
	}
}
