package sim

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the collector wait, as a campaign does.
func TestMain(m *testing.M) {
	debug.SetGCPercent(gcPercent)
	os.Exit(m.Run())
}
