package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) historyCommand() *cobra.Command {
	most := 0
	cmd := &cobra.Command{
		Use:   "history [ID]",
		Short: "What was done: each switch with its phases, and each operator's order",
		Long: `history lists the finished switches of a node, or of all nodes, with the length of each
phase, the reason, the number of calls that changed something, and the operators' orders
with who gave them and why. The order is that in which they ended: a switch counts from
its end, an order from when it was given. A switch that is under way is in status.`,
		Example: "  recoveryctl history 7\n  recoveryctl history --last 20 --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if most < 0 {
				return usage("--last is negative", "give the number of entries, or 0 for all")
			}
			h := view.History{Entries: []view.Entry{}}
			if len(args) == 1 {
				if err := c.entriesOf(cmd.Context(), &h, args[0]); err != nil {
					return err
				}
			} else if err := c.allEntries(cmd.Context(), &h); err != nil {
				return err
			}
			h.Sort(most)
			return c.show(h)
		},
	}
	cmd.Flags().IntVar(&most, "last", 0, "show only so many entries, those that ended last (0: all)")
	return cmd
}

// entriesOf adds what happened to one node, also to one that was deleted since.
func (c *cli) entriesOf(ctx context.Context, h *view.History, arg string) error {
	p, err := c.find(ctx, arg)
	if err == nil {
		h.Region = p.Region
		return entries(ctx, h, p.Switcher, p.node)
	}
	var missing *account.Problem
	id, bad := contract.ParseNodeID(arg)
	if bad != nil || !errors.As(err, &missing) || missing.Kind != account.Missing {
		return err
	}
	a, all, openErr := c.open(ctx)
	if openErr != nil {
		return err
	}
	h.Region = a.Region
	for _, s := range all {
		if err := entries(ctx, h, s, record.Node{ID: id}); err != nil {
			return err
		}
	}
	if len(h.Entries) == 0 {
		return err
	}
	return nil
}

func (c *cli) allEntries(ctx context.Context, h *view.History) error {
	a, all, err := c.open(ctx)
	if err != nil {
		return err
	}
	h.Region = a.Region
	for _, s := range all {
		nodes, err := s.Nodes(ctx)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if err := entries(ctx, h, s, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries adds what happened to a node.
func entries(ctx context.Context, h *view.History, s account.Switcher, node record.Node) error {
	past, err := s.Store.Histories(ctx, node)
	if err != nil {
		return account.Explain(err, contract.HistoryPartition(s.Config.VPC, node.ID))
	}
	for _, x := range past {
		h.Entries = append(h.Entries, view.NewSwitch(s.Config.Name, x))
	}
	orders, err := s.Store.Actions(ctx, node.ID)
	if err != nil {
		return account.Explain(err, contract.HistoryPartition(s.Config.VPC, node.ID))
	}
	for _, x := range orders {
		h.Entries = append(h.Entries, view.NewOrder(s.Config.Name, x))
	}
	return nil
}
