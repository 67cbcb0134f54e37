package record_test

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestMemoFollowsTheTable: what is remembered never stands against the table.
func TestMemoFollowsTheTable(t *testing.T) {
	item := func(rev int64, body string) cloud.Item {
		return cloud.Item{Partition: "p", Sort: contract.NodeKey(1), Revision: rev, Body: []byte(body)}
	}
	for name, m := range map[string]*record.Memo{"memo": {}, "none": nil} {
		for _, c := range []struct {
			it    cloud.Item
			epoch int
		}{
			{item(1, `{"id":1,"epoch":1}`), 1},
			{item(1, `{"id":1,"epoch":1}`), 1},
			{item(2, `{"id":1,"epoch":2}`), 2}, // written since
			{item(2, `{"id":1,"epoch":3}`), 3}, // deleted and made again meanwhile
			{item(7, `{"id":1,"epoch":3}`), 3}, // rewritten as it was
		} {
			n, err := m.Decode(c.it)
			if err != nil || n.Epoch != c.epoch || n.Revision != c.it.Revision {
				t.Errorf("%s: %s at revision %d gives epoch %d at %d, %v", name, c.it.Body, c.it.Revision, n.Epoch, n.Revision, err)
			}
		}
		if _, err := m.Decode(item(8, `{"id":1,"epoch":"x"}`)); err == nil {
			t.Errorf("%s: a damaged record is not refused", name)
		}
	}
}
