package e2e

import (
	"errors"
	"strings"
	"testing"

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

// TestScenario37 has a second stack claim a node id in use; CloudFormation rolls it
// back, and sends Delete for what it could not create.
func TestScenario37ForeignClaim(t *testing.T) {
	t.Parallel()
	a := deployStacks(t, app(t, "first"), world.Options{})
	s := a.s[0]
	nodes := []world.State{a.recovers(database), a.state(s, web)}
	from, asked := a.Proxy.Len(), len(a.Requests(0))
	var rolled *provision.RolledBack
	err := a.Deploy(t.Context(), app(t, "second").Stack("SecondNodes"))
	if !errors.As(err, &rolled) || rolled.Undo != nil || !strings.Contains(err.Error(), nodes[0].Node.Owner.Stack) {
		t.Fatalf("a second claim on node %d: %v, wanted it rolled back with the owner's name", database, err)
	}
	got := a.Requests(asked)
	if len(got) != 2 || got[1].RequestType != "Delete" || got[1].PhysicalResourceId == "" {
		t.Fatalf("requests %+v, wanted a Create and its Delete", got)
	}
	guessed := got[1] // as if the second stack had guessed the owner's
	guessed.RequestId, guessed.ResponseURL = "", ""
	guessed.PhysicalResourceId = a.Stacks[nodesStack].Resources[nodes[0].Node.Owner.Logical].Physical
	if answer := a.request(guessed); answer.Status != "SUCCESS" {
		t.Errorf("second roll-back: %s %q, wanted SUCCESS", answer.Status, answer.Reason)
	}
	guessed.RequestId, guessed.ResponseURL, guessed.RequestType = "", "", "Update"
	if answer := a.request(guessed); answer.Status != "FAILED" || !strings.Contains(answer.Reason, nodes[0].Node.Owner.Stack) {
		t.Errorf("an update by the second stack: %s %q, wanted FAILED with the owner's name", answer.Status, answer.Reason)
	}
	a.underAnotherID(nodes[0].Node.Owner.Logical)
	for _, c := range a.Proxy.Calls(from) {
		if isMutating(c) && c.Service != proxy.Answer {
			t.Errorf("the refused claim made the call %s", c)
		}
	}
	for _, n := range nodes {
		a.untouched(s, n)
	}
	a.requestsInMidSwitch()
}

// underAnotherID sends an update and a delete of a node that name another node's physical
// id, as CloudFormation does once the answer to an update has changed it (case R14).
func (a *account) underAnotherID(logical string) {
	a.t.Helper()
	for kind, want := range map[string]string{"Update": "FAILED", "Delete": "SUCCESS"} {
		r := a.Stacks[nodesStack].Request(kind, logical)
		r.OldResourceProperties = r.ResourceProperties
		r.PhysicalResourceId = "other.node-5"
		if got := a.request(r); got.Status != want || got.PhysicalResourceId != r.PhysicalResourceId {
			a.t.Errorf("%s under the physical id other.node-5: %s %q as %s, wanted %s under the same id", kind, got.Status, got.Reason, got.PhysicalResourceId, want)
		}
	}
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
