package template

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// TestPlacementGroup: a cluster placement group exists in one zone, so a replacement could
// be launched in no other one. Groups that span zones are taken.
func TestPlacementGroup(t *testing.T) {
	made := func(strategy awsec2.PlacementGroupStrategy) func() {
		return func() {
			b := newBase(t)
			group := awsec2.NewPlacementGroup(b.stack, jsii.String("Places"), &awsec2.PlacementGroupProps{Strategy: strategy})
			b.node("Node", recovery.ClusterNodeProps{Instance: &recovery.NodeInstance{PlacementGroup: group}})
			synth(t, b.stack)
		}
	}
	refused(t, made(awsec2.PlacementGroupStrategy_CLUSTER), "Instance.PlacementGroup is Nodes/Places", "exists in one zone", "PlacementGroupStrategy_SPREAD")
	made(awsec2.PlacementGroupStrategy_SPREAD)()
	made(awsec2.PlacementGroupStrategy_PARTITION)()
	for _, name := range []string{"größe", "a\nb"} {
		refused(t, func() {
			b := newBase(t)
			group := awsec2.PlacementGroup_FromPlacementGroupName(b.stack, jsii.String("Places"), jsii.String(name))
			b.node("Node", recovery.ClusterNodeProps{Instance: &recovery.NodeInstance{PlacementGroup: group}})
		}, "Instance.PlacementGroup is named", "1 to 255 ASCII characters")
	}
}

// TestElasticIp: the switcher's custom resource names the address, and the switcher may
// associate this address and no other one.
func TestElasticIp(t *testing.T) {
	const id, address = "eipalloc-0123456789abcdef0", "203.0.113.9"
	with := func(id, address *string) recovery.ClusterNodeProps {
		return recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{ElasticIp: &recovery.NodeElasticIp{AllocationId: id, PublicIp: address}}}
	}
	b := newBase(t)
	b.node("Node", with(jsii.String(id), jsii.String(address)))
	d := synth(t, b.stack)
	p := flat(d.one(t, contract.NodeResourceType, "Node").Properties)
	got, err := contract.ParseNode([]byte(text(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (contract.ElasticIP{Allocation: id, Address: address}); got.ElasticIP != want {
		t.Errorf("the node's address is %v, want %v", got.ElasticIP, want)
	}
	for _, c := range []struct {
		id, address *string
		texts       []string
	}{
		{nil, jsii.String(address), []string{"Network.ElasticIp.AllocationId", "eipalloc-0123456789abcdef0"}},
		{jsii.String(id), nil, []string{"Network.ElasticIp.PublicIp", "203.0.113.10"}},
		{jsii.String("eip-1"), jsii.String(address), []string{`allocation id of the Elastic IP address is "eip-1"`}},
		{jsii.String(id), jsii.String("2001:db8::1"), []string{`"2001:db8::1"`, "give the IPv4 address"}},
	} {
		refused(t, func() { newBase(t).node("Node", with(c.id, c.address)) }, c.texts...)
	}
	refused(t, func() {
		b := newBase(t)
		b.node("Node", with(jsii.String(id), jsii.String(address)))
		second := with(jsii.String(id), jsii.String(address))
		second.NodeId = jsii.Number(8)
		b.node("Second", second)
	}, id, "an address belongs to one node")
}

// TestSeveralPorts: a node takes part in several groups, each with a port of its own, also
// in one for UDP.
func TestSeveralPorts(t *testing.T) {
	b := newBase(t)
	vpc := b.switcher.Vpc().Vpc()
	lb := elb.NewNetworkLoadBalancer(b.stack, jsii.String("Balancer"), &elb.NetworkLoadBalancerProps{Vpc: vpc, VpcSubnets: &awsec2.SubnetSelection{Subnets: b.switcher.Vpc().Subnets()}})
	var groups []*recovery.NodeTargetGroup
	for name, c := range map[string]struct {
		port     float64
		protocol elb.Protocol
	}{"Dns": {53, elb.Protocol_UDP}, "Web": {8080, elb.Protocol_TCP}} {
		group := elb.NewNetworkTargetGroup(b.stack, jsii.String(name), &elb.NetworkTargetGroupProps{
			Vpc: vpc, Port: &c.port, Protocol: c.protocol, TargetType: elb.TargetType_INSTANCE, HealthCheck: &elb.HealthCheck{Protocol: elb.Protocol_TCP, Port: jsii.String("8080")},
		})
		lb.AddListener(jsii.String(name), &elb.BaseNetworkListenerProps{Port: &c.port, Protocol: c.protocol, DefaultTargetGroups: &[]elb.INetworkTargetGroup{group}})
		groups = append(groups, &recovery.NodeTargetGroup{TargetGroup: group, Port: &c.port})
	}
	node := b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &groups}})
	if node.LoadBalancer() != nil || node.Listener() != nil || node.TargetGroup() != nil {
		t.Error("the node has a load balancer of its own beside the given groups")
	}
	got, err := contract.ParseNode([]byte(text(t, flat(synth(t, b.stack).one(t, contract.NodeResourceType, "Node").Properties))))
	if err != nil {
		t.Fatal(err)
	}
	ports := map[int]bool{}
	for _, g := range got.Groups {
		ports[g.Port] = true
	}
	if diff := cmp.Diff(map[int]bool{53: true, 8080: true}, ports); diff != "" {
		t.Errorf("ports of the node's groups (-want +got):\n%s", diff)
	}
}

// TestOwnBalancerIsExtended: a user adds a listener for the node's own group.
func TestOwnBalancerIsExtended(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{})
	lb, group := node.LoadBalancer().(elb.NetworkLoadBalancer), node.TargetGroup().(elb.NetworkTargetGroup)
	lb.AddListener(jsii.String("Second"), &elb.BaseNetworkListenerProps{Port: jsii.Number(8080), DefaultTargetGroups: &[]elb.INetworkTargetGroup{group}})
	if !strings.Contains(*node.Listener().Node().Path(), "Node/LoadBalancer/Listener") {
		t.Errorf("the listener is %s", *node.Listener().Node().Path())
	}
	if got := synth(t, b.stack).counts()["AWS::ElasticLoadBalancingV2::Listener"]; got != 2 {
		t.Errorf("%d listeners, want 2", got)
	}
}
