package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample is a package with one of everything that is changed.
const sample = `package sample

import (
	"errors"
	"time"
)

const limit = 3

var Log []string

func Small(n int) bool { return n < limit && n >= 0 }

func Late(at, now time.Time) bool {
	if now.After(at) || at.IsZero() {
		return true
	}
	return false
}

func Sum(list []int) (total int) {
	for _, x := range list {
		if x == 0 {
			continue
		}
		total += x * 2
	}
	Log = append(Log, "summed")
	total++
	return total - 1
}

func Fail(n int) (int, error) {
	switch {
	case n > 1:
		return n, errors.New("many")
	default:
		return n, nil
	}
}
`

const sampleTest = `package sample

import (
	"testing"
	"time"
)

func TestSmall(t *testing.T) {
	for n, want := range map[int]bool{-1: false, 0: true, 2: true, 3: false} {
		if Small(n) != want {
			t.Errorf("%d", n)
		}
	}
}

func TestLate(t *testing.T) {
	now := time.Unix(9, 0)
	if Late(now, now) || !Late(now, now.Add(1)) || !Late(time.Time{}, time.Time{}) {
		t.Error("late")
	}
}

func TestSum(t *testing.T) {
	if Sum([]int{1, 0, 2}) != 6 {
		t.Error("sum")
	}
}
`

// module writes the sample and returns its folder.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n", "internal/decide/sample.go": sample, "internal/decide/sample_test.go": sampleTest,
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestMutants finds, compiles and runs the sample's mutants: what the tests look at
// is killed, what they do not look at survives.
func TestMutants(t *testing.T) {
	ctx, root := context.Background(), module(t)
	sources, err := load(ctx, root, []string{"internal/decide"})
	if err != nil {
		t.Fatal(err)
	}
	all, files, sums := instrumentAll(sources)
	l := &lab{root: root, dir: t.TempDir(), log: t.Logf}
	if err := l.build(ctx, files); err != nil {
		t.Fatal(err)
	}
	if err := l.survey(ctx, filepath.Join(root, "survey")); err != nil {
		t.Fatal(err)
	}
	past, err := remember(filepath.Join(root, "state"), false)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := l.all(ctx, options{jobs: 2}, all, sums, nil, past)
	if err != nil {
		t.Fatal(err)
	}
	var alive, unreached []string
	for _, m := range all {
		key := strings.TrimPrefix(m.key, "internal/decide/sample.go ")
		switch v := verdicts[m.key]; v.status {
		case killed:
		case unseen:
			unreached = append(unreached, key)
		default:
			alive = append(alive, v.status+": "+key)
		}
	}
	// Leaving a zero out of a sum, or not, changes nothing, and nobody looks at the log.
	want := []string{
		"survived: Sum: leave out: continue",
		"survived: Sum: one less: 0",
		`survived: Sum: leave out: Log = append(Log, "summed")`,
	}
	slices.Sort(want)
	slices.Sort(alive)
	if diff := cmp.Diff(want, alive); diff != "" {
		t.Errorf("alive (- want, + got):\n%s", diff)
	}
	if len(unreached) < 5 || slices.ContainsFunc(unreached, func(k string) bool { return !strings.HasPrefix(k, "Fail: ") }) {
		t.Errorf("not reached: %q", unreached)
	}
	if len(all) < 30 {
		t.Errorf("%d mutants", len(all))
	}
	var again strings.Builder
	if got := report(&again, all, verdicts, map[string]string{"gone": "why", "internal/other/other.go F: leave out: x": "not looked at"}); got.survived != len(alive)+len(unreached) || strings.Count(again.String(), "out of date: no such mutant any more: ") != 1 || !strings.Contains(again.String(), "more: gone\n") {
		t.Errorf("%+v\n%s", got, again.String())
	}
	resumed, err := remember(filepath.Join(root, "state"), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if v, ok := resumed.recall(m.key, sums["internal/decide"]); ok != (verdicts[m.key].status == killed) {
			t.Errorf("%s is recalled as %+v", m.key, v)
		}
	}
}

func TestRender(t *testing.T) {
	comma := ","
	got := render("a < f(b)", []edit{
		{start: 0, end: 8, open: "x(", close: ")"}, {start: 2, end: 3, replace: &comma}, {start: 4, end: 8, open: "[", close: "]"}, {start: 4, end: 8, open: "{", close: "}"}, {start: 6, end: 7, open: "<", close: ">"},
	})
	if want := "x(a , [{f(<b>)}])"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known")
	for _, c := range []struct {
		text  string
		want  map[string]string
		fails bool
	}{
		{"# because\n# of this\na b\nc\n\n# and that\nd\n", map[string]string{"a b": "because of this", "c": "because of this", "d": "and that"}, false},
		{"# one\na\n# two\nb\n", map[string]string{"a": "one", "b": "two"}, false},
		{"a\n", nil, true},
		{"# gone\n\na\n", nil, true},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readKnown(file)
		if (err != nil) != c.fails || cmp.Diff(c.want, got) != "" {
			t.Errorf("%q: %v, error %v", c.text, got, err)
		}
	}
}

// TestSample is the same each time, and spread.
func TestSample(t *testing.T) {
	var all []*mutant
	for i := range 100 {
		all = append(all, &mutant{id: i, key: "mutant " + strconv.Itoa(i)})
	}
	one, two := choose(all, "", 10), choose(all, "", 10)
	if len(one) != 10 || !slices.Equal(one, two) {
		t.Errorf("%d and %d mutants", len(one), len(two))
	}
	if got := choose(all, "mutant 9", 0); len(got) != 11 {
		t.Errorf("%d mutants hold the text", len(got))
	}
}

func TestScore(t *testing.T) {
	var c tally
	for _, s := range []string{killed, killed, killed, survived, unseen, timedOut, equivalent, equivalent} {
		c.add(s)
	}
	if c.score() != 60 || c.all != 8 {
		t.Errorf("%+v is %f", c, c.score())
	}
}
