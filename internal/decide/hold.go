package decide

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// hold stops the node where it is until retryAt. People are notified once an hour for
// each cause.
func (s *step) hold(kind record.HoldKind, code message.Code, reason string, retryAt time.Time) {
	if s.holdQuietly(kind, code, reason, retryAt) && s.isNews(causeOf(code, reason)) {
		s.notify(code, reason)
	}
}

// remindEvery is the time in which people are notified of one cause once, however often
// its hold ends and begins again.
const remindEvery = time.Hour

// isNews reports whether people were not notified of a cause within remindEvery, and
// remembers in the record that they are notified now.
func (s *step) isNews(cause string) bool {
	if told, ok := s.n.Notices[cause]; ok && s.since(told) < remindEvery {
		return false
	}
	maps.DeleteFunc(s.n.Notices, func(_ string, told time.Time) bool { return s.since(told) >= remindEvery })
	if s.n.Notices == nil {
		s.n.Notices = map[string]time.Time{}
	}
	s.n.Notices[cause], s.out.Save = s.Now, true
	return true
}

// causeOf names the cause of a hold: its code, and the reason without the words that
// change from try to try, which are ids, times and numbers.
func causeOf(code message.Code, reason string) string {
	words := slices.DeleteFunc(strings.Fields(reason), func(word string) bool { return strings.ContainsAny(word, "0123456789") })
	sum := fnv.New32a()
	for _, word := range words {
		sum.Write([]byte(word + " "))
	}
	return fmt.Sprintf("%s-%08x", code, sum.Sum32())
}

// holdQuietly holds the node without a notice. It reports whether the hold is new.
func (s *step) holdQuietly(kind record.HoldKind, code message.Code, reason string, retryAt time.Time) bool {
	h := record.Hold{Kind: kind, Code: string(code), Reason: reason, Since: s.Now, RetryAt: retryAt}
	if old := s.n.Hold; old != nil && old.Code == h.Code {
		if s.out.Verdict = code; !old.Due(s.Now) && !retryAt.After(old.RetryAt.Add(s.patience())) {
			return false // it stands: nothing need be saved
		}
		h.Since = old.Since
		s.n.Hold = &h
		s.out.Save = true
		s.out.Verdict = code
		return false
	}
	s.n.Hold = &h
	s.out.Save = true
	s.say(code, reason)
	return true
}

const (
	// createRetry is how soon a held create is tried again: what IAM and EC2 have just
	// been told (an instance profile, say) takes some seconds to be known everywhere.
	createRetry = 10 * time.Second
	// createPatience is how long a create may be interrupted before the deployment fails.
	createPatience = 2 * time.Minute
)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// retryAt returns the time of the next try of a held node if nothing says when that makes sense:
// a little before the policy's time is up, since the sweep that comes once a minute may
// come a moment early, and would then double a pause of a minute. A deployment waits for
// a create, which is tried again sooner.
func (s *step) retryAt() time.Time {
	at := s.Now.Add(seconds(s.Config.Policy.RetrySeconds) * 5 / 6)
	if s.n.Switch != nil && s.n.Switch.Kind == record.KindCreate {
		at = earlier(at, s.Now.Add(createRetry))
	}
	return at
}

// patience is how far a hold's next try may lag behind a newer one before the record
// is saved again for that.
func (s *step) patience() time.Duration { return seconds(s.Config.Policy.RetrySeconds) }

func (s *step) endHold() {
	if s.n.Hold == nil {
		return
	}
	reason := s.n.Hold.Reason
	s.n.Hold = nil
	s.out.Save = true
	s.say(message.HoldEnded, reason)
}

// troubles looks at what went wrong in the step before. It reports whether the
// node must stop where it is. A refused launch is the launching phase's to judge.
func (s *step) troubles() bool {
	held := false
	for _, o := range s.Outcomes {
		if o.Err == nil || o.Effect.Do == Launch || o.Effect.Do == Deliver || o.Effect.Do == Start && !cloud.Barred(o.Err) {
			continue
		}
		what := fmt.Sprintf("%s: %v", o.Effect.Do, o.Err)
		switch kind := cloud.KindOf(o.Err); {
		case o.Effect.Do == Unmount && kind == cloud.NotFound, o.Effect.Do == Unwatch && (kind == cloud.NotFound || cloud.Barred(o.Err)):
			s.wait() // gone, as wanted
		case o.Effect.Do == Mount && kind == cloud.Conflict:
			s.wait() // there already
		case o.Effect.Do == Repoint && s.n.Phase == record.Serving:
			s.say(message.CallFailed, what) // never delays a switch; the sweep repeats it, and tells people
		case o.Effect.Do == Condemn && s.goesUntagged(o):
			s.wait() // it is off: nothing needs the tag now
		case o.Effect.Do == Register && kind == cloud.Quota:
			if !s.makeRoom() {
				s.hold(record.Held, message.HeldQuota, what, s.retryAt())
			}
			held = true
		case kind == cloud.Full:
			s.hold(record.Held, message.HeldTags, o.Effect.Instance+": "+what, s.retryAt())
			held = true
		case cloud.Barred(o.Err):
			s.holdBarred(what, o.Err)
			held = true
		case s.revealed(o):
			s.wait() // the next step goes another way
		case cloud.Passing(o.Err):
			s.awaits(string(o.Effect.Do), what, o.Err)
		case kind == cloud.NotFound, o.Effect.Do == Repoint, wrongState(o.Err):
			s.say(message.CallFailed, what)
			s.wait() // another look shows what is left to do
		default:
			s.hold(record.Interrupted, message.CallRejected, what, s.retryAt())
			held = true
		}
	}
	return held
}

// holdBarred holds a node for which AWS refuses the caller: people give the role the
// permission, or clear what keeps the account from the service.
func (s *step) holdBarred(reason string, err error) {
	code := message.PermissionDenied
	if cloud.Is(err, cloud.Account) {
		code = message.AccountBarred
	}
	s.hold(record.Interrupted, code, reason, s.retryAt())
}

// wrongState: the instance is in a state in which the call makes no sense, most
// often because it is already on its way there.
func wrongState(err error) bool {
	code := codeOf(err)
	return code == "IncorrectInstanceState" || code == "IncorrectState"
}

func codeOf(err error) string {
	var e *cloud.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// seen reports whether a part of the facts could be read. If not, the node waits,
// or is interrupted when a permission is missing.
func (s *step) seen(parts ...observe.Part) bool {
	for _, p := range parts {
		err := s.Facts.Unseen[p]
		if err == nil {
			s.heard(string(p))
			continue
		}
		if cloud.Barred(err) {
			s.holdBarred(err.Error(), err)
		} else {
			s.awaits(string(p), err.Error(), err)
		}
		return false
	}
	return true
}
