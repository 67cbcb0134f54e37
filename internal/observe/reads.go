package observe

import (
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
	// Four attributes, each a call, and the volumes.
	costs := []budget.Cost{{API: budget.DescribeAttribute, Tokens: 4}, {API: budget.DescribeVolumes, Tokens: 1}}
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

func (o Observer) targets(ctx context.Context, w wants, f *Facts, now time.Time) error {
	costs := one(budget.Balancers, budget.BalancerReads)
	arns := o.chosen(PartTargets, w.groups, f, now, func(i int) bool {
		return (i%groupsPerCall != 0 || o.take(costs...)) && o.take(costs...)
	})
	if len(arns) == 0 {
		return nil
	}
	groups, err := o.groups(ctx, arns)
	if err := o.paid(err, costs...); err != nil {
		return fmt.Errorf("observe target groups: %w", err)
	}
	found, errs := make([][]cloud.Target, len(groups)), make([]error, len(groups))
	o.each(ctx, len(groups), func(ctx context.Context, k int) {
		found[k], errs[k] = o.Ports.Balancers.Targets(ctx, groups[k].ARN)
	})
	var first error
	for k, g := range groups {
		f.Groups[g.ARN], f.Targets[g.ARN] = g, found[k]
		if err := o.paid(errs[k], costs...); err != nil && !cloud.Is(err, cloud.NotFound) && first == nil {
			first = fmt.Errorf("observe the targets of %s: %w", g.ARN, err)
		}
	}
	return first
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
func (o Observer) alarms(ctx context.Context, w wants, f *Facts, now time.Time) error {
	costs, fit := one(budget.DescribeAlarms, budget.AlarmReads), &Facts{}
	names := o.chosen(PartAlarms, w.alarms, fit, now, func(i int) bool { return i%alarmsPerCall != 0 || o.take(costs...) })
	if len(names) == 0 && len(w.alarms.list) == 0 {
		return nil
	}
	m := o.Memory
	maps.DeleteFunc(m.alarms, func(_ string, a seenAlarm) bool { age := now.Sub(a.at); return age < 0 || age > alarmLife })
	if len(names) > 0 {
		found, err := o.Ports.Alarms.Alarms(ctx, names)
		if err := o.paid(err, costs...); err != nil {
			return fmt.Errorf("observe alarms: %w", err)
		}
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

// ForgetAlarm says that an alarm was changed: what was seen of it counts no more.
func (m *Memory) ForgetAlarm(name string) { delete(m.alarms, name) }

func (o Observer) places(ctx context.Context, w wants, f *Facts, now time.Time) error {
	if !w.places {
		return nil
	}
	var err error
	if f.Subnets, err = o.Ports.Compute.Subnets(ctx, o.VPC, contract.DestinationTag, "true"); err != nil {
		return fmt.Errorf("observe destination subnets: %w", err)
	}
	if f.Shortages, err = o.Store.Shortages(ctx, now); err != nil {
		return err
	}
	return nil
}

// templates reads launch templates. One that cannot be read for good is a fact
// about the nodes that name it.
func (o Observer) templates(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	for _, t := range w.templates {
		if !o.take(one(budget.DescribeTemplates)...) {
			f.postpone(PartTemplates, templateName(t))
			continue
		}
		b, err := o.Ports.Compute.Template(ctx, t.ID, t.Version)
		switch cloud.KindOf(err) {
		case "":
			f.Template[t] = b
		case cloud.NotFound, cloud.Invalid, cloud.Denied:
			f.NoTemplate[t] = err
		default:
			return fmt.Errorf("read launch template %s version %s: %w", t.ID, t.Version, o.paid(err, one(budget.DescribeTemplates)...))
		}
	}
	return nil
}

// tagged finds instances by their node-id tag.
func (o Observer) tagged(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	for part := range slices.Chunk(w.tagged, instancesPerCall) {
		values := make([]string, 0, len(part))
		for _, id := range part {
			values = append(values, strconv.Itoa(id))
		}
		if !o.take(one(budget.DescribeInstances)...) {
			for _, v := range values {
				f.postpone(PartTagged, v)
			}
			continue
		}
		found, err := o.Ports.Compute.TaggedInstances(ctx, o.IDTag, values)
		if err := o.paid(err, one(budget.DescribeInstances)...); err != nil {
			return fmt.Errorf("observe tagged instances: %w", err)
		}
		for _, i := range found {
			if id, err := contract.ParseNodeID(i.Tags[o.IDTag]); err == nil {
				f.Tagged[id] = append(f.Tagged[id], i)
			}
		}
	}
	return nil
}
