package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// loop runs the whole of make test once and says where its time goes.
func loop(ctx context.Context, b bench) (string, error) {
	cmd := exec.CommandContext(ctx, "make", "--no-print-directory", "test")
	temperature, goal := "warm", 3*time.Minute
	if b.cold {
		temperature, goal = "cold", 12*time.Minute
		cache, err := os.MkdirTemp("", "bench-cold-")
		if err != nil {
			return "", err
		}
		defer func() { _ = os.RemoveAll(cache) }()
		cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(cache, "build"))
	}
	cmd.Stderr = os.Stderr
	begin := time.Now()
	out, err := cmd.Output()
	took := time.Since(begin)
	if err != nil {
		return "", fmt.Errorf("make test: %w\n%s", err, out)
	}
	parts := closing(out)
	if len(parts) == 0 {
		return "", fmt.Errorf("make test printed no closing table:\n%s", out)
	}
	processor, _ := spent(cmd.ProcessState)
	text := &strings.Builder{}
	fmt.Fprintf(text, "Made by `make bench-loop%s`: %s, %.2f of the goal of %.0f minutes by the clock, %.2f processors busy.\n\n",
		map[bool]string{true: " COLD=1"}[b.cold], temperature, took.Seconds()/goal.Seconds(), goal.Minutes(), processor.Seconds()/took.Seconds())
	t := newTable("part", "share of the time", "share of the processors' time")
	for _, p := range parts {
		t.row(p.name, fmt.Sprintf("%.0f %%", 100*p.seconds/took.Seconds()), fmt.Sprintf("%.0f %%", 100*p.processor/processor.Seconds()))
	}
	return text.String() + t.String(), nil
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
