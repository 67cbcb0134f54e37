package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// story collects what happened in one run, from its trace.
type story struct {
	*script
	phases   map[int][]string
	asked    map[int][]string // zones asked for a replacement, in the order of their first request
	tokens   map[string]bool
	switches map[int][]string // their ids
	codes    map[int]map[message.Code]bool
	told     map[int][]string // codes of notices to people
	answered map[string][]string
	models   map[int]string // what each node was like at time 0
}

var (
	saysCode = regexp.MustCompile(` says .* code=(WR\d+) `)
	ofNode   = regexp.MustCompile(` node=(\d+) `)
	whole    = regexp.MustCompile(`(?m)^(WR\d+) .*\nnode (\d+) \(`)
	listed   = regexp.MustCompile(`(?m)^- \S+: node (\d+) \(\S+\) (.*)$`)
	returns  = regexp.MustCompile(`(inv-\w+)\.\d+ returns (\S*) (\S*) err=(.*)$`)
	changed  = regexp.MustCompile(`record (\d+) rev`)
)

func newStory(s *script) *story {
	t := &story{
		script: s, phases: map[int][]string{}, asked: map[int][]string{}, tokens: map[string]bool{}, switches: map[int][]string{}, codes: map[int]map[message.Code]bool{},
		told: map[int][]string{}, answered: map[string][]string{}, models: map[int]string{},
	}
	s.people = t.notice
	return t
}

// notice takes a message to people, which may tell of several things.
func (t *story) notice(n cloud.Notice) {
	for _, m := range whole.FindAllStringSubmatch(n.Body, -1) {
		t.tell(number(m[2]), m[1])
	}
	for _, m := range listed.FindAllStringSubmatch(n.Body, -1) {
		for _, d := range message.Catalogue {
			if m[2] == d.Text || strings.HasPrefix(m[2], d.Text+" ") {
				t.tell(number(m[1]), string(d.Code))
			}
		}
	}
}

// tell notes that people were told of something about a node, at least once.
func (t *story) tell(node int, code string) {
	if !slices.Contains(t.told[node], code) {
		t.told[node] = append(t.told[node], code)
	}
}

// hear takes one line of the trace.
func (t *story) hear(text string) {
	if !t.armed {
		return
	}
	if m := changed.FindStringSubmatch(text); m != nil {
		t.phase(number(m[1]))
	}
	if m := saysCode.FindStringSubmatch(text); m != nil {
		t.says(message.Code(m[1]), text+" ")
	}
	if m := returns.FindStringSubmatch(text); m != nil {
		if label := t.senders[m[1]]; label != "" {
			answer := strings.TrimSpace(m[2] + " " + m[3])
			if m[4] != "<nil>" {
				answer = "failed"
			}
			t.answered[label] = append(t.answered[label], answer)
		}
	}
}

func number(text string) int { return args{text}.n(0) }

func (t *story) phase(node int) {
	n := t.w.nodes[node].record
	now := fmt.Sprintf("%s %d", n.Phase, n.Epoch)
	if n.Hold != nil {
		now += " [" + n.Hold.Code + "]"
	}
	if sw := n.Switch; sw != nil && sw.ID != "" && !slices.Contains(t.switches[node], sw.ID) {
		t.switches[node] = append(t.switches[node], sw.ID)
	}
	if sw := n.Switch; sw != nil && sw.Launch != nil && !t.tokens[sw.Launch.Token] {
		t.tokens[sw.Launch.Token] = true
		if !slices.Contains(t.asked[node], sw.Launch.Zone) {
			t.asked[node] = append(t.asked[node], sw.Launch.Zone)
		}
	}
	list := t.phases[node]
	gated := n.Switch != nil && n.Switch.Gate
	if len(list) > 0 && list[len(list)-1] == now {
		return
	}
	list = passed(list, n)
	if n := len(list); n > 0 && !gated && strings.HasPrefix(now, "launching") && strings.HasPrefix(list[n-1], "confirmed") {
		list = append(list, strings.Replace(now, "launching", "fencing", 1)) // all were off already: passed in one step
	}
	t.phases[node] = append(list, now)
}

