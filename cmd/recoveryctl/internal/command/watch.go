package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func (c *cli) watchCommand() *cobra.Command {
	var wait bool
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "watch [ID]",
		Short: "Follow a switch, one line per phase",
		Long: `watch follows the switch of a node until the node serves again, and prints a line for
each phase and each hold. Without an ID it follows all nodes until it is interrupted.
When nothing is under way it says so, or waits for the next switch with --wait.

On a terminal the last line shows the present phase; elsewhere there are only lines of
what changed. With --json each change is one JSON object on a line. When AWS does not
answer a read, watch reports it and reads again.`,
		Example: "  recoveryctl watch 7\n  recoveryctl watch 7 --wait --timeout 1h --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.watchAll(cmd.Context(), limit)
			}
			p, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if p.node.Switch == nil && !wait {
				c.tell("node %d is %s: nothing is under way (--wait waits for the next switch)", p.node.ID, p.node.Phase)
				return nil
			}
			if p.node.Switch == nil {
				c.tell("node %d is %s: waiting for its next switch", p.node.ID, p.node.Phase)
			}
			_, err = c.follow(cmd.Context(), p, func(n record.Node) bool { return n.Epoch > p.node.Epoch || n.Switch != nil }, limit)
			return err
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait for the next switch when nothing is under way")
	cmd.Flags().DurationVar(&limit, "timeout", 0, "how long to watch at most (0: until it ends)")
	return cmd
}

