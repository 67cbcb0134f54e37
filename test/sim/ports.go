package sim

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

type ec2 client

// seen is the machine as Describe shows it: sometimes as it was a moment ago.
func (e *ec2) seen(m *Machine) (cloud.Instance, bool) {
	i := m.Instance
	i.Tags = maps.Clone(m.Tags)
	i.Interfaces = slices.Clone(m.Interfaces)
	for k := range i.Interfaces {
		i.Interfaces[k].Groups = slices.Clone(i.Interfaces[k].Groups)
	}
	if e.Now.Before(m.hidden) {
		return i, false
	}
	then := e.Now
	if e.Chance(e.Chaos.Lag) {
		then = e.Now.Add(-e.Between(0, 3*time.Second))
		at := -1
		for k, v := range m.past {
			if !v.at.After(then) {
				at = k
			}
		}
		if at < len(m.past)-1 {
			e.hit(HarmStale, m.node)
		}
		if at < 0 {
			return i, false
		}
		i.State = m.past[at].state
	}
	if then.After(m.shown) {
		m.shown = then
	}
	return i, true
}

func (e *ec2) Instances(_ context.Context, ids []string) (list []cloud.Instance, err error) {
	err = (*client)(e).call("EC2", "DescribeInstances", func() error {
		for _, id := range ids {
			if m := e.byID[id]; m != nil {
				if i, ok := e.seen(m); ok {
					list = append(list, i)
				}
			}
		}
		return nil
	})
	return list, err
}

func (e *ec2) TaggedInstances(_ context.Context, key string, values []string) (list []cloud.Instance, err error) {
	err = (*client)(e).call("EC2", "DescribeInstances", func() error {
		wanted := make(map[string]bool, len(values))
		for _, v := range values {
			wanted[v] = true
		}
		for _, m := range e.machines {
			if v, ok := m.Tags[key]; ok && wanted[v] {
				if i, ok := e.seen(m); ok {
					list = append(list, i)
				}
			}
		}
		return nil
	})
	return list, err
}

func (e *ec2) Details(_ context.Context, i cloud.Instance) (d cloud.Details, err error) {
	err = (*client)(e).about(e.nodesOf(i.ID)...).call("EC2", "DescribeInstanceAttribute", func() error {
		m := e.byID[i.ID]
		if m == nil || m.State == cloud.Terminated {
			return refuse(cloud.NotFound, "EC2", "DescribeInstanceAttribute", "InvalidInstanceID.NotFound")
		}
		d = m.Details
		return nil
	})
	return d, err
}

func (e *ec2) Subnets(_ context.Context, vpc, _, value string) (list []cloud.Subnet, err error) {
	err = (*client)(e).call("EC2", "DescribeSubnets", func() error {
		for _, s := range e.sites {
			for _, z := range zones {
				if s.vpc == vpc && value == "true" {
					list = append(list, cloud.Subnet{ID: s.subnet(z), Zone: z, Free: 200})
				}
			}
		}
		return nil
	})
	return list, err
}

func (e *ec2) Template(_ context.Context, id, version string) (b cloud.Blueprint, err error) {
	n, convErr := nodeOf(strings.TrimPrefix(id, "lt-"))
	err = (*client)(e).about(n).call("EC2", "DescribeLaunchTemplateVersions", func() error {
		if convErr != nil {
			return refuse(cloud.NotFound, "EC2", "DescribeLaunchTemplateVersions", "InvalidLaunchTemplateId.NotFound")
		}
		v, ok := e.versionOf(n, version)
		if !ok {
			return refuse(cloud.NotFound, "EC2", "DescribeLaunchTemplateVersions", "InvalidLaunchTemplateId.VersionNotFound")
		}
		b = v.Blueprint
		return nil
	})
	return b, err
}

func (e *ec2) Launch(_ context.Context, l cloud.Launch) (i cloud.Instance, err error) {
	err = (*client)(e).about(nodeOfLaunch(l)...).sending(l.Zone, l.Token).call("EC2", "RunInstances", func() error {
		if m := e.tokens[l.Zone+"/"+l.Token]; m != nil {
			if m.request != requestOf(l) {
				return refuse(cloud.Invalid, "EC2", "RunInstances", "IdempotentParameterMismatch")
			}
			if m.State == cloud.Terminated {
				return refuse(cloud.Spent, "EC2", "RunInstances", "IdempotentInstanceTerminated")
			}
			i = m.Instance
			return nil
		}
		if err := e.script.launch(l.Zone, typeOf(l)); err != nil {
			return err
		}
		if e.overQuota() {
			return e.quotaMet("RunInstances", e.nodeToLaunch(l))
		}
		if zone, ok := e.site.zoneOf(l.Subnet); !ok || zone != l.Zone {
			return refuse(cloud.NotFound, "EC2", "RunInstances", "InvalidSubnetID.NotFound")
		}
		if err := e.launchable(e.nodeToLaunch(l), l.Blueprint.Image); err != nil {
			return err
		}
		if full(l.Blueprint.Tags, l.Tags) || len(l.Blueprint.VolumeTags) > contract.MaxTags {
			return refuse(cloud.Full, "EC2", "RunInstances", "TagLimitExceeded")
		}
		if len(l.Blueprint.Interfaces) == 0 || slices.ContainsFunc(l.Blueprint.Interfaces, func(n cloud.InterfaceSpec) bool { return len(n.Groups) > mostGroups }) {
			return refuse(cloud.Invalid, "EC2", "RunInstances", "SecurityGroupsPerInterfaceLimitExceeded")
		}
		if _, room := e.place(l.Zone, typeOf(l), l.Blueprint.Reservation.Preference); !room && !e.Chance(e.Chaos.Flicker) {
			e.hit(HarmCapacity, nodeOfLaunch(l)...)
			return refuse(cloud.Capacity, "EC2", "RunInstances", "InsufficientInstanceCapacity")
		}
		m := e.launch(l)
		i = m.Instance
		i.Tags = maps.Clone(m.Tags)
		return nil
	})
	return i, err
}

