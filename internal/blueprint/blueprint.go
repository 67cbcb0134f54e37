// Package blueprint says what a replacement inherits: it turns a described
// instance into the launch request that makes another one like it. It is pure.
//
// Not inherited: the private address, changes to local volumes since the image,
// tags that begin with "aws:" (AWS reserves them), the switcher's control tags,
// and anything of the quarantine.
package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// FromInstance describes i as something that can be launched again. It refuses
// an instance that is not whole: one without interfaces (terminated), or with
// the quarantine's group on any of them.
func FromInstance(i cloud.Instance, d cloud.Details, blackhole string) (cloud.Blueprint, error) {
	if err := whole(i, blackhole); err != nil {
		return cloud.Blueprint{}, err
	}
	b := cloud.Blueprint{
		Image: i.Image, Type: i.Type, KeyName: i.KeyName, Profile: i.Profile, UserData: d.UserData,
		Tags: inheritable(i.Tags), VolumeTags: inheritable(d.VolumeTags), Metadata: i.Metadata,
		Monitoring: i.Monitoring, Tenancy: i.Tenancy, Placement: i.Placement, Reservation: i.Reservation,
		EBSOptimized: i.EBSOptimized, Hibernation: i.Hibernation, Enclave: i.Enclave, AutoRecovery: i.AutoRecovery,
		ProtectTerminate: d.ProtectTerminate, ProtectStop: d.ProtectStop, ShutdownBehavior: d.ShutdownBehavior,
	}
	for _, n := range i.Interfaces {
		b.Interfaces = append(b.Interfaces, cloud.InterfaceSpec{Device: n.Device, Card: n.Card, Groups: slices.Clone(n.Groups)})
	}
	slices.SortFunc(b.Interfaces, func(x, y cloud.InterfaceSpec) int {
		if x.Card != y.Card {
			return x.Card - y.Card
		}
		return x.Device - y.Device
	})
	for _, v := range d.Volumes {
		if v.Device == i.RootDevice {
			v.Snapshot = "" // the image decides what the root volume holds
		}
		b.Volumes = append(b.Volumes, v)
	}
	slices.SortFunc(b.Volumes, func(x, y cloud.VolumeSpec) int { return strings.Compare(x.Device, y.Device) })
	return b, nil
}

func whole(i cloud.Instance, blackhole string) error {
	if len(i.Interfaces) == 0 {
		return fmt.Errorf("%s has no network interfaces any more (it is %s)", i.ID, i.State)
	}
	for _, n := range i.Interfaces {
		if slices.Contains(n.Groups, blackhole) {
			return fmt.Errorf("interface %s of %s carries the blackhole group", n.ID, i.ID)
		}
	}
	return nil
}

func inheritable(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags))
	for k, v := range tags {
		if !strings.HasPrefix(k, "aws:") && !contract.IsControlTag(k) {
			out[k] = v
		}
	}
	return out
}
