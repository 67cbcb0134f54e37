// Package observe reads from AWS what a decision needs, for all nodes of a
// round at once, so that a thousand nodes cost about as many calls as one.
package observe

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Facts are what one round saw. Maps are shared by all nodes of the round.
type Facts struct {
	Instances  map[string]cloud.Instance // by id; those asked for and visible
	Tagged     map[int][]cloud.Instance  // by node id tag; only on a sweep
	Details    map[string]cloud.Details  // by instance id
	NoDetails  map[string]string         // instance id -> why its details cannot be had
	Groups     map[string]cloud.TargetGroup
	Targets    map[string][]cloud.Target    // by target group
	Alarms     map[string]cloud.Alarm       // by name; those that exist
	Subnets    []cloud.Subnet               // destinations
	Shortages  map[string]record.Shortage   // zone#type
	Zones      []cloud.Zone                 // what EC2 says of them; none if that cannot be read
	Shifts     []cloud.Shift                // active; none if that cannot be read
	Reserved   []cloud.Reserve              // with room; none if that cannot be read
	Mounts     map[string][]cloud.Mount     // by file system
	NoFiles    map[string]bool              // file systems that EFS says this account has none of; another's may exist
	Scheduled  map[string][]cloud.Scheduled // by instance id; none of one without any
	Failing    map[string]cloud.Failing     // by instance id; those whose application EC2 calls impaired
	Template   map[contract.Template]cloud.Blueprint
	NoTemplate map[contract.Template]error
	// Unseen says which parts could not be read in this round, and why. A decision
	// that needs such a part waits; the others go on.
	Unseen map[Part]error
	Sweep  bool // that the node was looked at as a sweep does
	// PowerAt is when the instances were asked for: their power states are at least as new.
	PowerAt time.Time

	later map[Part]map[string]bool // what there was no room for in this round
}

// Part is a part of the facts that is read by itself.
type Part string

// Parts that a round can do without.
const (
	PartTargets   Part = "targets"
	PartAlarms    Part = "alarms"
	PartPlaces    Part = "places"
	PartTemplates Part = "templates"
	PartDetails   Part = "details"
	PartTagged    Part = "tagged"
	PartMounts    Part = "mounts"
	PartScheduled Part = "scheduled events"
	PartFailing   Part = "application status"
	PartZones     Part = "zones" // without it candidates are chosen as if all zones were well
)

// Observer reads facts.
type Observer struct {
	Ports cloud.Ports
	Store record.Store
	IDTag string
	VPC   string
	Now   func() time.Time
	// Memory keeps for a while what changes slowly, and whose turn it was.
	Memory *Memory
	// Purse, if given, bounds the calls by the API budgets.
	Purse Purse
	// Gang, if given, makes calls side by side.
	Gang Gang
}

// instancesPerCall is how many values a filter of DescribeInstances takes.
const instancesPerCall = 200

// Calls is how many calls of DescribeInstances the needs take.
func Calls(needs []Need) int { return pages(len(merge(needs).instances), instancesPerCall) }

func pages(n, size int) int { return (n + size - 1) / size }

