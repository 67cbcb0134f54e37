package decide

import (
	"fmt"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// notify tells people and machines: a message to the topic, and an event on the bus.
func (s *step) notify(code message.Code, reason string) {
	d, _ := message.Find(code)
	at := s.Now.UTC().Format(time.RFC3339)
	s.put(record.Post{
		Key: fmt.Sprintf("notice-%s-%d", code, s.Now.UnixNano()), Kind: record.PostNotice,
		Subject: subject(fmt.Sprintf("%s: node %d (%s) %s%s", s.Config.Name, s.n.ID, s.n.Name, d.Text, in(s.place()))),
		Text: fmt.Sprintf("%s %s\nnode %d (%s) of %s in %s%s, epoch %d, phase %s, %s\n\n%s\n\nWhy: %s\nWhat to do: %s\nMore: %s\n",
			code, d.Text, s.n.ID, s.n.Name, s.Config.Name, s.Config.VPC, on(s.carrier()), s.n.Epoch, s.n.Phase, at, reason, d.Cause, d.Action, s.commands(code)),
	})
	s.announce(detailOf(code), code, reason)
}

// detailOf is the event's detail type.
func detailOf(code message.Code) string {
	switch {
	case code == message.SwitchStarted:
		return contract.DetailFailure
	case code == message.SwitchCompleted:
		return contract.DetailSwitched
	case code == message.HeldBrake:
		return contract.DetailHeldBrake
	case strings.HasPrefix(string(code), "WR2"):
		return contract.DetailHeld
	case strings.HasPrefix(string(code), "WR3"):
		return contract.DetailInterrupted
	}
	return contract.DetailNotice
}

// happening is the detail of an event; docs/events.schema.json describes it for those
// who read it, so that fields are added and never changed.
type happening struct {
	Version  int                `json:"version"`
	Switcher string             `json:"switcher"`
	VPC      string             `json:"vpc"`
	Node     int                `json:"node"`
	Name     string             `json:"name"`
	Epoch    int                `json:"epoch"`
	Phase    string             `json:"phase"`
	Code     string             `json:"code"`
	Text     string             `json:"text"`
	Reason   string             `json:"reason"`
	Action   string             `json:"action"`
	At       time.Time          `json:"at"`
	Instance string             `json:"instance,omitempty"` // that carries the node
	Zone     string             `json:"zone,omitempty"`
	Switch   string             `json:"switch,omitempty"` // id
	Kind     string             `json:"kind,omitempty"`
	From     string             `json:"from,omitempty"` // the instance that carried it
	FromZone string             `json:"fromZone,omitempty"`
	Cause    string             `json:"cause,omitempty"`
	CausedAt time.Time          `json:"causedAt,omitzero"`
	Recovery float64            `json:"recoverySeconds,omitempty"`
	Marks    map[string]float64 `json:"secondsToPhase,omitempty"`
}

// announce puts an event on the bus.
func (s *step) announce(kind string, code message.Code, reason string) {
	d, _ := message.Find(code)
	h := happening{
		Version: 1, Switcher: s.Config.Name, VPC: s.Config.VPC, Node: s.n.ID, Name: s.n.Name, Epoch: s.n.Epoch, Phase: string(s.n.Phase),
		Code: string(code), Text: d.Text, Reason: reason, Action: d.Action, At: s.Now.UTC(),
	}
	if g := s.n.Grant; g != nil {
		h.Instance, h.Zone = g.Instance, g.Zone
	}
	if sw := s.n.Switch; sw != nil {
		h.Switch, h.Kind, h.From, h.FromZone = sw.ID, sw.Kind, sw.From, sw.FromZone
		h.Cause, h.CausedAt = sw.Cause.Detail, sw.Cause.At.UTC()
		for _, m := range s.marks() {
			if h.Marks == nil {
				h.Marks = map[string]float64{}
			}
			h.Marks[m.name] = m.at.Sub(sw.Cause.At).Seconds()
		}
		if g := s.n.Grant; g != nil && !g.ServedAt.IsZero() && code == message.SwitchCompleted {
			h.Recovery = g.ServedAt.Sub(sw.Cause.At).Seconds()
		}
	}
	s.put(record.Post{
		Key: fmt.Sprintf("event-%s-%d", code, s.Now.UnixNano()), Kind: record.PostEvent, Subject: kind, Body: encode(h),
	})
}

// carrier is the instance that carries the node, or did last.
func (s *step) carrier() string {
	switch {
	case s.n.Grant != nil:
		return s.n.Grant.Instance
	case s.n.Switch != nil:
		return s.n.Switch.From
	}
	return ""
}

// place is the zone of the carrier.
func (s *step) place() string {
	switch {
	case s.n.Grant != nil:
		return s.n.Grant.Zone
	case s.n.Switch != nil:
		return s.n.Switch.FromZone
	}
	return ""
}

func in(zone string) string {
	if zone == "" {
		return ""
	}
	return " (" + zone + ")"
}

func on(instance string) string {
	if instance == "" {
		return ""
	}
	return " on " + instance
}

// further is what a person can do beside looking.
var further = map[message.Code]string{
	message.HeldCoolDown:   "recoveryctl ack ID (recovers it at once)",
	message.HeldBrake:      "recoveryctl status; recoveryctl switch ID (recovers this one in spite of the brake)",
	message.EventAnnounced: "recoveryctl switch ID (moves it now)",
}

// commands are what a person types next.
func (s *step) commands(code message.Code) string {
	id := fmt.Sprint(s.n.ID)
	list := []string{"recoveryctl show " + id, "recoveryctl history " + id}
	if more, ok := further[code]; ok {
		list = append(list, strings.ReplaceAll(more, "ID", id))
	}
	return strings.Join(list, "; ")
}

// subject makes text fit an SNS subject: at most 100 ASCII characters
// (SNS API reference, Publish).
func subject(text string) string {
	const most = 100
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), most)]
}

