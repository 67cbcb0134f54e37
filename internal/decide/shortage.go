package decide

import (
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// shortage returns the lack of capacity that keeps a zone from being asked for the type. A
// person's order sets aside what was remembered before it: the operator may know that there
// is room again. A refusal by EC2 after the order counts as usual.
func (s *step) shortage(zone, kind string) (record.Shortage, bool) {
	lack, short := s.Facts.Shortages[contract.CapacityKey(zone, kind)]
	return lack, short && lack.Since.After(s.tryOrderedAt())
}

// tryOrderedAt returns when a person last ordered this node to be tried: by acknowledging its
// failures, or by the planned switch under way. Zero: never.
func (s *step) tryOrderedAt() time.Time {
	at := s.n.Acked
	if sw := s.n.Switch; sw != nil && sw.Kind == record.KindPlanned && sw.Cause.Kind == event.CauseOperator && sw.Started.After(at) {
		at = sw.Started
	}
	return at
}

// longestWait is the time that a node waits for remembered shortages to end before its
// places are read again: a person may have added a subnet.
const longestWait = 5 * time.Minute

// placeable returns the earliest time at which a node without a candidate may have one:
// when the first remembered lack of capacity ends. A place that is excluded for another
// reason, which may end at any moment, is looked at again after the policy's retry time.
// A zone that is excluded as long as the switch lasts counts for nothing.
func (s *step) placeable() time.Time {
	var at time.Time
	for _, kind := range s.n.Types() {
		for _, p := range s.Facts.Subnets {
			if p.Zone == s.n.Switch.FromZone && s.n.Switch.Kind != record.KindUpdate {
				continue
			}
			t, short := s.roomAt(p.Zone, kind)
			if !short {
				return s.retryAt()
			}
			if at.IsZero() || t.Before(at) {
				at = t
			}
		}
	}
	if at.IsZero() {
		return s.retryAt()
	}
	return earlier(at, s.Now.Add(longestWait))
}

// unfenced reports whether a person started a fenced instance of a node that waits for
// room. It is stopped again at once, however long the wait.
func (s *step) unfenced() bool {
	return s.n.Phase == record.Launching && s.n.Hold.Code == string(message.HeldNoCandidate) && !s.overlaps() &&
		slices.ContainsFunc(s.n.Condemned, func(c record.Condemned) bool {
			state := s.Facts.Instances[c.Instance].State
			return !c.Waived && !c.Cut && (state == cloud.Running || state == cloud.Pending)
		})
}

// roomAt returns when the zone is asked for the type again, if a lack of capacity keeps
// it from being asked: one that is remembered, or one that this step is about to remember.
func (s *step) roomAt(zone, kind string) (time.Time, bool) {
	key := contract.CapacityKey(zone, kind)
	if slices.ContainsFunc(s.out.Effects, func(e Effect) bool { return e.Do == Remember && e.Key == key }) {
		return s.Now.Add(seconds(s.Config.Policy.CapacitySeconds)), true
	}
	lack, short := s.shortage(zone, kind)
	return lack.Until, short
}
