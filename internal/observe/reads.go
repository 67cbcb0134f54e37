package observe

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// details describes whole instances. That an instance cannot be described
// (terminated, for one) is a fact, not a failure of the round.
func (o Observer) details(ctx context.Context, w wants, f *Facts, now time.Time) error {
	var ask wantList
	for _, x := range w.details.list {
		switch i, ok := f.Instances[x.name]; {
		case !ok:
			f.NoDetails[x.name] = x.name + " is not visible any more"
		case i.State == cloud.Terminated || i.State == cloud.ShuttingDown:
			f.NoDetails[x.name] = x.name + " is " + i.State
		default:
			ask.add(x.rank, x.name)
		}
	}
	// Four attributes, each a call, the volumes, the interfaces, and for some the credits
	// and the placement group. Of types there are few, and each is described once.
	costs := []budget.Cost{
		{API: budget.DescribeAttribute, Tokens: 4},
		{API: budget.DescribeVolumes, Tokens: 1},
		{API: budget.DescribeNICs, Tokens: 1},
		{API: budget.DescribeCredits, Tokens: 1},
		{API: budget.DescribeGroups, Tokens: 1},
	}
	ids := o.chosen(PartDetails, ask, f, now, func(int) bool { return o.take(costs...) })
	found, errs := make([]cloud.Details, len(ids)), make([]error, len(ids))
	o.each(ctx, len(ids), func(ctx context.Context, k int) {
		found[k], errs[k] = o.Ports.Compute.Details(ctx, f.Instances[ids[k]])
	})
	var first error
	for k, id := range ids {
		switch err := o.paid(errs[k], costs...); {
		case cloud.Is(err, cloud.NotFound):
			f.NoDetails[id] = err.Error()
		case err == nil:
			f.Details[id] = found[k]
		case first == nil:
			first = fmt.Errorf("describe %s whole: %w", id, err)
		}
	}
	return first
}

// groupsPerCall is how many target groups one DescribeTargetGroups names.
const groupsPerCall = 20

// targets describes target groups and, at the same time, their targets.
func (o Observer) targets(w wants, f *Facts, now time.Time) reading {
	costs := one(budget.Balancers, budget.BalancerReads)
	arns := o.chosen(PartTargets, w.groups, f, now, func(i int) bool {
		return (i%groupsPerCall != 0 || o.take(costs...)) && o.take(costs...)
	})
	if len(arns) == 0 {
		return reading{}
	}
	var groups []cloud.TargetGroup
	var err error
	calls := []call{func(ctx context.Context) { groups, err = o.groups(ctx, arns) }}
	found, errs := make([][]cloud.Target, len(arns)), make([]error, len(arns))
	for k, arn := range arns {
		calls = append(calls, func(ctx context.Context) { found[k], errs[k] = o.Ports.Balancers.Targets(ctx, arn) })
	}
	return reading{calls, func() error {
		for _, err := range errs {
			_ = o.paid(err, costs...)
		}
		if err := o.paid(err, costs...); err != nil {
			return fmt.Errorf("observe target groups: %w", err)
		}
		var first error
		for _, g := range groups {
			k := slices.Index(arns, g.ARN)
			if k < 0 {
				continue // not asked for
			}
			f.Groups[g.ARN], f.Targets[g.ARN] = g, found[k]
			if err := errs[k]; err != nil && !cloud.Is(err, cloud.NotFound) && first == nil {
				first = fmt.Errorf("observe the targets of %s: %w", g.ARN, err)
			}
		}
		return first
	}}
}

// groups describes target groups. One that was deleted fails the whole call, so
// then each is asked for by itself and the missing ones are left out.
func (o Observer) groups(ctx context.Context, arns []string) ([]cloud.TargetGroup, error) {
	groups, err := o.Ports.Balancers.Groups(ctx, arns)
	if !cloud.Is(err, cloud.NotFound) || len(arns) == 1 {
		if cloud.Is(err, cloud.NotFound) {
			return nil, nil
		}
		return groups, err
	}
	for _, arn := range arns {
		one, err := o.groups(ctx, []string{arn})
		if err != nil {
			return nil, err
		}
		groups = append(groups, one...)
	}
	return groups, nil
}

const (
	// alarmsPerCall is how many alarms one DescribeAlarms names.
	alarmsPerCall = 100
	// alarmLife is how long an alarm's state may be used when there was no room to
	// read it again: alarms change by their periods, of ten seconds at least.
	alarmLife = 10 * time.Second
)

