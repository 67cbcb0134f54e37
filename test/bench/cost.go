package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cost is what a command took.
type cost struct {
	clock, processor time.Duration
	memory           float64 // of its largest process, in MB
}

// spend runs a command to its end and returns its cost and what it wrote to its
// standard error.
func spend(ctx context.Context, dir string, env []string, name string, args ...string) (cost, []byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	c := cost{clock: time.Since(begin)}
	if err != nil {
		return c, nil, fmt.Errorf("%s %q: %w\n%s", name, args, err, stderr.Bytes())
	}
	c.processor, c.memory = spent(cmd.ProcessState)
	return c, stderr.Bytes(), nil
}

// spent is of a process that has ended, with all children that it waited for.
func spent(p *os.ProcessState) (processor time.Duration, memory float64) {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		memory = float64(usage.Maxrss) * 1024 / 1e6
	}
	return p.UserTime() + p.SystemTime(), memory
}

// median is of a field of all costs.
func median[T any](all []T, field func(T) float64) float64 {
	values := make([]float64, 0, len(all))
	for _, v := range all {
		values = append(values, field(v))
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}

func clockOf(c cost) float64     { return c.clock.Seconds() }
func processorOf(c cost) float64 { return c.processor.Seconds() }
func memoryOf(c cost) float64    { return c.memory }

// table is a Markdown table.
type table struct{ strings.Builder }

func newTable(columns ...string) *table {
	t := &table{}
	t.row(columns...)
	t.row(append([]string{"---"}, slices.Repeat([]string{"---:"}, len(columns)-1)...)...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintf(t, "| %s |\n", strings.Join(cells, " | ")) }

func ratio(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }
