package sim

import (
	"slices"
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
	m.Interfaces[k].Groups = slices.Clone(groups)
	w.poke(m)
}
