// Command mutants shows that the simulation sees what it must see: it plants one
// known bug at a time into the engine and runs random seeds, and nothing else,
// until one of them fails. A bug that survives means that the simulation is blind
// there.
//
// Usage: go run ./scripts/mutants [-minutes 22] [-seeds n] [-only name,name] [-list]
//
// The bugs are the files of scripts/mutants/bugs: text that stands in a named package
// exactly once, and what takes its place. A bug whose old text is gone is out of
// date and fails the run. The tree is never touched: the changed files reach the
// compiler through an overlay. A seed that fails without the bug as well is passed
// over, and reported.
//
// The last line is the score, "mutants: 22 of 22 caught". It exits 1 if one
// survived, could not be planted, or if a seed fails without any bug.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	minutes := flag.Float64("minutes", 22, "begin no seed after so long")
	seeds := flag.Uint64("seeds", 100_000, "most seeds for one bug")
	nodes := flag.Int("nodes", 0, "nodes in a run; 0: drawn from the seed")
	jobs := flag.Int("jobs", runtime.NumCPU(), "bugs at the same time")
	only := flag.String("only", "", "names of bugs, or parts of names, with commas between")
	list := flag.Bool("list", false, "list the bugs, check that they can be planted, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := os.Getwd()
	if err == nil {
		err = start(ctx, root, *only, *list, &hunter{
			root: root, nodes: *nodes, jobs: *jobs, seeds: *seeds, dirty: map[string]string{},
			deadline: time.Now().Add(time.Duration(*minutes * float64(time.Minute))),
			log:      func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
		})
	}
	if err != nil && !errors.Is(err, errScore) {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil {
		os.Exit(1)
	}
}

// errScore says that the report, whose last line is the score, told what is wrong.
var errScore = errors.New("the score is not full")

func start(ctx context.Context, root, only string, list bool, h *hunter) error {
	bugs, err := readBugs(filepath.Join(root, "scripts", "mutants", "bugs"))
	if err != nil {
		return err
	}
	if bugs, err = choose(bugs, only); err != nil {
		return err
	}
	for _, b := range bugs { // before the long part
		if _, err := b.plant(root); err != nil {
			return err
		}
		if list {
			fmt.Printf("%-28s %s\n", b.name, b.about)
		}
	}
	if list {
		return nil
	}
	if h.dir, err = os.MkdirTemp("", "mutants"); err != nil {
		return fmt.Errorf("make a folder for the programs: %w", err)
	}
	caught, err := h.hunt(ctx, bugs)
	if err := errors.Join(err, os.RemoveAll(h.dir)); err != nil {
		return err
	}
	return report(os.Stdout, caught, h.dirty)
}

// choose returns the bugs whose name holds one of the parts; all for "".
func choose(bugs []bug, only string) ([]bug, error) {
	if only == "" {
		return bugs, nil
	}
	var chosen []bug
	for part := range strings.SplitSeq(only, ",") {
		before := len(chosen)
		for _, b := range bugs {
			if strings.Contains(b.name, part) && !slices.ContainsFunc(chosen, func(x bug) bool { return x.name == b.name }) {
				chosen = append(chosen, b)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("no bug is called %q; -list shows them", part)
		}
	}
	return chosen, nil
}

// report prints what became of each bug. Its error says what is not as it should be.
func report(w io.Writer, all []*catch, dirty map[string]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nbug\tseeds\tseconds\tcaught by")
	caught := 0
	for _, c := range all {
		why := "SURVIVES: " + c.about
		switch {
		case c.err != nil:
			why = "FAILS: " + c.err.Error()
		case c.seed != 0:
			caught++
			why = c.why
		}
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%s\n", c.name, c.next-1, c.took.Seconds(), short(why))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	for _, seed := range slices.Sorted(maps.Keys(dirty)) {
		fmt.Fprintf(w, "fails without any bug: %s: %s\n", seed, short(dirty[seed]))
	}
	fmt.Fprintf(w, "mutants: %d of %d caught\n", caught, len(all))
	if caught < len(all) || len(dirty) > 0 {
		return errScore
	}
	return nil
}

// short keeps a line readable.
func short(s string) string {
	const most = 150
	if s = strings.ReplaceAll(s, "\n", " | "); len(s) > most {
		return s[:most] + "…"
	}
	return s
}
