package decide

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const (
	// awaitPatience is the time after which a node that waits for a call is held with a
	// notice. Throttling and a failing endpoint usually end before.
	awaitPatience = 3 * time.Minute
	// awaitRetry is the pause between two tries of a call that has gone unanswered for
	// longer than awaitPatience.
	awaitRetry = 15 * time.Second
)

// instances names the call that shows all instances, without which nothing is decided.
const instances = "instances"

// awaited is a call that keeps this step from going on, and what AWS said to it.
type awaited struct {
	call string
	err  error
}

// awaits notes that the step waits for a call that was throttled, failed on AWS's side or
// brought no usable answer. The record remembers since when.
func (s *step) awaits(call, what string, err error) {
	s.wait()
	if errors.Is(err, observe.ErrLater) || errors.Is(err, errUnasked) {
		return // its turn comes
	}
	s.say(message.CallFailed, what)
	if s.n.Phase == record.Done || s.n.Phase == record.Deleted {
		return // nothing is under way
	}
	s.awaiting = append(s.awaiting, awaited{call, err})
	if s.n.Unanswered == nil {
		s.n.Unanswered = map[string]time.Time{}
	}
	if _, noted := s.n.Unanswered[call]; !noted {
		s.n.Unanswered[call], s.out.Save = s.Now, true
	}
}

// heard notes that AWS answered a call, and ends the hold of a node that waited for it.
func (s *step) heard(call string) {
	if _, noted := s.n.Unanswered[call]; !noted {
		return
	}
	delete(s.n.Unanswered, call)
	s.out.Save = true
	late := slices.ContainsFunc(slices.Collect(maps.Values(s.n.Unanswered)), func(t time.Time) bool { return s.since(t) >= awaitPatience })
	if h := s.n.Hold; h != nil && h.Code == string(message.HeldUnanswered) && !late {
		s.endHold()
	}
}

// heardOutcomes notes which calls of the step before were answered, by whatever answer.
func (s *step) heardOutcomes() {
	for _, o := range s.Outcomes {
		if !cloud.Passing(o.Err) {
			s.heard(string(o.Effect.Do))
		}
	}
}

// unanswered holds a node that has waited for a call for too long. It comes after the
// phase, whose own hold says more, and which may have gone on without the call.
func (s *step) unanswered() {
	own := s.n.Hold != nil && s.n.Hold.Code != string(message.HeldUnanswered) && !s.n.Hold.Due(s.Now)
	if own || s.n.Phase != s.Node.Phase {
		return
	}
	for _, a := range s.awaiting {
		since := s.n.Unanswered[a.call]
		if s.since(since) < awaitPatience {
			continue
		}
		reason := fmt.Sprintf("no usable answer for %q since %s; the last one: %v. The call is repeated every %d s, and the node goes on with the first answer",
			a.call, since.UTC().Format(time.RFC3339), a.err, int(awaitRetry.Seconds()))
		if s.holdQuietly(record.Held, message.HeldUnanswered, reason, s.Now.Add(awaitRetry)) && s.isNews(string(message.HeldUnanswered)+"-"+a.call) {
			s.notify(message.HeldUnanswered, reason)
		}
		return
	}
}
