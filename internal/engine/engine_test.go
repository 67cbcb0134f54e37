package engine_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func TestCreateLaunchesAndAnswers(t *testing.T) {
	r := newRig(t)
	r.must(request("Create", "req-1", "stack-1", properties))
	n := r.node()
	if n.Phase != record.Done || n.Grant.Zone != "az-a" || n.Epoch != 1 {
		t.Fatalf("phase %s, zone %s, epoch %d\n%s", n.Phase, n.Grant.Zone, n.Epoch, r.log)
	}
	a := r.answer(0)
	if a["Status"] != "SUCCESS" || a["PhysicalResourceId"] != "rec.node-1" || a["Data"].(map[string]any)["InstanceId"] != n.Grant.Instance {
		t.Errorf("answer %v", a)
	}
	if m := r.w.Pools[group].Members; len(m) != 1 || m[n.Grant.Instance+":80"] == nil {
		t.Errorf("targets %v", slices.Collect(maps.Keys(m)))
	}
	r.must(request("Create", "req-1", "stack-1", properties))
	if len(r.w.Boxes) != 1 || len(r.w.Answers[answerTo]) != 1 {
		t.Errorf("the same request again made %d instances and %d answers", len(r.w.Boxes), len(r.w.Answers[answerTo]))
	}
}

func TestStoppedInstanceIsReplacedInAnotherZone(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := *r.w.Boxes[r.node().Grant.Instance]
	old.Interfaces = slices.Clone(old.Interfaces)
	failed := r.w.Time
	r.w.Stop(old.ID)
	res := r.must(stateEvent("e1", old.ID, "stopped", failed))
	if res.Code != "WR118" {
		t.Fatalf("result %+v\n%s", res, r.log)
	}
	r.switched(old.ID, "az-b")
	if n := r.node(); n.Epoch != 2 {
		t.Errorf("epoch %d, want 2", n.Epoch)
	}
	now := r.w.Boxes[r.node().Grant.Instance]
	ignore := func(tags map[string]string) map[string]string {
		c := maps.Clone(tags)
		for _, k := range contract.ControlTags {
			delete(c, k)
		}
		return c
	}
	type inherited struct {
		Image, Type, Key, Profile string
		Tags                      map[string]string
		Groups                    [][]string
		Details                   cloud.Details
	}
	of := func(i cloud.Instance, d cloud.Details) inherited {
		x := inherited{i.Image, i.Type, i.KeyName, i.Profile, ignore(i.Tags), nil, d}
		for _, n := range i.Interfaces {
			x.Groups = append(x.Groups, n.Groups)
		}
		return x
	}
	if diff := cmp.Diff(of(old.Instance, old.Details), of(now.Instance, now.Details), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("not inherited (-before +after):\n%s", diff)
	}
	if len(r.w.Notices) != 1 || !strings.Contains(r.w.Notices[0].Body, "s after the failure. Seconds") {
		t.Errorf("notices %v", r.w.Notices)
	}
	if _, ok := r.w.Items[contract.HistoryPartition("vpc-1", 1)+"|"+contract.EpochKey(2)]; !ok {
		t.Error("no history")
	}
}

// switched checks the promise of a switch: one replacement, the old one gone.
func (r *rig) switched(old, zone string) {
	r.Helper()
	n := r.node()
	if n.Phase != record.Done || n.Grant == nil || n.Grant.Zone != zone {
		r.Fatalf("phase %s, grant %+v, hold %+v, want %s\n%s", n.Phase, n.Grant, n.Hold, zone, r.log)
	}
	if running := r.w.Running(); len(running) != 1 || running[0] != n.Grant.Instance {
		r.Errorf("running %v, granted %s", running, n.Grant.Instance)
	}
	r.w.Time = r.w.Time.Add(time.Minute)
	r.must(sweep)
	if s := r.w.Boxes[old].State; s != cloud.Terminated {
		r.Errorf("the old instance is %s", s)
	}
	if m := slices.Sorted(maps.Keys(r.w.Pools[group].Members)); len(m) != 1 || m[0] != n.Grant.Instance+":80" {
		r.Errorf("targets %v", m)
	}
	if got := r.w.Watches[alarm].Instances; len(got) != 1 || got[0] != n.Grant.Instance {
		r.Errorf("the alarm watches %v", got)
	}
	if n := r.node(); len(n.Condemned) != 0 || len(n.Outbox) != 0 || n.Hold != nil {
		r.Errorf("left over: condemned %v, outbox %v, hold %v", n.Condemned, n.Outbox, n.Hold)
	}
	if left := r.leftHints(); left != 0 {
		r.Errorf("%d hints left", left)
	}
}

