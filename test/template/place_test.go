package template

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

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
