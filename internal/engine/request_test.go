package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func TestSecondOwnerIsRefusedAndItsRollbackTouchesNothing(t *testing.T) {
	r := newRig(t)
	r.deployed()
	before := r.node()
	r.must(request("Create", "req-2", "stack-2", properties))
	a := r.answer(1)
	reason, _ := a["Reason"].(string)
	if a["Status"] != "FAILED" || !strings.Contains(reason, "stack-1") || !strings.Contains(reason, "choose another id") {
		t.Errorf("answer %v", a)
	}
	r.must(request("Delete", "req-3", "stack-2", properties))
	if a := r.answer(2); a["Status"] != "SUCCESS" {
		t.Errorf("answer %v", a)
	}
	after := r.node()
	if after.Grant.Instance != before.Grant.Instance || after.Phase != record.Done || len(r.w.Running()) != 1 {
		t.Errorf("the owner's node was touched: %+v", after)
	}
	if _, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]; !claimed {
		t.Error("the owner's claim is gone")
	}
}

func TestUnusablePropertiesAreRefusedWithTheReason(t *testing.T) {
	for props, want := range map[string]string{
		`{"NodeId":"-1","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1"}`: "1 to 999999999",
		`{"NodeId":"1"}`: "LaunchTemplateId",
		`{"NodeId":"1","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1","Priority":"x"}`: "0 to 1000",
		`[]`: "cannot be read",
	} {
		r := newRig(t)
		r.must(request("Create", "req-1", "stack-1", props))
		a := r.answer(0)
		if reason, _ := a["Reason"].(string); a["Status"] != "FAILED" || !strings.Contains(reason, want) {
			t.Errorf("%s: %v, want %q", props, a, want)
		}
		if len(r.w.Boxes) != 0 || r.leftHints() != 0 {
			t.Errorf("%s: %d instances, %d hints", props, len(r.w.Boxes), r.leftHints())
		}
	}
}

func TestUpdateAnswersTheCurrentInstanceAndAppliesAtTheNextSwitch(t *testing.T) {
	r := newRig(t)
	r.deployed()
	first := r.node().Grant.Instance
	r.w.Stop(first)
	r.must(sweep)
	second := r.node().Grant.Instance
	next := r.w.Templates["lt-1/1"]
	next.Image = "ami-2"
	r.w.Templates["lt-1/2"] = next
	changed := strings.Replace(properties, `"LaunchTemplateVersion":"1"`, `"LaunchTemplateVersion":"2"`, 1)
	r.must(request("Update", "req-2", "stack-1", changed))
	a := r.answer(1)
	if a["Status"] != "SUCCESS" || a["Data"].(map[string]any)["InstanceId"] != second {
		t.Errorf("answer %v, the node is on %s", a, second)
	}
	if len(r.w.Boxes) != 2 {
		t.Errorf("the update launched something")
	}
	r.w.Stop(second)
	r.must(sweep)
	if got := r.w.Boxes[r.node().Grant.Instance].Image; got != "ami-2" {
		t.Errorf("the next switch launched %s", got)
	}
}

func TestUpdateOfALostRecordIsRefused(t *testing.T) {
	r := newRig(t)
	r.must(request("Update", "req-1", "stack-1", properties))
	if a := r.answer(0); a["Status"] != "FAILED" || !strings.Contains(a["Reason"].(string), "no record") {
		t.Errorf("answer %v", a)
	}
}

func TestChangedNodeIDMakesANewNodeThenTheOldOneIsDeleted(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	two := strings.Replace(properties, `"NodeId":"1"`, `"NodeId":"2"`, 1)
	r.must(request("Update", "req-2", "stack-1", two))
	if a := r.answer(1); a["Status"] != "SUCCESS" || a["PhysicalResourceId"] != "rec.node-2" {
		t.Errorf("answer %v", a)
	}
	r.must(request("Delete", "req-3", "stack-1", properties))
	if s := r.w.Boxes[old].State; s != cloud.Terminated || len(r.w.Running()) != 1 {
		t.Errorf("the old instance is %s, running %v", s, r.w.Running())
	}
}

func TestDeleteInTheMiddleOfASwitchLeavesNothing(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.NoRoom["az-b"], r.w.NoRoom["az-c"] = true, true
	r.w.Stop(old)
	r.must(sweep) // held for lack of capacity
	r.must(request("Delete", "req-2", "stack-1", properties))
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 || r.w.Boxes[old].State != cloud.Terminated {
		t.Errorf("phase %s, running %v, old %s", n.Phase, r.w.Running(), r.w.Boxes[old].State)
	}
	r.must(request("Delete", "req-2", "stack-1", properties))
	if a := r.answer(len(r.w.Answers[answerTo]) - 1); a["Status"] != "SUCCESS" {
		t.Errorf("delete again: %v", a)
	}
	r.w.NoRoom = map[string]bool{}
	r.must(request("Create", "req-3", "stack-2", properties))
	if n := r.node(); n.Phase != record.Done || n.Owner.Stack != "stack-2" || n.Epoch <= 2 {
		t.Errorf("the id cannot be used again: phase %s, owner %v, epoch %d", n.Phase, n.Owner, n.Epoch)
	}
}

