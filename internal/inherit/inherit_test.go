package inherit_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

func TestPageIsCurrent(t *testing.T) {
	got, err := os.ReadFile("../../docs/inheritance.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), inherit.Page()); diff != "" {
		t.Errorf("docs/inheritance.md is out of date; run go generate ./internal/inherit:\n%s", diff)
	}
	for _, f := range inherit.Fields() {
		if !strings.Contains(inherit.Page(), "| `"+f.Path+"` |") {
			t.Errorf("%s %s is not on the page", f.Source, f.Path)
		}
	}
}

type sample struct {
	Unknown   *bool
	KeyName   *string
	Placement *struct{ Affinity, Tenancy string }
}

// A field that the table does not know is refused: it may be a setting.
func TestUnknownFieldsAreRefused(t *testing.T) {
	off, none := false, ""
	lost := inherit.Unkept(inherit.Instance, &sample{Unknown: &off, KeyName: &none})
	if len(lost) != 1 || !strings.HasPrefix(lost[0], `Unknown is "false"`) {
		t.Errorf("refused: %q, wanted the unknown field alone", lost)
	}
	lost = inherit.Unkept(inherit.Instance, &sample{Placement: &struct{ Affinity, Tenancy string }{"host", "host"}})
	if len(lost) != 2 || !strings.HasPrefix(lost[0], `Placement.Affinity is "host"`) || !strings.HasPrefix(lost[1], `Placement.Tenancy is "host"`) {
		t.Errorf("refused: %q, wanted the affinity and the tenancy", lost)
	}
}