func (r *rig) leftHints() int {
	n := 0
	for k := range r.w.Items {
		if strings.Contains(k, "|"+contract.HintPrefix) {
			n++
		}
	}
	return n
}

func TestHangIsFencedBeforeTheLaunch(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Alarm(alarm, "ALARM")
	start := len(r.w.Calls)
	r.must(alarmEvent("e1", alarm, r.w.Time))
	r.switched(old, "az-b")
	calls := r.w.Calls[start:]
	stop, launch := slices.Index(calls, "EC2 StopInstances"), slices.Index(calls, "EC2 RunInstances")
	if stop < 0 || launch < stop {
		t.Errorf("stop is call %d, launch call %d", stop, launch)
	}
	mutating := 0
	for _, c := range calls {
		if strings.HasPrefix(c, "EC2 ") || strings.HasPrefix(c, "ELB ") || strings.HasPrefix(c, "CloudWatch ") {
			if !strings.Contains(c, "Describe") {
				mutating++
			}
		}
	}
	if mutating > 12 {
		t.Errorf("%d mutating calls: %v", mutating, calls)
	}
}

func TestDuplicatesMakeOneSwitch(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Stop(old)
	at := r.w.Time
	r.must(stateEvent("e1", old, "stopped", at))
	for range 4 {
		if res := r.must(stateEvent("e1", old, "stopped", at)); res.Outcome != "ignored" {
			t.Errorf("a duplicate after the switch: %+v", res)
		}
	}
	r.w.Time = r.w.Time.Add(24 * time.Hour)
	if res := r.must(stateEvent("e1", old, "stopped", at)); res.Outcome != "ignored" {
		t.Errorf("a day later: %+v", res)
	}
	r.switched(old, "az-b")
	if len(r.w.Boxes) != 2 || r.node().Epoch != 2 {
		t.Errorf("%d instances, epoch %d", len(r.w.Boxes), r.node().Epoch)
	}
}

func TestNoCapacityTakesTheThirdZoneAndIsRemembered(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.NoRoom["az-b"] = true
	r.w.Stop(old)
	r.must(stateEvent("e1", old, "stopped", r.w.Time))
	r.switched(old, "az-c")
	if _, ok := r.w.Items[contract.CapacityPartition+"|az-b#m7g.large"]; !ok {
		t.Error("the lack of capacity is not remembered")
	}
}

func TestNoCapacityAnywhereHoldsAndResumes(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.NoRoom["az-b"], r.w.NoRoom["az-c"] = true, true
	r.w.Stop(old)
	if res := r.must(stateEvent("e1", old, "stopped", r.w.Time)); res.Code != "WR201" {
		t.Fatalf("%+v\n%s", res, r.log)
	}
	if r.w.Boxes[old].State != cloud.Stopped {
		t.Errorf("the old instance is %s: it must be kept stopped", r.w.Boxes[old].State)
	}
	for range 5 {
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(sweep)
	}
	if len(r.w.Notices) != 1 {
		t.Errorf("%d notices of one hold", len(r.w.Notices))
	}
	r.w.NoRoom = map[string]bool{}
	r.w.Time = r.w.Time.Add(4 * time.Minute)
	r.must(sweep)
	r.switched(old, "az-b")
}

func TestLostEventIsFoundByTheSweep(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Stop(old)
	r.must(sweep)
	r.switched(old, "az-b")
}

func TestTerminatedInstanceIsRebuiltFromTheRecord(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	b := r.w.Boxes[old]
	b.State, b.Interfaces, b.Tags = cloud.Terminated, nil, nil
	r.must(stateEvent("e1", old, "terminated", r.w.Time))
	r.switched(old, "az-b")
	if got := r.w.Boxes[r.node().Grant.Instance].Interfaces; len(got) != 2 {
		t.Errorf("interfaces %v", got)
	}
}