// passed adds the phases that the node went through in the same step: whether it
// does depends on what there was room to look at.
func passed(list []string, n record.Node) []string {
	after := func(phases ...record.Phase) bool {
		return slices.ContainsFunc(phases, func(p record.Phase) bool {
			return len(list) > 0 && strings.HasPrefix(list[len(list)-1], string(p)+" ")
		})
	}
	if n.Switch == nil {
		return list
	}
	_, marked := n.Switch.Marks[string(record.Confirmed)]
	held, begins := n.Hold != nil, len(list) == 0 || after(record.Done, record.Suspected)
	if marked && begins && (n.Phase == record.Fencing || n.Phase == record.Launching || n.Phase == record.Confirmed && held) {
		list = append(list, fmt.Sprintf("%s %d", record.Confirmed, n.Epoch))
	}
	if held && n.Phase == record.Launching && (after(record.Fencing) || n.Switch.Gate && after(record.Confirmed)) {
		list = append(list, fmt.Sprintf("%s %d", n.Phase, n.Epoch))
	}
	return list
}

func (t *story) says(code message.Code, text string) {
	node := 0
	if m := ofNode.FindStringSubmatch(text); m != nil {
		node = number(m[1])
	}
	if t.codes[node] == nil {
		t.codes[node] = map[message.Code]bool{}
	}
	t.codes[node][code] = true
}

// remember notes what each node is like before anything happens.
func (t *story) remember() {
	for id := 1; id <= t.nodes; id++ {
		t.phases[id] = nil
		t.models[id] = model(t.w.carrier(id))
	}
}

