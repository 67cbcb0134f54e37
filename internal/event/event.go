// Package event turns what reaches the function (EventBridge events, the
// schedule's tick, continuations, CloudFormation custom-resource requests) into
// one typed value. An event is only a hint: nothing it says is believed before
// AWS is asked. What is unknown, malformed or from elsewhere becomes an ignored
// event with a reason, never an error, so that nothing is redelivered for ever.
//
// Event shapes: "Amazon EC2 events", "Amazon CloudWatch events" and "Custom
// resource request objects" in the AWS documentation.
package event

import (
	"encoding/json"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Kind says what to do with an event.
type Kind string

// Kinds of events.
const (
	Ignored  Kind = "ignored"
	Instance Kind = "instance" // an instance changed, or is about to
	Alarm    Kind = "alarm"
	Sweep    Kind = "sweep"
	Continue Kind = "continue"
	Request  Kind = "request"
	Operator Kind = "operator" // a person's order about one node or all
)

// Event is a decoded event.
type Event struct {
	Kind      Kind
	Reason    string   // of an ignored event
	ID        string   // unique; equal for redeliveries
	Instances []string // of an instance event
	Alarm     string   // name, of an alarm event
	Node      int      // of an operator's order; 0 with All
	All       bool     // of an operator's order: it concerns every node
	To        string   // of a planned switch: the zone wanted
	Order     *record.Order
	Cause     record.Cause
	Chain     int // of a continuation: how many came before
	Request   *record.HintRequest
}

// Invocation is what Lambda says about the call, which no event can forge.
type Invocation struct {
	ID      string // AWS request id; the same for Lambda's own retries
	Account string
	Region  string
}

func ignored(reason string) Event { return Event{Kind: Ignored, Reason: reason} }

type envelope struct {
	// EventBridge
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Time       time.Time       `json:"time"`
	Detail     json.RawMessage `json:"detail"`
	Resources  texts           `json:"resources"` // ids or ARNs of what the event is about
	// continuation
	Chain int `json:"chain"`
	// CloudFormation
	RequestType string `json:"RequestType"`
}

type key struct{ source, detailType string }

var parsers = map[key]func(envelope) Event{
	{"aws.ec2", "EC2 Instance State-change Notification"}: parseState,
	{"aws.ec2", "EC2 Spot Instance Interruption Warning"}: parseSpot,
	{"aws.health", "AWS Health Event"}:                    parseHealth,
	{"aws.cloudwatch", "CloudWatch Alarm State Change"}:   parseAlarm,
	{contract.Source, contract.DetailAck}:                 parseOrder(CauseAck),
	{contract.Source, contract.DetailPause}:               parseOrder(CausePause),
	{contract.Source, contract.DetailResume}:              parseOrder(CauseResume),
	{contract.Source, contract.DetailBrake}:               parseOrder(CauseBrakeOn),
	{contract.Source, contract.DetailSwitch}:              parseOrder(CauseOperator),
	{contract.Source, contract.DetailDrill}:               parseOrder(CauseDrill),
	{contract.Source, contract.DetailAdoptTable}:          parseOrder(CauseAdoptTable),
	{"workload-recovery", "Recovery Sweep"}:               func(envelope) Event { return Event{Kind: Sweep} },
	{"workload-recovery", "Recovery Continue"}:            func(e envelope) Event { return Event{Kind: Continue, Chain: max(0, e.Chain)} },
}

// Decode reads a payload.
func Decode(payload []byte, inv Invocation) Event {
	var e envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return ignored("the payload is not an event object: " + err.Error())
	}
	if e.RequestType != "" {
		return decodeRequest(payload)
	}
	parse, ok := parsers[key{e.Source, e.DetailType}]
	if !ok {
		return ignored("no such event is handled: source " + quote(e.Source) + ", detail-type " + quote(e.DetailType))
	}
	if e.Source != ownSource {
		if e.Account != inv.Account {
			return ignored("the event is of account " + quote(e.Account) + ", this switcher serves " + quote(inv.Account))
		}
		if e.Region != inv.Region {
			return ignored("the event is of Region " + quote(e.Region) + ", this switcher serves " + quote(inv.Region))
		}
	}
	d := parse(e)
	d.ID = e.ID
	if d.ID == "" || len(d.ID) > 64 {
		d.ID = inv.ID
	}
	if !e.Time.IsZero() {
		d.Cause.At = e.Time
	}
	return d
}

// quote bounds foreign text before it is logged.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	b, err := json.Marshal(s)
	if err != nil {
		return `"?"`
	}
	return string(b)
}
