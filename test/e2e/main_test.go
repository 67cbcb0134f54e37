// Package e2e runs the real switcher, built from the same source as the deployed
// one, against the emulator, in the stacks that the app synthesises. Each test has
// an AWS account of its own; all share one emulator and one synthesis.
//
// Numbers in names are those of the project's failure scenarios.
package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// region that stacks without one of their own go to.
const region = "ap-northeast-1"

// shared by all tests.
var shared struct {
	moto.Share
	root, bootstrap string
}

func TestMain(m *testing.M) {
	moto.Main(&shared.Share, func() (int, error) {
		var err error
		if shared.root, err = world.Root(); err != nil {
			return 0, err
		}
		if shared.bootstrap, err = world.BuildBootstrap(context.Background(), shared.root, shared.Dir); err != nil {
			return 0, err
		}
		if code := m.Run(); code != 0 {
			return code, nil
		}
		return 0, unused()
	})
}

// assembly synthesises an example once.
func assembly(t *testing.T, example string) *provision.Assembly {
	t.Helper()
	a, err := assemblies[example]()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var assemblies = map[string]func() (*provision.Assembly, error){"single": synthOnce("single"), "multi": synthOnce("multi")}

func synthOnce(example string) func() (*provision.Assembly, error) {
	return sync.OnceValues(func() (*provision.Assembly, error) {
		code, err := standIn("code-" + example)
		if err != nil {
			return nil, err
		}
		return world.Synth(context.Background(), shared.root, filepath.Join(shared.Dir, example),
			map[string]any{"example": example, "recovery:switcherCode": code})
	})
}

// standIn is a folder for the switcher's asset, which is not used here: the built
// bootstrap runs instead.
func standIn(name string) (string, error) {
	dir := filepath.Join(shared.Dir, "code", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "bootstrap"), []byte("stand-in\n"), 0o700)
}

// account is a test's own world.
type account struct {
	*world.World
	t *testing.T
	s []world.Switcher
}

// deploy opens an account and deploys an example into it, with both alarms of
// each node seen OK, as they are some minutes after a real deployment.
func deploy(t *testing.T, example string, o world.Options) *account {
	t.Helper()
	return deployStacks(t, assembly(t, example), o)
}

// reload is an example's templates to be changed by one test.
func reload(t *testing.T, example string) *provision.Assembly {
	t.Helper()
	a, err := provision.Load(assembly(t, example).Dir)
	must(t, err)
	return a
}

func deployStacks(t *testing.T, app *provision.Assembly, o world.Options) *account {
	t.Helper()
	if o.Emulator == "" {
		o.Emulator = shared.URL()
	}
	o.Region, o.Bootstrap = region, shared.bootstrap
	o.Account = shared.Account()
	w, err := world.New(o)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{World: w, t: t}
	t.Cleanup(func() {
		w.Settle()
		a.notePermissions()
		for _, f := range w.Faults() {
			t.Error(f)
		}
		if t.Failed() {
			a.dump()
		}
		w.Close()
	})
	if err := w.Deploy(t.Context(), app.Stacks...); err != nil {
		t.Fatal(err)
	}
	if a.s, err = w.Switchers(); err != nil {
		t.Fatal(err)
	}
	a.seeAlarmsOK()
	return a
}

// seeAlarmsOK lets every alarm become OK, the sweep notice it, and the grace after
// the deployment end.
func (a *account) seeAlarmsOK() {
	a.t.Helper()
	for _, s := range a.s {
		nodes, err := s.Store.Nodes(a.t.Context())
		must(a.t, err)
		for _, n := range nodes {
			for _, alarm := range n.Settings.Alarms {
				must(a.t, s.SetAlarm(a.t.Context(), alarm, cwtypes.StateValueOk))
			}
		}
	}
	for left := 10; !a.allArmed(); left-- {
		if left == 0 {
			a.t.Fatal("ten sweeps have not seen every alarm OK")
		}
		a.Sweep() // one that finds the lease taken leaves it to the next
		a.Settle()
	}
	for _, s := range a.s {
		nodes, err := s.Store.Nodes(a.t.Context())
		must(a.t, err)
		for _, n := range nodes {
			must(a.t, s.HourPasses(a.t.Context(), n.ID))
		}
	}
}

