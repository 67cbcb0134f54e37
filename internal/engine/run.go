package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// run is one invocation's time as leader.
type run struct {
	*Engine
	inv   Invocation
	sweep bool // look at every node once
	chain int  // continuations before this one

	observer observe.Observer // the engine's, within this leader's budgets
	purse    *purse
	lease    record.Lease
	nodes    []record.Node // by priority, then id
	loaded   bool
	outcomes map[int][]decide.Outcome // by node, of the last step
	last     map[int]string           // by node, the last effects carried out
	deferred map[int]bool             // nodes of which something could not be saved or carried out yet
	sweeping map[int]bool             // nodes that a sweep has not looked at whole yet
	swept    time.Time                // when the newest sweep began
	lookedAt time.Time                // when the last look began
	heavy    bool                     // it took many calls
	own      map[string]bool          // keys of this invocation's hints
	follow   map[int]bool             // nodes that an own hint set going
	result   Result
}

// reserve is the time kept at the end of an invocation to save, release and call
// the next one: two slow calls (internal/awscloud bounds each at about 10 s) and
// some room.
const reserve = 45 * time.Second

// maxChain bounds how often the switcher calls itself. What takes longer is left
// to the sweep. (Lambda's own loop detection would cut the chain at about 16.)
const maxChain = 3

var errLeaseLost = errors.New("another invocation took the lease")

// lead drives the VPC's nodes if the lease can be had. Hints were left before;
// after releasing it looks for hints again, so that none is left unseen.
func (r *run) lead(ctx context.Context) error {
	for {
		ok, err := r.acquire(ctx)
		if err != nil {
			return err
		}
		if !ok {
			r.conclude(ctx, message.New(message.HandedOver, "another invocation holds the lease of "+r.cfg.VPC))
			return nil
		}
		r.loaded = false
		more, err := r.drive(ctx)
		if errors.Is(err, errLeaseLost) {
			r.conclude(ctx, message.New(message.LeaseLost, err.Error()))
			return nil
		}
		if released := r.patiently(ctx, func() error { return r.release(ctx) }); released != nil {
			// It ends by itself; a hint that is left meanwhile waits for the sweep.
			message.Log(ctx, r.log, message.New(message.CallFailed, released.Error()))
		}
		if err != nil {
			return err
		}
		if more {
			return r.carryOn(ctx)
		}
		var hints []record.Hint
		if err := r.patiently(ctx, func() error { hints, err = r.store.Hints(ctx); return err }); err != nil || len(hints) == 0 {
			return err
		}
	}
}

func (r *run) acquire(ctx context.Context) (ok bool, err error) {
	deadline, _ := ctx.Deadline()
	err = r.patiently(ctx, func() error {
		r.lease, ok, err = r.store.AcquireLease(ctx, r.inv.ID, r.clock.Now(), deadline)
		return err
	})
	if ok {
		r.openPurse(ctx)
		r.observer = r.Engine.observer
		r.observer.Purse, r.observer.Gang = r.purse, r.gang
	}
	return ok, err
}

// release frees the lease, and tells the next leader and the other VPCs' what is
// left of the API budgets.
func (r *run) release(ctx context.Context) error {
	if err := r.leave(); err != nil {
		return err
	}
	l, err := r.store.Withdraw(ctx, r.lease)
	if r.lease = l; cloud.Is(err, cloud.Conflict) {
		err = nil // another leader of this VPC has announced itself
	}
	return errors.Join(r.store.ReleaseLease(ctx, r.lease), err)
}

// conclude ends an invocation that does not lead.
func (r *run) conclude(ctx context.Context, e message.Entry) {
	message.Log(ctx, r.log, e)
	if r.result.Outcome == "" {
		r.result = Result{Outcome: OutcomeHandedOver, Code: string(e.Code), Reason: e.Reason}
	}
}

