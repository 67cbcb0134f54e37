package observe

import (
	"context"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// scheduled reads the scheduled events of instances, once a minute at most: they are
// told days ahead, or two minutes by an event of its own.
func (o Observer) scheduled(ctx context.Context, w wants, f *Facts, now time.Time) error {
	if len(w.scheduled) == 0 {
		return nil
	}
	m, costs := o.Memory, one(budget.DescribeStatus)
	if !covers(m.scheduledOf, w.scheduled) {
		m.scheduled.until, m.scheduledOf = time.Time{}, w.scheduled
	}
	if !m.scheduled.fresh(now) && !o.take(costs...) {
		for _, id := range w.scheduled {
			f.postpone(PartScheduled, id)
		}
		return nil
	}
	events, err := m.scheduled.get(now, "scheduled events", func() ([]cloud.Scheduled, error) {
		found, err := o.Ports.Compute.Scheduled(ctx, m.scheduledOf)
		return found, o.paid(err, costs...)
	})
	for _, e := range events {
		f.Scheduled[e.Instance] = append(f.Scheduled[e.Instance], e)
	}
	return err
}
