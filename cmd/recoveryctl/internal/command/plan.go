package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/rehearse"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) planCommand() *cobra.Command {
	var zone string
	var fails bool
	cmd := &cobra.Command{
		Use:   "plan ID",
		Short: "What the switcher would do now, or if a zone or the node failed",
		Long: `plan reads the records and what AWS shows, and lets the real engine work on a copy of
both in memory: the same decisions, and nothing is written. With --fail it assumes that
an Availability Zone fails, with --fail-node that the node's instance is off.

It shows the choice of places and the order of calls. It cannot know whether EC2 has
room, and it does not tell how long things take; recoveryctl history does.`,
		Example: "  recoveryctl plan 7\n  recoveryctl plan 7 --fail eu-west-1a",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if zone != "" && fails {
				return usage("--fail and --fail-node are both given", "give one of them")
			}
			p, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := c.knownZone(cmd.Context(), p, "--fail", zone); err != nil {
				return err
			}
			v, err := c.rehearse(cmd.Context(), p, rehearse.Question{Node: p.node.ID, FailZone: zone, FailNode: fails})
			if err != nil {
				return err
			}
			return c.show(v)
		},
	}
	cmd.Flags().StringVar(&zone, "fail", "", "assume that this Availability Zone fails")
	cmd.Flags().BoolVar(&fails, "fail-node", false, "assume that the node's instance is off")
	return cmd
}

// Plan is what `plan --json` and `switch --dry-run --json` print.
type Plan struct {
	Region   string          `json:"region"`
	Switcher string          `json:"switcher"`
	Node     int             `json:"node"`
	Outcome  string          `json:"outcome"` // "nothing", "moved", "held", "unfinished"
	Summary  string          `json:"summary"`
	From     *Where          `json:"from,omitempty"`
	To       *Where          `json:"to,omitempty"`
	Hold     *view.HoldView  `json:"hold,omitempty"`
	Steps    []rehearse.Step `json:"steps"`
	Assumed  []string        `json:"assumed"`
	Unread   []string        `json:"unread,omitempty"`
}

// Where is a place of a node.
type Where struct {
	Instance string `json:"instance,omitempty"` // none of one that would be launched
	Zone     string `json:"zone"`
	Subnet   string `json:"subnet"`
	Type     string `json:"type,omitempty"`
}

// rehearse asks what would become of a node.
func (c *cli) rehearse(ctx context.Context, p place, q rehearse.Question) (Plan, error) {
	a, err := rehearse.Ask(ctx, rehearse.Source{Config: p.Config, Ports: p.Ports, Store: p.Store}, q, c.Now().UTC())
	if err != nil {
		return Plan{}, account.Explain(err, fmt.Sprintf("plan node %d", q.Node))
	}
	v := Plan{Region: p.Region, Switcher: p.Config.Name, Node: q.Node, Steps: a.Steps, Assumed: a.Assumed, Unread: a.Unread}
	if v.Steps == nil {
		v.Steps = []rehearse.Step{}
	}
	slices.Sort(v.Unread)
	before, after := a.Before, a.After
	if g := before.Grant; g != nil {
		v.From = &Where{Instance: g.Instance, Zone: g.Zone, Subnet: g.Subnet}
	} else if s := before.Switch; s != nil && s.From != "" {
		v.From = &Where{Instance: s.From, Zone: s.FromZone}
	}
	v.Hold = view.NewNode(after, nil, c.Now()).Hold
	switch g := after.Grant; {
	case after.Epoch > before.Epoch && g != nil && after.Phase == record.Done && !before.Knows(g.Instance):
		v.Outcome, v.To = "moved", &Where{Zone: g.Zone, Subnet: g.Subnet, Type: a.Type}
		v.Summary = fmt.Sprintf("node %d would be moved to %s (%s, %s)", q.Node, g.Zone, g.Subnet, a.Type)
		if v.From != nil {
			v.Summary = fmt.Sprintf("node %d would be moved from %s to %s (%s, %s)", q.Node, v.From.Zone, g.Zone, g.Subnet, a.Type)
		}
	case v.Hold != nil:
		v.Outcome, v.Summary = "held", fmt.Sprintf("node %d would be %s in phase %s: %s %s: %s", q.Node, v.Hold.Kind, after.Phase, v.Hold.Code, v.Hold.Text, v.Hold.Reason)
	case after.Phase != record.Done:
		v.Outcome, v.Summary = "unfinished", fmt.Sprintf("node %d would be in phase %s", q.Node, after.Phase)
	default:
		v.Outcome, v.Summary = "nothing", fmt.Sprintf("node %d would stay where it is", q.Node)
		if n := len(v.Steps); n > 0 {
			v.Summary += ": " + v.Steps[n-1].Text
		}
	}
	return v, nil
}

// Write writes it for people.
func (p Plan) Write(w io.Writer, _ view.Style) error {
	fmt.Fprintln(w, p.Summary)
	for _, s := range p.Steps {
		name := s.Code
		if s.Call != "" {
			name = "call " + s.Call
		}
		fmt.Fprintf(w, "  %-10s %s %s\n", s.Phase, name, s.Text)
	}
	fmt.Fprintf(w, "assumed: %s\n", strings.Join(p.Assumed, "; "))
	for _, u := range p.Unread {
		fmt.Fprintf(w, "not read: %s\n", u)
	}
	return nil
}
