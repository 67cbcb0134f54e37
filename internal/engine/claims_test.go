package engine_test

import (
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (r *rig) claimed(node int) bool {
	_, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(node)]
	return claimed
}

// claimLate claims node 1 for a stack, as a leader does that slept between its look at
// the record and this call, and whose request was answered meanwhile.
func (r *rig) claimLate(vpc, stack string) {
	r.Helper()
	s := record.Store{Table: r.w.Ports().Table, VPC: vpc}
	if _, err := s.TakeClaim(r.Context(), 1, record.Owner{Stack: stack, Logical: "Node"}, r.w.Now()); err != nil {
		r.Fatal(err)
	}
}

func TestLateClaimOfADeletedNodeIsGivenBack(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.must(request("Delete", "req-2", "stack-1", properties))
	r.claimLate("vpc-1", "stack-gone")
	r.must(sweep)
	if r.claimed(1) {
		t.Error("the id of the deleted node is still claimed")
	}
	r.must(request("Create", "req-3", "stack-2", properties))
	if n := r.node(); n.Phase != record.Done || n.Owner.Stack != "stack-2" || !r.claimed(1) {
		t.Errorf("the id cannot be used again: phase %s, owner %v, claimed %v", n.Phase, n.Owner, r.claimed(1))
	}
}

func TestClaimsThatStandAreKept(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.must(sweep)
	if !r.claimed(1) {
		t.Fatal("the claim of a living node is gone")
	}
	r.must(request("Delete", "req-2", "stack-1", properties))
	r.claimLate("vpc-2", "stack-2") // it moved to another VPC's switcher
	r.must(sweep)
	if !r.claimed(1) {
		t.Error("the claim of another VPC's node is gone")
	}
}

// TestForeignCreateAfterANewerRequest: however old the request of another stack is, it
// is told whose the id is.
func TestForeignCreateAfterANewerRequest(t *testing.T) {
	sentAt := func(kind, id, stack, second string) string {
		return strings.Replace(request(kind, id, stack, properties), answerTo, answerTo+"?X-Amz-Date=20261121T0800"+second+"Z", 1)
	}
	r := newRig(t)
	r.deployed()
	r.must(sentAt("Update", "req-3", "stack-1", "02"))
	r.must(sentAt("Create", "req-2", "stack-2", "01"))
	answers := r.w.Answers[answerTo+"?X-Amz-Date=20261121T080001Z"]
	if len(answers) != 1 || !strings.Contains(string(answers[0]), "in use by resource Node of stack stack-1") {
		t.Errorf("answered %q", answers)
	}
}
