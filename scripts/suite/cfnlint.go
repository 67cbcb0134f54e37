package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// cfnLint checks every synthesised template; each is one check. Only errors and
// warnings count.
func cfnLint(ctx context.Context, w io.Writer) (t tally) {
	var templates []string
	for _, dir := range []string{"cdk.out", "dist/multi"} {
		found, err := filepath.Glob(dir + "/*.template.json")
		if err != nil || len(found) == 0 {
			t.fail("there is no template in %s: run the part synth and read its errors (%v)", dir, err)
			return t
		}
		templates = append(templates, found...)
	}
	slices.Sort(templates)
	var stderr bytes.Buffer
	cmd := polite(ctx, ".tools/venv/bin/cfn-lint", append([]string{"--format", "json", "--"}, templates...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	t.spent(cmd)
	found, parseErr := parseCfnLint(out)
	if parseErr != nil {
		t.fail("cfn-lint: %v (%v): %s", err, parseErr, stderr.String())
		return t
	}
	countTemplates(w, &t, templates, found)
	return t
}

// finding is one fault that cfn-lint names.
type finding struct {
	Filename string
	Level    string
	Message  string
	Rule     struct{ ID string }
	Location struct {
		Path  []any
		Start struct{ LineNumber int }
	}
}

func parseCfnLint(out []byte) ([]finding, error) {
	var found []finding
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("its output is not the JSON it documents: %w", err)
	}
	return found, nil
}

// countTemplates passes each template that has no finding.
func countTemplates(w io.Writer, t *tally, templates []string, found []finding) {
	faults := map[string]int{}
	for _, f := range found {
		faults[filepath.Clean(f.Filename)]++
		fmt.Fprintf(w, "%s:%d %v: %s %s: %s\n", f.Filename, f.Location.Start.LineNumber, f.Location.Path, f.Level, f.Rule.ID, f.Message)
	}
	for _, name := range templates {
		if n := faults[filepath.Clean(name)]; n > 0 {
			t.fail("%s: %d findings", name, n)
			continue
		}
		fmt.Fprintf(w, "ok    %s\n", name)
		t.passed++
	}
	if len(found) > 0 && t.failed == 0 {
		t.fail("cfn-lint found %d faults in other files: %s", len(found), found[0].Filename)
	}
}
