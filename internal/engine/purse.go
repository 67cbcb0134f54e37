package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// purse is the API budgets of this leader.
type purse struct {
	*budget.Budget
	clock   Clock
	leaders int // of the Region, this one included; 0: not counted yet
}

func (p *purse) Take(costs ...budget.Cost) bool { return p.Budget.Take(p.clock.Now(), costs...) }

// ahead is how long a launch may wait for its token within a round. EC2 holds few
// of these tokens, and a round lasts as long as its launches: without it some
// tokens would run over.
const ahead = 2 * time.Second

func (p *purse) reserve(e decide.Effect, costs []budget.Cost) (wait time.Duration, ok bool) {
	if e.Do == decide.Launch || e.Do == decide.Start {
		wait = ahead
	}
	return p.Reserve(p.clock.Now(), wait, costs...)
}

func (p *purse) Throttled(costs ...budget.Cost) { p.Budget.Throttled(p.clock.Now(), costs...) }

// openPurse takes over what the leader before left of the budgets. One that did not
// release its lease may have used all of them until its end.
func (r *run) openPurse(ctx context.Context) {
	now, former := r.clock.Now(), r.lease.Former
	if r.purse != nil && former != nil && former.Holder == r.inv.ID && former.Until.IsZero() {
		r.purse.leaders = 0 // led a moment ago: its own figures are the best
		return
	}
	r.purse = &purse{Budget: budget.New(budget.Limits(r.cfg.Policy.LaunchesPerSecond), now), clock: r.clock}
	if former == nil {
		return
	}
	var left budget.State
	if err := json.Unmarshal(former.Budget, &left); former.Until.IsZero() && err == nil {
		r.purse.Resume(left, record.LeaseMargin, now)
		return
	} else if former.Until.IsZero() {
		message.Log(ctx, r.log, message.New(message.CallFailed, fmt.Sprintf("the lease of %s tells nothing of the API budgets, which count as used up: %v", r.cfg.VPC, err)))
	}
	r.purse.Emptied(former.Until, now)
}

// leave notes in the lease what is left of the budgets.
func (r *run) leave() error {
	b, err := json.Marshal(r.purse.State(r.clock.Now()))
	if err != nil {
		return fmt.Errorf("encode the API budgets: %w", err)
	}
	r.lease.Budget = b
	return nil
}

// announce tells the Region's other leaders of this one, and counts them: they
// share the budgets.
func (r *run) announce(ctx context.Context) {
	now := r.clock.Now()
	l, leaders, err := r.store.Announce(ctx, r.lease, now)
	r.lease = l
	if err != nil { // it only serves the budgets: as if there were one leader more
		leaders = max(r.purse.leaders, 2)
		message.Log(ctx, r.log, message.New(message.CallFailed, fmt.Sprintf("the API budgets are shared with %d leaders: %v", leaders, err)))
	}
	r.purse.leaders = leaders
	r.purse.Share(r.cfg.Policy.BudgetPercent, leaders, now)
}
