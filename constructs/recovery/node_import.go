package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/notice"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// ClusterNodeAttributes describe a node of another stack or app.
type ClusterNodeAttributes struct {
	// Switcher recovers the node. Required.
	Switcher ISwitcher
	// NodeId is the node's number, 1 to 999999999. Required.
	NodeId *float64
	// NodeName is the node's name in messages. Default: node-<NodeId>.
	NodeName *string
	// InstanceId is the node's current instance, for the instance alarm of a
	// ResourceMonitor. The switcher points the alarm at each replacement, and again
	// within a minute after a deployment of the monitor's stack.
	// Default: none, and the node can have no ResourceMonitor here.
	InstanceId *string
	// TargetGroup is the target group of the node's load balancer, imported with
	// LoadBalancerArns, for MetricHealthyHostCount and UnservedAlarm.
	// Default: none, and there is no such metric or alarm.
	TargetGroup elb.ITargetGroup
}

// ClusterNode_FromNodeAttributes refers to a node of another stack or app, for a
// ResourceMonitor, a RecoveryDashboard, metrics and rules outside the node's stack. It
// creates nothing. For a ResourceMonitor the node itself must have MonitoredElsewhere.
func ClusterNode_FromNodeAttributes(scope constructs.Construct, id *string, attrs *ClusterNodeAttributes) IClusterNode {
	at := prop.Of(scope, id)
	attrs, fault := input.Clean(scope, attrs)
	at.FailOn(fault)
	at.Require(attrs != nil, "attrs", "give at least Switcher and NodeId")
	at.Require(attrs.Switcher != nil, "Switcher", "give the Switcher that recovers the node")
	if attrs.InstanceId != nil && !prop.Unresolved(attrs.InstanceId) && !contract.ValidInstanceID(*attrs.InstanceId) {
		at.Fail("InstanceId is %q: give the id of the node's current instance such as i-0123456789abcdef0", *attrs.InstanceId)
	}
	n := &nodeReference{id: nodeID(at, attrs.NodeId), switcher: attrs.Switcher, instance: attrs.InstanceId}
	n.name = prop.Or(attrs.NodeName, fmt.Sprintf("node-%d", n.id))
	switch g := attrs.TargetGroup.(type) {
	case nil:
	case elb.INetworkTargetGroup:
		n.healthy = g.Metrics().HealthyHostCount
	case elb.IApplicationTargetGroup:
		n.healthy = g.Metrics().HealthyHostCount
	default:
		at.Fail("TargetGroup is neither a network nor an application target group: give one of awselasticloadbalancingv2's")
	}
	awscdk.NewResource_Override(n, scope, id, nil)
	return n
}

// nodeReference is a node that this construct tree does not make.
type nodeReference struct {
	awscdk.Resource
	id       int
	name     string
	switcher ISwitcher
	instance *string
	healthy  func(*awscloudwatch.MetricOptions) awscloudwatch.Metric // nil: not known
}

func (n *nodeReference) NodeId() *float64    { return prop.Number(n.id) }
func (n *nodeReference) NodeName() *string   { return jsii.String(n.name) }
func (n *nodeReference) Switcher() ISwitcher { return n.switcher }
func (n *nodeReference) InstanceId() *string { return n.instance }

func (n *nodeReference) MetricHealthyHostCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return healthyHostCount(n.healthy, props)
}

func (n *nodeReference) MetricProcessCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return processCount(n.id, props)
}

func (n *nodeReference) OnSwitched(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailSwitched)
}

func (n *nodeReference) OnHeld(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailHeld)
}

func (n *nodeReference) OnInterrupted(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(n, id, options, *n.switcher.SwitcherName(), n.id, contract.DetailInterrupted)
}
