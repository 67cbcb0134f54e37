package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// TestScenario33 has three switchers: two VPCs in one Region, one in another.
func TestScenario33EachSwitcherMovesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	a := deploy(t, "multi", world.Options{})
	if len(a.s) != 3 {
		t.Fatalf("%d switchers, wanted 3", len(a.s))
	}
	inRegion := map[string]int{}
	states := make([]world.State, len(a.s))
	for i, s := range a.s {
		inRegion[s.Region]++
		nodes, err := s.Store.Nodes(t.Context())
		must(t, err)
		if len(nodes) != 1 {
			t.Fatalf("%s has %d nodes, wanted 1", s.Settings.Name, len(nodes))
		}
		states[i] = a.state(s, nodes[0].ID)
	}
	for i, s := range a.s {
		before := states[i]
		from := a.Proxy.Len()
		e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
		must(t, err)
		a.deliver(e, inRegion[s.Region]) // EC2 tells every switcher of the Region
		a.Settle()
		after := a.state(s, before.Node.ID)
		a.switched(before, after)
		states[i] = after
		for j, other := range a.s {
			if i != j {
				a.untouched(other, states[j])
			}
		}
		for _, c := range a.Proxy.Calls(from) {
			if isMutating(c) && c.Region != s.Region {
				t.Errorf("%s failed in %s, and this call went to %s: %s", s.Settings.Name, s.Region, c.Region, c)
			}
		}
		workers := map[string]bool{}
		for _, r := range s.Results() {
			workers[r.Worker] = true
		}
		for _, c := range a.Proxy.Calls(from) {
			if isMutating(c) && !workers[c.Caller] {
				t.Errorf("another switcher than %s made the call %s", s.Settings.Name, c)
			}
		}
	}
}

// TestScenario37 has a second stack claim a node id in use, and CloudFormation roll
// it back; then the owner deletes the node.
func TestScenario37ForeignClaimAndDelete(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	nodes := []world.State{a.state(s, database), a.state(s, web)}
	owner := a.Nodes()[slices.IndexFunc(a.Nodes(), func(c *provision.Created) bool { return c.Properties["NodeId"] == fmt.Sprint(database) })]
	foreign := provision.Request{
		RequestType: "Create", StackId: "arn:aws:cloudformation:" + region + ":" + a.Account() + ":stack/second/1", ResourceType: owner.Type,
		LogicalResourceId: "Second", ResourceProperties: owner.Properties,
	}
	from := a.Proxy.Len()
	got := a.request(foreign)
	if got.Status != "FAILED" || !strings.Contains(got.Reason, nodes[0].Node.Owner.Stack) {
		t.Errorf("a second claim on node %d: %s %q, wanted FAILED with the owner's name", database, got.Status, got.Reason)
	}
	foreign.RequestType, foreign.PhysicalResourceId = "Delete", got.PhysicalResourceId
	if got := a.request(foreign); got.Status != "SUCCESS" {
		t.Errorf("roll-back of the refused claim: %s %q, wanted SUCCESS", got.Status, got.Reason)
	}
	foreign.PhysicalResourceId = owner.Physical // as if the second stack had guessed it
	if got := a.request(foreign); got.Status != "SUCCESS" {
		t.Errorf("second roll-back: %s %q, wanted SUCCESS", got.Status, got.Reason)
	}
	for _, c := range a.Proxy.Calls(from) {
		if isMutating(c) && c.Service != proxy.Answer {
			t.Errorf("the refused claim made the call %s", c)
		}
	}
	for _, n := range nodes {
		a.untouched(s, n)
	}
	a.deleteAll(s, owner.Physical)
}

func (a *account) request(r provision.Request) provision.Answer {
	a.t.Helper()
	p, err := a.Send(r)
	must(a.t, err)
	got, err := p.Wait(a.t.Context())
	must(a.t, err)
	a.Settle()
	if got.RequestId != p.Request.RequestId || got.StackId != r.StackId || got.LogicalResourceId != r.LogicalResourceId || got.PhysicalResourceId == "" {
		a.t.Errorf("the answer does not name its request: %+v", got)
	}
	return got
}

// deleteAll deletes the stack of nodes, after a switch moved one of them.
func (a *account) deleteAll(s world.Switcher, physical string) {
	a.t.Helper()
	before := a.state(s, database)
	a.fail(s, before)
	a.Settle()
	moved := a.state(s, database)
	a.switched(before, moved)
	stack := ""
	for name, st := range a.Stacks {
		for _, c := range st.Resources {
			if c.Physical == physical {
				stack = name
			}
		}
	}
	answers, err := a.DeleteNodes(a.t.Context(), stack)
	must(a.t, err)
	if len(answers) != 2 {
		a.t.Errorf("%d nodes deleted, wanted 2", len(answers))
	}
	a.Settle()
	for _, id := range []int{database, web} {
		st, err := s.State(context.Background(), id)
		must(a.t, err)
		for i, state := range st.Instances {
			if state != "terminated" {
				a.t.Errorf("node %d was deleted and its instance %s is %s", id, i, state)
			}
		}
		for group, targets := range st.Targets {
			if len(targets) > 0 {
				a.t.Errorf("node %d was deleted and %s still holds %v", id, group, targets)
			}
		}
	}
	claims, err := s.Store.Table.Query(a.t.Context(), contract.ClaimPartition, "")
	must(a.t, err)
	if len(claims) > 0 {
		a.t.Errorf("%d node ids are still claimed", len(claims))
	}
	a.deliver(a.InstanceEvent(s.Region, moved.Node.Grant.Instance, "terminated"), 1)
	from := a.Proxy.Len()
	a.Settle()
	s.Tick()
	if n := count(a.Proxy.Calls(from), named("RunInstances")); n > 0 {
		a.t.Errorf("%d launches for a deleted node", n)
	}
}
