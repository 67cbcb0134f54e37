package sim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

var (
	update = flag.Bool("update", false, "rewrite what the scenario files expect; review every change against the comment on top")
	show   = flag.Bool("story", false, "print the trace of each scenario's first run, and of the first that fails")
	where  = flag.String("scenarios", "testdata/scenarios", "where the scenario files are")
)

// TestScenarios runs every scenario file, each with several seeds, and expects
// the one outcome that stands in it.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*where, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios in %s: %v", *where, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s, err := sim.ReadScenario(file)
			if err != nil {
				t.Fatal(err)
			}
			if s.Skipped > 0 {
				t.Skipf("until issue %d: %s", s.Skipped, s.Why)
			}
			for i, v := range s.Variants() {
				got, err := s.Run(v, nil)
				if *update && i == 0 {
					s.Want = got
					if err := os.WriteFile(file, []byte(s.Head+got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				diff := cmp.Diff(s.Want, got)
				if *show && (i == 0 || err != nil || diff != "") {
					_, _ = s.Run(v, func(line string) { fmt.Println(line) })
				}
				if err != nil || diff != "" {
					t.Fatalf("%s (%s): %v\nexpected is -, what happened is +:\n%s", file, v, err, diff)
				}
			}
		})
	}
}

// skippedScenarios names every scenario file that waits for an issue.
var skippedScenarios = map[string]int{
	"08-go-on-answer-lost": 18, "14-invalid-type-goes-on": 18, "14-restart-when-the-launch-is-refused": 18, "23-hangs-and-goes-on": 18,
}

// TestSkippedScenariosAreKnownAndStillFail keeps a skipped scenario from being forgotten: each
// is named above with its issue, and fails in every variant. One that ends as it should is
// skipped no longer.
func TestSkippedScenariosAreKnownAndStillFail(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata/scenarios", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, file := range files {
		s, err := sim.ReadScenario(file)
		if err != nil {
			t.Fatal(err)
		}
		if s.Skipped == 0 {
			continue
		}
		found[strings.TrimSuffix(filepath.Base(file), ".txt")] = s.Skipped
		for _, v := range s.Variants() {
			if _, err := s.Run(v, nil); err == nil {
				t.Errorf("%s (%s) ends as it should: remove its line \"skipped until issue %d\"", file, v, s.Skipped)
			}
		}
	}
	if diff := cmp.Diff(skippedScenarios, found); diff != "" {
		t.Errorf("scenario files that are skipped (- named above, + found):\n%s", diff)
	}
}
