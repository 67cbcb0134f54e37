package command

import (
	"context"
	"sync"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) statusCommand() *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "All nodes: where they run, their phases, pauses and holds",
		Long: `status lists every node of the Region, or of one switcher: its instance and
Availability Zone, the phase of its switch and since when, how long its last recovery
took (from the failure to serving), until when it is paused, and what holds it.

Above the nodes it shows how long ago the switcher last looked at all of them. After
3 min that is stale: the switcher, its schedule or its permissions fail, and the phases
may be out of date.

With --check the exit code is 4 when a node is held, the brake is on, or the last sweep
is stale.`,
		Example: "  recoveryctl status\n  recoveryctl status --switcher prod --json | jq '.switchers[].nodes[] | select(.hold)'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, all, err := c.open(cmd.Context())
			if err != nil {
				return err
			}
			st := view.Status{Region: a.Region}
			for _, s := range all {
				one, err := c.statusOf(cmd.Context(), s)
				if err != nil {
					return err
				}
				st.Switchers = append(st.Switchers, one)
			}
			if err := c.show(st); err != nil {
				return err
			}
			if check && st.Attention() {
				return attend("a node is held, recoveries are switched off, or the switcher has stopped looking at its nodes", "recoveryctl show ID shows what to do about a hold, recoveryctl doctor what is wrong with the switcher")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "exit with 4 when a node is held, the brake is on, or the last sweep is older than 3 min")
	return cmd
}

func (c *cli) statusOf(ctx context.Context, s account.Switcher) (view.SwitcherStatus, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return view.SwitcherStatus{}, err
	}
	last, err := newest(ctx, s, nodes)
	if err != nil {
		return view.SwitcherStatus{}, err
	}
	sweep, err := c.sweep(ctx, s, len(nodes))
	if err != nil {
		return view.SwitcherStatus{}, err
	}
	st := view.SwitcherStatus{Name: s.Config.Name, VPC: s.Config.VPC, Sweep: sweep, Brake: view.NewBrake(decide.SwitchedOff(nodes)), Nodes: []view.NodeStatus{}}
	for i, n := range nodes {
		st.Nodes = append(st.Nodes, view.NewNode(n, last[i], c.Now()))
	}
	return st, nil
}

// sweep reads when the switcher last looked at all of its nodes.
func (c *cli) sweep(ctx context.Context, s account.Switcher, nodes int) (view.Sweep, error) {
	lease, _, err := s.Store.Lease(ctx)
	if err != nil {
		return view.Sweep{}, account.Explain(err, "read when switcher "+s.Config.Name+" last looked at its nodes")
	}
	return view.NewSweep(lease, nodes, c.Now()), nil
}

// newest reads the newest finished switch of each node, several at once.
func newest(ctx context.Context, s account.Switcher, nodes []record.Node) ([]*record.History, error) {
	const together = 16
	last, errs := make([]*record.History, len(nodes)), make([]error, len(nodes))
	slots := make(chan struct{}, together)
	var all sync.WaitGroup
	for i := range nodes {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			past, err := s.Store.Histories(ctx, nodes[i])
			if len(past) > 0 {
				last[i] = &past[len(past)-1]
			}
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, account.Explain(err, "read the history")
		}
	}
	return last, nil
}
