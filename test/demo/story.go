package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// story is the demonstration as it goes.
type story struct {
	w          *world.World
	page       *page
	apps       map[string]*provision.Assembly
	switcher   world.Switcher
	nodes      []world.State // as deployed; two
	topic      string        // queue that hears the topic
	bystander  string        // an instance that is nobody's node
	noCapacity string
	settings   bool       // list them all
	carried    [][]string // by whom, after each step
	switches   int
	// recoveryctl is the operator's command, built for this machine.
	recoveryctl string
}

func (s *story) opening() {
	s.page.title("Workload recovery: what you are about to see")
	s.page.say("Two EC2 instances (\"nodes\") run without a standby. Both will fail, each in its own way. A Lambda function in Go, the switcher, " +
		"isolates each failed instance, proves that it is off, launches a replacement with the same identity in another Availability Zone, and moves its " +
		"load-balancer target and its alarm. Then the stack is deployed again, with a changed alarm and with a larger instance type, and deleted: CloudFormation " +
		"still names the instances that it knows from the first deployment, and harms none. Nothing here is staged: the resources come from the synthesised CloudFormation templates, the switcher is the real " +
		"program run as Lambda runs it, and AWS is played by the third-party emulator moto. Times are those of the emulator: EC2 itself takes longer to stop and boot.")
}

// deploy creates the stacks; the nodes' custom resources are the switcher's own work.
func (s *story) deploy(ctx context.Context) error {
	s.page.title("1. Deploy")
	for _, stack := range s.apps["first"].Stacks {
		start := time.Now()
		if err := s.w.Deploy(ctx, stack); err != nil {
			return err
		}
		s.page.say("  %s: %d resources in %.1f s", stack.Name, len(stack.Template.Resources), time.Since(start).Seconds())
	}
	switchers, err := s.w.Switchers()
	if err != nil {
		return err
	}
	if len(switchers) != 1 {
		return fmt.Errorf("the app has %d switchers: the demonstration is written for one", len(switchers))
	}
	s.switcher = switchers[0]
	if s.topic, err = s.w.Listen(ctx, s.switcher.Region, s.switcher.Settings.Topic); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	rows := [][]string{{"NODE", "NAME", "INSTANCE", "ZONE", "TARGET GROUPS", "ALARMS"}}
	for _, n := range s.nodes {
		g := n.Node.Grant
		rows = append(rows, []string{
			fmt.Sprint(n.Node.ID), n.Node.Name, g.Instance, g.Zone,
			strings.Join(slices.Sorted(maps.Keys(n.Targets)), ", "), strings.Join(slices.Sorted(maps.Keys(n.Alarms)), ", "),
		})
	}
	s.page.table(rows)
	s.carries("1. deployed", s.nodes...)
	s.page.say("The instances were launched by the switcher, on CloudFormation's request: no template holds an instance, since a switch replaces it.")
	return nil
}

// settle lets the nodes get old enough to be believed, and starts a bystander.
func (s *story) settle(ctx context.Context) error {
	nodes, err := s.switcher.Store.Nodes(ctx)
	if err != nil {
		return err
	}
	if len(nodes) != 2 {
		return fmt.Errorf("the table holds %d nodes, wanted the example's two", len(nodes))
	}
	for _, n := range nodes {
		for _, a := range n.Settings.Alarms {
			if err := s.switcher.SetAlarm(ctx, a, cwtypes.StateValueOk); err != nil {
				return err
			}
		}
	}
	s.switcher.Tick() // the sweep, once a minute in AWS, sees the alarms OK
	for _, n := range nodes {
		// An alarm of a young instance is not believed: let an hour pass in the table.
		if err := s.switcher.HourPasses(ctx, n.ID); err != nil {
			return err
		}
		st, err := s.switcher.State(ctx, n.ID)
		if err != nil {
			return err
		}
		s.nodes = append(s.nodes, st)
	}
	out, err := s.switcher.AWS().EC2.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeT3Micro, SubnetId: &s.nodes[0].Node.Grant.Subnet,
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String("bystander"),
	})
	if err != nil {
		return fmt.Errorf("launch the bystander: %w", err)
	}
	s.bystander = aws.ToString(out.Instances[0].InstanceId)
	return nil
}

func (s *story) stopApplication(ctx context.Context) error {
	n := s.nodes[0]
	return s.act(ctx, 2, n, "its application fails",
		"The application's manager finds the application dead and shuts the instance down. EC2 reports \"stopped\"; the first EventBridge rule hands that to the switcher.",
		func() (provision.Event, error) { return s.switcher.FailApplication(ctx, n.Node.Grant.Instance) })
}

