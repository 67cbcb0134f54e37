package observe

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// details describes whole instances. That an instance cannot be described
// (terminated, for one) is a fact, not a failure of the round.
func (o Observer) details(ctx context.Context, w wants, f *Facts) error {
	for _, id := range w.details {
		i, ok := f.Instances[id]
		switch {
		case !ok:
			f.NoDetails[id] = id + " is not visible any more"
			continue
		case i.State == cloud.Terminated || i.State == cloud.ShuttingDown:
			f.NoDetails[id] = id + " is " + i.State
			continue
		}
		d, err := o.Ports.Compute.Details(ctx, i)
		switch {
		case cloud.Is(err, cloud.NotFound):
			f.NoDetails[id] = err.Error()
		case err != nil:
			return fmt.Errorf("describe %s whole: %w", id, err)
		default:
			f.Details[id] = d
		}
	}
	return nil
}

func (o Observer) targets(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	if len(w.groups) == 0 {
		return nil
	}
	groups, err := o.groups(ctx, w.groups)
	if err != nil {
		return fmt.Errorf("observe target groups: %w", err)
	}
	for _, g := range groups {
		f.Groups[g.ARN] = g
		ts, err := o.Ports.Balancers.Targets(ctx, g.ARN)
		if err != nil && !cloud.Is(err, cloud.NotFound) {
			return fmt.Errorf("observe the targets of %s: %w", g.ARN, err)
		}
		f.Targets[g.ARN] = ts
	}
	return nil
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

func (o Observer) alarms(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	if len(w.alarms) == 0 {
		return nil
	}
	alarms, err := o.Ports.Alarms.Alarms(ctx, w.alarms)
	if err != nil {
		return fmt.Errorf("observe alarms: %w", err)
	}
	for _, a := range alarms {
		f.Alarms[a.Name] = a
	}
	return nil
}

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
		b, err := o.Ports.Compute.Template(ctx, t.ID, t.Version)
		switch cloud.KindOf(err) {
		case "":
			f.Template[t] = b
		case cloud.NotFound, cloud.Invalid, cloud.Denied:
			f.NoTemplate[t] = err
		default:
			return fmt.Errorf("read launch template %s version %s: %w", t.ID, t.Version, err)
		}
	}
	return nil
}

// tagged finds instances by their node-id tag; a filter takes up to 200 values.
func (o Observer) tagged(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	const most = 200
	for start := 0; start < len(w.tagged); start += most {
		var values []string
		for _, id := range w.tagged[start:min(start+most, len(w.tagged))] {
			values = append(values, strconv.Itoa(id))
		}
		found, err := o.Ports.Compute.TaggedInstances(ctx, o.IDTag, values)
		if err != nil {
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
