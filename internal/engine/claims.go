package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// unclaim gives back the ids of deleted nodes that are still claimed. A leader that
// slept between its last look and its claim leaves one: its request was answered
// meanwhile, and nobody comes back for it.
//
// The claim is read, the record written, and only then is the claim removed if nobody
// has written it since. A create writes its claim first, again if it has it already, and
// then the record: so if it saw the record of before, its own write of it fails and it
// claims anew; if it saw the new one, the claim that was read here is not the newest.
func (r *run) unclaim(ctx context.Context) error {
	r.claims = false
	if !slices.ContainsFunc(r.nodes, func(n record.Node) bool { return n.Phase == record.Deleted }) {
		return nil
	}
	claims, err := r.store.Claims(ctx)
	if err != nil {
		return err
	}
	for _, c := range claims {
		at := slices.IndexFunc(r.nodes, func(n record.Node) bool { return n.ID == c.Node })
		if at < 0 || r.nodes[at].Phase != record.Deleted || len(r.nodes[at].Outbox) > 0 {
			continue // in use, or about to be released
		}
		saved, err := r.store.Save(ctx, r.nodes[at], r.clock.Now())
		if cloud.Is(err, cloud.Conflict) {
			r.loaded = false
			return nil
		}
		if err != nil {
			return err
		}
		r.nodes[at] = saved
		if err := r.store.DropClaim(ctx, c); err != nil {
			return err
		}
		message.Log(ctx, r.log, message.New(message.ClaimReleased, fmt.Sprintf("node %d was deleted, and stack %s makes none of that id", c.Node, c.Owner.Stack)))
	}
	return nil
}
