// Command suite runs parts of the project's checks, all of them whatever fails, and
// closes with one table of what passed, failed and was skipped. Those that wait, those
// that synthesise and those that compute run side by side. Its last line is "N passed, N failed"; it exits
// 1 when anything failed.
//
// Usage: go run ./scripts/suite part|group …   (from the module's root)
//
// The Makefile is its caller; parts.go lists the parts and groups.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// tally is what came of one part.
type tally struct {
	passed, failed, skipped int
	processor               time.Duration // of the part's commands and all that they waited for
	problems                []string      // one line for each failure
	skips                   []string      // one line for each thing skipped
}

func (t *tally) fail(format string, args ...any) {
	t.failed++
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

func (t *tally) skip(format string, args ...any) {
	t.skipped++
	t.skips = append(t.skips, fmt.Sprintf(format, args...))
}

// spent counts the processor time of a command that has ended.
func (t *tally) spent(cmd *exec.Cmd) {
	if cmd.ProcessState != nil { // nil: it never started
		t.processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
}

// result is a part's tally and how long it took.
type result struct {
	part string
	tally
	took time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	parts, err := choose(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(2)
	}
	begun := time.Now()
	results := runAll(ctx, os.Stdout, parts)
	if ctx.Err() != nil {
		fmt.Println("interrupted")
	}
	if report(os.Stdout, results, time.Since(begun)) > 0 || ctx.Err() != nil {
		os.Exit(1)
	}
}

// runAll runs the parts in lanes, in the table's order. What the others need comes first,
// by itself; the output of the first lane is printed as it comes, that of a part in another
// when it has ended.
func runAll(ctx context.Context, w io.Writer, parts []part) []result {
	var results []result
	if len(parts) > 0 && parts[0].lane == first {
		results, parts = []result{one(ctx, w, parts[0])}, parts[1:]
	}
	out := &lockedWriter{w: w}
	lanes := [][]result{computes: nil, synthesises: nil, waits: nil}
	var wait sync.WaitGroup
	for l := range lanes {
		wait.Go(func() {
			ctx := ctx
			if lane(l) != waits {
				ctx = context.WithValue(ctx, yields{}, true)
			}
			for _, p := range parts {
				if p.lane != lane(l) || ctx.Err() != nil {
					continue
				}
				if lane(l) == computes {
					lanes[l] = append(lanes[l], one(ctx, out, p))
					continue
				}
				var page bytes.Buffer
				lanes[l] = append(lanes[l], one(ctx, &lockedWriter{w: &page}, p)) // its commands write beside it
				_, _ = out.Write(page.Bytes())
			}
		})
	}
	wait.Wait()
	return append(results, slices.Concat(lanes...)...)
}

func one(ctx context.Context, w io.Writer, p part) result {
	fmt.Fprintf(w, "\n== %s: %s\n", p.name, p.about)
	start := time.Now()
	t := p.run(ctx, w)
	return result{part: p.name, tally: t, took: time.Since(start)}
}

// lockedWriter lets two lanes write, one write at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// report prints the closing summary and returns the number of failures.
func report(w io.Writer, results []result, took time.Duration) int {
	var passed, failed int
	var processor time.Duration
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "part\tpassed\tfailed\tskipped\tseconds\tprocessor\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.1f\t%.1f\t\n", r.part, r.passed, r.failed, r.skipped, r.took.Seconds(), r.processor.Seconds())
		passed += r.passed
		failed += r.failed
		processor += r.processor
	}
	fmt.Fprintf(table, "all\t%d\t%d\t\t%.1f\t%.1f\t\n", passed, failed, took.Seconds(), processor.Seconds())
	_ = table.Flush()
	for _, r := range results {
		for _, s := range r.skips {
			fmt.Fprintf(w, "skipped: %s: %s\n", r.part, s)
		}
	}
	for _, r := range results {
		for _, p := range r.problems {
			fmt.Fprintf(w, "failed: %s: %s\n", r.part, strings.TrimSpace(p))
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", passed, failed)
	return failed
}