// alarms reads as many alarms as there is room for. The others are known from a
// moment ago, or not at all in this round.
func (o Observer) alarms(w wants, f *Facts, now time.Time) reading {
	costs, fit := one(budget.DescribeAlarms, budget.AlarmReads), &Facts{}
	names := o.chosen(PartAlarms, w.alarms, fit, now, func(i int) bool { return i%alarmsPerCall != 0 || o.take(costs...) })
	if len(names) == 0 && len(w.alarms.list) == 0 {
		return reading{}
	}
	m := o.Memory
	maps.DeleteFunc(m.alarms, func(_ string, a seenAlarm) bool { age := now.Sub(a.at); return age < 0 || age > alarmLife })
	var r reading
	var found []cloud.Alarm
	var err error
	if len(names) > 0 {
		r.calls = []call{func(ctx context.Context) { found, err = o.Ports.Alarms.Alarms(ctx, names) }}
	}
	r.note = func() error {
		if err := o.paid(err, costs...); err != nil {
			return fmt.Errorf("observe alarms: %w", err)
		}
		m.see(names, found, now)
		for _, x := range w.alarms.list {
			a, known := m.alarms[x.name]
			switch {
			case !known:
				f.postpone(PartAlarms, x.name)
			case fit.later[PartAlarms][x.name]:
				f.postpone(partFreshAlarms, x.name)
			}
			if a.exists {
				f.Alarms[x.name] = a.Alarm
			}
		}
		return nil
	}
	return r
}

// see notes what was found of the alarms that were asked for.
func (m *Memory) see(names []string, found []cloud.Alarm, now time.Time) {
	if m.alarms == nil {
		m.alarms = map[string]seenAlarm{}
	}
	for _, name := range names {
		m.alarms[name] = seenAlarm{at: now}
	}
	for _, a := range found {
		m.alarms[a.Name] = seenAlarm{a, true, now}
	}
}

// ForgetAlarm says that an alarm was changed: what was seen of it counts no more.
func (m *Memory) ForgetAlarm(name string) { delete(m.alarms, name) }

func (o Observer) places(w wants, f *Facts, now time.Time) reading {
	if !w.places {
		return reading{}
	}
	m := o.Memory
	var err error
	calls := m.subnets.calls(now, subnetLife, "destination subnets", func(ctx context.Context) ([]cloud.Subnet, error) {
		return o.Ports.Compute.Subnets(ctx, o.VPC, contract.DestinationTag, "true")
	})
	calls = append(calls, func(ctx context.Context) { f.Shortages, err = o.Store.Shortages(ctx, now) })
	return reading{calls, func() error {
		f.Subnets = m.subnets.list
		if m.subnets.err != nil {
			m.subnets.until = time.Time{} // nothing can be placed without them
		}
		return cmp.Or(m.subnets.err, err)
	}}
}

// templates reads launch templates. One that cannot be read for good is a fact
// about the nodes that name it.
func (o Observer) templates(w wants, f *Facts, _ time.Time) reading {
	var r reading
	costs, errs := one(budget.DescribeTemplates), make([]error, len(w.templates))
	found := make([]cloud.Blueprint, len(w.templates))
	var asked []int
	for k, t := range w.templates {
		if !o.take(costs...) {
			f.postpone(PartTemplates, templateName(t))
			continue
		}
		asked = append(asked, k)
		r.calls = append(r.calls, func(ctx context.Context) { found[k], errs[k] = o.Ports.Compute.Template(ctx, t.ID, t.Version) })
	}
	r.note = func() (first error) {
		for _, k := range asked {
			t, err := w.templates[k], o.paid(errs[k], costs...)
			switch cloud.KindOf(err) {
			case "":
				f.Template[t] = found[k]
			case cloud.NotFound, cloud.Invalid, cloud.Denied, cloud.Account:
				f.NoTemplate[t] = err
			default:
				first = cmp.Or(first, fmt.Errorf("read launch template %s version %s: %w", t.ID, t.Version, err))
			}
		}
		return first
	}
	return r
}

// tagged finds instances by their node-id tag.
func (o Observer) tagged(w wants, f *Facts, _ time.Time) reading {
	var r reading
	parts := slices.Collect(slices.Chunk(w.tagged, instancesPerCall))
	costs := one(budget.DescribeInstances)
	found, errs := make([][]cloud.Instance, len(parts)), make([]error, len(parts))
	for k, part := range parts {
		values := make([]string, 0, len(part))
		for _, id := range part {
			values = append(values, strconv.Itoa(id))
		}
		if !o.take(costs...) {
			for _, v := range values {
				f.postpone(PartTagged, v)
			}
			continue
		}
		r.calls = append(r.calls, func(ctx context.Context) { found[k], errs[k] = o.Ports.Compute.TaggedInstances(ctx, o.IDTag, values) })
	}
	r.note = func() (first error) {
		for k := range parts {
			if err := o.paid(errs[k], costs...); err != nil {
				first = cmp.Or(first, fmt.Errorf("observe tagged instances: %w", err))
			}
			for _, i := range found[k] {
				if id, err := contract.ParseNodeID(i.Tags[o.IDTag]); err == nil {
					f.Tagged[id] = append(f.Tagged[id], i)
				}
			}
		}
		return first
	}
	return r
}
