package observe

import (
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Ahead adds what a switch of a node at rest takes to begin with the same look: how
// its instance is made, its targets, and where it could go.
func (need *Need) Ahead(n record.Node) {
	if n.Phase != record.Done && n.Phase != record.Suspected || n.Grant == nil {
		return
	}
	need.Details = append(need.Details, n.Grant.Instance)
	need.Targets = groupsOf(n)
	need.Places, need.Health = true, true
	if n.Template != n.Settings.Template && n.Settings.Template.ID != "" && !slices.Contains(need.Templates, n.Settings.Template) {
		need.Templates = append(need.Templates, n.Settings.Template)
	}
}

// Covers reports whether a look at what need names also shows what more names. The
// instance known by itself need not be looked at.
func (need Need) Covers(more Need, known string) bool {
	asked := append(slices.Clone(need.Instances), known)
	return covers(asked, more.Instances) && covers(need.Details, more.Details) && covers(need.Targets, more.Targets) &&
		covers(need.Alarms, more.Alarms) && covers(need.Mounts, more.Mounts) && covers(need.Scheduled, more.Scheduled) && covers(need.Failing, more.Failing) &&
		covers(need.Templates, more.Templates) && (need.Places || !more.Places) && (need.Health || !more.Health) &&
		(need.Recalled || !more.Recalled) && (more.Tagged == 0 || more.Tagged == need.Tagged)
}
