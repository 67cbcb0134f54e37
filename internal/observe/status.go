package observe

import (
	"context"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// failingLife is how long the status of applications is remembered. EC2 checks every
// 60 s and the sweep asks as often: the rounds of one sweep share an answer, the next
// one gets its own.
const failingLife = 20 * time.Second

// recallLife is how long scheduled events are remembered while a node prepares to
// avoid one.
const recallLife = 5 * time.Second

// scheduled reads the scheduled events of instances, once a minute at most: they are
// told days ahead, or two minutes by an event of their own.
func (o Observer) scheduled(ctx context.Context, w wants, f *Facts, now time.Time) error {
	m := o.Memory
	if read := m.scheduled.until.Add(-memoryLife); w.recalled && m.scheduled.err == nil && now.Sub(read) > recallLife {
		m.scheduled.until = time.Time{} // it may be of before the event was announced, of which another invocation heard
	}
	events, err := ofInstances(o, w.scheduled, &m.scheduled, &m.scheduledOf, f, PartScheduled, budget.DescribeStatus, now,
		func(ids []string) ([]cloud.Scheduled, error) { return o.Ports.Compute.Scheduled(ctx, ids) })
	for _, e := range events {
		f.Scheduled[e.Instance] = append(f.Scheduled[e.Instance], e)
	}
	return err
}

// failing reads which applications EC2's own checks call impaired.
func (o Observer) failing(ctx context.Context, w wants, f *Facts, now time.Time) error {
	m := o.Memory
	list, err := ofInstances(o, w.failing, &m.failing, &m.failingOf, f, PartFailing, budget.DescribeFailing, now,
		func(ids []string) ([]cloud.Failing, error) { return o.Ports.Compute.Failing(ctx, ids) })
	if soon := now.Add(failingLife); soon.Before(m.failing.until) {
		m.failing.until = soon
	}
	for _, i := range list {
		f.Failing[i.Instance] = i
	}
	return err
}

// ofInstances reads what one call tells of many instances, or remembers it. Where the
// budget has no room, those who need it wait.
func ofInstances[T any](o Observer, ids []string, memory *remembered[T], of *[]string, f *Facts, part Part, api budget.API, now time.Time,
	read func([]string) ([]T, error),
) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if !covers(*of, ids) {
		memory.until, *of = time.Time{}, ids
	}
	if !memory.fresh(now) && !o.take(one(api)...) {
		for _, id := range ids {
			f.postpone(part, id)
		}
		return nil, nil
	}
	return memory.get(now, string(part), func() ([]T, error) {
		list, err := read(*of)
		return list, o.paid(err, one(api)...)
	})
}
