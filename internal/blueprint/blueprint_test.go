package blueprint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func instance() (cloud.Instance, cloud.Details) {
	i := cloud.Instance{
		ID: "i-1", State: cloud.Stopped, Zone: "a", PrivateIP: "10.0.0.1", Image: "ami-1", Type: "m7g.large", KeyName: "k", Profile: "arn:p",
		RootDevice: "/dev/xvda", Monitoring: true, Tenancy: "dedicated", Placement: "pg", EBSOptimized: true, Hibernation: true, Enclave: true, AutoRecovery: "disabled",
		Metadata: cloud.MetadataOptions{Tokens: "required", HopLimit: 2, Tags: "enabled"}, Reservation: cloud.Reservation{Preference: "open"},
		Interfaces: []cloud.Interface{{ID: "eni-2", Device: 1, Groups: []string{"sg-2", "sg-3"}}, {ID: "eni-1", Device: 0, Groups: []string{"sg-1"}}},
		Tags:       map[string]string{"Name": "n", "aws:cloudformation:stack-name": "s", "recovery:condemned": "2", "recovery:epoch": "1", "recovery:gate": "x"},
	}
	return i, cloud.Details{
		UserData: "dXNlcg==", ProtectTerminate: true, ProtectStop: true, ShutdownBehavior: "stop",
		Volumes:    []cloud.VolumeSpec{{Device: "/dev/xvdb", Snapshot: "snap-2", SizeGiB: 5, Kind: "io2", IOPS: 300}, {Device: "/dev/xvda", Snapshot: "snap-1", SizeGiB: 8, Kind: "gp3", Encrypted: true, KMSKey: "arn:k", DeleteOnTermination: true}},
		VolumeTags: map[string]string{"v": "1", "aws:backup:x": "y"},
	}
}

func TestEverythingOfTheListIsInherited(t *testing.T) {
	i, d := instance()
	got, err := blueprint.FromInstance(i, d, nil, "sg-hole")
	if err != nil {
		t.Fatal(err)
	}
	want := cloud.Blueprint{
		Image: "ami-1", Type: "m7g.large", KeyName: "k", Profile: "arn:p", UserData: "dXNlcg==",
		Interfaces: []cloud.InterfaceSpec{{Device: 0, Groups: []string{"sg-1"}}, {Device: 1, Groups: []string{"sg-2", "sg-3"}}},
		Volumes:    []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 8, Kind: "gp3", Encrypted: true, KMSKey: "arn:k", DeleteOnTermination: true}, {Device: "/dev/xvdb", Snapshot: "snap-2", SizeGiB: 5, Kind: "io2", IOPS: 300}},
		Tags:       map[string]string{"Name": "n"}, VolumeTags: map[string]string{"v": "1"},
		Metadata: cloud.MetadataOptions{Tokens: "required", HopLimit: 2, Tags: "enabled"}, Monitoring: true, Tenancy: "dedicated", Placement: "pg",
		Reservation: cloud.Reservation{Preference: "open"}, EBSOptimized: true, Hibernation: true, Enclave: true, AutoRecovery: "disabled",
		ProtectTerminate: true, ProtectStop: true, ShutdownBehavior: "stop",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNotWholeIsNoModel(t *testing.T) {
	i, d := instance()
	i.Interfaces[0].Groups = []string{"sg-hole"}
	if _, err := blueprint.FromInstance(i, d, nil, "sg-hole"); err == nil || !strings.Contains(err.Error(), "eni-2") {
		t.Errorf("one quarantined interface: %v", err)
	}
	i.Interfaces, i.State = nil, cloud.Terminated
	if _, err := blueprint.FromInstance(i, d, nil, "sg-hole"); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("no interfaces: %v", err)
	}
}

// Whether an instance has a public address is carried where EC2 takes the setting and
// shows the truth: of a running instance with one interface.
func TestPublicAddresses(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		state   string
		nics    []cloud.Interface
		was     *bool
		allowed *bool
	}{
		"it has one":                         {cloud.Running, []cloud.Interface{{Public: "203.0.113.1"}}, nil, &yes},
		"it has none":                        {cloud.Running, []cloud.Interface{{}}, nil, &no},
		"a stopped one has given it back":    {cloud.Stopped, []cloud.Interface{{}}, &yes, &yes},
		"an Elastic IP address hides it":     {cloud.Running, []cloud.Interface{{Public: "203.0.113.1", Elastic: true}}, &no, &no},
		"with two interfaces it is not sent": {cloud.Running, []cloud.Interface{{Public: "203.0.113.1"}, {Device: 1}}, nil, nil},
	} {
		was := &cloud.Blueprint{Interfaces: []cloud.InterfaceSpec{{Public: c.was}}}
		b, err := blueprint.FromInstance(cloud.Instance{State: c.state, Interfaces: c.nics}, cloud.Details{}, was, "sg-hole")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.allowed, b.Interfaces[0].Public); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// A setting that EC2 does not show is kept from the blueprint before.
func TestASettingThatIsNotShownIsKept(t *testing.T) {
	none := 0
	was := &cloud.Blueprint{Interfaces: []cloud.InterfaceSpec{{IPv6: &none}}, Volumes: []cloud.VolumeSpec{{Device: "/dev/sdb", Omit: true}, {Device: "/dev/sdc", Omit: true}}}
	i := cloud.Instance{State: cloud.Running, Interfaces: []cloud.Interface{{}}}
	b, err := blueprint.FromInstance(i, cloud.Details{Volumes: []cloud.VolumeSpec{{Device: "/dev/sdc", SizeGiB: 1}}}, was, "sg-hole")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]cloud.VolumeSpec{{Device: "/dev/sdb", Omit: true}, {Device: "/dev/sdc", SizeGiB: 1}}, b.Volumes); diff != "" {
		t.Errorf("volumes (-want +got)\n%s", diff)
	}
	if n := b.Interfaces[0].IPv6; n == nil || *n != 0 {
		t.Errorf("IPv6 addresses: %v, wanted none, as the launch template said", n)
	}
}

// An alternative type gets what EC2 accepts for it.
func TestAnotherTypeLacksWhatOnlyItsOwnTakes(t *testing.T) {
	b := cloud.Blueprint{Type: "t3.large", Credits: "unlimited", Licenses: []string{"arn"}, CPU: &cloud.CPUOptions{Cores: 1, Threads: 1, SevSnp: "enabled"}}
	want := cloud.Blueprint{Type: "m7a.large", Licenses: []string{"arn"}, CPU: &cloud.CPUOptions{SevSnp: "enabled"}}
	if diff := cmp.Diff(want, blueprint.As(b, "m7a.large")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(b, blueprint.As(b, "t3.large")); diff != "" {
		t.Errorf("its own type (-want +got)\n%s", diff)
	}
}
