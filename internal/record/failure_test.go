package record_test

import (
	"context"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestRefusedCallSaysWhatWasTried: what the table refuses is an error that names the thing
// and keeps its kind, never nothing: without a saved decision there are no effects.
func TestRefusedCallSaysWhatWasTried(t *testing.T) {
	for name, c := range map[string]struct {
		call, want string
		do         func(context.Context, record.Store) error
	}{
		"a hint is left": {putItem, "leave hint e-1", func(ctx context.Context, s record.Store) error {
			return s.PutHint(ctx, record.Hint{Key: "e-1"}, began)
		}},
		"hints are read": {query, "read the hints of vpc-1", func(ctx context.Context, s record.Store) error {
			return second(s.Hints(ctx))
		}},
		"a hint is dropped": {deleteItem, "drop hint e-1", func(ctx context.Context, s record.Store) error {
			return s.DropHint(ctx, record.Hint{Key: "e-1"})
		}},
		"an order is archived": {putItem, "write the order e-2 of node 7", func(ctx context.Context, s record.Store) error {
			return s.ArchiveAction(ctx, record.Action{ID: "e-2", Node: 7}, tomorrow)
		}},
		"orders are read": {query, "read the history of node 7", func(ctx context.Context, s record.Store) error {
			return second(s.Actions(ctx, 7))
		}},
		"a switch is archived": {putItem, "write the history of node 7", func(ctx context.Context, s record.Store) error {
			return s.Archive(ctx, record.History{Node: 7}, tomorrow)
		}},
		"a refusal is remembered": {putItem, "remember the refusal of request r-1", func(ctx context.Context, s record.Store) error {
			return s.Refuse(ctx, "r-1", "because", began)
		}},
		"a refusal is looked for": {getItem, "look whether request r-1 was refused", func(ctx context.Context, s record.Store) error {
			return second(s.Refused(ctx, "r-1"))
		}},
		"nodes are read": {query, "read the nodes of vpc-1", func(ctx context.Context, s record.Store) error {
			return second(s.Nodes(ctx))
		}},
		"a node is read": {getItem, "read node 7 of vpc-1", func(ctx context.Context, s record.Store) error {
			return second(s.Node(ctx, 7))
		}},
		"a node is saved": {putItem, "save the record of node 7", func(ctx context.Context, s record.Store) error {
			return second(s.Save(ctx, record.Node{ID: 7}, began))
		}},
		"a claim is taken": {putItem, "claim node 7", func(ctx context.Context, s record.Store) error {
			return second(s.TakeClaim(ctx, 7, me, now))
		}},
		"claims are read": {query, "read the claims on node ids", func(ctx context.Context, s record.Store) error {
			return second(s.Claims(ctx))
		}},
		"a claim to be released is read": {getItem, "read the claim on node 7", func(ctx context.Context, s record.Store) error {
			return s.ReleaseClaim(ctx, 7, me)
		}},
		"a claim is dropped": {deleteItem, "release the claim on node 7", func(ctx context.Context, s record.Store) error {
			return s.DropClaim(ctx, record.Claim{Node: 7})
		}},
		"lacks of capacity are read": {query, "read remembered lacks of capacity", func(ctx context.Context, s record.Store) error {
			return second(s.Shortages(ctx, began))
		}},
		"a lack of capacity is looked for": {getItem, "remember the lack of capacity az-a#m7g", func(ctx context.Context, s record.Store) error {
			return s.RememberShortage(ctx, "az-a#m7g", record.Shortage{Until: began})
		}},
		"a lack of capacity is remembered": {putItem, "remember the lack of capacity az-a#m7g", func(ctx context.Context, s record.Store) error {
			return s.RememberShortage(ctx, "az-a#m7g", record.Shortage{Until: began})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := store()
			refuse(w, c.call, cloud.Denied)
			err := c.do(t.Context(), s)
			if want := c.want + ": fake call (denied): no"; err == nil || err.Error() != want || !cloud.Is(err, cloud.Denied) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if len(w.Items) != 0 {
				t.Errorf("the table holds %v", w.Items)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// TestDamagedItemIsNamed: an item that somebody damaged by hand is an error that says
// where it is, and is not passed over.
func TestDamagedItemIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		partition, sort, want string
		do                    func(context.Context, record.Store) error
	}{
		"hint": {"vpc#vpc-1", "hint#e-1", "hint hint#e-1 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Hints(ctx))
		}},
		"order": {"history#vpc-1#7", "order#x", "history history#vpc-1#7 order#x is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Actions(ctx, 7))
		}},
		"switch": {"history#vpc-1#7", "epoch#x", "history history#vpc-1#7 epoch#x is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Histories(ctx, record.Node{ID: 7}))
		}},
		"refusal": {"vpc#vpc-1", "refused#r-1", "the refusal of request r-1 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Refused(ctx, "r-1"))
		}},
		"node": {"vpc#vpc-1", "node#0000000007", "record vpc#vpc-1 node#0000000007 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Node(ctx, 7))
		}},
		"node of several": {"vpc#vpc-1", "node#0000000007", "record vpc#vpc-1 node#0000000007 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Nodes(ctx))
		}},
		"claim": {"claim", "node#0000000007", "claim node#0000000007 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Claims(ctx))
		}},
		"claim that somebody wants": {"claim", "node#0000000007", "claim node#0000000007 is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.TakeClaim(ctx, 7, me, now))
		}},
		"lack of capacity": {"capacity", "az-a#m7g", "remembered lack of capacity az-a#m7g is not readable: ", func(ctx context.Context, s record.Store) error {
			return second(s.Shortages(ctx, began))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := store()
			put(w, c.partition, c.sort, 1, `"damaged"`)
			if err := c.do(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s…", err, c.want)
			}
		})
	}
}

// TestWhatCannotBeEncodedIsNotWritten: rather no item than one that nobody can read.
func TestWhatCannotBeEncodedIsNotWritten(t *testing.T) {
	for want, do := range map[string]func(context.Context, record.Store) error{
		"encode hint e-1: ": func(ctx context.Context, s record.Store) error {
			return s.PutHint(ctx, record.Hint{Key: "e-1", Cause: record.Cause{At: unwritable}}, began)
		},
		"encode the order e-2 of node 7: ": func(ctx context.Context, s record.Store) error {
			return s.ArchiveAction(ctx, record.Action{ID: "e-2", Node: 7, At: unwritable}, tomorrow)
		},
		"encode the history of node 7: ": func(ctx context.Context, s record.Store) error {
			return s.Archive(ctx, record.History{Node: 7, Started: unwritable}, tomorrow)
		},
		"encode the record of node 7: ": func(ctx context.Context, s record.Store) error {
			return second(s.Save(ctx, record.Node{ID: 7, Since: unwritable}, began))
		},
		"encode a lack of capacity: ": func(ctx context.Context, s record.Store) error {
			return s.RememberShortage(ctx, "az-a#m7g", record.Shortage{Until: unwritable})
		},
		"encode the lease of vpc-1: ": func(ctx context.Context, s record.Store) error {
			return second(s.RenewLease(ctx, record.Lease{}, unwritable))
		},
		"encode the leader of vpc-1: ": func(ctx context.Context, s record.Store) error {
			_, _, err := s.Announce(ctx, record.Lease{Until: unwritable}, began)
			return err
		},
	} {
		w, s := store()
		if err := do(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
		if len(w.Items) != 0 || len(w.Calls) != 0 {
			t.Errorf("%s: the table was called: %v", want, w.Calls)
		}
	}
}
