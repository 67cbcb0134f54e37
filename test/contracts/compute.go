package contracts

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Compute holds an implementation to cloud.Compute.
func Compute(t *testing.T, s Stage) {
	t.Run("subnets are found by tag, in order of zones", func(t *testing.T) { subnets(t, s) })
	t.Run("a template reads as a blueprint", func(t *testing.T) { template(t, s) })
	t.Run("a launched instance has everything of its blueprint", func(t *testing.T) { inherits(t, s) })
	t.Run("groups are replaced on one interface", func(t *testing.T) { groups(t, s) })
	t.Run("another type than the blueprint's", func(t *testing.T) { anotherType(t, s) })
	t.Run("tags are added, overwritten and removed", func(t *testing.T) { tags(t, s) })
	t.Run("protection is cleared one by one", func(t *testing.T) { protection(t, s) })
	t.Run("instances stop, start and terminate", func(t *testing.T) { power(t, s) })
	t.Run("scheduled events", func(t *testing.T) { scheduled(t, s) })
	t.Run("application status", func(t *testing.T) { failing(t, s) })
	t.Run("what does not exist", func(t *testing.T) { unknown(t, s) })
}

func subnets(t *testing.T, s Stage) {
	found := must[[]cloud.Subnet](t, "Subnets")(s.Ports.Compute.Subnets(ctx(t), s.VPC, s.Tag[0], s.Tag[1]))
	if diff := cmp.Diff(s.Subnets[:], found, cmpopts.IgnoreFields(cloud.Subnet{}, "Free")); diff != "" {
		t.Errorf("subnets differ (-want +got):\n%s", diff)
	}
	for _, n := range found {
		if n.Free <= 0 {
			t.Errorf("subnet %s has %d free addresses", n.ID, n.Free)
		}
	}
	if none := must[[]cloud.Subnet](t, "Subnets")(s.Ports.Compute.Subnets(ctx(t), s.VPC, s.Tag[0], "other")); len(none) != 0 {
		t.Errorf("another tag value finds %v", none)
	}
}

func template(t *testing.T, s Stage) {
	got := must[cloud.Blueprint](t, "Template")(s.Ports.Compute.Template(ctx(t), s.Template[0], s.Template[1]))
	if diff := cmp.Diff(s.Blueprint, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("blueprint differs (-want +got):\n%s", diff)
	}
}

// launch starts an instance of the stage's blueprint and returns it as described.
func launch(t *testing.T, s Stage, token string, change func(*cloud.Blueprint)) cloud.Instance {
	t.Helper()
	l := cloud.Launch{
		Blueprint: s.Blueprint, Subnet: s.Subnets[0].ID, Zone: s.Subnets[0].Zone, Token: token,
		Tags: map[string]string{contract.SwitcherTag: "contracts", contract.EpochTag: "3", "case": token},
	}
	if change != nil {
		change(&l.Blueprint)
	}
	begun := must[cloud.Instance](t, "Launch")(s.Ports.Compute.Launch(ctx(t), l))
	if begun.ID == "" || begun.Zone != s.Subnets[0].Zone || begun.Subnet != s.Subnets[0].ID {
		t.Fatalf("Launch answered %+v, wanted an id and the place that was asked for", begun)
	}
	return seen(t, s, begun.ID)
}

func seen(t *testing.T, s Stage, id string) cloud.Instance {
	t.Helper()
	found := must[[]cloud.Instance](t, "Instances")(s.Ports.Compute.Instances(ctx(t), []string{id, "i-00000000000000000"}))
	if len(found) != 1 || found[0].ID != id {
		t.Fatalf("Instances of %s and an unknown id found %+v, wanted the one", id, found)
	}
	return found[0]
}

