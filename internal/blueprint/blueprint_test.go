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
