package sim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// TestScenarioErrors: a line that cannot be read is answered with its place, what
// is wrong and what is allowed.
func TestScenarioErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"at 10s stopp node 1", "at <time> | at <call> <n>: stop node <n>"},
		{"at ten stop node 1", `"ten" is no action; allowed are call (any), CloudFormation`},
		{"at 10s stop node 7", `there is no node 7: the file has "nodes 1"`},
		{"at 10s stop node one", `"one" is not a number from 1 up`},
		{"at 10s", "write for example: at 10s stop node 1"},
		{"no room in az-x", `"az-x" is not a zone; allowed are az-a, az-b, az-c`},
		{"no room in az-b from 5m to 1m", `"from 5m to 1m" is not a span of time`},
		{"run for ever", `"ever" is not a time; allowed are for example 10s`},
		{"crash before RunInstance 1", `"RunInstance" is no action`},
		{"policy RetrySecond 60", "is no policy; allowed are BrakePercent"},
		{"refuse RunInstances with Mood", "is no answer; allowed are AttachmentLimitExceeded"},
		{"throttle S3", `"S3" is no service and no action; allowed are`},
		{"for each call in a, b", "must be in capital letters"},
		{"it rains", "is not known; allowed are\n  nodes <n>"},
	} {
		file := filepath.Join(t.TempDir(), "bad.txt")
		if err := os.WriteFile(file, []byte("# Scenario 0: none\n\nrun for 1m\n"+c.line+"\n\nexpected:\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sim.ReadScenario(file)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bad.txt:4: ") {
			t.Errorf("%q: %v\nwant bad.txt:4: … %s", c.line, err, c.want)
		}
	}
}