func TestIneligiblePausedHealthyAndForeignAreLeftAlone(t *testing.T) {
	cases := []struct {
		name string
		do   func(r *rig) string
		code string
	}{
		{"healthy", func(r *rig) string { return stateEvent("e", r.node().Grant.Instance, "stopped", r.w.Time) }, "WR106"},
		{"foreign", func(r *rig) string { return stateEvent("e", "i-0123456789abcdef0", "stopped", r.w.Time) }, "WR102"},
		{"not a target", func(r *rig) string {
			id := r.node().Grant.Instance
			r.w.Boxes[id].Tags[contract.DefaultTargetTag] = "false"
			r.w.Stop(id)
			return stateEvent("e", id, "stopped", r.w.Time)
		}, "WR105"},
		{"changed id", func(r *rig) string {
			id := r.node().Grant.Instance
			r.w.Boxes[id].Tags[contract.DefaultIDTag] = "2"
			r.w.Stop(id)
			return stateEvent("e", id, "stopped", r.w.Time)
		}, "WR105"},
		{"other account", func(r *rig) string {
			return strings.ReplaceAll(stateEvent("e", r.node().Grant.Instance, "stopped", r.w.Time), "111122223333", "999999999999")
		}, "WR101"},
		{"garbage", func(*rig) string { return `[1,2` }, "WR101"},
		{"null", func(*rig) string { return `null` }, "WR101"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.deployed()
			res := r.must(c.do(r))
			if res.Outcome != "ignored" || res.Code != c.code || res.Reason == "" {
				t.Errorf("%+v, want code %s", res, c.code)
			}
			if n := r.node(); n.Epoch != 1 || len(r.w.Boxes) != 1 || r.leftHints() != 0 {
				t.Errorf("epoch %d, %d instances, %d hints", n.Epoch, len(r.w.Boxes), r.leftHints())
			}
		})
	}
}

func TestAlarmThatWasNeverOKIsNotBelieved(t *testing.T) {
	r := newRig(t)
	r.must(request("Create", "req-1", "stack-1", properties))
	r.w.Watches[alarm] = &cloud.Alarm{Name: alarm, State: "ALARM", Since: r.w.Time}
	r.w.Time = r.w.Time.Add(time.Hour)
	if res := r.must(alarmEvent("e", alarm, r.w.Time)); res.Code != "WR106" {
		t.Errorf("%+v", res)
	}
}

func TestFlappingIsHeld(t *testing.T) {
	r := newRig(t)
	r.deployed()
	for i := range 3 {
		old := r.node().Grant.Instance
		r.w.Stop(old)
		r.must(sweep)
		if n := r.node(); n.Epoch != i+2 || n.Phase != record.Done {
			t.Fatalf("switch %d: epoch %d, phase %s", i, n.Epoch, n.Phase)
		}
	}
	r.w.Stop(r.node().Grant.Instance)
	r.must(sweep)
	if n := r.node(); n.Hold == nil || n.Hold.Code != "WR202" {
		t.Fatalf("hold %+v", n.Hold)
	}
	r.w.Time = r.w.Time.Add(time.Hour)
	r.must(sweep)
	if n := r.node(); n.Epoch != 5 || n.Hold != nil {
		t.Errorf("after the window: epoch %d, hold %+v", n.Epoch, n.Hold)
	}
}

func TestReplacementThatDiesIsAbandoned(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Stop(old)
	first := ""
	r.w.Fault = func(int, string) (error, error) {
		for id, b := range r.w.Boxes {
			if id != old && first == "" && b.State == cloud.Running {
				first = id
				r.w.Stop(id)
				b.StateReason = "Client.VolumeLimitExceeded"
			}
		}
		return nil, nil
	}
	r.must(stateEvent("e1", old, "stopped", r.w.Time))
	r.switched(old, "az-c")
	if s := r.w.Boxes[first].State; s != cloud.Terminated {
		t.Errorf("the abandoned replacement is %s", s)
	}
	if e := r.node().Epoch; e != 3 {
		t.Errorf("epoch %d, want 3: one for the switch, one for the abandonment", e)
	}
}

func TestProtectionIsCleared(t *testing.T) {
	r := newRig(t)
	b := r.w.Templates["lt-1/1"]
	b.ProtectStop, b.ProtectTerminate = true, true
	r.w.Templates["lt-1/1"] = b
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Alarm(alarm, "ALARM")
	r.must(alarmEvent("e1", alarm, r.w.Time))
	r.switched(old, "az-b")
	if d := r.w.Boxes[r.node().Grant.Instance].Details; !d.ProtectStop || !d.ProtectTerminate {
		t.Errorf("protection is not inherited: %+v", d)
	}
}

func TestInstanceStoreIsHeldOrTerminatedByPolicy(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		r := newRig(t)
		props := properties
		if allowed {
			props = strings.Replace(props, `"NodeId"`, `"AllowTerminateFence":"true","NodeId"`, 1)
		}
		r.must(request("Create", "req-1", "stack-1", props))
		r.w.Watches[alarm] = &cloud.Alarm{Name: alarm, State: "OK", Instances: []string{r.node().Grant.Instance}}
		r.w.Time = r.w.Time.Add(5 * time.Minute)
		r.must(sweep)
		old := r.node().Grant.Instance
		r.w.Boxes[old].RootStore = "instance-store"
		r.w.Alarm(alarm, "ALARM")
		res := r.must(alarmEvent("e1", alarm, r.w.Time))
		if !allowed {
			if res.Code != "WR203" || r.w.Boxes[old].State != cloud.Running {
				t.Errorf("%+v, the instance is %s", res, r.w.Boxes[old].State)
			}
			continue
		}
		r.switched(old, "az-b")
	}
}