// carryOn calls the switcher again for what is left.
func (r *run) carryOn(ctx context.Context) error {
	if r.chain >= maxChain {
		r.result = Result{Outcome: OutcomeContinued, Code: string(message.Continued), Reason: "the sweep goes on"}
		return nil
	}
	payload := fmt.Sprintf(`{"source":%q,"detail-type":%q,"chain":%d}`, contractSource, contractContinue, r.chain+1)
	if err := r.ports.Invoker.Invoke(ctx, []byte(payload)); err != nil {
		return fmt.Errorf("continue in another invocation: %w", err)
	}
	message.Log(ctx, r.log, message.New(message.Continued, fmt.Sprintf("continuation %d", r.chain+1)))
	r.result = Result{Outcome: OutcomeContinued, Code: string(message.Continued)}
	return nil
}

// drive goes round until every node is at rest. more says that time ran out first.
func (r *run) drive(ctx context.Context) (more bool, err error) {
	r.outcomes, r.last, r.deferred = map[int][]decide.Outcome{}, map[int]string{}, map[int]bool{}
	if r.follow == nil {
		r.follow = map[int]bool{}
	}
	r.swept = r.clock.Now() // its first own sweep comes a minute from now
	pause := time.Duration(r.cfg.Policy.PollSeconds) * time.Second
	for failures := 0; ; {
		if deadline, ok := ctx.Deadline(); ok && deadline.Sub(r.clock.Now()) < reserve {
			return true, nil
		}
		busy, wait, err := r.turn(ctx)
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, errLeaseLost) || !passing(err):
			return false, err
		default:
			// Nothing was decided or done without the table. Look again, ever less often.
			message.Log(ctx, r.log, message.New(message.CallFailed, err.Error()))
			r.loaded, busy, wait = false, false, true
			failures = min(failures+1, 4)
		}
		if !busy && !wait {
			return false, nil
		}
		if len(r.sweeping) == 0 && r.clock.Now().Sub(r.swept) >= sweepEvery {
			r.sweepAll()
		}
		nap := pause << failures
		if busy { // what takes many calls for one look is not looked at more often than while waiting
			nap = r.lookedAt.Add(pause).Sub(r.clock.Now())
		}
		if !busy || r.heavy && nap > 0 {
			if err := r.clock.Sleep(ctx, nap); err != nil {
				return false, fmt.Errorf("wait for AWS: %w", err)
			}
		}
	}
}

// turn reads what is new and takes every node that needs it one step further.
func (r *run) turn(ctx context.Context) (busy, wait bool, err error) {
	if err := r.renew(ctx); err != nil {
		return false, false, err
	}
	if err := r.load(ctx); err != nil {
		return false, false, err
	}
	hints, err := r.requests(ctx)
	if err != nil {
		return false, false, err
	}
	return r.round(ctx, hints)
}

// renew keeps the lease. It is called before anything is done, so that a process
// that slept through its lease finds out first.
func (r *run) renew(ctx context.Context) error {
	const early = 20 * time.Second
	if r.clock.Now().Before(r.lease.Until.Add(-early)) {
		if r.purse.leaders == 0 {
			r.announce(ctx)
		}
		return nil
	}
	if err := r.leave(); err != nil {
		return err
	}
	l, err := r.store.RenewLease(ctx, r.lease, r.clock.Now())
	if cloud.Is(err, cloud.Conflict) {
		return errLeaseLost
	}
	if err != nil {
		return err
	}
	r.lease = l
	r.announce(ctx)
	return nil
}

func (r *run) load(ctx context.Context) error {
	if r.loaded {
		return nil
	}
	nodes, err := r.store.Nodes(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(nodes, func(a, b record.Node) int {
		return cmp.Or(cmp.Compare(b.Settings.Priority, a.Settings.Priority), cmp.Compare(a.ID, b.ID))
	})
	r.nodes, r.loaded = nodes, true
	if r.sweep {
		r.sweep = false
		r.sweepAll()
	}
	return nil
}

// sweepEvery is how often a leader that stays looks at every node itself: a sweep that
// finds the lease taken goes away.
const sweepEvery = time.Minute

func (r *run) sweepAll() {
	r.swept, r.sweeping = r.clock.Now(), map[int]bool{}
	for _, n := range r.nodes {
		r.sweeping[n.ID] = true
	}
}