// model is what a machine is like, without where and which it is.
func model(m *Machine) string {
	if m == nil {
		return ""
	}
	i := m.Instance
	i.Interfaces = slices.Clone(i.Interfaces)
	b, err := blueprint.FromInstance(i, m.Details, nil, blackhole)
	if err != nil {
		return err.Error()
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// always are the messages that are told of in every outcome. Those of the phases
// are not among them: the record says more certainly how far a switch came.
var always = []message.Code{
	message.NotEligible, message.NodePaused, message.StrayCondemned, message.SuspicionPassed, message.BlueprintKept, message.CondemnedRunning,
}

func (t *story) matters(c message.Code) bool {
	return slices.Contains(always, c) || slices.Contains(t.shown, string(c)) || strings.HasPrefix(string(c), "WR2") || strings.HasPrefix(string(c), "WR3")
}

// text is the outcome: nodes that fared alike are told of together.
func (t *story) text() string {
	var b strings.Builder
	first, before := 1, ""
	flush := func(last int) {
		name := fmt.Sprintf("node %d", first)
		if last > first {
			name = fmt.Sprintf("each of the nodes %d to %d", first, last)
		}
		fmt.Fprintf(&b, "%s\n%s", name, before)
	}
	for id := 1; id <= t.nodes; id++ {
		if now := t.node(id); now != before {
			if id > 1 {
				flush(id - 1)
			}
			first, before = id, now
		}
	}
	flush(t.nodes)
	for _, p := range t.w.pools {
		if p.node == 0 {
			fmt.Fprintf(&b, "target group %s holds %s\n", strings.TrimPrefix(p.ARN, "arn:"), t.membersOf(p, 0))
		}
	}
	if t.w.twin != nil {
		b.WriteString(t.unmoved())
	}
	for _, label := range t.script.asked {
		list := slices.Clone(t.answered[label])
		slices.Sort(list)
		fmt.Fprintf(&b, "event %s was answered: %s\n", label, or(slices.Compact(list), "not at all"))
	}
	if list := t.messages(0); len(list) > 0 {
		fmt.Fprintf(&b, "messages of no node: %s\n", strings.Join(list, ", "))
	}
	return b.String()
}

func (t *story) node(id int) string {
	var b strings.Builder
	say := func(what string, list []string, none string) {
		fmt.Fprintf(&b, "  %-16s%s\n", what+":", or(list, none))
	}
	say("switches", []string{fmt.Sprint(len(t.switches[id]))}, "")
	say("phases", t.phases[id], "unchanged")
	if len(t.asked[id]) > 0 {
		say("asked for", t.asked[id], "")
	}
	say("messages", t.messages(id), "none")
	say("told to people", named(t.told[id]), "nothing")
	say("carrier", []string{t.carrying(id)}, "")
	say("instances", t.all(id), "none")
	say("targets", []string{t.membersOf(t.pool(id), id)}, "")
	if told := t.deployments(id); len(told) > 0 {
		say("deployments", told, "")
	}
	for _, a := range t.w.alarms {
		if a.node == id && !a.app {
			say("alarms", []string{"watch " + t.name(a.Instances[0], id)}, "")
		}
	}
	return b.String()
}

// deployments are what became of those of the node's stack, and of others that want
// its id.
func (t *story) deployments(id int) []string {
	var list []string
	for _, s := range t.w.stacks {
		if s.node != id {
			continue
		}
		for _, told := range s.told {
			if s.other {
				told = "another stack's " + told
			}
			list = append(list, told)
		}
	}
	return list
}

func or(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// messages are those that matter, by code.
func (t *story) messages(node int) []string {
	var list []string
	for _, c := range sorted(t.codes[node]) {
		if !t.matters(c) {
			continue
		}
		d, _ := message.Find(c)
		list = append(list, fmt.Sprintf("%s %s", c, d.Text))
	}
	return list
}

func named(codes []string) []string {
	var list []string
	for _, c := range codes {
		d, _ := message.Find(message.Code(c))
		list = append(list, c+" "+d.Text)
	}
	return list
}

func (t *story) carrying(id int) string {
	n := t.w.nodes[id].record
	hold := ""
	if n.Hold != nil {
		d, _ := message.Find(message.Code(n.Hold.Code))
		hold = fmt.Sprintf(", %s %s", n.Hold.Code, d.Text)
	}
	if n.Phase == record.Deleted {
		return "none, the node is deleted"
	}
	m := t.w.carrier(id)
	if m == nil {
		return fmt.Sprintf("none, epoch %d%s", n.Epoch, hold)
	}
	does := "serves"
	if !t.served(id) {
		does = "does not serve"
	}
	return fmt.Sprintf("%s in %s, epoch %d, %s%s%s", t.name(m.ID, id), m.Zone, n.Epoch, does, t.inherits(id, m), hold)
}

// inherits says how the carrier differs from what the node was at time 0.
func (t *story) inherits(id int, m *Machine) string {
	if m == t.instances(id)[0] {
		return ""
	}
	var was, is map[string]any
	if json.Unmarshal([]byte(t.models[id]), &was) != nil || json.Unmarshal([]byte(model(m)), &is) != nil {
		return ", like instance 1 as far as can be told"
	}
	var differ []string
	for _, k := range sorted(was) {
		if fmt.Sprint(was[k]) != fmt.Sprint(is[k]) {
			differ = append(differ, k)
		}
	}
	if len(differ) > 0 || len(was) != len(is) {
		return ", like instance 1 but for " + or(differ, "what is new")
	}
	return ", like instance 1"
}

func (t *story) all(id int) []string {
	var list []string
	for i, m := range t.instances(id) {
		text := fmt.Sprintf("%d %s in %s", i+1, m.State, m.Zone)
		if off := m.State == cloud.Stopped || m.State == cloud.Terminated; off && m.powered {
			text += " (but has power)"
		}
		if m.State != cloud.Terminated && isolated(m) {
			text += " (quarantined)"
		} else if m.Tags[contract.CondemnedTag] != contract.NoEpoch && m == t.w.carrier(id) {
			text += " (condemned)"
		}
		list = append(list, text)
	}
	return list
}

// name tells a machine by its place among its node's.
func (s *script) name(id string, node int) string {
	for of := 1; of <= s.nodes; of++ {
		for i, m := range s.instances(of) {
			switch {
			case !m.has(id):
			case of == node:
				return fmt.Sprintf("instance %d", i+1)
			default:
				return fmt.Sprintf("instance %d of node %d", i+1, of)
			}
		}
	}
	return id + " (foreign)"
}

func (s *script) membersOf(p *Pool, node int) string {
	var list []string
	for _, x := range p.members {
		if x.drained.IsZero() {
			list = append(list, s.name(x.ID, node))
		}
	}
	slices.Sort(list)
	return or(list, "nothing")
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
