package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// happenings are what machines, people and AWS do, and what is expected on the way.
var happenings = slices.Concat(ofLifeHappening, []happening{
	{"stop node <n>", func(s *script, a args) { s.stop(s.carrier(a.n(0))) }},
	{"terminate node <n>", func(s *script, a args) { s.terminate(s.carrier(a.n(0))) }},
	{"stop every node", func(s *script, _ args) {
		for id := 1; id <= s.nodes; id++ {
			s.stop(s.carrier(id))
		}
	}},
	{"the target group of node <n> is deleted", func(s *script, a args) {
		p := s.poolOf(a.n(0))
		p.deleted, p.members = true, nil
	}},
	{"no load balancer uses the target group of node <n> any more", func(s *script, a args) { s.poolOf(a.n(0)).Balancers = 0 }},
	{"the alarms of node <n> are deleted", func(s *script, a args) { s.w.dropAlarms(a.n(0)) }},
	{"the application of node <n> hangs", func(s *script, a args) { s.carrier(a.n(0)).hung = true }},
	{"the application on instance <n> of node <n> answers again", func(s *script, a args) { s.instance(a.n(1), a.n(0)).hung = false }},
	{"the host of instance <n> of node <n> dies", func(s *script, a args) { s.lose(s.instance(a.n(1), a.n(0)), true) }},
	{"the host of node <n> dies", func(s *script, a args) { s.lose(s.carrier(a.n(0)), true) }},
	{"the host of node <n> is cut off", func(s *script, a args) { s.lose(s.carrier(a.n(0)), false) }},
	{"the host of instance <n> of node <n> is back", func(s *script, a args) { s.w.heal(s.instance(a.n(1), a.n(0))) }},
	{"a person starts instance <n> of node <n>", func(s *script, a args) { s.start(s.instance(a.n(1), a.n(0))) }},
	{"a person stops instance <n> of node <n>", func(s *script, a args) { s.stop(s.instance(a.n(1), a.n(0))) }},
	{"a person terminates instance <n> of node <n>", func(s *script, a args) { s.terminate(s.instance(a.n(1), a.n(0))) }},
	{"a person tags node <n> with <text>", func(s *script, a args) {
		k, v, _ := strings.Cut(a[1], "=")
		s.carrier(a.n(0)).Tags[k] = v
	}},
	{"a person turns the source/destination check of node <n> off", func(s *script, a args) { s.carrier(a.n(0)).Interfaces[0].Forwards = true }},
	{"a person takes the Elastic IP address from node <n>", func(s *script, a args) {
		n := &s.carrier(a.n(0)).Interfaces[0]
		n.Public, n.Elastic = "", false
	}},
	{"a person turns the metadata of node <n> off", func(s *script, a args) { s.carrier(a.n(0)).Metadata.Endpoint = "disabled" }},
	{"a person moves node <n> in its target group to its other address", func(s *script, a args) {
		m := s.carrier(a.n(0))
		s.pool(a.n(0)).members[0].ID = m.Interfaces[0].Private[1]
	}},
	{"expect the source/destination check of node <n> is off", func(s *script, a args) {
		s.expect(s.carrier(a.n(0)).Interfaces[0].Forwards, "the source/destination check of node %s is on", a[0])
	}},
	{"expect node <n> has the Elastic IP address <word>", func(s *script, a args) {
		n := s.carrier(a.n(0)).Interfaces[0]
		s.expect(n.Elastic && n.Public == a[1], "node %s has %q", a[0], n.Public)
	}},
	{"expect the target group of node <n> holds its other address alone", func(s *script, a args) {
		m, p := s.carrier(a.n(0)), s.pool(a.n(0))
		s.expect(len(p.members) == 1 && p.members[0].ID == m.Interfaces[0].Private[1], "the target group of node %s holds %v", a[0], p.members)
	}},
	{"a person removes tag <word> from node <n>", func(s *script, a args) { delete(s.carrier(a.n(1)).Tags, a[0]) }},
	{"event <state> of node <n> as <word>", func(s *script, a args) { s.event(a[0], s.carrier(a.n(1)), a[2]) }},
	{"event <state> of instance <n> of node <n> as <word>", func(s *script, a args) { s.event(a[0], s.instance(a.n(2), a.n(1)), a[3]) }},
	{"event <word> again", func(s *script, a args) { s.again(a[0], 1) }},
	{"<n> copies of event <word>", func(s *script, a args) { s.again(a[1], a.n(0)) }},
	{"payload <word> <text>", func(s *script, a args) { s.send(a[0], s.fill(a[1])) }},
	{"alarm <alarm> of node <n> goes <level>", func(s *script, a args) { s.alarm(s.w.alarmOf(a.n(1), a[0]), a[2]) }},
	{"a sweep", func(s *script, _ args) { s.w.invoke(sweepEvent) }},
	{"a person acknowledges node <n>", func(s *script, a args) {
		s.w.invoke(fmt.Sprintf(`{"source":%q,"detail-type":%q,"detail":{"node":%d,"by":"operator","reason":"known"}}`, contract.Source, contract.DetailAck, a.n(0)))
	}},
	{"an operator puts the brake on", func(s *script, _ args) { s.w.pull(s.w.sites[0], true) }},
	{"an operator takes the brake off", func(s *script, _ args) { s.w.pull(s.w.sites[0], false) }},
	{"node <n> is paused for <time>", func(s *script, a args) {
		s.edit(a.n(0), func(n *record.Node) {
			n.Pause = &record.Pause{Until: s.w.Now.Add(a.time(1)), Reason: "maintenance", By: "operator"}
		})
	}},
	{"CloudFormation deletes node <n>", func(s *script, a args) { s.w.nodes[a.n(0)].stack.remove() }},
	{"another stack creates node <n>", func(s *script, a args) { s.w.claimTwice(a.n(0)) }},
	{"<zone> is full from now on", func(s *script, a args) {
		s.w.Chaos.shortages = append(s.w.Chaos.shortages, shortage{a[0], "", s.w.Now, s.zero.Add(forever)})
	}},
	{"<service> is away for <time>", func(s *script, a args) {
		s.w.Chaos.outages = append(s.w.Chaos.outages, outage{a[0], s.w.Now, s.w.Now.Add(a.time(1)), cloud.Ambiguous})
	}},
	{"a new version of the switcher is deployed", func(s *script, _ args) { s.policy.PollSeconds++ }},
	{"a newer version has written the record of node <n>", func(s *script, a args) { s.edit(a.n(0), func(n *record.Node) { n.Schema = record.Schema + 1 }) }},
	{"the record of node <n> is as this version writes it", func(s *script, a args) { s.edit(a.n(0), func(n *record.Node) { n.Schema = record.Schema }) }},

	{"expect node <n> serves", func(s *script, a args) { s.expect(s.served(a.n(0)), "node %s does not serve", a[0]) }},
	{"expect node <n> does not serve", func(s *script, a args) { s.expect(!s.served(a.n(0)), "node %s serves", a[0]) }},
	{"expect node <n> is <phase>", func(s *script, a args) {
		is := string(s.w.nodes[a.n(0)].record.Phase)
		s.expect(is == a[1], "node %s is %s, not %s", a[0], is, a[1])
	}},
	{"expect node <n> is held by <word>", func(s *script, a args) {
		h := s.w.nodes[a.n(0)].record.Hold
		s.expect(h != nil && h.Code == a[1], "node %s is not held by %s but %+v", a[0], a[1], h)
	}},
	{"expect node <n> is carried by instance <n>", func(s *script, a args) {
		s.expect(s.w.carrier(a.n(0)) == s.instance(a.n(0), a.n(1)), "instance %s does not carry node %s", a[1], a[0])
	}},
	{"expect instance <n> of node <n> is <state>", func(s *script, a args) {
		m := s.instance(a.n(1), a.n(0))
		s.expect(m.State == a[2], "instance %s of node %s is %s, not %s", a[0], a[1], m.State, a[2])
	}},
	{"expect target group of node <n> holds <text>", func(s *script, a args) {
		got := s.membersOf(s.pool(a.n(0)), a.n(0))
		s.expect(got == a[1], "the target group of node %s holds %s, not %s", a[0], got, a[1])
	}},
})

