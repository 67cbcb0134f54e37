package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// nodesStack is the name of the example's stack of nodes.
const nodesStack = "RecoveryNodes"

// badImage is that of the state "image" of command apps.
const badImage = "ami-0bad0bad0bad0bad0"

var synthApps = sync.OnceValues(func() (map[string]*provision.Assembly, error) {
	return world.Apps(context.Background(), shared.root, shared.Dir+"/apps")
})

// app is the example in one of its states.
func app(t *testing.T, state string) *provision.Assembly {
	t.Helper()
	all, err := synthApps()
	must(t, err)
	if all[state] == nil {
		t.Fatalf("command apps has no state %q", state)
	}
	return all[state]
}

// deployAgain deploys the stack of nodes as it is in a state of the source, and returns
// the requests that its nodes were sent.
func (a *account) deployAgain(state string) ([]provision.Request, error) {
	a.t.Helper()
	return a.update(app(a.t, state).Stack(nodesStack))
}

func (a *account) update(s *provision.Stack) ([]provision.Request, error) {
	a.t.Helper()
	from := len(a.Requests(0))
	err := a.Update(a.t.Context(), s)
	a.Settle()
	return a.Requests(from), err
}

// recovers lets the node's application fail, and waits for its switch.
func (a *account) recovers(node int) world.State {
	a.t.Helper()
	before, _ := a.begin(node)
	a.fail(a.s[0], before)
	a.Settle()
	return a.state(a.s[0], node)
}

// stays asserts that what carries the node is what carried it before, untouched, and
// that its alarms watch it.
func (a *account) stays(before world.State) world.State {
	a.t.Helper()
	after := a.rest(a.s[0], before.Node.ID)
	if !after.AtRest() {
		a.t.Errorf("node %d is in phase %s, hold %+v, hints %v", before.Node.ID, after.Node.Phase, after.Node.Hold, after.Hints)
	}
	if after.Node.Grant == nil || after.Node.Grant.Instance != before.Node.Grant.Instance {
		a.t.Fatalf("node %d: grant %+v, wanted %s as before", before.Node.ID, after.Node.Grant, before.Node.Grant.Instance)
	}
	if diff := cmp.Diff(before.Instances, after.Instances); diff != "" {
		a.t.Errorf("node %d: instances (-before +after):\n%s", before.Node.ID, diff)
	}
	if diff := cmp.Diff(before.Targets, after.Targets); diff != "" {
		a.t.Errorf("node %d: targets (-before +after):\n%s", before.Node.ID, diff)
	}
	if diff := cmp.Diff(before.Alarms, after.Alarms); diff != "" {
		a.t.Errorf("node %d: watched by its alarms (-before +after):\n%s", before.Node.ID, diff)
	}
	only := func(in world.Inherited) map[string]string {
		in = maps.Clone(in)
		maps.DeleteFunc(in, func(k, _ string) bool { return strings.HasPrefix(k, "alarm.") })
		return in
	}
	if diff := cmp.Diff(only(before.Inherited), only(after.Inherited)); diff != "" {
		a.t.Errorf("node %d: the instance (-before +after):\n%s", before.Node.ID, diff)
	}
	return after
}

// applied asserts all promises of a change that was made at once.
func (a *account) applied(before, after world.State, changed ...string) {
	a.t.Helper()
	for _, c := range world.Applied(before, after, changed...) {
		if !c.OK {
			a.t.Errorf("node %d: not kept: %s: %s", before.Node.ID, c.Promise, c.Detail)
		}
	}
}

// TestScenario36DeployAgain follows two nodes through switches and deployments: the
// database applies changes at once, the web node at its next switch.
func TestScenario36DeployAgain(t *testing.T) {
	t.Parallel()
	a := deployStacks(t, app(t, "first"), world.Options{})
	s := a.s[0]
	first := a.state(s, database)
	a.recovers(database)
	db, wb := a.recovers(database), a.recovers(web)
	if db.Node.Epoch < first.Node.Epoch+2 {
		t.Fatalf("epochs %d and %d: the database did not switch twice", first.Node.Epoch, db.Node.Epoch)
	}

	from := a.Proxy.Len()
	if got, err := a.deployAgain("first"); err != nil || len(got) != 0 || a.Proxy.Len() != from {
		t.Errorf("a deployment without a change: %v, %d requests, %d calls of the switcher", err, len(got), a.Proxy.Len()-from)
	}
	a.stackTags(db)
	db, wb = a.threshold(db, wb)
	db = a.largerType(db, wb)
	// The web node is taken out of the source: deleted, and the other one left alone.
	got, err := a.deployAgain("without")
	if err != nil || len(got) != 1 || got[0].RequestType != "Delete" {
		t.Errorf("a node taken out of the source: %v, requests %+v", err, got)
	}
	a.gone(web)
	a.stays(db)
	a.deletes(database)
}

