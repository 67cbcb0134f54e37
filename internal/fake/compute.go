package fake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

type compute struct{ w *World }

func (c compute) copyOf(b *Box) cloud.Instance {
	i := b.Instance
	i.Tags = maps.Clone(b.Tags)
	i.Interfaces = slices.Clone(b.Interfaces)
	for k := range i.Interfaces {
		i.Interfaces[k].Groups = slices.Clone(i.Interfaces[k].Groups)
	}
	i.Volumes = slices.Clone(b.Instance.Volumes)
	return i
}

func (c compute) Instances(_ context.Context, ids []string) (list []cloud.Instance, err error) {
	err = c.w.call("EC2 DescribeInstances", func() error {
		for _, id := range ids {
			if b, ok := c.w.Boxes[id]; ok {
				list = append(list, c.copyOf(b))
			}
		}
		return nil
	})
	return list, err
}

func (c compute) TaggedInstances(_ context.Context, key string, values []string) (list []cloud.Instance, err error) {
	err = c.w.call("EC2 DescribeInstances", func() error {
		for _, id := range slices.Sorted(maps.Keys(c.w.Boxes)) {
			if b := c.w.Boxes[id]; slices.Contains(values, b.Tags[key]) {
				list = append(list, c.copyOf(b))
			}
		}
		return nil
	})
	return list, err
}

func (c compute) Details(_ context.Context, i cloud.Instance) (d cloud.Details, err error) {
	err = c.w.call("EC2 DescribeInstanceAttribute", func() error {
		b, ok := c.w.Boxes[i.ID]
		if !ok || b.State == cloud.Terminated {
			return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", i.ID)
		}
		d = b.Details
		return nil
	})
	return d, err
}

// Subnets: all of the world's are marked as destinations.
func (c compute) Subnets(_ context.Context, _, _, value string) (list []cloud.Subnet, err error) {
	err = c.w.call("EC2 DescribeSubnets", func() error {
		if value == "true" {
			list = slices.Clone(c.w.Places)
		}
		return nil
	})
	return list, err
}

func (c compute) Template(_ context.Context, id, version string) (b cloud.Blueprint, err error) {
	err = c.w.call("EC2 DescribeLaunchTemplateVersions", func() error {
		var ok bool
		if b, ok = c.w.Templates[id+"/"+version]; !ok {
			return Refuse(cloud.NotFound, "InvalidLaunchTemplateId.NotFound", id)
		}
		return nil
	})
	return b, err
}

func (c compute) Launch(_ context.Context, l cloud.Launch) (i cloud.Instance, err error) {
	err = c.w.call("EC2 RunInstances", func() error {
		if id, ok := c.w.tokens[l.Zone+"/"+l.Token]; ok {
			if b := c.w.Boxes[id]; b == nil || b.State == cloud.Terminated {
				return Refuse(cloud.Spent, "IdempotentInstanceTerminated", l.Token)
			}
			i = c.copyOf(c.w.Boxes[id])
			return nil
		}
		if len(c.w.Images) > 0 && !slices.Contains(c.w.Images, l.Blueprint.Image) {
			return Refuse(cloud.Invalid, "InvalidAMIID.NotFound", l.Blueprint.Image)
		}
		if !slices.ContainsFunc(c.w.Places, func(p cloud.Subnet) bool { return p.ID == l.Subnet }) {
			return Refuse(cloud.NotFound, "InvalidSubnetID.NotFound", l.Subnet)
		}
		if full(l.Blueprint.Tags, l.Tags) {
			return Refuse(cloud.Full, "TagLimitExceeded", "an instance has at most 50 tags")
		}
		for key := range l.Blueprint.Tags {
			if err := contract.Exposable(key); err != nil && (l.Gated || l.Blueprint.Metadata.Tags == "enabled") {
				return Refuse(cloud.Invalid, "InvalidParameterValue", fmt.Sprintf("'%s' is not a valid tag key", key))
			}
		}
		if c.w.NoRoom[l.Zone] {
			return Refuse(cloud.Capacity, "InsufficientInstanceCapacity", "no room in "+l.Zone)
		}
		b := c.build(l)
		c.w.Boxes[b.ID] = b
		c.w.tokens[l.Zone+"/"+l.Token] = b.ID
		i = c.copyOf(b)
		return nil
	})
	return i, err
}

func (c compute) build(l cloud.Launch) *Box {
	id := c.w.id("i")
	b := &Box{Until: c.w.Time.Add(c.w.Boot), then: cloud.Running}
	b.Instance, b.Details = Described(l, "10.0.0."+id[len(id)-2:], func() string { return c.w.id("eni") })
	b.ID, b.State, b.VPC, b.LaunchedAt, b.RootDevice = id, cloud.Pending, "vpc-1", c.w.Time, "/dev/xvda"
	return b
}

