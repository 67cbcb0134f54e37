package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// survey runs every test once without a mutant, notes how long it takes and which
// mutants it reaches. A test that fails already is left out. What is known of the same
// binary and test data from an earlier run is taken from the cache.
func (l *lab) survey(ctx context.Context, cache string) error {
	known := map[string][]*unit{}
	if text, err := os.ReadFile(cache); err == nil { // most often there is none
		if err := json.Unmarshal(text, &known); err != nil {
			return fmt.Errorf("%s is not readable; delete it: %w", cache, err)
		}
	}
	for _, b := range l.binaries {
		sum, err := b.sum()
		if err != nil {
			return err
		}
		if units, ok := known[sum]; ok {
			b.units = units
		} else if b.units, err = l.surveyed(ctx, b); err != nil {
			return err
		}
		known[sum] = b.units
		l.summary(b)
	}
	text, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("keep the survey: %w", err)
	}
	if err := os.WriteFile(cache, text, 0o600); err != nil {
		return fmt.Errorf("keep the survey: %w", err)
	}
	return ctx.Err()
}

// sum identifies a binary and the files that its tests read.
func (b *binary) sum() (string, error) {
	h := sha256.New()
	read := func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		h.Write(text)
		return err
	}
	if err := filepath.WalkDir(b.program, read); err != nil {
		return "", fmt.Errorf("read %s: %w", b.program, err)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "testdata")); err == nil {
		if err := filepath.WalkDir(filepath.Join(b.dir, "testdata"), read); err != nil {
			return "", fmt.Errorf("read the test data of %s: %w", b.pkg, err)
		}
	}
	return fmt.Sprintf("%s %d %x", b.pkg, b.seeds, h.Sum(nil)), nil
}

// surveyed looks at every test of a binary.
func (l *lab) surveyed(ctx context.Context, b *binary) ([]*unit, error) {
	if b.seeds > 0 {
		if u := l.look(ctx, b, &unit{}); u != nil {
			return []*unit{u}, nil
		}
		return nil, nil
	}
	names, err := l.names(ctx, b)
	if err != nil {
		return nil, err
	}
	var units []*unit
	for _, name := range names {
		units = append(units, l.split(ctx, b, name)...)
	}
	return units, nil
}

// split looks at a test, and if it is slow or fails, at each of its subtests.
func (l *lab) split(ctx context.Context, b *binary, name string) []*unit {
	whole := l.look(ctx, b, &unit{Test: name})
	if whole != nil && whole.Took < slow {
		return []*unit{whole}
	}
	var units []*unit
	for _, sub := range l.subtests(ctx, b, name) {
		if u := l.look(ctx, b, &unit{Test: name, Sub: sub}); u != nil {
			units = append(units, u)
		}
	}
	if len(units) == 0 && whole != nil {
		units = append(units, whole)
	}
	return units
}

// look runs a unit; nil if it fails without any mutant.
func (l *lab) look(ctx context.Context, b *binary, u *unit) *unit {
	reach := filepath.Join(l.dir, "reach")
	_ = os.Remove(reach) // most often there is none
	v := l.run(ctx, b, []*unit{u}, -1, reach, 5*time.Minute)
	if v.status != survived {
		l.log("%s fails without any mutant and is left out: %s", b.label(u), v.by)
		return nil
	}
	u.Took, u.Reach = v.took, map[int]bool{}
	lines, _ := os.ReadFile(reach) // none: it reaches nothing
	for line := range strings.Lines(string(lines)) {
		if id, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			u.Reach[id] = true
		}
	}
	return u
}

// summary says what a binary's tests reach.
func (l *lab) summary(b *binary) {
	reached := map[int]bool{}
	var took time.Duration
	var slowest *unit
	for _, u := range b.units {
		maps.Copy(reached, u.Reach)
		took += u.Took
		if slowest == nil || u.Took > slowest.Took {
			slowest = u
		}
	}
	if slowest != nil {
		l.log("%s: %d tests, %d mutants reached, %.1f s; the slowest, %s, takes %.1f s", b.pkg, len(b.units), len(reached), took.Seconds(), b.label(slowest), slowest.Took.Seconds())
	}
}

// batch is what one run of a binary tries.
type batch struct {
	*binary
	units []*unit
	took  time.Duration
}

// batches are a binary's units that reach a mutant: the quick ones together, as far
// as one run can select them, and each slow one by itself.
func (b *binary) batches(id int) []batch {
	var out []batch
	quick := map[string]int{} // by the test of subtests: where in out
	for _, u := range b.units {
		if !u.Reach[id] {
			continue
		}
		family := ""
		if u.Sub != "" {
			family = u.Test
		}
		if u.Took > slow/3 {
			out = append(out, batch{b, []*unit{u}, u.Took})
			continue
		}
		at, ok := quick[family]
		if !ok || out[at].took > slow {
			quick[family] = len(out)
			out = append(out, batch{b, []*unit{u}, u.Took})
			continue
		}
		out[at].units = append(slices.Clip(out[at].units), u)
		out[at].took += u.Took
	}
	return out
}
