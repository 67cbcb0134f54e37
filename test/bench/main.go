// Command bench measures what this project's speed is a matter of, each thing beside
// something to compare it with, and prints tables of ratios.
//
// Usage, from the module's root:
//
//	go run ./test/bench [-runs n] [-write docs/performance.md] synth|growth|function|loop …
//
//	synth     the example app in Go beside the same in TypeScript (./typescript)
//	growth    1 to 100 nodes in 1 to 5 VPCs: time, memory, templates
//	function  the switcher's start beside that of the least function in Go
//	loop      make test: where the time goes (-cold: with Go's build cache empty)
//
// Processor time is of the process and its children, user and system; on a machine that
// does other things as well it tells more than the clock.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"github.com/workload-recovery/workload-recovery/test/marked"
)

// scratch is where everything is built and written; .gitignore has it.
const scratch = "dist/bench"

// bench is what the flags say.
type bench struct {
	runs int
	cold bool
}

var subjects = map[string]func(context.Context, bench) (string, error){
	"synth": synth, "growth": growth, "function": function, "loop": loop,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b := bench{}
	flags.IntVar(&b.runs, "runs", 5, "runs of each, of which the median counts")
	flags.BoolVar(&b.cold, "cold", false, "loop: with an empty build cache")
	write := flags.String("write", "", "a Markdown file with the marks <!-- bench-…: begin --> and end, between which the tables are kept")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if b.runs < 1 || flags.NArg() == 0 {
		return fmt.Errorf("%d runs of %q: give at least one run, and what to measure: synth, growth, function or loop", b.runs, flags.Args())
	}
	for _, name := range flags.Args() {
		measure := subjects[name]
		if measure == nil {
			return fmt.Errorf("%q: allowed are synth, growth, function and loop", name)
		}
		text, err := measure(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintln(w, text)
		if *write != "" {
			if err := marked.Replace(*write, "bench-"+name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// quietly runs a command whose output is only of interest if it fails.
func quietly(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w\n%s", name, args, err, out)
	}
	return nil
}