func (c compute) power(name string, ids []string, protected func(*Box) bool, via, to string) error {
	return c.w.call(name, func() error {
		for _, id := range ids {
			b, ok := c.w.Boxes[id]
			switch {
			case !ok:
				return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", id)
			case !contract.IsEpoch(b.Tags[contract.CondemnedTag]): // as the role does
				return Refuse(cloud.Denied, "UnauthorizedOperation", id+" is not tagged as condemned")
			case protected(b):
				return Refuse(cloud.Invalid, "OperationNotPermitted", id+" is protected")
			case b.State == cloud.Terminated || b.State == to || b.State == via:
				continue
			}
			b.State, b.then, b.Until = via, to, c.w.Time.Add(c.w.PowerOff)
		}
		return nil
	})
}

func (c compute) Stop(_ context.Context, ids []string, _ cloud.PowerOff) error {
	return c.power("EC2 StopInstances", ids, func(b *Box) bool { return b.ProtectStop }, cloud.Stopping, cloud.Stopped)
}

func (c compute) Terminate(_ context.Context, ids []string, _ cloud.PowerOff) error {
	return c.power("EC2 TerminateInstances", ids, func(b *Box) bool { return b.ProtectTerminate }, cloud.ShuttingDown, cloud.Terminated)
}

func (c compute) Unprotect(_ context.Context, id string, stop bool) error {
	return c.w.call("EC2 ModifyInstanceAttribute", func() error {
		if b, ok := c.w.Boxes[id]; !ok {
			return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", id)
		} else if stop {
			b.ProtectStop = false
		} else {
			b.ProtectTerminate = false
		}
		return nil
	})
}

func (c compute) SetGroups(_ context.Context, nic string, groups []string) error {
	return c.w.call("EC2 ModifyNetworkInterfaceAttribute", func() error {
		if n := c.nic(nic); n != nil {
			n.Groups = slices.Clone(groups)
			return nil
		}
		return Refuse(cloud.NotFound, "InvalidNetworkInterfaceID.NotFound", nic)
	})
}

func (c compute) Forward(_ context.Context, nic string) error {
	return c.w.call("EC2 ModifyNetworkInterfaceAttribute", func() error {
		if n := c.nic(nic); n != nil {
			n.Forwards = true
			return nil
		}
		return Refuse(cloud.NotFound, "InvalidNetworkInterfaceID.NotFound", nic)
	})
}

func (c compute) MoveAddress(_ context.Context, allocation, nic string) error {
	return c.w.call("EC2 AssociateAddress", func() error {
		ip, ok := c.w.Elastic[allocation]
		to := c.nic(nic)
		if !ok || to == nil {
			return Refuse(cloud.NotFound, "InvalidAllocationID.NotFound", allocation)
		}
		for _, b := range c.w.Boxes {
			for k := range b.Interfaces {
				if n := &b.Interfaces[k]; n.Public == ip {
					n.Public, n.Elastic = "", false
				}
			}
		}
		to.Public, to.Elastic = ip, true
		return nil
	})
}

func (c compute) nic(id string) *cloud.Interface {
	for _, b := range c.w.Boxes {
		for k := range b.Interfaces {
			if b.Interfaces[k].ID == id {
				return &b.Interfaces[k]
			}
		}
	}
	return nil
}

func (c compute) Tag(_ context.Context, ids []string, tags map[string]string) error {
	return c.w.call("EC2 CreateTags", func() error {
		for _, id := range ids {
			switch b := c.w.Boxes[id]; {
			case b == nil:
				return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", id)
			case full(b.Tags, tags):
				return Refuse(cloud.Full, "TagLimitExceeded", id)
			}
		}
		for k := range tags {
			if strings.HasPrefix(k, "aws:") {
				return Refuse(cloud.Invalid, "InvalidParameterValue", "reserved tag "+k)
			}
		}
		for _, id := range ids {
			maps.Copy(c.w.Boxes[id].Tags, tags)
		}
		return nil
	})
}

// full reports whether a resource with these tags has no room for more ("Tag
// restrictions", Amazon EC2 User Guide). A new value for a key that is there always fits.
func full(has, more map[string]string) bool {
	all := maps.Clone(has)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, more)
	maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	return len(all) > contract.MaxTags && len(all) > len(has)
}

func (c compute) Untag(_ context.Context, id string, keys []string) error {
	return c.w.call("EC2 DeleteTags", func() error {
		b, ok := c.w.Boxes[id]
		if !ok {
			return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", id)
		}
		for _, k := range keys {
			delete(b.Tags, k)
		}
		return nil
	})
}

func (c compute) Start(_ context.Context, id string) error {
	return c.w.call("EC2 StartInstances", func() error {
		b, ok := c.w.Boxes[id]
		switch {
		case !ok:
			return Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", id)
		case b.State == cloud.Pending || b.State == cloud.Running:
			return nil
		case b.State != cloud.Stopped:
			return Refuse(cloud.Ambiguous, "IncorrectInstanceState", id+" is "+b.State)
		case b.Tags[contract.CondemnedTag] != contract.MayStart: // as the role does
			return Refuse(cloud.Denied, "UnauthorizedOperation", id+" is not tagged as one to start")
		case c.w.NoRoom[b.Zone]:
			return Refuse(cloud.Capacity, "InsufficientInstanceCapacity", "no room in "+b.Zone)
		}
		b.State, b.then, b.Until, b.LaunchedAt = cloud.Pending, cloud.Running, c.w.Time.Add(c.w.Boot), c.w.Time
		return nil
	})
}
