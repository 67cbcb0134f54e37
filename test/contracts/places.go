package contracts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Zones holds an implementation to the part of cloud.Zones that tells of zones.
func Zones(t *testing.T, s Stage) {
	found := must[[]cloud.Zone](t, "Zones")(s.Ports.Zones.Zones(ctx(t)))
	ids := map[string]string{}
	for _, z := range found {
		ids[z.Name] = z.ID
		if z.State != "available" {
			t.Errorf("zone %s is described as %+v, wanted it available", z.Name, z)
		}
	}
	for _, n := range s.Subnets {
		if ids[n.Zone] == "" {
			t.Errorf("the zone of subnet %s, %s, is not told of with an id: %v", n.ID, n.Zone, found)
		}
	}
	if ids[s.Subnets[0].Zone] == ids[s.Subnets[1].Zone] {
		t.Errorf("two zones have one id: %v", found)
	}
}

// Advice holds an implementation to the rest of cloud.Zones. The emulator knows
// neither zonal shifts nor capacity reservations: the adapters' own tests see to
// their wire format.
func Advice(t *testing.T, s Stage) {
	wantShifts := []cloud.Shift{{ZoneID: "id-one", Reason: "disks are slow"}, {ZoneID: "id-two"}}
	wantReserves := []cloud.Reserve{{Zone: s.Subnets[0].Zone, Type: "m5.large", Free: 2}}
	if shifts := must[[]cloud.Shift](t, "Shifts")(s.Ports.Zones.Shifts(ctx(t))); len(shifts) != 0 {
		t.Errorf("shifts before any: %v", shifts)
	}
	s.Shift(wantShifts)
	shifts := must[[]cloud.Shift](t, "Shifts")(s.Ports.Zones.Shifts(ctx(t)))
	if diff := cmp.Diff(wantShifts, shifts); diff != "" {
		t.Errorf("shifts differ (-want +got):\n%s", diff)
	}
	s.Shift(nil)
	s.Reserve([]cloud.Reserve{
		wantReserves[0], {Zone: s.Subnets[1].Zone, Type: "m5.large"}, {Zone: s.Subnets[0].Zone, Type: "other", Free: 1},
	})
	reserves := must[[]cloud.Reserve](t, "Reserved")(s.Ports.Zones.Reserved(ctx(t), []string{"m5.large", "m5a.large"}))
	if diff := cmp.Diff(wantReserves, reserves); diff != "" {
		t.Errorf("reserves differ (-want +got):\n%s", diff)
	}
	s.Reserve(nil)
}

// Files holds an implementation to cloud.Files.
func Files(t *testing.T, s Stage) {
	f := s.Ports.Files
	sets := cmpopts.SortSlices(func(a, b string) bool { return a < b }) // groups have no order
	mounts := func(want ...cloud.Mount) []cloud.Mount {
		t.Helper()
		found := must[[]cloud.Mount](t, "Mounts")(f.Mounts(ctx(t), s.FileSystem))
		ids := map[string]bool{}
		for _, m := range found {
			ids[m.ID] = true
			if m.IP == "" || m.State != "available" {
				t.Errorf("a mount target is described as %+v, wanted an address and it available", m)
			}
		}
		if len(ids) != len(want) {
			t.Errorf("%d ids for %d mount targets", len(ids), len(want))
		}
		if diff := cmp.Diff(want, found, sets, cmpopts.IgnoreFields(cloud.Mount{}, "ID", "IP", "State"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("mount targets differ (-want +got):\n%s", diff)
		}
		return found
	}
	mounts()
	one := cloud.Mount{Subnet: s.Subnets[0].ID, Zone: s.Subnets[0].Zone, Groups: s.Groups[:2]}
	two := cloud.Mount{Subnet: s.Subnets[1].ID, Zone: s.Subnets[1].Zone, Groups: s.Groups[2:3]}
	for _, m := range []cloud.Mount{one, two} {
		if err := f.CreateMount(ctx(t), s.FileSystem, m); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, "CreateMount where there is one", f.CreateMount(ctx(t), s.FileSystem, one), cloud.Conflict)
	wantKind(t, "CreateMount of an unknown file system", f.CreateMount(ctx(t), "fs-00000000000000000", one), cloud.NotFound)
	old := mounts(one, two)[0]
	if err := f.DeleteMount(ctx(t), old.ID); err != nil {
		t.Fatal(err)
	}
	mounts(two)
	wantKind(t, "DeleteMount again", f.DeleteMount(ctx(t), old.ID), cloud.NotFound)
	if err := f.CreateMount(ctx(t), s.FileSystem, old); err != nil {
		t.Fatalf("a mount target is not made again from what was read of it: %v", err)
	}
	if again := mounts(one, two)[0]; again.ID == old.ID {
		t.Errorf("the new mount target has the old one's id, %s", again.ID)
	}
	// That no target is told of must prove that there is none.
	_, err := f.Mounts(ctx(t), "fs-00000000000000000")
	wantKind(t, "Mounts of an unknown file system", err, cloud.NotFound)
}
