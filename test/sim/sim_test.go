package sim_test

import (
	"flag"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

var seeds = flag.Uint64("seeds", 50, "how many fixed seeds, beside 5 fresh ones")

// TestSeeds runs a few fixed seeds, and fresh ones. Package fixed runs 2,000.
func TestSeeds(t *testing.T) {
	fresh := uint64(time.Now().UnixNano())
	t.Logf("fresh seeds %d to %d", fresh, fresh+4)
	sum := sim.Campaign{Seeds: append(sim.Series(1, *seeds), sim.Series(fresh, 5)...), Bad: 20}.Run(func(r sim.Result) {
		if r.Err != nil {
			t.Errorf("seed %d: %v\nreplay: %s", r.Seed, r.Err, r.Replay())
		}
	})
	t.Log(sum)
	if sum.Switches == 0 || sum.Crashes == 0 {
		t.Error("nothing was switched or nothing crashed: the runs prove nothing")
	}
}

// TestSameSeedSameTrace: a run is a pure function of its seed, on one processor
// or several.
func TestSameSeedSameTrace(t *testing.T) {
	const runs = 100
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	hashes := func(processors int) (list []uint64) {
		runtime.GOMAXPROCS(processors)
		sim.Campaign{Seeds: sim.Series(1, runs)}.Run(func(r sim.Result) { list = append(list, r.Hash) })
		return list
	}
	one, many := hashes(1), hashes(8)
	different := map[uint64]bool{}
	for i := range one {
		if one[i] != many[i] {
			t.Errorf("seed %d: trace %x on one processor, %x on eight", i+1, one[i], many[i])
		}
		different[one[i]] = true
	}
	if len(different) != runs {
		t.Errorf("%d seeds gave %d different traces", runs, len(different))
	}
}

// TestCampaignKeepsOrder: results come in the order of the seeds, whoever ran them.
func TestCampaignKeepsOrder(t *testing.T) {
	var got []uint64
	sum := sim.Campaign{Seeds: sim.Series(7, 12), Nodes: 1, Workers: 4}.Run(func(r sim.Result) { got = append(got, r.Seed) })
	if want := sim.Series(7, 12); !slices.Equal(got, want) || sum.Runs != len(want) || sum.Nodes != len(want) {
		t.Errorf("got %v, %+v", got, sum)
	}
}

// TestCampaignEnds when its time is over, and still sums up.
func TestCampaignEnds(t *testing.T) {
	if sum := (sim.Campaign{Seeds: sim.Series(1, 1_000_000), Workers: 2, For: time.Nanosecond}).Run(func(sim.Result) {}); sum.Runs > 2 {
		t.Errorf("%d runs were begun after the end", sum.Runs)
	}
}

// BenchmarkDisasters is how many simulated disasters (runs with all their faults) a
// second the simulator makes.
func BenchmarkDisasters(b *testing.B) {
	sum := sim.Campaign{Seeds: sim.Series(1, uint64(b.N))}.Run(func(sim.Result) {})
	b.ReportMetric(float64(sum.Runs)/sum.Took.Seconds(), "seeds/s")
	b.ReportMetric(float64(sum.Switches)/sum.Took.Seconds(), "switches/s")
	b.ReportMetric(float64(sum.Calls)/sum.Took.Seconds(), "calls/s")
}
