package record_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func store() (*fake.World, record.Store) {
	w := fake.New(began)
	return w, record.Store{Table: w.Ports().Table, VPC: "vpc-1"}
}

func TestLeaseHasOneHolderUntilItExpires(t *testing.T) {
	_, s := store()
	ctx := t.Context()
	acquire := func(who string, after time.Duration) (record.Lease, bool) {
		t.Helper()
		l, ok, err := s.AcquireLease(ctx, who, began.Add(after), began.Add(after+15*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return l, ok
	}
	first, ok := acquire("a", 0)
	if !ok || first.Term != 1 {
		t.Fatalf("a: %v, term %d", ok, first.Term)
	}
	if _, ok := acquire("b", 34*time.Second); ok {
		t.Error("b took the lease within the margin of its end")
	}
	second, ok := acquire("b", 36*time.Second)
	if !ok || second.Term != 2 {
		t.Fatalf("b: %v, term %d", ok, second.Term)
	}
	if _, err := s.RenewLease(ctx, first, began.Add(37*time.Second)); !cloud.Is(err, cloud.Conflict) {
		t.Errorf("a renewed a lease that b holds: %v", err)
	}
	if err := s.ReleaseLease(ctx, first); err != nil {
		t.Errorf("releasing a lost lease: %v", err)
	}
	if _, ok := acquire("c", 38*time.Second); ok {
		t.Error("a's release freed b's lease")
	}
	second, err := s.RenewLease(ctx, second, began.Add(60*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ReleaseLease(ctx, second); err != nil {
		t.Fatal(err)
	}
	if third, ok := acquire("c", 61*time.Second); !ok || third.Term != 3 {
		t.Errorf("c: %v, term %d: a released lease is free at once", ok, third.Term)
	}
}

func TestALeaseBelongsToTheSwitcherThatHasNodesInTheVPC(t *testing.T) {
	_, first := store()
	first.Switcher = "first"
	second := first
	second.Switcher = "second"
	acquire := func(s record.Store, after time.Duration) error {
		t.Helper()
		l, ok, err := s.AcquireLease(t.Context(), s.Switcher, began.Add(after), began.Add(after+time.Minute))
		if err == nil {
			if !ok {
				t.Fatalf("%s did not acquire a lease that is free", s.Switcher)
			}
			err = s.ReleaseLease(t.Context(), l)
		}
		return err
	}
	refused := func(after time.Duration) {
		t.Helper()
		var owned *record.OwnedError
		if err := acquire(second, after); !errors.As(err, &owned) || owned.Switcher != "first" {
			t.Errorf("second acquired the lease of a VPC that belongs to first: %v", err)
		}
	}
	if err := acquire(first, 0); err != nil {
		t.Fatal(err)
	}
	owner := record.Owner{Stack: "stack", Logical: "Node"}
	if _, err := first.TakeClaim(t.Context(), 7, owner, began); err != nil {
		t.Fatal(err)
	}
	refused(time.Minute) // a node is being made
	n, err := first.Save(t.Context(), record.Node{ID: 7, Owner: owner, Phase: record.Done}, began)
	if err != nil {
		t.Fatal(err)
	}
	refused(2 * time.Minute)
	n.Phase = record.Deleted
	if _, err := first.Save(t.Context(), n, began); err != nil {
		t.Fatal(err)
	}
	if err := first.ReleaseClaim(t.Context(), 7, owner); err != nil {
		t.Fatal(err)
	}
	if err := acquire(second, 3*time.Minute); err != nil {
		t.Errorf("second cannot have a VPC without nodes: %v", err)
	}
}

func TestSaveLosesAgainstAnotherWriter(t *testing.T) {
	_, s := store()
	n, err := s.Save(t.Context(), record.Node{ID: 7, Phase: record.Done}, began)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := n, n
	theirs.Epoch = 2
	if _, err := s.Save(t.Context(), theirs, began); err != nil {
		t.Fatal(err)
	}
	mine.Epoch = 9
	if _, err := s.Save(t.Context(), mine, began); !cloud.Is(err, cloud.Conflict) {
		t.Errorf("the second writer got %v", err)
	}
	nodes, err := s.Nodes(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Epoch != 2 || nodes[0].Revision != 2 {
		t.Errorf("%+v, %v", nodes, err)
	}
}

func TestRecordOfANewerSwitcherIsRefused(t *testing.T) {
	w, s := store()
	w.Items["vpc#vpc-1|"+contract.NodeKey(1)] = cloud.Item{
		Partition: "vpc#vpc-1", Sort: contract.NodeKey(1), Revision: 1, Body: []byte(`{"schema":99,"id":1}`),
	}
	if _, err := s.Nodes(t.Context()); err == nil || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("got %v", err)
	}
}

func TestRecordSurvivesTheTable(t *testing.T) {
	_, s := store()
	n := record.Node{
		ID: 3, Name: "orders", Owner: record.Owner{Stack: "s", Logical: "l"}, Born: 5, Epoch: 4, Phase: record.Launching, Since: began,
		Hold:      &record.Hold{Kind: record.Held, Code: "WR201", Reason: "r", Since: began, RetryAt: began},
		Condemned: []record.Condemned{{Instance: "i-1", Epoch: 4, Zone: "a", Since: began}},
		Blueprint: &cloud.Blueprint{Image: "ami-1", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-1"}}}, Tags: map[string]string{"k": "v"}},
		Switch: &record.Switch{
			ID: "3-4", Kind: record.KindRecover, Started: began, Marks: map[string]time.Time{"confirmed": began},
			Launch: &cloud.Launch{Subnet: "subnet-1", Zone: "a", Token: "t", Tags: map[string]string{"x": "y"}},
		},
		Outbox: []record.Post{{Key: "k", Kind: record.PostNotice, Text: "t"}},
	}
	saved, err := s.Save(t.Context(), n, began)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := s.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved, nodes[0]); diff != "" {
		t.Errorf("(-saved +read)\n%s", diff)
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	n := record.Node{
		Condemned: []record.Condemned{{Instance: "i-1"}}, Armed: []string{"a"}, Recent: []time.Time{began},
		Grant:  &record.Grant{Instance: "i-2"},
		Switch: &record.Switch{Tried: []string{"a"}, Marks: map[string]time.Time{"x": began}, Launch: &cloud.Launch{Token: "t"}},
	}
	c := n.Clone()
	c.Condemned[0].Instance, c.Armed[0], c.Grant.Instance = "changed", "changed", "changed"
	c.Switch.Tried[0], c.Switch.Launch.Token = "changed", "changed"
	c.Switch.Marks["y"] = began
	if n.Condemned[0].Instance != "i-1" || n.Armed[0] != "a" || n.Grant.Instance != "i-2" ||
		n.Switch.Tried[0] != "a" || n.Switch.Launch.Token != "t" || len(n.Switch.Marks) != 1 {
		t.Errorf("the original changed: %+v %+v", n, n.Switch)
	}
}

func TestClaimIsUniqueInTheRegion(t *testing.T) {
	w, s := store()
	other := record.Store{Table: w.Ports().Table, VPC: "vpc-2"}
	a, b := record.Owner{Stack: "s1", Logical: "n"}, record.Owner{Stack: "s2", Logical: "n"}
	for i := range 2 {
		if c, err := s.TakeClaim(t.Context(), 1, a, now); err != nil || c.Owner != a {
			t.Fatalf("claim %d: %+v, %v", i, c, err)
		}
	}
	if c, err := other.TakeClaim(t.Context(), 1, b, now); err != nil || c.Owner != a || c.VPC != "vpc-1" {
		t.Errorf("the second owner was given %+v, %v", c, err)
	}
	if err := other.ReleaseClaim(t.Context(), 1, b); err != nil {
		t.Error(err)
	}
	if c, err := other.TakeClaim(t.Context(), 1, b, now); err != nil || c.Owner != a {
		t.Errorf("a stranger released the claim: %+v, %v", c, err)
	}
	if err := s.ReleaseClaim(t.Context(), 1, a); err != nil {
		t.Error(err)
	}
	if c, err := other.TakeClaim(t.Context(), 1, b, now); err != nil || c.Owner != b {
		t.Errorf("the id is not free: %+v, %v", c, err)
	}
}

// TestClaimThatWasTakenAgainIsNotDropped: who saw the claim before its owner took it once
// more does not remove it.
func TestClaimThatWasTakenAgainIsNotDropped(t *testing.T) {
	_, s := store()
	owner := record.Owner{Stack: "s1", Logical: "n"}
	take := func() {
		t.Helper()
		if _, err := s.TakeClaim(t.Context(), 1, owner, now); err != nil {
			t.Fatal(err)
		}
	}
	claims := func() []record.Claim {
		t.Helper()
		list, err := s.Claims(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	take()
	seen := claims()
	take()
	if err := s.DropClaim(t.Context(), seen[0]); err != nil || len(claims()) != 1 {
		t.Errorf("claims %+v, %v: the one that was taken again is gone", claims(), err)
	}
	if err := s.DropClaim(t.Context(), claims()[0]); err != nil || len(claims()) != 0 {
		t.Errorf("claims %+v, %v: the newest is still there", claims(), err)
	}
}

func TestShortagesEndAndHintsStayUntilDropped(t *testing.T) {
	_, s := store()
	for range 2 {
		if err := s.RememberShortage(t.Context(), "az-a#m7g", record.Shortage{Since: began, Until: began.Add(3 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := s.Shortages(t.Context(), began.Add(179*time.Second)); err != nil || len(m) != 1 {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := s.Shortages(t.Context(), began.Add(180*time.Second)); err != nil || len(m) != 0 {
		t.Errorf("%v, %v", m, err)
	}
	h := record.Hint{Key: "e-1", Node: 1}
	for range 2 {
		if err := s.PutHint(t.Context(), h, began); err != nil {
			t.Fatal(err)
		}
	}
	hints, err := s.Hints(t.Context())
	if err != nil || len(hints) != 1 {
		t.Fatalf("%v, %v", hints, err)
	}
	for range 2 {
		if err := s.DropHint(t.Context(), hints[0]); err != nil {
			t.Fatal(err)
		}
	}
	if hints, err := s.Hints(t.Context()); err != nil || len(hints) != 0 {
		t.Errorf("%v, %v", hints, err)
	}
}
