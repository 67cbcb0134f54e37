package record_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
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
