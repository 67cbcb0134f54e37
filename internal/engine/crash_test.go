package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// errCrash unwinds a process that dies: nothing it would do later is done.
var errCrash = errors.New("the process is dead")

// fault says what goes wrong at call number at.
type fault struct {
	name string
	// make returns what the call answers.
	make func() (before, after error)
}

var faults = []fault{
	{"crash before", func() (error, error) { return errCrash, nil }},
	{"crash after", func() (error, error) { return nil, errCrash }},
	{"lost request", func() (error, error) { return fake.Refuse(cloud.Ambiguous, "", "time-out"), nil }},
	{"lost answer", func() (error, error) { return nil, fake.Refuse(cloud.Ambiguous, "", "time-out") }},
	{"throttled", func() (error, error) { return fake.Refuse(cloud.Throttled, "RequestLimitExceeded", ""), nil }},
	{"denied", func() (error, error) { return fake.Refuse(cloud.Denied, "UnauthorizedOperation", ""), nil }},
}

// strike injects the fault at one call, counted from now.
func (r *rig) strike(f fault, at int) {
	start := len(r.w.Calls)
	r.w.Fault = func(n int, _ string) (error, error) {
		if n-start != at {
			return nil, nil
		}
		return f.make()
	}
	r.w.Crash = errCrash
}

// survive calls the switcher; a crash of it is an error like any other.
func (r *rig) survive(payload string) (err error) {
	defer func() {
		if dead := recover(); dead != nil {
			if dead != errCrash { //nolint:errorlint // the very value
				panic(dead)
			}
			err = errCrash
		}
	}()
	_, err = r.call(payload)
	return err
}

// resume brings the world back and lets the sweep run each minute, until no call of an
// invocation that was cut off can arrive any more.
func (r *rig) resume() {
	r.Helper()
	r.w.Fault = nil
	for range int(record.LateCall / time.Minute) {
		r.w.Time = r.w.Time.Add(time.Minute)
		if _, err := r.call(sweep); err != nil {
			r.Fatalf("sweep: %v", err)
		}
		if n := r.node(); n.Phase == record.Done && n.Hold == nil && len(n.Outbox) == 0 && !untagged(n) {
			return
		}
	}
}

// untagged reports whether an instance that is off waits for its tag, without which it
// cannot be terminated.
func untagged(n record.Node) bool {
	return slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return !c.Untagged.IsZero() })
}

// TestFaultAtEveryCallOfASwitch runs a switch once for each fault at each of its
// calls, and expects the same end every time.
func TestFaultAtEveryCallOfASwitch(t *testing.T) {
	for _, c := range []struct {
		cause string
		gate  bool
	}{{"stop", false}, {"alarm", false}, {"alarm", true}} {
		cause, name := c.cause, c.cause
		if c.gate {
			name += " with a gate"
		}
		clean := newRig(t)
		clean.gate = c.gate
		clean.deployed()
		start := len(clean.w.Calls)
		clean.fail(cause)
		calls := clean.w.Calls[start:]
		for _, f := range faults {
			t.Run(name+"/"+f.name, func(t *testing.T) {
				for at, call := range calls {
					r := newRig(t)
					r.gate = c.gate
					r.deployed()
					old := r.node().Grant.Instance
					r.strike(f, at)
					r.fail(cause)
					r.resume()
					r.exactlyOne(fmt.Sprintf("%s at call %d (%s)", f.name, at, call), old)
				}
			})
		}
	}
}

// fail breaks the node and delivers the event; the invocation may fail.
func (r *rig) fail(cause string) {
	old := r.node().Grant.Instance
	payload := alarmEvent("e1", alarm, r.w.Time)
	if cause == "stop" {
		r.w.Stop(old)
		payload = stateEvent("e1", old, "stopped", r.w.Time)
	} else {
		r.w.Alarm(alarm, "ALARM")
	}
	_ = r.survive(payload) // what is lost here, the sweep must find
}

func (r *rig) exactlyOne(what, old string) {
	r.Helper()
	n := r.node()
	if n.Phase != record.Done || n.Grant == nil || n.Hold != nil {
		r.Fatalf("%s: phase %s, grant %v, hold %+v\n%s", what, n.Phase, n.Grant, n.Hold, r.log)
	}
	if len(r.w.Boxes) != 2 || n.Epoch != 2 {
		r.Errorf("%s: %d instances were ever launched, epoch %d; want 2 and 2", what, len(r.w.Boxes), n.Epoch)
	}
	r.switched(old, "az-b")
	if r.Failed() {
		r.Fatalf("%s\n%s", what, r.log)
	}
}

