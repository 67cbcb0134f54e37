package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

// declare is the example with further properties of the database node, as
// ClusterNode writes them.
func declare(t *testing.T, properties map[string]any) *provision.Assembly {
	t.Helper()
	a := reload(t, "single")
	for _, stack := range a.Stacks {
		for _, r := range stack.Template.Resources {
			if r.Type == contract.NodeResourceType && r.Properties["NodeId"] == fmt.Sprint(database) {
				for k, v := range properties {
					r.Properties[k] = v
				}
				return a
			}
		}
	}
	t.Fatalf("the example has no node %d", database)
	return nil
}

// hang lets the database's instance fail without being off.
func (a *account) hang(s world.Switcher, st world.State) {
	a.t.Helper()
	e, err := s.Hang(a.t.Context(), contract.AlarmName(s.Settings.Name, st.Node.ID, contract.AlarmInstance))
	must(a.t, err)
	a.deliver(e, 1)
}

// position of the first call with the name and a parameter's value, -1 if there is none.
func position(calls []proxy.Call, name, value string) int {
	for i, c := range calls {
		if named(name)(c) {
			for _, v := range c.Params {
				if strings.Contains(v, value) {
					return i
				}
			}
		}
	}
	return -1
}

// TestGatedReplacementIsLaunchedFirst: the original is stopped only after EC2
// accepted its replacement, which is let through its gate only after the fence.
func TestGatedReplacementIsLaunchedFirst(t *testing.T) {
	t.Parallel()
	a := deployStacks(t, declare(t, map[string]any{"Gate": "true"}), world.Options{Pending: 1, Initial: 1})
	s := a.s[0]
	before, from := a.state(s, database), a.Proxy.Len()
	old := before.Node.Grant.Instance
	gate := func(id string) string {
		i, err := s.Instance(t.Context(), id)
		must(t, err)
		for _, tag := range i.Tags {
			if aws.ToString(tag.Key) == contract.GateTag {
				return aws.ToString(tag.Value)
			}
		}
		return ""
	}
	if got, want := gate(old), fmt.Sprintf("%s:%d", old, before.Node.Epoch); got != want {
		t.Errorf("gate of the deployed instance %q, wanted %q", got, want)
	}
	a.hang(s, before)
	a.Settle()
	after := a.state(s, database)
	a.switched(before, after)
	id := after.Node.Grant.Instance
	granted := fmt.Sprintf("%s:%d", id, after.Node.Epoch)
	if got := gate(id); got != granted {
		t.Errorf("gate of the replacement %q, wanted %q", got, granted)
	}
	calls := a.Proxy.Calls(from)
	launch, stop, open := position(calls, "RunInstances", contract.EpochTag), position(calls, "StopInstances", old), position(calls, "CreateTags", granted)
	if launch < 0 || stop < launch || open < stop {
		t.Errorf("launch is call %d, the original's stop %d, the opening %d: wanted them in this order", launch, stop, open)
		for _, c := range calls {
			t.Log(c)
		}
	}
}

