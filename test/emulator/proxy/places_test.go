package proxy_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

// ports are the switcher's own, of a caller whose calls count.
func (w world) ports() cloud.Ports {
	return awscloud.Ports(provision.Config(w.URL, region, "AKIACALLER"), awscloud.Options{Function: "f"})
}

func TestReservationsAndShifts(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	zones := w.ports().Zones
	if r, err := zones.Reserved(ctx, []string{"m5.large"}); err != nil || len(r) != 0 {
		t.Errorf("reservations before any: %v, %v", r, err)
	}
	if s, err := zones.Shifts(ctx); err != nil || len(s) != 0 {
		t.Errorf("shifts before any: %v, %v", s, err)
	}
	w.SetReserved(proxy.Reserve{Zone: region + "c", Type: "m5.large", Free: 2}, proxy.Reserve{Zone: region + "c", Type: "t3.micro", Free: 1})
	if r, err := zones.Reserved(ctx, []string{"t4g.small", "m5.large"}); err != nil || !slices.Equal(r, []cloud.Reserve{{Zone: region + "c", Type: "m5.large", Free: 2}}) {
		t.Errorf("reservations: %v, %v", r, err)
	}
	w.SetShifted("apne1-az1")
	if s, err := zones.Shifts(ctx); err != nil || len(s) != 1 || s[0].ZoneID != "apne1-az1" {
		t.Errorf("shifts: %v, %v", s, err)
	}
	if f := w.Failures(); len(f) > 0 {
		t.Error(f)
	}
}

// TestMountTargetsAreNamed: calls of a REST protocol are called what AWS calls them.
func TestMountTargetsAreNamed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	var made struct{ FileSystemId string }
	if err := w.aws.REST(ctx, http.MethodPost, "/2015-02-01/file-systems", proxy.EFS, map[string]any{"CreationToken": "t"}, &made); err != nil {
		t.Fatal(err)
	}
	groups, err := w.aws.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	from, files := w.Len(), w.ports().Files
	if err := files.CreateMount(ctx, made.FileSystemId, cloud.Mount{Subnet: w.subnets[region+"a"], Groups: []string{*groups.SecurityGroups[0].GroupId}}); err != nil {
		t.Fatal(err)
	}
	mounts, err := files.Mounts(ctx, made.FileSystemId)
	if err != nil || len(mounts) != 1 {
		t.Fatalf("mounts %v, %v", mounts, err)
	}
	if err := files.DeleteMount(ctx, mounts[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := files.DeleteMount(ctx, mounts[0].ID); !cloud.Is(err, cloud.NotFound) {
		t.Errorf("deleted again: %v", err)
	}
	var names []string
	for _, c := range w.Calls(from) {
		names = append(names, c.Action)
		if wantChange := !strings.HasPrefix(c.Action, "Describe"); c.Service != proxy.EFS || c.Mutating() != wantChange {
			t.Errorf("%s: mutating %v, wanted %v", c, c.Mutating(), wantChange)
		}
	}
	want := []string{"CreateMountTarget", "DescribeMountTargets", "DescribeMountTargetSecurityGroups", "DeleteMountTarget", "DeleteMountTarget"}
	if !slices.Equal(names, want) {
		t.Errorf("calls %q, wanted %q", names, want)
	}
	if f := w.Failures(); len(f) > 0 {
		t.Error(f)
	}
}

// TestStuckAndStarted: a dead host never confirms, and a start needs room.
func TestStuckAndStarted(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	id, err := w.launch(region+"a", "t", "t3.micro")
	if err != nil {
		t.Fatal(err)
	}
	compute := w.ports().Compute
	state := func(want string) {
		t.Helper()
		if got := string(w.instance(t, id).State.Name); got != want {
			t.Errorf("state %s, wanted %s", got, want)
		}
	}
	w.SetStuck(id)
	state(cloud.Running)
	if err := compute.Stop(ctx, []string{id}, cloud.SkipShutdown); err != nil {
		t.Fatal(err)
	}
	state(cloud.Stopping)
	w.SetStuck()
	state(cloud.Stopped)
	w.SetNoCapacity(region + "a")
	if err := compute.Start(ctx, id); !cloud.Is(err, cloud.Capacity) {
		t.Errorf("start without capacity: %v", err)
	}
	state(cloud.Stopped)
	w.SetNoCapacity(region + "c")
	if err := compute.Start(ctx, id); err != nil {
		t.Fatal(err)
	}
	state(cloud.Running)
	w.SetStuck(id)
	if err := compute.Terminate(ctx, []string{id}, cloud.ShutDown); err != nil {
		t.Fatal(err)
	}
	state(cloud.ShuttingDown)
}
