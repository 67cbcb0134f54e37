package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/rehearse"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Kinds of drills.
const (
	drillInstance    = "instance"
	drillApplication = "application"
	drillZone        = "az"
)

// drill is one drill's flags.
type drill struct {
	ordering
	kind, out        string
	objective, limit time.Duration
	yes              bool
}

func (c *cli) drillCommand() *cobra.Command {
	var d drill
	cmd := &cobra.Command{
		Use:   "drill ID",
		Short: "Break a node for real, and time its recovery",
		Long: `drill breaks a node for real, with your own credentials, follows its recovery, times
each phase, compares the whole with an objective, and writes a report in Markdown and
in JSON.

  instance      stops the node's instance (ec2:StopInstances)
  application   sets the node's application alarm to ALARM (cloudwatch:SetAlarmState), as
                a silent agent would; the application itself is left alone
  az            stops the instances of all nodes of the VPC that are in the node's zone

Before it breaks anything it rehearses the failure, and refuses when the node would not
be moved or the reports could not be written. It asks for a word that is not typed by
accident. The exit code is 4 when a node was not
recovered within the objective.`,
		Example: "  recoveryctl drill 7 --objective 90s --out reports\n  recoveryctl drill 7 --kind az --yes",
		Args:    exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.kind != drillInstance && d.kind != drillApplication && d.kind != drillZone {
				return usage(fmt.Sprintf("--kind is %q: allowed are application, instance and az", d.kind), cmd.UseLine())
			}
			if d.objective <= 0 {
				return usage("--objective is not positive", "for example --objective 2m")
			}
			if err := c.canAsk(d.yes); err != nil {
				return err
			}
			if err := writable(d.out); err != nil {
				return err
			}
			p, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.drill(cmd.Context(), p, d)
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.kind, "kind", drillInstance, "what to break: application, instance or az")
	f.DurationVar(&d.objective, "objective", 2*time.Minute, "how long a node may be down")
	f.StringVar(&d.out, "out", ".", "folder for the reports")
	f.DurationVar(&d.limit, "timeout", 30*time.Minute, "how long to wait for the recovery")
	f.BoolVar(&d.yes, "yes", false, "do not ask")
	offer(cmd, "kind", drillApplication, drillInstance, drillZone)
	d.flags(cmd)
	return cmd
}

func (c *cli) drill(ctx context.Context, p place, d drill) error {
	victims, err := c.victims(ctx, p, d.kind)
	if err != nil {
		return err
	}
	if err := c.drillable(ctx, p, d, victims); err != nil {
		return err
	}
	if err := c.confirm(d.yes, question(p, d, victims), word(p, d)); err != nil {
		return err
	}
	reason := d.kind
	if d.reason != "" {
		reason += ": " + d.reason
	}
	for _, n := range victims {
		o := account.Order{Kind: contract.DetailDrill, Node: n.ID, Reason: reason}
		if _, err := c.give(ctx, p, []record.Node{n}, o, d.wait); err != nil {
			return err
		}
	}
	by, err := p.Caller(ctx)
	if err != nil {
		return err
	}
	broke := c.Now().UTC()
	c.tell("%s  breaking %s", broke.Format("15:04:05Z"), names(victims))
	if err := harm(ctx, p, d, victims, reason); err != nil {
		return err
	}
	if err := c.recovered(ctx, p, victims, d.limit); err != nil {
		return err
	}
	r := DrillReport{
		Region: p.Region, Switcher: p.Config.Name, VPC: p.Config.VPC, Kind: d.kind, Reason: d.reason, By: by, BrokenAt: broke,
		ObjectiveSeconds: d.objective.Seconds(), Passed: true,
	}
	for _, n := range victims {
		one, err := c.drilled(ctx, p, n, broke, d)
		if err != nil {
			return err
		}
		r.Nodes, r.Passed = append(r.Nodes, one), r.Passed && one.Passed
	}
	files, err := r.save(d.out, p.node.ID)
	if err != nil {
		return err
	}
	c.tell("reports: %s", strings.Join(files, ", "))
	if err := c.show(r); err != nil {
		return err
	}
	if !r.Passed {
		return attend(fmt.Sprintf("the objective of %s was not met", d.objective), "the report says which phase took how long")
	}
	return nil
}

// victims are the nodes that the drill breaks.
func (c *cli) victims(ctx context.Context, p place, kind string) ([]record.Node, error) {
	if p.node.Grant == nil {
		return nil, attend(fmt.Sprintf("node %d is carried by no instance", p.node.ID), fmt.Sprintf("recoveryctl show %d tells why", p.node.ID))
	}
	if kind != drillZone {
		return []record.Node{p.node}, nil
	}
	nodes, err := p.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(nodes, func(n record.Node) bool { return n.Grant == nil || n.Grant.Zone != p.node.Grant.Zone }), nil
}

