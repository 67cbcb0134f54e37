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

// TestMemoDecodesOnce: a record whose bytes are the same is not decoded again, so it shares
// its memory with the one before; of another record nothing is shared.
func TestMemoDecodesOnce(t *testing.T) {
	decode := func(m *record.Memo, node int, body string) *record.Grant {
		t.Helper()
		n, err := m.Decode(cloud.Item{Partition: "p", Sort: contract.NodeKey(node), Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return n.Grant
	}
	m, body, changed := &record.Memo{}, `{"grant":{"instance":"i-1"}}`, `{"grant":{"instance":"i-1"},"epoch":2}`
	first := decode(m, 1, body)
	if decode(m, 1, body) != first {
		t.Error("the same record was decoded again")
	}
	if decode(m, 2, body) == first {
		t.Error("another node shares the grant")
	}
	if decode(m, 1, changed) == first {
		t.Error("a record that was written since shares the grant")
	}
	if once := decode(nil, 1, body); decode(nil, 1, body) == once {
		t.Error("without a memo something is kept")
	}
}
