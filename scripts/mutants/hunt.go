package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// catch is what became of a bug so far.
type catch struct {
	bug
	program string
	next    uint64        // the first seed not run
	took    time.Duration // of all its seeds
	seed    uint64        // that caught it; 0: none yet
	why     string        // the violation
	err     error         // it could not be planted, or hangs
}

func (c *catch) open() bool { return c.seed == 0 && c.err == nil }

// hunter runs seeds against planted bugs.
type hunter struct {
	root, dir string
	nodes     int
	jobs      int
	seeds     uint64 // most for one bug
	deadline  time.Time
	log       func(format string, args ...any)

	sound string // the campaign without a bug
	mu    sync.Mutex
	dirty map[string]string // seeds that fail without a bug: why
}

// rounds are the seeds that each bug still at large is given, round after round:
// most bugs are caught by the first few, and the others share the time that is left.
var rounds = []uint64{40, 160, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200}

// hunt runs all bugs, each until it is caught, its seeds are spent or time is up.
func (h *hunter) hunt(ctx context.Context, bugs []bug) ([]*catch, error) {
	var err error
	if h.sound, err = build(ctx, h.root, h.dir, "sound", nil); err != nil {
		return nil, err
	}
	all := make([]*catch, len(bugs))
	for i, b := range bugs {
		all[i] = &catch{bug: b, next: 1}
	}
	for _, n := range rounds {
		var left []*catch
		for _, c := range all {
			if c.open() && c.next <= h.seeds {
				left = append(left, c)
			}
		}
		if len(left) == 0 || ctx.Err() != nil || time.Now().After(h.deadline) {
			break
		}
		h.round(ctx, left, n)
	}
	return all, ctx.Err()
}

// round gives each bug n seeds, on as many processors as there are jobs.
func (h *hunter) round(ctx context.Context, left []*catch, n uint64) {
	// No bug takes more than its share of the time that is left.
	share := time.Until(h.deadline) * time.Duration(h.jobs) / time.Duration(max(len(left), h.jobs))
	queue := make(chan *catch)
	var workers sync.WaitGroup
	for range h.jobs {
		workers.Go(func() {
			for c := range queue {
				h.chase(ctx, c, n, share)
			}
		})
	}
	for _, c := range left {
		queue <- c
	}
	close(queue)
	workers.Wait()
}

// chase runs up to n more seeds against one bug. A seed that fails without the
// bug too proves nothing and is passed over.
func (h *hunter) chase(ctx context.Context, c *catch, n uint64, share time.Duration) {
	end := time.Now().Add(share)
	if c.program == "" {
		planted, err := c.plant(h.root)
		if err == nil {
			c.program, err = build(ctx, h.root, h.dir, c.name, planted)
		}
		if err != nil {
			c.err = err
			return
		}
	}
	last := min(c.next+n-1, h.seeds)
	for c.next <= last && ctx.Err() == nil && time.Now().Before(end) {
		start := time.Now()
		found, done, err := run(ctx, c.program, c.next, last, h.nodes, time.Until(end))
		c.took += time.Since(start)
		if err != nil {
			c.err = err
			return
		}
		if found == nil {
			c.next += done
			return
		}
		c.next = found.seed + 1
		if h.failsAnyway(ctx, found.seed) {
			continue
		}
		c.seed, c.why = found.seed, found.why
		h.log("%-28s seed %-6d %s", c.name, c.seed, c.why)
		return
	}
}

// failsAnyway reports whether the seed fails without any bug.
func (h *hunter) failsAnyway(ctx context.Context, seed uint64) bool {
	found, _, err := run(ctx, h.sound, seed, seed, h.nodes, time.Hour)
	if err == nil && found == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	why := fmt.Sprint(err)
	if found != nil {
		why = found.why
	}
	h.dirty[fmt.Sprintf("seed %d", seed)] = why
	return true
}

type violation struct {
	seed uint64
	why  string
}

var (
	failLine = regexp.MustCompile(`(?m)^seed (\d+) fails: (.*)$`)
	holdLine = regexp.MustCompile(`(?m)^(\d+) seeds hold$`)
)

// mostSeed is how long one seed may take: one that never ends is a bug of another
// kind, told apart.
const mostSeed = 60 * time.Second

// run runs a campaign program. done is the number of seeds that held, when none failed.
func run(ctx context.Context, program string, from, to uint64, nodes int, limit time.Duration) (found *violation, done uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit+mostSeed)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", `ulimit -v 8000000; exec "$@"`, "campaign", program,
		"-from", strconv.FormatUint(from, 10), "-to", strconv.FormatUint(to, 10), "-nodes", strconv.Itoa(nodes),
		"-seconds", strconv.FormatFloat(max(1, limit.Seconds()), 'f', 0, 64))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if m := failLine.FindSubmatch(out.Bytes()); m != nil {
		seed, convErr := strconv.ParseUint(string(m[1]), 10, 64)
		return &violation{seed, string(m[2])}, 0, convErr
	}
	if m := holdLine.FindSubmatch(out.Bytes()); m != nil && err == nil {
		done, err = strconv.ParseUint(string(m[1]), 10, 64)
		return nil, done, err
	}
	if ctx.Err() != nil {
		return nil, 0, errors.New("a seed did not end in time")
	}
	said := out.Bytes()
	return nil, 0, fmt.Errorf("the campaign broke: %w\n%s", err, said[:min(len(said), 2000)])
}