func inherits(t *testing.T, s Stage) {
	for name, change := range map[string]func(*cloud.Blueprint){
		"one-interface": nil,
		"two-interfaces": func(b *cloud.Blueprint) {
			b.Interfaces = []cloud.InterfaceSpec{{Groups: s.Groups[:1]}, {Device: 1, Groups: s.Groups[1:3]}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := launch(t, s, name, change)
			if i.VPC != s.VPC || i.PrivateIP == "" || i.LaunchedAt.IsZero() {
				t.Errorf("the instance is described as %+v", i)
			}
			details := must[cloud.Details](t, "Details")(s.Ports.Compute.Details(ctx(t), i))
			got, err := blueprint.FromInstance(i, details, nil, "sg-blackhole")
			if err != nil {
				t.Fatal(err)
			}
			want := s.Blueprint
			if change != nil {
				change(&want)
			}
			want.Tags = merged(want.Tags, map[string]string{contract.SwitcherTag: "contracts", "case": name})
			want.VolumeTags = merged(want.VolumeTags, map[string]string{contract.SwitcherTag: "contracts"})
			want.InterfaceTags = merged(want.InterfaceTags, map[string]string{contract.SwitcherTag: "contracts"})
			if i.Tags[contract.EpochTag] != "3" {
				t.Errorf("tags are %v, wanted the launch's own among them", i.Tags)
			}
			for k := range min(len(want.Interfaces), len(got.Interfaces)) {
				if want.Interfaces[k].Public == nil { // the subnet decides, and EC2 shows what came of it
					got.Interfaces[k].Public = nil
				}
			}
			for _, b := range []*cloud.Blueprint{&want, &got} {
				if s.Inherited != nil {
					s.Inherited(b)
				}
			}
			// Groups are a set.
			sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(want, got, sorted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("what the instance became differs from what was asked for (-want +got):\n%s", diff)
			}
		})
	}
}

func merged(a, b map[string]string) map[string]string {
	to := maps.Clone(a)
	if to == nil {
		to = map[string]string{}
	}
	maps.Copy(to, b)
	return to
}

func groups(t *testing.T, s Stage) {
	i := launch(t, s, "groups", nil)
	n := i.Interfaces[0].ID
	if err := s.Ports.Compute.SetGroups(ctx(t), n, s.Groups[2:3]); err != nil {
		t.Fatal(err)
	}
	got := seen(t, s, i.ID).Interfaces[0].Groups
	if diff := cmp.Diff(s.Groups[2:3], got); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
}

func anotherType(t *testing.T, s Stage) {
	l := cloud.Launch{Blueprint: s.Blueprint, Subnet: s.Subnets[1].ID, Zone: s.Subnets[1].Zone, Type: "m5a.large", Token: "another-type"}
	begun := must[cloud.Instance](t, "Launch")(s.Ports.Compute.Launch(ctx(t), l))
	if i := seen(t, s, begun.ID); begun.Type != l.Type || i.Type != l.Type {
		t.Errorf("a launch as %s answered %s and became %s", l.Type, begun.Type, i.Type)
	}
}

