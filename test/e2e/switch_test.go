package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// nodes of the example.
const (
	database = 1 // behind an NLB
	web      = 2 // behind an ALB
)

func diffStates(before, after world.State) string {
	return cmp.Diff(before, after, cmpopts.IgnoreFields(record.Node{}, "Revision"), cmpopts.EquateEmpty())
}

// TestRecovers is a switch as it should be, for each kind of load balancer and
// each kind of failure, with an EC2 and an ELB that take their time.
func TestRecovers(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{Pending: 1, Initial: 1})
	s := a.s[0]
	topic, err := a.Listen(t.Context(), s.Region, s.Settings.Topic)
	must(t, err)
	for _, c := range []struct {
		name  string
		node  int
		fails func(world.State)
	}{
		{"application stops the instance", database, func(st world.State) {
			e, err := s.FailApplication(t.Context(), st.Node.Grant.Instance)
			must(t, err)
			a.deliver(e, 1)
		}},
		{"instance hangs", web, func(st world.State) {
			e, err := s.Hang(t.Context(), st.Node.Settings.Alarms[0])
			must(t, err)
			a.deliver(e, 1)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.t = t
			before, other := a.state(s, c.node), a.state(s, database+web-c.node)
			from := a.Proxy.Len()
			c.fails(before)
			a.Settle()
			a.switched(before, a.state(s, c.node))
			a.untouched(s, other)
			report(t, a.Proxy.Calls(from))
			for _, call := range a.Proxy.Calls(from) {
				if call.Action == "StopInstances" && (!skips(call) || call.Params["Force"] == "true") {
					t.Errorf("a failed instance that is not stuck is stopped without its shutdown, and not by force: %s", call)
				}
			}
			notices, err := a.In(s.Region).Receive(t.Context(), topic)
			must(t, err)
			if len(notices) != 1 || !strings.Contains(notices[0], string(message.SwitchCompleted)) {
				t.Errorf("notices %q, wanted one with %s", notices, message.SwitchCompleted)
			}
			history, err := s.History(t.Context(), c.node)
			must(t, err)
			if last := history[len(history)-1]; last.From != before.Node.Grant.Instance || last.Kind != record.KindRecover {
				t.Errorf("last switch in the history: %+v", last)
			}
		})
	}
	a.t = t
}

// skips reports whether a call does not let the operating system shut down.
func skips(c proxy.Call) bool {
	return c.Params["Force"] == "true" || c.Params["SkipOsShutdown"] == "true"
}

// report tells how many calls a switch took.
func report(t *testing.T, calls []proxy.Call) {
	t.Helper()
	tally := map[string][2]int{}
	for _, c := range calls {
		n := tally[c.Service]
		if c.Mutating() {
			n[1]++
		} else {
			n[0]++
		}
		tally[c.Service] = n
	}
	t.Logf("%d calls (read, mutating) by service: %v", len(calls), tally)
	for _, c := range calls {
		t.Log(c)
	}
}

// TestScenario1 delivers one event again and again.
func TestScenario1SameEventIsOneSwitch(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	before, other := a.state(s, database), a.state(s, web)
	e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
	must(t, err)
	for range 5 { // in parallel: each in a process of its own
		a.deliver(e, 1)
	}
	after := a.rest(s, database)
	a.switched(before, after)

	from := a.Proxy.Len()
	dayLater := e
	dayLater.Time = time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339)
	for i, again := range []provision.Event{e, e, e, e, e, dayLater} {
		a.deliver(again, 1)
		a.Settle()
		results := s.Results()
		got := answer(t, results[len(results)-1])
		if got.Outcome != engine.OutcomeIgnored && got.Outcome != engine.OutcomeDuplicate && got.Outcome != engine.OutcomeDone || got.Reason == "" {
			t.Errorf("delivery %d after the switch: %+v, wanted an outcome with its reason", i+1, got)
		}
	}
	if n := count(a.Proxy.Calls(from), isMutating); n > 0 {
		t.Errorf("%d mutating calls for events that are old", n)
	}
	a.untouched(s, after)
	a.untouched(s, other)
	for _, r := range s.Results() {
		if r.Status != runtimeapi.Succeeded {
			t.Errorf("an invocation %s: %s", r.Status, r.Payload)
		}
	}
}

