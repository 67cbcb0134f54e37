package observe

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Need says what the decision about one node rests on.
type Need struct {
	Instances []string
	Details   []string // instances that must be described whole
	Targets   []string // target groups
	Alarms    []string
	Places    bool     // destination subnets and remembered shortages
	Health    bool     // of the zones, and reserved capacity
	Types     []string // instance types to look for reserved capacity of, with Places
	Templates []contract.Template
	Mounts    []string // file systems whose mount targets to read
	Tagged    int      // node id whose tag to search for, 0: none
	Scheduled []string // instances whose scheduled events to look for
	Recalled  bool     // whether an event was withdrawn matters now: what is remembered of them is too old
	Failing   []string // instances whose application status to look at
	// Rank says how urgent the reads are that not all nodes can have in one round.
	Rank int
	// Fresh says that the alarms must have been read in this very round: something
	// told of the node a moment ago.
	Fresh bool
}

// Ranks of needs.
const (
	rankServing = iota // waits for its health only
	rankSwitch         // under way
	rankRest
)

// NeedOf returns what deciding on the node takes in its phase.
func NeedOf(n record.Node, sweep bool, p contract.Policy, now time.Time) Need {
	var need Need
	if n.Grant != nil {
		need.Instances = append(need.Instances, n.Grant.Instance)
	}
	for _, c := range n.Condemned {
		need.Instances = append(need.Instances, c.Instance)
	}
	s := n.Switch
	if s != nil && s.Instance != "" {
		need.Instances = append(need.Instances, s.Instance)
	}
	if s == nil {
		s = &record.Switch{Recorded: true} // a damaged record needs nothing
	}
	switch n.Phase {
	case record.Draining:
		need.draining(n)
	case record.Suspected:
		need.Alarms, need.Failing = n.Settings.Alarms, failingOf(n)
	case record.Confirmed:
		need.Health = s.Gate
		need.Alarms = alarmsOfCancel(n)
		need.Mounts = mountsOfFence(n, p, now) // of one that an earlier switch forced off
		if !s.Recorded {
			need.Details = []string{s.From}
			need.Targets = groupsOf(n)
			if n.Template != n.Settings.Template {
				need.Templates = []contract.Template{n.Settings.Template}
			}
		} else {
			need.Templates = templatesOfChange(n)
		}
	case record.Fencing:
		need.Places, need.Health = true, true // while the fence is awaited, so that it costs no time later
		need.Mounts = mountsOfFence(n, p, now)
	case record.Launching:
		need.Places, need.Health = true, true
		need.Alarms = alarmsOfCancel(n)
		if s.Kind == record.KindAdopt {
			need = needOfAdoption(n)
		} else if !s.Recorded {
			need.Templates = []contract.Template{n.Settings.Template}
		} else {
			need.Templates = templatesOfChange(n)
		}
		if s.Restart {
			need.Targets = groupsOf(n)
		}
		need.Mounts = mountsOfFence(n, p, now)
	case record.Gated:
		need.Mounts = mountsOfFence(n, p, now)
	case record.Serving:
		need.serving(n, p, now)
	case record.Deleting:
		need.Targets = groupsOf(n)
		need.Tagged = n.ID
		need.Mounts = mountsOfFence(n, p, now)
		for _, made := range n.Remade {
			need.Mounts = append(need.Mounts, made.FileSystem)
		}
		if s.Retain != "" {
			need.Instances = append(need.Instances, s.Retain)
		}
	case record.Done, record.Deleted:
		need.atRest(n, sweep, p, now)
	}
	need.Types = n.Types()
	need.Rank = rankOf(n)
	return need
}

// draining is what preparing a planned switch takes.
func (need *Need) draining(n record.Node) {
	need.Alarms, need.Targets, need.Failing = n.Settings.Alarms, groupsOf(n), failingOf(n)
	if n.Switch != nil && n.Switch.Kind == record.KindUpdate {
		need.Templates = []contract.Template{n.Settings.Template}
	}
	if n.Grant != nil { // else a round without them would look as if AWS had withdrawn its notice
		need.Scheduled, need.Recalled = []string{n.Grant.Instance}, true
	}
}

// serving adds the needs of a switch until the replacement is healthy, and then until the
// switch ends.
func (need *Need) serving(n record.Node, p contract.Policy, now time.Time) {
	need.Targets = groupsOf(n)
	if n.Grant == nil {
		return
	}
	served := !n.Grant.ServedAt.IsZero()
	if served || overdue(n.Grant.GrantedAt, p.HealthSeconds-soon, now) {
		need.Alarms = n.Settings.Alarms
	}
	if served {
		need.Mounts = mountsOfEnd(n)
	}
}