// Change is one line of `watch --json`.
type Change struct {
	At      time.Time      `json:"at"`
	Node    int            `json:"node"`
	Event   string         `json:"event"` // "phase", "held", "released", "served"
	Phase   string         `json:"phase"`
	Epoch   int            `json:"epoch"`
	Seconds float64        `json:"seconds"` // since the cause of the switch: the failure, the order, the update
	Switch  string         `json:"switch,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Hold    *view.HoldView `json:"hold,omitempty"`
}

// progress notices what changes of a node.
type progress struct {
	cli     *cli
	phase   record.Phase
	hold    string
	started time.Time // of the switch, for the seconds
	live    bool      // a line without an end is on the terminal
}

// see prints what changed since the last look.
func (w *progress) see(n record.Node) error {
	if s := n.Switch; s != nil {
		w.started = s.Started
		if !s.Cause.At.IsZero() && s.Cause.At.Before(s.Started) {
			w.started = s.Cause.At
		}
	}
	now := w.cli.Now()
	ch := Change{Node: n.ID, Phase: string(n.Phase), Epoch: n.Epoch}
	if n.Switch != nil {
		ch.Switch = n.Switch.ID
	}
	if n.Phase != w.phase {
		w.phase = n.Phase
		ch.Event, ch.Detail, ch.At, ch.Seconds = "phase", describe(n), n.Since.UTC(), w.since(n.Since)
		if err := w.print(ch); err != nil {
			return err
		}
	}
	hold := view.NewNode(n, nil, now).Hold
	if key := holdKey(hold); key != w.hold {
		w.hold = key
		ch.Event, ch.Detail, ch.Hold, ch.At, ch.Seconds = "released", "", hold, now.UTC(), w.since(now)
		if hold != nil {
			ch.Event, ch.Detail = "held", fmt.Sprintf("%s %s: %s. Do: %s", hold.Code, hold.Text, hold.Reason, hold.Action)
		}
		if err := w.print(ch); err != nil {
			return err
		}
	}
	if w.cli.Live && !w.cli.json && n.Switch != nil {
		fmt.Fprintf(w.cli.Err, "\r\x1b[Knode %d  %s for %s ", n.ID, n.Phase, view.Duration(now.Sub(n.Since)))
		w.live = true
	}
	return nil
}

// since returns how long a moment is after what began the switch (event.Origin).
func (w *progress) since(t time.Time) float64 {
	if w.started.IsZero() {
		return 0
	}
	return max(0, t.Sub(w.started).Round(100*time.Millisecond).Seconds())
}

func holdKey(h *view.HoldView) string {
	if h == nil {
		return ""
	}
	return h.Code + " " + h.Kind
}

// print writes one change: people's lines are progress and go to standard error.
func (w *progress) print(ch Change) error {
	if w.cli.json {
		return json.NewEncoder(w.cli.Out).Encode(ch)
	}
	w.end()
	what := ch.Phase
	if ch.Event != "phase" {
		what = ch.Event
	}
	w.cli.tell("%s  node %d  %+7.1fs  %-10s %s", ch.At.Format("15:04:05Z"), ch.Node, ch.Seconds, what, ch.Detail)
	return nil
}

// end ends the live line.
func (w *progress) end() {
	if w.live {
		fmt.Fprint(w.cli.Err, "\r\x1b[K")
		w.live = false
	}
}

// describe says what is going on in a phase.
func describe(n record.Node) string {
	s := n.Switch
	switch {
	case n.Phase == record.Done && n.Grant != nil:
		return n.Grant.Instance + " in " + n.Grant.Zone + " carries the node"
	case s == nil:
		return ""
	}
	switch n.Phase {
	case record.Draining:
		return s.From + " finishes its requests"
	case record.Suspected:
		return s.Cause.Detail
	case record.Confirmed:
		return s.From + " in " + s.FromZone + " is condemned: " + s.Cause.Detail
	case record.Fencing:
		return s.From + " is being powered off"
	case record.Launching:
		return "a replacement is being asked for" + in(s)
	case record.Gated:
		return s.Instance + in(s) + " exists and has no grant yet"
	case record.Serving:
		if n.Grant != nil {
			return n.Grant.Instance + " in " + n.Grant.Zone + " is granted"
		}
	case record.Deleting:
		return "its instances are being removed"
	case record.Done, record.Deleted:
	}
	return ""
}

func in(s *record.Switch) string {
	if s.Launch == nil {
		return ""
	}
	return " in " + s.Launch.Zone
}

// follow watches a node until a switch of it has ended. begun says whether what is
// waited for has begun.
func (c *cli) follow(ctx context.Context, p place, begun func(record.Node) bool, limit time.Duration) (record.Node, error) {
	w, started, end := &progress{cli: c, phase: p.node.Phase}, false, c.deadline(limit)
	if p.node.Switch != nil {
		w.phase = "" // show where it is
	}
	defer w.end()
	for {
		n, err := readAgain(ctx, c, end, func(ctx context.Context) (record.Node, error) {
			w.end()
			return p.Node(ctx, p.node.ID)
		})
		if err != nil {
			return n, err
		}
		if err := w.see(n); err != nil {
			return n, err
		}
		started = started || begun(n)
		if over := n.Phase == record.Done || n.Phase == record.Deleted; started && over && n.Switch == nil {
			return n, c.ended(ctx, p, n, w, end)
		}
		if limit > 0 && !c.Now().Before(end) {
			return n, &account.Problem{Kind: account.Silent, What: fmt.Sprintf("node %d is still %s after %s", n.ID, n.Phase, limit), Hint: "it goes on by itself: recoveryctl watch " + fmt.Sprint(n.ID)}
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return n, account.Explain(err, "watch node "+fmt.Sprint(n.ID))
		}
	}
}

// ended tells how long the switch took that has just ended.
func (c *cli) ended(ctx context.Context, p place, n record.Node, w *progress, end time.Time) error {
	past, err := readAgain(ctx, c, end, func(ctx context.Context) ([]record.History, error) { return p.histories(ctx, n) })
	if err != nil || len(past) == 0 {
		return err
	}
	last := past[len(past)-1]
	if last.Epoch != n.Epoch {
		return nil // the switch was cancelled: there is no entry of it
	}
	lengths := make([]string, 0, len(last.Phases))
	for _, l := range view.Phases(last.Phases) {
		lengths = append(lengths, l.Phase+" "+view.Seconds(l.Seconds))
	}
	return w.print(Change{
		At: last.Finished.UTC(), Node: n.ID, Event: "served", Phase: string(n.Phase), Epoch: n.Epoch, Switch: last.Switch, Seconds: last.Recovery,
		Detail: fmt.Sprintf("serving %s after %s (%s)", view.Seconds(last.Recovery), event.Origin(last.Kind, last.Cause), strings.Join(lengths, ", ")),
	})
}

// watchAll follows every node until it is interrupted.
func (c *cli) watchAll(ctx context.Context, limit time.Duration) error {
	_, all, err := c.open(ctx)
	if err != nil {
		return err
	}
	return c.watchNodes(ctx, all, limit)
}

func (c *cli) watchNodes(ctx context.Context, all []account.Switcher, limit time.Duration) (err error) {
	watched, end := map[int]*progress{}, c.deadline(limit)
	first := true
	defer func() {
		if ctx.Err() != nil {
			err = nil // interrupted, as it is meant to end
		}
	}()
	for {
		for _, s := range all {
			nodes, err := readAgain(ctx, c, end, s.Nodes)
			if err != nil {
				return err
			}
			slices.SortFunc(nodes, func(a, b record.Node) int { return cmp.Compare(a.ID, b.ID) })
			for _, n := range nodes {
				w := watched[n.ID]
				if w == nil {
					w = &progress{cli: c}
					if first && n.Switch == nil && n.Hold == nil {
						w.phase = n.Phase // nothing to tell of
					}
					watched[n.ID] = w
				}
				if err := w.see(n); err != nil {
					return err
				}
				w.end()
			}
		}
		if first {
			c.tell("watching %d nodes", len(watched))
		}
		if first = false; limit > 0 && !c.Now().Before(end) {
			return nil
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}
