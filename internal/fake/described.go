package fake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Described is EC2's description of an instance that was launched so: its settings, without
// its identity. The interfaces have the ids that nic gives.
func Described(l cloud.Launch, address string, nic func() string) (cloud.Instance, cloud.Details) {
	p := l.Blueprint
	tags := maps.Clone(p.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, l.Tags)
	i := cloud.Instance{
		Zone: l.Zone, Subnet: l.Subnet, PrivateIP: address, Token: l.Token, RootStore: "ebs", Tags: tags,
		Image: p.Image, Type: cmp.Or(l.Type, p.Type), KeyName: p.KeyName, Profile: p.Profile, Metadata: p.Metadata, Monitoring: p.Monitoring,
		Tenancy: p.Tenancy, Placement: p.Placement, Partition: p.Partition, Reservation: p.Reservation, EBSOptimized: p.EBSOptimized,
		Hibernation: p.Hibernation, Enclave: p.Enclave, AutoRecovery: p.AutoRecovery, Licenses: p.Licenses, DNS: p.DNS,
	}
	i.CPU = cloud.CPUOptions{Cores: 1, Threads: 2}
	if p.CPU != nil {
		i.CPU = *p.CPU
	}
	if l.Gated {
		i.Metadata.Endpoint, i.Metadata.Tags = "enabled", "enabled"
	}
	d := cloud.Details{
		UserData: p.UserData, ProtectTerminate: p.ProtectTerminate, ProtectStop: p.ProtectStop, ShutdownBehavior: p.ShutdownBehavior,
		Volumes: slices.Clone(p.Volumes), VolumeTags: maps.Clone(p.VolumeTags), InterfaceTags: maps.Clone(p.InterfaceTags), CPU: p.CPU, Credits: p.Credits,
	}
	d.Volumes = slices.DeleteFunc(d.Volumes, func(v cloud.VolumeSpec) bool { return v.Omit })
	if name, ok := tags[contract.SwitcherTag]; ok { // the launch tags volumes and interfaces with it too
		for _, of := range []*map[string]string{&d.VolumeTags, &d.InterfaceTags} {
			if *of == nil {
				*of = map[string]string{}
			}
			(*of)[contract.SwitcherTag] = name
		}
	}
	for _, n := range p.Interfaces {
		x := cloud.Interface{
			ID: nic(), Device: n.Device, Card: n.Card, Groups: slices.Clone(n.Groups), Description: n.Description,
			PrimaryIPv6: n.PrimaryIPv6, Tracking: n.Tracking,
		}
		primary := n.Device == 0 && n.Card == 0
		if primary {
			x.Private = []string{address}
			if n.Public != nil && *n.Public {
				x.Public = "public-" + address
			}
		} else {
			x.Private = []string{fmt.Sprintf("%s.%d.%d", address, n.Card, n.Device)}
		}
		for k := range n.Secondary {
			x.Private = append(x.Private, fmt.Sprintf("%s+%d", x.Private[0], k+1))
		}
		if n.IPv6 != nil {
			for k := range *n.IPv6 {
				x.IPv6 = append(x.IPv6, fmt.Sprintf("v6:%s:%d", x.Private[0], k))
			}
		}
		i.Interfaces = append(i.Interfaces, x)
	}
	return i, d
}
