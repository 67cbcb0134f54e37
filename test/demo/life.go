package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// nodesStack is the stack that holds the two nodes.
const nodesStack = "RecoveryNodes"

// carry notes who carries the nodes now.
func (s *story) carry(ctx context.Context, step string) error {
	states, err := s.states(ctx)
	if err != nil {
		return err
	}
	s.carries(step, states...)
	return nil
}

func (s *story) carries(step string, states ...world.State) {
	row := []string{step}
	for _, st := range states {
		carrier := "nobody"
		if g := st.Node.Grant; g != nil {
			carrier = fmt.Sprintf("%s %s %s", g.Instance, g.Zone, st.Inherited["instance.InstanceType"])
		}
		row = append(row, carrier)
	}
	s.carried = append(s.carried, row)
}

func (s *story) states(ctx context.Context) ([]world.State, error) {
	var all []world.State
	for _, n := range s.nodes {
		st, err := s.switcher.State(ctx, n.Node.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, nil
}

// again deploys the stack of nodes as its source is in a later state, and tells what
// the nodes were asked.
func (s *story) again(ctx context.Context, state string) (asked int, err error) {
	start, from := time.Now(), len(s.w.Requests(0))
	if err := s.w.Update(ctx, s.apps[state].Stack(nodesStack)); err != nil {
		return 0, err
	}
	s.w.Settle()
	requests := s.w.Requests(from)
	for _, r := range requests {
		var changed []string
		for _, k := range slices.Sorted(maps.Keys(r.ResourceProperties)) {
			if was, is := r.OldResourceProperties[k], r.ResourceProperties[k]; fmt.Sprint(was) != fmt.Sprint(is) {
				changed = append(changed, fmt.Sprintf("%s %v -> %v", k, was, is))
			}
		}
		s.page.say("  CloudFormation sends %s of %s: %s", r.RequestType, r.LogicalResourceId, strings.Join(changed, ", "))
	}
	s.page.say("  %s was updated in %.1f s.", nodesStack, time.Since(start).Seconds())
	return len(requests), nil
}

// threshold deploys slower alarms.
func (s *story) threshold(ctx context.Context) error {
	s.page.title("4. Deploy again: a changed alarm threshold")
	s.page.say("Nothing in the stack has told CloudFormation of the switches: the instances that it knows do not exist any more. It will rewrite the alarms, and must not point them at the dead. " +
		"So each node carries a hash of all that uses its attributes: it is asked first, and answers with the instance that carries it now.")
	before, err := s.states(ctx)
	if err != nil {
		return err
	}
	asked, err := s.again(ctx, "threshold")
	if err != nil {
		return err
	}
	after, err := s.states(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.page.out, "\nChecks:")
	s.page.check(world.Check{Promise: "each node was asked once", OK: asked == len(s.nodes), Detail: fmt.Sprintf("%d requests", asked)})
	for i, st := range after {
		g, was := st.Node.Grant, before[i].Node.Grant
		s.page.check(world.Check{
			Promise: fmt.Sprintf("node %d is where it was, untouched", st.Node.ID), Detail: fmt.Sprint(st.Instances),
			OK: g != nil && reflect.DeepEqual(g, was) && maps.Equal(st.Instances, before[i].Instances) && st.AtRest(),
		})
		s.page.check(world.Check{
			Promise: fmt.Sprintf("the alarms of node %d watch what they watched", st.Node.ID), Detail: fmt.Sprint(st.Alarms),
			OK: maps.Equal(st.Alarms, before[i].Alarms),
		})
		name := contract.AlarmName(s.switcher.Settings.Name, st.Node.ID, contract.AlarmInstance)
		out, err := s.switcher.AWS().CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
		if err != nil {
			return err
		}
		periods := int32(0)
		for _, a := range out.MetricAlarms {
			periods = aws.ToInt32(a.EvaluationPeriods)
		}
		s.page.check(world.Check{Promise: "the change of alarm " + name + " is in force", OK: periods == 3, Detail: fmt.Sprintf("%d periods", periods)})
	}
	return s.carry(ctx, "4. changed threshold")
}

// largerType deploys another instance type: at once for one node, later for the other.
func (s *story) largerType(ctx context.Context) error {
	s.page.title("5. Deploy again: a larger instance type")
	s.page.say("Node 1 applies changes at once, by a planned switch: its instance is well, so it leaves its target group, finishes its requests and shuts down by itself before it is replaced. " +
		"If the new one did not become healthy, the old one would be started again and the deployment would fail with the reason. Node 2 takes the change at its next switch.")
	logs, err := s.switcher.Logs(0)
	if err != nil {
		return err
	}
	before, err := s.states(ctx)
	if err != nil {
		return err
	}
	start, calls := time.Now(), s.w.Proxy.Len()
	asked, err := s.again(ctx, "type")
	if err != nil {
		return err
	}
	s.switches++
	after, err := s.states(ctx)
	if err != nil {
		return err
	}
	if err := s.timeline("deployment began", start, len(logs)); err != nil {
		return err
	}
	s.compare(before[0], after[0])
	fmt.Fprintln(s.page.out, "\nChecks:")
	s.page.check(world.Check{Promise: "each node was asked once", OK: asked == len(s.nodes), Detail: fmt.Sprintf("%d requests", asked)})
	stops, skipped := 0, 0
	for _, c := range s.w.Proxy.Calls(calls) {
		if c.Action == "StopInstances" {
			stops++
			if c.Params["Force"] == "true" || c.Params["SkipOsShutdown"] == "true" {
				skipped++
			}
		}
	}
	s.page.check(world.Check{Promise: "the instance had time to shut down", OK: stops == 1 && skipped == 0, Detail: fmt.Sprintf("%d of %d stops skipped the shutdown", skipped, stops)})
	for _, c := range world.Applied(before[0], after[0], "instance.InstanceType") {
		s.page.check(c)
	}
	s.page.check(world.Check{
		Promise: "node 2 is where it was, untouched", Detail: fmt.Sprint(after[1].Instances),
		OK: after[1].AtRest() && after[1].Node.Grant != nil && reflect.DeepEqual(after[1].Node.Grant, before[1].Node.Grant) && maps.Equal(before[1].Instances, after[1].Instances),
	})
	return s.carry(ctx, "5. larger type")
}

// remove deletes the stack of nodes, and with it whatever carries the nodes by now.
func (s *story) remove(ctx context.Context) error {
	s.page.title("7. Delete the stack of nodes")
	s.page.say("Before that, what the person on call sees:")
	if err := s.operator(ctx, "status"); err != nil {
		return err
	}
	s.page.say("CloudFormation asks the nodes to go, and then deletes the rest of the stack. What goes is what carries each node now, not what CloudFormation once created.")
	start := time.Now()
	if err := s.w.Delete(ctx, nodesStack); err != nil {
		return err
	}
	s.w.Settle()
	s.page.say("  %s was deleted in %.1f s.", nodesStack, time.Since(start).Seconds())
	fmt.Fprintln(s.page.out, "\nChecks:")
	row := []string{"7. deleted"}
	for _, n := range s.nodes {
		now, err := s.switcher.Node(ctx, n.Node.ID)
		if err != nil {
			return err
		}
		launched, err := s.switcher.Launched(ctx, n.Node.ID)
		if err != nil {
			return err
		}
		var alive []string
		for _, i := range launched {
			if i.State.Name != types.InstanceStateNameTerminated {
				alive = append(alive, aws.ToString(i.InstanceId))
			}
		}
		s.page.check(world.Check{
			Promise: fmt.Sprintf("no instance of node %d is left", n.Node.ID), OK: len(alive) == 0 && now.Grant == nil && now.Phase == record.Deleted,
			Detail: fmt.Sprintf("%d were launched in its life, %d are not terminated; phase %s", len(launched), len(alive), now.Phase),
		})
		row = append(row, "nobody")
	}
	s.carried = append(s.carried, row)
	claims, err := s.switcher.Store.Table.Query(ctx, contract.ClaimPartition, "")
	if err != nil {
		return err
	}
	alarms, err := s.switcher.AWS().CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(contract.AlarmPrefix(s.switcher.Settings.Name))})
	if err != nil {
		return err
	}
	s.page.check(world.Check{Promise: "the node ids are free again", OK: len(claims) == 0, Detail: fmt.Sprintf("%d claims", len(claims))})
	s.page.check(world.Check{Promise: "no alarm of a node is left", OK: len(alarms.MetricAlarms) == 0, Detail: fmt.Sprintf("%d alarms", len(alarms.MetricAlarms))})
	calls := s.w.Proxy.Len()
	s.switcher.Tick()
	changed := 0
	for _, c := range s.w.Proxy.Calls(calls) {
		if c.Mutating() && c.Service != "dynamodb" {
			changed++
		}
	}
	s.page.check(world.Check{Promise: "the next sweep finds nothing to do", OK: changed == 0, Detail: fmt.Sprintf("%d changing calls", changed)})
	return nil
}

