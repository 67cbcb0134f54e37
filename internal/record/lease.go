package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// Lease says which invocation may drive the VPC's nodes. It saves work; it is
// not what keeps two leaders from harm: that is the compare-and-swap on each
// node and the harmlessness of late calls.
type Lease struct {
	// Switcher is the name of the switcher that owns the VPC. It stays when the lease
	// ends: another switcher may acquire the lease only while the VPC has no node.
	Switcher string    `json:"switcher"`
	Holder   string    `json:"holder"` // invocation id
	Term     int       `json:"term"`   // raised each time the lease changes hands
	Until    time.Time `json:"until"`
	// Deadline is when the holder's invocation is cut off by Lambda, whatever happens.
	Deadline time.Time `json:"deadline"`
	// Budget is what the holder had left of the API budgets when it last wrote this:
	// the engine's, for the next holder.
	Budget json.RawMessage `json:"budget,omitempty"`
	// Live is the revision of the VPC's item in contract.LivePartition.
	Live int64 `json:"live,omitempty"`

	// Swept is the end of the last sweep that looked at every node of the VPC. It passes
	// from holder to holder. Zero: no sweep has ended yet.
	Swept time.Time `json:"swept,omitzero"`
	// Began is the time at which the VPC's first invocation led: until the first sweep its age counts
	// from then.
	Began time.Time `json:"began,omitzero"`

	// Former is the lease that was taken over; nil if there was none.
	Former *Lease `json:"-"`

	revision int64
}

const (
	// LeaseLife is how long a lease stands without being renewed.
	LeaseLife = 30 * time.Second
	// LeaseMargin is how far two invocations' clocks may differ (assumption: Lambda
	// hosts are synchronised by the Amazon Time Sync Service to well under this).
	LeaseMargin = 5 * time.Second
	// SweepStale is the age from which the last sweep counts as stale. The schedule ticks
	// once a minute, at most a minute late, and one tick may be lost.
	SweepStale = 3 * time.Minute
)

// OwnedError is the refusal of a lease: another switcher owns the VPC and its nodes.
type OwnedError struct{ VPC, Switcher string }

func (e *OwnedError) Error() string {
	return fmt.Sprintf("%s belongs to switcher %s, and a VPC has one switcher, since both would act on the same nodes: give the nodes to switcher %s and delete this one, or delete the nodes of %s first",
		e.VPC, e.Switcher, e.Switcher, e.Switcher)
}

// inUse reports whether the VPC has a node, or a claim of one that is being made.
func (s Store) inUse(ctx context.Context) (bool, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil || slices.ContainsFunc(nodes, func(n Node) bool { return n.Phase != Deleted }) {
		return true, err
	}
	claims, err := s.Claims(ctx)
	return len(claims) > 0, err
}

// Stale reports whether nothing has looked at every node of the VPC for SweepStale. Then
// a record that says done may be out of date: the function, its schedule or its
// permissions fail.
func (l Lease) Stale(now time.Time) bool {
	limit := timelimit.Scale(SweepStale)
	return now.Sub(l.Swept) > limit && now.Sub(l.Began) > limit
}

// Lease reads the lease as it stands. ok is false if no invocation has ever led.
func (s Store) Lease(ctx context.Context) (l Lease, ok bool, err error) {
	it, err := s.Table.Get(ctx, contract.VPCPartition(s.VPC), contract.LeaseKey)
	switch {
	case cloud.Is(err, cloud.NotFound):
		return l, false, nil
	case err != nil:
		return l, false, fmt.Errorf("read the lease of %s: %w", s.VPC, err)
	}
	if err := json.Unmarshal(it.Body, &l); err != nil {
		return l, false, fmt.Errorf("the lease of %s is not readable: %w", s.VPC, err)
	}
	l.revision = it.Revision
	return l, true, nil
}

// AcquireLease takes the lease if it is free or expired. ok is false if another
// holder has it. The error is an OwnedError if another switcher owns the VPC.
func (s Store) AcquireLease(ctx context.Context, holder string, now, deadline time.Time) (l Lease, ok bool, err error) {
	var former *Lease
	l, known, err := s.Lease(ctx)
	if err != nil {
		return l, false, err
	}
	if known {
		if l.Switcher != "" && l.Switcher != s.Switcher {
			used, err := s.inUse(ctx)
			if err != nil {
				return l, false, err
			}
			if used {
				return l, false, &OwnedError{VPC: s.VPC, Switcher: l.Switcher}
			}
		}
		// A holder's own lease is free to it: Lambda tries an invocation again, under
		// the same id, only when the earlier try has ended.
		if !l.Until.IsZero() && l.Holder != holder && now.Before(l.Until.Add(LeaseMargin)) {
			return l, false, nil
		}
		copied := l
		former = &copied
	}
	began := l.Began
	if began.IsZero() {
		began = now
	}
	l = Lease{
		Switcher: s.Switcher, Holder: holder, Term: l.Term + 1, Until: now.Add(LeaseLife), Deadline: deadline,
		Budget: l.Budget, Live: l.Live, Swept: l.Swept, Began: began, Former: former, revision: l.revision,
	}
	l, err = s.writeLease(ctx, l)
	if cloud.Is(err, cloud.Conflict) {
		return l, false, nil
	}
	return l, err == nil, err
}

// RenewLease prolongs the holder's lease. An error of kind Conflict means that it was lost.
func (s Store) RenewLease(ctx context.Context, l Lease, now time.Time) (Lease, error) {
	l.Until = now.Add(LeaseLife)
	return s.rewriteLease(ctx, l)
}

// ReleaseLease frees the lease: it ends now. A lease already lost is not an error.
func (s Store) ReleaseLease(ctx context.Context, l Lease) error {
	l.Until = time.Time{}
	if _, err := s.rewriteLease(ctx, l); err != nil && !cloud.Is(err, cloud.Conflict) {
		return err
	}
	return nil
}

// rewriteLease writes the holder's lease. A conflict may come from the holder's
// own earlier write whose answer was lost, so the stored lease is asked.
func (s Store) rewriteLease(ctx context.Context, l Lease) (Lease, error) {
	written, err := s.writeLease(ctx, l)
	if !cloud.Is(err, cloud.Conflict) {
		return written, err
	}
	it, readErr := s.Table.Get(ctx, contract.VPCPartition(s.VPC), contract.LeaseKey)
	if readErr != nil {
		return l, err
	}
	var stored Lease
	if json.Unmarshal(it.Body, &stored) != nil || stored.Holder != l.Holder || stored.Term != l.Term {
		return l, err // somebody else's
	}
	l.revision = it.Revision
	return s.writeLease(ctx, l)
}

func (s Store) writeLease(ctx context.Context, l Lease) (Lease, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return l, fmt.Errorf("encode the lease of %s: %w", s.VPC, err)
	}
	item := cloud.Item{Partition: contract.VPCPartition(s.VPC), Sort: contract.LeaseKey, Body: body}
	if err := s.Table.Put(ctx, item, l.revision); err != nil {
		return l, fmt.Errorf("write the lease of %s: %w", s.VPC, err)
	}
	l.revision++
	return l, nil
}
