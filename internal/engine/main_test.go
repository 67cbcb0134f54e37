package engine_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the collector wait: the thousands of worlds that a fault strikes at each
// of their calls need some megabytes each, and leave nothing behind.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