// templatesOfChange are what a deployment wants since the switch settled its blueprint,
// and what the node was before: whether they say the same.
func templatesOfChange(n record.Node) []contract.Template {
	sw, want := n.Switch, n.Settings.Template
	if sw.Failed != "" || sw.LastGood || want.ID == "" || want == n.Template || want == n.Rejected {
		return nil
	}
	if sw.Fallback == nil {
		return []contract.Template{want}
	}
	return []contract.Template{want, sw.Fallback.Template}
}

// failingOf is the instance whose application EC2 checks for the node.
func failingOf(n record.Node) []string {
	if n.Settings.StatusCheck == "" || n.Grant == nil {
		return nil
	}
	return []string{n.Grant.Instance}
}

// needOfAdoption is what making a node of a running instance takes.
func needOfAdoption(n record.Node) Need {
	return Need{Instances: []string{n.Settings.Adopt}, Details: []string{n.Settings.Adopt}, Targets: groupsOf(n)}
}

// atRest is what looking at a node takes of which nothing is under way.
func (need *Need) atRest(n record.Node, sweep bool, p contract.Policy, now time.Time) {
	done := n.Phase == record.Done
	if done {
		need.Alarms = n.Settings.Alarms
	}
	if want := n.Settings.Template; done && n.Request != nil && n.Settings.AtOnce && want != n.Template {
		need.Templates = []contract.Template{want, n.Template} // whether anything changes at all
	}
	if !sweep {
		return
	}
	if done {
		need.Tagged = n.ID
		need.Mounts = mountsOfFence(n, p, now)
		if n.Grant != nil {
			need.Scheduled = []string{n.Grant.Instance}
			need.Failing = failingOf(n)
		}
	}
	if done && n.Unsettled(now) || len(n.Condemned) > 0 {
		need.Targets = groupsOf(n)
	}
	if n.Retained != "" {
		need.Instances = append(need.Instances, n.Retained)
	}
}

func rankOf(n record.Node) int {
	switch {
	case n.Phase == record.Serving && n.Grant != nil && n.Grant.ServedAt.IsZero():
		return rankServing
	case n.Phase == record.Done || n.Phase == record.Deleted || n.Phase == record.Serving:
		return rankRest
	default:
		return rankSwitch
	}
}

// soon is how many seconds before a limit what matters then is read.
const soon = 20

func overdue(since time.Time, limit int, now time.Time) bool {
	return now.Sub(since) >= time.Duration(limit)*time.Second
}

// alarmsOfCancel are the alarms that could show that the failed instance is healthy
// again while its switch can still be cancelled.
func alarmsOfCancel(n record.Node) []string {
	s := n.Switch
	if s.Kind != record.KindRecover || s.Attempts > 0 || n.Phase == record.Launching && (!s.Gate || s.FenceFirst) {
		return nil
	}
	return n.Settings.Alarms
}

// mountsOfFence are the file systems whose mount targets the storage fence rests on,
// where that fence is allowed and due, or holds.
func mountsOfFence(n record.Node, p contract.Policy, now time.Time) []string {
	var files []string
	under := n.Phase == record.Fencing || n.Phase == record.Gated
	fences := under || n.Phase == record.Confirmed || n.Phase == record.Launching // a switch may still wait for a proof
	if n.Settings.Escalation == contract.EscalateStorage && under && overdue(n.Since, p.FenceSeconds-soon, now) {
		files = append(files, n.Settings.FileSystem)
	}
	for _, c := range n.Condemned {
		if c.FileSystem != "" && !slices.Contains(files, c.FileSystem) {
			files = append(files, c.FileSystem)
		}
		if own := n.Settings.FileSystem; own != "" && fences && c.Asked == cloud.ForceOff && !slices.Contains(files, own) {
			files = append(files, own) // it is cut off when EC2 says that it is off
		}
	}
	return files
}

// mountsOfEnd are the file systems of which the end of a switch must say whether the
// node's zone has a mount target.
func mountsOfEnd(n record.Node) []string {
	if n.Settings.Escalation != contract.EscalateStorage || n.Settings.FileSystem == "" {
		return nil
	}
	return []string{n.Settings.FileSystem}
}

func groupsOf(n record.Node) []string {
	groups := make([]string, 0, len(n.Settings.Groups))
	for _, g := range n.Settings.Groups {
		groups = append(groups, g.ARN)
	}
	for _, t := range n.Targets {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group) // a group the settings no longer name
		}
	}
	return groups
}
