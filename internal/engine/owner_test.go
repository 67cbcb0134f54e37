package engine_test

import (
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// second returns another switcher of the same VPC and table.
func (r *rig) second() *rig {
	other := *r
	other.cfg.Name, other.cfg.Function, other.cfg.BlackholeGroup = "other", "recovery-switcher-other", "sg-other"
	other.engine(r.w.Ports())
	return &other
}

// addressedTo gives a node's properties the function that its request is sent to.
func addressedTo(function string) string {
	return strings.Replace(properties, "{", `{"ServiceToken":"arn:aws:lambda:eu-west-1:111122223333:function:`+function+`",`, 1)
}

func TestASecondSwitcherOfAVPCTouchesNoNode(t *testing.T) {
	r := newRig(t)
	r.deployed()
	other := r.second()
	// A failure that both switchers hear of.
	failed := r.node().Grant.Instance
	r.w.Stop(failed)
	calls := len(r.w.Calls)
	got := other.must(stateEvent("e-1", failed, "stopped", r.w.Time))
	if got.Code != string(message.VPCOwned) || !strings.Contains(got.Reason, "vpc-1 belongs to switcher rec") {
		t.Errorf("the second switcher ended with %+v", got)
	}
	for _, c := range r.w.Calls[calls:] {
		if strings.HasPrefix(c, "DynamoDB ") {
			continue
		}
		t.Errorf("the second switcher called %v", c)
	}
	other.must(sweep)
	if n := r.node(); n.Phase != record.Done {
		t.Errorf("the second switcher changed the node: %s", n.Phase)
	}
	r.must(sweep) // the owner recovers it
	if n := r.node(); n.Epoch != 2 {
		t.Errorf("the owner left the node in epoch %d", n.Epoch)
	}
}

func TestASecondSwitcherRefusesItsDeployments(t *testing.T) {
	for name, invoke := range map[string]func(r, other *rig, payload string){
		"its own invocation answers":                   func(_, other *rig, payload string) { other.must(payload) },
		"an invocation of the owner finds the request": func(r, _ *rig, payload string) { r.must(payload) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.deployed()
			other := r.second()
			set := strings.Replace(addressedTo("recovery-switcher-other"), `"NodeId":"1"`, `"NodeId":"2"`, 1)
			invoke(r, other, request("Create", "req-2", "stack-2", set))
			a := r.answer(1)
			if reason, _ := a["Reason"].(string); a["Status"] != "FAILED" || !strings.Contains(reason, "vpc-1 belongs to switcher rec") || !strings.Contains(reason, "delete this one") {
				t.Errorf("the create was answered by %v", a)
			}
			invoke(r, other, request("Delete", "req-3", "stack-2", set)) // of the rollback
			if a := r.answer(2); a["Status"] != "SUCCESS" {
				t.Errorf("the delete was answered by %v", a)
			}
			if _, made := r.w.Items[contract.VPCPartition("vpc-1")+"|"+contract.NodeKey(2)]; made || len(r.w.Running()) != 1 {
				t.Error("the second switcher made a node")
			}
		})
	}
}

// TestAVPCWithoutNodesChangesItsSwitcher: a switcher that was given another name takes the
// VPC over when the nodes were deleted, and not before.
func TestAVPCWithoutNodesChangesItsSwitcher(t *testing.T) {
	r := newRig(t)
	r.deployed()
	other := r.second()
	r.must(request("Delete", "req-2", "stack-1", properties))
	other.must(request("Create", "req-3", "stack-2", addressedTo("recovery-switcher-other")))
	if n := r.node(); n.Phase != record.Done || n.Owner.Stack != "stack-2" {
		t.Errorf("the node is in phase %q and belongs to %q:\n%s", n.Phase, n.Owner.Stack, r.log)
	}
	if got := r.must(sweep); got.Code != string(message.VPCOwned) {
		t.Errorf("the former switcher's sweep ended with %+v", got)
	}
}
