package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// hang makes every call whose name holds the text go unanswered after some seconds, and
// counts them.
func (r *rig) hang(text string, takes time.Duration) *int {
	calls := 0
	r.w.Fault = func(_ int, call string) (before, after error) {
		if !strings.Contains(call, text) {
			return nil, nil
		}
		calls++
		r.w.Time = r.w.Time.Add(takes)
		return &cloud.Error{Kind: cloud.Ambiguous, Service: "network", Action: call, Message: "no answer"}, nil
	}
	return &calls
}

// timed invokes the switcher as Lambda does, with 15 minutes, and returns how long it ran.
func (r *rig) timed(payload string) time.Duration {
	r.Helper()
	began := r.w.Time
	r.n++
	inv := engine.Invocation{ID: fmt.Sprintf("call-%d", r.n), Account: "111122223333", Region: "eu-west-1"}
	if _, err := r.e.Handle(deadlined{r.Context(), began.Add(15 * time.Minute)}, inv, json.RawMessage(payload)); err != nil {
		r.Fatalf("%s: %v\n%s", payload, err, r.log)
	}
	return r.w.Time.Sub(began)
}

// leased reports whether an invocation still holds the lease.
func (r *rig) leased() bool {
	r.Helper()
	l, _, err := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}.Lease(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return !l.Until.IsZero()
}

func (r *rig) hints() int {
	n := 0
	for key := range r.w.Items {
		if strings.Contains(key, "|"+contract.HintPrefix) {
			n++
		}
	}
	return n
}

// signed is a request whose address was signed at a time and lives for an hour.
func signed(payload string, at time.Time) string {
	return strings.Replace(payload, answerTo, answerTo+"?X-Amz-Date="+at.UTC().Format("20060102T150405Z")+"&X-Amz-Expires=3600", 1)
}

// TestForgedRequestCostsAlmostNothing: the host of its ResponseURL cannot be reached. No
// invocation waits for it, the lease is free, the attempts become rare and end when the
// address expires, and a node that fails in the meantime is recovered as fast as usual.
func TestForgedRequestCostsAlmostNothing(t *testing.T) {
	const unreachable = 4 * time.Second // internal/awscloud bounds a delivery
	forged := func(r *rig) string {
		return signed(request("Create", "forged", "stack-x", `{"NodeId":"1","NodeName":""}`), r.w.Time)
	}
	recovery := func(forge bool) time.Duration {
		r := newRig(t)
		r.deployed()
		if forge {
			r.hang("CloudFormation Respond", unreachable)
			r.timed(forged(r))
		}
		old := r.node().Grant.Instance
		r.w.Stop(old)
		failed := r.w.Time
		r.must(stateEvent("ev-1", old, "stopped", r.w.Time))
		g := r.node().Grant
		if g == nil || g.Instance == old {
			t.Fatalf("forged %v: not recovered\n%s", forge, r.log)
		}
		return g.ServedAt.Sub(failed)
	}
	if plain, beside := recovery(false), recovery(true); beside > plain+2*unreachable {
		t.Errorf("a recovery takes %s beside the forged request, %s without it", beside, plain)
	}

	r := newRig(t)
	r.deployed()
	calls := r.hang("CloudFormation Respond", unreachable)
	if took := r.timed(forged(r)); took > 10*time.Second || r.leased() {
		t.Errorf("the invocation took %s, lease held: %v", took, r.leased())
	}
	if *calls != 1 || r.hints() != 1 {
		t.Errorf("%d attempts and %d hints after the first invocation, want 1 and 1", *calls, r.hints())
	}
	busy := time.Duration(0)
	for range 90 {
		r.w.Time = r.w.Time.Add(time.Minute)
		took := r.timed(sweep)
		if busy += took; took > 10*time.Second || r.leased() {
			t.Fatalf("a sweep took %s, lease held: %v", took, r.leased())
		}
	}
	if *calls > 20 || busy > 3*time.Minute {
		t.Errorf("%d attempts and %s of work in 90 minutes", *calls, busy)
	}
	if r.hints() != 0 || !strings.Contains(r.log.String(), "WR180") {
		t.Errorf("%d hints are left after the address expired; the log names WR180: %v", r.hints(), strings.Contains(r.log.String(), "WR180"))
	}
}

