package sim_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the collector wait, as a campaign does: a world needs some megabytes, and
// leaves nothing behind.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