func tags(t *testing.T, s Stage) {
	i, other := launch(t, s, "tags", nil), launch(t, s, "tags-other", nil)
	if err := s.Ports.Compute.Tag(ctx(t), []string{i.ID}, map[string]string{"case": "new", contract.CondemnedTag: "4"}); err != nil {
		t.Fatal(err)
	}
	want := merged(i.Tags, map[string]string{"case": "new", contract.CondemnedTag: "4"})
	if diff := cmp.Diff(want, seen(t, s, i.ID).Tags); diff != "" {
		t.Errorf("tags differ (-want +got):\n%s", diff)
	}
	found := must[[]cloud.Instance](t, "TaggedInstances")(s.Ports.Compute.TaggedInstances(ctx(t), "case", []string{"new", "absent"}))
	if len(found) != 1 || found[0].ID != i.ID {
		t.Errorf("TaggedInstances found %d instances, wanted %s alone", len(found), i.ID)
	}
	both := []string{i.ID, other.ID}
	if err := s.Ports.Compute.Tag(ctx(t), both, map[string]string{contract.CondemnedTag: "5"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range both {
		if got := seen(t, s, id).Tags[contract.CondemnedTag]; got != "5" {
			t.Errorf("after tags on two instances %s has %q", id, got)
		}
	}
	for range 2 { // a tag that is not there is fine
		if err := s.Ports.Compute.Untag(ctx(t), i.ID, []string{contract.CondemnedTag, contract.GateTag}); err != nil {
			t.Fatal(err)
		}
	}
	delete(want, contract.CondemnedTag)
	if diff := cmp.Diff(want, seen(t, s, i.ID).Tags); diff != "" {
		t.Errorf("tags after Untag differ (-want +got):\n%s", diff)
	}
	if got := seen(t, s, other.ID).Tags[contract.CondemnedTag]; got != "5" {
		t.Errorf("Untag of another instance left %s with %q", other.ID, got)
	}
}

func protection(t *testing.T, s Stage) {
	i := launch(t, s, "protection", func(b *cloud.Blueprint) { b.ProtectTerminate, b.ProtectStop = true, true })
	if s.Protect != nil {
		s.Protect(t, i.ID)
	}
	read := func() [2]bool {
		d := must[cloud.Details](t, "Details")(s.Ports.Compute.Details(ctx(t), i))
		return [2]bool{d.ProtectTerminate, d.ProtectStop}
	}
	if got := read(); got != [2]bool{true, true} {
		t.Fatalf("protection after launch is %v, wanted both", got)
	}
	if err := s.Ports.Compute.Terminate(ctx(t), []string{i.ID}, cloud.ShutDown); err == nil {
		t.Error("a protected instance was terminated")
	}
	for _, step := range []struct {
		stop bool
		want [2]bool
	}{{false, [2]bool{false, true}}, {true, [2]bool{false, false}}} {
		if err := s.Ports.Compute.Unprotect(ctx(t), i.ID, step.stop); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != step.want {
			t.Errorf("protection after Unprotect(stop: %v) is %v, wanted %v", step.stop, got, step.want)
		}
	}
}

func power(t *testing.T, s Stage) {
	a, b := launch(t, s, "power-a", nil), launch(t, s, "power-b", nil)
	ids := []string{a.ID, b.ID}
	await := func(states ...string) {
		t.Helper()
		for _, id := range ids {
			for range 100 {
				if slices.Contains(states, seen(t, s, id).State) {
					break
				}
				if s.Pass != nil {
					s.Pass()
				}
			}
			if state := seen(t, s, id).State; !slices.Contains(states, state) {
				t.Errorf("%s is %s, wanted %v", id, state, states)
			}
		}
	}
	mark := func(value string) { // as the switcher's role wants it
		t.Helper()
		if err := s.Ports.Compute.Tag(ctx(t), ids, map[string]string{contract.CondemnedTag: value}); err != nil {
			t.Fatal(err)
		}
	}
	await(cloud.Running)
	mark("3")
	for range 2 { // a repeated call is harmless
		if err := s.Ports.Compute.Stop(ctx(t), ids, cloud.SkipShutdown); err != nil {
			t.Fatal(err)
		}
	}
	await(cloud.Stopped)
	mark(contract.MayStart)
	for range 2 {
		for _, id := range ids {
			if err := s.Ports.Compute.Start(ctx(t), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	await(cloud.Running)
	mark("3")
	if err := s.Ports.Compute.Terminate(ctx(t), ids, cloud.ShutDown); err != nil {
		t.Fatal(err)
	}
	if !s.TerminatesOnce {
		if err := s.Ports.Compute.Terminate(ctx(t), ids, cloud.ShutDown); err != nil {
			t.Errorf("a repeated Terminate: %v", err)
		}
	}
	await(cloud.Terminated)
	if err := s.Ports.Compute.Start(ctx(t), a.ID); err == nil && !s.Careless {
		t.Error("a terminated instance was started")
	}
}

// scheduled: an unknown id among those asked for is no failure.
func scheduled(t *testing.T, s Stage) {
	i := launch(t, s, "scheduled", nil)
	ids := []string{i.ID, "i-00000000000000000"}
	ask := func() []cloud.Scheduled {
		t.Helper()
		return must[[]cloud.Scheduled](t, "Scheduled")(s.Ports.Compute.Scheduled(ctx(t), ids))
	}
	if found := ask(); len(found) != 0 {
		t.Errorf("events of a new instance: %v", found)
	}
	if s.Schedule == nil {
		return
	}
	soon := cloud.Scheduled{Instance: i.ID, ID: "instance-event-2", Code: cloud.EventRetirement, Detail: "retired", NotBefore: i.LaunchedAt.Add(time.Hour)}
	late := cloud.Scheduled{Instance: i.ID, ID: "instance-event-1", Code: cloud.EventSystemReboot, Detail: "rebooted", NotBefore: i.LaunchedAt.Add(2 * time.Hour)}
	other := cloud.Scheduled{Instance: "i-00000000000000001", ID: "instance-event-3", Code: cloud.EventStop, NotBefore: soon.NotBefore}
	s.Schedule([]cloud.Scheduled{late, other, soon})
	if diff := cmp.Diff([]cloud.Scheduled{soon, late}, ask()); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
}

// failing: the implementation says which applications fail, and only of the
// instances that it is asked of.
func failing(t *testing.T, s Stage) {
	if s.FailApps == nil {
		return
	}
	i := launch(t, s, "failing", nil)
	bad := cloud.Failing{Instance: i.ID, Reason: "asc-1: ConnectionRefused", Since: i.LaunchedAt}
	s.FailApps([]cloud.Failing{bad, {Instance: "i-00000000000000001"}})
	got := must[[]cloud.Failing](t, "Failing")(s.Ports.Compute.Failing(ctx(t), []string{i.ID, "i-00000000000000000"}))
	if diff := cmp.Diff([]cloud.Failing{bad}, got); diff != "" {
		t.Errorf("impaired differ (-want +got):\n%s", diff)
	}
	for range 2 { // a repeated call is harmless
		if err := s.Ports.Compute.Watch(ctx(t), "asc-1", "k", "v"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Ports.Compute.Unwatch(ctx(t), "asc-1", "k", "v"); err != nil {
			t.Fatal(err)
		}
	}
}

func unknown(t *testing.T, s Stage) {
	const id = "i-00000000000000000"
	c := s.Ports.Compute
	if found, err := c.Instances(ctx(t), []string{id}); err != nil || len(found) != 0 {
		t.Errorf("Instances of an unknown id = %v, %v, wanted none and no error", found, err)
	}
	_, err := c.Details(ctx(t), cloud.Instance{ID: id})
	wantKind(t, "Details", err, cloud.NotFound)
	wantKind(t, "Stop", c.Stop(ctx(t), []string{id}, cloud.SkipShutdown), cloud.NotFound)
	wantKind(t, "Terminate", c.Terminate(ctx(t), []string{id}, cloud.ShutDown), cloud.NotFound)
	wantKind(t, "Start", c.Start(ctx(t), id), cloud.NotFound)
	if err := c.Tag(ctx(t), []string{id}, map[string]string{"k": "v"}); !s.Careless {
		wantKind(t, "Tag", err, cloud.NotFound)
	}
	wantKind(t, "SetGroups", c.SetGroups(ctx(t), "eni-00000000000000000", s.Groups[:1]), cloud.NotFound)
	_, err = c.Template(ctx(t), s.Template[0], "99")
	wantKind(t, "Template", err, cloud.NotFound)
	_, err = c.Template(ctx(t), "lt-00000000000000000", "1")
	wantKind(t, "Template", err, cloud.NotFound)
	l := cloud.Launch{Blueprint: s.Blueprint, Subnet: s.Subnets[0].ID, Zone: s.Subnets[0].Zone, Token: "unknown"}
	l.Blueprint.Image = "ami-00000000000000000"
	_, err = c.Launch(ctx(t), l)
	wantKind(t, "Launch of an unknown image", err, cloud.Invalid)
	l.Blueprint.Image, l.Subnet = s.Blueprint.Image, "subnet-00000000000000000"
	_, err = c.Launch(ctx(t), l)
	wantKind(t, "Launch into an unknown subnet", err, cloud.NotFound)
}
