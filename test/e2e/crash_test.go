package e2e

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// lanes is how many accounts share the runs of TestScenario7: a switch mostly
// waits, so that more than the machine's processors are of use.
const lanes = 12

// run of TestScenario7: the function is killed at one moment of one call.
type crash struct {
	nth  int // call of the switch, from 1
	side proxy.Side
	name string
}

// TestScenario7 kills the function before every call of a switch, and after every one
// that changes something, and lets the next invocations resume. Each run ends as if nothing had happened.
func TestScenario7KilledAtEveryCall(t *testing.T) {
	t.Parallel()
	policy := func(p *contract.Policy) { p.MaxSwitches = 100 }
	// The emulator uses one processor, whatever its callers do.
	emulators := []string{shared.URL(), moto.ForTest(t, moto.Options{}).URL()}
	workers := make([]*account, lanes)
	var ready sync.WaitGroup
	for i := range workers {
		ready.Add(1)
		go func() {
			defer ready.Done()
			workers[i] = deploy(t, "single", world.Options{Emulator: emulators[i%len(emulators)], Policy: policy})
		}()
	}
	ready.Wait()
	if t.Failed() {
		return
	}
	crashes := enumerate(t, workers[0])
	var missed atomic.Int64
	jobs := make(chan crash)
	var done sync.WaitGroup
	for _, a := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			other, last := a.state(a.s[0], web), a.state(a.s[0], database)
			for c := range jobs {
				t.Run(c.name, func(t *testing.T) {
					var hit bool
					if last, hit = a.crash(t, c, last); !hit {
						missed.Add(1)
					}
				})
			}
			a.untouched(a.s[0], other)
		}()
	}
	for _, c := range crashes {
		jobs <- c
	}
	close(jobs)
	done.Wait()
	if n := missed.Load(); n > int64(len(crashes)/20) {
		t.Errorf("%d of %d crashes never happened: the switch made fewer calls than the clean one", n, len(crashes))
	}
}

// enumerate runs clean switches and lists every call of the shortest, twice: how
// often the switcher looks while it waits depends on how busy the machine is.
func enumerate(t *testing.T, a *account) []crash {
	t.Helper()
	s := a.s[0]
	var calls []proxy.Call
	for range 3 {
		before, from := a.begin(database)
		a.fail(s, before)
		a.Settle()
		a.switched(before, a.state(s, database))
		if one := a.Proxy.Calls(from); calls == nil || len(one) < len(calls) {
			calls = one
		}
	}
	var crashes []crash
	looks := map[string]int{}
	for i, c := range calls {
		// While it waits the switcher looks again and again; one such look is like the next.
		if looks[c.Name()]++; !c.Mutating() && looks[c.Name()] > 2 {
			continue
		}
		for _, side := range []proxy.Side{proxy.Before, proxy.After} {
			if side == proxy.After && !c.Mutating() {
				continue // nobody can tell it from a death before the call
			}
			crashes = append(crashes, crash{i + 1, side, fmt.Sprintf("%s call %d %s", side, i+1, c.Name())})
		}
	}
	t.Logf("a clean switch makes %d calls: %d runs", len(calls), len(crashes))
	return crashes
}

// begin prepares a node for the next switch: an hour has passed, and the function
// starts with nothing remembered, which would leave calls out.
func (a *account) begin(node int) (before world.State, from int) {
	a.t.Helper()
	s := a.s[0]
	s.Rest()
	must(a.t, s.HourPasses(a.t.Context(), node))
	must(a.t, s.LeaseExpires(a.t.Context())) // a run that died at its very end left it
	return a.state(s, node), a.Proxy.Len()
}

func (a *account) fail(s world.Switcher, st world.State) {
	a.t.Helper()
	e, err := s.FailApplication(a.t.Context(), st.Node.Grant.Instance)
	must(a.t, err)
	a.deliver(e, 1)
}

// crash is one run, in an account where others ran before and left the node as it
// is given. A switch that makes too few calls to be struck is tried again; crash
// reports whether one was.
func (a *account) crash(t *testing.T, c crash, before world.State) (world.State, bool) {
	outer := a.t
	a.t = t
	defer func() { a.t = outer }()
	if !before.AtRest() || before.Node.Grant == nil || before.Instances[before.Node.Grant.Instance] != "running" {
		t.Fatal("an earlier run left the node broken")
	}
	for range 3 {
		var from, killed int
		before, from = a.begin(database)
		before, killed = a.killed(c, before)
		if t.Failed() {
			for _, call := range a.Proxy.Calls(from) {
				t.Log(call)
			}
		}
		if killed > 0 || t.Failed() {
			return before, true
		}
	}
	t.Logf("three switches made fewer than %d calls", c.nth)
	return before, false
}

// killed runs one switch whose function is killed at its nth call.
func (a *account) killed(c crash, before world.State) (after world.State, killed int) {
	a.t.Helper()
	s, results := a.s[0], len(a.s[0].Results())
	lift := a.Proxy.Inject(proxy.Fault{Nth: c.nth, Lose: c.side, Hook: func(call proxy.Call) {
		if err := s.Kill(call.Caller); err != nil {
			a.t.Error(err)
		}
	}})
	a.fail(s, before)
	a.Settle()
	lift()
	for _, r := range s.Results()[results:] {
		if r.Status == runtimeapi.Crashed {
			killed++
		}
	}
	if killed > 1 {
		a.t.Errorf("%d invocations died, wanted one at most", killed)
	}
	after = a.rest(s, database)
	a.switched(before, after)
	history, err := s.History(a.t.Context(), database)
	must(a.t, err)
	told := slices.DeleteFunc(history, func(h record.History) bool { return h.From != before.Node.Grant.Instance })
	if len(told) != 1 {
		a.t.Errorf("the switch stands %d times in the history, wanted once", len(told))
	}
	return after, killed
}
