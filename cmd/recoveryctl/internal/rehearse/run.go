package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Question is what is asked.
type Question struct {
	Node int
	// FailZone is an Availability Zone that is assumed to fail: every instance in it is
	// off, and EC2 reports it as impaired.
	FailZone string
	// FailNode says that the node's own instance is assumed to be off.
	FailNode bool
	// Switch asks for a planned switch, to the zone To if one is given.
	Switch bool
	To     string
}

// Step is one thing that the engine would say or do.
type Step struct {
	Phase string `json:"phase"`
	Code  string `json:"code,omitempty"` // of a message
	Call  string `json:"call,omitempty"` // that changes something in AWS
	Text  string `json:"text"`
}

// Answer is what would become of the node.
type Answer struct {
	Steps  []Step
	Before record.Node
	After  record.Node
	Type   string // of the instance that would carry it
	// Assumed is what the rehearsal took for granted.
	Assumed []string
	// Unread is what could not be read and was left out.
	Unread []string
}

// mostCalls ends a rehearsal that finds no end.
const mostCalls = 200_000

var errEndless = errors.New("the rehearsal finds no end")

// Ask rehearses.
func Ask(ctx context.Context, s Source, q Question, now time.Time) (Answer, error) {
	w, f, err := s.load(ctx, q.Node, now)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Assumed: []string{"EC2 has room for every launch", "times in the messages are made up"}}
	for part, err := range f.Unseen {
		a.Unread = append(a.Unread, fmt.Sprintf("%s: %v", part, err))
	}
	if a.Before, err = nodeOf(w, s.Config.VPC, q.Node); err != nil {
		return a, err
	}
	payload := fmt.Sprintf(`{"source":%q,"detail-type":%q}`, contract.Source, contract.DetailSweep)
	switch {
	case q.Switch:
		payload = fmt.Sprintf(`{"id":"rehearsal","source":%q,"detail-type":%q,"time":%q,"detail":{"node":%d,"to":%q,"by":"a rehearsal","reason":"a rehearsal"}}`,
			contract.Source, contract.DetailSwitch, now.UTC().Format(time.RFC3339), q.Node, q.To)
	case q.FailZone != "":
		a.Assumed = append(a.Assumed, "every instance in "+q.FailZone+" is off, and EC2 reports the zone as impaired")
		failZone(w, q.FailZone)
	case q.FailNode && a.Before.Grant != nil:
		a.Assumed = append(a.Assumed, a.Before.Grant.Instance+" is off")
		off(w.Boxes[a.Before.Grant.Instance])
	}
	r := &recorder{w: w, cfg: s.Config, node: a.Before, answer: &a}
	w.Fault = func(n int, _ string) (before, after error) {
		if n > mostCalls {
			return errEndless, nil
		}
		return nil, nil
	}
	e := engine.New(s.Config, r.ports(), engine.WithClock(w), engine.WithGang(engine.Sequential{}), engine.WithLog(slog.New(r)))
	// Without a deadline: the engine goes on until all is at rest.
	if _, err := e.Handle(context.WithoutCancel(ctx), engine.Invocation{ID: "rehearsal"}, json.RawMessage(payload)); err != nil {
		return a, fmt.Errorf("rehearse: %w", err)
	}
	if a.After, err = nodeOf(w, s.Config.VPC, q.Node); err != nil {
		return a, err
	}
	if g := a.After.Grant; g != nil && w.Boxes[g.Instance] != nil {
		a.Type = w.Boxes[g.Instance].Type
	}
	return a, nil
}

func failZone(w *fake.World, zone string) {
	w.Impaired[zone] = "assumed to fail"
	for _, b := range w.Boxes {
		if b.Zone == zone {
			off(b)
		}
	}
}

func off(b *fake.Box) {
	if b != nil && b.State != cloud.Terminated {
		b.State, b.StateReason = cloud.Stopped, "assumed"
	}
}

func nodeOf(w *fake.World, vpc string, id int) (record.Node, error) {
	it, ok := w.Items[contract.VPCPartition(vpc)+"|"+contract.NodeKey(id)]
	if !ok {
		return record.Node{}, fmt.Errorf("there is no record of node %d", id)
	}
	var plain *record.Memo
	return plain.Decode(it)
}
