package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// IsOrder reports whether a hint is an operator's order that is obeyed whatever the
// node looks like. A planned switch is none: it rests on what is seen.
func IsOrder(h record.Hint) bool {
	switch h.Cause.Kind {
	case event.CauseAck, event.CausePause, event.CauseResume, event.CauseBrakeOn, event.CauseBrakeOff, event.CauseDrill, event.CauseAdoptTable:
		return true
	}
	return false
}

// Foremost is the hint that a decision is given of those that concern a node, orders
// aside. Most say the same, look at the node, and one look serves them all; a planned
// switch says more, and is not lost behind another.
func Foremost(hints []record.Hint) *record.Hint {
	var first *record.Hint
	for i := range hints {
		switch {
		case IsOrder(hints[i]):
		case hints[i].Cause.Kind == event.CauseOperator:
			return &hints[i]
		case first == nil:
			first = &hints[i]
		}
	}
	return first
}

// Orders are the orders among the hints, in the order in which they were given.
func Orders(hints []record.Hint) []record.Hint {
	orders := slices.DeleteFunc(slices.Clone(hints), func(h record.Hint) bool { return !IsOrder(h) })
	slices.SortStableFunc(orders, func(a, b record.Hint) int { return a.Cause.At.Compare(b.Cause.At) })
	return orders
}

// SwitchedOff is the operators' brake as the nodes' records have it. It is the whole
// VPC's: a node that was added since, or whose record could not be saved yet, is held
// as well; and one whose record could not be saved when the brake was taken off does not
// put it on again.
func SwitchedOff(nodes []record.Node) *record.Off {
	over := SwitchedOn(nodes)
	for _, n := range nodes {
		if n.Off != nil && n.Phase != record.Deleted && lasts(*n.Off, over) {
			return n.Off
		}
	}
	return nil
}

// lasts reports whether the brake is on still, if it was last taken off by an order of
// that time; zero: it never was. An older version's record may not say since when.
func lasts(off record.Off, over time.Time) bool { return over.IsZero() || off.Since.After(over) }

// SwitchedOn is when the operators' brake was last taken off, as the nodes' records have
// it.
func SwitchedOn(nodes []record.Node) (at time.Time) {
	for _, n := range nodes {
		if n.OffOver.After(at) {
			at = n.OffOver
		}
	}
	return at
}

// OfBrake reports whether a hint is an order about the operators' brake.
func OfBrake(h record.Hint) bool {
	return h.Cause.Kind == event.CauseBrakeOn || h.Cause.Kind == event.CauseBrakeOff
}

// obey takes up operators' orders. Each is kept in the history.
func (s *step) obey() {
	orders := s.Orders
	if s.Hint != nil && IsOrder(*s.Hint) {
		orders = Orders(append(slices.Clone(orders), *s.Hint))
		s.Hint = nil // it says nothing of the node's health
	}
	if h := s.Hint; s.commanded() && slices.Contains(s.n.Obeyed, h.Key) {
		s.say(message.OrderVoid, "it was obeyed already: "+h.Cause.Detail)
		s.Hint = nil
	}
	if s.n.Pause != nil && !s.n.Paused(s.Now) {
		s.n.Pause, s.out.Save = nil, true
		s.say(message.PauseOver, "its time is over")
	}
	s.agree()
	for _, h := range orders {
		switch {
		case s.n.Phase == record.Deleted && !OfBrake(h): // the brake is the whole VPC's, and of the id's next life, too
			s.say(message.OrderVoid, fmt.Sprintf("node %d was deleted: %s", s.n.ID, h.Cause.Detail))
		case slices.Contains(s.n.Obeyed, h.Key):
			// Delivered again: what was ordered since stands.
			s.say(message.OrderVoid, "it was obeyed already: "+h.Cause.Detail)
		default:
			s.remember(h.Key)
			s.order(h)
		}
	}
}

// agree lets the node's record say of the operators' brake what was ordered last, as far
// as the other records tell.
func (s *step) agree() {
	switch off := s.Brake.Off; {
	case s.n.Phase == record.Deleted:
	case s.n.Off == nil && off != nil && lasts(*off, s.n.OffOver):
		copied := *off
		s.n.Off, s.out.Save = &copied, true
	case s.n.Off != nil && !lasts(*s.n.Off, s.Brake.OffOver):
		s.n.Off, s.n.OffOver, s.out.Save = nil, s.Brake.OffOver, true
		s.say(message.OffOver, "as the other nodes' records say")
	}
}

// astray is how far ahead another's clock is taken to be right: further than clocks of
// AWS and of a workstation differ that are set by the network.
const astray = 5 * time.Second

// given is when an order was given: by the clock of who gave it, so that orders compare
// whoever reads them. One that is far ahead counts as given now: no later order would
// ever come after it.
func (s *step) given(h record.Hint) time.Time {
	if at := h.Cause.At; !at.IsZero() && at.Before(s.Now.Add(astray)) {
		return at
	}
	return s.Now
}