// allArmed reports whether every alarm of every node was seen OK.
func (a *account) allArmed() bool {
	a.t.Helper()
	for _, s := range a.s {
		nodes, err := s.Store.Nodes(a.t.Context())
		must(a.t, err)
		for _, n := range nodes {
			if slices.ContainsFunc(n.Settings.Alarms, func(alarm string) bool { return !slices.Contains(n.Armed, alarm) }) {
				return false
			}
		}
	}
	return true
}

// dump shows what happened in a failed test.
func (a *account) dump() {
	for _, f := range a.Functions() {
		lines, err := f.Logs(0)
		if err != nil {
			a.t.Log(err)
		}
		for _, l := range lines[max(0, len(lines)-150):] {
			a.t.Log(l.Text)
		}
	}
	calls := a.Proxy.Calls(0)
	for _, c := range calls[max(0, len(calls)-150):] {
		if c.Mutating() || c.Code != "" || c.Fault != "" {
			a.t.Log(c)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a *account) state(s world.Switcher, node int) world.State {
	a.t.Helper()
	st, err := s.State(a.t.Context(), node)
	must(a.t, err)
	return st
}

// deliver hands an event to the functions whose rules match it. It must reach the
// given number of them.
func (a *account) deliver(e provision.Event, functions int) {
	a.t.Helper()
	n, err := a.Deliver(a.t.Context(), e)
	must(a.t, err)
	if n != functions {
		a.t.Fatalf("%s was delivered to %d functions, wanted %d", e.DetailType, n, functions)
	}
}

// rest lets a node come to rest after it was disturbed: the lease of a dead leader
// expires, the schedule ticks. It must take no more than a few ticks.
func (a *account) rest(s world.Switcher, node int) world.State {
	a.t.Helper()
	a.Settle()
	for range 6 {
		calm, err := s.Calm(a.t.Context(), node)
		must(a.t, err)
		if calm {
			break
		}
		must(a.t, s.LeaseExpires(a.t.Context()))
		s.Tick()
	}
	return a.state(s, node)
}

// switched asserts all promises of one switch.
func (a *account) switched(before, after world.State) {
	a.t.Helper()
	for _, c := range world.Switched(before, after) {
		if !c.OK {
			a.t.Errorf("node %d: not kept: %s: %s", before.Node.ID, c.Promise, c.Detail)
		}
	}
}

// untouched asserts that nothing of a node changed.
func (a *account) untouched(s world.Switcher, before world.State) {
	a.t.Helper()
	after := a.state(s, before.Node.ID)
	if diff := diffStates(before, after); diff != "" {
		a.t.Errorf("node %d was touched (-before +after):\n%s", before.Node.ID, diff)
	}
}

// answer is what an invocation said.
func answer(t *testing.T, r runtimeapi.Result) engine.Result {
	t.Helper()
	var a engine.Result
	if r.Status != runtimeapi.Succeeded {
		t.Errorf("invocation %s: %s", r.Status, r.Payload)
	} else if err := json.Unmarshal(r.Payload, &a); err != nil {
		t.Errorf("answer %s: %v", r.Payload, err)
	}
	return a
}

// isMutating says which calls change something that is not the switcher's own
// memory.
func isMutating(c proxy.Call) bool { return c.Mutating() && c.Service != proxy.DynamoDB }

// count counts calls.
func count(calls []proxy.Call, which func(proxy.Call) bool) int {
	n := 0
	for _, c := range calls {
		if which(c) {
			n++
		}
	}
	return n
}

func named(name string) func(proxy.Call) bool {
	return func(c proxy.Call) bool { return strings.HasSuffix(c.Name(), ":"+name) }
}
