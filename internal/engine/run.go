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

	observer  observe.Observer // the engine's, within this leader's budgets
	purse     *purse
	lease     record.Lease
	nodes     []record.Node // by priority, then id
	loaded    bool
	outcomes  map[int][]decide.Outcome // by node, of the last step
	last      map[int]string           // by node, the last effects carried out
	deferred  map[int]bool             // nodes of which something could not be saved or carried out yet
	sweeping  map[int]bool             // nodes that a sweep has not looked at whole yet
	swept     time.Time                // when the newest sweep began
	owes      bool                     // that sweep has not been counted yet
	claims    bool                     // that sweep has not looked at the claims yet
	pulsed    time.Time                // when the nodes were last counted for the metrics
	counted   map[string]float64       // and what was counted then
	lookedAt  time.Time                // when the last look began
	postponed bool                     // a request waits for room in an API's budget
	heavy     bool                     // it took many calls
	blindness int                      // how many looks in a row showed nothing
	tidied    time.Time                // when tidy was last called
	lookAt    time.Time                // when the next look is due, unless something happens
	early     bool                     // the last turn came before that, and looked at nothing
	waits     bool                     // the last look ended with something awaited
	heeded    map[string]bool          // hints that the last look knew of
	own       map[string]bool          // keys of this invocation's hints
	requested []record.Hint            // those of them that are deployment requests
	judged    []record.Hint            // hints to remove when there is time
	done      map[string]bool          // their versions
	replies   map[string]reply         // answers to requests that no record keeps, by hint
	follow    map[int]bool             // nodes that an own hint set going
	result    Result
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
		var owned *record.OwnedError
		if errors.As(err, &owned) {
			return r.refuseAll(ctx, owned)
		}
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
		if err := r.patiently(ctx, func() error { hints, err = r.store.Hints(ctx); return err }); err != nil || len(r.due(r.unjudged(hints))) == 0 {
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
	if r.tidied = r.clock.Now(); r.done == nil {
		r.done = map[string]bool{}
	}
	clear(r.replies)
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
		if err == nil {
			err = r.chores(ctx, busy)
		}
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, errLeaseLost) || !cloud.Passing(err):
			return false, err
		default:
			// Nothing was decided or done without the table. Look again, ever less often.
			message.Log(ctx, r.log, message.New(message.CallFailed, err.Error()))
			r.loaded, busy, wait = false, false, true
			failures = min(failures+1, 4)
		}
		r.pulse(!busy && !wait)
		if !busy && !wait {
			return false, nil
		}
		if len(r.sweeping) == 0 && r.clock.Now().Sub(r.swept) >= sweepEvery {
			r.loaded, r.sweep = false, true // a leader of yesterday may have changed a record
		}
		r.lookAt = r.nextLook(pause, failures)
		nap := r.lookAt.Sub(r.clock.Now())
		if !busy && failures == 0 {
			nap = min(nap, hintEvery)
		}
		if (!busy || r.heavy || failures > 0) && nap > 0 {
			if err := r.clock.Sleep(ctx, nap); err != nil {
				return false, fmt.Errorf("wait for AWS: %w", err)
			}
		}
	}
}

// blindPause is the longest pause between two looks that EC2 does not answer.
const blindPause = 15 * time.Second

// nextLook returns when the next look is due: after a pause, which grows while the table
// fails or looks show nothing.
func (r *run) nextLook(pause time.Duration, failures int) time.Time {
	switch {
	case failures > 0:
		return r.clock.Now().Add(pause << failures)
	case r.early:
		return r.lookAt
	case r.blindness > 0:
		return r.lookedAt.Add(min(pause<<min(r.blindness-1, 4), blindPause))
	}
	return later(r.lookedAt.Add(pause), r.expected())
}

// chores does what no recovery need wait for.
func (r *run) chores(ctx context.Context, busy bool) error {
	if !busy || r.clock.Now().Sub(r.tidied) >= tidyEvery {
		r.tidied = r.clock.Now()
		if err := r.tidy(ctx); err != nil {
			return err
		}
		if err := r.answer(ctx); err != nil {
			return err
		}
	}
	if r.claims && !busy {
		return r.unclaim(ctx)
	}
	return nil
}

// hintEvery is how often the table is asked for hints while AWS is awaited.
const hintEvery = 500 * time.Millisecond

