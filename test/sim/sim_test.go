package sim_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

var (
	seed  = flag.Uint64("seed", 0, "replay this seed and print its trace")
	from  = flag.Uint64("from", 1, "first seed")
	seeds = flag.Uint64("seeds", 150, "how many seeds, beside 25 fresh ones")
	nodes = flag.Int("nodes", 3, "nodes in a run")
)

// TestSeeds runs fixed seeds, and fresh ones so that every run of the tests looks
// somewhere new.
func TestSeeds(t *testing.T) {
	if *seed != 0 {
		if r := sim.Run(*seed, *nodes, func(line string) { fmt.Println(line) }); r.Err != nil {
			t.Fatal(r.Err)
		}
		return
	}
	total := sim.Stats{Pairs: map[string]int{}}
	bad := 0
	try := func(seed uint64) {
		r := sim.Run(seed, *nodes, nil)
		total.Add(r.Stats)
		if r.Err != nil {
			bad++
			t.Errorf("seed %d: %v\nreplay: make sim SEED=%d NODES=%d", seed, r.Err, seed, *nodes)
		}
	}
	for i := range *seeds {
		if try(*from + i); bad > 20 {
			t.FailNow()
		}
	}
	fresh := uint64(time.Now().UnixNano())
	t.Logf("fresh seeds %d to %d", fresh, fresh+24)
	for i := range uint64(25) {
		try(fresh + i)
	}
	fmt.Printf("sim: %d seeds of %d nodes, %d violations; %d switches and creates, %d launches, %d calls, %d crashes, %d effect x fault pairs\n",
		*seeds+25, *nodes, bad, total.Switches, total.Launches, total.Calls, total.Crashes, len(total.Pairs))
	if total.Switches == 0 || total.Crashes == 0 {
		t.Error("nothing was switched or nothing crashed: the runs prove nothing")
	}
}

// TestSameSeedSameTrace: a run is a pure function of its seed, on one processor
// or several.
func TestSameSeedSameTrace(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	different := map[uint64]bool{}
	for s := range uint64(20) {
		runtime.GOMAXPROCS(1)
		one := sim.Run(s+1, 2, nil)
		runtime.GOMAXPROCS(8)
		if many := sim.Run(s+1, 2, nil); many.Hash != one.Hash {
			t.Errorf("seed %d: trace %x on one processor, %x on eight", s+1, one.Hash, many.Hash)
		}
		different[one.Hash] = true
	}
	if len(different) != 20 {
		t.Errorf("20 seeds gave %d different traces", len(different))
	}
}
