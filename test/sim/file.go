package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// mountTarget is one zone's way to a node's file system. Instances mount by it.
type mountTarget struct {
	cloud.Mount
	fs     string
	remade bool // by a switcher: CloudFormation does not know it
}

func fileSystem(node int) string { return fmt.Sprintf("fs-%08x", node) }

// makeMounts gives every zone a target of a node's file system.
func (w *World) makeMounts(node int) {
	for _, z := range zones {
		w.mounts = append(w.mounts, w.mountIn(node, z))
	}
}

func (w *World) mountIn(node int, zone string) *mountTarget {
	return &mountTarget{
		cloud.Mount{ID: w.next("fsmt"), Subnet: w.siteOf(node).subnet(zone), Zone: zone, IP: w.address(), State: "available", Groups: []string{"sg-files" + w.siteOf(node).suffix}}, fileSystem(node), false,
	}
}

// way is the mount target by which a machine can mount its node's data now. One
// that carries the blackhole group reaches nothing anew.
func (w *World) way(m *Machine) *mountTarget {
	if isolated(m) || m.lost {
		return nil
	}
	return w.target(fileSystem(m.node), m.Zone)
}

func (w *World) target(fs, zone string) *mountTarget {
	for _, t := range w.mounts {
		if t.fs == fs && t.Zone == zone && t.State == "available" {
			return t
		}
	}
	return nil
}

// unmount breaks every mount by a target that is gone. The application does not
// survive that, whatever else its machine does.
func (w *World) unmount(t *mountTarget) {
	for _, m := range w.machines {
		if m.by == t {
			m.by, m.mounted, m.up = nil, false, false
			w.Log("machine %s of node %d is cut off from its data", m.ID, m.node)
		}
	}
}

type efs client

// forcedRest is longer than the engine keeps an instance that was forced from its file system,
// and puts the mount target back.
const forcedRest = 14 * time.Minute

// exists reports whether a file system is one of the nodes'.
func (w *World) exists(fs string) bool {
	for id := 1; id <= len(w.nodes); id++ {
		if fileSystem(id) == fs {
			return true
		}
	}
	return false
}

func (f *efs) Mounts(_ context.Context, fs string) (list []cloud.Mount, err error) {
	err = (*client)(f).about(nodeOfFiles(fs)...).call("EFS", "DescribeMountTargets", func() error {
		if !f.exists(fs) {
			return refuse(cloud.NotFound, "EFS", "DescribeMountTargets", "FileSystemNotFound")
		}
		for _, t := range f.mounts {
			if t.fs == fs {
				m := t.Mount
				m.Groups = slices.Clone(m.Groups)
				list = append(list, m)
			}
		}
		slices.SortFunc(list, func(a, b cloud.Mount) int { return strings.Compare(a.Subnet, b.Subnet) })
		return nil
	})
	return list, err
}

// CreateMount: at most one target in a zone; it is of use after a while
// (assumption: 60 to 90 s; "CreateMountTarget" names the states only).
func (f *efs) CreateMount(_ context.Context, fs string, m cloud.Mount) error {
	return (*client)(f).about(nodeOfFiles(fs)...).sending(fs, m.Zone).call("EFS", "CreateMountTarget", func() error {
		zone, found := f.site.zoneOf(m.Subnet)
		switch {
		case !f.exists(fs):
			return refuse(cloud.NotFound, "EFS", "CreateMountTarget", "FileSystemNotFound")
		case !found:
			return refuse(cloud.NotFound, "EFS", "CreateMountTarget", "SubnetNotFound")
		case slices.ContainsFunc(f.mounts, func(t *mountTarget) bool { return t.fs == fs && t.Zone == zone }):
			return refuse(cloud.Conflict, "EFS", "CreateMountTarget", "MountTargetConflict")
		}
		t := &mountTarget{cloud.Mount{ID: f.next("fsmt"), Subnet: m.Subnet, Zone: zone, IP: f.address(), State: "creating", Groups: slices.Clone(m.Groups)}, fs, true}
		f.mounts = append(f.mounts, t)
		f.After(f.draw(DelayMountMade), func() {
			t.State = "available"
			f.mountWaiting(fs)
		})
		return nil
	})
}

// DeleteMount returns while the target is still being deleted
// ("DeleteMountTarget", EFS API reference); gone it is some seconds later
// (assumption: 5 to 30 s).
func (f *efs) DeleteMount(_ context.Context, id string) error {
	return (*client)(f).about(f.nodeOfMount(id)...).sending(id).call("EFS", "DeleteMountTarget", func() error {
		i := slices.IndexFunc(f.mounts, func(t *mountTarget) bool { return t.ID == id })
		if i < 0 {
			return refuse(cloud.NotFound, "EFS", "DeleteMountTarget", "MountTargetNotFound")
		}
		t := f.mounts[i]
		if !f.unwatched {
			f.cutsOff(t)
		}
		if t.State == "deleting" {
			return nil
		}
		t.State = "deleting"
		f.After(f.draw(DelayMountGone), func() {
			f.mounts = slices.DeleteFunc(f.mounts, func(x *mountTarget) bool { return x == t })
			f.unmount(t)
			f.Check()
		})
		return nil
	})
}

// cutsOff is asked before a mount target is removed: it must be of a node that is
// being switched and whose policy allows this, and no granted instance may be
// using it.
func (w *World) cutsOff(t *mountTarget) {
	for id := 1; id <= len(w.nodes); id++ {
		if fileSystem(id) != t.fs {
			continue
		}
		n := w.nodes[id].record
		if t.remade && (n.Phase == record.Deleting || n.Phase == record.Deleted) {
			return // it is cleared away with its node
		}
		forced := slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return c.Zone == t.Zone && c.Asked == cloud.ForceOff })
		if n.Settings.Escalation != contract.EscalateStorage && !(forced && n.Settings.FileSystem != "") {
			w.Fail("I3: the mount target of node %d in %s is removed, but its policy is %q", id, t.Zone, n.Settings.Escalation)
		}
		if m := w.carrier(id); m != nil && m.by == t {
			w.Fail("I3: the mount target in %s is removed, by which %s has mounted, which holds the grant of node %d", t.Zone, m.ID, id)
		}
		return
	}
	w.Fail("I3: the foreign mount target %s is removed", t.ID)
}

// restored: what a storage fence took away is back (scenario 25), unless it is kept away
// from an instance that was forced a while ago.
func (w *World) restored(id int) {
	for _, z := range zones {
		if slices.ContainsFunc(w.nodes[id].record.Condemned, func(c record.Condemned) bool {
			return c.Zone == z && c.Asked == cloud.ForceOff && w.Now.Sub(c.AskedAt) < forcedRest
		}) {
			continue
		}
		if !slices.ContainsFunc(w.mounts, func(t *mountTarget) bool { return t.fs == fileSystem(id) && t.Zone == z && t.State != "deleting" }) {
			w.Fail("I5: node %d has no mount target in %s any more", id, z)
		}
	}
}

// remount gives a node that is deployed anew a target in every zone.
func (w *World) remount(node int) {
	for _, z := range zones {
		i := slices.IndexFunc(w.mounts, func(t *mountTarget) bool { return t.fs == fileSystem(node) && t.Zone == z && t.State != "deleting" })
		if i >= 0 {
			w.mounts[i].remade = false
			continue
		}
		w.mounts = append(w.mounts, w.mountIn(node, z))
	}
}
