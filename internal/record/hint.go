package record

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Hint tells the leader where to look. It is written before the lease is tried,
// and the leader looks for hints after it has released: in every interleaving
// somebody sees it.
type Hint struct {
	Key      string       `json:"key"`  // unique; equal for redeliveries of the same invocation
	Node     int          `json:"node"` // 0: the leader finds it out, by what the hint names
	Instance string       `json:"instance,omitempty"`
	Alarm    string       `json:"alarm,omitempty"`
	Cause    Cause        `json:"cause"`
	Request  *HintRequest `json:"request,omitempty"`
	// All says that it concerns every node of the VPC.
	All bool `json:"all,omitempty"`
	// To is the zone that an operator wants a planned switch to go to; "" for the best.
	To string `json:"to,omitempty"`
	// Order is what an operator wants, in full.
	Order *Order `json:"order,omitempty"`
	// Delivery is of the answer to a request that no record keeps.
	Delivery Delivery `json:"delivery,omitzero"`

	revision int64
}

// Version names this hint as it lies in the table: one that is left again after it was
// dropped has another.
func (h Hint) Version() string { return fmt.Sprintf("%s@%d", h.Key, h.revision) }

// HintRequest is a custom-resource request as it came.
type HintRequest struct {
	Request
	Properties json.RawMessage `json:"properties"`
}

// hintLife removes a hint that nobody ever consumed, long after it can matter.
const hintLife = 48 * time.Hour

// PutHint leaves a hint. One that is there already is fine: the same event again.
func (s Store) PutHint(ctx context.Context, h Hint, now time.Time) error {
	body, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode hint %s: %w", h.Key, err)
	}
	item := cloud.Item{
		Partition: contract.VPCPartition(s.VPC), Sort: contract.HintPrefix + h.Key,
		Body: body, Expires: now.Add(hintLife), Revision: now.UnixNano(), // unlike that of one that was dropped
	}
	if err := s.Table.Put(ctx, item, 0); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("leave hint %s: %w", h.Key, err)
	}
	return nil
}

// Hints reads all hints left for this VPC.
func (s Store) Hints(ctx context.Context) ([]Hint, error) {
	items, err := s.Table.Query(ctx, contract.VPCPartition(s.VPC), contract.HintPrefix)
	if err != nil {
		return nil, fmt.Errorf("read the hints of %s: %w", s.VPC, err)
	}
	hints := make([]Hint, 0, len(items))
	for _, it := range items {
		var h Hint
		if err := json.Unmarshal(it.Body, &h); err != nil {
			return nil, fmt.Errorf("hint %s is not readable: %w", it.Sort, err)
		}
		h.revision = it.Revision
		hints = append(hints, h)
	}
	return hints, nil
}

// PostponeHint keeps a hint whose answer could not be delivered for the next attempt. If
// another writer changed or removed it in the meantime, its change is kept.
func (s Store) PostponeHint(ctx context.Context, h Hint, now time.Time) error {
	h.Delivery = h.Delivery.Fail(now)
	body, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode hint %s: %w", h.Key, err)
	}
	item := cloud.Item{Partition: contract.VPCPartition(s.VPC), Sort: contract.HintPrefix + h.Key, Body: body, Expires: now.Add(hintLife)}
	if err := s.Table.Put(ctx, item, h.revision); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("postpone hint %s: %w", h.Key, err)
	}
	return nil
}

// DropHint removes a hint that was acted on. One already gone is fine.
func (s Store) DropHint(ctx context.Context, h Hint) error {
	err := s.Table.Delete(ctx, contract.VPCPartition(s.VPC), contract.HintPrefix+h.Key, h.revision)
	if err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("drop hint %s: %w", h.Key, err)
	}
	return nil
}