// Read makes the calls that the needs take together, side by side: a recovery waits
// for the slowest of them, not for their sum. An error means that nothing can be
// decided in this round: without the instances' power states nothing can.
func (o Observer) Read(ctx context.Context, needs []Need, now time.Time) (Facts, error) {
	if o.Memory == nil {
		o.Memory = &Memory{}
	}
	f := Facts{
		Instances: map[string]cloud.Instance{}, Tagged: map[int][]cloud.Instance{},
		Details: map[string]cloud.Details{}, NoDetails: map[string]string{},
		Groups: map[string]cloud.TargetGroup{}, Targets: map[string][]cloud.Target{},
		Alarms: map[string]cloud.Alarm{}, Template: map[contract.Template]cloud.Blueprint{},
		NoTemplate: map[contract.Template]error{}, Mounts: map[string][]cloud.Mount{}, NoFiles: map[string]bool{}, Scheduled: map[string][]cloud.Scheduled{}, Failing: map[string]cloud.Failing{}, Unseen: map[Part]error{},
	}
	all := merge(needs)
	power := budget.Cost{API: budget.DescribeInstances, Tokens: float64(pages(len(all.instances), instancesPerCall))}
	if !o.take(power) {
		return f, ErrLater
	}
	readings := make([]reading, len(parts))
	var calls []call
	for i, p := range parts {
		readings[i] = p.plan(o, all, &f, now)
		calls = append(calls, readings[i].calls...)
	}
	var err error
	if len(all.instances) > 0 {
		calls = append(calls, func(ctx context.Context) { err = o.instances(ctx, all, &f) })
	}
	f.PowerAt = o.Now() // not after any of the calls
	o.each(ctx, len(calls), func(ctx context.Context, i int) { calls[i](ctx) })
	for i, p := range parts {
		if readings[i].note == nil {
			continue
		}
		if err := readings[i].note(); err != nil {
			f.Unseen[p.part] = err
		}
	}
	if err := o.paid(err, power); err != nil {
		return f, err
	}
	if err := o.details(ctx, all, &f, now); err != nil {
		f.Unseen[PartDetails] = err
	}
	return f, nil
}

// call is one call of AWS or the table. It writes where no other call does.
type call func(context.Context)

// reading is how one part of the facts is read: calls that are made side by side with
// those of the other parts, and what is made of their answers when all are there.
// What is shared, as budgets and facts, is touched by plan and note only, which run
// one after the other.
type reading struct {
	calls []call
	note  func() error // nil: there is nothing to read
}

// parts are what is read side by side with the instances. That a part may be a few
// milliseconds newer or older than the power states does no harm: a decision is made
// after all of them, and whatever it rests on may have changed since. What a grant
// rests on, power, gates and quarantine, is one answer of DescribeInstances.
var parts = []struct {
	part Part
	plan func(Observer, wants, *Facts, time.Time) reading
}{
	{PartTargets, Observer.targets},
	{PartAlarms, Observer.alarms},
	{PartPlaces, Observer.places},
	{PartZones, Observer.health},
	{PartMounts, Observer.mounts},
	{PartTemplates, Observer.templates},
	{PartTagged, Observer.tagged},
	{PartScheduled, Observer.scheduled},
	{PartFailing, Observer.failing},
}

// wants is the union of all needs without repeats: sorted, or, where not all can
// be had in one round, in the nodes' order.
type wants struct {
	instances               []string
	details, groups, alarms wantList
	templates               []contract.Template
	tagged                  []int
	types, files            []string
	scheduled, failing      []string
	places, health          bool
	recalled                bool
}

func merge(needs []Need) wants {
	var w wants
	templates := map[contract.Template]bool{}
	for _, n := range needs {
		w.instances = append(w.instances, n.Instances...)
		w.details.add(n.Rank, n.Details...)
		w.groups.add(n.Rank, n.Targets...)
		w.alarms.add(0, n.Alarms...) // in turn: the brake must know all of them
		w.places, w.health = w.places || n.Places, w.health || n.Health
		if n.Health {
			w.types = append(w.types, n.Types...)
		}
		w.files = append(w.files, n.Mounts...)
		w.recalled = w.recalled || n.Recalled
		w.scheduled, w.failing = append(w.scheduled, n.Scheduled...), append(w.failing, n.Failing...)
		for _, t := range n.Templates {
			templates[t] = true
		}
		if n.Tagged != 0 {
			w.tagged = append(w.tagged, n.Tagged)
		}
	}
	for _, list := range []*[]string{&w.instances, &w.types, &w.files, &w.scheduled, &w.failing} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	w.templates = slices.SortedFunc(maps.Keys(templates), func(a, b contract.Template) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
	slices.Sort(w.tagged)
	return w
}

func (o Observer) instances(ctx context.Context, w wants, f *Facts) error {
	found, err := o.Ports.Compute.Instances(ctx, w.instances)
	if err != nil {
		return fmt.Errorf("observe instances: %w", err)
	}
	for _, i := range found {
		f.Instances[i.ID] = i
	}
	return nil
}
