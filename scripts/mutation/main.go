// Command mutation measures how much of the engine's decisions the tests would
// notice: it changes internal/decide, internal/act and internal/record in many small
// ways, one at a time, and runs the tests that reach the change.
//
// Usage: go run ./scripts/mutation [-packages dir,dir] [-only text] [-sample n]
// [-tests text] [-resume] [-minutes n] [-list]
//
// All mutants of a package are compiled at once ("mutant schemata"): its sources are
// instrumented through an overlay, the tree is never touched, and the environment
// variable MUTANT switches one on. So a mutant costs a run of tests, not a build.
//
// The changes: conditions and other truth values negated, && and || exchanged, the
// boundary of <, <=, >, >=, Before and After moved, numbers one more and one less,
// + - * / << ++ -- exchanged with their opposites, true and false exchanged, and
// statements left out: calls (effects), assignments, early returns, break, continue,
// a loop's turns, an error returned.
//
// The tests: those of internal/decide, internal/record, internal/act and
// internal/engine, the scenarios of test/sim, and some seeds of the simulation. Each
// is run once to see which mutants it reaches and how long it takes; a mutant is run
// against those that reach it, quickest first, until one fails. One that takes far
// more of a processor than usual has timed out and is counted apart.
//
// Score: killed / (all - timed out - equivalent). Explained survivors are kept in
// scripts/mutation/equivalent.txt. The last line is the score; it exits 1 below the
// goal. With -resume, what an earlier run killed in the same sources is not run again.
package main

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// options are the flags.
type options struct {
	packages, only, state     string
	tests                     string
	sample, seeds, jobs       int
	resume, list, equivalents bool
	minutes, goal             float64
}

func main() {
	var o options
	flag.StringVar(&o.packages, "packages", "internal/decide,internal/act,internal/record", "folders of the packages to be changed")
	flag.StringVar(&o.only, "only", "", "only mutants whose key (file, function, kind, text) holds this text")
	flag.StringVar(&o.tests, "tests", "", "only test packages whose folder holds this text (\"seeds\" for the seeds): a quick first pass")
	flag.StringVar(&o.state, "state", filepath.Join(os.TempDir(), "mutation.jsonl"), "where results are kept between runs")
	flag.IntVar(&o.sample, "sample", 0, "only so many, chosen evenly and always the same; 0: all")
	flag.IntVar(&o.seeds, "seeds", 40, "seeds of the simulation that a mutant must survive")
	flag.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "mutants at the same time")
	flag.BoolVar(&o.resume, "resume", false, "go on where an earlier run ended")
	flag.BoolVar(&o.list, "list", false, "list the mutants and end")
	flag.BoolVar(&o.equivalents, "equivalents", false, "run the explained survivors too, to see that none is killed")
	flag.Float64Var(&o.minutes, "minutes", 0, "begin no mutant after so long; 0: no limit")
	flag.Float64Var(&o.goal, "goal", 95, "exit 1 when fewer percent are killed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	score, err := start(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(2)
	}
	if score < o.goal {
		os.Exit(1)
	}
}

func start(ctx context.Context, o options) (float64, error) {
	root, err := os.Getwd()
	if err != nil {
		return 0, fmt.Errorf("find the module: %w", err)
	}
	sources, err := load(ctx, root, strings.Split(o.packages, ","))
	if err != nil {
		return 0, err
	}
	all, files, sums := instrumentAll(sources)
	chosen := choose(all, o.only, o.sample)
	if o.list {
		for _, m := range chosen {
			fmt.Println(m.key)
		}
		return 100, nil
	}
	known, err := readKnown(filepath.Join(root, "scripts", "mutation", "equivalent.txt"))
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return 0, fmt.Errorf("make a folder for the programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	l := &lab{root: root, dir: dir, seeds: o.seeds, only: o.tests, log: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	if err := l.build(ctx, files); err != nil {
		return 0, err
	}
	if err := l.survey(ctx, o.state+".survey"); err != nil {
		return 0, err
	}
	past, err := remember(o.state, o.resume)
	if err != nil {
		return 0, err
	}
	verdicts, err := l.all(ctx, o, chosen, sums, known, past)
	if err != nil {
		return 0, err
	}
	for key := range known { // a part of the mutants says nothing about the others
		if o.only != "" && !strings.Contains(key, o.only) {
			delete(known, key)
		}
	}
	return report(os.Stdout, all, verdicts, known).score(), nil
}

// instrumentAll finds all mutants. sums are the packages' sources in a number.
func instrumentAll(sources []*source) (all []*mutant, files map[string]string, sums map[string]uint64) {
	files, sums = map[string]string{}, map[string]uint64{}
	next := 0
	for _, s := range sources {
		found, changed := instrument(s, &next)
		all = append(all, found...)
		maps.Copy(files, changed)
		whole := ""
		for _, f := range s.files {
			whole += f.text
		}
		sums[s.dir] = sumOf(whole)
	}
	for _, s := range sources {
		files[path.Join(s.dir, "mutation_switches.go")] = helpersOf(s.name, strconv.Itoa(next+1))
	}
	return all, files, sums
}

// choose narrows the mutants down. A sample is spread evenly and the same each time.
func choose(all []*mutant, only string, sample int) []*mutant {
	var chosen []*mutant
	for _, m := range all {
		if strings.Contains(m.key, only) {
			chosen = append(chosen, m)
		}
	}
	if sample > 0 && sample < len(chosen) {
		slices.SortFunc(chosen, func(a, b *mutant) int {
			if x, y := sumOf(a.key), sumOf(b.key); x != y {
				if x < y {
					return -1
				}
				return 1
			}
			return strings.Compare(a.key, b.key)
		})
		chosen = chosen[:sample]
	}
	return chosen
}

// all runs the chosen mutants, several at a time.
func (l *lab) all(ctx context.Context, o options, chosen []*mutant, sums map[string]uint64, known map[string]string, past *memory) (map[string]verdict, error) {
	verdicts := map[string]verdict{}
	var mu sync.Mutex
	var trouble error
	queue := make(chan *mutant)
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for m := range queue {
				v := l.try(ctx, m)
				if ctx.Err() != nil {
					continue
				}
				if _, explained := known[m.key]; explained && v.status == killed {
					l.log("explained as equivalent, but killed by %s: %s", v.by, m.key)
				}
				err := past.keep(m.key, sums[path.Dir(m.file)], v)
				mu.Lock()
				verdicts[m.key] = v
				if n := len(verdicts); n%50 == 0 {
					l.log("%d of %d", n, len(chosen))
				}
				if err != nil && trouble == nil {
					trouble = err
				}
				mu.Unlock()
			}
		})
	}
	end := time.Now().Add(time.Duration(o.minutes * float64(time.Minute)))
	for _, m := range chosen {
		v, done := past.recall(m.key, sums[path.Dir(m.file)])
		if _, explained := known[m.key]; explained && !o.equivalents {
			v, done = verdict{status: equivalent}, true
		}
		switch {
		case done:
			mu.Lock()
			verdicts[m.key] = v
			mu.Unlock()
		case ctx.Err() == nil && (o.minutes == 0 || time.Now().Before(end)):
			queue <- m
		}
	}
	close(queue)
	workers.Wait()
	return verdicts, trouble
}

func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
