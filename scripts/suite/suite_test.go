package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/workload-recovery/workload-recovery/"

// stream writes events for one package from "action test" lines.
func stream(pkg string, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		action, name, _ := strings.Cut(line, " ")
		name, text, _ := strings.Cut(name, "|")
		b.WriteString(`{"Action":"` + action + `","Package":"` + module + pkg + `","Test":"` + name + `","Output":"` + text + "\"}\n")
	}
	return b.String()
}

func TestReadEventsCountsLeaves(t *testing.T) {
	tests := map[string]struct {
		in             string
		passed, failed int
		problems       []string
		skips          []string
	}{
		"plain tests": {
			in: stream("a", "run TestX", "pass TestX", "run TestY", "fail TestY", "fail "), passed: 1, failed: 1,
			problems: []string{"a TestY"},
		},
		"a parent does not count beside its subtests": {
			in: stream("a", "run TestX", "run TestX/one", "pass TestX/one", "run TestX/two", "fail TestX/two", "fail TestX", "fail "), passed: 1, failed: 1,
			problems: []string{"a TestX/two"},
		},
		"a parent that fails by itself counts": {
			in: stream("a", "run TestX", "run TestX/one", "pass TestX/one", "fail TestX", "fail "), passed: 1, failed: 1,
			problems: []string{"a TestX"},
		},
		"blame reaches through three levels": {
			in: stream("a", "run TestX", "run TestX/b", "run TestX/b/c", "fail TestX/b/c", "fail TestX/b", "fail TestX", "fail "), failed: 1,
			problems: []string{"a TestX/b/c"},
		},
		"a subtest whose own name holds a slash": {
			in: stream("a", "run TestX", "run TestX/b/c", "pass TestX/b/c", "pass TestX", "pass "), passed: 1,
		},
		"skipped": {
			in: stream("a", "run TestX", "skip TestX", "pass "), skips: []string{"a TestX"},
		},
		"a package that does not compile": {
			in: stream("a", "output |FAIL", "fail "), failed: 1,
			problems: []string{"a: the package failed before or after its tests"},
		},
		"a test that never ended, in a stream cut short": {
			in: stream("a", "run TestX"), failed: 1, problems: []string{"a TestX (never ended)"},
		},
		"two packages at once": {
			in: stream("a", "run TestX") + stream("b", "run TestX", "fail TestX", "fail ") + stream("a", "pass TestX", "pass "), passed: 1, failed: 1,
			problems: []string{"b TestX"},
		},
		"words that are no event": {in: "go: cannot find main module\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := readEvents(strings.NewReader(tt.in), io.Discard)
			want := tally{passed: tt.passed, failed: tt.failed, problems: tt.problems, skipped: len(tt.skips), skips: tt.skips}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(tally{})); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadEventsShowsOnlyFailures(t *testing.T) {
	var log bytes.Buffer
	readEvents(strings.NewReader(stream("a",
		"run TestX", `output TestX|quiet\n`, "pass TestX",
		"run TestY", `output TestY|loud\n`, "fail TestY", "fail ")), &log)
	if diff := cmp.Diff("loud\nFAIL  a: 1 passed, 1 failed\n", log.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestReportEndsWithTheTotals(t *testing.T) {
	var out bytes.Buffer
	failures := report(&out, []result{
		{part: "one", tally: tally{passed: 3}},
		{part: "two", tally: tally{passed: 1, failed: 2, problems: []string{"x", "y"}}},
	}, time.Minute)
	if failures != 2 {
		t.Errorf("report returned %d failures, want 2", failures)
	}
	if want := "failed: two: x\nfailed: two: y\n4 passed, 2 failed\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the report ends otherwise than %q:\n%s", want, out.String())
	}
}

// TestPartsThatWaitRunBesideTheOthers: the one that waits ends only when the last one
// that computes has begun.
func TestPartsThatWaitRunBesideTheOthers(t *testing.T) {
	made, begun := false, make(chan struct{})
	does := func(do func() tally) func(context.Context, io.Writer) tally {
		return func(_ context.Context, w io.Writer) tally {
			fmt.Fprintln(w, "runs")
			if _, reads := w.(io.ReaderFrom); reads {
				t.Errorf("%T: what a command writes to it would cut off what the part writes meanwhile", w)
			}
			return do()
		}
	}
	var out bytes.Buffer
	results := runAll(t.Context(), &lockedWriter{w: &out}, []part{
		{"make", "what the others need", first, does(func() tally { made = true; return tally{passed: 1} })},
		{"wait", "for the last one", waits, does(func() tally {
			<-begun
			if !made {
				t.Error("it ran before what it needs was made")
			}
			return tally{passed: 2}
		})},
		{"one", "computes", computes, does(func() tally { return tally{failed: 3} })},
		{"two", "computes", computes, does(func() tally { close(begun); return tally{passed: 4} })},
		{"node", "synthesises beside both", synthesises, does(func() tally { <-begun; return tally{passed: 5} })},
	})
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprint(r.part, r.passed, r.failed))
	}
	if diff := cmp.Diff([]string{"make1 0", "one0 3", "two4 0", "node5 0", "wait2 0"}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if want := "\n== wait: for the last one\nruns\n"; !strings.Contains(out.String(), want) {
		t.Errorf("what the waiting part printed is not in one piece:\n%s", out.String())
	}
}

func TestEveryPackageHasExactlyOnePart(t *testing.T) {
	tests := map[string]string{
		"internal/decide":         "unit",
		"test/template":           "template",
		"test/templates":          "unit", // a neighbour by name is not inside
		"test/emulator/moto":      "emulator",
		"test/e2e":                "e2e",
		"constructs/recovery":     "roles",
		"test/walls":              "walls",
		"scripts/suite":           "unit",
		"test/something/not/here": "unit",
	}
	for folder, want := range tests {
		if got := partOf(folder); got != want {
			t.Errorf("partOf(%q) = %q, want %q", folder, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	got, err := choose([]string{"lint", "vet", "unit"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range got {
		names = append(names, p.name)
	}
	if diff := cmp.Diff([]string{"unit", "vet", "golangci", "prose", "shellcheck"}, names); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	for _, bad := range [][]string{nil, {"unti"}} {
		if _, err := choose(bad); err == nil || !strings.Contains(err.Error(), "unit") {
			t.Errorf("choose(%q): error %v, want one that names the parts", bad, err)
		}
	}
}

func TestCountTemplates(t *testing.T) {
	found, err := parseCfnLint([]byte(`[{"Filename":"cdk.out/b.template.json","Level":"Error","Message":"wrong",
		"Rule":{"Id":"E3002"},"Location":{"Path":["Resources","X"],"Start":{"LineNumber":7}}}]`))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	var got tally
	countTemplates(&log, &got, []string{"cdk.out/a.template.json", "cdk.out/b.template.json"}, found)
	want := tally{passed: 1, failed: 1, problems: []string{"cdk.out/b.template.json: 1 findings"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tally{})); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if want := "cdk.out/b.template.json:7 [Resources X]: Error E3002: wrong\n"; !strings.Contains(log.String(), want) {
		t.Errorf("log does not name the fault %q:\n%s", want, log.String())
	}
	if _, err := parseCfnLint([]byte("Traceback")); err == nil {
		t.Error("parseCfnLint accepted a traceback")
	}
}

// TestOnlyTheLaneThatWaitsGoesFirst: what a test waits for by the clock is not held up by
// what computes.
func TestOnlyTheLaneThatWaitsGoesFirst(t *testing.T) {
	got := map[string]string{}
	var mu sync.Mutex
	told := func(name string) func(context.Context, io.Writer) tally {
		return func(ctx context.Context, _ io.Writer) tally {
			mu.Lock()
			defer mu.Unlock()
			got[name] = strings.Join(polite(ctx, "go", "test").Args, " ")
			return tally{}
		}
	}
	runAll(t.Context(), &lockedWriter{w: io.Discard}, []part{
		{"a", "", computes, told("computes")}, {"b", "", synthesises, told("synthesises")}, {"c", "", waits, told("waits")},
	})
	want := map[string]string{"computes": "nice -n 5 go test", "synthesises": "nice -n 5 go test", "waits": "go test"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
