package recovery

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/constructs/internal/target"

	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// balancerPlan is what the props say, checked and with defaults.
type balancerPlan struct {
	*NodeLoadBalancer
	port, targetPort, interval, count, delay int
	clients                                  []string
	subnets                                  *awsec2.SubnetSelection
	secure, public                           bool
}

// makeTargets makes the node's load balancer, or takes the given target groups.
func (n *clusterNode) makeTargets(at prop.Place, props *ClusterNodeProps) {
	if props.Network.TargetGroups != nil {
		n.useGroups(at, *props.Network.TargetGroups)
		return
	}
	want := props.Network.LoadBalancer
	if want == nil {
		want = &NodeLoadBalancer{}
	}
	plan := n.planBalancer(at, want)
	switch want.Kind {
	case "", LoadBalancerKind_NETWORK:
		n.makeNetwork(plan)
	case LoadBalancerKind_APPLICATION:
		n.makeApplication(plan)
	default:
		at.Fail("Network.LoadBalancer.Kind is %q: allowed are %q and %q; leave it out for %q", want.Kind,
			LoadBalancerKind_NETWORK, LoadBalancerKind_APPLICATION, LoadBalancerKind_NETWORK)
	}
}

func (n *clusterNode) planBalancer(at prop.Place, want *NodeLoadBalancer) balancerPlan {
	p := balancerPlan{NodeLoadBalancer: want, public: prop.Or(want.InternetFacing, false), secure: want.Certificates != nil && len(*want.Certificates) > 0}
	port := 80
	if p.secure {
		port = 443
	}
	p.port = at.Whole("Network.LoadBalancer.Port", want.Port, port, 1, 65535)
	p.targetPort = at.Whole("Network.LoadBalancer.TargetPort", want.TargetPort, 80, 1, 65535)
	p.count = at.Whole("Network.LoadBalancer.HealthCount", want.HealthCount, 2, 2, 10)
	p.interval = at.Between("Network.LoadBalancer.HealthInterval", want.HealthInterval, 5, 5, 300)
	p.delay = at.Between("Network.LoadBalancer.DeregistrationDelay", want.DeregistrationDelay, 30, 0, 3600)
	subnets := n.switcher.Vpc().Subnets()
	if want.Subnets != nil {
		subnets = want.Subnets
	}
	if len(*subnets) < 2 {
		at.Fail("Network.LoadBalancer.Subnets has %d subnet(s): a load balancer that outlives a zone needs subnets in at least two zones (an ALB refuses fewer); add one per zone", len(*subnets))
	}
	if p.public && want.Subnets == nil {
		at.Fail("Network.LoadBalancer.InternetFacing is true and Subnets is missing: the nodes' subnets have no route to the internet; give public subnets, one per zone")
	}
	n.checkBalancerSubnets(at, *subnets, p.public)
	if most := n.healthTime(); p.interval*p.count >= most {
		at.Fail("Network.LoadBalancer.HealthInterval is %d s and HealthCount is %d: a replacement is healthy after %d s at the earliest, and the switcher's Policy.HealthTime allows %d s; shorten the interval, or lengthen HealthTime",
			p.interval, p.count, p.interval*p.count, most)
	}
	p.subnets = &awsec2.SubnetSelection{Subnets: subnets}
	p.clients = at.Texts("Network.LoadBalancer.ClientCidrs", want.ClientCidrs)
	if want.ClientCidrs == nil {
		p.clients = []string{*n.switcher.Vpc().CidrBlock()}
		if p.public {
			p.clients = []string{"0.0.0.0/0"}
		}
	}
	return p
}

func (n *clusterNode) makeNetwork(p balancerPlan) {
	lb := elb.NewNetworkLoadBalancer(n, jsii.String("LoadBalancer"), &elb.NetworkLoadBalancerProps{
		Vpc: n.switcher.Vpc().Vpc(), VpcSubnets: p.subnets, InternetFacing: jsii.Bool(p.public),
		// Clients that remember the address of another zone must still reach the node.
		CrossZoneEnabled:   jsii.Bool(true),
		DeletionProtection: jsii.Bool(prop.Or(p.DeletionProtection, false)),
		SecurityGroups:     &[]awsec2.ISecurityGroup{n.balancerGroup(p)},
	})
	group := elb.NewNetworkTargetGroup(n, jsii.String("Targets"), &elb.NetworkTargetGroupProps{
		Vpc: n.switcher.Vpc().Vpc(), Port: prop.Number(p.targetPort), Protocol: elb.Protocol_TCP, TargetType: elb.TargetType_INSTANCE,
		DeregistrationDelay: prop.Duration(p.delay),
		// Connections to a failed instance are cut, so that clients connect again.
		ConnectionTermination: jsii.Bool(true),
		HealthCheck:           p.health(elb.Protocol_TCP),
	})
	target.Pin(group.SetAttribute)
	protocol := elb.Protocol_TCP
	if p.secure {
		protocol = elb.Protocol_TLS
	}
	listener := lb.AddListener(jsii.String("Listener"), &elb.BaseNetworkListenerProps{
		Port: prop.Number(p.port), Protocol: protocol, Certificates: p.Certificates,
		DefaultTargetGroups: &[]elb.INetworkTargetGroup{group},
	})
	n.useBalancer(p, lb, lb.Connections(), listener, group)
	n.healthy = group.Metrics().HealthyHostCount
}

