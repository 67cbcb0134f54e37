package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// script is a scenario read and ready to run: what is set up, what happens when,
// and which calls fare badly. Its hooks may be called on nil, as in a seeded run.
type script struct {
	w     *World
	nodes int

	setUp []func()          // before anything is deployed
	plan  []func()          // at the scenario's time 0, when all nodes serve and are watched
	when  map[string]func() // by call: "RunInstances 1"

	policy     contract.Policy
	properties map[int]map[string]any // of a node's custom resource, beyond the usual
	noSweeps   bool
	mirrored   bool // another Region has the same nodes
	refusals   []refusal
	strikes    map[string]strikeKind    // by call
	sleeps     map[string]time.Duration // by call, before it is signed
	late       map[string]time.Duration // by call, from its signature to its arrival
	fates      map[string]string        // by "node/instance"
	sickening  []window                 // of replacements, by node
	hanging    []window                 // operating systems that do not shut down, by node
	ghosts     []window                 // nodes whose lost hosts keep power when EC2 confirms a forced stop
	still      map[string][]window      // by alarm
	gentle     []window                 // no destructive call is expected
	shown      []string                 // message codes to show beyond those always shown
	asked      []string                 // labels of events whose answers to show

	armed    bool
	zero     time.Time
	calls    map[string]int
	came     map[string]bool   // calls of the plan that were made
	payloads map[string]string // by label
	senders  map[string]string // invocation -> label
	broken   error             // the first expectation that did not hold
	people   func(cloud.Notice)
}

type window struct {
	node     int
	from, to time.Duration
}

type refusal struct {
	window
	what string // a service or an action
	zone string // "": everywhere
	// model is the instance type of which launches are refused; "": of any.
	model string
	kind  cloud.Kind
	code  string
}

func newScript(nodes int) *script {
	p := contract.DefaultPolicy()
	return &script{
		nodes: nodes, policy: p, properties: map[int]map[string]any{}, when: map[string]func(){},
		strikes: map[string]strikeKind{}, sleeps: map[string]time.Duration{}, late: map[string]time.Duration{}, fates: map[string]string{}, still: map[string][]window{},
		calls: map[string]int{}, came: map[string]bool{}, payloads: map[string]string{}, senders: map[string]string{},
	}
}

// config is the switcher's configuration.
func (w *World) config() contract.Config {
	c := Config()
	switch {
	case w.script != nil:
		c.Policy = w.script.policy
	case w.policy.PollSeconds > 0:
		c.Policy = w.policy
	}
	return c
}

func (s *script) at() time.Duration { return s.w.Now.Sub(s.zero) }

func (s *script) within(x window) bool {
	return s.armed && s.at() >= x.from && s.at() < x.to
}

func (s *script) broke(format string, a ...any) {
	if s.broken == nil {
		s.broken = fmt.Errorf(format, a...)
	}
}

// called counts a call, and does what the scenario says for that one. It returns the fault
// that strikes the call, and the time from its signature to its arrival.
func (s *script) called(p *Proc, action string) (strikes strikeKind, late time.Duration) {
	if s == nil || !s.armed {
		return clean, 0
	}
	var nap time.Duration
	for _, name := range []string{"call", action} {
		s.calls[name]++
		key := name + " " + strconv.Itoa(s.calls[name])
		s.came[key] = true
		if k, ok := s.strikes[key]; ok {
			strikes = k
		}
		if f := s.when[key]; f != nil {
			f()
		}
		nap, late = max(nap, s.sleeps[key]), max(late, s.late[key])
	}
	if slices.Contains(destructive, action) && slices.ContainsFunc(s.gentle, s.within) {
		s.broke("%s calls %s at %s, where no destructive call is expected", p.Name, action, s.at())
	}
	if nap > 0 {
		s.w.Log("%s sleeps for %s before %s", p.Name, nap, action)
		p.Park(nap)
	}
	return strikes, late
}

var destructive = []string{"StopInstances", "TerminateInstances", "ModifyNetworkInterfaceAttribute", "RunInstances"}

// refusal is asked before every call.
func (s *script) refusal(service, action string) error {
	if s == nil {
		return nil
	}
	for _, r := range s.refusals {
		if (r.what == service || r.what == action) && r.zone == "" && s.within(r.window) {
			if r.kind == cloud.Quota {
				for _, t := range s.w.nodes {
					t.overQuota = s.w.Now
				}
			}
			return refuse(r.kind, service, action, r.code)
		}
	}
	return nil
}

