package command

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "One node whole: blueprint, targets, alarms, and where it would go today",
		Long: `show prints a node's record beside what AWS shows of it now: the blueprint that a
replacement inherits, the targets in its target groups, its alarms and what they
watch, the instances that are being cleared away, and the candidates for a switch in
today's order, with the zones that are none and why. It only reads.`,
		Example: "  recoveryctl show 7\n  recoveryctl show 7 --json | jq .candidates",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			v, err := c.nodeView(cmd.Context(), p)
			if err != nil {
				return err
			}
			return c.show(v)
		},
	}
}

// look reads what AWS shows of a node now, and where it could be launched.
func (c *cli) look(ctx context.Context, p place) observe.Facts {
	n, s := p.node, p.Switcher
	need := observe.NeedOf(n, false, s.Config.Policy, c.Now())
	need.Alarms, need.Places, need.Health = n.Settings.Alarms, true, true
	need.Targets = nil
	for _, g := range n.Settings.Groups {
		need.Targets = append(need.Targets, g.ARN)
	}
	o := observe.Observer{Ports: s.Ports, Store: s.Store, IDTag: s.Config.IDTag, VPC: s.Config.VPC, Now: c.Now}
	f, err := o.Read(ctx, []observe.Need{need}, c.Now())
	if err != nil {
		f.Unseen["instances"] = err
	}
	return f
}

func (c *cli) nodeView(ctx context.Context, p place) (view.Node, error) {
	n := p.node
	last, err := newest(ctx, p.Switcher, []record.Node{n})
	if err != nil {
		return view.Node{}, err
	}
	sweep, err := c.sweep(ctx, p.Switcher, 1)
	if err != nil {
		return view.Node{}, err
	}
	f := c.look(ctx, p)
	v := view.Node{
		Region: p.Region, Switcher: p.Config.Name, VPC: p.Config.VPC, Sweep: sweep, Status: view.NewNode(n, last[0], c.Now()),
		Settings: n.Settings, Blueprint: discreet(n.Blueprint),
		Targets: targetsOf(n, f), Alarms: alarmsOf(n, f), Condemned: []view.CondemnedInstance{}, Candidates: []view.Candidate{}, Others: []string{},
	}
	for _, x := range n.Condemned {
		v.Condemned = append(v.Condemned, view.CondemnedInstance{Instance: x.Instance, Zone: x.Zone, Epoch: x.Epoch, State: cmp.Or(f.Instances[x.Instance].State, "not visible")})
	}
	list, why := decide.Candidates(decide.Input{Config: p.Config, Node: n, Facts: f, Now: c.Now()})
	for _, x := range list {
		v.Candidates = append(v.Candidates, view.Candidate{Zone: x.Zone, Subnet: x.ID, Type: x.Type, Free: x.Free, Reserved: x.Reserved})
	}
	if why != "" {
		v.Others = strings.Split(why, "; ")
	}
	for part, err := range f.Unseen {
		v.Unread = append(v.Unread, string(part)+": "+err.Error())
	}
	slices.Sort(v.Unread)
	return v, nil
}

// discreet is a blueprint without its user data, which often hold secrets: a digest
// tells whether two are equal.
func discreet(b *cloud.Blueprint) *cloud.Blueprint {
	if b == nil || b.UserData == "" {
		return b
	}
	copied := *b
	copied.UserData = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(b.UserData)))
	return &copied
}

// targetsOf lists the targets in the node's own places in its groups.
func targetsOf(n record.Node, f observe.Facts) []view.Target {
	list := []view.Target{}
	for _, g := range n.Settings.Groups {
		for _, t := range f.Targets[g.ARN] {
			own := n.Grant != nil && n.Grant.Has(t.ID)
			list = append(list, view.Target{Group: g.ARN, ID: t.ID, Port: t.Port, Health: t.Health, Reason: t.Reason, Own: own})
		}
	}
	return list
}

func alarmsOf(n record.Node, f observe.Facts) []view.Alarm {
	list := []view.Alarm{}
	for _, name := range n.Settings.Alarms {
		a, exists := f.Alarms[name]
		if !exists {
			a.State = "absent"
		}
		list = append(list, view.Alarm{Name: name, State: a.State, Watches: a.Instances, Believed: slices.Contains(n.Armed, name)})
	}
	return list
}
