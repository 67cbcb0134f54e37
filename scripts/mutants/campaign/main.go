// Command campaign runs the simulation's seeds one after another and stops at the
// first that fails. It is what cmd mutants builds with a planted bug; it uses
// nothing of the simulation but Run: no scenario, no unit test.
//
// Usage: campaign -from 1 -to 500 [-nodes 0] [-seconds 60]
//
// Its last line is "seed <n> fails: <violation>" or "<n> seeds hold".
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

func main() {
	from := flag.Uint64("from", 1, "first seed")
	to := flag.Uint64("to", 100, "last seed")
	nodes := flag.Int("nodes", 0, "nodes in a run; 0: drawn from the seed")
	seconds := flag.Float64("seconds", 0, "begin no seed after so long; 0: no limit")
	flag.Parse()
	start := time.Now()
	done := 0
	for seed := *from; seed <= *to; seed++ {
		if *seconds > 0 && time.Since(start).Seconds() > *seconds {
			break
		}
		if r := sim.Run(seed, *nodes, nil); r.Err != nil {
			fmt.Printf("seed %d fails: %s\n", seed, strings.ReplaceAll(r.Err.Error(), "\n", " | "))
			os.Exit(1)
		}
		done++
	}
	fmt.Printf("%d seeds hold\n", done)
}
