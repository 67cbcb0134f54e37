package contracts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Balancers holds an implementation to cloud.Balancers.
func Balancers(t *testing.T, s Stage) {
	b := s.Ports.Balancers
	found := must[[]cloud.TargetGroup](t, "Groups")(b.Groups(ctx(t), []string{s.TargetGroup}))
	want := []cloud.TargetGroup{{ARN: s.TargetGroup, Kind: "instance", Port: s.Port}}
	if diff := cmp.Diff(want, found, cmpopts.IgnoreFields(cloud.TargetGroup{}, "Balancers")); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
	_, err := b.Groups(ctx(t), []string{s.TargetGroup + "0"})
	wantKind(t, "Groups of an unknown ARN", err, cloud.NotFound)

	one, two := launch(t, s, "target-one", nil), launch(t, s, "target-two", nil)
	ports := func(want map[string][]int) {
		t.Helper()
		got := map[string][]int{}
		for _, x := range must[[]cloud.Target](t, "Targets")(b.Targets(ctx(t), s.TargetGroup)) {
			if x.Health != cloud.Draining {
				got[x.ID] = append(got[x.ID], x.Port)
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b int) bool { return a < b })); diff != "" {
			t.Errorf("targets differ (-want +got):\n%s", diff)
		}
	}
	ports(map[string][]int{})
	for range 2 { // a repeated call is harmless
		if err := b.Register(ctx(t), s.TargetGroup, []cloud.Target{{ID: one.ID}, {ID: two.ID, Port: 9000}}); err != nil {
			t.Fatal(err)
		}
	}
	ports(map[string][]int{one.ID: {s.Port}, two.ID: {9000}})
	for range 2 {
		if err := b.Deregister(ctx(t), s.TargetGroup, []cloud.Target{{ID: one.ID, Port: s.Port}}); err != nil {
			t.Fatalf("Deregister, also of a target that is not registered: %v", err)
		}
	}
	ports(map[string][]int{two.ID: {9000}})
	if err := b.Deregister(ctx(t), s.TargetGroup, []cloud.Target{{ID: two.ID, Port: 9000}}); err != nil {
		t.Fatal(err)
	}
}

// Alarms holds an implementation to cloud.Alarms.
func Alarms(t *testing.T, s Stage) {
	a := s.Ports.Alarms
	names := append([]string{"absent"}, s.Alarms[:]...)
	watch := func(want string) {
		t.Helper()
		found := must[[]cloud.Alarm](t, "Alarms")(a.Alarms(ctx(t), names))
		got := map[string][]string{}
		for _, x := range found {
			got[x.Name] = x.Instances
			if x.State == "" || x.Since.IsZero() {
				t.Errorf("alarm %s is described as %+v, wanted a state and since when", x.Name, x)
			}
		}
		if diff := cmp.Diff(map[string][]string{s.Alarms[0]: {want}, s.Alarms[1]: {want}}, got); diff != "" {
			t.Errorf("watched instances differ (-want +got):\n%s", diff)
		}
	}
	watch(s.WatchedInstance)
	for _, name := range s.Alarms {
		before := s.AlarmRest(t, name)
		for range 2 { // a repeated call is harmless
			if err := a.Repoint(ctx(t), name, "i-0123456789abcdef0"); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(before, s.AlarmRest(t, name)); diff != "" {
			t.Errorf("alarm %s: Repoint changed more than the instance (-before +after):\n%s", name, diff)
		}
	}
	watch("i-0123456789abcdef0")
	wantKind(t, "Repoint of an unknown alarm", a.Repoint(ctx(t), "absent", "i-0123456789abcdef0"), cloud.NotFound)
}

// Topic holds an implementation to cloud.Topic.
func Topic(t *testing.T, s Stage) {
	s.Published(t)
	want := []cloud.Notice{{Subject: "Node 1 is back", Body: "It runs in ap-northeast-1c.\n{\"epoch\":2}"}}
	if err := s.Ports.Topic.Publish(ctx(t), want[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Published(t)); diff != "" {
		t.Errorf("notices differ (-want +got):\n%s", diff)
	}
}
