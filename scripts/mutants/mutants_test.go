package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = `about: something careless
# why
-- old a --
one
two
-- new --
three
-- old a --
four
-- new --
`

func TestParseBug(t *testing.T) {
	got, err := parseBug("x", sample)
	want := bug{name: "x", about: "something careless", change: []change{{"a", "one\ntwo\n", "three\n"}, {"a", "four\n", ""}}}
	if err != nil || cmp.Diff(want, got, cmp.AllowUnexported(bug{}, change{})) != "" {
		t.Errorf("error %v\n%s", err, cmp.Diff(want, got, cmp.AllowUnexported(bug{}, change{})))
	}
	for _, c := range []struct{ text, want string }{
		{"", "about"},
		{"about: nothing is changed", "at least one change"},
		{"about: x\nwhat\n", `"what" is neither`},
		{"about: x\n-- new --\n", "must follow"},
		{"about: x\n-- old a --\n-- new --\n", "must follow"},
		{"about: x\n-- old a --\none\n-- new --\none\n", "changes nothing"},
	} {
		if _, err := parseBug("x", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.text, err, c.want)
		}
	}
}

func TestPlant(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := parseBug("x", sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, planted, fails string }{
		{"zero\none\ntwo\nfour\n", "zero\nthree\n", ""},
		{"one\nthree\nfour\n", "", "0 times"},
		{"one\ntwo\none\ntwo\nfour\n", "", "2 times"},
	} {
		if err := os.WriteFile(filepath.Join(root, "a", "b.go"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := b.plant(root)
		if c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) || c.fails == "" && (err != nil || got["a/b.go"] != c.planted) {
			t.Errorf("%q: %q, error %v", c.text, got, err)
		}
	}
}

// TestBugsAreUpToDate: each bug can be planted in the sources as they are.
func TestBugsAreUpToDate(t *testing.T) {
	bugs, err := readBugs("bugs")
	if err != nil || len(bugs) < 23 {
		t.Fatalf("%d bugs, error %v", len(bugs), err)
	}
	for _, b := range bugs {
		if _, err := b.plant(filepath.Join("..", "..")); err != nil {
			t.Error(err)
		}
	}
}

// program writes a stand-in for the campaign: a script that is given the same arguments.
func program(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "campaign")
	if err := os.WriteFile(file, []byte("#!/bin/bash\nfrom=$2 to=$4\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestChase(t *testing.T) {
	fails := func(seed string) string {
		return "if ((from <= " + seed + " && " + seed + " <= to)); then echo 'seed " + seed + " fails: I4: both'; exit 1; fi\n"
	}
	holds := "echo $((to - from + 1)) seeds hold\n"
	for _, c := range []struct {
		name, sound, planted string
		want                 catch
		dirty                int
		breaks               string
	}{
		{"caught", holds, fails("7") + holds, catch{next: 8, seed: 7, why: "I4: both"}, 0, ""},
		{"survives", holds, holds, catch{next: 41}, 0, ""},
		{"a seed that fails anyway proves nothing", fails("7") + holds, fails("7") + fails("9") + holds, catch{next: 10, seed: 9, why: "I4: both"}, 1, ""},
		{"it breaks", holds, "echo oh; exit 3", catch{next: 1}, 0, "exit status 3\noh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &hunter{seeds: 1000, sound: program(t, c.sound), dirty: map[string]string{}, log: t.Logf}
			got := catch{program: program(t, c.planted), next: 1}
			h.chase(context.Background(), &got, 40, time.Minute)
			if got.next != c.want.next || got.seed != c.want.seed || got.why != c.want.why || len(h.dirty) != c.dirty {
				t.Errorf("next %d, seed %d, %q, dirty %v", got.next, got.seed, got.why, h.dirty)
			}
			if (got.err == nil) != (c.breaks == "") || got.err != nil && !strings.Contains(got.err.Error(), c.breaks) {
				t.Errorf("error %v, want one with %q", got.err, c.breaks)
			}
		})
	}
}

func TestReport(t *testing.T) {
	won := &catch{bug: bug{name: "a"}, seed: 3, next: 4, why: "I1"}
	lost := &catch{bug: bug{name: "b", about: "careless"}, next: 9}
	for _, c := range []struct {
		all   []*catch
		dirty map[string]string
		last  string
		fails bool
	}{
		{[]*catch{won}, nil, "mutants: 1 of 1 caught", false},
		{[]*catch{won, lost}, nil, "mutants: 1 of 2 caught", true},
		{[]*catch{won}, map[string]string{"seed 1": "I5"}, "mutants: 1 of 1 caught", true},
	} {
		var out strings.Builder
		err := report(&out, c.all, c.dirty)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if last := lines[len(lines)-1]; last != c.last || (err != nil) != c.fails {
			t.Errorf("last line %q, error %v; want %q, fails %v", last, err, c.last, c.fails)
		}
	}
}