func (e *ec2) power(action string, ids []string, how cloud.PowerOff, do func(*Machine)) error {
	return (*client)(e).about(e.nodesOf(ids...)...).sending(ids, how).callOf("EC2", action, len(ids), func() error {
		for _, id := range ids {
			m := e.byID[id]
			if m == nil {
				return refuse(cloud.NotFound, "EC2", action, "InvalidInstanceID.NotFound")
			}
			e.destructive(e.site, action, m)
			if action == "StopInstances" && m.State == cloud.Pending && how != cloud.ForceOff {
				return refuse(cloud.Ambiguous, "EC2", action, "IncorrectInstanceState")
			}
			if err := guarded(action, m); err != nil {
				return err
			}
			do(m)
		}
		return nil
	})
}

func (e *ec2) Stop(_ context.Context, ids []string, how cloud.PowerOff) error {
	return e.power("StopInstances", ids, how, func(m *Machine) {
		switch how {
		case cloud.ShutDown:
			e.shutDown(m)
			return
		case cloud.ForceOff:
			e.stuck(m)
		default:
		}
		e.patient(m)
		e.powerOff(m, how)
	})
}

func (e *ec2) Terminate(_ context.Context, ids []string, how cloud.PowerOff) error {
	return e.power("TerminateInstances", ids, how, func(m *Machine) {
		if how == cloud.ForceOff && e.ghost(m, cloud.Terminated) {
			return
		}
		e.powerDown(m, cloud.ShuttingDown, cloud.Terminated, DelayTerminate)
	})
}

// guarded: what EC2 refuses to do to a machine ("Enable termination protection",
// "Enable stop protection", "Stop and start Amazon EC2 instances").
func guarded(action string, m *Machine) error {
	switch {
	case action == "StopInstances" && m.RootStore == "instance-store":
		return refuse(cloud.Unsupported, "EC2", action, "UnsupportedOperation")
	case action == "StopInstances" && m.ProtectStop, action == "TerminateInstances" && m.ProtectTerminate:
		return refuse(cloud.Invalid, "EC2", action, "OperationNotPermitted")
	}
	return nil
}

func (e *ec2) Unprotect(_ context.Context, id string, stop bool) error {
	return (*client)(e).about(e.nodesOf(id)...).sending(id, stop).call("EC2", "ModifyInstanceAttribute", func() error {
		switch m := e.byID[id]; {
		case m == nil:
			return refuse(cloud.NotFound, "EC2", "ModifyInstanceAttribute", "InvalidInstanceID.NotFound")
		case stop:
			m.ProtectStop = false
		default:
			m.ProtectTerminate = false
		}
		return nil
	})
}

func (e *ec2) SetGroups(_ context.Context, nic string, groups []string) error {
	return (*client)(e).about(e.nodeOfInterface(nic)...).sending(nic, groups).call("EC2", "ModifyNetworkInterfaceAttribute", func() error {
		for _, m := range e.machines {
			for k := range m.Interfaces {
				if m.Interfaces[k].ID == nic {
					if len(groups) == 0 || len(groups) > mostGroups {
						return refuse(cloud.Invalid, "EC2", "ModifyNetworkInterfaceAttribute", "SecurityGroupsPerInterfaceLimitExceeded")
					}
					if m.stranger() {
						return refuse(cloud.Denied, "EC2", "ModifyNetworkInterfaceAttribute", "UnauthorizedOperation")
					}
					if slices.ContainsFunc(groups, func(g string) bool { return e.vpcOf(g) != m.VPC }) {
						return refuse(cloud.Invalid, "EC2", "ModifyNetworkInterfaceAttribute", "InvalidGroup.NotFound")
					}
					e.regroup(e.site, m, k, groups)
					return nil
				}
			}
		}
		return refuse(cloud.NotFound, "EC2", "ModifyNetworkInterfaceAttribute", "InvalidNetworkInterfaceID.NotFound")
	})
}

// nic finds a network interface and its machine.
func (e *ec2) nic(id string) (*Machine, *cloud.Interface) {
	for _, m := range e.machines {
		for k := range m.Interfaces {
			if m.Interfaces[k].ID == id {
				return m, &m.Interfaces[k]
			}
		}
	}
	return nil, nil
}