func (n *clusterNode) makeApplication(p balancerPlan) {
	lb := elb.NewApplicationLoadBalancer(n, jsii.String("LoadBalancer"), &elb.ApplicationLoadBalancerProps{
		Vpc: n.switcher.Vpc().Vpc(), VpcSubnets: p.subnets, InternetFacing: jsii.Bool(p.public),
		DropInvalidHeaderFields: jsii.Bool(true),
		DeletionProtection:      jsii.Bool(prop.Or(p.DeletionProtection, false)),
		SecurityGroup:           n.balancerGroup(p),
	})
	group := elb.NewApplicationTargetGroup(n, jsii.String("Targets"), &elb.ApplicationTargetGroupProps{
		Vpc: n.switcher.Vpc().Vpc(), Port: prop.Number(p.targetPort), Protocol: elb.ApplicationProtocol_HTTP, TargetType: elb.TargetType_INSTANCE,
		DeregistrationDelay: prop.Duration(p.delay),
		HealthCheck:         p.health(elb.Protocol_HTTP),
	})
	target.Pin(group.SetAttribute)
	protocol := elb.ApplicationProtocol_HTTP
	if p.secure {
		protocol = elb.ApplicationProtocol_HTTPS
	}
	listener := lb.AddListener(jsii.String("Listener"), &elb.BaseApplicationListenerProps{
		Port: prop.Number(p.port), Protocol: protocol, Certificates: p.Certificates, Open: jsii.Bool(false),
		DefaultTargetGroups: &[]elb.IApplicationTargetGroup{group},
	})
	n.useBalancer(p, lb, lb.Connections(), listener, group)
	n.healthy = group.Metrics().HealthyHostCount
}

// health is the target group's health check.
func (p balancerPlan) health(protocol elb.Protocol) *elb.HealthCheck {
	check := &elb.HealthCheck{
		Protocol: protocol, Port: jsii.String(strconv.Itoa(p.targetPort)),
		Interval: prop.Duration(p.interval), Timeout: prop.Duration(min(p.interval-1, 5)),
		HealthyThresholdCount: prop.Number(p.count), UnhealthyThresholdCount: prop.Number(p.count),
	}
	if p.HealthPath != nil {
		check.Protocol, check.Path = elb.Protocol_HTTP, p.HealthPath
	}
	return check
}

// balancerGroup admits the clients, and lets the load balancer reach only what
// useBalancer allows.
func (n *clusterNode) balancerGroup(p balancerPlan) awsec2.SecurityGroup {
	group := awsec2.NewSecurityGroup(n, jsii.String("BalancerGroup"), &awsec2.SecurityGroupProps{
		Vpc: n.switcher.Vpc().Vpc(), AllowAllOutbound: jsii.Bool(false), Description: jsii.String("Load balancer of node " + strconv.Itoa(n.id)),
	})
	for _, cidr := range p.clients {
		group.AddIngressRule(awsec2.Peer_Ipv4(jsii.String(cidr)), awsec2.Port_Tcp(prop.Number(p.port)), jsii.String("Clients"), nil)
	}
	if p.public {
		nag.Explain(group, nag.Rule{ID: "AwsSolutions-EC23", Reason: "An internet-facing load balancer without ClientCidrs serves everyone."})
	}
	return group
}

// useBalancer opens the way to the node, marks the target group as this
// switcher's and makes the node wait for all of it.
func (n *clusterNode) useBalancer(p balancerPlan, lb elb.ILoadBalancerV2, connections awsec2.Connections, listener elb.BaseListener, group elb.TargetGroupBase) {
	n.balancer, n.listener, n.targets = lb, listener, group
	connections.AllowTo(n.group, awsec2.Port_Tcp(prop.Number(p.targetPort)), jsii.String("Load balancer to node"))
	awscdk.Tags_Of(group).Add(jsii.String(contract.SwitcherTag), n.switcher.SwitcherName(), nil)
	nag.Explain(lb, nag.Rule{ID: "AwsSolutions-ELB2", Reason: "Access logs are the owner's choice of bucket and cost: add them with LogAccessLogs."})
	n.groups = []contract.TargetGroupEntry{{Arn: *group.TargetGroupArn(), Port: strconv.Itoa(p.targetPort)}}
	n.need(lb, listener) // the target group is one of the node's properties
}

// useGroups registers the node in existing target groups.
func (n *clusterNode) useGroups(at prop.Place, groups []*NodeTargetGroup) {
	if len(groups) == 0 {
		at.Fail("Network.TargetGroups is empty: give at least one, or leave it out for a load balancer of the node's own")
	}
	arns := make([]*string, 0, len(groups))
	for i, g := range groups {
		name := fmt.Sprintf("Network.TargetGroups[%d]", i)
		at.Require(g != nil && (g.TargetGroup != nil || g.TargetGroupArn != nil), name+".TargetGroup", "give an existing target group, or its ARN as TargetGroupArn")
		arn := g.TargetGroupArn
		if g.TargetGroup != nil {
			if arn != nil {
				at.Fail("%s has TargetGroup and TargetGroupArn: leave one of them out", name)
			}
			arn = g.TargetGroup.TargetGroupArn()
		}
		target.Check(n, at, i, arn)
		entry := contract.TargetGroupEntry{Arn: *arn}
		if port := at.Whole(name+".Port", g.Port, 0, 1, 65535); port != 0 {
			entry.Port = strconv.Itoa(port)
		}
		n.groups = append(n.groups, entry)
		arns = append(arns, arn)
	}
	prop.RefuseDuplicates(at, "target group", prop.List(&arns))
	n.letSwitcher("MoveTargets", statement.Allow("MoveExistingTargets",
		[]string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"}, arns, nil))
}
