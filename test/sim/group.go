package sim

import (
	"slices"
	"time"
)

// mostGroups is how many security groups an interface carries at most ("Amazon
// VPC quotas", the default).
const mostGroups = 5

// regroup replaces the groups of one interface. What is connected stays so
// ("Security group connection tracking"); what tries anew may succeed now.
func (w *World) regroup(m *Machine, k int, groups []string) {
	if slices.Contains(groups, blackhole) {
		w.destructive("ModifyNetworkInterfaceAttribute", m)
	}
	served := w.takesTraffic(m)
	m.Interfaces[k].Groups = slices.Clone(groups)
	if served && isolated(m) {
		m.flows = w.Now.Add(w.Between(30*time.Second, 10*time.Minute)) // assumption: as long as clients stay
	}
	w.poke(m)
}

// tracked reports whether a machine in quarantine still serves those who were
// connected through the load balancer: such flows are always tracked.
func (w *World) tracked(m *Machine) bool {
	return m.up && m.powered && !m.lost && isolated(m) && w.Now.Before(m.flows)
}