// soonest is how soon after a launch was accepted an instance runs, and after it was
// granted its load balancer finds it healthy, at the least (assumptions; measured were
// 4.9 s for the one, and two checks of 5 s each are the other's default). Before that
// nothing is worth a look.
const soonest = 3 * time.Second

// expected is before when nothing will have changed of the nodes that are under way.
func (r *run) expected() (at time.Time) {
	for _, n := range r.nodes {
		now := r.clock.Now()
		switch {
		case n.Resting(now) && !r.sweeping[n.ID]:
			continue
		case n.Phase != record.Gated && n.Phase != record.Serving || n.Hold != nil || n.Request != nil && n.Phase == record.Done:
			return time.Time{}
		}
		if t := n.Since.Add(soonest); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tidyEvery is how often what can wait is done while there is always something to do.
const tidyEvery = 5 * time.Second

// turn reads what is new and takes every node that needs it one step further.
func (r *run) turn(ctx context.Context) (busy, wait bool, err error) {
	if err := r.renew(ctx); err != nil {
		return false, false, err
	}
	hints, err := r.gather(ctx)
	if err != nil {
		return false, false, err
	}
	known := r.heeded
	r.heeded = map[string]bool{}
	news := !r.waits
	for _, h := range hints {
		r.heeded[h.Key] = true
		news = news || !known[h.Key]
	}
	r.postponed = false
	byNode, err := r.requests(ctx, hints)
	if err != nil {
		return false, false, err
	}
	if r.early = !news && r.loaded && r.clock.Now().Before(r.lookAt); r.early {
		return false, true, nil
	}
	busy, wait, err = r.round(ctx, byNode)
	wait = wait || r.postponed
	r.waits = !busy && err == nil
	return busy, wait, err
}

// gather reads what the table holds for this leader, side by side: hints, records that
// are not known yet, and how many leaders there are.
func (r *run) gather(ctx context.Context) (hints []record.Hint, err error) {
	var errs [2]error
	calls := []func(context.Context){func(ctx context.Context) { hints, errs[0] = r.store.Hints(ctx) }}
	if !r.loaded {
		calls = append(calls, func(ctx context.Context) { errs[1] = r.load(ctx) })
	}
	if r.purse.leaders == 0 {
		calls = append(calls, r.announce)
	}
	r.gang.Each(ctx, len(calls), func(ctx context.Context, i int) { calls[i](ctx) })
	return r.due(r.unjudged(hints)), cmp.Or(errs[0], errs[1])
}

// unjudged are the hints that this invocation has not judged: one that the table does not
// delete would otherwise be judged for ever.
func (r *run) unjudged(hints []record.Hint) []record.Hint {
	return slices.DeleteFunc(hints, func(h record.Hint) bool { return r.done[h.Version()] })
}

// renewEarly is how long before its end the lease is prolonged at the latest.
const renewEarly = 20 * time.Second

// renew keeps the lease. It is called before anything is done, so that a process
// that slept through its lease finds out first.
func (r *run) renew(ctx context.Context) error { return r.renewWithin(ctx, renewEarly) }

func (r *run) renewWithin(ctx context.Context, early time.Duration) error {
	if r.clock.Now().Before(r.lease.Until.Add(-early)) {
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
	r.doubt(nodes)
	r.nodes, r.loaded = nodes, true
	if r.sweep {
		r.sweep = false
		r.sweepAll()
	}
	return nil
}

// doubt keeps the answers only of what was done for a node whose record another writer
// saved since: that one has undone it, perhaps.
func (r *run) doubt(nodes []record.Node) {
	had := make(map[int]int64, len(r.outcomes))
	for i := range r.nodes {
		had[r.nodes[i].ID] = r.nodes[i].Revision
	}
	for i := range nodes {
		if n := &nodes[i]; len(r.outcomes[n.ID]) > 0 && had[n.ID] != n.Revision {
			r.outcomes[n.ID] = answers(r.outcomes[n.ID])
		}
	}
}

// sweepEvery is how often a leader that stays looks at every node itself: a sweep that
// finds the lease taken goes away.
const sweepEvery = time.Minute

func (r *run) sweepAll() {
	r.swept, r.sweeping, r.owes = r.clock.Now(), map[int]bool{}, true
	r.claims = true
	for _, n := range r.nodes {
		r.sweeping[n.ID] = true
	}
}