// stackTags: CloudFormation rewrites the alarms with the attributes that it has, which
// are those from before the switches; the next sweep points them back.
func (a *account) stackTags(db world.State) {
	a.t.Helper()
	stack := *app(a.t, "first").Stack(nodesStack)
	stack.Tags = map[string]string{"owner": "somebody"}
	got, err := a.update(&stack)
	if err != nil || len(got) != 0 {
		a.t.Errorf("changed stack tags: %v, %d requests, wanted none", err, len(got))
	}
	if now := a.state(a.s[0], database); maps.Equal(now.Alarms, db.Alarms) {
		a.t.Errorf("alarms %v are as before: the test wants CloudFormation to have overwritten them", now.Alarms)
	}
	a.s[0].Tick()
	a.stays(db)
	// Tags that the app itself gives the stack change the nodes' hash.
	got, err = a.deployAgain("tags")
	if err != nil || len(got) != 2 {
		a.t.Errorf("tags of the stack in the source: %v, %d requests, wanted one for each node", err, len(got))
	}
	a.stays(db)
}

// threshold: the nodes are asked, since their consumers changed, and answer the current
// instance, with which CloudFormation writes the alarms.
func (a *account) threshold(db, wb world.State) (world.State, world.State) {
	a.t.Helper()
	from := a.Proxy.Len()
	got, err := a.deployAgain("threshold")
	if err != nil || len(got) != 2 {
		a.t.Errorf("a changed threshold: %v, %d requests, wanted one for each node", err, len(got))
	}
	for _, r := range got {
		if r.ResourceProperties["ConsumersHash"] == r.OldResourceProperties["ConsumersHash"] || r.PhysicalResourceId == "" {
			a.t.Errorf("request %+v", r)
		}
	}
	for _, c := range a.Proxy.Calls(from) {
		if isMutating(c) && c.Service != proxy.Answer {
			a.t.Errorf("it made the call %s", c)
		}
	}
	for _, st := range []world.State{db, wb} {
		out, err := a.In(region).CloudWatch.DescribeAlarms(a.t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: st.Node.Settings.Alarms})
		must(a.t, err)
		for _, alarm := range out.MetricAlarms {
			if aws.ToInt32(alarm.EvaluationPeriods) != 3 {
				a.t.Errorf("alarm %s has %d periods, wanted 3", aws.ToString(alarm.AlarmName), aws.ToInt32(alarm.EvaluationPeriods))
			}
		}
	}
	return a.stays(db), a.stays(wb)
}

// largerType moves the database at once, gently, and the web node when it switches.
func (a *account) largerType(db, wb world.State) world.State {
	a.t.Helper()
	s, from := a.s[0], a.Proxy.Len()
	old := db.Node.Grant.Instance
	got, err := a.deployAgain("type")
	if err != nil || len(got) != 2 {
		a.t.Fatalf("a changed type: %v, %d requests, wanted one for each node", err, len(got))
	}
	after := a.rest(s, database)
	a.applied(db, after, "instance.InstanceType")
	history, err := s.History(a.t.Context(), database)
	must(a.t, err)
	if last := history[len(history)-1]; last.Kind != record.KindUpdate || last.From != old {
		a.t.Errorf("last in the history: %+v", last)
	}
	calls := a.Proxy.Calls(from)
	leave, stop, launch, end := position(calls, "DeregisterTargets", old), position(calls, "StopInstances", old),
		position(calls, "RunInstances", "t4g.medium"), position(calls, "TerminateInstances", old)
	if leave < 0 || stop < leave || launch < stop || end < launch {
		a.t.Errorf("deregistration is call %d, stop %d, launch %d, termination %d: wanted them in this order", leave, stop, launch, end)
	} else if skips(calls[stop]) {
		a.t.Errorf("the first stop does not let the operating system shut down: %s", calls[stop])
	}

	wb = a.stays(wb)
	moved := a.recovers(web)
	a.applied(wb, moved, "instance.InstanceType")
	if i, err := s.Instance(a.t.Context(), moved.Node.Grant.Instance); err != nil || i.InstanceType != "t4g.medium" {
		a.t.Errorf("after its switch the web node has type %s, %v", i.InstanceType, err)
	}
	return after
}

// deletes deletes the stack of nodes: nothing of them is left but their data.
func (a *account) deletes(nodes ...int) {
	a.t.Helper()
	s := a.s[0]
	must(a.t, a.Delete(a.t.Context(), nodesStack))
	a.Settle()
	a.gone(nodes...)
	ctx, c := a.t.Context(), a.In(region)
	groups, err := c.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{})
	must(a.t, err)
	alarms, err := c.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(contract.AlarmPrefix(s.Settings.Name))})
	must(a.t, err)
	templates, err := c.EC2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	must(a.t, err)
	if n, m, k := len(groups.TargetGroups), len(alarms.MetricAlarms), len(templates.LaunchTemplates); n+m+k > 0 {
		a.t.Errorf("left: %d target groups, %d alarms, %d launch templates", n, m, k)
	}
	from := a.Proxy.Len()
	s.Tick()
	for _, call := range a.Proxy.Calls(from) {
		if isMutating(call) {
			a.t.Errorf("a sweep after the deletion made the call %s", call)
		}
	}
}

