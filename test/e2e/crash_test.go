package e2e

import (
	"fmt"
	"sync"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// lanes is how many accounts share the runs of TestScenario7: a switch mostly
// waits, so that more than the machine's processors are of use.
const lanes = 6

// run of TestScenario7: the function is killed at one moment of one call.
type crash struct {
	nth  int // call of the switch, from 1
	side proxy.Side
	name string
}

// TestScenario7 kills the function before and after every call of a switch, and
// lets the next invocations resume. Each run ends as if nothing had happened.
func TestScenario7KilledAtEveryCall(t *testing.T) {
	t.Parallel()
	policy := func(p *contract.Policy) { p.MaxSwitches = 100 }
	// The emulator uses one processor, whatever its callers do.
	emulators := []string{shared.emulator, moto.ForTest(t, moto.Options{}).URL()}
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
	jobs := make(chan crash)
	var done sync.WaitGroup
	for _, a := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			other, last := a.state(a.s[0], web), a.state(a.s[0], database)
			for c := range jobs {
				t.Run(c.name, func(t *testing.T) { last = a.crash(t, c, last) })
			}
			a.untouched(a.s[0], other)
		}()
	}
	for _, c := range crashes {
		jobs <- c
	}
	close(jobs)
	done.Wait()
}

// enumerate runs one clean switch and lists every call of it, twice.
func enumerate(t *testing.T, a *account) []crash {
	t.Helper()
	s := a.s[0]
	before, from := a.state(s, database), a.Proxy.Len()
	a.fail(s, before)
	a.Settle()
	a.switched(before, a.state(s, database))
	var crashes []crash
	for i, c := range a.Proxy.Calls(from) {
		for _, side := range []proxy.Side{proxy.Before, proxy.After} {
			crashes = append(crashes, crash{i + 1, side, fmt.Sprintf("%s call %d %s", side, i+1, c.Name())})
		}
	}
	t.Logf("a clean switch makes %d calls: %d runs", len(crashes)/2, len(crashes))
	return crashes
}

func (a *account) fail(s world.Switcher, st world.State) {
	a.t.Helper()
	e, err := s.FailApplication(a.t.Context(), st.Node.Grant.Instance)
	must(a.t, err)
	a.deliver(e, 1)
}

// crash is one run, in an account where others ran before and left the node as it
// is given.
func (a *account) crash(t *testing.T, c crash, before world.State) world.State {
	outer := a.t
	a.t = t
	defer func() { a.t = outer }()
	s := a.s[0]
	must(t, s.HourPasses(t.Context(), database))
	must(t, s.LeaseExpires(t.Context())) // a run that died at its very end left it
	if !before.AtRest() || before.Node.Grant == nil || before.Instances[before.Node.Grant.Instance] != "running" {
		t.Fatal("an earlier run left the node broken")
	}
	from, results := a.Proxy.Len(), len(s.Results())
	lift := a.Proxy.Inject(proxy.Fault{Nth: c.nth, Lose: c.side, Hook: func(call proxy.Call) {
		if err := s.Kill(call.Caller); err != nil {
			t.Error(err)
		}
	}})
	a.fail(s, before)
	a.Settle()
	lift()
	killed := 0
	for _, r := range s.Results()[results:] {
		if r.Status == runtimeapi.Crashed {
			killed++
		}
	}
	if killed != 1 {
		t.Errorf("%d invocations died, wanted one: the switch made fewer than %d calls", killed, c.nth)
	}
	after := a.rest(s, database)
	a.switched(before, after)
	history, err := s.History(t.Context(), database)
	must(t, err)
	told := 0
	for _, h := range history {
		if h.From == before.Node.Grant.Instance {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the switch stands %d times in the history, wanted once", told)
	}
	if t.Failed() {
		for _, call := range a.Proxy.Calls(from) {
			t.Log(call)
		}
	}
	return after
}
