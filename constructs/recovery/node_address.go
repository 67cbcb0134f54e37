package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// claimAddress checks an address that the node declares, and takes it for the node.
func (n *clusterNode) claimAddress(scope constructs.Construct, at prop.Place, ip *NodeElasticIp) {
	if ip == nil {
		return
	}
	at.Require(ip.AllocationId != nil, "Network.ElasticIp.AllocationId", "give the allocation id of the address, such as eipalloc-0123456789abcdef0")
	at.Require(ip.PublicIp != nil, "Network.ElasticIp.PublicIp", "give the address itself, such as 203.0.113.10")
	n.elastic = contract.ElasticIP{Allocation: *ip.AllocationId, Address: *ip.PublicIp}
	if !prop.Unresolved(ip.AllocationId) && !prop.Unresolved(ip.PublicIp) {
		at.FailOn(n.elastic.Check())
	}
	registry.Claim(scope, at, "Elastic IP address", n.elastic.Allocation, "an address belongs to one node; allocate another one")
}

// letMoveAddress allows the switcher to associate the node's address, and no other one,
// with interfaces of its VPC and instances of its own. Which resources and condition keys
// the action knows is from the Service Authorization Reference.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
func (n *clusterNode) letMoveAddress() {
	if n.elastic.Allocation == "" {
		return
	}
	in := statement.In(awscdk.Stack_Of(n))
	action := []string{"ec2:AssociateAddress"}
	policy := n.letSwitcher("MoveAddress",
		statement.Allow("MoveAddress", action, in.Arns("ec2", "elastic-ip/"+n.elastic.Allocation), nil),
		statement.Allow("MoveAddressInVpc", action, in.Arns("ec2", "network-interface/*"), map[string]any{
			"ArnEquals": map[string]any{"ec2:Vpc": n.switcher.Vpc().VpcArn()},
		}),
		statement.Allow("MoveAddressToOwn", action, in.Arns("ec2", "instance/*"), map[string]any{
			"StringEquals": map[string]any{"aws:ResourceTag/" + contract.SwitcherTag: *n.switcher.SwitcherName()},
		}))
	nag.Explain(policy, nag.Rule{
		ID:     "AwsSolutions-IAM5",
		Reason: "Which instance carries the node, and its interface, is not known at deployment: they are limited by the VPC and by the switcher's tag. The address is named.",
	})
}
