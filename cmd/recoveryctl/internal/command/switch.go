package command

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/rehearse"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) switchCommand() *cobra.Command {
	var o ordering
	var to string
	var dry, yes bool
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "switch ID",
		Short: "Move a node to another zone, planned",
		Long: `switch moves a node that is well to another Availability Zone: it is taken out of its
target groups, its requests under way are finished, its operating system shuts down by
itself, and a replacement takes over. A failure meanwhile makes a recovery of it.

It refuses first when the node cannot be moved, or not to the zone that --to names.
Then it shows what would be done, asks, gives the order and follows the switch to its
end. If EC2 has no room in the zone by then, the next candidate is taken. With --dry-run
it only shows. Without a terminal --yes is needed.`,
		Example: "  recoveryctl switch 7 --dry-run\n  recoveryctl switch 7 --to eu-west-1b --yes --reason \"kernel update\"",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := c.canAsk(yes || dry); err != nil {
				return err
			}
			p, err := c.find(ctx, args[0])
			if err != nil {
				return err
			}
			if err := c.knownZone(ctx, p, "--to", to); err != nil {
				return err
			}
			if err := c.movable(p, to); err != nil {
				return err
			}
			plan, err := c.rehearse(ctx, p, rehearse.Question{Node: p.node.ID, Switch: true, To: to})
			if err != nil {
				return err
			}
			if err := movesTo(plan, to); err != nil {
				return err
			}
			if dry {
				return c.show(plan)
			}
			if err := plan.Write(c.Err, view.Style{Now: c.Now()}); err != nil {
				return err
			}
			if err := c.confirm(yes, fmt.Sprintf("Node %d does not serve while it is moved.", p.node.ID), "yes"); err != nil {
				return err
			}
			done, err := c.give(ctx, p, []record.Node{p.node}, account.Order{Kind: contract.DetailSwitch, Node: p.node.ID, To: to, Reason: o.reason}, o.wait)
			if err != nil {
				return err
			}
			if o.wait == 0 {
				done.text = fmt.Sprintf("node %d is to be moved: recoveryctl watch %d", p.node.ID, p.node.ID)
				return c.show(done)
			}
			return c.followSwitch(cmd, p, done, limit)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the Availability Zone to move to (default: the best candidate)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what would be done")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().DurationVar(&limit, "timeout", 30*time.Minute, "how long to follow the switch")
	o.flags(cmd)
	return cmd
}

// movable says early and in plain words why a node cannot be moved now.
func (c *cli) movable(p place, to string) error {
	n := p.node
	switch {
	case n.Switch != nil || n.Phase != record.Done:
		return attend(fmt.Sprintf("node %d is %s: a switch is under way already", n.ID, n.Phase), fmt.Sprintf("follow it with recoveryctl watch %d", n.ID))
	case n.Paused(c.Now()):
		return attend(fmt.Sprintf("node %d is paused until %s by %s: %s", n.ID, view.Stamp(n.Pause.Until), n.Pause.By, n.Pause.Reason), fmt.Sprintf("end the pause first: recoveryctl resume %d", n.ID))
	case n.Grant == nil:
		return attend(fmt.Sprintf("node %d is carried by no instance", n.ID), fmt.Sprintf("recoveryctl show %d tells why", n.ID))
	case to == n.Grant.Zone:
		return usage(fmt.Sprintf("node %d is in %s already", n.ID, to), fmt.Sprintf("recoveryctl show %d lists the candidates", n.ID))
	}
	return nil
}

// moves reports an error for a plan that would not move the node.
func moves(p Plan) error {
	if p.Outcome == "moved" {
		return nil
	}
	return attend(p.Summary, fmt.Sprintf("recoveryctl show %d lists the candidates and what excludes the other zones", p.Node))
}

// movesTo reports an error for a plan that would not move the node to the zone wanted.
func movesTo(p Plan, zone string) error {
	if err := moves(p); err != nil || zone == "" || p.To.Zone == zone {
		return err
	}
	return attend(fmt.Sprintf("%s is no candidate now: node %d would be moved to %s", zone, p.Node, p.To.Zone),
		fmt.Sprintf("recoveryctl show %d lists the candidates and what excludes the other zones", p.Node))
}

func (c *cli) followSwitch(cmd *cobra.Command, p place, done Ordered, limit time.Duration) error {
	now, err := readAgain(cmd.Context(), c, c.deadline(limit), func(ctx context.Context) (record.Node, error) { return p.Node(ctx, p.node.ID) })
	if err != nil {
		return err
	}
	if now.Switch == nil && now.Epoch == p.node.Epoch {
		return attend(fmt.Sprintf("the switcher took the order up and did not begin: something changed since node %d was looked at", now.ID),
			fmt.Sprintf("recoveryctl plan %d tells how it stands now", now.ID))
	}
	end, err := c.follow(cmd.Context(), p, func(n record.Node) bool { return n.Switch != nil || n.Epoch > p.node.Epoch }, limit)
	if err != nil {
		return err
	}
	if end.Grant == nil || end.Grant.Instance == p.node.Grant.Instance {
		return attend(fmt.Sprintf("node %d was not moved: the switch was called off", end.ID), fmt.Sprintf("recoveryctl history %d --last 3", end.ID))
	}
	if done.To != "" && end.Grant.Zone != done.To {
		return attend(fmt.Sprintf("node %d is carried by %s in %s now, not in %s", end.ID, end.Grant.Instance, end.Grant.Zone, done.To),
			fmt.Sprintf("EC2 had no room there, or another order came first: recoveryctl history %d", end.ID))
	}
	done.Nodes = slices.Compact(append(done.Nodes, end.ID))
	done.text = fmt.Sprintf("node %d is carried by %s in %s now", end.ID, end.Grant.Instance, end.Grant.Zone)
	return c.show(done)
}
