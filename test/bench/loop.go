package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// loop runs the whole of make test and says where its time goes: twice, first with every
// test run, then again, when Go's test cache has what does not depend on anything that
// changed. Cold, once, without Go's build cache.
func loop(ctx context.Context, b bench) (string, error) {
	text := &strings.Builder{}
	if b.cold {
		cache, err := os.MkdirTemp("", "bench-cold-")
		if err != nil {
			return "", err
		}
		defer func() { _ = os.RemoveAll(cache) }()
		r, err := makeTest(ctx, "GOCACHE="+filepath.Join(cache, "build"))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(text, "Made by `make bench-loop COLD=1`: %s.\n\n", r.against(12*time.Minute))
		shares(text, []string{""}, r)
		return text.String(), nil
	}
	if out, err := exec.CommandContext(ctx, "go", "clean", "-testcache").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go clean -testcache: %w\n%s", err, out)
	}
	every, err := makeTest(ctx)
	if err != nil {
		return "", err
	}
	again, err := makeTest(ctx)
	if err != nil {
		return "", err
	}
	goal := 3 * time.Minute
	fmt.Fprintf(text, "Made by `make bench-loop`, warm. Every test run: %s. Again, nothing changed: %s.\n\n", every.against(goal), again.against(goal))
	shares(text, []string{"every test", "again"}, every, again)
	return text.String(), nil
}

// suiteRun is one run of make test.
type suiteRun struct {
	took, processor time.Duration
	parts           []share
}

func makeTest(ctx context.Context, env ...string) (suiteRun, error) {
	cmd := exec.CommandContext(ctx, "make", "--no-print-directory", "test")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	out, err := cmd.Output()
	r := suiteRun{took: time.Since(begin), parts: closing(out)}
	if err != nil {
		return r, fmt.Errorf("make test: %w\n%s", err, out)
	}
	if len(r.parts) == 0 {
		return r, fmt.Errorf("make test printed no closing table:\n%s", out)
	}
	r.processor, _ = spent(cmd.ProcessState)
	return r, nil
}

func (r suiteRun) against(goal time.Duration) string {
	return fmt.Sprintf("%.2f of the goal of %.0f minutes by the clock, %.2f processors busy",
		r.took.Seconds()/goal.Seconds(), goal.Minutes(), r.processor.Seconds()/r.took.Seconds())
}

// shares writes the parts' shares of the clock's and the processors' time of runs of the
// same parts.
func shares(w io.Writer, names []string, runs ...suiteRun) {
	columns := []string{"part"}
	for _, name := range names {
		columns = append(columns, strings.TrimPrefix(name+": share of the time", ": "), strings.TrimPrefix(name+": of the processors' time", ": "))
	}
	t := newTable(columns...)
	for i, p := range runs[0].parts {
		row := []string{p.name}
		for _, r := range runs {
			row = append(row, fmt.Sprintf("%.0f %%", 100*r.parts[i].seconds/r.took.Seconds()), fmt.Sprintf("%.0f %%", 100*r.parts[i].processor/r.processor.Seconds()))
		}
		t.row(row...)
	}
	fmt.Fprint(w, t.String())
}

// share is a part of scripts/suite's closing table.
type share struct {
	name               string
	seconds, processor float64
}

// closing reads the table: name, passed, failed, skipped, seconds, processor's seconds.
func closing(out []byte) []share {
	var parts []share
	table := false
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] == "part" {
			table = true
			continue
		}
		if !table || len(fields) != 6 { // the last line has no skipped
			continue
		}
		seconds, err := strconv.ParseFloat(fields[4], 64)
		processor, err2 := strconv.ParseFloat(fields[5], 64)
		if err == nil && err2 == nil {
			parts = append(parts, share{fields[0], seconds, processor})
		}
	}
	return parts
}
