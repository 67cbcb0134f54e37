package fake

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

type places struct{ w *World }

// Zones: those of the world's subnets, available unless Impaired says otherwise.
func (p places) Zones(context.Context) (list []cloud.Zone, err error) {
	err = p.w.call("EC2 DescribeAvailabilityZones", func() error {
		for _, s := range p.w.Places {
			if slices.ContainsFunc(list, func(z cloud.Zone) bool { return z.Name == s.Zone }) {
				continue
			}
			z := cloud.Zone{Name: s.Zone, ID: "id-" + s.Zone, State: "available"}
			if why, ok := p.w.Impaired[s.Zone]; ok {
				z.State, z.Message = "impaired", why
			}
			list = append(list, z)
		}
		return nil
	})
	return list, err
}

func (p places) Shifts(context.Context) (list []cloud.Shift, err error) {
	err = p.w.call("ARC ListZonalShifts", func() error {
		list = slices.Clone(p.w.Shifted)
		return nil
	})
	return list, err
}

func (p places) Reserved(_ context.Context, types []string) (list []cloud.Reserve, err error) {
	err = p.w.call("EC2 DescribeCapacityReservations", func() error {
		for _, r := range p.w.Reserves {
			if slices.Contains(types, r.Type) && r.Free > 0 {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

type files struct{ w *World }

func (f files) Mounts(_ context.Context, fs string) (list []cloud.Mount, err error) {
	err = f.w.call("EFS DescribeMountTargets", func() error {
		mounts, ok := f.w.Mounts[fs]
		if !ok {
			return unknownFiles(fs)
		}
		list = slices.Clone(mounts)
		slices.SortFunc(list, func(a, b cloud.Mount) int { return cmp.Compare(a.Zone, b.Zone) })
		return nil
	})
	return list, err
}

func (f files) CreateMount(_ context.Context, fs string, m cloud.Mount) error {
	return f.w.call("EFS CreateMountTarget", func() error {
		if _, ok := f.w.Mounts[fs]; !ok {
			return unknownFiles(fs)
		}
		for _, x := range f.w.Mounts[fs] {
			if x.Subnet == m.Subnet {
				return Refuse(cloud.Conflict, "MountTargetConflict", m.Subnet)
			}
		}
		m.ID, m.State = f.w.id("fsmt"), "available"
		m.IP = "10.0.1." + m.ID[len(m.ID)-2:]
		f.w.Mounts[fs] = append(f.w.Mounts[fs], m)
		return nil
	})
}

// unknownFiles: that nothing is told of a file system must not look like one
// without mount targets.
func unknownFiles(fs string) error {
	return Refuse(cloud.NotFound, "FileSystemNotFound", fmt.Sprintf("%s does not exist", fs))
}

func (f files) DeleteMount(_ context.Context, id string) error {
	return f.w.call("EFS DeleteMountTarget", func() error {
		for fs, list := range f.w.Mounts {
			if i := slices.IndexFunc(list, func(m cloud.Mount) bool { return m.ID == id }); i >= 0 {
				f.w.Mounts[fs] = slices.Delete(list, i, i+1)
				return nil
			}
		}
		return Refuse(cloud.NotFound, "MountTargetNotFound", fmt.Sprintf("%s does not exist", id))
	})
}
