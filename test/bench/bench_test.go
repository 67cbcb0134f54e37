package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDifference(t *testing.T) {
	const one = `{"R":{"A":{"Type":"T","L":[1,{"x":"y"}],"Metadata":{"aws:cdk:path":"p"},"S3Key":"k"}}}`
	for name, c := range map[string]struct{ other, want string }{
		"the same":            {one, ""},
		"a construct path":    {strings.Replace(one, `"p"`, `"q"`, 1), ""},
		"no construct path":   {strings.Replace(one, `"aws:cdk:path":"p"`, ``, 1), ""},
		"an asset":            {strings.Replace(one, `"k"`, `"l"`, 1), ""},
		"a value":             {strings.Replace(one, `"y"`, `"z"`, 1), "t/R/A/L[1]/x"},
		"a kind of value":     {strings.Replace(one, `1,`, `"1",`, 1), "t/R/A/L[0]"},
		"a longer list":       {strings.Replace(one, `1,`, `1,1,`, 1), "t/R/A/L"},
		"a list for an entry": {strings.Replace(one, `{"x":"y"}`, `[]`, 1), "t/R/A/L[1]"},
		"an entry more":       {strings.Replace(one, `{"x"`, `{"w":1,"x"`, 1), "t/R/A/L[1]/w (in TypeScript only)"},
		"an entry less":       {strings.Replace(one, `"Type":"T",`, ``, 1), "t/R/A/Type (in Go only)"},
	} {
		var a, b any
		if err := json.Unmarshal([]byte(one), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.other), &b); err != nil {
			t.Fatal(err)
		}
		if got := difference("t", a, b); got != c.want {
			t.Errorf("%s: differs at %q, wanted %q", name, got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	dirs := [2]string{t.TempDir(), t.TempDir()}
	write := func(dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name+".template.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := compare(dirs[0], dirs[1]); err == nil {
		t.Error("no templates gave no error")
	}
	write(dirs[0], "A", `{"Resources":{"X":{},"Y":{}}}`)
	if _, _, err := compare(dirs[0], dirs[1]); err == nil || !strings.Contains(err.Error(), "1 templates in Go and 0 in TypeScript") {
		t.Errorf("a template that one app lacks: %v", err)
	}
	write(dirs[1], "A", `{"Resources":{"X":{},"Y":{}}}`)
	if stacks, resources, err := compare(dirs[0], dirs[1]); err != nil || stacks != 1 || resources != 2 {
		t.Errorf("%d stacks, %d resources, %v; wanted 1 and 2", stacks, resources, err)
	}
	write(dirs[1], "A", `{"Resources":{"X":{}}}`)
	if _, _, err := compare(dirs[0], dirs[1]); err == nil || !strings.Contains(err.Error(), "A.template.json/Resources/Y (in Go only) differs") {
		t.Errorf("a resource that one app lacks: %v", err)
	}
}

func TestMedian(t *testing.T) {
	of := func(v ...float64) float64 { return median(v, func(f float64) float64 { return f }) }
	if diff := cmp.Diff([]float64{3, 2.5, 7}, []float64{of(9, 1, 3), of(4, 1, 3, 2), of(7)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestClosing(t *testing.T) {
	got := closing([]byte("fresh seeds 7 to 31\nok    internal/act: 3 passed (cached)\n\n     part  passed  failed  skipped  seconds  processor  \n    build       1       0        0      1.5        2.5  \n      all       1       0               1.5        2.5  \n1 passed, 0 failed\n"))
	if diff := cmp.Diff([]share{{"build", 1.5, 2.5}}, got, cmp.AllowUnexported(share{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMirror(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(from, "lib"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(from, "app.ts", "1")
	write(from, "lib/node.ts", "2")
	for _, want := range []map[string]bool{{"app.ts": true, "lib/node.ts": true}, {}, {"app.ts": true}} {
		changed := map[string]bool{}
		if err := mirror(from, to, changed); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("copied (-want +got):\n%s", diff)
		}
		if text, err := os.ReadFile(filepath.Join(to, "lib/node.ts")); err != nil || string(text) != "2" {
			t.Errorf("the copy holds %q (%v)", text, err)
		}
		if len(want) == 0 {
			write(to, "app.ts", "old")
		}
	}
}