// gone asserts that no instance of the nodes is left, and their ids are free.
func (a *account) gone(nodes ...int) {
	a.t.Helper()
	s := a.s[0]
	claims, err := s.Store.Table.Query(a.t.Context(), contract.ClaimPartition, "")
	must(a.t, err)
	for _, node := range nodes {
		n, err := s.Node(a.t.Context(), node)
		must(a.t, err)
		if n.Phase != record.Deleted || n.Grant != nil || len(n.Outbox) > 0 {
			a.t.Errorf("node %d: phase %s, grant %v, %d to tell", node, n.Phase, n.Grant, len(n.Outbox))
		}
		launched, err := s.Launched(a.t.Context(), node)
		must(a.t, err)
		for _, i := range launched {
			if i.State.Name != "terminated" {
				a.t.Errorf("node %d is deleted, and %s is %s", node, aws.ToString(i.InstanceId), i.State.Name)
			}
		}
		for _, item := range claims {
			if item.Sort == contract.NodeKey(node) {
				a.t.Errorf("node id %d is still claimed", node)
			}
		}
	}
}

// TestScenario38BadImage deploys an image that EC2 refuses, and one that never becomes
// healthy: the deployment fails with the reason, and the instance from before serves.
func TestScenario38BadImage(t *testing.T) {
	t.Parallel()
	a := deployStacks(t, app(t, "first"), world.Options{Policy: func(p *contract.Policy) { p.HealthSeconds = 30 }})
	s := a.s[0]
	db, wb := a.recovers(database), a.state(s, web)
	refused := a.Proxy.Inject(proxy.Fault{
		Service: proxy.EC2, Action: "RunInstances", Where: func(c proxy.Call) bool { return c.Params["ImageId"] == badImage },
		Error: &proxy.Error{Status: http.StatusBadRequest, Code: "InvalidAMIID.NotFound", Message: "The image id '[" + badImage + "]' does not exist"},
	})
	a.rolledBack(db, wb, "InvalidAMIID.NotFound")
	refused()

	from := a.Proxy.Len()
	a.Proxy.SetDelays(0, 1_000_000) // a target registered now never becomes healthy
	defer a.Proxy.Inject(proxy.Fault{Action: "RegisterTargets", Nth: 1, Hook: func(proxy.Call) { a.Proxy.SetDelays(0, 0) }})()
	a.rolledBack(db, wb, "healthy")
	if n := count(a.Proxy.Calls(from), named("RunInstances")); n != 1 {
		t.Errorf("%d launches, wanted the bad image's alone", n)
	}
	a.deletes(database, web)
}

// rolledBack deploys the bad image and asserts that everything is as it was.
func (a *account) rolledBack(db, wb world.State, reason string) {
	a.t.Helper()
	got, err := a.deployAgain("image")
	var rolled *provision.RolledBack
	if !errors.As(err, &rolled) || rolled.Undo != nil || !strings.Contains(err.Error(), reason) {
		a.t.Fatalf("the deployment of a bad image: %v, wanted it rolled back because of %q", err, reason)
	}
	var types []string
	for _, r := range got {
		types = append(types, r.RequestType)
	}
	if !slices.Equal(types, []string{"Update", "Update"}) {
		a.t.Errorf("requests %v, wanted the update of the database and its reverse", types)
	}
	now := a.rest(a.s[0], database)
	db.Instances = onlyAlive(db.Instances)
	for id, state := range now.Instances {
		if _, known := db.Instances[id]; !known && state == "terminated" {
			delete(now.Instances, id)
		}
	}
	if diff := cmp.Diff(db.Instances, now.Instances); diff != "" {
		a.t.Errorf("instances (-before +after):\n%s", diff)
	}
	if now.Node.Grant == nil || now.Node.Grant.Instance != db.Node.Grant.Instance {
		a.t.Fatalf("grant %+v, wanted %s again", now.Node.Grant, db.Node.Grant.Instance)
	}
	if diff := cmp.Diff(db.Targets, now.Targets); diff != "" {
		a.t.Errorf("targets (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(db.Inherited, now.Inherited); diff != "" {
		a.t.Errorf("the instance and its alarms (-before +after):\n%s", diff)
	}
	a.stays(wb)
}

func onlyAlive(instances map[string]string) map[string]string {
	instances = maps.Clone(instances)
	maps.DeleteFunc(instances, func(_, state string) bool { return state == "terminated" })
	return instances
}

// TestCommandAppsIsTheExample: what the tests of a node's life deploy first is the
// example, but for when the database applies changes.
func TestCommandAppsIsTheExample(t *testing.T) {
	t.Parallel()
	example, first := reload(t, "single").Stack(nodesStack).Template.Resources, app(t, "first").Stack(nodesStack).Template.Resources
	for id, r := range example {
		if r.Type == contract.NodeResourceType && r.Properties["NodeId"] == fmt.Sprint(database) {
			r.Properties["ApplyChanges"] = contract.ApplyAtOnce
			r.Properties["ConsumersHash"] = first[id].Properties["ConsumersHash"]
		}
	}
	if diff := cmp.Diff(example, first); diff != "" {
		t.Errorf("(-example +first state):\n%s", diff)
	}
}