func TestWhatCannotBeMendedIsToldOnce(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	deny := true
	r.w.Fault = func(_ int, call string) (error, error) {
		if deny && call == "CloudWatch PutMetricAlarm" {
			return fake.Refuse(cloud.Denied, "AccessDenied", "not allowed to cloudwatch:PutMetricAlarm"), nil
		}
		return nil, nil
	}
	r.w.Stop(old)
	r.must(sweep)
	for range 10 {
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(sweep)
	}
	told := 0
	for _, n := range r.w.Notices {
		if strings.Contains(n.Body, "WR302") {
			told++
		}
	}
	if n := r.node(); told != 1 || n.Hold == nil {
		t.Errorf("told %d times, hold %+v", told, n.Hold)
	}
	deny = false
	for range 2 {
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(sweep)
	}
	r.switched(old, "az-b")
}

// Found by the simulation (seed 105): a person starts the fenced original while no
// replacement serves yet. It is stopped again, never terminated.
func TestOriginalThatIsStartedWhileHeldIsStoppedNotTerminated(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.NoRoom["az-b"], r.w.NoRoom["az-c"] = true, true
	r.w.Stop(old)
	r.must(sweep)
	r.w.Boxes[old].State = cloud.Pending
	r.w.Later(r.w.Time.Add(time.Minute+10*time.Second), func() { r.w.Boxes[old].State = cloud.Running })
	r.w.Time = r.w.Time.Add(time.Minute)
	r.must(sweep)
	if s := r.w.Boxes[old].State; s != cloud.Stopped {
		t.Errorf("the original is %s", s)
	}
	r.w.NoRoom = map[string]bool{}
	r.w.Time = r.w.Time.Add(4 * time.Minute)
	r.must(sweep)
	r.switched(old, "az-b")
}

// A grant rests on a sight of seconds ago: what was seen before the process slept is
// looked at again. Reads that come before the instances' may be slow.
func TestGrantRestsOnAFreshSight(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	slept := false
	r.w.Fault = func(_ int, call string) (error, error) {
		switch n := r.node(); {
		case call == "ELB DescribeTargetGroups":
			r.w.Time = r.w.Time.Add(30 * time.Second)
		case call == "EC2 DescribeInstances" && !slept && n.Phase == record.Gated && r.w.Boxes[n.Switch.Instance].State == cloud.Running:
			// The look is answered with the original off; then the process sleeps, and
			// somebody starts the original.
			slept = true
			r.w.Later(r.w.Time.Add(time.Second), func() { r.w.Boxes[old].State = cloud.Running })
			r.w.Time = r.w.Time.Add(time.Minute)
		}
		return nil, nil
	}
	r.w.Stop(old)
	r.must(stateEvent("e1", old, "stopped", r.w.Time))
	if !slept {
		t.Fatal("the process never slept: the test proves nothing")
	}
	if at := r.w.Boxes[old]; at.State != cloud.Terminated && at.State != cloud.ShuttingDown {
		t.Errorf("the original is %s", at.State)
	}
	starts := strings.Count(r.log.String(), `"code":"WR116"`)
	fenced := slices.Index(r.w.Calls, "EC2 StopInstances")
	if starts != 2 || fenced < 0 {
		t.Errorf("%d grants (one for the create), stop at call %d: the started original must be stopped before the grant\n%s", starts, fenced, r.log)
	}
	r.switched(old, "az-b")
}

func TestAlarmsThatMayNotBeReadAreHeldAndNotAskedForWithoutEnd(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	asked := 0
	r.w.Fault = func(_ int, call string) (error, error) {
		if call != "CloudWatch DescribeAlarms" {
			return nil, nil
		}
		if asked++; asked > 20 {
			t.Fatal("DescribeAlarms is called again and again")
		}
		return fake.Refuse(cloud.Denied, "AccessDenied", "not allowed to cloudwatch:DescribeAlarms"), nil
	}
	r.w.Alarm(alarm, "ALARM")
	if res := r.must(alarmEvent("e1", alarm, r.w.Time)); res.Code != "WR302" || r.leftHints() != 0 {
		t.Errorf("%+v, %d hints left", res, r.leftHints())
	}
	r.w.Fault = nil
	r.w.Time = r.w.Time.Add(time.Minute)
	r.must(sweep)
	r.switched(old, "az-b")
}
