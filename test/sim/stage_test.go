package sim

import (
	"context"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/contracts"
)

// twoZones shows two of the Region's three zones, as the contracts want it.
type twoZones struct{ cloud.Compute }

func (c twoZones) Subnets(ctx context.Context, vpc, key, value string) ([]cloud.Subnet, error) {
	list, err := c.Compute.Subnets(ctx, vpc, key, value)
	return list[:min(2, len(list))], err
}

// TestContracts holds the simulator's Region to the contracts that moto and the
// unit tests' fake are held to, without latencies. README.md lists in what it
// differs from moto on purpose.
func TestContracts(t *testing.T) {
	s := NewSim(1)
	defer s.Close()
	w := NewWorld(s, 1, Chaos{})
	w.unwatched, w.mounts = true, nil
	for k := range w.Delays {
		w.Delays[k] = Range{}
	}
	groups := []string{"sg-one", "sg-two", "sg-three"}
	plan := cloud.Blueprint{
		Image: "ami-1", Type: "m5.large", KeyName: "key", UserData: "IyEvYmluL3NoCg==",
		Interfaces: []cloud.InterfaceSpec{{Groups: groups[:2]}},
		Volumes:    []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", IOPS: 3500, Throughput: 150, DeleteOnTermination: true}},
		Tags:       map[string]string{"Name": "n"}, VolumeTags: map[string]string{"backup": "daily"},
		Metadata: cloud.MetadataOptions{Tokens: "required"}, ShutdownBehavior: "stop",
	}
	w.plans[1] = plan
	pool := w.pools[0]
	pool.Port = 8080
	ports := w.ports(w.bystander())
	ports.Compute = twoZones{ports.Compute}
	stage := contracts.Stage{
		Ports: ports, VPC: "vpc-1", Tag: [2]string{"recovery:destination", "true"},
		Subnets: [2]cloud.Subnet{{ID: "subnet-az-a", Zone: "az-a"}, {ID: "subnet-az-b", Zone: "az-b"}},
		Groups:  groups, Template: [2]string{"lt-1", "1"}, Blueprint: plan,
		Pass:        func() { _ = s.Run(s.Now.Add(time.Second)) },
		TargetGroup: pool.ARN, Port: 8080,
		Alarms: [2]string{alarmName(1, "instance"), alarmName(1, "application")}, WatchedInstance: "i-1",
		AlarmRest: func(_ *testing.T, name string) any {
			a := w.alarm(name).Alarm
			a.State, a.Since, a.Instances = "", time.Time{}, nil
			return a
		},
		FileSystem: fileSystem(1),
		Shift:      func(to []cloud.Shift) { w.shifts = to },
		Reserve: func(to []cloud.Reserve) {
			w.reserves = nil
			for _, r := range to {
				w.reserves = append(w.reserves, &reserve{r.Zone, r.Type, r.Free})
			}
		},
		Published: func(*testing.T) []cloud.Notice {
			list := w.notices
			w.notices = nil
			return list
		},
	}
	for i, name := range stage.Alarms {
		w.alarms = append(w.alarms, &Alarm{Alarm: cloud.Alarm{Name: name, State: "OK", Since: s.Now, Instances: []string{"i-1"}}, node: 1, app: i == 1})
	}
	contracts.All(t, stage)
	t.Run("advice", func(t *testing.T) { contracts.Advice(t, stage) })
	if s.stop != nil {
		t.Error(s.stop)
	}
}

// bystander is a process whose thread is the caller's own: while it waits, the
// world goes on.
func (w *World) bystander() *Proc {
	p := &Proc{Name: "test", sim: w.Sim}
	awake := false
	p.current = &thread{p: p, resume: func() { awake = true }}
	p.current.yield = func(struct{}) bool {
		for !awake {
			if w.Run(w.Now.Add(10*time.Millisecond)) != nil {
				break
			}
		}
		awake = false
		return true
	}
	return p
}
