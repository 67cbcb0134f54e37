// Package dynalite starts dynalite, a double of Amazon DynamoDB, as a process of
// its own for tests of the table's compare-and-swap.
//
// Why not moto: dynalite serialises the writes of an item and was seen to let two
// of several clients win in no round of 1500. Moto passed with conditional puts
// too, but let two conditional updates win, so it decides nothing here. Why not
// AWS's own DynamoDB Local: it needs a Java runtime, and this project asks for Go,
// Node and Python only. dynalite has no transactions, no TTL and no
// ReturnValuesOnConditionCheckFailure; the table adapter uses none of them.
package dynalite

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/timelimit"
	"github.com/workload-recovery/workload-recovery/test/emulator/child"
)

// Version is the one that package.json pins.
const Version = "4.0.0"

// FromEnv names the environment variable that, when set, names the folder whose
// node_modules holds dynalite. Default: the project's.
const FromEnv = "RECOVERY_DYNALITE_FROM"

//go:embed serve.js
var serve string

// ForTest starts dynalite on a free loopback port for the length of a test and
// returns its URL. It never skips: when it cannot be had, the test fails.
func ForTest(t testing.TB) string {
	t.Helper()
	timelimit.Relax()
	from := os.Getenv(FromEnv)
	if from == "" {
		var err error
		if from, err = child.Root(); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "-e", serve)
	cmd.Env = append(os.Environ(), "DYNALITE_FROM="+from)
	process, line, err := child.Start(cmd)
	if err != nil {
		t.Fatalf("dynalite does not run: run `make tools`, which installs it: %v", err)
	}
	t.Cleanup(process.Stop)
	port, version, _ := strings.Cut(line, " ")
	if version != Version {
		t.Fatalf("dynalite is version %s, wanted %s: run `make tools`", version, Version)
	}
	return fmt.Sprintf("http://127.0.0.1:%s", port)
}
