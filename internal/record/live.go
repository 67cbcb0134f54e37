package record

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Leader says until when a VPC has a leader. The leaders of a Region share the
// account's API budgets.
type Leader struct {
	Until time.Time `json:"until"` // zero: none
}

// Announce tells the Region's other leaders that this VPC has one for as long as
// the lease stands, and counts them, this one included. It is written before the
// others are read, so that of two that begin at once at least one sees the other.
func (s Store) Announce(ctx context.Context, l Lease, now time.Time) (Lease, int, error) {
	err := s.announce(ctx, &l, l.Until)
	if err != nil && !cloud.Is(err, cloud.Conflict) {
		return l, 0, err
	}
	items, readErr := s.Table.Query(ctx, contract.LivePartition, "")
	if readErr != nil {
		return l, 0, fmt.Errorf("read the leaders of the Region: %w", readErr)
	}
	leaders, stored := 1, int64(0)
	for _, it := range items {
		var x Leader
		switch jsonErr := json.Unmarshal(it.Body, &x); {
		case it.Sort == s.VPC:
			stored = it.Revision
		case jsonErr != nil:
			return l, 0, fmt.Errorf("the leader of %s is not readable: %w", it.Sort, jsonErr)
		case !x.Until.IsZero() && now.Before(x.Until.Add(LeaseMargin)):
			leaders++
		}
	}
	if err == nil {
		return l, leaders, nil
	}
	// A former leader did not live to note its last revision here.
	l.Live = stored
	if err := s.announce(ctx, &l, l.Until); err != nil && !cloud.Is(err, cloud.Conflict) {
		return l, 0, err
	}
	return l, leaders, nil
}

// Withdraw tells the others that this VPC has no leader any more.
func (s Store) Withdraw(ctx context.Context, l Lease) (Lease, error) {
	err := s.announce(ctx, &l, time.Time{})
	return l, err
}

func (s Store) announce(ctx context.Context, l *Lease, until time.Time) error {
	body, err := json.Marshal(Leader{Until: until})
	if err != nil {
		return fmt.Errorf("encode the leader of %s: %w", s.VPC, err)
	}
	item := cloud.Item{Partition: contract.LivePartition, Sort: s.VPC, Body: body}
	if err := s.Table.Put(ctx, item, l.Live); err != nil {
		return fmt.Errorf("announce the leader of %s: %w", s.VPC, err)
	}
	l.Live++
	return nil
}