func TestCreateWithoutCapacityFailsTheDeployment(t *testing.T) {
	r := newRig(t)
	for _, p := range r.w.Places {
		r.w.NoRoom[p.Zone] = true
	}
	r.must(request("Create", "req-1", "stack-1", properties))
	a := r.answer(0)
	if reason, _ := a["Reason"].(string); a["Status"] != "FAILED" || !strings.Contains(reason, "WR201") || !strings.Contains(reason, "az-a") {
		t.Errorf("answer %v", a)
	}
	if waited := r.w.Time.Sub(began); waited > 20*time.Minute {
		t.Errorf("CloudFormation waited %s", waited)
	}
	r.must(request("Delete", "req-2", "stack-1", properties))
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Boxes) != 0 {
		t.Errorf("phase %s, %d instances", n.Phase, len(r.w.Boxes))
	}
}

// TestCreateDeliveredAfterDelete: Lambda may deliver a create again when the node is
// long deleted. It claims nothing.
func TestCreateDeliveredAfterDelete(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.must(request("Delete", "req-2", "stack-1", properties))
	for range 10 {
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(sweep)
	}
	if p := r.node().Phase; p != record.Deleted {
		t.Fatalf("the node is %s, want deleted", p)
	}
	r.must(request("Create", "req-1", "stack-1", properties))
	if _, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]; claimed {
		t.Error("the id of the deleted node is claimed again")
	}
}

// TestRefusedCreateDeliveredAgain: a create that was refused, and whose stack has gone
// since, comes again when the id is free. It is refused again.
func TestRefusedCreateDeliveredAgain(t *testing.T) {
	r := newRig(t)
	r.deployed()
	r.must(request("Create", "req-2", "stack-2", properties))
	r.must(request("Delete", "req-3", "stack-2", properties))
	r.must(request("Delete", "req-4", "stack-1", properties))
	told := len(r.w.Answers[answerTo])
	r.must(request("Create", "req-2", "stack-2", properties))
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 {
		t.Errorf("the node is %s, running %v", n.Phase, r.w.Running())
	}
	if a := r.answer(told); a["Status"] != "FAILED" || !strings.Contains(a["Reason"].(string), "stack-1") {
		t.Errorf("answer %v", a)
	}
	r.must(request("Create", "req-5", "stack-2", properties))
	if n := r.node(); n.Phase != record.Done || n.Owner.Stack != "stack-2" {
		t.Errorf("a new create of the same stack: phase %s, owner %v", n.Phase, n.Owner)
	}
}

// TestCreateThatComesAfterItsDelete: Lambda delivers in any order. A create that arrives
// when its stack has gone is not obeyed: it was sent before the delete.
func TestCreateThatComesAfterItsDelete(t *testing.T) {
	sentAt := func(kind, id, stack, second string) string {
		return strings.Replace(request(kind, id, stack, properties), answerTo, answerTo+"?X-Amz-Date=20261121T0800"+second+"Z", 1)
	}
	r := newRig(t)
	r.deployed()
	r.must(request("Delete", "req-2", "stack-1", properties))
	r.must(sentAt("Delete", "req-4", "stack-2", "02"))
	r.must(sentAt("Create", "req-3", "stack-2", "01"))
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 {
		t.Errorf("the node is %s, running %v", n.Phase, r.w.Running())
	}
	if _, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]; claimed {
		t.Error("the id is claimed for a stack that is gone")
	}
}

// under gives a request the physical id that CloudFormation calls the node by.
func under(physical, request string) string {
	return strings.Replace(request, `"PhysicalResourceId":"rec.node-1"`, `"PhysicalResourceId":"`+physical+`"`, 1)
}

// TestRequestsUnderAnotherPhysicalIDTouchNothing: an update that named another node's
// physical id was answered with the node's own, so that CloudFormation deleted the other
// id, and the serving node with it (case R14).
func TestRequestsUnderAnotherPhysicalIDTouchNothing(t *testing.T) {
	for _, physical := range []string{"other.node-5", "rec.node-5", "other.node-1", "whatever", ""} {
		r := newRig(t)
		r.deployed()
		before := r.node()
		r.must(under(physical, request("Update", "req-2", "stack-1", strings.Replace(properties, "orders", "bills", 1))))
		a := r.answer(1)
		if reason, _ := a["Reason"].(string); a["Status"] != "FAILED" || physical != "" && a["PhysicalResourceId"] != physical || !strings.Contains(reason, `"`+physical+`"`) {
			t.Errorf("%q: the update is answered %v", physical, a)
		}
		r.must(under(physical, request("Delete", "req-3", "stack-1", properties)))
		if a := r.answer(2); a["Status"] != "SUCCESS" {
			t.Errorf("%q: the delete is answered %v", physical, a)
		}
		if n := r.node(); n.Phase != record.Done || n.Grant.Instance != before.Grant.Instance || n.Name != "orders" || len(r.w.Running()) != 1 {
			t.Errorf("%q: the node was touched: phase %s, name %s, running %v", physical, n.Phase, n.Name, r.w.Running())
		}
		if _, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]; !claimed {
			t.Errorf("%q: the node's claim is gone", physical)
		}
		r.must(request("Update", "req-4", "stack-1", properties))
		if a := r.answer(3); a["Status"] != "SUCCESS" || a["PhysicalResourceId"] != "rec.node-1" {
			t.Errorf("%q: an update under its own id is answered %v", physical, a)
		}
	}
}

