// Package decide is where correctness lives: a pure function from what is
// recorded and what was observed to the next record and the effects that follow
// from it. No I/O, no clock, no randomness; the same input gives the same step.
//
// The order is: the caller saves Step.Node (if Step.Save), and only then carries
// out Step.Effects. Each effect follows from record and observation alone, so it
// is found again after a crash at any point; each is safe to repeat.
package decide

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Input is all that a decision rests on.
type Input struct {
	Config contract.Config
	Node   record.Node
	Facts  observe.Facts
	Hint   *record.Hint // what drew attention to the node, if anything did
	// Orders are those of operators among what drew attention, as Orders gives them.
	Orders   []record.Hint
	Outcomes []Outcome // of the effects of the step before
	Now      time.Time
	// Brake is the state of all nodes together.
	Brake Brake
	// Process is the invocation that will carry the step out.
	Process record.Sender
}

// Step is a decision.
type Step struct {
	Node record.Node
	Save bool // Node differs from what was read: save before the effects
	// Effects are carried out side by side with those of other nodes, and with each
	// other: what must follow another comes in a later step. Deliveries keep their order.
	Effects []Effect
	Say     []message.Entry
	// Verdict is what became of the hint or of the node: one entry, also in Say.
	Verdict message.Code
	// Wait says that the node awaits the outside world: look again after the poll pause.
	Wait bool
	// Keep says that the hint could not be judged yet and must not be dropped.
	Keep bool
}

// step is a decision being made.
type step struct {
	Input
	n   record.Node // the copy that becomes Step.Node
	out Step
	// awaiting are the calls without whose answer this step cannot go on.
	awaiting []awaited
}

// phases is the table of the engine: what is decided in which phase.
var phases = map[record.Phase]func(*step){
	record.Draining:  (*step).draining,
	record.Suspected: (*step).suspected,
	record.Confirmed: (*step).confirmed,
	record.Fencing:   (*step).fencing,
	record.Launching: (*step).launching,
	record.Gated:     (*step).standby,
	record.Serving:   (*step).serving,
	record.Done:      (*step).done,
	record.Deleting:  (*step).deleting,
	record.Deleted:   (*step).deleted,
}

// Decide makes the node's next step.
func Decide(in Input) Step {
	s := &step{Input: in, n: in.Node.Clone()}
	s.post()
	s.obey()
	s.answeredLaunches()
	s.answeredPowerOffs()
	s.answeredUnprotects()
	s.answeredCuts()
	s.untaken()
	s.heard(instances)
	s.heardOutcomes()
	s.overdueRequest()
	if s.isOutdated() {
		s.unanswered()
		return s.finish()
	}
	if s.duplicate(); s.resting() {
		if s.cancellable() && s.cancelled() {
			return s.finish()
		}
		s.out.Wait = s.out.Wait || s.n.Request != nil // a deployment waits: look again soon
		return s.finish()
	}
	if !s.sound() {
		return s.finish()
	}
	if s.troubles() {
		s.noteAccepted()
		return s.finish()
	}
	phases[s.n.Phase](s)
	s.unanswered()
	s.overdueRequest()
	return s.finish()
}

// Blind is the step of a node that needs to be looked at when EC2 does not show
// instances: nothing can be decided. People are notified of the cause, at once if EC2
// refuses and after awaitPatience if it does not answer.
func Blind(in Input, err error) Step {
	s := &step{Input: in, n: in.Node.Clone()}
	s.post()
	s.obey()
	underWay := s.n.Phase != record.Done && s.n.Phase != record.Deleted
	due := s.n.Hold == nil || s.n.Hold.Due(s.Now)
	switch {
	case !cloud.Barred(err):
		s.out.Keep = s.Hint != nil
		if underWay && due {
			s.awaits(instances, err.Error(), err)
			s.unanswered()
		}
	case (underWay || s.Hint != nil) && due:
		s.holdBarred(err.Error(), err)
	}
	s.overdueRequest()
	return s.finish()
}

func (s *step) finish() Step {
	s.noteSwitch()
	s.out.Node = s.n
	return s.out
}

// sound reports whether the record holds what its phase needs. It always does
// unless somebody edited the table; then a person is told rather than guessed for.
func (s *step) sound() bool {
	grant := s.n.Phase == record.Draining || s.n.Phase == record.Suspected || s.n.Phase == record.Serving || s.n.Phase == record.Done
	underWay := s.n.Phase != record.Done && s.n.Phase != record.Deleted
	launches := s.n.Switch != nil && (s.n.Switch.Recorded && s.n.Phase != record.Deleting || s.n.Switch.Launch != nil)
	_, known := phases[s.n.Phase]
	if known && (!grant || s.n.Grant != nil) && (!underWay || s.n.Switch != nil) && (!launches || s.n.Blueprint != nil) {
		return true
	}
	s.hold(record.Interrupted, message.CallRejected,
		fmt.Sprintf("the record of node %d is damaged: phase %q without its grant, switch or blueprint; restore the table's item, or delete and deploy the node", s.n.ID, s.n.Phase), s.retryAt())
	return false
}

// duplicate notes that a hint met a switch already under way.
func (s *step) duplicate() {
	if s.Hint == nil || s.n.Phase == record.Done || s.n.Phase == record.Suspected {
		return
	}
	if s.n.Phase == record.Deleted {
		s.say(message.EventStale, fmt.Sprintf("node %d was deleted: %s", s.n.ID, s.Hint.Cause.Detail))
		return
	}
	s.say(message.EventDuplicate, fmt.Sprintf("node %d is %s in switch %s: %s", s.n.ID, s.n.Phase, s.switchID(), s.Hint.Cause.Detail))
}

// resting reports whether a hold keeps the node where it is. A node at rest
// that is only held from switching again is still looked at: it may be healthy.
func (s *step) resting() bool {
	return s.n.Hold != nil && !s.n.Hold.Due(s.Now) && s.n.Phase != record.Done && !s.unfenced()
}

// to moves the node to a phase. What held it before is over.
func (s *step) to(p record.Phase) {
	s.n.Phase, s.n.Since = p, s.Now
	s.endHold()
	s.n.Unanswered = nil // it went on
	if s.n.Switch != nil {
		if s.n.Switch.Marks == nil {
			s.n.Switch.Marks = map[string]time.Time{}
		}
		if _, ok := s.n.Switch.Marks[string(p)]; !ok {
			s.n.Switch.Marks[string(p)] = s.Now
		}
	}
	s.out.Save = true
}

func (s *step) say(c message.Code, reason string, attrs ...slog.Attr) {
	all := append([]slog.Attr{
		slog.Int("node", s.n.ID), slog.Int("epoch", s.n.Epoch), slog.String("phase", string(s.n.Phase)),
	}, attrs...)
	if id := s.switchID(); id != "" {
		all = append(all, slog.String("switch", id))
	}
	s.out.Say = append(s.out.Say, message.New(c, reason, all...))
	s.out.Verdict = c
}

func (s *step) switchID() string {
	if s.n.Switch == nil {
		return ""
	}
	return s.n.Switch.ID
}

func (s *step) do(e Effect) {
	e.Node, e.Epoch = s.n.ID, s.n.Epoch
	s.out.Effects = append(s.out.Effects, e)
	if s.n.Switch != nil && e.Do.mutates() {
		s.n.Switch.Effects++ // saved with the next change; a count, not a fact decided on
	}
}

func (s *step) wait() { s.out.Wait = true }

func (s *step) since(t time.Time) time.Duration { return s.Now.Sub(t) }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
