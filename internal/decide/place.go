package decide

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// candidate is a subnet and an instance type.
type candidate struct {
	cloud.Subnet
	kind     string
	order    int  // of the type: the blueprint's own first
	reserved bool // there is capacity reserved for it
}

// candidates are the subnets and types with which the node may be placed now, best
// first, and why the others are not among them.
func (s *step) candidates() ([]candidate, string) {
	var list []candidate
	out := map[string]bool{}
	impaired := s.impaired()
	for order, kind := range s.n.Types() {
		for _, p := range s.Facts.Subnets {
			if why := s.unfit(p, kind, impaired); why != "" {
				out[why] = true
				continue
			}
			reserved := slices.ContainsFunc(s.Facts.Reserved, func(r cloud.Reserve) bool { return r.Zone == p.Zone && r.Type == kind })
			list = append(list, candidate{p, kind, order, reserved})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.order, b.order),
			compareBool(b.reserved, a.reserved),
			cmp.Compare(s.rank(a.Zone), s.rank(b.Zone)),
			cmp.Compare(a.Zone, b.Zone),
			cmp.Compare(b.Free, a.Free),
			cmp.Compare(a.ID, b.ID),
		)
	})
	if len(s.Facts.Subnets) == 0 {
		return nil, fmt.Sprintf("no subnet of %s carries the tag %s=true", s.Config.VPC, contract.DestinationTag)
	}
	return list, strings.Join(slices.Sorted(maps.Keys(out)), "; ") + s.lasting()
}

// unfit says why a subnet is no candidate for the type, or "".
func (s *step) unfit(p cloud.Subnet, kind string, impaired map[string]string) string {
	tried := s.n.Switch.Tried
	lack, short := s.shortage(p.Zone, kind)
	switch {
	case p.Zone == s.n.Switch.FromZone && s.n.Switch.Kind != record.KindUpdate:
		return p.Zone + ": the node was there"
	case s.cut(p.Zone):
		return p.Zone + ": the node's mount target there is removed for the storage fence"
	case impaired[p.Zone] != "":
		return p.Zone + ": " + impaired[p.Zone]
	case slices.Contains(tried, p.Zone):
		return p.Zone + ": tried in this round" + s.answered(p.Zone)
	case slices.Contains(tried, contract.CapacityKey(p.Zone, kind)):
		return p.Zone + ": tried in this round with " + kind + s.answered(contract.CapacityKey(p.Zone, kind))
	case short:
		return p.Zone + ": lacked " + kind + " capacity, not asked again before " + lack.Until.UTC().Format("15:04:05") + " UTC" + s.answered(contract.CapacityKey(p.Zone, kind))
	case p.Free == 0:
		return p.Zone + ": " + p.ID + " has no free address; waiting does not change that: " + cures[cloud.Addresses]
	}
	return ""
}

// cut reports whether the storage fence took the zone's mount target away.
func (s *step) cut(zone string) bool {
	return slices.ContainsFunc(s.n.Condemned, func(c record.Condemned) bool { return c.Zone == zone && (c.Cut || c.Mount != nil) })
}

// impaired are the zones that are no destination, and why: EC2 reports them as
// impaired or unavailable (AvailabilityZone, EC2 API reference), or traffic is being
// shifted away from them. What cannot be read excludes nothing.
func (s *step) impaired() map[string]string {
	out := map[string]string{}
	for _, z := range s.Facts.Zones {
		if z.State == "impaired" || z.State == "unavailable" {
			out[z.Name] = "EC2 reports it " + z.State + because(z.Message)
		}
		for _, x := range s.Facts.Shifts {
			if x.ZoneID == z.ID {
				out[z.Name] = "traffic is shifted away from it" + because(x.Reason)
			}
		}
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// rank is the place of a zone in the user's order; zones not named come last.
func (s *step) rank(zone string) int {
	sw := s.n.Switch
	if zone == sw.To || sw.To == "" && sw.Kind == record.KindUpdate && zone == sw.FromZone {
		return -1 // where a person wants it, or where it is
	}
	if i := slices.Index(s.n.Settings.Zones, zone); i >= 0 {
		return i
	}
	return len(s.n.Settings.Zones)
}

// tokenPrefix begins every launch token of the node. Born tells a node from an
// earlier one with the same id.
func tokenPrefix(n record.Node) string {
	return fmt.Sprintf("wr-%d-%s-", n.ID, strconv.FormatInt(n.Born, 36))
}

// token names one launch request. EC2 makes it once-only within a zone, so the
// zone is part of it; a refused request's successor gets another.
func token(n record.Node, zone string) string {
	return fmt.Sprintf("%s%d-%d-%s", tokenPrefix(n), n.Epoch, n.Switch.Requests, zone)
}

func ownToken(t string, n record.Node) bool { return strings.HasPrefix(t, tokenPrefix(n)) }
