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
	Targets    map[string][]cloud.Target // by target group
	Alarms     map[string]cloud.Alarm    // by name; those that exist
	Subnets    []cloud.Subnet            // destinations
	Shortages  map[string]time.Time      // zone#type -> until
	Template   map[contract.Template]cloud.Blueprint
	NoTemplate map[contract.Template]error
	// Unseen says which parts could not be read in this round, and why. A decision
	// that needs such a part waits; the others go on.
	Unseen map[Part]error
	Sweep  bool
	// PowerAt is when the instances were asked for: their power states are at least as new.
	PowerAt time.Time
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
)

// Need says what the decision about one node rests on.
type Need struct {
	Instances []string
	Details   []string // instances that must be described whole
	Targets   []string // target groups
	Alarms    []string
	Places    bool // destination subnets and remembered shortages
	Template  *contract.Template
	Tagged    int // node id whose tag to search for, 0: none
}

// NeedOf returns what deciding on the node takes in its phase.
func NeedOf(n record.Node, sweep bool, now time.Time) Need {
	var need Need
	if n.Grant != nil {
		need.Instances = append(need.Instances, n.Grant.Instance)
	}
	for _, c := range n.Condemned {
		need.Instances = append(need.Instances, c.Instance)
	}
	s := n.Switch
	if s != nil && s.Instance != "" {
		need.Instances = append(need.Instances, s.Instance)
	}
	switch n.Phase {
	case record.Suspected:
		need.Alarms = n.Settings.Alarms
	case record.Confirmed:
		if s != nil && !s.Recorded {
			need.Details = []string{s.From}
			need.Targets = groupsOf(n)
			if n.Template != n.Settings.Template {
				need.Template = &n.Settings.Template
			}
		}
	case record.Launching:
		need.Places = true
		if s != nil && !s.Recorded {
			need.Template = &n.Settings.Template
		}
	case record.Serving:
		need.Targets = groupsOf(n)
		if n.Grant != nil && !n.Grant.ServedAt.IsZero() {
			need.Alarms = n.Settings.Alarms
		}
	case record.Deleting:
		need.Targets = groupsOf(n)
	case record.Done:
		need.Alarms = n.Settings.Alarms
		if sweep {
			need.Tagged = n.ID
			if n.Unsettled(now) {
				need.Targets = groupsOf(n)
			}
		}
	case record.Fencing, record.Gated, record.Deleted:
	}
	return need
}

func groupsOf(n record.Node) []string {
	groups := make([]string, 0, len(n.Settings.Groups))
	for _, g := range n.Settings.Groups {
		groups = append(groups, g.ARN)
	}
	for _, t := range n.Targets {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group) // a group the settings no longer name
		}
	}
	return groups
}

// Observer reads facts.
type Observer struct {
	Ports cloud.Ports
	Store record.Store
	IDTag string
	VPC   string
	Now   func() time.Time
}

// Read makes the calls that the needs take together. An error means that nothing
// can be decided in this round: without the instances' power states nothing can.
func (o Observer) Read(ctx context.Context, needs []Need, now time.Time, sweep bool) (Facts, error) {
	f := Facts{
		Instances: map[string]cloud.Instance{}, Tagged: map[int][]cloud.Instance{},
		Details: map[string]cloud.Details{}, NoDetails: map[string]string{},
		Groups: map[string]cloud.TargetGroup{}, Targets: map[string][]cloud.Target{},
		Alarms: map[string]cloud.Alarm{}, Template: map[contract.Template]cloud.Blueprint{},
		NoTemplate: map[contract.Template]error{}, Unseen: map[Part]error{}, Sweep: sweep,
	}
	all := merge(needs)
	for _, p := range []struct {
		part Part
		read func(context.Context, wants, *Facts, time.Time) error
	}{
		{PartTargets, o.targets},
		{PartAlarms, o.alarms},
		{PartPlaces, o.places},
		{PartTemplates, o.templates},
		{PartTagged, o.tagged},
	} {
		if err := p.read(ctx, all, &f, now); err != nil {
			f.Unseen[p.part] = err
		}
	}
	// After the others, so that power states are the freshest facts of the round.
	f.PowerAt = o.Now()
	if err := o.instances(ctx, all, &f); err != nil {
		return f, err
	}
	if err := o.details(ctx, all, &f); err != nil {
		f.Unseen[PartDetails] = err
	}
	return f, nil
}

// wants is the union of all needs, each list sorted and without repeats.
type wants struct {
	instances, details, groups, alarms []string
	templates                          []contract.Template
	tagged                             []int
	places                             bool
}

func merge(needs []Need) wants {
	var w wants
	templates := map[contract.Template]bool{}
	for _, n := range needs {
		w.instances = append(w.instances, n.Instances...)
		w.details = append(w.details, n.Details...)
		w.groups = append(w.groups, n.Targets...)
		w.alarms = append(w.alarms, n.Alarms...)
		w.places = w.places || n.Places
		if n.Template != nil {
			templates[*n.Template] = true
		}
		if n.Tagged != 0 {
			w.tagged = append(w.tagged, n.Tagged)
		}
	}
	for _, list := range []*[]string{&w.instances, &w.details, &w.groups, &w.alarms} {
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
	if len(w.instances) == 0 {
		return nil
	}
	found, err := o.Ports.Compute.Instances(ctx, w.instances)
	if err != nil {
		return fmt.Errorf("observe instances: %w", err)
	}
	for _, i := range found {
		f.Instances[i.ID] = i
	}
	return nil
}
