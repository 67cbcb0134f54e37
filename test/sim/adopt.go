package sim

import (
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// belonging makes a running instance of people's own that a node is to adopt: it has
// the data mounted, serves, and carries no tag of ours.
func (w *World) belonging(node int, zone string) *Machine {
	t, s := w.nodes[node], w.siteOf(node)
	b := w.plans[node]
	b.Image = fmt.Sprintf("ami-own-%d", node)
	t.own = version{b, good}
	m := &Machine{
		Instance: cloud.Instance{
			ID: w.next("i"), State: cloud.Running, Zone: zone, Subnet: s.subnet(zone), VPC: s.vpc, LaunchedAt: w.Now, PrivateIP: w.address(), RootStore: "ebs",
			Tags: map[string]string{"Name": "node"}, Image: b.Image, Type: b.Type, KeyName: b.KeyName,
			Metadata: cloud.MetadataOptions{Endpoint: "enabled", Tags: "enabled"},
		},
		node: node, attempt: t.attempts, people: true, powered: true, booted: true, up: true, upSince: w.Now,
		gated: t.props["Gate"] == "true",
	}
	t.attempts++
	for _, n := range b.Interfaces {
		m.Interfaces = append(m.Interfaces, cloud.Interface{ID: w.next("eni"), Device: n.Device, Groups: slices.Clone(n.Groups)})
	}
	if by := w.target(fileSystem(node), zone); by != nil {
		m.mounted, m.by = true, by
	}
	w.add(m)
	w.Log("people run %s for node %d", m.ID, node)
	p := w.poolOf(node)
	x := &member{Target: cloud.Target{ID: m.ID, Port: p.Port}, since: w.Now}
	if p.Kind == "ip" {
		x.ID = m.PrivateIP
	}
	p.members = append(p.members, x)
	return m
}

// marks is asked before the tags of a machine are written: those of a machine that is
// people's own only by the switcher of a node that was told to adopt it, and whose id
// is claimed.
func (w *World) marks(by *site, m *Machine, keys []string) {
	if w.unwatched || w.lab != nil {
		return
	}
	if m.node == 0 {
		w.Fail("I3: the tags %v of the foreign %s are written", keys, m.ID)
		return
	}
	if by != w.siteOf(m.node) {
		w.Fail("I3: the switcher of %s writes the tags of %s of %s", by.vpc, m.ID, m.VPC)
	}
	t := w.nodes[m.node]
	if !m.people || t.retained == m.ID {
		return
	}
	_, claimed := w.items[contract.ClaimPartition+"|"+contract.NodeKey(m.node)]
	if n := t.record; !claimed || n.Settings.Adopt != m.ID || n.Owner.Stack != t.stack.name {
		w.Fail("I3: the tags %v of people's own %s are written, and node %d does not own it (claimed: %v)", keys, m.ID, m.node, claimed)
	}
}

// stranger reports whether the role allows nothing on a machine but to adopt it: it is
// people's own, and has no tag of a switcher (Switcher's statements condition on that tag).
func (m *Machine) stranger() bool { return m.people && m.Tags[contract.SwitcherTag] == "" }

// taken: a machine that its node was granted is people's own no more.
func (w *World) taken(t *Truth, instance string) {
	if m := w.byID[instance]; m != nil && m.people {
		if m.node != t.id || t.record.Settings.Adopt != instance {
			w.Fail("I2: node %d is granted to people's own %s", t.id, instance)
		}
		m.people = false
	}
}

// retains notes which machine the delete of a node leaves running: from then on it is
// people's own.
func (w *World) retains(t *Truth, old record.Node) {
	s := t.stack
	if sw := old.Switch; t.record.Phase == record.Deleting && old.Phase != record.Deleting && sw != nil && sw.Kind == record.KindAdopt {
		if m := w.byID[old.Settings.Adopt]; m != nil { // an adoption that failed leaves it as it was
			m.people, t.retained = true, m.ID
		}
		return
	}
	if t.record.Phase != record.Deleting || old.Phase == record.Deleting || s == nil || !t.deleted || !retains(s.last()) || old.Grant == nil {
		return
	}
	if m := w.byID[old.Grant.Instance]; m != nil && m.State != cloud.Terminated && m.State != cloud.ShuttingDown {
		t.retained = m.ID
		m.people = s.props != nil // of a create that was not waited for it may be cleared away, too
	}
}

// last are the properties that a delete names.
func (s *formation) last() map[string]any {
	if s.props != nil {
		return s.props
	}
	return s.wanted
}

// theirs reports whether a target is a machine of people's own.
func (w *World) theirs(p *Pool, x *member) bool {
	m := w.machineOf(p, x.ID)
	return m != nil && m.people || slices.ContainsFunc(w.machines, func(c *Machine) bool {
		return c.people && c.PrivateIP == x.ID // ELB leaves the address of a machine that its owner terminated
	})
}
