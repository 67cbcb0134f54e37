package decide

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// post delivers what is due in the outbox, in order, and forgets what was delivered.
// Saved with the change it reports, a post outlives a crash; it may be delivered twice. A
// delivery that fails is tried again later and later, and the node rests in the meantime:
// no invocation waits for it. One that can no longer arrive is given up.
func (s *step) post() {
	for _, o := range s.Outcomes {
		at := slices.IndexFunc(s.n.Outbox, func(p record.Post) bool { return p.Key == o.Effect.Post.Key })
		if o.Effect.Do != Deliver || at < 0 {
			continue
		}
		s.out.Save = true
		if o.Err != nil {
			s.say(message.CallFailed, fmt.Sprintf("%s %s: %v", o.Effect.Post.Kind, o.Effect.Post.Key, o.Err))
			if !undeliverable(o) {
				s.n.Outbox[at].Delivery = s.n.Outbox[at].Delivery.Fail(s.Now)
				continue
			}
		}
		s.n.Outbox = slices.Delete(s.n.Outbox, at, at+1)
	}
	s.n.Outbox = slices.DeleteFunc(s.n.Outbox, func(p record.Post) bool {
		why := Lapsed(p, s.Now)
		if why == "" {
			return false
		}
		s.out.Save = true
		s.say(message.DeliveryGivenUp, fmt.Sprintf("%s %s: %s", p.Kind, p.Key, why))
		return true
	})
	for _, p := range s.n.Outbox {
		if p.Delivery.Due(s.Now) {
			s.do(Effect{Do: Deliver, Post: p})
		}
	}
}

// clockMargin is the time by which our clock may be ahead of AWS's: an address is used that long
// after it expires by ours.
const clockMargin = time.Minute

// Lapsed returns why it is of no use to deliver the post any more, or "". Deliveries to the
// table never lapse.
func Lapsed(p record.Post, now time.Time) string {
	failing := p.Delivery.FailingFor(now)
	switch p.Kind {
	case record.PostAnswer:
		expires := event.AddressExpires(p.To)
		switch {
		case !expires.IsZero() && now.After(expires.Add(clockMargin)):
			return "its address expired at " + expires.UTC().Format(time.RFC3339)
		case expires.IsZero() && failing >= record.AnswerLife:
			return fmt.Sprintf("it failed for %s, and its address does not say when it expires", record.AnswerLife)
		}
	case record.PostNotice, record.PostEvent:
		if failing >= record.DeliveryLife {
			return fmt.Sprintf("it failed for %s", record.DeliveryLife)
		}
	case record.PostHistory, record.PostOrder, record.PostRelease:
	}
	return ""
}

// undeliverable: telling people or CloudFormation was refused for good (the
// topic is gone, the address has expired). It is logged, and not tried for ever.
func undeliverable(o Outcome) bool {
	told := o.Effect.Post.Kind == record.PostNotice || o.Effect.Post.Kind == record.PostEvent || o.Effect.Post.Kind == record.PostAnswer
	kind := cloud.KindOf(o.Err)
	return told && (cloud.Barred(o.Err) || kind == cloud.Invalid || kind == cloud.NotFound)
}

// put adds to the outbox; it is delivered once the record is saved.
func (s *step) put(p record.Post) {
	if slices.ContainsFunc(s.n.Outbox, func(x record.Post) bool { return x.Key == p.Key }) {
		return
	}
	s.n.Outbox = append(s.n.Outbox, p)
	s.out.Save = true
	s.do(Effect{Do: Deliver, Post: p})
}

type mark struct {
	name string
	at   time.Time
}

