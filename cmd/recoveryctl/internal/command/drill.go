package command

import "github.com/spf13/cobra"

func (c *cli) drillCommand() *cobra.Command {
	return &cobra.Command{Use: "drill ID", Args: exactly("ID")}
}
