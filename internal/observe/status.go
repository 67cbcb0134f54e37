package observe

import (
	"context"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
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
func (o Observer) scheduled(w wants, f *Facts, now time.Time) reading {
	m := o.Memory
	if read := m.scheduled.until.Add(-memoryLife); w.recalled && m.scheduled.err == nil && now.Sub(read) > recallLife {
		m.scheduled.until = time.Time{} // it may be of before the event was announced, of which another invocation heard
	}
	r := ofInstances(o, w.scheduled, &m.scheduled, &m.scheduledOf, memoryLife, f, PartScheduled, budget.DescribeStatus, now, o.Ports.Compute.Scheduled)
	return r.then(func() {
		for _, e := range m.scheduled.list {
			f.Scheduled[e.Instance] = append(f.Scheduled[e.Instance], e)
		}
	})
}

// failing reads which applications EC2's own checks call impaired.
func (o Observer) failing(w wants, f *Facts, now time.Time) reading {
	m := o.Memory
	r := ofInstances(o, w.failing, &m.failing, &m.failingOf, failingLife, f, PartFailing, budget.DescribeFailing, now, o.Ports.Compute.Failing)
	return r.then(func() {
		for _, i := range m.failing.list {
			f.Failing[i.Instance] = i
		}
	})
}

// ofInstances reads what one call tells of many instances, or remembers it. Where the
// budget has no room, those who need it wait.
func ofInstances[T any](o Observer, ids []string, memory *remembered[T], of *[]string, life time.Duration, f *Facts, part Part, api budget.API, now time.Time,
	read func(context.Context, []string) ([]T, error),
) reading {
	if len(ids) == 0 {
		return reading{}
	}
	if !covers(*of, ids) {
		memory.until, *of = time.Time{}, ids
	}
	fresh := memory.fresh(now)
	if !fresh && !o.take(one(api)...) {
		for _, id := range ids {
			f.postpone(part, id)
		}
		return reading{}
	}
	return reading{memory.calls(now, life, string(part), func(ctx context.Context) ([]T, error) { return read(ctx, *of) }), func() error {
		if !fresh {
			_ = o.paid(memory.err, one(api)...)
		}
		return memory.err
	}}
}

// then notes more, if there is anything to read.
func (r reading) then(do func()) reading {
	if before := r.note; before != nil {
		r.note = func() error { do(); return before() }
	}
	return r
}