func (s *story) hang(ctx context.Context) error {
	n := s.nodes[1]
	alarm := contract.AlarmName(s.switcher.Settings.Name, n.Node.ID, "application")
	return s.act(ctx, 3, n, "it hangs",
		"The instance still runs, but its application gives no sign of life: the alarm "+alarm+" goes to ALARM and the second rule hands that to the switcher. "+
			"The instance may still write to its disks, so it must be isolated and switched off first.",
		func() (provision.Event, error) { return s.switcher.Hang(ctx, alarm) })
}

// act lets one node fail and shows its recovery.
func (s *story) act(ctx context.Context, number int, before world.State, what, why string, fail func() (provision.Event, error)) error {
	s.page.title("%d. Node %d (%s): %s", number, before.Node.ID, before.Node.Name, what)
	s.page.say("%s", why)
	logs, err := s.switcher.Logs(0)
	if err != nil {
		return err
	}
	calls, start := s.w.Proxy.Len(), time.Now()
	event, err := fail()
	if err != nil {
		return err
	}
	reached, err := s.w.Deliver(ctx, event)
	if err != nil {
		return err
	}
	s.w.Settle()
	after, err := s.switcher.State(ctx, before.Node.ID)
	if err != nil {
		return err
	}
	if err := s.timeline("failure", start, len(logs)); err != nil {
		return err
	}
	if err := s.phases(ctx, before.Node.ID); err != nil {
		return err
	}
	s.calls(calls)
	s.compare(before, after)
	fmt.Fprintln(s.page.out, "\nChecks:")
	s.page.check(world.Check{Promise: "the event matched a rule of the switcher", OK: reached == 1, Detail: fmt.Sprintf("delivered to %d functions", reached)})
	for _, c := range world.Switched(before, after) {
		s.page.check(c)
	}
	s.switches++
	if err := s.carry(ctx, fmt.Sprintf("%d. after %s failed", number, before.Node.Name)); err != nil {
		return err
	}
	if s.noCapacity != "" && after.Node.Grant != nil {
		s.page.check(world.Check{
			Promise: "the zone without capacity was passed over", OK: after.Node.Grant.Zone != s.noCapacity,
			Detail: fmt.Sprintf("%s has none, the node runs in %s", s.noCapacity, after.Node.Grant.Zone),
		})
	}
	return nil
}

// timeline shows what the switcher logged about the node.
func (s *story) timeline(what string, start time.Time, from int) error {
	lines, err := s.switcher.Logs(from)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.page.out, "\nTimeline (from the switcher's own log; seconds since the %s):\n", what)
	rows := [][]string{{"SECONDS", "CODE", "PHASE", "WHAT", "DETAIL"}}
	for _, l := range lines {
		code, _ := l.Fields["code"].(string)
		stamp, _ := l.Fields["time"].(string)
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if code == "" || err != nil {
			continue
		}
		text := func(k string) string { v, _ := l.Fields[k].(string); return v }
		rows = append(rows, []string{fmt.Sprintf("%.2f", at.Sub(start).Seconds()), code, text("phase"), text("msg"), short(text("reason"), 90)})
	}
	s.page.table(rows)
	return nil
}

// phases shows the switch as the history keeps it.
func (s *story) phases(ctx context.Context, node int) error {
	history, err := s.switcher.History(ctx, node)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		return errors.New("the switch left no trace in the history")
	}
	h := history[len(history)-1]
	var parts []string
	for _, p := range slices.Sorted(maps.Keys(h.Phases)) {
		parts = append(parts, fmt.Sprintf("%s %.2f", p, h.Phases[p]))
	}
	s.page.say("In the history: switch %s, %s in %s -> %s in %s, %.2f s from failure to serving; seconds by phase: %s. "+
		"(EventBridge tells the time of a failure in whole seconds, so this may be up to a second more than above.)",
		h.Switch, h.From, h.FromZone, h.To, h.ToZone, h.Recovery, strings.Join(parts, ", "))
	return nil
}

// calls counts what the switch asked of AWS.
func (s *story) calls(from int) {
	read, changed := map[string]int{}, map[string]int{}
	for _, c := range s.w.Proxy.Calls(from) {
		if c.Mutating() {
			changed[c.Service]++
		} else {
			read[c.Service]++
		}
	}
	var parts []string
	total := 0
	services := map[string]bool{}
	for _, m := range []map[string]int{read, changed} {
		for k, n := range m {
			services[k] = true
			total += n
		}
	}
	for _, k := range slices.Sorted(maps.Keys(services)) {
		parts = append(parts, fmt.Sprintf("%s %d + %d", k, read[k], changed[k]))
	}
	s.page.say("API calls: %d (reading + changing: %s).", total, strings.Join(parts, ", "))
	for _, c := range s.w.Proxy.Calls(from) {
		if c.Code == "InsufficientInstanceCapacity" && c.Service == proxy.EC2 {
			s.page.say("EC2 refused a launch for lack of capacity; the switcher went on to the next zone and remembers the lack for all nodes.")
		}
	}
}
