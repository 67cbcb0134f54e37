package awscloud

import (
	"os"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// TestMain relaxes the limits of calls: on a busy machine a server of a test may answer late.
func TestMain(m *testing.M) {
	timelimit.Relax()
	os.Exit(m.Run())
}