// TestScenario12 lacks capacity in the zone that would be next.
func TestScenario12NoCapacityInTheSecondZone(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	nodes := []world.State{a.state(s, database), a.state(s, web)}
	zones, err := a.destinations(s)
	must(t, err)
	if len(zones) < 3 {
		t.Fatalf("destinations %v: the example wants three zones", zones)
	}
	// Whichever zone would be chosen second lacks capacity: found by asking for a
	// node that starts in the first.
	second := a.secondChoice(nodes[0], zones)
	a.Proxy.SetNoCapacity(second)
	for i, before := range nodes {
		if before.Node.Grant.Zone == second {
			t.Fatalf("node %d already runs in %s", before.Node.ID, second)
		}
		from := a.Proxy.Len()
		e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
		must(t, err)
		a.deliver(e, 1)
		a.Settle()
		after := a.state(s, before.Node.ID)
		a.switched(before, after)
		if after.Node.Grant.Zone == second {
			t.Errorf("node %d was placed in %s, which has no capacity", before.Node.ID, second)
		}
		refused := count(a.Proxy.Calls(from), func(c proxy.Call) bool { return c.Code == "InsufficientInstanceCapacity" })
		if want := 1 - i; refused != want {
			t.Errorf("node %d: %d launches refused for capacity, wanted %d: the lack is remembered for every node", before.Node.ID, refused, want)
		}
	}
	items, err := s.Store.Table.Query(t.Context(), "capacity", "")
	must(t, err)
	if len(items) != 1 || !strings.HasPrefix(items[0].Sort, second+"#") {
		t.Errorf("remembered: %v, wanted one lack in %s", items, second)
	}
}

// TestScenario8 loses the answer of RunInstances, in its simple form.
func TestScenario8LostLaunchAnswer(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	for _, side := range []proxy.Side{proxy.Before, proxy.After} {
		t.Run(side.String(), func(t *testing.T) {
			a.t = t
			before := a.state(s, database)
			defer a.Proxy.Inject(proxy.Fault{Service: proxy.EC2, Action: "RunInstances", Nth: 1, Lose: side})()
			from := a.Proxy.Len()
			e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
			must(t, err)
			a.deliver(e, 1)
			a.Settle()
			a.switched(before, a.state(s, database))
			var launches []proxy.Call
			for _, c := range a.Proxy.Calls(from) {
				if named("RunInstances")(c) {
					launches = append(launches, c)
				}
			}
			if len(launches) != 2 {
				t.Fatalf("%d launches sent, wanted the lost one and its repetition", len(launches))
			}
			if diff := cmp.Diff(launches[0].Params, launches[1].Params); diff != "" {
				t.Errorf("the repetition differs (-first +second):\n%s", diff)
			}
		})
	}
	a.t = t
}

// destinations are the zones of the tagged subnets.
func (a *account) destinations(s world.Switcher) ([]string, error) {
	subnets, err := s.Destinations(a.t.Context())
	if err != nil {
		return nil, err
	}
	var zones []string
	for _, n := range subnets {
		zones = append(zones, n)
	}
	slices.Sort(zones)
	return zones, nil
}

// secondChoice is the zone that the node would be placed in next: the first
// destination in its order of preference, or by name, that it is not in.
func (a *account) secondChoice(st world.State, zones []string) string {
	for _, z := range append(slices.Clone(st.Node.Settings.Zones), zones...) {
		if z != st.Node.Grant.Zone {
			return z
		}
	}
	a.t.Fatalf("no other zone than %s", st.Node.Grant.Zone)
	return ""
}
