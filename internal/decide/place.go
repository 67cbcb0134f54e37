package decide

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// candidates are the subnets where the node may be placed now, best first, and
// why the others are not among them.
func (s *step) candidates() ([]cloud.Subnet, string) {
	var list []cloud.Subnet
	var out []string
	for _, p := range s.Facts.Subnets {
		until, short := s.Facts.Shortages[contract.CapacityKey(p.Zone, s.n.Blueprint.Type)]
		switch {
		case p.Zone == s.n.Switch.FromZone:
			out = append(out, p.Zone+": the node failed there")
		case slices.Contains(s.n.Switch.Tried, p.Zone):
			out = append(out, p.Zone+": tried in this round")
		case short:
			out = append(out, p.Zone+": lacked "+s.n.Blueprint.Type+" capacity, not asked again before "+until.UTC().Format("15:04:05")+" UTC")
		case p.Free == 0:
			out = append(out, p.Zone+": "+p.ID+" has no free address")
		default:
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b cloud.Subnet) int {
		return cmp.Or(
			cmp.Compare(s.rank(a.Zone), s.rank(b.Zone)),
			cmp.Compare(a.Zone, b.Zone),
			cmp.Compare(b.Free, a.Free),
			cmp.Compare(a.ID, b.ID),
		)
	})
	if len(s.Facts.Subnets) == 0 {
		return nil, fmt.Sprintf("no subnet of %s carries the tag %s=true", s.Config.VPC, contract.DestinationTag)
	}
	slices.Sort(out)
	return list, strings.Join(out, "; ")
}

// rank is the place of a zone in the user's order; zones not named come last.
func (s *step) rank(zone string) int {
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