func (s *script) expect(holds bool, format string, a ...any) {
	if !holds {
		s.broke("at %s: "+format, append([]any{s.at()}, a...)...)
	}
}

func (s *script) pool(node int) *Pool {
	for _, p := range s.w.pools {
		if p.node == node {
			return p
		}
	}
	return nil
}

func (s *script) stop(m *Machine) {
	s.w.Log("%s is stopped", m.ID)
	s.w.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
}

func (s *script) terminate(m *Machine) {
	s.w.Log("%s is terminated", m.ID)
	s.w.powerDown(m, cloud.ShuttingDown, cloud.Terminated, DelayTerminate)
}

// start is a person who starts a stopped instance.
func (s *script) start(m *Machine) {
	if m.State != cloud.Stopped {
		s.broke("at %s: %s cannot be started, it is %s", s.at(), m.ID, m.State)
		return
	}
	s.w.Log("a person starts %s", m.ID)
	m.started = s.w.Now
	s.w.boot(m)
}

func (s *script) event(state string, m *Machine, label string) {
	s.send(label, stateEvent("event-"+label, m.ID, state, s.w.Now))
}

func (s *script) again(label string, copies int) {
	if s.payloads[label] == "" {
		s.broke("at %s: there was no event %s yet", s.at(), label)
	}
	for range copies {
		s.send(label, s.payloads[label])
	}
}

// fill puts the real ids in the place of "instance-1-of-node-1".
func (s *script) fill(payload string) string {
	for id := 1; id <= s.nodes; id++ {
		for i, m := range s.instances(id) {
			payload = strings.ReplaceAll(payload, fmt.Sprintf("instance-%d-of-node-%d", i+1, id), m.ID)
		}
	}
	return payload
}

func (s *script) alarm(name, level string) {
	for _, a := range s.w.alarms {
		if a.Name != name || a.State == level {
			continue
		}
		a.State, a.Since, a.bad = level, s.w.Now, 0
		s.w.Log("alarm %s %s", a.Name, level)
		s.w.invoke(strings.Replace(alarmEvent(s.w.next("al"), name, s.w.Now), `"ALARM"`, `"`+level+`"`, 1))
	}
}

// edit writes a node's record as somebody else would.
func (s *script) edit(node int, change func(*record.Node)) {
	key := contract.VPCPartition("vpc-1") + "|" + contract.NodeKey(node)
	item := s.w.items[key]
	n := s.w.nodes[node].record
	change(&n)
	body, err := json.Marshal(n)
	if err != nil {
		s.broke("record: %w", err)
	}
	item.Body, item.Revision = body, item.Revision+1
	s.w.items[key] = item
	s.w.recorded(item)
}