// closing checks what concerns the whole story, and sums up.
func (s *story) closing(ctx context.Context) error {
	s.page.title("8. In the end")
	i, err := s.switcher.Instance(ctx, s.bystander)
	if err != nil {
		return err
	}
	s.page.table(append([][]string{{"WHO CARRIED", "NODE 1", "NODE 2"}}, s.carried...))
	s.page.check(world.Check{
		Promise: "an instance beside the nodes was not touched", OK: i.State.Name == types.InstanceStateNameRunning && len(i.Tags) == 0,
		Detail: fmt.Sprintf("%s is %s", s.bystander, i.State.Name),
	})
	faults := s.w.Faults()
	s.page.check(world.Check{Promise: "no invocation was given up, no call was unknown to the emulator or not allowed by the role", OK: len(faults) == 0, Detail: fmt.Sprintf("%d faults", len(faults))})
	for _, f := range faults {
		fmt.Fprintln(s.page.out, "       ", f)
	}
	if s.page.failed > 0 {
		return fmt.Errorf("%d of %d promises were not kept: see FAIL above", s.page.failed, s.page.failed+s.page.passed)
	}
	s.page.say("What the switcher did, as the person on call reads it:")
	for _, n := range s.nodes {
		if err := s.operator(ctx, "history", fmt.Sprint(n.Node.ID)); err != nil {
			return err
		}
	}
	s.page.say("Left of the nodes: their data (two file systems, which a deletion retains) and their history.")
	s.page.say("All %d promises were kept.", s.page.passed)
	if s.noCapacity == "" {
		s.page.say("Try also: make demo DEMO_ARGS=\"--no-capacity %s\", or --settings.", strings.Fields(s.carried[1][1])[1])
	}
	return nil
}
