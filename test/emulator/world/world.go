// Package world puts the emulator's parts together: one AWS account that holds
// the synthesised stacks, with the real switcher in it, seen with the eyes of an
// operator. End-to-end tests and the demonstration stand on it.
package world

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

// Options of a world.
type Options struct {
	Emulator  string // URL of moto
	Account   string // 12 digits; no two worlds of one emulator may share it
	Region    string
	Bootstrap string
	// Policy changes the policy that the template gives the switcher, after patient
	// did. Default: no further change.
	Policy func(*contract.Policy)
	// Timeout of an invocation. Default: the template's.
	Timeout time.Duration
	// Retries of an asynchronous invocation that failed. Default: Lambda's, 2.
	Retries int
	// Shifted are zones, by id, that a zonal shift moves traffic away from.
	Shifted []string
	// Pending and Initial are for how many looks a new instance is pending and a
	// new target is initial.
	Pending, Initial int
}

// World is one account. Use New.
type World struct {
	*provision.Deployment
	policy    func(*contract.Policy)
	timeout   time.Duration
	retries   int
	authority *authority
}

// New opens an empty account.
func New(o Options) (*World, error) {
	p, err := proxy.New(o.Emulator, o.Account)
	if err != nil {
		return nil, err
	}
	p.SetDelays(o.Pending, o.Initial)
	p.SetShifted(o.Shifted...)
	w := &World{policy: o.Policy, timeout: o.Timeout, retries: o.Retries}
	w.authorize(p)
	w.Deployment = provision.New(provision.Options{
		Proxy: p, Region: o.Region, Bootstrap: o.Bootstrap,
		Tune: func(c *runtimeapi.Config) { w.tune(c) },
	})
	return w, nil
}

// Close ends the functions and the proxy.
func (w *World) Close() {
	w.Deployment.Close()
	_ = w.Proxy.Close()
}

// patient lengthens the times of a policy within which something must happen, or during
// which something is remembered: on a busy machine minutes may pass between two steps of a
// test. All stay shorter than the hour that HourPasses lets pass.
func patient(p *contract.Policy) {
	p.FenceSeconds, p.HealthSeconds, p.DeploySeconds = 3000, 3000, 3000
	p.CapacitySeconds, p.GraceSeconds, p.CoolDownSeconds = 3000, 3000, 3000
}

// tune changes the time-out, the retries, and the policy inside the configuration that the
// template wrote.
func (w *World) tune(c *runtimeapi.Config) {
	if w.timeout > 0 {
		c.Timeout = w.timeout
	}
	if w.retries > 0 {
		c.Retries = w.retries
	}
	var doc map[string]any
	if json.Unmarshal([]byte(c.Env[contract.EnvConfig]), &doc) != nil {
		return // the switcher itself says what is wrong with its configuration
	}
	var cfg contract.Config
	if json.Unmarshal([]byte(c.Env[contract.EnvConfig]), &cfg) != nil {
		return
	}
	patient(&cfg.Policy)
	if w.policy != nil {
		w.policy(&cfg.Policy)
	}
	doc["policy"] = cfg.Policy
	if text, err := json.Marshal(doc); err == nil {
		c.Env[contract.EnvConfig] = string(text)
	}
}

// Switcher is one VPC's switcher.
type Switcher struct {
	*runtimeapi.Function
	Settings contract.Config
	Store    record.Store
	world    *World
}

// Switchers returns all of them, by function ARN.
func (w *World) Switchers() ([]Switcher, error) {
	var found []Switcher
	for _, f := range w.Functions() {
		cfg, err := contract.ParseConfig(f.Env[contract.EnvConfig])
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", f.Name, err)
		}
		ports := awscloud.Ports(provision.Config(w.Proxy.URL, f.Region, proxy.Observer), awscloud.Options{
			Table: cfg.Table, Topic: cfg.Topic, Function: cfg.Function,
		})
		found = append(found, Switcher{Function: f, Settings: cfg, Store: record.Store{Table: ports.Table, VPC: cfg.VPC}, world: w})
	}
	return found, nil
}

// AWS returns the observer's clients in the switcher's Region.
func (s Switcher) AWS() *provision.Clients { return s.world.In(s.Region) }

// Node reads the record of a node.
func (s Switcher) Node(ctx context.Context, id int) (record.Node, error) {
	nodes, err := s.Store.Nodes(ctx)
	if err != nil {
		return record.Node{}, err
	}
	i := slices.IndexFunc(nodes, func(n record.Node) bool { return n.ID == id })
	if i < 0 {
		return record.Node{}, fmt.Errorf("the table holds no node %d of %s", id, s.Settings.VPC)
	}
	return nodes[i], nil
}

// LeaseExpires lets an hour pass for the lease of a dead leader. The switcher lives
// by the machine's clock, and a test must not wait even half a minute.
func (s Switcher) LeaseExpires(ctx context.Context) error {
	return s.passes(ctx, contract.LeaseKey, time.Hour)
}

// DayPasses lets a day pass in which no invocation leads.
func (s Switcher) DayPasses(ctx context.Context) error {
	return s.passes(ctx, contract.LeaseKey, 24*time.Hour)
}

// HourPasses lets an hour pass for a node: grace and cool-down are over, what was
// held may be tried again.
func (s Switcher) HourPasses(ctx context.Context, node int) error {
	return s.passes(ctx, contract.NodeKey(node), time.Hour)
}