// workable is since when no single action of EC2 or the table is refused, if that
// is later.
func (s *script) workable(since time.Time) time.Time {
	if s == nil {
		return since
	}
	for _, r := range s.refusals {
		needed := slices.Contains(services["EC2"], r.what) || slices.Contains(services["DynamoDB"], r.what)
		if end := s.zero.Add(r.to); needed && r.zone == "" && s.at() >= r.from && end.After(since) {
			since = end
		}
	}
	return since
}

// launch is asked before a new machine is made.
func (s *script) launch(zone, model string) error {
	if s == nil {
		return nil
	}
	for _, r := range s.refusals {
		if (r.zone == zone || r.model != "" && r.model == model) && s.within(r.window) {
			return refuse(r.kind, "EC2", "RunInstances", r.code)
		}
	}
	return nil
}

const (
	dies = "dies"
	sick = "sick"
)

// launched gives a new machine the fate that the scenario has for it.
func (s *script) launched(m *Machine) {
	if s == nil {
		return
	}
	fate := s.fates[fmt.Sprintf("%d/%d", m.node, len(s.instances(m.node)))]
	if slices.ContainsFunc(s.sickening, func(x window) bool { return x.node == m.node && s.within(x) }) {
		fate = sick
	}
	switch fate {
	case sick:
		m.sick = true
	case dies:
		s.w.After(time.Second, func() { s.w.perish(m) })
	}
	if s.properties[m.node]["InstanceStore"] != nil {
		m.RootStore = "instance-store"
	}
}

// stuck: the alarm is not evaluated now.
func (s *script) stuck(a *Alarm) bool {
	return s != nil && slices.ContainsFunc(s.still[a.Name], s.within)
}

// instances are all machines ever launched for a node, in order.
func (s *script) instances(node int) []*Machine {
	var list []*Machine
	for _, m := range s.w.machines {
		if m.node == node {
			list = append(list, m)
		}
	}
	return list
}

// instance is the n-th of a node's, from 1 on.
func (s *script) instance(node, n int) *Machine {
	if list := s.instances(node); n <= len(list) {
		return list[n-1]
	}
	s.broke("there is no instance %d of node %d at %s", n, node, s.at())
	return &Machine{}
}

// carrier is what carries the node now.
func (s *script) carrier(node int) *Machine {
	if m := s.w.carrier(node); m != nil {
		return m
	}
	s.broke("nothing carries node %d at %s", node, s.at())
	return &Machine{}
}

// missed is an error if a call that the scenario waits for was never made: then
// the run proves less than its file says.
func (s *script) missed() error {
	planned := slices.Concat(sorted(s.strikes), sorted(s.when), sorted(s.sleeps), sorted(s.late))
	for _, key := range planned {
		if !s.came[key] {
			return fmt.Errorf("the file waits for %s, which was never made (of all calls there were %d)", key, s.calls["call"])
		}
	}
	return nil
}

// deploy creates every node as CloudFormation does, and runs the schedule.
func (s *script) deploy() {
	w := s.w
	for id := 1; id <= s.nodes; id++ {
		st := w.newStack(id)
		w.nodes[id].props = s.properties[id]
		w.After(w.Between(0, 5*time.Second), st.create)
	}
	w.After(30*time.Second, s.tick)
}

func (s *script) tick() {
	if !s.armed || !s.noSweeps {
		s.w.invoke(sweepEvent)
	}
	s.w.After(time.Minute, s.tick)
}

// send hands an event to the function, and remembers whose answer that will be.
func (s *script) send(label, payload string) {
	s.payloads[label] = payload
	s.w.invoke(payload)
	s.senders[fmt.Sprintf("inv-%06x", s.w.ids)] = label
}

// published hands a message to who tells of them.
func (s *script) published(n cloud.Notice) {
	if s != nil && s.armed && s.people != nil {
		s.people(n)
	}
}

// ghost reports whether the scenario lets EC2 confirm a forced stop of this machine while it
// still has power.
func (s *script) ghost(m *Machine) bool {
	return s != nil && slices.ContainsFunc(s.ghosts, func(x window) bool { return x.node == m.node && s.within(x) })
}

// hangs: the scenario lets the operating system of this machine never shut down.
func (s *script) hangs(m *Machine) bool {
	return s != nil && slices.ContainsFunc(s.hanging, func(x window) bool { return x.node == m.node && s.within(x) })
}