// drillable says why the drill must not begin: a node that would not be recovered
// would stay broken.
func (c *cli) drillable(ctx context.Context, p place, d drill, victims []record.Node) error {
	for _, n := range victims {
		if n.Phase != record.Done || n.Hold != nil || n.Paused(c.Now()) {
			return attend(fmt.Sprintf("node %d is not at rest, is held or is paused: it would not be recovered", n.ID), fmt.Sprintf("recoveryctl show %d", n.ID))
		}
		if d.kind == drillApplication && applicationAlarm(p, n) == "" {
			return attend(fmt.Sprintf("node %d has no application alarm that is believed", n.ID), "recoveryctl doctor tells why; or drill --kind instance")
		}
	}
	sweep, err := c.sweep(ctx, p.Switcher, len(victims))
	if err != nil {
		return err
	}
	if sweep.Stale {
		return attend(fmt.Sprintf("switcher %s has not looked at its nodes for more than %s: node %d would not be recovered", p.Config.Name, record.SweepStale, p.node.ID), "recoveryctl doctor shows what is wrong with it")
	}
	if off := decide.SwitchedOff(victims); off != nil {
		return attend("recoveries are switched off by "+off.By+": "+off.Reason, "recoveryctl brake off")
	}
	asIs, err := c.rehearse(ctx, p, rehearse.Question{Node: p.node.ID})
	if err != nil {
		return err
	}
	if asIs.Outcome != "nothing" {
		return attend(fmt.Sprintf("before anything is broken %s", asIs.Summary), fmt.Sprintf("recoveryctl watch %d, then begin again", p.node.ID))
	}
	q := rehearse.Question{Node: p.node.ID, FailNode: true}
	if d.kind == drillZone {
		q = rehearse.Question{Node: p.node.ID, FailZone: p.node.Grant.Zone}
	}
	plan, err := c.rehearse(ctx, p, q)
	if err != nil {
		return err
	}
	if err := moves(plan); err != nil {
		return err
	}
	c.tell("rehearsed: %s", plan.Summary)
	return nil
}

// applicationAlarm is the node's, if it is believed.
func applicationAlarm(p place, n record.Node) string {
	name := contract.AlarmName(p.Config.Name, n.ID, contract.AlarmApplication)
	if slices.Contains(n.Settings.Alarms, name) && slices.Contains(n.Armed, name) {
		return name
	}
	return ""
}

func question(p place, d drill, victims []record.Node) string {
	return fmt.Sprintf("This breaks %s in Region %s for real (%s). Each is down until it is recovered.", names(victims), p.Region, d.kind)
}

// word is what the operator types: the zone, or the node's name.
func word(p place, d drill) string {
	if d.kind == drillZone {
		return p.node.Grant.Zone
	}
	return p.node.Name
}

func names(nodes []record.Node) string {
	list := make([]string, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, fmt.Sprintf("node %d (%s)", n.ID, n.Name))
	}
	return strings.Join(list, ", ")
}

// harm breaks the nodes.
func harm(ctx context.Context, p place, d drill, victims []record.Node, reason string) error {
	if d.kind == drillApplication {
		return p.SetAlarm(ctx, applicationAlarm(p, p.node), "drill: "+reason)
	}
	ids := make([]string, 0, len(victims))
	for _, n := range victims {
		ids = append(ids, n.Grant.Instance)
	}
	return p.StopInstances(ctx, ids)
}

// recovered follows the nodes until all serve from another instance.
func (c *cli) recovered(ctx context.Context, p place, victims []record.Node, limit time.Duration) error {
	was, watched, end := map[int]string{}, map[int]*progress{}, c.Now().Add(limit)
	for _, n := range victims {
		was[n.ID], watched[n.ID] = n.Grant.Instance, &progress{cli: c, phase: n.Phase}
	}
	for {
		nodes, err := readAgain(ctx, c, end, p.Nodes)
		if err != nil {
			return err
		}
		left := 0
		for _, n := range nodes {
			w := watched[n.ID]
			if w == nil {
				continue
			}
			if err := w.see(n); err != nil {
				return err
			}
			if n.Phase != record.Done || n.Switch != nil || n.Grant == nil || n.Grant.Instance == was[n.ID] {
				left++
			} else {
				w.end()
			}
		}
		if left == 0 {
			return nil
		}
		if !c.Now().Before(end) {
			return &account.Problem{Kind: account.Silent, What: fmt.Sprintf("%d nodes are not recovered after %s", left, limit), Hint: "they are broken: recoveryctl status tells what holds them"}
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return account.Explain(err, "follow the drill")
		}
	}
}

// drilled is what became of one node.
func (c *cli) drilled(ctx context.Context, p place, before record.Node, broke time.Time, want drill) (DrilledNode, error) {
	end := broke.Add(want.limit)
	after, err := readAgain(ctx, c, end, func(ctx context.Context) (record.Node, error) { return p.Node(ctx, before.ID) })
	if err != nil {
		return DrilledNode{}, err
	}
	past, err := readAgain(ctx, c, end, func(ctx context.Context) ([]record.History, error) { return p.histories(ctx, after) })
	if err != nil {
		return DrilledNode{}, err
	}
	d := DrilledNode{ID: before.ID, Name: before.Name, From: before.Grant.Instance, FromZone: before.Grant.Zone, Phases: []view.PhaseLength{}}
	if g := after.Grant; g != nil {
		d.To, d.ToZone = g.Instance, g.Zone
		d.DownSeconds = seconds(g.ServedAt.Sub(broke))
	}
	if n := len(past); n > 0 && past[n-1].Epoch == after.Epoch {
		h := past[n-1]
		d.Switch, d.Calls, d.Attempts = h.Switch, h.Effects, h.Attempts
		d.NoticedSeconds = max(0, seconds(h.Started.Sub(broke)))
		d.Phases = view.Phases(h.Phases)
	}
	d.Passed = d.To != "" && d.DownSeconds <= want.objective.Seconds()
	return d, nil
}

func seconds(d time.Duration) float64 { return d.Round(100 * time.Millisecond).Seconds() }
