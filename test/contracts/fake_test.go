package contracts_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/test/contracts"
)

// TestFake holds the engine's unit-test double to the same contracts as AWS's
// adapters: what it allowed beyond them, the engine's tests would not see.
func TestFake(t *testing.T) {
	w := fake.New(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	groups := []string{"sg-one", "sg-two", "sg-three"}
	s := contracts.Stage{
		Ports: w.Ports(), VPC: "vpc-1", Tag: [2]string{"recovery:destination", "true"},
		Subnets:  [2]cloud.Subnet{{ID: "subnet-a", Zone: "a", Free: 9}, {ID: "subnet-c", Zone: "c", Free: 9}},
		Groups:   groups,
		Template: [2]string{"lt-1", "1"},
		Blueprint: cloud.Blueprint{
			Image: "ami-1", Type: "m5.large", KeyName: "key", UserData: "IyEvYmluL3NoCg==",
			Interfaces: []cloud.InterfaceSpec{{Groups: groups[:2]}},
			Volumes:    []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", IOPS: 3500, Throughput: 150, DeleteOnTermination: true}},
			Tags:       map[string]string{"Name": "n"}, VolumeTags: map[string]string{"backup": "daily"},
			Metadata: cloud.MetadataOptions{Tokens: "required"}, ShutdownBehavior: "stop",
		},
		Pass:            func() { w.Time = w.Time.Add(time.Second) },
		TargetGroup:     "arn",
		Port:            8080,
		Alarms:          [2]string{"instance", "application"},
		WatchedInstance: "i-1",
		AlarmRest: func(_ *testing.T, name string) any {
			a := *w.Watches[name]
			a.State, a.Since, a.Instances = "", time.Time{}, nil
			return a
		},
		FileSystem: "fs-1",
		Shift:      func(to []cloud.Shift) { w.Shifted = to },
		Reserve:    func(to []cloud.Reserve) { w.Reserves = to },
		Schedule:   func(to []cloud.Scheduled) { w.Scheduled = to },
		FailApps:   func(to []cloud.Failing) { w.Failing = to },
		Published: func(*testing.T) []cloud.Notice {
			n := w.Notices
			w.Notices = nil
			return n
		},
	}
	w.Places, w.Images = s.Subnets[:], []string{"ami-1"}
	w.Templates["lt-1/1"] = s.Blueprint
	w.Pools["arn"] = &fake.Pool{TargetGroup: cloud.TargetGroup{ARN: "arn", Kind: "instance", Port: 8080}, Members: map[string]*fake.Member{}}
	for _, name := range s.Alarms {
		w.Watches[name] = &cloud.Alarm{Name: name, State: "OK", Since: w.Time, Instances: []string{"i-1"}}
	}
	w.Mounts["fs-1"] = nil
	contracts.All(t, s)
	t.Run("advice", func(t *testing.T) { contracts.Advice(t, s) })
}
