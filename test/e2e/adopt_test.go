package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// adoptedNode is the id of the node in the state "adopt" of command apps.
const adoptedNode = 9

// TestAdoptedNode makes a node of an instance that a person launched. It is moved
// before AWS stops it, recovered when EC2 finds its application dead, and left running
// when its stack is deleted.
func TestAdoptedNode(t *testing.T) {
	t.Parallel()
	source := app(t, "adopt")
	a := deployStacks(t, &provision.Assembly{Stacks: []*provision.Stack{source.Stack("RecoveryRegion"), source.Stack("RecoveryVpc")}}, world.Options{})
	s := a.s[0]
	instance, group := a.byHand(s)
	old, err := s.Instance(t.Context(), instance)
	must(t, err)

	from, stack := a.Proxy.Len(), *source.Stack("RecoveryAdopted")
	stack.Parameters = map[string]string{"Instance": instance, "TargetGroup": group}
	must(t, a.Deploy(t.Context(), &stack))
	a.Settle()
	a.seeAlarmsOK()
	before := a.state(s, adoptedNode)
	if g := before.Node.Grant; !before.AtRest() || g == nil || g.Instance != instance || len(before.Instances) != 1 {
		t.Fatalf("after the adoption: grant %+v, instances %v", g, before.Instances)
	}
	for _, c := range a.Proxy.Calls(from) {
		for _, name := range []string{"RunInstances", "StopInstances", "StartInstances", "TerminateInstances", "ModifyNetworkInterfaceAttribute", "DeregisterTargets"} {
			if named(name)(c) {
				t.Errorf("the adoption made the call %s", c)
			}
		}
	}
	now, err := s.Instance(t.Context(), instance)
	must(t, err)
	want := tagsOf(old)
	want[s.Settings.IDTag], want[s.Settings.TargetTag], want[contract.SwitcherTag] = fmt.Sprint(adoptedNode), "true", s.Settings.Name
	want[contract.EpochTag] = fmt.Sprint(before.Node.Epoch)
	want[contract.CondemnedTag], want[contract.GateTag] = contract.NoEpoch, contract.NoEpoch
	if diff := cmp.Diff(want, tagsOf(now)); diff != "" {
		t.Errorf("tags of the adopted instance (-want +got):\n%s", diff)
	}
	if got := a.Proxy.Watched(); len(got) != 1 {
		t.Errorf("status checks associated: %v, wanted one with the node's tag", got)
	}

	// The volumes of a replacement carry the switcher's tag, on which its permission to
	// launch rests; nobody put it on those of the adopted instance.
	before.Inherited["volume./dev/sda1.Tags."+contract.SwitcherTag] = s.Settings.Name
	a.announced(before)
	a.retained(a.impaired())
}

// announced: AWS announces maintenance within the lead time; the node leaves, gently.
func (a *account) announced(before world.State) {
	a.t.Helper()
	s, from, old := a.s[0], a.Proxy.Len(), before.Node.Grant.Instance
	a.Proxy.SetScheduled(proxy.Scheduled{Instance: old, Code: "system-maintenance", Description: "scheduled power maintenance", NotBefore: time.Now().Add(59 * time.Minute)})
	s.Rest() // what it knows of events is a minute old at most
	s.Tick()
	after := a.rest(s, adoptedNode)
	a.switched(before, after)
	history, err := s.History(a.t.Context(), adoptedNode)
	must(a.t, err)
	if last := history[len(history)-1]; last.Kind != record.KindPlanned || last.From != old {
		a.t.Errorf("last in the history: %+v", last)
	}
	calls := a.Proxy.Calls(from)
	leave, stop := position(calls, "DeregisterTargets", old), position(calls, "StopInstances", old)
	if leave < 0 || stop < leave || skips(calls[stop]) {
		a.t.Errorf("deregistration is call %d, stop %d: wanted them in this order, and the stop to let the operating system shut down", leave, stop)
	}
}

// impaired: EC2's own check finds the application dead.
func (a *account) impaired() world.State {
	a.t.Helper()
	s := a.s[0]
	before, _ := a.begin(adoptedNode)
	a.Proxy.SetImpaired(before.Node.Grant.Instance)
	s.Tick()
	after := a.rest(s, adoptedNode)
	a.Proxy.SetImpaired()
	a.switched(before, after)
	return after
}

// retained deletes the stack: the instance that carries the node by then serves on, and
// nothing tells that it was a node.
func (a *account) retained(before world.State) {
	a.t.Helper()
	s, id := a.s[0], before.Node.Grant.Instance
	must(a.t, a.Delete(a.t.Context(), "RecoveryAdopted"))
	a.Settle()
	i, err := s.Instance(a.t.Context(), id)
	must(a.t, err)
	want := map[string]string{"Name": "made by hand", s.Settings.TargetTag: "true"}
	if diff := cmp.Diff(want, tagsOf(i)); diff != "" || i.State.Name != types.InstanceStateNameRunning {
		a.t.Errorf("the retained instance is %s, tags (-want +got):\n%s", i.State.Name, diff)
	}
	var targets []string
	health, err := s.AWS().ELB.DescribeTargetHealth(a.t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &before.Node.Settings.Groups[0].ARN})
	must(a.t, err)
	for _, h := range health.TargetHealthDescriptions {
		targets = append(targets, aws.ToString(h.Target.Id))
	}
	if !slices.Equal(targets, []string{id}) {
		a.t.Errorf("targets %v, wanted the retained instance", targets)
	}
	if got := a.Proxy.Watched(); len(got) != 0 {
		a.t.Errorf("status checks are still associated: %v", got)
	}
	from := a.Proxy.Len()
	a.deliver(a.InstanceEvent(s.Region, id, "stopped"), 1)
	a.Settle()
	s.Tick()
	for _, c := range a.Proxy.Calls(from) {
		if isMutating(c) {
			a.t.Errorf("the switcher made the call %s for what is no node any more", c)
		}
	}
}

func tagsOf(i types.Instance) map[string]string {
	tags := map[string]string{}
	for _, t := range i.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

// byHand launches an instance behind a load balancer, as somebody did years ago.
func (a *account) byHand(s world.Switcher) (instance, targetGroup string) {
	a.t.Helper()
	ctx, c := a.t.Context(), s.AWS()
	subnets, err := s.Destinations(ctx)
	must(a.t, err)
	var ids []string
	for id := range subnets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	group, err := c.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("by-hand"), Description: aws.String("by hand"), VpcId: &s.Settings.VPC})
	must(a.t, err)
	out, err := c.EC2.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String("by-hand"),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &ids[0], Groups: []string{aws.ToString(group.GroupId)}, DeleteOnTermination: aws.Bool(true)}},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("made by hand")}}}},
	})
	must(a.t, err)
	instance = aws.ToString(out.Instances[0].InstanceId)
	balancer, err := c.ELB.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("by-hand"), Type: elbtypes.LoadBalancerTypeEnumNetwork, Subnets: ids})
	must(a.t, err)
	targets, err := c.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("by-hand"), Protocol: elbtypes.ProtocolEnumTcp, Port: aws.Int32(80), VpcId: &s.Settings.VPC, TargetType: elbtypes.TargetTypeEnumInstance,
	})
	must(a.t, err)
	targetGroup = aws.ToString(targets.TargetGroups[0].TargetGroupArn)
	_, err = c.ELB.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumTcp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &targetGroup}},
	})
	must(a.t, err)
	_, err = c.ELB.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &targetGroup, Targets: []elbtypes.TargetDescription{{Id: &instance, Port: aws.Int32(80)}}})
	must(a.t, err)
	return instance, targetGroup
}
