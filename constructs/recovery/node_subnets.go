package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// checkBalancerSubnets refuses subnets that no load balancer can be made in: two of one
// zone, and for an internet-facing one subnets without a route to the internet.
func (n *clusterNode) checkBalancerSubnets(at prop.Place, subnets []awsec2.ISubnet, public bool) {
	zones := map[string]int{}
	for i, s := range subnets {
		zone := zoneOf(s)
		if before, there := zones[zone]; zone != "" && there {
			at.Fail("Network.LoadBalancer.Subnets[%d] and [%d] are both in %s: a load balancer has one subnet in a zone; give one for each zone", before, i, zone)
		}
		zones[zone] = i
		if !public {
			continue
		}
		for _, own := range *n.switcher.Vpc().Subnets() {
			if *own.SubnetId() == *s.SubnetId() {
				at.Fail("Network.LoadBalancer.Subnets[%d] is a subnet for nodes, and InternetFacing is true: it has no route to the internet; give public subnets, one per zone", i)
			}
		}
		if s.Node().TryFindChild(jsii.String("RouteTable")) != nil {
			n.Node().AddValidation(&publicCheck{index: i, subnet: s})
		}
	}
}

// zoneOf is the zone of a subnet, or "" where synthesis does not know it. AWS CDK panics
// for a subnet that was imported by its id alone.
func zoneOf(s awsec2.ISubnet) (zone string) {
	defer func() {
		if recover() != nil {
			zone = ""
		}
	}()
	if zone = *s.AvailabilityZone(); prop.Unresolved(zone) {
		return ""
	}
	return zone
}

// publicCheck refuses, at synthesis, a subnet of this app whose route table has no route to
// an internet gateway.
type publicCheck struct {
	index  int
	subnet awsec2.ISubnet
}

// Validate is called by AWS CDK when all routes are made.
func (c *publicCheck) Validate() *[]*string {
	stack := awscdk.Stack_Of(c.subnet)
	table := fmt.Sprint(stack.Resolve(c.subnet.RouteTable().RouteTableId()))
	for _, e := range *stack.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if r, is := e.(awsec2.CfnRoute); is && r.GatewayId() != nil && fmt.Sprint(stack.Resolve(r.RouteTableId())) == table {
			return jsii.Strings()
		}
	}
	return jsii.Strings(fmt.Sprintf("LoadBalancer.InternetFacing is true, and Subnets[%d], %s, has no route to an internet gateway: give public subnets, one per zone", c.index, *c.subnet.Node().Path()))
}

// healthTime is the switcher's Policy.HealthTime in seconds. That of an imported switcher is
// not known: the default is assumed.
func (n *clusterNode) healthTime() int {
	if s, ok := n.switcher.(*switcher); ok {
		return s.policy.HealthSeconds
	}
	return contract.DefaultPolicy().HealthSeconds
}
