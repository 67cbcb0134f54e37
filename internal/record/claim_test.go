package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const claimItem = "claim|node#0000000007"

// now is when claims are taken.
var now = time.Date(2026, 1, 1, 0, 0, 0, 7, time.UTC)

// strangers are all but the owner of a claim that me holds in vpc-1.
func strangers(w *fake.World) map[string]struct {
	store record.Store
	owner record.Owner
} {
	here, there := record.Store{Table: w.Ports().Table, VPC: "vpc-1"}, record.Store{Table: w.Ports().Table, VPC: "vpc-2"}
	other := record.Owner{Stack: "s2", Logical: "n"}
	return map[string]struct {
		store record.Store
		owner record.Owner
	}{
		"another stack of the VPC":          {here, other},
		"another resource of the stack":     {here, record.Owner{Stack: "s1", Logical: "m"}},
		"a resource of the name, other VPC": {there, me},
		"another stack, other VPC":          {there, other},
	}
}

// TestClaimIsItsOwnersAlone: nobody but the owner, which is a resource in a VPC, changes or
// removes a claim.
func TestClaimIsItsOwnersAlone(t *testing.T) {
	w, s := store()
	if _, err := s.TakeClaim(t.Context(), 7, me, now); err != nil {
		t.Fatal(err)
	}
	want := cloud.Item{Partition: "claim", Sort: "node#0000000007", Revision: now.UnixNano(), Body: []byte(`{"node":7,"owner":{"stack":"s1","logical":"n"},"vpc":"vpc-1"}`)}
	for name, x := range strangers(w) {
		c, err := x.store.TakeClaim(t.Context(), 7, x.owner, now)
		if diff := cmp.Diff(record.Claim{Node: 7, Owner: me, VPC: "vpc-1", Revision: now.UnixNano()}, c); diff != "" || err != nil {
			t.Errorf("%s takes: %v (-standing +returned)\n%s", name, err, diff)
		}
		if err := x.store.ReleaseClaim(t.Context(), 7, x.owner); err != nil {
			t.Errorf("%s releases: %v", name, err)
		}
		if diff := cmp.Diff(want, w.Items[claimItem]); diff != "" {
			t.Errorf("%s changed the claim (-was +is)\n%s", name, diff)
		}
	}
	if claims, err := s.Claims(t.Context()); err != nil || len(claims) != 1 {
		t.Errorf("%v, %v", claims, err)
	}
	if claims, err := (record.Store{Table: w.Ports().Table, VPC: "vpc-2"}).Claims(t.Context()); err != nil || len(claims) != 0 {
		t.Errorf("the claims of the other VPC are %v, %v", claims, err)
	}
}

func TestClaimThatNobodyHoldsIsReleased(t *testing.T) {
	w, s := store()
	if err := s.ReleaseClaim(t.Context(), 7, me); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{getItem}, w.Calls); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestClaimThatIsTakenAnewIsNotReleasedByALateCall: who read the claim before it was
// released, and slept, does not release the one that the same resource holds since.
func TestClaimThatIsTakenAnewIsNotReleasedByALateCall(t *testing.T) {
	_, s := store()
	take := func(at time.Time) {
		t.Helper()
		if _, err := s.TakeClaim(t.Context(), 7, me, at); err != nil {
			t.Fatal(err)
		}
	}
	take(now)
	seen, err := s.Claims(t.Context())
	if err != nil || len(seen) != 1 {
		t.Fatalf("%v, %v", seen, err)
	}
	if err := s.ReleaseClaim(t.Context(), 7, me); err != nil {
		t.Fatal(err)
	}
	take(now.Add(time.Minute))
	if err := s.DropClaim(t.Context(), seen[0]); err != nil {
		t.Fatal(err)
	}
	if claims, err := s.Claims(t.Context()); err != nil || len(claims) != 1 {
		t.Errorf("after the late call the claims are %v, %v", claims, err)
	}
}

// TestClaimThatCouldNotBeTakenIsNotHeld: a node must not be made on a claim that the table
// did not take, even if the owner held it before.
func TestClaimThatCouldNotBeTakenIsNotHeld(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(n int, call string) (before, after error)
		kind  cloud.Kind
	}{
		"it was taken again meanwhile": {func(int, string) (before, after error) { return nil, nil }, cloud.Conflict},
		"the second write is refused": {func(n int, call string) (before, after error) {
			if n > 1 && call == putItem {
				return fake.Refuse(cloud.Denied, "", "no"), nil
			}
			return nil, nil
		}, cloud.Denied},
		"who holds it cannot be read": {func(_ int, call string) (before, after error) {
			if call == getItem {
				return fake.Refuse(cloud.Denied, "", "no"), nil
			}
			return nil, nil
		}, cloud.Denied},
	} {
		w, s := store()
		w.Fault = func(n int, call string) (before, after error) {
			if c.kind == cloud.Conflict && n > 1 && call == putItem {
				// Another invocation of the owner comes between reading and writing.
				put(w, "claim", "node#0000000007", 2, `{"node":7,"owner":{"stack":"s1","logical":"n"},"vpc":"vpc-1"}`)
			}
			return c.fault(n, call)
		}
		put(w, "claim", "node#0000000007", 1, `{"node":7,"owner":{"stack":"s1","logical":"n"},"vpc":"vpc-1"}`)
		if _, err := s.TakeClaim(t.Context(), 7, me, now); !cloud.Is(err, c.kind) {
			t.Errorf("%s: %v, want kind %s", name, err, c.kind)
		}
	}
}

func TestClaimThatCouldNotBeReleasedIsAnError(t *testing.T) {
	w, s := store()
	if _, err := s.TakeClaim(t.Context(), 7, me, now); err != nil {
		t.Fatal(err)
	}
	refuse(w, deleteItem, cloud.Throttled)
	if err := s.ReleaseClaim(t.Context(), 7, me); !cloud.Is(err, cloud.Throttled) {
		t.Errorf("got %v", err)
	}
	if len(w.Items) != 1 {
		t.Error("the claim is gone")
	}
}
