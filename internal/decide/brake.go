package decide

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Brake says whether recoveries of the VPC's nodes are held, because more of them
// "fail" at once than fail without a common cause: then it is the monitoring, a
// deployment or a person, and switching every node would only make it worse. An
// Availability Zone that fails is such a common cause, and is recovered.
type Brake struct {
	// Wide says that the VPC has enough nodes for the brake: then no switch begins
	// before all of them were looked at.
	Wide bool
	// Known says that all of them were looked at in this round.
	Known  bool
	On     bool
	Reason string
	// First is, by zone and for "" in all, the held node with the lowest id: it tells
	// people, the others do not.
	First map[string]int
	// Silent names the zones of which only the agents are silent, and why that is
	// held: a failure there is not believed unless EC2 itself shows it.
	Silent map[string]string
	// Off is the operators' brake, if it is on, and OffOver when it was last taken off.
	Off     *record.Off
	OffOver time.Time
}

// holds says why the brake holds a failure in a zone, or "".
func (b Brake) holds(zone string, c record.Cause) string {
	if b.On {
		return b.Reason
	}
	if !c.Independent {
		return b.Silent[zone]
	}
	return ""
}

// speaker is the node that tells people of the hold that a node in the zone is in.
func (b Brake) speaker(zone string) int {
	if b.On {
		return b.First[""]
	}
	return b.First[zone]
}

// waiting notes a node that fails and whose switch has not begun.
func (b Brake) waiting(id int, zone string) {
	for _, key := range []string{"", zone} {
		if b.First[key] == 0 || id < b.First[key] {
			b.First[key] = id
		}
	}
}

// BrakeFrom is the number of nodes from which the brake works: two nodes of two
// are no sign of anything.
const BrakeFrom = 5

// The measure of a common cause, in percent: at least so many of the failing
// nodes are in one zone, fewer of the nodes elsewhere fail, and for so many of the
// failing there is evidence that no agent or load balancer gave.
const (
	brakeOneZone     = 80
	brakeElsewhere   = 10
	brakeIndependent = 50
)

// brakeMemory is how long after a switch began its failure counts as one at the
// same time: as long as recovering many nodes takes.
const brakeMemory = 10 * time.Minute

// protects reports whether the brake counts the node: one that is in use and that
// a failure would switch.
func protects(n record.Node, now time.Time) bool {
	if n.Phase == record.Deleting || n.Phase == record.Deleted || n.Paused(now) {
		return false
	}
	return n.Switch == nil || n.Switch.Kind == record.KindRecover
}

// Wide reports whether the VPC has enough nodes for the brake. One that is paused or
// moved on purpose is still one of them: the others are no fewer for that.
func Wide(nodes []record.Node) bool {
	count := 0
	for _, n := range nodes {
		if n.Phase == record.Deleting || n.Phase == record.Deleted {
			continue
		}
		if sw := n.Switch; sw == nil || sw.Kind != record.KindCreate && sw.Kind != record.KindAdopt {
			count++
		}
	}
	return count >= BrakeFrom
}

// Beginning reports whether the node could begin a switch in this round, so that
// the brake must know of all nodes.
func Beginning(n record.Node, hinted, sweep bool, cfg contract.Config, now time.Time) bool {
	switch n.Phase {
	case record.Done:
		return hinted || sweep
	case record.Suspected:
		if n.Switch == nil {
			return false
		}
		c := n.Switch.Cause
		w := window(c, Brake{Wide: true}, cfg.Policy)
		return now.Sub(n.Since) >= w || c.Kind == event.CauseAlarm && now.Sub(c.At) >= w
	case record.Serving:
		return n.Grant != nil && !n.Grant.ServedAt.IsZero()
	default:
		return false
	}
}