// marks are the switch's milestones in order of time.
func (s *step) marks() []mark {
	var list []mark
	for name, at := range s.n.Switch.Marks {
		list = append(list, mark{name, at})
	}
	slices.SortFunc(list, func(a, b mark) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	return list
}

// archive keeps what happened.
func (s *step) archive(sw *record.Switch, g *record.Grant, missing []string) {
	h := record.History{
		Node: s.n.ID, Epoch: s.n.Epoch, Switch: sw.ID, Kind: sw.Kind, Cause: sw.Cause,
		From: sw.From, FromZone: sw.FromZone, To: g.Instance, ToZone: g.Zone,
		Started: sw.Started, Finished: s.Now, Recovery: g.ServedAt.Sub(sw.Cause.At).Seconds(),
		Phases: map[string]float64{}, Attempts: sw.Attempts, Effects: sw.Effects, Missing: missing,
	}
	ms := s.marks()
	for i, m := range ms {
		end := s.Now
		if i+1 < len(ms) {
			end = ms[i+1].at
		}
		h.Phases[m.name] = end.Sub(m.at).Seconds()
	}
	s.put(record.Post{Key: fmt.Sprintf("history-%d", s.n.Epoch), Kind: record.PostHistory, Body: encode(h)})
}

// answerBody is what CloudFormation reads ("Custom resource response objects").
type answerBody struct {
	Status             string
	Reason             string            `json:",omitempty"`
	PhysicalResourceId string            //nolint:revive // CloudFormation's spelling
	StackId            string            //nolint:revive // CloudFormation's spelling
	RequestId          string            //nolint:revive // CloudFormation's spelling
	LogicalResourceId  string            //nolint:revive // CloudFormation's spelling
	Data               map[string]string `json:",omitempty"`
}

// mostReason keeps an answer well under CloudFormation's limit of 4096 bytes.
const mostReason = 1200

// AnswerPost is the answer to a request: SUCCESS, or FAILED with the reason of failure.
func AnswerPost(r record.Request, data map[string]string, failure error) record.Post {
	a := answerBody{
		Status: "SUCCESS", PhysicalResourceId: r.PhysicalID,
		StackId: r.Stack, RequestId: r.ID, LogicalResourceId: r.Logical, Data: data,
	}
	if failure != nil {
		a.Status, a.Data = "FAILED", nil
		a.Reason = failure.Error()
		a.Reason = a.Reason[:min(len(a.Reason), mostReason)]
	}
	return record.Post{Key: "answer-" + r.Key(), Kind: record.PostAnswer, To: r.URL, Body: encode(a)}
}

// answer answers the pending request, if there is one.
func (s *step) answer(failure error) {
	r := s.n.Request
	if r == nil {
		return
	}
	s.n.Request = nil
	s.reply(*r, failure)
}

func (s *step) reply(r record.Request, failure error) {
	const remembered = 20
	s.n.Answered = append(s.n.Answered, r.Key())
	if extra := len(s.n.Answered) - remembered; extra > 0 {
		s.n.Answered = slices.Delete(s.n.Answered, 0, extra)
	}
	s.put(AnswerPost(r, s.attributes(), failure))
	text := r.Type + " of node " + fmt.Sprint(s.n.ID) + ": SUCCESS"
	if failure != nil {
		text = fmt.Sprintf("%s of node %d: FAILED: %v", r.Type, s.n.ID, failure)
	}
	s.say(message.RequestAnswered, text)
}

// attributes are what Fn::GetAtt reads: the node's current instance.
func (s *step) attributes() map[string]string {
	g := s.n.Grant
	if g == nil {
		return nil
	}
	return map[string]string{
		contract.AttrInstanceID: g.Instance, contract.AttrZone: g.Zone, contract.AttrSubnetID: g.Subnet,
		contract.AttrPrivateIP: g.PrivateIP, contract.AttrImageID: g.Image, contract.AttrEpoch: fmt.Sprint(g.Epoch),
	}
}

// overdueRequest fails a deployment that waits too long, so that no stack waits
// for its time-out without a reason.
func (s *step) overdueRequest() {
	r, h := s.n.Request, s.n.Hold
	if r == nil {
		return
	}
	begun := r.At
	if sent := time.Unix(r.Sent, 0); r.Sent > 0 && sent.Before(begun) {
		begun = sent // CloudFormation has waited since then, however late the request came
	}
	waited := s.since(begun)
	switch {
	case h != nil && h.Kind == record.Interrupted && s.since(h.Since) >= createPatience:
		s.answer(fmt.Errorf("%s %s", h.Code, h.Reason))
	case waited >= seconds(s.Config.Policy.DeploySeconds) && h != nil:
		s.answer(fmt.Errorf("%s %s (after %d s)", h.Code, h.Reason, int(waited.Seconds())))
	case waited >= seconds(s.Config.Policy.DeploySeconds):
		last := ""
		if sw := s.n.Switch; sw != nil && sw.LastFailure != "" {
			last = "; the last failure was " + sw.LastFailure
		}
		s.answer(fmt.Errorf("node %d is still %s after %d s%s; it goes on automatically, deploy again later", s.n.ID, s.n.Phase, int(waited.Seconds()), last))
	}
}

// encode cannot fail: everything given to it is plain data.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}