// TestFaultAtEveryCallOfACreate: whatever happens, one instance, and
// CloudFormation is answered.
func TestFaultAtEveryCallOfACreate(t *testing.T) {
	clean := newRig(t)
	clean.must(request("Create", "req-1", "stack-1", properties))
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for at, name := range clean.w.Calls {
				if refusedForGood(f, name) {
					continue
				}
				r := newRig(t)
				r.strike(f, at)
				err := r.survive(request("Create", "req-1", "stack-1", properties))
				r.w.Fault = nil
				if err != nil { // Lambda delivers an event again that failed
					r.w.Time = r.w.Time.Add(time.Minute)
					r.must(request("Create", "req-1", "stack-1", properties))
				}
				r.resume()
				if len(r.w.Boxes) != 1 {
					t.Fatalf("%s at call %d (%s): %d instances\n%s", f.name, at, name, len(r.w.Boxes), r.log)
				}
				if a := r.answer(0); a["Status"] != "SUCCESS" {
					t.Fatalf("%s at call %d (%s): %v\n%s", f.name, at, name, a, r.log)
				}
			}
		})
	}
}

// refusedForGood: the pre-signed address refuses the answer, as it does when it
// has expired. Nothing can reach CloudFormation then; the refusal is logged.
func refusedForGood(f fault, call string) bool {
	// A group whose attributes may not be read is refused: the deployment fails.
	return f.name == "denied" && (call == "CloudFormation Respond" || call == "ELB DescribeTargetGroupAttributes")
}

// TestFaultAtEveryCallOfADelete: nothing of the node is left, its id is free.
func TestFaultAtEveryCallOfADelete(t *testing.T) {
	del := request("Delete", "req-2", "stack-1", properties)
	clean := newRig(t)
	clean.deployed()
	start := len(clean.w.Calls)
	clean.must(del)
	calls := clean.w.Calls[start:]
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for at, name := range calls {
				if refusedForGood(f, name) {
					continue
				}
				r := newRig(t)
				r.deployed()
				r.strike(f, at)
				err := r.survive(del)
				r.w.Fault = nil
				if err != nil {
					r.w.Time = r.w.Time.Add(time.Minute)
					r.must(del)
				}
				r.resume()
				if n := r.node(); n.Phase != record.Deleted || len(r.w.Running()) != 0 || len(r.w.Pools[group].Members) != 0 {
					t.Fatalf("%s at call %d (%s): phase %s, running %v\n%s", f.name, at, name, n.Phase, r.w.Running(), r.log)
				}
				if _, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]; claimed {
					t.Fatalf("%s at call %d (%s): the id is still claimed", f.name, at, name)
				}
				if a := r.answer(1); a["Status"] != "SUCCESS" || a["RequestId"] != "req-2" {
					t.Fatalf("%s at call %d (%s): %v", f.name, at, name, a)
				}
			}
		})
	}
}

func TestUnansweredLaunchIsRepeatedWithItsToken(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	launches := 0
	r.w.Fault = func(_ int, call string) (error, error) {
		if call == "EC2 RunInstances" {
			if launches++; launches <= 3 {
				return nil, fake.Refuse(cloud.Ambiguous, "", "no answer")
			}
		}
		return nil, nil
	}
	r.w.Stop(old)
	r.must(stateEvent("e1", old, "stopped", r.w.Time))
	if launches != 4 || len(r.w.Boxes) != 2 {
		t.Errorf("%d requests made %d instances", launches, len(r.w.Boxes)-1)
	}
	r.switched(old, "az-b")
}

func TestWithdrawnPermissionInterruptsAndResumes(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Fault = func(_ int, call string) (error, error) {
		if call == "EC2 StopInstances" {
			return fake.Refuse(cloud.Denied, "UnauthorizedOperation", "not allowed to ec2:StopInstances"), nil
		}
		return nil, nil
	}
	r.w.Alarm(alarm, "ALARM")
	res := r.must(alarmEvent("e1", alarm, r.w.Time))
	if res.Code != "WR302" || !strings.Contains(r.node().Hold.Reason, "ec2:StopInstances") {
		t.Fatalf("%+v, hold %+v", res, r.node().Hold)
	}
	r.resume()
	r.switched(old, "az-b")
}

// TestSenderCountsUntilItsSignaturesExpire: a request that is signed at the very end of
// an invocation is accepted for 15 minutes more.
func TestSenderCountsUntilItsSignaturesExpire(t *testing.T) {
	r := newRig(t)
	r.w.Crash = errCrash
	r.w.Fault = func(_ int, call string) (before, after error) {
		if strings.Contains(call, "RunInstances") {
			return errCrash, nil
		}
		return nil, nil
	}
	if err := r.survive(request("Create", "req-1", "stack-1", properties)); !errors.Is(err, errCrash) {
		t.Fatalf("the invocation ended with %v, not at its launch request", err)
	}
	sw := r.node().Switch
	if sw == nil || len(sw.Senders) != 1 || !sw.Senders[0].Until.Equal(began.Add(30*time.Minute)) {
		t.Errorf("the senders of the launch are %+v, want one until %s: 15 minutes of Lambda, 15 of the signature", sw, began.Add(30*time.Minute))
	}
}
