package engine_test

import (
	"context"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// withoutLive is a table of which the Region's shared partition is denied.
type withoutLive struct{ cloud.Table }

func (t withoutLive) Put(ctx context.Context, item cloud.Item, prev int64) error {
	if item.Partition == contract.LivePartition {
		return fake.Refuse(cloud.Denied, "AccessDeniedException", "no access to "+item.Partition)
	}
	return t.Table.Put(ctx, item, prev)
}

// TestLeadersUnknown: that the Region's leaders cannot be counted slows a recovery
// down at most; it does not stop it.
func TestLeadersUnknown(t *testing.T) {
	r := newRig(t)
	ports := r.w.Ports()
	ports.Table = withoutLive{ports.Table}
	r.engine(ports)
	r.deployed()
	old := r.node().Grant.Instance
	r.w.Stop(old)
	r.must(sweep)
	if n := r.node(); n.Phase != record.Done || n.Grant.Instance == old {
		t.Errorf("the node is %s on %s, want done on another instance:\n%s", n.Phase, n.Grant.Instance, r.log)
	}
}