// Judge decides on the brake from what all nodes look like. If alarms cannot be
// read, no alarm is a failure, here as in every other decision: what EC2 shows
// is judged by itself.
func Judge(cfg contract.Config, nodes []record.Node, f observe.Facts, now time.Time) Brake {
	b := Brake{Wide: Wide(nodes), Known: true, First: map[string]int{}, Silent: map[string]string{}, Off: SwitchedOff(nodes), OffOver: SwitchedOn(nodes)}
	if !b.Wide {
		return b
	}
	all, failing, shown := map[string]int{}, map[string]int{}, map[string]int{} // by zone
	total, failed, independent := 0, 0, 0
	for _, n := range nodes {
		if !protects(n, now) {
			continue
		}
		zone, cause, fails, waits := fails(cfg, n, f, now)
		all[zone]++
		total++
		if !fails {
			continue
		}
		failing[zone]++
		failed++
		if cause.Independent {
			independent++
			shown[zone]++
		}
		if waits {
			b.waiting(n.ID, zone)
		}
	}
	zones := slices.Sorted(maps.Keys(failing))
	for _, z := range zones {
		if failing[z] > 1 && failing[z]*100 > all[z]*cfg.Policy.BrakePercent && shown[z]*100 < failing[z]*brakeIndependent {
			b.Silent[z] = fmt.Sprintf("%d of %d nodes in %s fail at once, but EC2 itself shows a fault of %d of them only", failing[z], all[z], z, shown[z])
		}
	}
	if failed*100 <= total*cfg.Policy.BrakePercent {
		return b
	}
	worst := slices.MaxFunc(zones, func(x, y string) int { return failing[x] - failing[y] })
	here, elsewhere := failing[worst], failed-failing[worst]
	oneZone := here*100 >= failed*brakeOneZone && elsewhere*100 < max(1, total-all[worst])*brakeElsewhere
	if oneZone && independent*100 >= failed*brakeIndependent {
		return b
	}
	b.On = true
	why := "they share no Availability Zone"
	if oneZone {
		why = fmt.Sprintf("they are in %s, but EC2 itself shows a fault of %d of them only", worst, independent)
	}
	parts := make([]string, 0, len(zones))
	for _, z := range zones {
		parts = append(parts, fmt.Sprintf("%s %d of %d", z, failing[z], all[z]))
	}
	b.Reason = fmt.Sprintf("%d of %d nodes fail at once (%s) and %s", failed, total, strings.Join(parts, ", "), why)
	return b
}

// fails reports where the node is, and whether and why it fails or failed just
// now. waits: it fails and its switch has not begun.
func fails(cfg contract.Config, n record.Node, f observe.Facts, now time.Time) (zone string, c record.Cause, failed, waits bool) {
	if n.Grant != nil {
		s := &step{Input: Input{Config: cfg, Facts: f, Now: now}, n: n}
		zone = n.Grant.Zone
		c, failed = s.failure()
		failed = failed && s.ineligible() == ""
	}
	if l := n.Last; !failed && l != nil && now.Sub(l.At) < brakeMemory {
		return l.Zone, l.Cause, true, false
	}
	return zone, c, failed, failed && (n.Phase == record.Done || n.Phase == record.Suspected)
}

// Braked reports whether the brake holds the node: it is judged again whenever all
// nodes are, so that those of one zone are released together.
func Braked(n record.Node) bool { return n.Hold != nil && n.Hold.Code == string(message.HeldBrake) }

// brake holds the node together with all others that fail. One of them tells people.
func (s *step) brake(cause record.Cause) {
	reason := s.Brake.holds(s.n.Grant.Zone, cause) + "; this node: " + cause.Detail
	if s.n.ID == s.Brake.speaker(s.n.Grant.Zone) {
		s.hold(record.Held, message.HeldBrake, reason, s.retryAt())
		return
	}
	s.holdQuietly(record.Held, message.HeldBrake, reason, s.retryAt())
	s.out.Verdict = message.HeldBrake
}

// window is how long a failure of the node must last. EC2's own recovery of an
// instance whose status checks fail comes first where the node waits for that.
func (s *step) window(c record.Cause) time.Duration {
	w := window(c, s.Brake, s.Config.Policy)
	if c.Kind == event.CauseAlarm && c.Independent {
		w = max(w, seconds(s.n.Settings.AwaitRecovery))
	}
	return w
}

// window is how long a failure must last before a switch begins. Where the brake
// works, what only an agent reports must last long enough for a common fault of
// the agents to show.
func window(c record.Cause, b Brake, p contract.Policy) time.Duration {
	w := seconds(p.ConfirmSeconds)
	if c.Kind == causeAbsent {
		w = max(w, absentConfirm)
	}
	if b.Wide && !c.Independent {
		w = max(w, seconds(p.BrakeSeconds))
	}
	return w
}
