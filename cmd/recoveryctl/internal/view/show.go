package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Node is what `show --json` prints: a node whole.
type Node struct {
	Region     string              `json:"region"`
	Switcher   string              `json:"switcher"`
	VPC        string              `json:"vpc"`
	Sweep      Sweep               `json:"sweep"`
	Status     NodeStatus          `json:"status"`
	Settings   contract.Settings   `json:"settings"`
	Blueprint  *cloud.Blueprint    `json:"blueprint,omitempty"`
	Targets    []Target            `json:"targets"`
	Alarms     []Alarm             `json:"alarms"`
	Condemned  []CondemnedInstance `json:"condemned"`
	Candidates []Candidate         `json:"candidates"`
	Others     []string            `json:"noCandidates"` // zones that are none now, and why
	Unread     []string            `json:"unread,omitempty"`
}

// Target is one registered target of the node.
type Target struct {
	Group  string `json:"group"`
	ID     string `json:"id"`
	Port   int    `json:"port"`
	Health string `json:"health"`
	Reason string `json:"reason,omitempty"`
	Own    bool   `json:"own"` // it is the node's present instance
}

// Alarm is one alarm of the node.
type Alarm struct {
	Name     string   `json:"name"`
	State    string   `json:"state"` // "absent" if there is none of the name
	Watches  []string `json:"watches,omitempty"`
	Believed bool     `json:"believed"` // it was OK at least once
}

// CondemnedInstance is an instance that is being cleared away.
type CondemnedInstance struct {
	Instance string `json:"instance"`
	Zone     string `json:"zone"`
	Epoch    int    `json:"epoch"`
	State    string `json:"state"`
}

// Candidate is a place where the node would be launched now.
type Candidate struct {
	Zone     string `json:"zone"`
	Subnet   string `json:"subnet"`
	Type     string `json:"type"`
	Free     int    `json:"freeAddresses"`
	Reserved bool   `json:"reserved"`
}

// Write writes it for people.
func (n Node) Write(w io.Writer, s Style) error {
	st := n.Status
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("node", "%d %s (switcher %s, %s, %s)", st.ID, st.Name, n.Switcher, n.VPC, n.Region)
	if n.Sweep.Stale {
		line("sweep", "%s", n.Sweep.line(s))
	}
	line("phase", "%s since %s (%s), epoch %d", st.Phase, Stamp(st.Since), Duration(s.Now.Sub(st.Since)), st.Epoch)
	line("instance", "%s in %s", dash(st.Instance), dash(st.Zone))
	if sw := st.Switch; sw != nil {
		line("switch", "%s %s since %s: %s", sw.Kind, sw.ID, Stamp(sw.Started), sw.Cause)
	}
	if p := st.Pause; p != nil {
		fmt.Fprintln(w, s.paint(yellow, fmt.Sprintf("%-11suntil %s by %s: %s", "paused", Stamp(p.Until), p.By, p.Reason)))
	}
	if h := st.Hold; h != nil {
		fmt.Fprintln(w, s.paint(red, fmt.Sprintf("%-11s%s %s\n%11s%s\n%11sdo: %s (next try %s)", h.Kind, h.Code, h.Text, "", h.Reason, "", h.Action, Stamp(h.RetryAt))))
	}
	for _, c := range n.Condemned {
		line("condemned", "%s in %s, %s, epoch %d", c.Instance, c.Zone, c.State, c.Epoch)
	}
	set := n.Settings
	line("settings", "gate %v, priority %d, template %s:%s, escalation %s", set.Gate, set.Priority, set.Template.ID, set.Template.Version, dash(set.Escalation))
	n.blueprint(line)
	for _, t := range n.Targets {
		own := ""
		if !t.Own {
			own = "  (not the present instance)"
		}
		line("target", "%s %s:%d %s%s%s", group(t.Group), t.ID, t.Port, t.Health, bracket(t.Reason), own)
	}
	for _, a := range n.Alarms {
		believed := "believed"
		if !a.Believed {
			believed = "not believed: it was never OK"
		}
		line("alarm", "%s %s, watches %s, %s", a.Name, a.State, dash(strings.Join(a.Watches, " ")), believed)
	}
	if len(n.Candidates) == 0 {
		fmt.Fprintln(w, s.paint(red, "candidates none"))
	}
	for i, c := range n.Candidates {
		reserved := ""
		if c.Reserved {
			reserved = ", capacity is reserved"
		}
		line("candidate", "%d. %s %s %s, %d addresses free%s", i+1, c.Zone, c.Subnet, c.Type, c.Free, reserved)
	}
	for _, o := range n.Others {
		line("not now", "%s", o)
	}
	for _, u := range n.Unread {
		fmt.Fprintln(w, s.paint(yellow, fmt.Sprintf("%-11s%s", "not read", u)))
	}
	return nil
}

func (n Node) blueprint(line func(name, format string, args ...any)) {
	b := n.Blueprint
	if b == nil {
		line("blueprint", "none is recorded")
		return
	}
	line("blueprint", "%s %s, key %s, profile %s", b.Image, b.Type, dash(b.KeyName), dash(b.Profile))
	for _, i := range b.Interfaces {
		line("", "interface %d: %s", i.Device, strings.Join(i.Groups, " "))
	}
	for _, v := range b.Volumes {
		line("", "volume %s: %d GiB %s", v.Device, v.SizeGiB, v.Kind)
	}
	tags := make([]string, 0, len(b.Tags))
	for _, k := range slices.Sorted(maps.Keys(b.Tags)) {
		tags = append(tags, k+"="+b.Tags[k])
	}
	line("", "tags: %s", strings.Join(tags, ", "))
}

// group is a target group's name, out of its ARN.
func group(arn string) string {
	if p := strings.Split(arn, "/"); len(p) == 3 {
		return p[1]
	}
	return arn
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
