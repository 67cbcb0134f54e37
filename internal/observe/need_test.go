package observe_test

import (
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestMountsOfAnInstanceThatWasForced: an instance that an earlier switch forced off is cut off
// before the node is granted again, also when the next switch is cancelled. Each phase in which
// that can happen reads the mount targets, or it would wait for them for ever.
func TestMountsOfAnInstanceThatWasForced(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, phase := range []record.Phase{record.Confirmed, record.Fencing, record.Launching, record.Gated} {
		n := record.Node{
			ID: 7, Phase: phase, Since: now, Settings: contract.Settings{ID: 7, FileSystem: "fs-7"}, Switch: &record.Switch{Kind: record.KindRecover, Recorded: true},
			Condemned: []record.Condemned{{Instance: "i-was", Zone: "az-b", Asked: cloud.ForceOff, AskedAt: now}},
		}
		if need := observe.NeedOf(n, false, contract.DefaultPolicy(), now); !slices.Contains(need.Mounts, "fs-7") {
			t.Errorf("%s: the mount targets of fs-7 are not read", phase)
		}
	}
}
