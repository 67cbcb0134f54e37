package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// ordering are the flags of commands that give an order.
type ordering struct {
	reason string
	wait   time.Duration
}

func (o *ordering) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it is kept in the history")
	cmd.Flags().DurationVar(&o.wait, "wait", timelimit.Scale(30*time.Second), "how long to wait until the switcher has taken the order up (0: do not wait)")
}

// Ordered is what a command that gave an order prints.
type Ordered struct {
	Order    string     `json:"order"` // its id
	Kind     string     `json:"kind"`
	Switcher string     `json:"switcher"`
	Nodes    []int      `json:"nodes"`
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until,omitempty"`
	To       string     `json:"to,omitempty"`
	Taken    bool       `json:"taken"` // the switcher has taken it up
	text     string
}

// Write writes one sentence.
func (o Ordered) Write(w io.Writer, _ view.Style) error {
	_, err := fmt.Fprintln(w, o.text)
	return err
}

// give gives an order and waits until every node of it has taken it up.
func (c *cli) give(ctx context.Context, p place, nodes []record.Node, o account.Order, wait time.Duration) (Ordered, error) {
	by, err := p.Caller(ctx)
	if err != nil {
		return Ordered{}, err
	}
	o.By = by
	r, err := p.Give(ctx, p.Switcher, o, c.Now())
	if err != nil {
		return Ordered{}, err
	}
	out := Ordered{Order: r.ID, Kind: o.Kind, Switcher: p.Config.Name, Nodes: []int{}, By: by, Reason: o.Reason, At: r.At, To: o.To}
	if !o.Until.IsZero() {
		until := o.Until.UTC()
		out.Until = &until
	}
	for _, n := range nodes {
		out.Nodes = append(out.Nodes, n.ID)
	}
	if wait == 0 {
		return out, nil
	}
	c.tell("order %s is given; waiting for the switcher to take it up", r.ID)
	out.Taken, err = c.taken(ctx, p, nodes, r, wait)
	if err == nil && !out.Taken {
		err = &account.Problem{
			Kind: account.Silent, What: fmt.Sprintf("the switcher has not taken the order up within %s", wait),
			Hint: "Lambda tries it again by itself; look with recoveryctl status, and into the log group /aws/lambda/" + p.Config.Function,
		}
	}
	return out, err
}

// taken waits until the records of all the nodes say that the order came.
func (c *cli) taken(ctx context.Context, p place, nodes []record.Node, r account.Receipt, wait time.Duration) (bool, error) {
	open := map[int]bool{}
	for _, n := range nodes {
		open[n.ID] = true
	}
	for end := c.Now().Add(wait); ; {
		now, err := readAgain(ctx, c, end, p.Nodes)
		if err != nil {
			return false, err
		}
		left := 0
		for _, n := range now {
			if open[n.ID] && !r.Seen(n) {
				left++
			}
		}
		if left == 0 {
			return true, nil
		}
		if !c.Now().Before(end) {
			return false, nil
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return false, account.Explain(err, "wait for the switcher")
		}
	}
}

// canAsk refuses a command that needs a confirmation and cannot ask for it. Commands call
// it before they read or print anything.
func (c *cli) canAsk(yes bool) error {
	if yes || c.Asks {
		return nil
	}
	return usage("confirmation required, but standard input is not a terminal", "give --yes")
}

// confirm asks the operator. Without a terminal there must have been --yes.
func (c *cli) confirm(yes bool, question, word string) error {
	if err := c.canAsk(yes); err != nil || yes {
		return err
	}
	fmt.Fprintf(c.Err, "%s\nType %s to go on: ", question, word)
	answer, err := bufio.NewReader(c.In).ReadString('\n')
	if strings.TrimSpace(answer) != word {
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the answer: %w", err)
		}
		return &account.Problem{Kind: account.Declined, What: "not confirmed: nothing was done"}
	}
	return nil
}
