package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

// Options of a deployment.
type Options struct {
	Proxy     *proxy.Proxy
	Region    string // for stacks that may go to any
	Bootstrap string // path of the function's binary
	// Tune may change a function's settings before it starts.
	Tune func(*runtimeapi.Config)
}

// Deployment is an AWS account with stacks in it. Use New.
type Deployment struct {
	Options
	Stacks map[string]*Deployed // by name
	Rules  []*Rule
	Ticks  []Tick // schedules

	clients   map[string]*Clients
	exports   map[string]any
	functions map[string]*runtimeapi.Function // by ARN
	answers   answers
	requests  []Request
	seq       int
	mu        sync.Mutex
	matching  sync.Mutex
}

// Deployed is a stack in the emulator.
type Deployed struct {
	Name, ID, Region string
	Resources        map[string]*Created
	Outputs          map[string]string
	order            []string // of creation
	template         Template
	tags, parameters map[string]string
}

// Created is a resource in the emulator.
type Created struct {
	Logical    string
	Type       string
	Physical   string
	Properties map[string]any // resolved
	Attributes map[string]any
	retain     bool // when it is deleted
}

// New returns an empty account behind the proxy.
func New(o Options) *Deployment {
	d := &Deployment{
		Options: o, Stacks: map[string]*Deployed{}, clients: map[string]*Clients{}, exports: map[string]any{},
		functions: map[string]*runtimeapi.Function{}, answers: answers{waiting: map[string]chan Answer{}},
	}
	o.Proxy.Handle(functionsPath, proxy.Lambda, "Invoke", d.serveFunctions)
	o.Proxy.Handle(answerPath, proxy.Answer, "Put", d.answers.serve)
	return d
}

// Close stops the functions.
func (d *Deployment) Close() {
	for _, f := range d.Functions() {
		f.Close()
	}
}

// Account is the account's id.
func (d *Deployment) Account() string { return d.Proxy.Account() }

// In returns the clients of a Region.
func (d *Deployment) In(region string) *Clients {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clients[region] == nil {
		d.clients[region] = NewClients(d.Proxy.URL, region, proxy.Observer)
	}
	return d.clients[region]
}

// Functions returns all functions.
func (d *Deployment) Functions() []*runtimeapi.Function {
	var fs []*runtimeapi.Function
	d.mu.Lock()
	for _, f := range d.functions {
		fs = append(fs, f)
	}
	d.mu.Unlock()
	slices.SortFunc(fs, func(a, b *runtimeapi.Function) int { return strings.Compare(a.ARN, b.ARN) })
	return fs
}

// Settle waits until no function is invoked or about to be.
func (d *Deployment) Settle() {
	for _, f := range d.Functions() {
		f.Settle()
	}
}

// Deploy creates the stacks in order. A stack that is deployed already is left alone.
func (d *Deployment) Deploy(ctx context.Context, stacks ...*Stack) error {
	for _, s := range stacks {
		if d.Stacks[s.Name] != nil {
			continue
		}
		if err := d.create(ctx, s); err != nil {
			return fmt.Errorf("deploy stack %s: %w", s.Name, err)
		}
	}
	return nil
}

func (r resolver) outputs() error {
	for name, o := range r.stack.template.Outputs {
		v, err := r.resolve(o.Value)
		if err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		r.stack.Outputs[name] = fmt.Sprint(v)
		if o.Export.Name == nil {
			continue
		}
		export, err := r.resolve(o.Export.Name)
		if err != nil {
			return fmt.Errorf("export name of output %s: %w", name, err)
		}
		r.d.exports[r.stack.Region+" "+fmt.Sprint(export)] = v
	}
	return nil
}

// Find returns the resources of a type in all stacks, in order of creation.
func (d *Deployment) Find(kind string) []*Created {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := make([]string, 0, len(d.Stacks))
	for n := range d.Stacks {
		names = append(names, n)
	}
	slices.Sort(names)
	var found []*Created
	for _, n := range names {
		for _, id := range d.Stacks[n].order {
			if c := d.Stacks[n].Resources[id]; c.Type == kind {
				found = append(found, c)
			}
		}
	}
	return found
}

func (d *Deployment) zones(ctx context.Context, region string) ([]any, error) {
	out, err := d.In(region).EC2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, z := range out.AvailabilityZones {
		names = append(names, aws.ToString(z.ZoneName))
	}
	slices.Sort(names)
	zones := make([]any, 0, len(names))
	for _, n := range names {
		zones = append(zones, n)
	}
	return zones, nil
}

func (d *Deployment) parameter(ctx context.Context, region, name string) (string, error) {
	var out struct{ Parameter struct{ Value string } }
	err := d.In(region).JSON(ctx, "ssm", "AmazonSSM", "GetParameter", map[string]string{"Name": name}, &out)
	return out.Parameter.Value, err
}
