// Package rehearse answers what the engine would do: it reads the records and what
// AWS shows, puts both into an AWS in memory, and lets the real engine work there.
// Nothing is written to AWS.
//
// The AWS in memory has room for every launch and knows no delays of its own, so a
// rehearsal shows the order of things and the choice of places, not how long they take.
package rehearse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Source is where a rehearsal gets its world from. Only reads are made.
type Source struct {
	Config contract.Config
	Ports  cloud.Ports
	Store  record.Store
}

// load puts the VPC's nodes and what AWS shows of them into an AWS in memory.
func (s Source) load(ctx context.Context, node int, now time.Time) (*fake.World, observe.Facts, error) {
	nodes, err := s.Store.Nodes(ctx)
	if err != nil {
		return nil, observe.Facts{}, err
	}
	f, err := s.read(ctx, nodes, node, now)
	if err != nil {
		return nil, f, err
	}
	w := fake.New(now)
	w.Places, w.Reserves = f.Subnets, f.Reserved
	for _, z := range f.Zones {
		if z.State == "impaired" || z.State == "unavailable" {
			w.Impaired[z.Name] = z.Message
		}
		for _, x := range f.Shifts {
			if x.ZoneID == z.ID {
				w.Shifted = append(w.Shifted, cloud.Shift{ZoneID: "id-" + z.Name, Reason: x.Reason})
			}
		}
	}
	for fs, mounts := range f.Mounts {
		w.Mounts[fs] = mounts
	}
	for name, a := range f.Alarms {
		w.Watches[name] = &a
	}
	for arn, g := range f.Groups {
		p := &fake.Pool{TargetGroup: g, Members: map[string]*fake.Member{}}
		for _, t := range f.Targets[arn] {
			p.Members[fmt.Sprintf("%s:%d", t.ID, t.Port)] = &fake.Member{Target: t}
		}
		w.Pools[arn] = p
	}
	for _, partition := range []struct{ name, prefix string }{
		{contract.VPCPartition(s.Config.VPC), contract.NodePrefix}, {contract.CapacityPartition, ""},
	} {
		items, err := s.Store.Table.Query(ctx, partition.name, partition.prefix)
		if err != nil {
			return nil, f, fmt.Errorf("read %s: %w", partition.name, err)
		}
		for _, it := range items {
			w.Items[it.Partition+"|"+it.Sort] = it
		}
	}
	for _, n := range nodes {
		if err := s.node(ctx, w, n, f, n.ID == node); err != nil {
			return nil, f, err
		}
	}
	return w, f, nil
}

// read makes the reads that a sweep with a switch of the node would make. What takes a
// call for each node is read of that one only: the API's budget is the switcher's too.
func (s Source) read(ctx context.Context, nodes []record.Node, asked int, now time.Time) (observe.Facts, error) {
	needs := make([]observe.Need, 0, len(nodes))
	for _, n := range nodes {
		need := observe.NeedOf(n, true, s.Config.Policy, now)
		need.Alarms, need.Places, need.Health, need.Targets, need.Mounts = n.Settings.Alarms, true, true, nil, nil
		if n.ID == asked {
			for _, g := range n.Settings.Groups {
				need.Targets = append(need.Targets, g.ARN)
			}
			if n.Settings.FileSystem != "" {
				need.Mounts = []string{n.Settings.FileSystem}
			}
		}
		needs = append(needs, need)
	}
	o := observe.Observer{Ports: s.Ports, Store: s.Store, IDTag: s.Config.IDTag, VPC: s.Config.VPC, Now: func() time.Time { return now }}
	return o.Read(ctx, needs, now)
}

// node puts a node's instances and launch template there. The one asked about is
// described whole; the others are as their blueprints say.
func (s Source) node(ctx context.Context, w *fake.World, n record.Node, f observe.Facts, whole bool) error {
	seen := slices.Clone(f.Tagged[n.ID])
	for _, i := range f.Instances {
		if n.Knows(i.ID) {
			seen = append(seen, i)
		}
	}
	for _, i := range seen {
		if w.Boxes[i.ID] != nil {
			continue
		}
		b := &fake.Box{Instance: i}
		if b.Tags == nil {
			b.Tags = map[string]string{}
		}
		if bp := n.Blueprint; bp != nil {
			b.Details = cloud.Details{UserData: bp.UserData, ProtectTerminate: bp.ProtectTerminate, ProtectStop: bp.ProtectStop, ShutdownBehavior: bp.ShutdownBehavior, Volumes: bp.Volumes, VolumeTags: bp.VolumeTags}
		}
		if whole && n.Grant != nil && n.Grant.Instance == i.ID && !i.Off() {
			d, err := s.Ports.Compute.Details(ctx, i)
			if err != nil {
				return err
			}
			b.Details = d
		}
		w.Boxes[i.ID] = b
		if next := map[string]string{cloud.Stopping: cloud.Stopped, cloud.ShuttingDown: cloud.Terminated, cloud.Pending: cloud.Running}[i.State]; next != "" {
			w.Later(w.Time.Add(w.PowerOff), func() { b.State = next })
		}
	}
	if !whole && n.Template == n.Settings.Template {
		return nil
	}
	t := n.Settings.Template
	b, err := s.Ports.Compute.Template(ctx, t.ID, t.Version)
	switch cloud.KindOf(err) {
	case "":
		w.Templates[t.ID+"/"+t.Version] = b
	case cloud.NotFound, cloud.Invalid, cloud.Denied, cloud.Account: // then the engine meets the same there
	default:
		return err
	}
	return nil
}
