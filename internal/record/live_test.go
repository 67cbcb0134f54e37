package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func TestLeadersOfARegionCountEachOther(t *testing.T) {
	w, a := store()
	b := record.Store{Table: a.Table, VPC: "vpc-2"}
	announce := func(s record.Store, l record.Lease, at time.Duration, want int) record.Lease {
		t.Helper()
		l.Until = began.Add(at + record.LeaseLife)
		l, got, err := s.Announce(t.Context(), l, began.Add(at))
		if err != nil || got != want {
			t.Errorf("%s after %v counts %d leaders (%v), want %d", s.VPC, at, got, err, want)
		}
		return l
	}
	first := announce(a, record.Lease{}, 0, 1)
	second := announce(b, record.Lease{}, time.Second, 2)
	first = announce(a, first, 2*time.Second, 2)
	if _, err := b.Withdraw(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	first = announce(a, first, 3*time.Second, 1)

	announce(b, record.Lease{}, 4*time.Second, 2) // one that does not know the revision of its own item
	announce(a, first, 30*time.Second, 2)
	announce(a, record.Lease{}, 40*time.Second, 1) // the other died: its lease is over, with the margin
	if it := w.Items[contract.LivePartition+"|vpc-1"]; it.Revision != 5 {
		t.Errorf("the item has revision %d, want one for each of 5 announcements", it.Revision)
	}
}

// TestLeaderIsCountedUntilItsMargin: as long as the lease that it rests on may stand.
func TestLeaderIsCountedUntilItsMargin(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{35*time.Second - 1, 2}, {35 * time.Second, 1}} {
		w, s := store()
		put(w, "live", "vpc-2", 1, `{"until":"2026-01-02T03:04:35Z"}`)
		if _, got, err := s.Announce(t.Context(), record.Lease{Until: tomorrow}, began.Add(c.after)); err != nil || got != c.want {
			t.Errorf("after %v: %d leaders, %v", c.after, got, err)
		}
	}
}

// TestAnnouncementIsSeenByOthers: with the end of the lease, and by one write as long as the
// leader knows its item.
func TestAnnouncementIsSeenByOthers(t *testing.T) {
	w, s := store()
	l, _, err := s.Announce(t.Context(), record.Lease{Until: began.Add(30 * time.Second)}, began)
	if err != nil || l.Live != 1 {
		t.Errorf("revision %d, %v", l.Live, err)
	}
	if got := string(w.Items["live|vpc-1"].Body); got != `{"until":"2026-01-02T03:04:35Z"}` {
		t.Errorf("announced %s", got)
	}
	if l, err = s.Withdraw(t.Context(), l); err != nil || l.Live != 2 {
		t.Errorf("revision %d, %v", l.Live, err)
	}
	if got := string(w.Items["live|vpc-1"].Body); got != `{"until":"0001-01-01T00:00:00Z"}` {
		t.Errorf("withdrawn as %s", got)
	}
	if diff := cmp.Diff([]string{putItem, query, putItem}, w.Calls); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestLeaderWhoseItemIsGoneIsAnnouncedAnew: whatever revision it remembers.
func TestLeaderWhoseItemIsGoneIsAnnouncedAnew(t *testing.T) {
	w, s := store()
	l, leaders, err := s.Announce(t.Context(), record.Lease{Until: tomorrow, Live: 5}, began)
	if err != nil || leaders != 1 || l.Live != 1 || w.Items["live|vpc-1"].Revision != 1 {
		t.Errorf("%d leaders, revision %d and %d, %v", leaders, l.Live, w.Items["live|vpc-1"].Revision, err)
	}
}

// TestDamageOfTheOwnAnnouncementIsMended: by the next one, since nobody else writes it. What
// another leader wrote and nobody can read must not be taken for no leader.
func TestDamageOfTheOwnAnnouncementIsMended(t *testing.T) {
	w, s := store()
	put(w, "live", "vpc-1", 4, `{"until":1}`)
	if l, leaders, err := s.Announce(t.Context(), record.Lease{Until: tomorrow}, began); err != nil || leaders != 1 || l.Live != 5 {
		t.Errorf("%d leaders, revision %d, %v", leaders, l.Live, err)
	}
	put(w, "live", "vpc-2", 1, `{"until":1}`)
	_, leaders, err := s.Announce(t.Context(), record.Lease{Until: tomorrow}, began)
	if want := "the leader of vpc-2 is not readable: "; leaders != 0 || err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%d leaders, %v", leaders, err)
	}
}

// TestLeadersAreNotCountedWhenTheTableFails: a share of the budgets rests on the number.
func TestLeadersAreNotCountedWhenTheTableFails(t *testing.T) {
	for name, c := range map[string]struct {
		faults  map[int]cloud.Kind // by the number of the call
		want    string
		leaders int
	}{
		"announcing":         {map[int]cloud.Kind{0: cloud.Denied}, "announce the leader of vpc-1: fake call (denied): no", 0},
		"reading":            {map[int]cloud.Kind{1: cloud.Denied}, "read the leaders of the Region: fake call (denied): no", 0},
		"announcing again":   {map[int]cloud.Kind{0: cloud.Conflict, 2: cloud.Denied}, "announce the leader of vpc-1: fake call (denied): no", 0},
		"a race for the own": {map[int]cloud.Kind{0: cloud.Conflict, 2: cloud.Conflict}, "", 1},
	} {
		w, s := store()
		w.Fault = func(n int, _ string) (before, after error) {
			if kind, ok := c.faults[n]; ok {
				return fake.Refuse(kind, "", "no"), nil
			}
			return nil, nil
		}
		_, leaders, err := s.Announce(t.Context(), record.Lease{Until: tomorrow}, began)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != c.want || leaders != c.leaders {
			t.Errorf("%s: %d leaders, %q; want %d, %q", name, leaders, text, c.leaders, c.want)
		}
	}
	w, s := store()
	refuse(w, putItem, cloud.Throttled)
	if _, err := s.Withdraw(t.Context(), record.Lease{}); !cloud.Is(err, cloud.Throttled) {
		t.Errorf("withdrawing: %v", err)
	}
}
