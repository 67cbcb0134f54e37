package recovery

import (
	"fmt"
	"sort"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/consumer"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// IClusterNode is a node, made here or elsewhere.
type IClusterNode interface {
	awscdk.IResource
	// NodeId is the node's number, NodeName its name.
	NodeId() *float64
	NodeName() *string
	// Switcher recovers the node.
	Switcher() ISwitcher
	// InstanceId is the instance's id at the last deployment. A node that is only referred
	// to returns the id in its attributes, or nil.
	InstanceId() *string
	// MetricHealthyHostCount counts the targets that the node's own load balancer finds
	// healthy. It is nil with existing target groups, whose load balancer is not known
	// here, and for a node that is only referred to without its TargetGroup.
	// Default: maximum over a minute.
	MetricHealthyHostCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricProcessCount counts the processes of the application, as the CloudWatch agent
	// sends it for ResourceMonitor. Its only dimension is the node's id, so it outlives
	// switches. Default: minimum over a minute.
	MetricProcessCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// OnSwitched makes a rule for the end of each switch: the node serves elsewhere. The
	// events of the three rules are described in docs/events.md; each may come more than
	// once.
	OnSwitched(id *string, options *awsevents.OnEventOptions) awsevents.Rule
	// OnHeld makes a rule for switches that wait for something and retry automatically.
	OnHeld(id *string, options *awsevents.OnEventOptions) awsevents.Rule
	// OnInterrupted makes a rule for switches that need a person.
	OnInterrupted(id *string, options *awsevents.OnEventOptions) awsevents.Rule
}

// ClusterNode is one protected workload: a launch template, a custom resource that
// the switcher serves, a load balancer, a file system for shared data and a place
// for recovery logs. It is an IGrantable (its role) and an IConnectable (its
// security groups).
//
// InstanceId and the other attributes are what the switcher answered last. A
// switch changes them without CloudFormation's knowledge: use them in alarms
// (the switcher re-points those), not to build other resources on, and in the node's
// own stack only. They are read again whenever a deployment changes anything of the
// node, its stack's tags, or a resource or output of its stack that uses them. An
// output stays as it is until then: recoveryctl knows the instance of now.
type ClusterNode interface {
	IClusterNode
	// AvailabilityZone, SubnetId and PrivateIp are of the instance at the last
	// deployment.
	AvailabilityZone() *string
	SubnetId() *string
	PrivateIp() *string
	// ImageId is what it booted, Epoch the record's counter.
	ImageId() *string
	Epoch() *string
	// CustomResource is the node's resource in CloudFormation.
	CustomResource() awscdk.CustomResource
	// LaunchTemplate is what instances are launched from; nil for an adopted node.
	LaunchTemplate() awsec2.LaunchTemplate
	// Role is what the instance may do; nil for an adopted node without one.
	Role() awsiam.IRole
	// SecurityGroup is the node's own group, UserData what runs at the first boot, to
	// which AddCommands adds. Both are nil for an adopted node.
	SecurityGroup() awsec2.SecurityGroup
	UserData() awsec2.UserData
	// LoadBalancer is the node's own, or nil with existing target groups.
	LoadBalancer() awselasticloadbalancingv2.ILoadBalancerV2
	// Listener and TargetGroup are those of the node's own load balancer, or nil with
	// existing target groups. Of an NLB they are a NetworkListener and a
	// NetworkTargetGroup, of an ALB an ApplicationListener and an ApplicationTargetGroup.
	Listener() awselasticloadbalancingv2.BaseListener
	TargetGroup() awselasticloadbalancingv2.TargetGroupBase
	// TargetGroupArns are of all groups that the node's targets live in.
	TargetGroupArns() *[]*string
	// DataFileSystem and DataAccessPoint are of the shared data, LogAccessPoint is the
	// place for recovery logs. They are nil for an adopted node.
	DataFileSystem() awsefs.FileSystem
	DataAccessPoint() awsefs.AccessPoint
	LogAccessPoint() awsefs.AccessPoint
	// MountCommands mount both file systems, for your own user data where none is
	// generated. They fail where it is, since that mounts them, behind the gate.
	MountCommands() *[]*string
	// AddConsumer names a resource at whose change the node's attributes are to be read
	// again, beside the resources and outputs of the node's stack that use them, which
	// are found without it. Of property overrides ("escape hatches") neither knows: an
	// alarm that is rewritten because of one names the instance of the last reading
	// until the next sweep.
	AddConsumer(resource awscdk.CfnResource)
	// Connections are of the node's security groups; GrantPrincipal is its role.
	Connections() awsec2.Connections
	GrantPrincipal() awsiam.IPrincipal
}

type clusterNode struct {
	awscdk.Resource
	id          int
	name        string
	switcher    ISwitcher
	resource    awscdk.CustomResource
	template    awsec2.LaunchTemplate
	role        awsiam.IRole
	profile     awsiam.InstanceProfile
	group       awsec2.SecurityGroup
	connections awsec2.Connections
	userData    awsec2.UserData
	boot        *boot.Plan // nil: not generated
	imageGate   bool       // the image or the user's own user data runs it
	balancer    awselasticloadbalancingv2.ILoadBalancerV2
	listener    awselasticloadbalancingv2.BaseListener
	targets     awselasticloadbalancingv2.TargetGroupBase
	groups      []contract.TargetGroupEntry
	healthy     func(*awscloudwatch.MetricOptions) awscloudwatch.Metric // nil: another's load balancer
	kind        awsec2.InstanceType
	kinds       []string // beside kind
	escalation  FenceEscalation
	life        life
	elsewhere   bool   // monitored by a ResourceMonitor of another stack
	adopt       string // the instance that becomes the node; "" launches one
	check       string // id of its application status check; "" is none
	elastic     contract.ElasticIP
	fileSystem  string // that the storage fence cuts the instance off from
	data        awsefs.FileSystem
	dataPoint   awsefs.AccessPoint
	logPoint    awsefs.AccessPoint
	paths       [2]string // data, logs
	mounts      bool      // MountCommands were asked for
	consumers   *consumer.Consumers
	alarms      alarmNames
	// needs are what a running node depends on: created before it, deleted after it.
	needs []constructs.IDependable
}

func (n *clusterNode) NodeId() *float64    { return jsii.Number(float64(n.id)) }
func (n *clusterNode) NodeName() *string   { return jsii.String(n.name) }
func (n *clusterNode) Switcher() ISwitcher { return n.switcher }
func (n *clusterNode) InstanceId() *string { return n.attribute(contract.AttrInstanceID) }

func (n *clusterNode) AvailabilityZone() *string { return n.attribute(contract.AttrZone) }

func (n *clusterNode) SubnetId() *string { return n.attribute(contract.AttrSubnetID) }

func (n *clusterNode) PrivateIp() *string { return n.attribute(contract.AttrPrivateIP) }

func (n *clusterNode) ImageId() *string { return n.attribute(contract.AttrImageID) }

func (n *clusterNode) Epoch() *string                        { return n.attribute(contract.AttrEpoch) }
func (n *clusterNode) CustomResource() awscdk.CustomResource { return n.resource }
func (n *clusterNode) LaunchTemplate() awsec2.LaunchTemplate { return n.template }
func (n *clusterNode) Role() awsiam.IRole                    { return n.role }
func (n *clusterNode) SecurityGroup() awsec2.SecurityGroup   { return n.group }
func (n *clusterNode) UserData() awsec2.UserData             { return n.userData }
func (n *clusterNode) DataFileSystem() awsefs.FileSystem     { return n.data }
func (n *clusterNode) DataAccessPoint() awsefs.AccessPoint   { return n.dataPoint }
func (n *clusterNode) LogAccessPoint() awsefs.AccessPoint    { return n.logPoint }
func (n *clusterNode) Connections() awsec2.Connections       { return n.connections }
func (n *clusterNode) LoadBalancer() awselasticloadbalancingv2.ILoadBalancerV2 {
	return n.balancer
}

func (n *clusterNode) Listener() awselasticloadbalancingv2.BaseListener { return n.listener }

func (n *clusterNode) TargetGroup() awselasticloadbalancingv2.TargetGroupBase { return n.targets }

func (n *clusterNode) GrantPrincipal() awsiam.IPrincipal {
	if n.role == nil { // CDK's way to refuse a grant with the construct's path
		return awsiam.NewUnknownPrincipal(&awsiam.UnknownPrincipalProps{Resource: n})
	}
	return n.role.GrantPrincipal()
}
func (n *clusterNode) AddConsumer(r awscdk.CfnResource) { n.consumers.Add(r) }
func (n *clusterNode) addAlarm(name string)             { n.alarms.names = append(n.alarms.names, name) }

func (n *clusterNode) TargetGroupArns() *[]*string {
	arns := make([]*string, 0, len(n.groups))
	for _, g := range n.groups {
		arns = append(arns, jsii.String(g.Arn))
	}
	return &arns
}

func (n *clusterNode) attribute(name string) *string {
	return n.resource.GetAttString(jsii.String(name))
}

// label names the node in descriptions of resources. It is made of the id: a changed
// GroupDescription replaces a security group, and a name may have letters that AWS does
// not allow in a description.
func (n *clusterNode) label() string { return fmt.Sprintf("Node %d", n.id) }

func (n *clusterNode) need(things ...constructs.IDependable) { n.needs = append(n.needs, things...) }

// alarmNames produces the names of the node's alarms: plain texts, so that the
// alarms can refer to the node without a cycle.
type alarmNames struct{ names []string }

func (a *alarmNames) Produce() *[]*string {
	sort.Strings(a.names)
	return jsii.Strings(a.names...)
}

// life is what becomes of a node's instance at changes and at the end.
type life struct {
	apply, onDelete    string
	drain, stop, await int // seconds
}

// nodeID checks a node's number.
func nodeID(at prop.Place, id *float64) int {
	at.Require(id != nil, "NodeId", "give an integer that no other node of the Region has")
	if prop.Unresolved(id) {
		at.Fail("NodeId is a token: names of alarms and directories are made from it, and its uniqueness is checked at synthesis; give a plain number")
	}
	number, err := contract.ParseNodeID(strconv.FormatFloat(*id, 'f', -1, 64))
	at.FailOn(err)
	return number
}

func alarmName(node IClusterNode, kind string) string {
	return contract.AlarmName(*node.Switcher().SwitcherName(), int(*node.NodeId()), kind)
}