// TestScenario13 lacks capacity everywhere: the original is started again in place.
func TestScenario13RestartInPlace(t *testing.T) {
	t.Parallel()
	a := deployStacks(t, declare(t, map[string]any{"RestartOriginal": "true"}), world.Options{})
	s := a.s[0]
	before, from := a.state(s, database), a.Proxy.Len()
	zones, err := a.destinations(s)
	must(t, err)
	var others []string
	for _, z := range zones {
		if z != before.Node.Grant.Zone {
			others = append(others, z)
		}
	}
	a.Proxy.SetNoCapacity(others...)
	a.fail(s, before)
	after := a.rest(s, database)
	if !after.AtRest() || after.Node.Grant == nil || after.Node.Grant.Instance != before.Node.Grant.Instance || after.Node.Epoch <= before.Node.Epoch {
		t.Fatalf("after the restart: %+v", after.Node)
	}
	if diff := cmp.Diff(before.Targets, after.Targets); diff != "" {
		t.Errorf("targets (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Inherited, after.Inherited); diff != "" {
		t.Errorf("the instance (-before +after):\n%s", diff)
	}
	i, err := s.Instance(t.Context(), after.Node.Grant.Instance)
	must(t, err)
	for _, tag := range i.Tags {
		if v := aws.ToString(tag.Value); aws.ToString(tag.Key) == contract.CondemnedTag && v != contract.NoEpoch {
			t.Errorf("the instance that serves is still condemned: %s", aws.ToString(tag.Value))
		}
	}
	if i.State.Name != "running" || count(a.Proxy.Calls(from), named("StartInstances")) == 0 {
		t.Errorf("the original is %s", i.State.Name)
	}
	if n := count(a.Proxy.Calls(from), named("TerminateInstances")); n > 0 {
		t.Errorf("%d calls to terminate", n)
	}
}

// TestScenario23 has a host that never confirms: the instance is cut off from the
// node's own file system, and the mount target comes back when it is off.
func TestScenario23StorageFence(t *testing.T) {
	t.Parallel()
	app := declare(t, map[string]any{"FenceEscalation": "storage"})
	for _, stack := range app.Stacks {
		for id, r := range stack.Template.Resources {
			if r.Type == "AWS::EFS::FileSystem" && strings.HasPrefix(id, "Database1Data") {
				for _, n := range stack.Template.Resources {
					if n.Type == contract.NodeResourceType && n.Properties["NodeId"] == fmt.Sprint(database) {
						n.Properties["FileSystem"] = map[string]any{"Ref": id}
					}
				}
			}
		}
	}
	a := deployStacks(t, app, world.Options{Policy: func(p *contract.Policy) { p.FenceSeconds = 30 }})
	s := a.s[0]
	before := a.state(s, database)
	files := awscloud.Ports(provision.Config(a.Proxy.URL, s.Region, proxy.Observer), awscloud.Options{}).Files
	mounts := func() []cloud.Mount {
		found, err := files.Mounts(context.Background(), before.Node.Settings.FileSystem)
		must(t, err)
		return found
	}
	all := mounts()
	if len(all) != 3 {
		t.Fatalf("%d mount targets, wanted one in each of three zones", len(all))
	}
	old := before.Node.Grant
	a.Proxy.SetStuck(old.Instance)
	a.hang(s, before)
	a.Settle()
	during := a.state(s, database)
	if during.Node.Grant == nil || during.Node.Grant.Instance == old.Instance || (cloud.Instance{State: during.Instances[old.Instance]}).Off() {
		t.Fatalf("during the storage fence: grant %+v, the old instance is %s", during.Node.Grant, during.Instances[old.Instance])
	}
	for _, m := range mounts() {
		if m.Zone == old.Zone {
			t.Errorf("%s still has the mount target %s", m.Zone, m.ID)
		}
	}
	for group, targets := range during.Targets {
		if diff := cmp.Diff([]string{during.Node.Grant.Instance}, targets); diff != "" {
			t.Errorf("targets of %s (-want +got):\n%s", group, diff)
		}
	}
	a.Proxy.SetStuck()
	s.Tick()
	after := a.rest(s, database)
	a.switched(before, after)
	if diff := cmp.Diff(all, mounts(), cmpopts.IgnoreFields(cloud.Mount{}, "ID", "IP")); diff != "" {
		t.Errorf("mount targets afterwards (-before +after):\n%s", diff)
	}
}

// TestLongWaitContinues: what takes longer than an invocation goes on in the next.
func TestLongWaitContinues(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{Retries: 1000})
	s := a.s[0]
	before, from := a.state(s, database), a.Proxy.Len()
	a.Proxy.SetStuck(before.Node.Grant.Instance)
	// An invocation keeps 45 s for its end, so this one may wait for some seconds. On a busy
	// machine that end may take longer: then the invocation fails and is tried again.
	usual := s.Timeout
	s.SetTimeout(50 * time.Second)
	a.hang(s, before)
	wait.Until(t, "the function's call of itself", func() bool { return count(a.Proxy.Calls(from), named("Invoke")) > 0 })
	s.SetTimeout(usual)
	a.Proxy.SetStuck()
	a.switched(before, a.rest(s, database))
}

// TestScenario30 shifts traffic away from the zone that would be next.
func TestScenario30ShiftedZoneIsNoDestination(t *testing.T) {
	t.Parallel()
	const shifted = "apne1-az1"
	a := deploy(t, "single", world.Options{Shifted: []string{shifted}})
	s := a.s[0]
	before := a.state(s, database)
	zones, err := a.destinations(s)
	must(t, err)
	next := a.secondChoice(before, zones)
	out, err := s.AWS().EC2.DescribeAvailabilityZones(t.Context(), &ec2.DescribeAvailabilityZonesInput{ZoneIds: []string{shifted}})
	must(t, err)
	if name := aws.ToString(out.AvailabilityZones[0].ZoneName); name != next {
		t.Fatalf("%s is %s, and the next zone would be %s: the test wants them equal", shifted, name, next)
	}
	a.fail(s, before)
	a.Settle()
	after := a.state(s, database)
	a.switched(before, after)
	if after.Node.Grant.Zone == next {
		t.Errorf("placed in %s, which traffic is shifted away from", next)
	}
}

// TestAdviceThatCannotBeHadStopsNothing: zones' health, shifts and reservations only
// order candidates.
func TestAdviceThatCannotBeHadStopsNothing(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	for _, f := range []proxy.Fault{
		{Service: proxy.EC2, Action: "DescribeAvailabilityZones", Error: &proxy.Error{Status: http.StatusForbidden, Code: "UnauthorizedOperation"}},
		{Service: proxy.EC2, Action: "DescribeCapacityReservations", Error: &proxy.Error{Status: http.StatusServiceUnavailable, Code: "RequestLimitExceeded"}},
		{Service: proxy.Zonal, Error: &proxy.Error{Status: http.StatusInternalServerError, Code: "InternalServerException"}},
	} {
		defer a.Proxy.Inject(f)()
	}
	before := a.state(s, database)
	a.fail(s, before)
	a.Settle()
	a.switched(before, a.state(s, database))
}