// TestManyForgedRequestsAreBounded: a hundred of them at once take one round's time.
func TestManyForgedRequestsAreBounded(t *testing.T) {
	r := newRig(t)
	r.deployed()
	calls := r.hang("CloudFormation Respond", 4*time.Second)
	s := record.Store{Table: r.w.Ports().Table, VPC: "vpc-1"}
	for i := range 100 {
		h := record.Hint{Key: fmt.Sprintf("request-%d", i), Request: &record.HintRequest{
			Request:    record.Request{ID: fmt.Sprint(i), Type: "Create", URL: answerTo, Stack: "stack-x", Logical: "Node"},
			Properties: json.RawMessage(`{"NodeId":"1","NodeName":""}`),
		}}
		if err := s.PutHint(t.Context(), h, r.w.Time); err != nil {
			t.Fatal(err)
		}
	}
	if took := r.timed(sweep); took > 30*time.Second || r.leased() {
		t.Errorf("the invocation took %s with %d attempts, lease held: %v", took, *calls, r.leased())
	}
}

// TestUndeliverableNoticesKeepNoInvocationBusy: the topic, the event bus or CloudFormation's
// address does not answer. The node is recovered, the invocation ends, the attempts become
// rare, and what waits is delivered when the receiver is back.
func TestUndeliverableNoticesKeepNoInvocationBusy(t *testing.T) {
	for name, call := range map[string]string{"topic": "SNS", "bus": "EventBridge"} {
		r := newRig(t)
		r.deployed()
		old := r.node().Grant.Instance
		r.w.Notices, r.w.Happened = nil, nil
		calls := r.hang(call, 4*time.Second)
		r.w.Stop(old)
		if took := r.timed(stateEvent("ev-1", old, "stopped", r.w.Time)); took > 4*time.Minute || r.leased() {
			t.Errorf("%s: the recovery's invocation took %s, lease held: %v", name, took, r.leased())
		}
		if n := r.node(); n.Phase != record.Done || len(n.Outbox) == 0 {
			t.Fatalf("%s: phase %s, %d posts wait\n%s", name, n.Phase, len(n.Outbox), r.log)
		}
		before := *calls
		for range 120 {
			r.w.Time = r.w.Time.Add(time.Minute)
			if took := r.timed(sweep); took > 15*time.Second || r.leased() {
				t.Fatalf("%s: a sweep took %s, lease held: %v", name, took, r.leased())
			}
		}
		posts := len(r.node().Outbox)
		if most := 30 * posts; *calls-before > most {
			t.Errorf("%s: %d attempts in two hours for %d posts, want at most %d", name, *calls-before, posts, most)
		}
		r.w.Fault = nil
		r.w.Time = r.w.Time.Add(6 * time.Minute)
		r.must(sweep)
		if n := r.node(); len(n.Outbox) != 0 || len(r.w.Notices)+len(r.w.Happened) == 0 {
			t.Errorf("%s: %d posts are left when the receiver is back", name, len(n.Outbox))
		}
	}
}

// TestAnswerIsGivenUpWhenItsAddressExpires: CloudFormation's address does not answer while
// a node is created. The create goes on, and its answer is dropped when it can no longer
// arrive.
func TestAnswerIsGivenUpWhenItsAddressExpires(t *testing.T) {
	r := newRig(t)
	calls := r.hang("CloudFormation Respond", 4*time.Second)
	r.timed(signed(request("Create", "req-1", "stack-1", properties), r.w.Time))
	if n := r.node(); n.Phase != record.Done || len(n.Outbox) != 1 || r.leased() {
		t.Fatalf("phase %s, %d posts, lease held: %v\n%s", n.Phase, len(n.Outbox), r.leased(), r.log)
	}
	for range 70 {
		r.w.Time = r.w.Time.Add(time.Minute)
		r.timed(sweep)
	}
	if n := r.node(); len(n.Outbox) != 0 || *calls > 20 || !strings.Contains(r.log.String(), "WR180") {
		t.Errorf("%d posts wait after %d attempts; the log names WR180: %v", len(n.Outbox), *calls, strings.Contains(r.log.String(), "WR180"))
	}
}
