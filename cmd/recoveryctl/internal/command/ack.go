package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) ackCommand() *cobra.Command {
	var o ordering
	cmd := &cobra.Command{
		Use:   "ack ID",
		Short: "Acknowledge a node's failures: end its hold and its cool-down",
		Long: `ack tells the switcher that a person knows of a node's failures. A hold is tried again
at once, and what the cool-down and MaxSwitches count begins anew. Mend the cause
first: a node that keeps failing is held again.`,
		Example: "  recoveryctl ack 7 --reason \"image mended\"",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			done, err := c.give(cmd.Context(), p, []record.Node{p.node}, account.Order{Kind: contract.DetailAck, Node: p.node.ID, Reason: o.reason}, o.wait)
			if err != nil {
				return err
			}
			done.text = fmt.Sprintf("the failures of node %d are acknowledged", p.node.ID)
			return c.show(done)
		},
	}
	o.flags(cmd)
	return cmd
}
