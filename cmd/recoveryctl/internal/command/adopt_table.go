package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func (c *cli) adoptTableCommand() *cobra.Command {
	var o ordering
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "adopt-table ID | --all",
		Short: "Confirm that the table was restored, and let the nodes go on",
		Long: `adopt-table ends the hold WR309 of a node, or of all nodes of a VPC, after the switcher's
table was restored to an earlier point in time. The node's epoch is raised above every
epoch that is visible in EC2. The running instance of the highest epoch that is not
condemned carries the node; the node's other instances are stopped and terminated. A node
whose record is not older than its instances is left as it is.

Compare recoveryctl show with the instances in EC2 first (docs/operations.md).`,
		Example: "  recoveryctl adopt-table 7 --reason \"table restored to 12:00\"\n  recoveryctl adopt-table --all --switcher prod --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, nodes, err := c.subjects(cmd.Context(), args, all)
			if err != nil {
				return err
			}
			question := fmt.Sprintf("The records of %s become what is visible in EC2; instances of lower epochs are terminated.", subject(nodes, all))
			if err := c.confirm(yes, question, p.Config.Name); err != nil {
				return err
			}
			done, err := c.give(cmd.Context(), p, nodes, account.Order{Kind: contract.DetailAdoptTable, Node: p.node.ID, Reason: o.reason}, o.wait)
			if err != nil {
				return err
			}
			done.text = subject(nodes, all) + " confirmed as restored: the switcher goes on from what it sees in EC2"
			return c.show(done)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all nodes of the switcher's VPC")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for a confirmation")
	o.flags(cmd)
	return cmd
}
