package view

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// History is the output of `history --json`: switches and operators' orders. The one that
// ended last comes last.
type History struct {
	Region  string  `json:"region"`
	Entries []Entry `json:"entries"`
}

// Entry is one switch or one order.
type Entry struct {
	At       time.Time   `json:"at"`   // when a switch ended, or an order was given
	Type     string      `json:"type"` // "switch" or "order"
	Switcher string      `json:"switcher"`
	Node     int         `json:"node"`
	Switch   *PastSwitch `json:"switch,omitempty"`
	Order    *PastOrder  `json:"order,omitempty"`
}

// PastSwitch is a finished switch.
type PastSwitch struct {
	ID       string        `json:"id"`
	Kind     string        `json:"kind"`
	Epoch    int           `json:"epoch"`
	Cause    string        `json:"cause"`
	Reason   string        `json:"reason"`
	From     string        `json:"from,omitempty"`
	FromZone string        `json:"fromZone,omitempty"`
	To       string        `json:"to,omitempty"`
	ToZone   string        `json:"toZone,omitempty"`
	Started  time.Time     `json:"started"`
	Finished time.Time     `json:"finished"`
	Recovery float64       `json:"recoverySeconds"`
	Phases   []PhaseLength `json:"phases"`
	Attempts int           `json:"attempts"`
	Calls    int           `json:"calls"`
	// Missing lists the things that the node lacked when the switch ended.
	Missing []string `json:"missing,omitempty"`
}

// PhaseLength is how long a switch was in a phase.
type PhaseLength struct {
	Phase   string  `json:"phase"`
	Seconds float64 `json:"seconds"`
}

// PastOrder is an operator's order.
type PastOrder struct {
	Kind   string     `json:"kind"`
	By     string     `json:"by"`
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until,omitempty"`
	To     string     `json:"to,omitempty"`
}

// phaseOrder is the order of a switch's phases.
var phaseOrder = []record.Phase{
	record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Deleting, record.Done,
}

// Phases lists the lengths of phases in the order of a switch.
func Phases(lengths map[string]float64) []PhaseLength {
	names := slices.Collect(maps.Keys(lengths))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a, b))
	})
	list := make([]PhaseLength, 0, len(names))
	for _, n := range names {
		list = append(list, PhaseLength{n, lengths[n]})
	}
	return list
}

func rank(phase string) int {
	if i := slices.Index(phaseOrder, record.Phase(phase)); i >= 0 {
		return i
	}
	// "served" is a mark within serving.
	return slices.Index(phaseOrder, record.Deleting)
}

// NewSwitch shows a finished switch.
func NewSwitch(switcher string, h record.History) Entry {
	return Entry{At: h.Finished.UTC(), Type: "switch", Switcher: switcher, Node: h.Node, Switch: &PastSwitch{
		ID: h.Switch, Kind: h.Kind, Epoch: h.Epoch, Cause: h.Cause.Kind, Reason: h.Cause.Detail,
		From: h.From, FromZone: h.FromZone, To: h.To, ToZone: h.ToZone,
		Started: h.Started.UTC(), Finished: h.Finished.UTC(), Recovery: h.Recovery, Phases: Phases(h.Phases),
		Attempts: h.Attempts, Calls: h.Effects, Missing: h.Missing,
	}}
}

// NewOrder shows an operator's order.
func NewOrder(switcher string, a record.Action) Entry {
	o := &PastOrder{Kind: a.Kind, By: a.By, Reason: a.Reason, To: a.To}
	if !a.Until.IsZero() {
		until := a.Until.UTC()
		o.Until = &until
	}
	return Entry{At: a.At.UTC(), Type: "order", Switcher: switcher, Node: a.Node, Order: o}
}

// Sort puts the entries in the order in which they ended, and keeps the newest.
func (h *History) Sort(most int) {
	slices.SortStableFunc(h.Entries, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), a.Node-b.Node)
	})
	if most > 0 && len(h.Entries) > most {
		h.Entries = h.Entries[len(h.Entries)-most:]
	}
}

// Write writes the table. With details each switch has a line of its phases and its
// reason, and each order its reason.
func (h History) Write(w io.Writer, s Style) error {
	if len(h.Entries) == 0 {
		_, err := fmt.Fprintln(w, "nothing has happened yet")
		return err
	}
	for _, e := range h.Entries {
		if e.Order != nil {
			o := e.Order
			text := fmt.Sprintf("%s  node %d  %s by %s", Stamp(e.At), e.Node, o.Kind, dash(o.By))
			if o.Until != nil {
				text += " until " + Stamp(*o.Until)
			}
			if o.To != "" {
				text += " to " + o.To
			}
			fmt.Fprintf(w, "%s: %s\n", text, dash(o.Reason))
			continue
		}
		if err := e.Switch.write(w, e, s); err != nil {
			return err
		}
	}
	return nil
}

func (p PastSwitch) write(w io.Writer, e Entry, s Style) error {
	way := p.ToZone + " " + p.To
	if p.From != "" {
		way = p.FromZone + " " + p.From + " -> " + way
	}
	head := fmt.Sprintf("%s  node %d  %s %s  %s", Stamp(e.At), e.Node, p.Kind, p.ID, strings.TrimSpace(way))
	if p.Recovery > 0 {
		head += "  " + s.paint(green, fmt.Sprintf("serving %s after %s", Seconds(p.Recovery), event.Origin(p.Kind, record.Cause{Kind: p.Cause})))
	}
	fmt.Fprintln(w, head)
	lengths := make([]string, 0, len(p.Phases))
	for _, l := range p.Phases {
		lengths = append(lengths, l.Phase+" "+Seconds(l.Seconds))
	}
	fmt.Fprintf(w, "    why    %s\n", dash(p.Reason))
	fmt.Fprintf(w, "    phases %s\n", dash(strings.Join(lengths, ", ")))
	for _, missing := range p.Missing {
		fmt.Fprintf(w, "    %s %s\n", s.paint(red, "missing"), missing)
	}
	_, err := fmt.Fprintf(w, "    calls  %d, attempts %s, epoch %d\n", p.Calls, strconv.Itoa(p.Attempts), p.Epoch)
	return err
}