func (e *ec2) Forward(_ context.Context, nic string) error {
	return (*client)(e).about(e.nodeOfInterface(nic)...).sending(nic).call("EC2", "ModifyNetworkInterfaceAttribute", func() error {
		m, n := e.nic(nic)
		switch {
		case m == nil || m.State == cloud.Terminated:
			return refuse(cloud.NotFound, "EC2", "ModifyNetworkInterfaceAttribute", "InvalidNetworkInterfaceID.NotFound")
		case m.stranger():
			return refuse(cloud.Denied, "EC2", "ModifyNetworkInterfaceAttribute", "UnauthorizedOperation")
		}
		n.Forwards = true
		return nil
	})
}

// MoveAddress: the address leaves whatever has it.
func (e *ec2) MoveAddress(_ context.Context, allocation, nic string) error {
	return (*client)(e).about(e.nodeOfInterface(nic)...).sending(allocation, nic).call("EC2", "AssociateAddress", func() error {
		m, n := e.nic(nic)
		ip, known := e.elastic[allocation]
		switch {
		case m == nil || m.State == cloud.Terminated || !known:
			return refuse(cloud.NotFound, "EC2", "AssociateAddress", "InvalidAllocationID.NotFound")
		case m.stranger():
			return refuse(cloud.Denied, "EC2", "AssociateAddress", "UnauthorizedOperation")
		}
		for _, other := range e.machines {
			for k := range other.Interfaces {
				if x := &other.Interfaces[k]; x.Public == ip {
					x.Public, x.Elastic = "", false
				}
			}
		}
		n.Public, n.Elastic = ip, true
		return nil
	})
}

func (e *ec2) Tag(_ context.Context, ids []string, tags map[string]string) error {
	return (*client)(e).about(e.nodesOf(ids...)...).sending(ids, tags).call("EC2", "CreateTags", func() error {
		for _, id := range ids {
			if e.byID[id] == nil {
				return refuse(cloud.NotFound, "EC2", "CreateTags", "InvalidInstanceID.NotFound")
			}
			e.marks(e.site, e.byID[id], sorted(tags)) // who tries is wrong, also where the role would refuse
			if e.byID[id].stranger() && tags[contract.SwitcherTag] == "" {
				return refuse(cloud.Denied, "EC2", "CreateTags", "UnauthorizedOperation")
			}
		}
		for _, id := range ids {
			if full(e.byID[id].Tags, tags) {
				return refuse(cloud.Full, "EC2", "CreateTags", "TagLimitExceeded")
			}
		}
		for _, id := range ids {
			maps.Copy(e.byID[id].Tags, tags)
			e.byID[id].tagged = e.Now
			e.poke(e.byID[id])
		}
		return nil
	})
}

// full reports whether a resource with these tags has no room for more ("Tag
// restrictions", Amazon EC2 User Guide). A new value for a key that is there always fits.
func full(has, more map[string]string) bool {
	all := maps.Clone(has)
	maps.Copy(all, more)
	maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	return len(all) > contract.MaxTags && len(all) > len(has)
}

func (e *ec2) Untag(_ context.Context, id string, keys []string) error {
	return (*client)(e).about(e.nodesOf(id)...).sending(id, keys).call("EC2", "DeleteTags", func() error {
		m := e.byID[id]
		if m == nil {
			return refuse(cloud.NotFound, "EC2", "DeleteTags", "InvalidInstanceID.NotFound")
		}
		e.marks(e.site, m, keys)
		if was := m.Tags[contract.DefaultIDTag]; slices.Contains(keys, contract.DefaultIDTag) && e.carrier(m.node) == m {
			// A late call of the life before, whose delete retained it: the switcher says so, and a person tags it again.
			e.After(time.Minute, func() { e.putBack(m, contract.DefaultIDTag, was) })
		}
		for _, k := range keys {
			delete(m.Tags, k)
		}
		return nil
	})
}

// Start may lack capacity as a launch may ("Stop and start Amazon EC2 instances").
func (e *ec2) Start(_ context.Context, id string) error {
	return (*client)(e).about(e.nodesOf(id)...).sending(id).call("EC2", "StartInstances", func() error {
		m := e.byID[id]
		switch {
		case m == nil:
			return refuse(cloud.NotFound, "EC2", "StartInstances", "InvalidInstanceID.NotFound")
		case m.State == cloud.Pending || m.State == cloud.Running:
			return nil
		case m.State != cloud.Stopped:
			return refuse(cloud.Ambiguous, "EC2", "StartInstances", "IncorrectInstanceState")
		case !e.unwatched && m.Tags[contract.CondemnedTag] != contract.MayStart: // the role allows no other
			return refuse(cloud.Denied, "EC2", "StartInstances", "UnauthorizedOperation")
		}
		if e.overQuota() {
			return e.quotaMet("StartInstances", m.node)
		}
		r, room := e.place(m.Zone, m.Type, m.Reservation.Preference)
		if !room {
			e.hit(HarmCapacity, m.node)
			return refuse(cloud.Capacity, "EC2", "StartInstances", "InsufficientInstanceCapacity")
		}
		m.reserve = r
		e.boot(m)
		return nil
	})
}