// passes moves every point in time of a record into the past. The switcher may write it at
// the same moment: then the newer record is moved.
func (s Switcher) passes(ctx context.Context, sort string, d time.Duration) error {
	for {
		if err := s.moveBack(ctx, sort, d); !cloud.Is(err, cloud.Conflict) {
			return err
		}
	}
}

func (s Switcher) moveBack(ctx context.Context, sort string, d time.Duration) error {
	item, err := s.Store.Table.Get(ctx, contract.VPCPartition(s.Settings.VPC), sort)
	if err != nil {
		return fmt.Errorf("let time pass for %s: %w", sort, err)
	}
	var body any
	if err := json.Unmarshal(item.Body, &body); err != nil {
		return fmt.Errorf("let time pass for %s: %w", sort, err)
	}
	if item.Body, err = json.Marshal(earlier(body, d)); err != nil {
		return fmt.Errorf("let time pass for %s: %w", sort, err)
	}
	return s.Store.Table.Put(ctx, item, item.Revision)
}

func earlier(v any, d time.Duration) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = earlier(e, d)
		}
	case []any:
		for i, e := range v {
			v[i] = earlier(e, d)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil && !t.IsZero() {
			return t.Add(-d).Format(time.RFC3339Nano)
		}
	}
	return v
}

// Instance describes one instance.
func (s Switcher) Instance(ctx context.Context, id string) (types.Instance, error) {
	out, err := s.AWS().EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		return types.Instance{}, err
	}
	if len(out.Reservations) != 1 || len(out.Reservations[0].Instances) != 1 {
		return types.Instance{}, fmt.Errorf("instance %s: not found", id)
	}
	return out.Reservations[0].Instances[0], nil
}

// Destinations returns the zones that nodes may be placed in, by subnet.
func (s Switcher) Destinations(ctx context.Context) (map[string]string, error) {
	out, err := s.AWS().EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{s.Settings.VPC}},
		{Name: aws.String("tag:" + contract.DestinationTag), Values: []string{"true"}},
	}})
	if err != nil {
		return nil, fmt.Errorf("destinations of %s: %w", s.Settings.VPC, err)
	}
	zones := map[string]string{}
	for _, n := range out.Subnets {
		zones[aws.ToString(n.SubnetId)] = aws.ToString(n.AvailabilityZone)
	}
	return zones, nil
}

// Launched returns every instance that carries the node's id tag, terminated ones
// too, by launch time.
func (s Switcher) Launched(ctx context.Context, node int) ([]types.Instance, error) {
	out, err := s.AWS().EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		{Name: aws.String("tag:" + s.Settings.IDTag), Values: []string{fmt.Sprint(node)}},
		{Name: aws.String("vpc-id"), Values: []string{s.Settings.VPC}},
	}})
	if err != nil {
		return nil, err
	}
	var found []types.Instance
	for _, r := range out.Reservations {
		found = append(found, r.Instances...)
	}
	slices.SortFunc(found, func(a, b types.Instance) int { return aws.ToTime(a.LaunchTime).Compare(aws.ToTime(b.LaunchTime)) })
	return found, nil
}

// FailApplication does what the application's manager does on a fault: it shuts
// the instance down. EC2's notice is returned, not yet delivered.
func (s Switcher) FailApplication(ctx context.Context, instance string) (provision.Event, error) {
	_, err := s.AWS().EC2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{instance}})
	if err != nil {
		return provision.Event{}, fmt.Errorf("stop %s: %w", instance, err)
	}
	return s.world.InstanceEvent(s.Region, instance, "stopped"), nil
}

// Hang makes the alarm go off, as when its metric stops. CloudWatch's notice is
// returned, not yet delivered.
func (s Switcher) Hang(ctx context.Context, alarm string) (provision.Event, error) {
	if err := s.SetAlarm(ctx, alarm, cwtypes.StateValueAlarm); err != nil {
		return provision.Event{}, err
	}
	return s.world.AlarmEvent(ctx, s.Region, alarm, string(cwtypes.StateValueOk))
}

// SetAlarm sets the state of an alarm.
func (s Switcher) SetAlarm(ctx context.Context, alarm string, state cwtypes.StateValue) error {
	_, err := s.AWS().CloudWatch.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
		AlarmName: &alarm, StateValue: state, StateReason: aws.String("set by the harness, as its metric would"),
	})
	if err != nil {
		return fmt.Errorf("set alarm %s to %s: %w", alarm, state, err)
	}
	return nil
}

// Tick hands the switcher one sweep and waits until all is quiet.
func (s Switcher) Tick() {
	s.world.Sweep()
	s.world.Settle()
}

// Faults are the harness's own faults and the function's dead letters: both must
// be empty at the end of a test that does not mean to cause them.
func (w *World) Faults() []string {
	faults := w.Proxy.Failures()
	for _, f := range w.Functions() {
		for _, l := range f.DeadLetters() {
			faults = append(faults, fmt.Sprintf("%s gave up after %d attempts on %.200s: %s %s", f.Name, l.Attempts, l.Payload, l.Last.Status, l.Last.Payload))
		}
		lines, err := f.Logs(0)
		if err != nil {
			faults = append(faults, err.Error())
		}
		for _, l := range lines {
			if strings.HasPrefix(l.Text, "panic:") || strings.HasPrefix(l.Text, "fatal error:") {
				faults = append(faults, f.Name+" wrote "+l.Text)
			}
		}
	}
	return faults
}
