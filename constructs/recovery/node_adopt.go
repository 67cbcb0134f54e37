package recovery

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// AdoptedNodeProps are the props of NewAdoptedNode.
type AdoptedNodeProps struct {
	// InstanceId is the running instance, in the switcher's VPC. It says what the node
	// begins with: a change later replaces nothing that runs. Required.
	InstanceId *string
	// Switcher recovers the node. Required.
	Switcher ISwitcher
	// NodeId is the node's number, 1 to 999999999, unique per account and Region.
	// It becomes the value of the instance's IdTag. A change replaces the node: adopt the
	// instance again under the new id. Required.
	NodeId *float64
	// NodeName is the node's name in messages. The instance's own Name tag stays.
	// Default: node-<NodeId>.
	NodeName *string
	// Role is the role of the instance's profile. The switcher is allowed to pass it to
	// replacements by a policy in this stack. Without it a replacement of an instance
	// that has a profile cannot be launched. Default: none, the instance has no profile.
	Role awsiam.IRole
	// Network names the instance's SecurityGroups, for Connections() only, since
	// replacements have the groups that the instance has; the TargetGroups that it is
	// registered in and replacements are to be, for which the switcher's permission is put
	// in this stack; the ElasticIp that the instance has, without which an instance with
	// such an address is not adopted; and the Zones to prefer. LoadBalancer is refused: an adopted node has
	// none of its own. Default: none, and the node takes no traffic through a load
	// balancer.
	Network *NodeNetwork
	// VolumeKeys are the customer-managed keys that the instance's volumes, or their
	// snapshots, are encrypted with. The switcher's permission for them is put in this
	// stack. Default: none.
	VolumeKeys *[]awskms.IKey
	// DataFileSystem is the node's own EFS file system, for FenceEscalation_STORAGE. No
	// other node may mount it, and the instance must mount it through the mount target
	// of its own zone only (mount option az=). Default: none.
	DataFileSystem awsefs.IFileSystem
	// ApplicationStatusCheck has EC2 itself ask the application, without an agent. The
	// instance's security groups must admit the port from the VPC. Default: none.
	ApplicationStatusCheck *ApplicationStatusCheck
	// InstanceTypes are tried, in this order, where the instance's own type cannot be
	// had. They must be of its architecture. Default: none.
	InstanceTypes *[]awsec2.InstanceType
	// MonitoredElsewhere is as that of ClusterNodeProps. Default: false.
	MonitoredElsewhere *bool
	// Gate is as that of ClusterNodeProps: the instance's image or user data must run it.
	// Default: false.
	Gate *bool
	// Fence is as that of ClusterNodeProps. FenceEscalation_STORAGE needs DataFileSystem.
	// Default: see NodeFence.
	Fence *NodeFence
	// Recovery is as that of ClusterNodeProps. Give its AwaitAutoRecovery unless automatic
	// recovery is off for the instance, which is not EC2's default: the instance keeps its
	// setting. Default: see NodeRecovery.
	Recovery *NodeRecovery
	// Deployment is as that of ClusterNodeProps, without ApplyChanges, since nothing of the
	// instance is declared, and with another default of OnDelete: RemovalPolicy_RETAIN,
	// which leaves the instance running, without the switcher's tags.
	// Default: see NodeDeployment.
	Deployment *NodeDeployment
}

