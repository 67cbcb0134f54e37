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
	Request Request
	d       *Deployment
	answer  chan Answer
}

// Send hands a request to its provider. RequestId and ResponseURL are filled in
// where they are empty.
func (d *Deployment) Send(r Request) (*Pending, error) {
	token, _ := r.ResourceProperties["ServiceToken"].(string)
	f := d.functions[token]
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
		r.ResponseURL = d.Proxy.URL + answerPath + key
	}
	p := &Pending{Request: r, d: d, answer: make(chan Answer, 1)}
	d.answers.mu.Lock()
	d.answers.waiting[key] = p.answer
	d.answers.mu.Unlock()
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("request of %s: %w", r.LogicalResourceId, err)
	}
	f.InvokeAsync(payload)
	return p, nil
}

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
			return Answer{}, fmt.Errorf("%s of %s was never answered", p.Request.RequestType, p.Request.LogicalResourceId)
		}
		p.d.Sweep()
	}
}

func createCustom(in *input) error {
	p, err := in.d.Send(Request{
		RequestType: "Create", StackId: in.stack.ID, ResourceType: in.made.Type, LogicalResourceId: in.made.Logical,
		ResourceProperties: texts(in.left).(map[string]any),
	})
	if err != nil {
		return err
	}
	in.left = nil
	a, err := p.Wait(in.ctx)
	switch {
	case err != nil:
		return err
	case a.Status != "SUCCESS":
		return errors.New("the provider answered FAILED: " + a.Reason)
	case a.PhysicalResourceId == "":
		return errors.New("the provider answered no PhysicalResourceId")
	}
	in.made.Physical, in.made.Attributes = a.PhysicalResourceId, a.Data
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

// DeleteNodes sends Delete for a stack's custom resources, last one first, and
// returns the answers by logical id. (What else a stack holds is left: it does not
// see the deletion.)
func (d *Deployment) DeleteNodes(ctx context.Context, stack string) (map[string]Answer, error) {
	s := d.Stacks[stack]
	if s == nil {
		return nil, fmt.Errorf("stack %s is not deployed", stack)
	}
	got := map[string]Answer{}
	for _, id := range slices.Backward(s.order) {
		c := s.Resources[id]
		if !strings.HasPrefix(c.Type, "Custom::") {
			continue
		}
		p, err := d.Send(Request{
			RequestType: "Delete", StackId: s.ID, ResourceType: c.Type, LogicalResourceId: id, PhysicalResourceId: c.Physical,
			ResourceProperties: texts(c.Properties).(map[string]any),
		})
		if err != nil {
			return got, err
		}
		a, err := p.Wait(ctx)
		if err != nil {
			return got, err
		}
		got[id] = a
		if a.Status != "SUCCESS" {
			return got, fmt.Errorf("delete %s: the provider answered %s: %s", id, a.Status, a.Reason)
		}
	}
	return got, nil
}
