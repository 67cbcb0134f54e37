package permissions

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/test/emulator/access"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// seeds of random runs, beside every scenario file: enough for every permission to be
// needed. More find nothing else, since what a call asks depends on few things.
const seeds = 30

// court holds each deed to the role of its switcher.
type court struct {
	t       *testing.T
	roles   map[string]*role // by Region and switcher
	wires   map[string]*wire
	known   map[string]bool // deeds that are alike
	used    map[string]bool // actions
	refused map[string]string
	calls   int
	where   string                            // that the deeds are of
	change  func(access.Policy) access.Policy // of the switcher's own policies
}

func newCourt(t *testing.T) *court {
	return &court{
		t: t, roles: map[string]*role{}, wires: map[string]*wire{}, known: map[string]bool{}, used: map[string]bool{}, refused: map[string]string{},
		change: func(p access.Policy) access.Policy { return p },
	}
}

func (c *court) witness(d sim.Deed) {
	key := d.Region + " " + d.Switcher
	if c.roles[key] == nil {
		c.roles[key] = newRole(c.t, d.Switcher, d.VPCOf(), d.Region)
		c.roles[key].own = c.change(c.roles[key].own)
		c.wires[key] = newWire(d.Region, d.Switcher)
	}
	if like := key + " " + d.Like; d.Like != "" {
		if c.known[like] {
			return
		}
		c.known[like] = true
	}
	calls, err := c.wires[key].of(d)
	if err != nil {
		c.t.Errorf("%s: %v", c.where, err)
	}
	for _, call := range calls {
		c.calls++
		requests, err := access.Requests(c.t.Context(), d, account, call)
		if err != nil {
			c.t.Errorf("%s: %v", c.where, err)
		}
		for _, r := range requests {
			c.judge(d, c.roles[key], call, r)
		}
	}
}

// judge keeps the first refusal of each action.
func (c *court) judge(d sim.Deed, by *role, call proxy.Call, r access.Request) {
	// The simulation calls a node's own target group arn:<name>.
	if call.Service == proxy.ELB && r.Resource != "*" && !slices.Contains(d.Groups(), r.Resource) {
		r.Resource = "arn:aws:elasticloadbalancing:" + d.Region + ":" + account + ":targetgroup/" + strings.TrimPrefix(r.Resource, "arn:") + "/1"
	}
	c.used[r.Action] = true
	if c.refused[r.Action] == "" && !by.allows(c.t, r, d.Nodes(), d.Groups()) {
		c.refused[r.Action] = fmt.Sprintf("%s: the role of switcher %s does not allow %s, which %s needs", c.where, d.Switcher, r, call.Name())
	}
}

// unused are permissions that no call needed.
func (c *court) unused() []string {
	var idle []string
	for _, r := range c.roles {
		for _, action := range r.actions(c.t) {
			if !c.used[action] && access.ByOthers[action] == "" {
				idle = append(idle, action)
			}
		}
	}
	slices.Sort(idle)
	return slices.Compact(idle)
}

func (c *court) scenario(file string) {
	c.where = "scenario " + filepath.Base(file)
	s, err := sim.ReadScenario(file)
	if err != nil {
		c.t.Fatal(err)
	}
	if s.Skipped > 0 {
		return // it does not end as written yet
	}
	s.Witness = c.witness
	if _, err := s.Run(s.Variants()[0], nil); err != nil {
		c.t.Errorf("%s: %v", c.where, err)
	}
}

// TestSimulatedCallsAreAllowed: whatever goes wrong, the switcher asks for nothing that
// its role does not allow; and its role allows nothing that it never asks for.
func TestSimulatedCallsAreAllowed(t *testing.T) {
	c := newCourt(t)
	files, err := filepath.Glob("../sim/testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		c.scenario(file)
	}
	for seed := range uint64(seeds) {
		r := sim.Result{Seed: seed + 1, Nodes: sim.NodesOf(seed + 1)}
		c.where = r.Replay()
		if r = sim.RunBefore(c.witness, r.Seed, 0); r.Err != nil {
			t.Errorf("%s: %v", c.where, r.Err)
		}
	}
	t.Logf("%d different calls of %d scenarios and %d seeds, by %d roles", c.calls, len(files), seeds, len(c.roles))
	for _, refusal := range c.refused {
		t.Error(refusal)
	}
	for _, action := range c.unused() {
		t.Errorf("a role allows %s, and no call needs it: take it out of the role, or say in access.ByOthers who does", action)
	}
}

// TestTheCourtSeesBoth: a permission that is missing, one whose condition is too tight,
// and one that is not needed.
func TestTheCourtSeesBoth(t *testing.T) {
	const scenario = "../sim/testdata/scenarios/07-time-out.txt"
	for name, c := range map[string]struct {
		change  func(access.Policy) access.Policy
		refused string
		unused  string
	}{
		"no right to stop": {func(p access.Policy) access.Policy {
			return slices.DeleteFunc(p, func(s access.Statement) bool { return s.Sid == "PowerOffCondemned" })
		}, "ec2:StopInstances", ""},
		"only another switcher's targets": {func(p access.Policy) access.Policy {
			for i := range p {
				if p[i].Sid == "MoveTargets" {
					p[i].Condition["StringEquals"]["aws:ResourceTag/recovery:switcher"] = []string{"another"}
				}
			}
			return p
		}, "elasticloadbalancing:RegisterTargets", ""},
		"the right to reboot": {func(p access.Policy) access.Policy {
			return append(p, access.Statement{Effect: "Allow", Action: []string{"ec2:RebootInstances"}, Resource: []string{"*"}})
		}, "", "ec2:RebootInstances"},
	} {
		found := newCourt(t)
		found.change = c.change
		found.scenario(scenario)
		if c.refused != "" && found.refused[c.refused] == "" || c.refused == "" && len(found.refused) > 0 {
			t.Errorf("%s: refused was %v", name, found.refused)
		}
		if c.unused != "" && !slices.Contains(found.unused(), c.unused) {
			t.Errorf("%s: unused are %v", name, found.unused())
		}
	}
}
