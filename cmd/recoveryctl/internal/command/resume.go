package command

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) resumeCommand() *cobra.Command {
	var o ordering
	var all bool
	cmd := &cobra.Command{
		Use:   "resume ID | --all",
		Short: "End a pause",
		Long: `resume ends the pause of a node, or of all nodes of a VPC. The switcher looks at them at
once: one that failed meanwhile is recovered now.`,
		Example: "  recoveryctl resume 7\n  recoveryctl resume --all --switcher prod",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, nodes, err := c.subjects(cmd.Context(), args, all)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(nodes, func(n record.Node) bool { return n.Paused(c.Now()) }) {
				done := Ordered{Kind: contract.DetailResume, Switcher: p.Config.Name, Nodes: []int{}, At: c.Now().UTC(), text: subject(nodes, all) + " not paused: nothing to do"}
				return c.show(done)
			}
			done, err := c.give(cmd.Context(), p, nodes, account.Order{Kind: contract.DetailResume, Node: p.node.ID, Reason: o.reason}, o.wait)
			if err != nil {
				return err
			}
			done.text = subject(nodes, all) + " recovered again when need be"
			return c.show(done)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all nodes of the switcher's VPC")
	o.flags(cmd)
	return cmd
}
