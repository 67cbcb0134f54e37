package sim

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Nodes are what the nodes of the deed's switcher ask for: their stacks allow the
// switcher more by it.
func (d Deed) Nodes() (all []contract.Settings) {
	for id, n := range d.w.nodes {
		if d.w.siteOf(id).name == d.Switcher {
			all = append(all, n.wish)
		}
	}
	return all
}

// VPCOf is the VPC of the deed's switcher.
func (d Deed) VPCOf() string {
	for _, s := range d.w.sites {
		if s.name == d.Switcher {
			return s.vpc
		}
	}
	return ""
}

// Tags of an instance are the truth. The constructs tag what else they make for a node
// with its switcher's name, of which the simulation keeps nothing.
func (d Deed) Tags(_ context.Context, _, id string) (map[string]string, error) {
	if p := d.w.pool(id); p != nil {
		if p.node == 0 {
			return nil, nil
		}
		return d.made(p.node), nil
	}
	kind, rest, _ := strings.Cut(id, "-")
	switch kind {
	case "i":
		if m := d.w.byID[id]; m != nil {
			return maps.Clone(m.Tags), nil
		}
		return nil, nil
	case "fs":
		if node, err := strconv.ParseInt(rest, 16, 64); err == nil {
			return d.made(int(node)), nil
		}
	case "asc":
		return map[string]string{contract.SwitcherTag: d.Switcher}, nil
	}
	return nil, fmt.Errorf("the simulation has no tags of %s", id)
}

func (d Deed) made(node int) map[string]string {
	return map[string]string{contract.SwitcherTag: d.w.siteOf(node).name}
}

// VPC of a subnet, a security group or a network interface.
func (d Deed) VPC(_ context.Context, _, id string) (string, error) {
	if !strings.HasPrefix(id, "eni-") {
		return d.w.vpcOf(id), nil
	}
	for _, m := range d.w.machines {
		for _, i := range m.Interfaces {
			if i.ID == id {
				return m.VPC, nil
			}
		}
	}
	return d.VPCOf(), nil // of a machine that is gone: EC2 would not find it
}

// Carrier is the instance of a network interface.
func (d Deed) Carrier(_ context.Context, _, networkInterface string) (string, error) {
	for _, m := range d.w.machines {
		for _, i := range m.Interfaces {
			if i.ID == networkInterface {
				return m.ID, nil
			}
		}
	}
	return "", nil
}

// Mount is a mount target's file system and subnet, "" if it is gone.
func (d Deed) Mount(_ context.Context, _, mountTarget string) (fileSystem, subnet string, err error) {
	for _, t := range d.w.mounts {
		if t.ID == mountTarget {
			return t.fs, t.Subnet, nil
		}
	}
	return "", "", nil
}

// Role of an instance profile is under the switcher's path, as the constructs make it.
func (d Deed) Role(_ context.Context, _, profile string) (string, error) {
	return fmt.Sprintf("arn:aws:iam::%s:role/recovery/%s/%s", account, d.Switcher, profile), nil
}

// Customers reports that every key of the simulation is one.
func (d Deed) Customers(context.Context, string, string) (bool, error) { return true, nil }

// Mounts are a file system's mount targets.
func (d Deed) Mounts(fileSystem string) (ids []string) {
	for _, t := range d.w.mounts {
		if t.fs == fileSystem {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// Groups are the target groups that no node's own stack makes: a scenario's, which
// several nodes and others share.
func (d Deed) Groups() (arns []string) {
	for _, p := range d.w.pools {
		if p.node == 0 {
			arns = append(arns, p.ARN)
		}
	}
	return arns
}
