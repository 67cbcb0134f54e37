package pages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/command"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/pages"
)

const folder = "../../../../docs/cli"

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPagesAreCurrent(t *testing.T) {
	fresh := t.TempDir()
	names, err := pages.Write(fresh)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "recoveryctl*.md"))
	if err != nil || len(kept) != len(names) || len(names) < 13 {
		t.Errorf("%d pages are kept and %d are made now (%v)", len(kept), len(names), err)
	}
	for _, name := range names {
		if diff := cmp.Diff(read(t, folder, name), read(t, fresh, name)); diff != "" {
			t.Errorf("%s is out of date; run go generate ./cmd/recoveryctl/...\n%s", name, diff)
		}
	}
}

// TestEveryCommandHasItsPermissions: and is in the overview.
func TestEveryCommandHasItsPermissions(t *testing.T) {
	permissions, overview := read(t, folder, "permissions.md"), read(t, folder, "README.md")
	for _, cmd := range command.New(command.Surroundings{}).Commands() {
		if !strings.Contains(permissions, "`"+cmd.Name()+"`") {
			t.Errorf("permissions.md does not name %s", cmd.Name())
		}
		if !strings.Contains(overview, "(recoveryctl_"+cmd.Name()+".md)") {
			t.Errorf("README.md does not link the page of %s", cmd.Name())
		}
	}
}

// TestEveryFieldIsDescribed: json.md names every field that the goldens hold.
func TestEveryFieldIsDescribed(t *testing.T) {
	page := read(t, folder, "json.md")
	goldens, err := filepath.Glob("../*/testdata/*.json")
	if err != nil || len(goldens) < 5 {
		t.Fatalf("goldens: %v, %v", goldens, err)
	}
	var fields []string
	for _, g := range goldens {
		var v any
		if err := json.Unmarshal([]byte(read(t, g)), &v); err != nil {
			t.Fatal(err)
		}
		collect(v, &fields)
	}
	slices.Sort(fields)
	for _, f := range slices.Compact(fields) {
		if !strings.Contains(page, "`"+f+"`") {
			t.Errorf("json.md does not describe the field %s", f)
		}
	}
}

func collect(v any, into *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			// What the node's settings and blueprint hold is the record's own.
			if *into = append(*into, k); k != "settings" && k != "blueprint" {
				collect(e, into)
			}
		}
	case []any:
		for _, e := range v {
			collect(e, into)
		}
	}
}
