package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

const answerPath = "/cloudformation-answer/"

// Answer is what a custom resource's provider answers CloudFormation.
type Answer struct {
	Status             string // SUCCESS or FAILED
	Reason             string
	PhysicalResourceId string
	StackId            string
	RequestId          string
	LogicalResourceId  string
	NoEcho             bool
	Data               map[string]any
}

// Request is a custom-resource request as CloudFormation sends it
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html).
type Request struct {
	RequestType           string
	ResponseURL           string
	StackId               string
	RequestId             string
	ResourceType          string
	LogicalResourceId     string
	PhysicalResourceId    string         `json:",omitempty"`
	ResourceProperties    map[string]any `json:",omitempty"`
	OldResourceProperties map[string]any `json:",omitempty"`

	// Sent is when CloudFormation sends it: part of its pre-signed address. Zero: now.
	Sent time.Time `json:"-"`
}

// answers receives what is sent to the pre-signed addresses.
type answers struct {
	mu      sync.Mutex
	waiting map[string]chan Answer
	all     []Answer
}

func (a *answers) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender died
	}
	var got Answer
	if err := json.Unmarshal(body, &got); err != nil || r.Method != http.MethodPut {
		http.Error(w, "CloudFormation takes a PUT of a JSON document", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, got)
	if c := a.waiting[strings.TrimPrefix(r.URL.Path, answerPath)]; c != nil {
		select {
		case c <- got:
		default: // the first answer counts; later ones are as lost as in AWS
		}
	}
}

// Pending is a request that waits for its answer.
type Pending struct {
	Request  Request
	d        *Deployment
	function *runtimeapi.Function
	payload  []byte
	answer   chan Answer
}

// Send hands a request to its provider. RequestId and ResponseURL are filled in
// where they are empty.
func (d *Deployment) Send(r Request) (*Pending, error) {
	token, _ := r.ResourceProperties["ServiceToken"].(string)
	d.mu.Lock()
	f := d.functions[token]
	d.mu.Unlock()
	if f == nil {
		return nil, fmt.Errorf("the ServiceToken %q of %s is no function of this account", token, r.LogicalResourceId)
	}
	d.mu.Lock()
	d.seq++
	key := fmt.Sprintf("%08d", d.seq)
	d.mu.Unlock()
	if r.RequestId == "" {
		r.RequestId = "00000000-0000-4000-a000-0000" + key
	}
	if r.ResponseURL == "" {
		if r.Sent.IsZero() {
			r.Sent = time.Now()
		}
		r.ResponseURL = d.Proxy.URL + answerPath + key + signed(r.Sent)
	}
	p := &Pending{Request: r, d: d, function: f, answer: make(chan Answer, 1)}
	d.mu.Lock()
	d.requests = append(d.requests, r)
	d.mu.Unlock()
	d.answers.mu.Lock()
	d.answers.waiting[key] = p.answer
	d.answers.mu.Unlock()
	var err error
	if p.payload, err = json.Marshal(r); err != nil {
		return nil, fmt.Errorf("request of %s: %w", r.LogicalResourceId, err)
	}
	f.InvokeAsync(p.payload)
	return p, nil
}

// signed is the query of an address that was pre-signed at this time, as far as a
// provider may look at it ("Authenticating requests: using query parameters", Amazon
// S3 API reference).
func signed(at time.Time) string {
	return "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=" + at.UTC().Format("20060102T150405Z") + "&X-Amz-Expires=7200&X-Amz-Signature=0"
}

// Again delivers the request once more, as Lambda may with any event.
func (p *Pending) Again() {
	p.function.InvokeAsync(p.payload)
}

// Requests returns what was sent to custom resources so far, from the given one on.
func (d *Deployment) Requests(from int) []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Request(nil), d.requests[min(from, len(d.requests)):]...)
}

// ErrUnanswered is what a request comes to whose provider rests without an answer:
// CloudFormation gives up when the time-out of the resource (ServiceTimeout) is over.
var ErrUnanswered = errors.New("CloudFormation did not receive a response from your Custom Resource")

// Wait returns the answer. When the functions have come to rest without one, it
// ticks them once, as the sweep does each minute, and gives up after that.
func (p *Pending) Wait(ctx context.Context) (Answer, error) {
	for attempt := 1; ; attempt++ {
		rest := make(chan struct{})
		go func() {
			p.d.Settle()
			close(rest)
		}()
		select {
		case a := <-p.answer:
			return a, nil
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("%s of %s: %w", p.Request.RequestType, p.Request.LogicalResourceId, ctx.Err())
		case <-rest:
		}
		select {
		case a := <-p.answer:
			return a, nil
		default:
		}
		if attempt > 2 {
			return Answer{}, fmt.Errorf("%s of %s: %w", p.Request.RequestType, p.Request.LogicalResourceId, ErrUnanswered)
		}
		p.d.Sweep()
	}
}

// Request is one about a custom resource as it stands in a deployed stack.
func (s *Deployed) Request(kind, logical string) Request {
	return s.request(kind, s.Resources[logical])
}

func (s *Deployed) request(kind string, c *Created) Request {
	return Request{
		RequestType: kind, StackId: s.ID, ResourceType: c.Type, LogicalResourceId: c.Logical,
		PhysicalResourceId: c.Physical, ResourceProperties: texts(c.Properties).(map[string]any),
	}
}

// tell sends a custom resource's request and keeps what the answer says of it.
func (in *input) tell(kind string, old map[string]any) error {
	r := in.stack.request(kind, in.made)
	if kind == "Update" {
		r.OldResourceProperties = texts(old).(map[string]any)
	}
	in.left = nil
	p, err := in.d.Send(r)
	if err != nil {
		return err
	}
	a, err := p.Wait(in.ctx)
	if err != nil {
		if in.made.Physical == "" { // CloudFormation makes one up, to send Delete with
			in.made.Physical = in.stack.Name + "-" + in.made.Logical + "-" + digest(p.Request.RequestId, 8)
		}
		return err
	}
	if a.PhysicalResourceId == "" {
		return errors.New("the provider answered no PhysicalResourceId")
	}
	if a.Status != "SUCCESS" {
		if kind == "Create" { // it is deleted under the name that the refusal gives it
			in.made.Physical = a.PhysicalResourceId
		}
		return errors.New("the provider answered FAILED: " + a.Reason)
	}
	in.made.Physical = a.PhysicalResourceId
	if kind != "Delete" {
		in.made.Attributes = a.Data
	}
	return nil
}

// texts is the value with each scalar as a string, as CloudFormation sends them.
func texts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = texts(e)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, texts(e))
		}
		return out
	default:
		return fmt.Sprint(v)
	}
}

// Nodes returns the custom resources of all stacks.
func (d *Deployment) Nodes() []*Created {
	var nodes []*Created
	for _, kind := range d.customTypes() {
		nodes = append(nodes, d.Find(kind)...)
	}
	return nodes
}

func (d *Deployment) customTypes() []string {
	var kinds []string
	for _, s := range d.Stacks {
		for _, c := range s.Resources {
			if strings.HasPrefix(c.Type, "Custom::") && !slices.Contains(kinds, c.Type) {
				kinds = append(kinds, c.Type)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}
