package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Order is what an operator wants of the switcher, and who that is. Authorisation
// is IAM's: who may invoke the function may give it. By is what the caller says of
// itself; CloudTrail's data events of the function tell whether it is true.
type Order struct {
	By     string    `json:"by"` // ARN, as AWS STS tells it
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"` // of a pause
	On     bool      `json:"on,omitempty"`   // of the brake
}

// Off is the operators' brake: no recovery begins. What is under way goes on.
type Off struct {
	Since  time.Time `json:"since"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// PostOrder goes to the table.
const PostOrder PostKind = "order"

// Action is an operator's order as the history keeps it.
type Action struct {
	ID     string    `json:"id"` // of the event
	Node   int       `json:"node"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // the hint's cause: "paused", "resumed", …
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	To     string    `json:"to,omitempty"`
}

// ArchiveAction writes an operator's order to the node's history. Writing it again
// is fine.
func (s Store) ArchiveAction(ctx context.Context, a Action, expires time.Time) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode the order %s of node %d: %w", a.ID, a.Node, err)
	}
	item := cloud.Item{
		Partition: contract.HistoryPartition(s.VPC, a.Node), Sort: contract.OrderKey(a.At, a.ID),
		Body: body, Expires: expires,
	}
	if err := s.Table.Put(ctx, item, 0); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("write the order %s of node %d: %w", a.ID, a.Node, err)
	}
	return nil
}

// Histories reads the finished switches of a node, oldest first: those of the table, and
// the one that waits in its record to be written there.
func (s Store) Histories(ctx context.Context, n Node) ([]History, error) {
	list, err := past[History](ctx, s, n.ID, contract.EpochPrefix)
	if err != nil {
		return nil, err
	}
	for _, p := range n.Outbox {
		if p.Kind != PostHistory {
			continue
		}
		var h History
		if err := json.Unmarshal(p.Body, &h); err != nil {
			return nil, fmt.Errorf("the finished switch %s of node %d is not readable: %w", p.Key, n.ID, err)
		}
		if !slices.ContainsFunc(list, func(x History) bool { return x.Epoch == h.Epoch }) {
			list = append(list, h)
		}
	}
	return list, nil
}

// Actions reads what operators ordered of a node, oldest first.
func (s Store) Actions(ctx context.Context, node int) ([]Action, error) {
	return past[Action](ctx, s, node, contract.OrderPrefix)
}

func past[T any](ctx context.Context, s Store, node int, prefix string) ([]T, error) {
	items, err := s.Table.Query(ctx, contract.HistoryPartition(s.VPC, node), prefix)
	if err != nil {
		return nil, fmt.Errorf("read the history of node %d: %w", node, err)
	}
	list := make([]T, 0, len(items))
	for _, it := range items {
		var x T
		if err := json.Unmarshal(it.Body, &x); err != nil {
			return nil, fmt.Errorf("history %s %s is not readable: %w", it.Partition, it.Sort, err)
		}
		list = append(list, x)
	}
	return list, nil
}
