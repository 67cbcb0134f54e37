package record_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/record"
)

// The pause after a failed delivery doubles from 5 s to 5 min, and the record knows since
// when it fails.
func TestFailedDeliveriesBackOff(t *testing.T) {
	var d record.Delivery
	if now := began; !d.Due(now) || d.FailingFor(now) != 0 {
		t.Fatalf("a delivery that was never tried waits: %+v", d)
	}
	now := began
	for i, seconds := range []int{5, 10, 20, 40, 80, 160, 300, 300, 300} {
		want := time.Duration(seconds) * time.Second
		d = d.Fail(now)
		if got := d.After.Sub(now); got != want || d.Failed != i+1 || !d.Since.Equal(began) {
			t.Errorf("after %d failures: %+v, want a pause of %s", i+1, d, want)
		}
		if d.Due(d.After.Add(-1)) || !d.Due(d.After) {
			t.Errorf("after %d failures it is not due exactly when its pause ends", i+1)
		}
		now = d.After
	}
	for range 100 {
		d = d.Fail(now)
	}
	if got := d.After.Sub(now); got != 5*time.Minute {
		t.Errorf("after a hundred failures the pause is %s", got)
	}
	if got := d.FailingFor(now); got != now.Sub(began) {
		t.Errorf("it has failed for %s, want %s", got, now.Sub(began))
	}
}

// A node whose only business is a delivery that waits is at rest: no invocation stays for
// it. It is looked at again when the delivery is due.
func TestNodeRestsWhileADeliveryWaits(t *testing.T) {
	n := record.Node{Phase: record.Done, Outbox: []record.Post{{Key: "p", Delivery: record.Delivery{}.Fail(began)}}}
	if !n.Resting(began) || n.Resting(began.Add(5*time.Second)) {
		t.Error("it rests for the pause of 5 s, and no longer")
	}
	n.Outbox = append(n.Outbox, record.Post{Key: "new"})
	if n.Resting(began) {
		t.Error("a post that was never tried waits for no pause")
	}
}
