package view

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Status is what `status --json` prints.
type Status struct {
	Region    string           `json:"region"`
	Switchers []SwitcherStatus `json:"switchers"`
}

// SwitcherStatus is one VPC.
type SwitcherStatus struct {
	Name  string       `json:"name"`
	VPC   string       `json:"vpc"`
	Sweep Sweep        `json:"sweep"`
	Brake Brake        `json:"brake"`
	Nodes []NodeStatus `json:"nodes"`
}

// Sweep is the age of the switcher's last look at every node of its VPC.
type Sweep struct {
	At  *time.Time `json:"at,omitempty"`         // when the last sweep ended; none yet: nil
	Age *float64   `json:"ageSeconds,omitempty"` // none yet: nil
	// Stale says that nothing has looked at the nodes for record.SweepStale, so that the state
	// shown may be out of date. A VPC without nodes is never stale.
	Stale bool `json:"stale"`
}

// NewSweep shows the last sweep of a VPC with so many nodes. The lease is zero if no
// invocation has ever led.
func NewSweep(l record.Lease, nodes int, now time.Time) Sweep {
	v := Sweep{Stale: nodes > 0 && l.Stale(now)}
	if !l.Swept.IsZero() {
		at, age := l.Swept.UTC(), max(0, now.Sub(l.Swept).Round(100*time.Millisecond).Seconds())
		v.At, v.Age = &at, &age
	}
	return v
}

// line is the sweep in words.
func (v Sweep) line(s Style) string {
	text := "last sweep: none yet"
	if v.Age != nil {
		text = fmt.Sprintf("last sweep: %s ago", Seconds(*v.Age))
	}
	if !v.Stale {
		return text
	}
	return s.paint(red, fmt.Sprintf("%s (stale after %s): the switcher is not looking at its nodes, and what follows may be out of date. Do: recoveryctl doctor", text, Duration(record.SweepStale)))
}

// Brake is the operators' brake.
type Brake struct {
	On     bool       `json:"on"`
	Since  *time.Time `json:"since,omitempty"`
	By     string     `json:"by,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// NodeStatus is one node.
type NodeStatus struct {
	ID       int         `json:"id"`
	Name     string      `json:"name"`
	Instance string      `json:"instance,omitempty"`
	Zone     string      `json:"zone,omitempty"`
	Phase    string      `json:"phase"`
	Epoch    int         `json:"epoch"`
	Since    time.Time   `json:"since"`
	Switch   *SwitchView `json:"switch,omitempty"`
	Recovery *float64    `json:"lastRecoverySeconds,omitempty"`
	Switched *time.Time  `json:"lastSwitchAt,omitempty"`
	Pause    *PauseView  `json:"pause,omitempty"`
	Hold     *HoldView   `json:"hold,omitempty"`
}

// SwitchView is the switch under way.
type SwitchView struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Started time.Time `json:"started"`
	Cause   string    `json:"cause"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
}

// PauseView is a pause.
type PauseView struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// HoldView is why a node does not go on.
type HoldView struct {
	Kind    string    `json:"kind"`
	Code    string    `json:"code"`
	Text    string    `json:"text"`
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
	RetryAt time.Time `json:"retryAt"`
	Action  string    `json:"action"`
}

// NewBrake shows the brake.
func NewBrake(off *record.Off) Brake {
	if off == nil {
		return Brake{}
	}
	since := off.Since.UTC()
	return Brake{On: true, Since: &since, By: off.By, Reason: off.Reason}
}

// NewNode shows a node. last is its newest finished switch, or nil.
func NewNode(n record.Node, last *record.History, now time.Time) NodeStatus {
	v := NodeStatus{ID: n.ID, Name: n.Name, Phase: string(n.Phase), Epoch: n.Epoch, Since: n.Since.UTC()}
	if g := n.Grant; g != nil {
		v.Instance, v.Zone = g.Instance, g.Zone
	}
	if s := n.Switch; s != nil {
		v.Switch = &SwitchView{ID: s.ID, Kind: s.Kind, Started: s.Started.UTC(), Cause: s.Cause.Detail, From: s.From, To: s.Instance}
		if v.Instance == "" {
			v.Instance, v.Zone = s.From, s.FromZone
		}
	}
	if last != nil {
		at := last.Finished.UTC()
		v.Switched = &at
		if last.Kind == record.KindRecover {
			v.Recovery = &last.Recovery
		}
	}
	if n.Paused(now) {
		v.Pause = &PauseView{Until: n.Pause.Until.UTC(), By: n.Pause.By, Reason: n.Pause.Reason}
	}
	if h := n.Hold; h != nil {
		d, _ := message.Find(message.Code(h.Code))
		v.Hold = &HoldView{Kind: string(h.Kind), Code: h.Code, Text: d.Text, Reason: h.Reason, Since: h.Since.UTC(), RetryAt: h.RetryAt.UTC(), Action: d.Action}
	}
	return v
}

// Write writes the table.
func (st Status) Write(w io.Writer, s Style) error {
	for i, sw := range st.Switchers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s  %s  %d nodes\n%s\n", sw.Name, sw.VPC, st.Region, len(sw.Nodes), sw.Sweep.line(s))
		if b := sw.Brake; b.On {
			fmt.Fprintln(w, s.paint(red, fmt.Sprintf("recoveries are switched off since %s by %s: %s", Stamp(*b.Since), dash(b.By), dash(b.Reason))))
		}
		if len(sw.Nodes) == 0 {
			continue
		}
		var t table
		t.add("", "ID", "NAME", "INSTANCE", "AZ", "PHASE", "EPOCH", "SINCE", "RECOVERY", "PAUSED UNTIL", "HELD BECAUSE")
		for _, n := range sw.Nodes {
			t.add(n.colour(), n.cells(s.Now)...)
		}
		if err := t.write(w, s); err != nil {
			return err
		}
	}
	return nil
}

func (n NodeStatus) cells(now time.Time) []string {
	recovery, paused, held := "-", "-", "-"
	if n.Recovery != nil {
		recovery = Seconds(*n.Recovery)
	}
	if n.Pause != nil {
		paused = Stamp(n.Pause.Until)
	}
	if n.Hold != nil {
		held = n.Hold.Code + " " + n.Hold.Text
	}
	return []string{
		strconv.Itoa(n.ID), dash(n.Name), dash(n.Instance), dash(n.Zone), n.Phase, strconv.Itoa(n.Epoch),
		Duration(now.Sub(n.Since)), recovery, paused, held,
	}
}

func (n NodeStatus) colour() string {
	switch {
	case n.Hold != nil:
		return red
	case n.Phase != string(record.Done) || n.Pause != nil:
		return yellow
	}
	return ""
}

// Attention reports whether something of it needs a person.
func (st Status) Attention() bool {
	for _, sw := range st.Switchers {
		if sw.Brake.On || sw.Sweep.Stale {
			return true
		}
		for _, n := range sw.Nodes {
			if n.Hold != nil {
				return true
			}
		}
	}
	return false
}
