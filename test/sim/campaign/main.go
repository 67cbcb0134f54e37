// Command campaign runs the simulation's seeds on all processors. Its last line
// sums them up; it exits with 1 if an invariant was broken.
//
// Usage: campaign [-seeds 2000] [-from 1] [-fresh 0] [-nodes 0] [-for 30m] [-workers 0]
//
// With -seed it replays one seed and prints its trace. `make sim` calls it.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

func main() {
	seed := flag.Uint64("seed", 0, "replay this seed and print its trace")
	seeds := flag.Uint64("seeds", 2000, "how many seeds")
	from := flag.Uint64("from", 1, "first seed")
	fresh := flag.Uint64("fresh", 0, "how many more seeds, that no campaign has run before; their values are printed")
	nodes := flag.Int("nodes", 0, "nodes in a run; 0: drawn from the seed")
	limit := flag.Duration("for", 0, "begin no run after so long; 0: no limit")
	workers := flag.Int("workers", 0, "runs at a time; 0: as many as there are processors")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "campaign: %q is no flag; see -help\n", flag.Arg(0))
		os.Exit(2)
	}
	if *seed != 0 {
		os.Exit(replay(*seed, *nodes))
	}
	list := sim.Series(*from, *seeds)
	if *fresh > 0 {
		first := uint64(time.Now().UnixNano())
		fmt.Printf("fresh seeds %d to %d\n", first, first+*fresh-1)
		list = append(list, sim.Series(first, *fresh)...)
	}
	os.Exit(run(sim.Campaign{Seeds: list, Nodes: *nodes, Workers: *workers, For: *limit, Bad: 50}))
}

// replay prints a run's trace, and how it ended as the last line.
func replay(seed uint64, nodes int) int {
	out := bufio.NewWriter(os.Stdout)
	defer func() { _ = out.Flush() }() // nobody is left to be told
	r := sim.Run(seed, nodes, func(line string) { fmt.Fprintln(out, line) })
	if r.Err != nil {
		fmt.Fprintf(out, "sim: seed %d with %d nodes: %v\n", seed, r.Nodes, r.Err)
		return 1
	}
	fmt.Fprintf(out, "sim: seed %d with %d nodes holds; trace %x\n", seed, r.Nodes, r.Hash)
	return 0
}

func run(c sim.Campaign) int {
	done, begun := 0, time.Now()
	told := begun
	sum := c.Run(func(r sim.Result) {
		done++
		if r.Err != nil {
			fmt.Printf("seed %d: %v\n  replay: %s\n", r.Seed, r.Err, r.Replay())
		}
		if now := time.Now(); now.Sub(told) > 10*time.Second {
			told = now
			fmt.Fprintf(os.Stderr, "%d of %d seeds, %.0f a second\n", done, len(c.Seeds), float64(done)/now.Sub(begun).Seconds())
		}
	})
	fmt.Println("rarest pairs of phase and fault:", strings.Join(sum.Rarest(10), ", "))
	missed := sum.Missed()
	for _, m := range missed {
		fmt.Println(m)
	}
	code := 0
	if sum.Violations > 0 || len(missed) > 0 {
		code = 1
	}
	fmt.Println(sum)
	return code
}
