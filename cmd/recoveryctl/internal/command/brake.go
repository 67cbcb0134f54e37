package command

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) brakeCommand() *cobra.Command {
	var o ordering
	cmd := &cobra.Command{
		Use:   "brake on|off|status",
		Short: "Switch all recoveries of a VPC off and on, or see whether they are",
		Long: `brake on keeps the switcher from beginning any recovery in its VPC until brake off. A
switch that is under way goes on, and recoveryctl switch still works. Nodes that fail
meanwhile are held (WR211) and recovered when the brake is taken off.

brake status also tells whether the switcher's own brake holds nodes (WR206), because
more of them fail at once than one zone's failure explains.`,
		Example:   "  recoveryctl brake on --reason \"AWS event, hands off\"\n  recoveryctl brake status --switcher prod\n  recoveryctl brake off",
		ValidArgs: []string{"on", "off", "status"},
		Args:      exactly("on|off|status"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "on" && args[0] != "off" && args[0] != "status" {
				return usage(fmt.Sprintf("brake %q: allowed are on, off and status", args[0]), cmd.UseLine())
			}
			if args[0] == "on" && o.reason == "" {
				return usage("--reason is missing", "say why, for whoever looks at it next")
			}
			p, err := c.one(cmd.Context())
			if err != nil {
				return err
			}
			nodes, err := p.Nodes(cmd.Context())
			if err != nil {
				return err
			}
			on := args[0] == "on"
			if args[0] == "status" {
				return c.show(brakeStatus(p, nodes))
			}
			if len(nodes) == 0 {
				return &account.Problem{Kind: account.Missing, What: "switcher " + p.Config.Name + " has no nodes", Hint: "there is nothing to hold"}
			}
			done, err := c.give(cmd.Context(), p, nodes, account.Order{Kind: contract.DetailBrake, On: &on, Reason: o.reason, After: lastBrake(nodes)}, o.wait)
			if err != nil {
				return err
			}
			recoveries := map[bool]string{true: "off", false: "on"}[on]
			done.text = fmt.Sprintf("the brake is %s: recoveries of %d nodes of %s are switched %s", args[0], len(nodes), p.Config.VPC, recoveries)
			return c.show(done)
		},
	}
	o.flags(cmd)
	return cmd
}

// lastBrake is when the newest order about the brake was given that a record knows of.
func lastBrake(nodes []record.Node) time.Time {
	at := decide.SwitchedOn(nodes)
	for _, n := range nodes {
		if n.Off != nil && n.Off.Since.After(at) {
			at = n.Off.Since
		}
	}
	return at
}

// BrakeStatus is what `brake status --json` prints.
type BrakeStatus struct {
	Switcher string     `json:"switcher"`
	VPC      string     `json:"vpc"`
	Operator view.Brake `json:"operator"`
	// Held are the nodes that the switcher's own brake holds, and Reason is why.
	Held   []int  `json:"held"`
	Reason string `json:"reason,omitempty"`
}

func brakeStatus(p place, nodes []record.Node) BrakeStatus {
	b := BrakeStatus{Switcher: p.Config.Name, VPC: p.Config.VPC, Operator: view.NewBrake(decide.SwitchedOff(nodes)), Held: []int{}}
	for _, n := range nodes {
		if n.Hold != nil && n.Hold.Code == string(message.HeldBrake) {
			b.Held = append(b.Held, n.ID)
			b.Reason = n.Hold.Reason
		}
	}
	return b
}

// Write writes it for people.
func (b BrakeStatus) Write(w io.Writer, _ view.Style) error {
	if b.Operator.On {
		fmt.Fprintf(w, "operators' brake: on since %s by %s: %s\n", view.Stamp(*b.Operator.Since), b.Operator.By, b.Operator.Reason)
	} else {
		fmt.Fprintln(w, "operators' brake: off")
	}
	if len(b.Held) == 0 {
		_, err := fmt.Fprintln(w, "switcher's own brake: holds nothing")
		return err
	}
	_, err := fmt.Fprintf(w, "switcher's own brake: holds nodes %v: %s\n", b.Held, b.Reason)
	return err
}
