package sim

import (
	"slices"
	"strings"
	"time"
)

// mostGroups is how many security groups an interface carries at most ("Amazon
// VPC quotas", the default).
const mostGroups = 5

// regroup replaces the groups of one interface. What is connected stays so
// ("Security group connection tracking"); what tries anew may succeed now.
func (w *World) regroup(by *site, m *Machine, k int, groups []string) {
	if slices.ContainsFunc(groups, isBlackhole) {
		w.destructive(by, "ModifyNetworkInterfaceAttribute", m)
		w.flushes(m)
	}
	served := w.takesTraffic(m)
	m.Interfaces[k].Groups = slices.Clone(groups)
	if served && isolated(m) {
		m.flows = w.Now.Add(w.Between(30*time.Second, 10*time.Minute)) // assumption: as long as clients stay
	}
	w.poke(m)
}

// isBlackhole reports whether a group is one of the Region's blackhole groups.
func isBlackhole(group string) bool { return strings.HasPrefix(group, blackhole) }

// tracked reports whether a machine in quarantine still serves those who were
// connected through the load balancer: such flows are always tracked.
func (w *World) tracked(m *Machine) bool {
	return m.up && m.powered && !m.lost && isolated(m) && w.Now.Before(m.flows)
}
