package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// longestPause: a pause that nobody remembers leaves a node without protection.
const longestPause = 30 * 24 * time.Hour

func (c *cli) pauseCommand() *cobra.Command {
	var o ordering
	var length time.Duration
	var all bool
	cmd := &cobra.Command{
		Use:   "pause ID | --all",
		Short: "Do not recover a node for a while",
		Long: `pause keeps the switcher from recovering a node, or all nodes of a VPC, for a time: for
maintenance, or while somebody looks into a fault. A switch that is under way goes on.
What failed meanwhile is recovered when the pause ends. To hold all recoveries without
an end, use recoveryctl brake.`,
		Example: "  recoveryctl pause 7 --for 2h --reason \"new disks\"\n  recoveryctl pause --all --for 30m --reason \"network work\" --vpc vpc-0123",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case length <= 0 || length > longestPause:
				return usage(fmt.Sprintf("--for is %s: allowed is more than nothing and at most %s", length, longestPause), "for example --for 2h")
			case o.reason == "":
				return usage("--reason is missing", "say why, for whoever looks at it next")
			}
			p, nodes, err := c.subjects(cmd.Context(), args, all)
			if err != nil {
				return err
			}
			until := c.Now().Add(length).UTC().Truncate(time.Second)
			done, err := c.give(cmd.Context(), p, nodes, account.Order{Kind: contract.DetailPause, Node: p.node.ID, Until: until, Reason: o.reason}, o.wait)
			if err != nil {
				return err
			}
			done.text = fmt.Sprintf("%s paused until %s", subject(nodes, all), view.Stamp(until))
			return c.show(done)
		},
	}
	cmd.Flags().DurationVar(&length, "for", 0, "how long, at most 720h; required")
	cmd.Flags().BoolVar(&all, "all", false, "all nodes of the switcher's VPC")
	o.flags(cmd)
	return cmd
}

// subjects are the nodes that an order is about: one, or all of one switcher.
func (c *cli) subjects(ctx context.Context, args []string, all bool) (place, []record.Node, error) {
	if all == (len(args) == 1) {
		return place{}, nil, usage("say which node", "give a node id or --all, and not both")
	}
	if !all {
		p, err := c.find(ctx, args[0])
		return p, []record.Node{p.node}, err
	}
	p, err := c.one(ctx)
	if err != nil {
		return p, nil, err
	}
	nodes, err := p.Nodes(ctx)
	if err == nil && len(nodes) == 0 {
		err = &account.Problem{Kind: account.Missing, What: "switcher " + p.Config.Name + " has no nodes", Hint: "there is nothing to order"}
	}
	return p, nodes, err
}

func subject(nodes []record.Node, all bool) string {
	if all {
		return fmt.Sprintf("all %d nodes are", len(nodes))
	}
	return fmt.Sprintf("node %d is", nodes[0].ID)
}