func (s *step) order(h record.Hint) {
	var o record.Order
	if h.Order != nil {
		o = *h.Order
	}
	switch h.Cause.Kind {
	case event.CauseAck:
		// A hold is tried again now, and the cool-down counts from here.
		s.n.Acked = s.Now
		s.endHold()
		s.say(message.Acknowledged, h.Cause.Detail)
	case event.CausePause:
		if !s.Now.Before(o.Until) {
			s.say(message.OrderVoid, fmt.Sprintf("the pause was over at %s before it came: %s", o.Until.Format(time.RFC3339), h.Cause.Detail))
			return
		}
		s.n.Pause = &record.Pause{Until: o.Until, By: o.By, Reason: o.Reason}
		s.say(message.PauseBegun, fmt.Sprintf("until %s; %s", o.Until.Format(time.RFC3339), h.Cause.Detail))
	case event.CauseResume:
		if s.n.Pause == nil {
			s.say(message.OrderVoid, "the node is not paused: "+h.Cause.Detail)
			return
		}
		s.n.Pause = nil
		s.say(message.PauseOver, h.Cause.Detail)
	case event.CauseBrakeOn:
		if since := s.given(h); !since.After(s.n.OffOver) {
			s.say(message.OrderVoid, fmt.Sprintf("the brake was taken off by an order of %s, which is not earlier: %s", s.n.OffOver.Format(time.RFC3339), h.Cause.Detail))
		} else {
			s.n.Off = &record.Off{Since: since, By: o.By, Reason: o.Reason}
			s.say(message.OffBegun, h.Cause.Detail)
		}
	case event.CauseAdoptTable:
		s.n.AdoptTable = true
		s.say(message.Acknowledged, h.Cause.Detail)
	case event.CauseDrill:
		s.say(message.DrillBegun, h.Cause.Detail)
	case event.CauseBrakeOff:
		if at := s.given(h); s.n.Off != nil && s.n.Off.Since.After(at) {
			s.say(message.OrderVoid, fmt.Sprintf("the brake was put on by an order of %s, which is not earlier: %s", s.n.Off.Since.Format(time.RFC3339), h.Cause.Detail))
		} else {
			s.n.Off = nil
			if at.After(s.n.OffOver) {
				s.n.OffOver = at
			}
			s.say(message.OffOver, h.Cause.Detail)
		}
	}
	s.noteOrder(h, o)
}

// remember notes that an order was seen to, so that one delivered again is no new
// one, and so that who gave it can see that it came.
func (s *step) remember(key string) {
	const most = 10
	s.n.Obeyed = append(s.n.Obeyed, key)
	if extra := len(s.n.Obeyed) - most; extra > 0 {
		s.n.Obeyed = slices.Delete(s.n.Obeyed, 0, extra)
	}
	s.out.Save = true
}

// noteOrder keeps an order in the node's history, under the event's own id: a
// second delivery writes the same entry.
func (s *step) noteOrder(h record.Hint, o record.Order) {
	at := h.Cause.At
	if at.IsZero() {
		at = s.Now
	}
	s.put(record.Post{Key: "order-" + h.Key, Kind: record.PostOrder, Body: encode(record.Action{
		ID: h.Key, Node: s.n.ID, At: at, Kind: h.Cause.Kind, By: o.By, Reason: o.Reason, Until: o.Until, To: h.To,
	})})
}

// noteSwitch keeps an order for a planned switch, whatever came of it, so that one
// delivered again does not move the node a second time.
func (s *step) noteSwitch() {
	h := s.Hint
	if !s.commanded() || s.out.Keep || s.n.Phase == record.Deleted {
		return
	}
	var o record.Order
	if h.Order != nil {
		o = *h.Order
	}
	s.remember(h.Key)
	s.noteOrder(*h, o)
}

// switchedOff is the operators' brake, if it is on.
func (s *step) switchedOff() *record.Off {
	if off := s.Brake.Off; s.n.Off == nil && off != nil && lasts(*off, s.n.OffOver) {
		return off
	}
	return s.n.Off
}

// stands reports whether an operator wants no recovery of the node now.
func (s *step) stands() bool { return s.switchedOff() != nil || s.n.Paused(s.Now) }

// heldOff holds a failed node while recoveries are switched off. Nobody is told
// beyond the log: who switched them off knows, and a thousand nodes would be a storm.
func (s *step) heldOff(cause record.Cause) {
	off := s.switchedOff()
	reason := fmt.Sprintf("recoveries are switched off since %s by %s: %s; this node: %s", off.Since.UTC().Format(time.RFC3339), off.By, off.Reason, cause.Detail)
	s.holdQuietly(record.Held, message.HeldOff, reason, s.retryAt())
	s.out.Verdict = message.HeldOff
}
