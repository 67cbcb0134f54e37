// Package blueprint says what a replacement inherits: it turns a described
// instance into the launch request that makes another one like it. It is pure.
//
// internal/inherit lists what becomes of every setting. Besides, nothing of the
// quarantine is inherited, and no tag that is the switcher's or AWS's own ("aws:").
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
// the quarantine's group on any of them. was is the blueprint recorded before, or nil: EC2 does not show everything that a launch asked for.
func FromInstance(i cloud.Instance, d cloud.Details, was *cloud.Blueprint, blackhole string) (cloud.Blueprint, error) {
	if err := whole(i, blackhole); err != nil {
		return cloud.Blueprint{}, err
	}
	b := cloud.Blueprint{
		Image: i.Image, Type: i.Type, KeyName: i.KeyName, Profile: i.Profile, UserData: d.UserData,
		Tags: inheritable(i.Tags), VolumeTags: inheritable(d.VolumeTags), InterfaceTags: inheritable(d.InterfaceTags), Metadata: i.Metadata,
		Monitoring: i.Monitoring, Tenancy: i.Tenancy, Placement: i.Placement, Partition: i.Partition, Reservation: i.Reservation,
		EBSOptimized: i.EBSOptimized, Hibernation: i.Hibernation, Enclave: i.Enclave, AutoRecovery: i.AutoRecovery,
		CPU: d.CPU, Credits: d.Credits, Licenses: i.Licenses, DNS: i.DNS,
		ProtectTerminate: d.ProtectTerminate, ProtectStop: d.ProtectStop, ShutdownBehavior: d.ShutdownBehavior,
	}
	for _, n := range i.Interfaces {
		b.Interfaces = append(b.Interfaces, spec(i, n, was))
	}
	slices.SortFunc(b.Interfaces, func(x, y cloud.InterfaceSpec) int {
		if x.Card != y.Card {
			return x.Card - y.Card
		}
		return x.Device - y.Device
	})
	b.Volumes = volumes(i, d, was)
	return b, nil
}

// spec describes one interface. Whether it has a public address is known of a running
// instance only: a stopped one has given it back. EC2 takes the setting only of an
// instance with one interface.
func spec(i cloud.Instance, n cloud.Interface, was *cloud.Blueprint) cloud.InterfaceSpec {
	var known cloud.InterfaceSpec
	if was != nil {
		for _, x := range was.Interfaces {
			if x.Card == n.Card && x.Device == n.Device {
				known = x
			}
		}
	}
	s := cloud.InterfaceSpec{
		Device: n.Device, Card: n.Card, Groups: slices.Clone(n.Groups), Description: n.Description,
		Secondary: max(0, len(n.Private)-1), PrimaryIPv6: n.PrimaryIPv6, Tracking: n.Tracking, Forwards: n.Forwards,
	}
	if len(i.Interfaces) == 1 {
		s.Public = known.Public
		if i.State == cloud.Running && !n.Elastic {
			public := n.Public != ""
			s.Public = &public
		}
	}
	if count := len(n.IPv6); count > 0 {
		s.IPv6 = &count
	} else if known.IPv6 != nil && *known.IPv6 == 0 {
		s.IPv6 = known.IPv6
	}
	return s
}

func volumes(i cloud.Instance, d cloud.Details, was *cloud.Blueprint) []cloud.VolumeSpec {
	var specs []cloud.VolumeSpec
	for _, v := range d.Volumes {
		if v.Device == i.RootDevice {
			v.Snapshot = "" // the image decides what the root volume holds
		}
		specs = append(specs, v)
	}
	if was != nil {
		for _, v := range was.Volumes {
			attached := slices.ContainsFunc(specs, func(x cloud.VolumeSpec) bool { return x.Device == v.Device })
			if v.Omit && !attached {
				specs = append(specs, v) // EC2 does not show a device that was left out
			}
		}
	}
	slices.SortFunc(specs, func(x, y cloud.VolumeSpec) int { return strings.Compare(x.Device, y.Device) })
	return specs
}

// As returns the blueprint for another instance type: without what EC2 accepts for its
// own type only.
func As(b cloud.Blueprint, kind string) cloud.Blueprint {
	if kind == "" || kind == b.Type {
		return b
	}
	b.Type, b.Credits = kind, ""
	if c := b.CPU; c != nil {
		b.CPU = nil
		if c.SevSnp != "" || c.Nested != "" {
			b.CPU = &cloud.CPUOptions{SevSnp: c.SevSnp, Nested: c.Nested}
		}
	}
	return b
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
	if tags == nil {
		return nil
	}
	out := make(map[string]string, len(tags))
	for k, v := range tags {
		if !strings.HasPrefix(k, "aws:") && !contract.IsControlTag(k) {
			out[k] = v
		}
	}
	return out
}
