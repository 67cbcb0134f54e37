package main

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
)

// tally counts what became of mutants.
type tally struct{ all, killed, timedOut, equivalent, survived int }

func (t *tally) add(status string) {
	t.all++
	switch status {
	case killed:
		t.killed++
	case timedOut:
		t.timedOut++
	case equivalent:
		t.equivalent++
	default:
		t.survived++
	}
}

// score is in percent: killed of all that could be.
func (t tally) score() float64 {
	if n := t.all - t.timedOut - t.equivalent; n > 0 {
		return 100 * float64(t.killed) / float64(n)
	}
	return 100
}

// equivalent is the status of an explained survivor.
const equivalent = "equivalent"

// report prints survivors, time-outs and the score by package, and returns the whole.
func report(w io.Writer, mutants []*mutant, verdicts map[string]verdict, known map[string]string) tally {
	var whole tally
	packages := map[string]*tally{}
	sorted := slices.SortedFunc(slices.Values(mutants), func(a, b *mutant) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.id, b.id))
	})
	for _, m := range sorted {
		v, ran := verdicts[m.key]
		if !ran {
			continue
		}
		p := path.Dir(m.file)
		if packages[p] == nil {
			packages[p] = &tally{}
		}
		packages[p].add(v.status)
		whole.add(v.status)
		if v.status != killed && v.status != equivalent {
			fmt.Fprintf(w, "%s: %s:%d: %s: %s\n    %s\n", v.status, m.file, m.line, m.kind, m.text, m.key)
		}
	}
	for _, key := range slices.Sorted(keysOf(known)) {
		file, _, _ := strings.Cut(key, " ")
		if dir := path.Dir(file); dir != "." && !slices.ContainsFunc(mutants, func(m *mutant) bool { return path.Dir(m.file) == dir }) {
			continue // of a package that was not looked at
		}
		if !slices.ContainsFunc(mutants, func(m *mutant) bool { return m.key == key }) {
			fmt.Fprintf(w, "out of date: no such mutant any more: %s\n", key)
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "package\tmutants\tkilled\ttimed out\tequivalent\tsurvived\tscore\t")
	for _, p := range slices.Sorted(keysOf(packages)) {
		row(table, p, *packages[p])
	}
	row(table, "all", whole)
	_ = table.Flush()
	fmt.Fprintf(w, "mutation: %.1f %% (%d of %d killed; apart from them %d timed out, %d equivalent)\n",
		whole.score(), whole.killed, whole.all-whole.timedOut-whole.equivalent, whole.timedOut, whole.equivalent)
	return whole
}

func row(w io.Writer, name string, t tally) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t\n", name, t.all, t.killed, t.timedOut, t.equivalent, t.survived, t.score())
}