// TestDeleteUnderAMadeUpIDEndsAnUnansweredCreate: CloudFormation makes an id up for what it
// has taken no answer of, also when the answer is on its way.
func TestDeleteUnderAMadeUpIDEndsAnUnansweredCreate(t *testing.T) {
	const madeUp = "stack-1-Node-1ABCDEF2GHIJ"
	r := newRig(t)
	r.must(request("Create", "req-1", "stack-1", properties)) // answered, and CloudFormation had given up
	r.must(under(madeUp, request("Delete", "req-2", "stack-1", properties)))
	if a := r.answer(1); a["Status"] != "SUCCESS" || a["PhysicalResourceId"] != madeUp {
		t.Errorf("the delete is answered %v", a)
	}
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 {
		t.Errorf("phase %s, running %v: CloudFormation knows nothing of this node", n.Phase, r.w.Running())
	}
}

// TestDeleteIsAboutTheNodeOfItsPhysicalID: whatever the properties say.
func TestDeleteIsAboutTheNodeOfItsPhysicalID(t *testing.T) {
	r := newRig(t)
	r.deployed()
	two := strings.Replace(properties, `"NodeId":"1"`, `"NodeId":"2"`, 1)
	r.must(request("Update", "req-2", "stack-1", two)) // node 2 takes the place of node 1
	r.must(under("rec.node-2", request("Delete", "req-3", "stack-1", properties)))
	if n := r.node(); n.Phase != record.Done {
		t.Errorf("node 1 is %s after the delete of rec.node-2", n.Phase)
	}
	r.must(request("Delete", "req-4", "stack-1", `{"NodeId":"0"}`))
	if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 {
		t.Errorf("node 1 is %s after the delete of rec.node-1, running %v", n.Phase, r.w.Running())
	}
}

// TestANodeIsItsOwnersWhateverBecameOfItsClaim: the record names the owner, too.
func TestANodeIsItsOwnersWhateverBecameOfItsClaim(t *testing.T) {
	r := newRig(t)
	r.deployed()
	delete(r.w.Items, contract.ClaimPartition+"|"+contract.NodeKey(1))
	r.must(request("Update", "req-2", "stack-2", strings.Replace(properties, "orders", "bills", 1)))
	if a := r.answer(1); a["Status"] != "FAILED" || !strings.Contains(a["Reason"].(string), "stack-1") {
		t.Errorf("the update of another stack is answered %v", a)
	}
	if n := r.node(); n.Name != "orders" {
		t.Errorf("another stack's update renamed the node to %s", n.Name)
	}
}

// TestRetriedDeploymentSendsTheSameRequestID: CloudFormation sends a request again under its
// id, with another address, when a failed deployment is retried (aws-cdk, issue 35957). It
// is a new request, also after a refusal.
func TestRetriedDeploymentSendsTheSameRequestID(t *testing.T) {
	sentAt := func(kind, id, stack, second string) (payload, address string) {
		address = answerTo + "?X-Amz-Date=20261121T0800" + second + "Z"
		return strings.Replace(request(kind, id, stack, properties), answerTo, address, 1), address
	}
	answers := func(r *rig, address string) (list []string) {
		for _, a := range r.w.Answers[address] {
			if strings.Contains(string(a), `"SUCCESS"`) {
				list = append(list, "SUCCESS")
			} else {
				list = append(list, "FAILED")
			}
		}
		return list
	}
	t.Run("after a refusal", func(t *testing.T) {
		r := newRig(t)
		r.deployed()
		first, refused := sentAt("Create", "req-2", "stack-2", "01")
		again, accepted := sentAt("Create", "req-2", "stack-2", "30")
		r.must(first)
		r.must(request("Delete", "req-3", "stack-1", properties))
		r.must(first) // delivered again by Lambda
		r.must(again)
		r.must(again)
		if got := answers(r, refused); !slices.Equal(got, []string{"FAILED", "FAILED"}) {
			t.Errorf("the first request was answered %v", got)
		}
		if got := answers(r, accepted); !slices.Equal(got, []string{"SUCCESS"}) {
			t.Errorf("the retried request was answered %v", got)
		}
	})
	t.Run("after an answer", func(t *testing.T) {
		r := newRig(t)
		first, _ := sentAt("Create", "req-1", "stack-1", "01")
		again, address := sentAt("Create", "req-1", "stack-1", "30")
		r.must(first)
		r.must(again)
		r.must(first) // late
		if got := answers(r, address); !slices.Equal(got, []string{"SUCCESS"}) || len(r.w.Running()) != 1 {
			t.Errorf("the retried request was answered %v, running %v", got, r.w.Running())
		}
	})
}
