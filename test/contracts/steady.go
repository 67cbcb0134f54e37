package contracts

import (
	"context"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// steady repeats a write that got no answer, after a look at whether it was
// carried out, as the engine does. The emulators close a connection now and
// then when the machine is busy; that a write can go unanswered is part of
// cloud.Table's contract, not what these tests are about.
type steady struct{ cloud.Table }

func (s steady) Put(ctx context.Context, item cloud.Item, prev int64) error {
	err := s.Table.Put(ctx, item, prev)
	if !cloud.Is(err, cloud.Ambiguous) {
		return err
	}
	if stored, got := s.Get(ctx, item.Partition, item.Sort); got == nil && stored.Revision == prev+1 && string(stored.Body) == string(item.Body) {
		return nil
	}
	return s.Table.Put(ctx, item, prev)
}

func (s steady) Delete(ctx context.Context, partition, sort string, prev int64) error {
	err := s.Table.Delete(ctx, partition, sort, prev)
	if !cloud.Is(err, cloud.Ambiguous) {
		return err
	}
	if _, got := s.Get(ctx, partition, sort); cloud.Is(got, cloud.NotFound) {
		return nil
	}
	return s.Table.Delete(ctx, partition, sort, prev)
}
