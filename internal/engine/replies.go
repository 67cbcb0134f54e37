package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// reply is an answer that no record keeps: its hint does.
type reply struct {
	hint record.Hint
	post record.Post
}

// deliverTime bounds how long one round begins deliveries. A delivery that has not begun by
// then counts as failed and is tried later: when a topic or an address hangs, the nodes must
// not wait for a thousand deliveries.
const deliverTime = 5 * time.Second

// errTooMany is the outcome of a delivery that was not begun in time.
var errTooMany = &cloud.Error{
	Kind: cloud.Ambiguous, Service: "switcher", Action: "deliver",
	Message: fmt.Sprintf("not begun: the deliveries before it took more than %s", deliverTime),
}

// answer delivers the replies. One that fails stays as a hint, and is tried again later
// and later: neither this invocation nor the lease waits for it.
func (r *run) answer(ctx context.Context) error {
	keys := slices.Sorted(maps.Keys(r.replies))
	replies, errs := make([]reply, len(keys)), make([]error, len(keys))
	for i, k := range keys {
		replies[i] = r.replies[k]
	}
	clear(r.replies)
	until := r.clock.Now().Add(deliverTime)
	r.gang.Each(ctx, len(replies), func(ctx context.Context, i int) {
		if errs[i] = error(errTooMany); r.clock.Now().Before(until) {
			errs[i] = r.ports.Responder.Respond(ctx, replies[i].post.To, replies[i].post.Body)
		}
	})
	for i, x := range replies {
		err := r.store.DropHint
		if errs[i] != nil {
			message.Log(ctx, r.log, message.New(message.CallFailed, fmt.Sprintf("%s: %v", x.post.Key, errs[i])))
			if cloud.Passing(errs[i]) {
				err = func(ctx context.Context, h record.Hint) error { return r.store.PostponeHint(ctx, h, r.clock.Now()) }
			}
		}
		if err := err(ctx, x.hint); err != nil {
			return err
		}
	}
	return nil
}

// due returns the hints that are to be looked at now: those whose answer failed a moment
// ago wait.
func (r *run) due(hints []record.Hint) []record.Hint {
	now := r.clock.Now()
	return slices.DeleteFunc(hints, func(h record.Hint) bool { return !h.Delivery.Due(now) })
}
