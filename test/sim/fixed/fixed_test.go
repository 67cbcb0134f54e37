package fixed

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// TestFixedSeeds runs seeds 1 to 2,000 with all faults on.
func TestFixedSeeds(t *testing.T) {
	sum := sim.Campaign{Seeds: sim.Series(1, 2000), Bad: 50}.Run(func(r sim.Result) {
		if r.Err != nil {
			t.Errorf("seed %d: %v\nreplay: %s", r.Seed, r.Err, r.Replay())
		}
	})
	t.Log(sum)
	if sum.Switches == 0 || sum.Crashes == 0 {
		t.Error("nothing was switched or nothing crashed: the runs prove nothing")
	}
}
