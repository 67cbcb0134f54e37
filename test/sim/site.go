package sim

import (
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// site is one VPC with its switcher. All of a Region share the table, the lacks of
// capacity that are remembered there, and the account's API budgets.
type site struct {
	vpc, name, hole string
	suffix          string // of its subnets
	lever           lever
}

func firstSite() *site {
	return &site{vpc: "vpc-1", name: "rec", hole: blackhole}
}

func secondSite() *site {
	return &site{vpc: "vpc-2", name: "two", hole: blackhole + "-2", suffix: "-2"}
}

// siteOf is where a node lives.
func (w *World) siteOf(node int) *site { return w.sites[max(0, node-1)%len(w.sites)] }

// divide makes a second VPC of the Region, with every other node in it.
func (w *World) divide() {
	w.sites = append(w.sites, secondSite())
	w.mounts = nil
	for id := 1; id <= len(w.nodes); id++ {
		w.makeMounts(id)
		p := w.plans[id]
		for i := range p.Interfaces {
			for k, g := range p.Interfaces[i].Groups {
				p.Interfaces[i].Groups[k] = g + w.siteOf(id).suffix
			}
		}
	}
}

// another is a second Region, in which nodes have the same numbers.
func (w *World) another(chaos Chaos) *World {
	x := NewWorld(w.Sim, len(w.nodes), Chaos{EveryLease: chaos.EveryLease})
	x.region, x.ids = "us-east-1", 1<<24
	w.twin, x.twin = x, w
	return x
}

func (s *site) subnet(zone string) string { return "subnet-" + zone + s.suffix }

// zoneOf is the zone of a subnet, and whether it is one of the VPC's.
func (s *site) zoneOf(subnet string) (string, bool) {
	zone, ok := strings.CutPrefix(subnet, "subnet-")
	if s.suffix != "" && ok {
		zone, ok = strings.CutSuffix(zone, s.suffix)
	}
	for _, z := range zones {
		if ok && z == zone {
			return zone, true
		}
	}
	return "", false
}

// vpcOf is the VPC of a subnet, security group or the like: what belongs to the
// second one says so at its end.
func (w *World) vpcOf(thing string) string {
	for _, s := range w.sites {
		if s.suffix != "" && strings.HasSuffix(thing, s.suffix) {
			return s.vpc
		}
	}
	return w.sites[0].vpc
}

// configOf is a site's switcher's configuration.
func (w *World) configOf(s *site) contract.Config {
	c := w.config()
	c.Name, c.Function, c.VPC, c.BlackholeGroup = s.name, s.name, s.vpc, s.hole
	return c
}

func (w *World) alarmOf(id int, kind string) string {
	return contract.AlarmName(w.siteOf(id).name, id, kind)
}
