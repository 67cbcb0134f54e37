package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/workload-recovery/workload-recovery/constructs/internal/consumer"
)

// ClusterNodeProps are the props of ClusterNode.
type ClusterNodeProps struct {
	// Switcher recovers the node. Required.
	Switcher ISwitcher
	// NodeId is the node's number, 1 to 999999999, unique per account and Region.
	// It becomes the value of the instance's IdTag. A change replaces the node: another
	// one is launched, and this one is deleted as OnDelete says. Required.
	NodeId *float64
	// NodeName is the node's name in messages and the instance's Name tag: 1 to 255
	// characters of any language, without line breaks.
	// Default: node-<NodeId>.
	NodeName *string
	// MachineImage is what the instance boots: Linux. Windows, and an image of an unknown
	// operating system, are refused.
	// Default: the latest Amazon Linux 2023 for the type's processor, looked up by
	// CloudFormation at each deployment.
	MachineImage awsec2.IMachineImage
	// InstanceType is the instance's type. Every zone named must offer it.
	// Default: t4g.small.
	InstanceType awsec2.InstanceType
	// InstanceTypes are tried, in this order, in a zone that has no room for
	// InstanceType or does not offer it. Their processors must be of the same
	// architecture, since the image is the same. Default: none.
	InstanceTypes *[]awsec2.InstanceType
	// KeyPair is for logging in by SSH. Default: none.
	KeyPair awsec2.IKeyPair
	// Role is what the instance may do. A role outside the switcher's RolePath is
	// allowed to the switcher by a policy in this stack. It must trust
	// ec2.amazonaws.com. A change replaces the role of the running instance too, within
	// minutes, since its instance profile stays. Default: a new role under RolePath with
	// CloudWatchAgentServerPolicy.
	Role awsiam.IRole
	// UserData is your own, run at the first boot. Where user data is generated it is
	// one part of it, and runs as root after the gate has opened and the file systems
	// are mounted, before the application's units start. Default: none.
	UserData awsec2.UserData
	// Application is what the node runs, and when it counts as failed. Default: none,
	// the units are yours; ResourceMonitor then needs a Process or a MetricName.
	Application *NodeApplication
	// Tags are added to the instance and its volumes, besides those that
	// awscdk.Tags_Of adds. Keys hold letters, digits and + - = . , _ : @ only, since
	// the instance metadata exposes them. Default: none.
	Tags *map[string]*string
	// RecoveryTarget false keeps the switcher from recovering the node. Default: true.
	RecoveryTarget *bool
	// Gate keeps an instance from mounting and starting anything until the switcher
	// grants it the node: its tag recovery:gate, read through the instance metadata at
	// every boot, must be "<own instance id>:<epoch>" (docs/node.md). A replacement is
	// then launched beside a failed instance that still runs and waits at its gate,
	// which saves the time of a launch and keeps the failed one until EC2 accepted its
	// successor. Without the gate the failed instance is stopped first.
	// Default: false.
	Gate *bool
	// ApplicationStatusCheck has EC2 itself ask the application, without an agent.
	// Default: none.
	ApplicationStatusCheck *ApplicationStatusCheck
	// MonitoredElsewhere declares that a ResourceMonitor in another stack or app, made with
	// ClusterNode_FromNodeAttributes, watches the node: the switcher then acts on that
	// monitor's two alarms. Default: false.
	MonitoredElsewhere *bool
	// Boot says how an instance's user data is made. Default: see NodeBoot.
	Boot *NodeBoot
	// Instance holds settings of the EC2 instance. Default: see NodeInstance.
	Instance *NodeInstance
	// Network says how clients reach the node and where it runs. Default: see NodeNetwork.
	Network *NodeNetwork
	// Storage describes volumes and shared data. Default: see NodeStorage.
	Storage *NodeStorage
	// Fence says what may be done about a failed instance that EC2 does not confirm off.
	// Default: see NodeFence.
	Fence *NodeFence
	// Recovery says when and how the node is recovered. Default: see NodeRecovery.
	Recovery *NodeRecovery
	// Deployment says what deployments and the node's deletion do. Default: see
	// NodeDeployment.
	Deployment *NodeDeployment
}

// NodesPerStack is the number of nodes that fit into one stack: a node with its ResourceMonitor
// is 24 resources, and up to 31 with a backup plan, an application status check, log
// files and the like.
const NodesPerStack = consumer.NodesPerStack

// grouped returns the props with all groups, so that no reader of them looks for nil.
func (p *ClusterNodeProps) grouped() *ClusterNodeProps {
	q := *p
	q.Boot = orEmpty(q.Boot)
	q.Instance = orEmpty(q.Instance)
	q.Network = orEmpty(q.Network)
	q.Storage = orEmpty(q.Storage)
	q.Fence = orEmpty(q.Fence)
	q.Recovery = orEmpty(q.Recovery)
	q.Deployment = orEmpty(q.Deployment)
	return &q
}

func orEmpty[T any](group *T) *T {
	if group == nil {
		return new(T)
	}
	return group
}
