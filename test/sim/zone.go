package sim

import (
	"context"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// impairment is a time in which a zone is reported to be unwell: by EC2
// (DescribeAvailabilityZones), or by a zonal shift that moves traffic away.
type impairment struct {
	zone     string
	shift    bool
	from, to time.Time
}

// reserve is an open capacity reservation: a launch of its type in its zone uses
// it by itself, also when the zone has no other room ("On-Demand Capacity
// Reservations").
type reserve struct {
	zone, kind string
	total      int
}

// instanceTypes: the first is the nodes' own, the others may stand in for it.
var instanceTypes = []string{"m7g.large", "m6g.large", "c7g.large"}

func zoneID(zone string) string { return "id-" + zone }

// impaired is since when a zone is reported to be unwell, if it is.
func (w *World) impaired(zone string) (time.Time, bool) {
	for _, x := range w.Chaos.impaired {
		if x.zone == zone && !w.Now.Before(x.from) && w.Now.Before(x.to) {
			return x.from, true
		}
	}
	return time.Time{}, false
}

// noRoom: the zone lacks capacity for the type.
func (w *World) noRoom(zone, kind string) bool {
	for _, s := range w.Chaos.shortages {
		if s.zone == zone && (s.kind == "" || s.kind == kind) && !w.Now.Before(s.from) && w.Now.Before(s.to) {
			return true
		}
	}
	return false
}

// reserved is the reservation with room that an instance would use.
func (w *World) reserved(zone, kind, preference string) *reserve {
	if preference == "none" {
		return nil
	}
	for _, r := range w.reserves {
		if r.zone == zone && r.kind == kind && w.unused(r) > 0 {
			return r
		}
	}
	return nil
}

func (w *World) unused(r *reserve) int {
	free := r.total
	for _, m := range w.machines {
		if m.reserve == r && m.State != cloud.Stopped && m.State != cloud.Terminated {
			free--
		}
	}
	return free
}

// place reports whether an instance finds room, and in which reservation if in one.
func (w *World) place(zone, kind, preference string) (*reserve, bool) {
	if r := w.reserved(zone, kind, preference); r != nil {
		return r, true
	}
	return nil, !w.noRoom(zone, kind)
}

// chosen: a zone that has been reported unwell for a while is no destination
// (scenario 30). One that became so while the switcher was looking may be.
func (w *World) chosen(old, n record.Node) {
	l := launchOf(n)
	if was := launchOf(old); l == nil || was != nil && was.Token == l.Token || n.Phase == record.Deleting { // a delete finds out what became of an earlier one
		return
	}
	const look = 90 * time.Second // the zones are looked at once a minute, and a round takes its time
	if since, unwell := w.impaired(l.Zone); unwell && w.Now.Sub(w.workable(since)) > look {
		w.Fail("scenario 30: node %d is to be placed in %s, which has been impaired or shifted away from since %s", n.ID, l.Zone, since.Format(time.TimeOnly))
	}
}

func launchOf(n record.Node) *cloud.Launch {
	if n.Switch == nil {
		return nil
	}
	return n.Switch.Launch
}

type zonal client

func (z *zonal) Zones(context.Context) (list []cloud.Zone, err error) {
	err = (*client)(z).call("EC2", "DescribeAvailabilityZones", func() error {
		for _, name := range zones {
			x := cloud.Zone{Name: name, ID: zoneID(name), State: "available"}
			for _, i := range z.Chaos.impaired {
				if _, now := z.impaired(name); now && i.zone == name && !i.shift {
					x.State, x.Message = "impaired", "The zone is experiencing a failure."
				}
			}
			list = append(list, x)
		}
		return nil
	})
	return list, err
}

func (z *zonal) Shifts(context.Context) (list []cloud.Shift, err error) {
	err = (*client)(z).call("ARC", "ListZonalShifts", func() error {
		list = append(list, z.shifts...)
		for _, i := range z.Chaos.impaired {
			if i.shift && !z.Now.Before(i.from) && z.Now.Before(i.to) {
				list = append(list, cloud.Shift{ZoneID: zoneID(i.zone), Reason: "traffic is moved away from " + i.zone})
			}
		}
		return nil
	})
	return list, err
}

func (z *zonal) Reserved(_ context.Context, types []string) (list []cloud.Reserve, err error) {
	err = (*client)(z).call("EC2", "DescribeCapacityReservations", func() error {
		for _, r := range z.reserves {
			if free := z.unused(r); free > 0 && slices.Contains(types, r.kind) {
				list = append(list, cloud.Reserve{Zone: r.zone, Type: r.kind, Free: free})
			}
		}
		return nil
	})
	return list, err
}

// armZones draws what zones go through between now and the end.
func (w *World) armZones(end time.Time, moment func() time.Duration) {
	c := &w.Chaos
	for range c.Impairments {
		from := w.Now.Add(moment())
		c.impaired = append(c.impaired, impairment{zones[w.Rand.IntN(len(zones))], w.Chance(0.5), from, minTime(end, from.Add(w.Between(time.Minute, 20*time.Minute)))})
	}
	for range c.Shortages {
		from := w.Now.Add(moment())
		kind := ""
		if w.Chance(0.5) {
			kind = instanceTypes[w.Rand.IntN(len(instanceTypes))]
		}
		c.shortages = append(c.shortages, shortage{zones[w.Rand.IntN(len(zones))], kind, from, minTime(end, from.Add(w.Between(time.Minute, 15*time.Minute)))})
	}
	for range c.Reserves {
		w.reserves = append(w.reserves, &reserve{zones[w.Rand.IntN(len(zones))], instanceTypes[w.Rand.IntN(2)], 1 + w.Rand.IntN(3)})
	}
}

// typeOf is what a launch asks for.
func typeOf(l cloud.Launch) string {
	if l.Type != "" {
		return l.Type
	}
	return l.Blueprint.Type
}
