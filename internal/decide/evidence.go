package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// evidence proves that an instance cannot write the node's data any more.
type evidence string

const (
	unproven  evidence = ""
	off       evidence = "off"        // EC2 says that it is stopped or terminated, without having been forced
	offForced evidence = "off-forced" // the same after force, where the node can do with that
	cut       evidence = "cut"        // it cannot reach the node's own file system
	waived    evidence = "waived"     // the node's policy goes on without proof
)

// off reports whether the instance is fenced.
func (s *step) off(c *record.Condemned) bool { return s.evidence(c) != unproven }

// evidence returns what proves now that the instance is fenced. One that EC2 no longer
// shows counts as terminated only after a time that no lag explains.
func (s *step) evidence(c *record.Condemned) evidence {
	down := s.down(c)
	s.settleForced(c, down)
	switch {
	case down && c.Asked != cloud.ForceOff:
		return off
	case down && s.acceptsForce():
		return offForced
	case c.Waived:
		return waived
	case (down || s.n.Settings.Escalation == contract.EscalateStorage) && s.cutHolds(c):
		return cut
	}
	return unproven
}

// down reports whether EC2 says that the instance is powered off.
func (s *step) down(c *record.Condemned) bool {
	i, visible := s.Facts.Instances[c.Instance]
	switch {
	case visible:
		if !c.AbsentSince.IsZero() {
			c.AbsentSince, s.out.Save = time.Time{}, true
		}
		return i.Off()
	case c.AbsentSince.IsZero():
		c.AbsentSince, s.out.Save = s.Now, true
	}
	return s.since(c.AbsentSince) >= absentGone
}

// acceptsForce reports whether a forced stop is proof enough for the node: it declares so,
// or it keeps no data.
func (s *step) acceptsForce() bool {
	return s.n.Settings.AcceptForcedStop || s.n.Settings.Escalation == contract.EscalateGoOn
}

// forceable reports whether the instance may be forced: the node accepts that, or the
// instance can be cut off from the node's own file system as well. Otherwise a forced stop
// would only spoil the proof that EC2 may still give.
func (s *step) forceable(c record.Condemned) bool {
	return s.acceptsForce() || s.n.Settings.FileSystem != "" && c.Zone != ""
}

// weak lists the instances that EC2 says are off after it forced them, where the node
// needs more proof than that.
func (s *step) weak() []string {
	var ids []string
	for i := range s.n.Condemned {
		if c := &s.n.Condemned[i]; s.down(c) && !s.off(c) {
			ids = append(ids, c.Instance)
		}
	}
	return ids
}

// postStopWrites quotes AWS on a forced stop ("Methods for stopping an instance",
// Amazon EC2 User Guide).
const postStopWrites = `AWS says that a forced stop "in rare cases, results in post-stop writes to EBS volumes or other shared resources"` //nolint:gosec // a sentence, and no credential

// strengthen adds to the proof of instances that were forced off: they are cut off from the
// node's own file system. A node without one is held. It reports whether that goes on.
func (s *step) strengthen() bool {
	ids := s.weak()
	if len(ids) == 0 {
		return false
	}
	if s.cutOff(func(c *record.Condemned) bool { return slices.Contains(ids, c.Instance) }) {
		return true
	}
	s.hold(record.Interrupted, message.ForcedStop, fmt.Sprintf("%s was stopped by force; %s, and the node's data is not on a file system of its own that it could be cut off from",
		strings.Join(ids, ", "), postStopWrites), s.retryAt())
	return true
}

// notForced says why an instance that is stuck was not forced, or "".
func (s *step) notForced() string {
	for i := range s.n.Condemned {
		c := &s.n.Condemned[i]
		if x := s.Facts.Instances[c.Instance]; (x.State == cloud.Stopping || x.State == cloud.ShuttingDown) && !s.forceable(*c) {
			return "; it was not forced, since " + postStopWrites + " and the node does not set Fence.AcceptForcedStop"
		}
	}
	return ""
}

// forcedRest is the time after a forced stop during which the instance is kept from the file system, and
// is not started again (assumption: AWS names no time after which nothing is written any
// more; ten minutes outlast what a host still has under way).
const forcedRest = 10 * time.Minute

// settleForced ends the doubt about an instance that was forced, is off, and has been cut
// off for so long that nothing of it can be under way any more: its mount target may be put
// back.
func (s *step) settleForced(c *record.Condemned, down bool) {
	if down && c.Asked == cloud.ForceOff && s.since(c.AskedAt) >= forcedRest && s.cutHolds(c) {
		c.Asked, s.out.Save = cloud.SkipShutdown, true
	}
}

// needsCut reports whether another condemned instance of the zone is fenced by the mount
// target being away.
func (s *step) needsCut(c record.Condemned) bool {
	for i := range s.n.Condemned {
		x := &s.n.Condemned[i]
		if x.Instance != c.Instance && x.Zone == c.Zone && (x.Cut && !s.down(x) || s.mayStillWrite(*x)) {
			return true
		}
	}
	return false
}

// mayStillWrite reports whether an instance that was forced may still write.
func (s *step) mayStillWrite(c record.Condemned) bool {
	return c.Asked == cloud.ForceOff && !s.acceptsForce() && s.since(c.AskedAt) < forcedRest
}