// NewAdoptedNode makes a running instance a node, without a restart: the
// switcher tags it, records what its replacements are to be, and protects it from
// then on. It is the way to take over what another stack, or a person, has made; a
// node cannot be taken over by "cdk import".
//
// Nothing else of the instance is changed. So a replacement reads its tags through
// the instance metadata only if the instance exposes them there (which Gate needs),
// and a tag key with a space or a slash refuses the adoption if it does.
//
// The node has no launch template, no load balancer and no file systems of its own:
// LaunchTemplate, SecurityGroup, UserData, LoadBalancer and the file systems are nil,
// MountCommands are none. To change what replacements are, change the running instance,
// and the sweep takes that over; an image is changed by a new node.
func NewAdoptedNode(scope constructs.Construct, id *string, props *AdoptedNodeProps) ClusterNode {
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	at.Require(props != nil, "props", "give at least InstanceId, Switcher and NodeId")
	at.Require(props.InstanceId != nil, "InstanceId", "give the id of a running instance such as i-0123456789abcdef0")
	if !prop.Unresolved(props.InstanceId) && !contract.ValidInstanceID(*props.InstanceId) {
		at.Fail("InstanceId is %q: give the id of a running instance such as i-0123456789abcdef0", *props.InstanceId)
	}
	like := props.like()
	if like.Network.LoadBalancer != nil {
		at.Fail("Network.LoadBalancer is given: an adopted node has no load balancer of its own; give Network.TargetGroups")
	}
	if like.Deployment.ApplyChanges != "" {
		at.Fail("Deployment.ApplyChanges is given: nothing of an adopted instance is declared, so nothing can be applied to it; leave it out")
	}
	n := newNode(at, like)
	n.adopt = *props.InstanceId
	n.planOtherTypes(at, nil, props.InstanceTypes)
	n.planLife(at, lifeProps{
		drain: like.Deployment.DrainTime, stop: like.Deployment.StopTime, await: like.Recovery.AwaitAutoRecovery,
		onDelete: like.Deployment.OnDelete, def: awscdk.RemovalPolicy_RETAIN,
	})
	if n.escalation == FenceEscalation_STORAGE {
		at.Require(props.DataFileSystem != nil, "DataFileSystem", "FenceEscalation_STORAGE cuts the instance off from it; give the node's own file system, or choose FenceEscalation_HOLD")
	}
	registry.Claim(scope, at, "node id", strconv.Itoa(n.id), "node ids are unique per account and Region; choose another NodeId")
	registry.Claim(scope, at, "instance", n.adopt, "an instance carries one node; adopt another")
	n.claimAddress(scope, at, like.Network.ElasticIp)

	awscdk.NewResource_Override(n, scope, id, nil)
	groups := []awsec2.ISecurityGroup{}
	if given := like.Network.SecurityGroups; given != nil {
		groups = *given
	}
	n.connections = awsec2.NewConnections(&awsec2.ConnectionsProps{SecurityGroups: &groups})
	n.letAdopt()
	if props.Role != nil {
		n.role = props.Role
		n.letPass()
	}
	if given := like.Network.TargetGroups; given != nil {
		n.useGroups(at, *given)
	}
	n.letUseKeys(at, "VolumeKey", props.VolumeKeys)
	if props.DataFileSystem != nil {
		n.letCutOff(props.DataFileSystem)
	}
	n.makeStatusCheck(at, props.ApplicationStatusCheck)
	n.makeResource(at, like)
	return n
}

// like are the props that an adopted node has in common with a new one.
func (p *AdoptedNodeProps) like() *ClusterNodeProps {
	shared := &ClusterNodeProps{
		Switcher: p.Switcher, NodeId: p.NodeId, NodeName: p.NodeName, MonitoredElsewhere: p.MonitoredElsewhere,
		Network: p.Network, Fence: p.Fence, Recovery: p.Recovery, Deployment: p.Deployment,
		// Its user data is what the instance was launched with.
		Gate: p.Gate, UserData: awsec2.UserData_Custom(jsii.String("the instance's own")),
	}
	return shared.grouped()
}

// letAdopt allows the switcher to make exactly this instance its own: its other
// permissions rest on the tag that adoption gives. An instance of another switcher is
// not taken away from it.
func (n *clusterNode) letAdopt() {
	name, key := *n.switcher.SwitcherName(), "aws:ResourceTag/"+contract.SwitcherTag
	n.letSwitcher("Adopt",
		// What its replacements are to be is read before anything of it is changed.
		statement.Allow("ReadInstance", []string{"ec2:DescribeInstanceAttribute"}, n.instances(n.adopt), nil),
		statement.Allow("AdoptInstance", []string{"ec2:CreateTags"}, n.instances(n.adopt), map[string]any{
			"StringEquals":              map[string]any{"aws:RequestTag/" + contract.SwitcherTag: name},
			"StringEqualsIfExists":      map[string]any{key: name},
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": n.ownTags()},
		}))
}

// letCutOff allows the switcher the storage fence on a file system that is not
// marked as its own.
func (n *clusterNode) letCutOff(fs awsefs.IFileSystem) {
	n.fileSystem = *fs.FileSystemId()
	n.letSwitcher("CutOff", statement.Allow("CutOffOwnStorage", []string{
		"elasticfilesystem:CreateMountTarget", "elasticfilesystem:DeleteMountTarget",
		"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
	}, []*string{fs.FileSystemArn()}, nil))
}
