package record

import (
	"bytes"
	"sync"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Memo keeps the nodes it has decoded, so that a function that stays warm does
// not decode a thousand records again at every sweep. What counts is always what
// the table says now: a record is taken from here only if its bytes are the same.
// The zero Memo is ready; a nil one keeps nothing.
//
// A node from here shares memory with the next one: change it by Clone only.
type Memo struct {
	mu    sync.Mutex
	nodes map[itemKey]remembered
}

type itemKey struct{ partition, sort string }

type remembered struct {
	body []byte
	node Node
}

// Decode is the node that the item holds.
func (m *Memo) Decode(it cloud.Item) (Node, error) {
	if m == nil {
		return decodeNode(it)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := itemKey{it.Partition, it.Sort}
	if r, ok := m.nodes[key]; ok && bytes.Equal(r.body, it.Body) {
		n := r.node
		n.Revision = it.Revision
		return n, nil
	}
	n, err := decodeNode(it)
	if err != nil {
		return n, err
	}
	if m.nodes == nil {
		m.nodes = map[itemKey]remembered{}
	}
	m.nodes[key] = remembered{it.Body, n}
	return n, nil
}