// but adds to what was said what it does not hold for.
func but(exceptions []string) string {
	if len(exceptions) == 0 {
		return ""
	}
	return ", but " + strings.Join(exceptions, "; ")
}

// lacks reports the things that are missing at the end of a switch, and the result of the
// switch if it moved the node: machines learn that from the same event as always.
func (s *step) lacks(missing []string, moved bool) {
	text := "Missing: " + strings.Join(missing, "\n") + "\n"
	if moved {
		text += "\n" + s.report()
		s.announce(contract.DetailSwitched, message.SwitchCompleted, s.report())
	}
	s.notify(message.EndLacks, text)
}

// elapsed says how long after its beginning the switch had the node serving, and what
// began it.
func (s *step) elapsed() string {
	sw := s.n.Switch
	return fmt.Sprintf("%.1f s after %s", s.n.Grant.ServedAt.Sub(sw.Cause.At).Seconds(), event.Origin(sw.Kind, sw.Cause))
}

// report says what a switch did, for people.
func (s *step) report() string {
	sw, g := s.n.Switch, s.n.Grant
	var b strings.Builder
	began, how := "What failed", "isolated, powered off and"
	if s.graceful() {
		began, how = "Why", "drained, shut down and"
	}
	done := fmt.Sprintf("replaced by %s in %s", g.Instance, g.Zone)
	if g.Instance == sw.From {
		done = "started again in place"
	}
	fmt.Fprintf(&b, "%s: %s\n", began, sw.Cause.Detail)
	fmt.Fprintf(&b, "What was done: %s in %s was %s %s.\n", sw.From, sw.FromZone, how, done)
	fmt.Fprintf(&b, "Serving again %s. Seconds from the beginning to each step:", s.elapsed())
	for _, m := range s.marks() {
		fmt.Fprintf(&b, " %s %.1f", m.name, m.at.Sub(sw.Cause.At).Seconds())
	}
	if idle := s.idlePlaces(); len(idle) > 0 {
		fmt.Fprintf(&b, "\nAs before the switch: %s.", strings.Join(idle, "; "))
	}
	if unread := s.unread(); len(unread) > 0 {
		fmt.Fprintf(&b, "\nNot known: %s.", strings.Join(unread, "; "))
	}
	return b.String()
}
