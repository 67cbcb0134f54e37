package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Causes of operators' orders.
const (
	// CauseAck is a person's word that the node's failures are known.
	CauseAck = "acknowledged"
	// CausePause is an order not to recover the node for a while.
	CausePause = "paused"
	// CauseResume ends a pause.
	CauseResume = "resumed"
	// CauseBrakeOn holds all recoveries of the VPC, and CauseBrakeOff ends that.
	CauseBrakeOn  = "brake on"
	CauseBrakeOff = "brake off"
	// CauseDrill announces that a person breaks the node for practice.
	CauseDrill = "drill"
	// CauseAdoptTable confirms that the table was restored to an earlier point in time.
	CauseAdoptTable = "table adopted"
	// CauseOperator is a switch that a person plans.
	CauseOperator = "planned by an operator"
)

// order is the detail of every operator's event. Each kind reads its own fields.
type order struct {
	Node   int       `json:"node"`
	To     string    `json:"to"`
	On     *bool     `json:"on"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// parseOrder reads an operator's event. Who may invoke the function may give one; no
// EventBridge rule of the Switcher lets one through.
func parseOrder(cause string) func(envelope) Event {
	return func(e envelope) Event {
		var o order
		if err := json.Unmarshal(e.Detail, &o); err != nil {
			return ignored("the event's detail cannot be read: " + err.Error())
		}
		if why := o.fault(cause); why != "" {
			return ignored(why)
		}
		o.By, o.Reason = bounded(o.By), bounded(o.Reason)
		ev := Event{Kind: Operator, Node: o.Node, Order: &record.Order{By: o.By, Reason: o.Reason}}
		ev.Cause.Kind = cause
		switch cause {
		case CausePause:
			ev.Order.Until = o.Until.UTC()
		case CauseBrakeOn:
			if ev.Order.On = *o.On; !ev.Order.On {
				ev.Cause.Kind = CauseBrakeOff
			}
		case CauseOperator:
			ev.To = o.To
		}
		ev.All = o.Node == 0
		ev.Cause.Detail = fmt.Sprintf("%s by %s: %s", strings.TrimSuffix(ev.Cause.Kind, " by an operator"), quote(o.By), quote(o.Reason))
		return ev
	}
}

// fault says what is wrong with an order, or "".
func (o order) fault(cause string) string {
	const oneNode, allNodes = `allowed is a node id, for example {"node": 7}`, `allowed is a node id, or 0 for all`
	all := cause == CausePause || cause == CauseResume || cause == CauseAdoptTable
	switch {
	case cause == CauseBrakeOn && o.On == nil:
		return `the order for the brake says neither on nor off: wanted {"on": true} or {"on": false}`
	case cause == CauseBrakeOn && o.Node != 0:
		return "the brake is the whole VPC's and takes no node: pause the node instead"
	case o.Node < 0 && all:
		return fmt.Sprintf("the order names node %d: %s", o.Node, allNodes)
	case o.Node <= 0 && !all && cause != CauseBrakeOn:
		return "the order (" + cause + ") names no node: " + oneNode
	case cause == CausePause && o.Until.IsZero():
		return `the pause has no end: wanted {"until": "2026-01-02T15:04:05Z"}`
	case len(o.To) > 64:
		return "the zone " + quote(o.To) + " is no zone's name"
	}
	return ""
}

// bounded makes foreign text fit for a record: one line, at most 256 characters (an
// ARN of an assumed role has up to 200).
func bounded(s string) string {
	const most = 256
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}
