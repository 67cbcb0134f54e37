package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"

	"github.com/workload-recovery/workload-recovery/constructs/internal/consumer"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// ClusterNodeProps are the props of ClusterNode.
type ClusterNodeProps struct {
	// Switcher recovers the node. Required.
	Switcher ISwitcher
	// NodeId is the node's number, 1 to 999999999, unique per account and Region.
	// It becomes the value of the instance's IDTag. A change replaces the node: another
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
	// SecurityGroups are added to the node's own group, at most four: EC2 allows five
	// per interface by default. Default: none.
	SecurityGroups *[]awsec2.ISecurityGroup
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
	// GenerateUserData makes cloud-init user data that mounts the two file systems,
	// runs the gate, the application and its checks, and starts the CloudWatch agent
	// for ResourceMonitor (docs/node.md). All user data together has at most 16 KB.
	// False says that the image, or UserData with MountCommands() and ResourceMonitor's
	// AgentCommands(), does it all.
	// Default: true, unless only UserData is given: true when Application, Gate or
	// PrepareCommands are given, or UserData is left out.
	GenerateUserData *bool
	// Application is what the node runs, and when it counts as failed. Default: none,
	// the units are yours; ResourceMonitor then needs a Process or a MetricName.
	Application *NodeApplication
	// PrepareCommands run as root at the first boot before anything else, while a
	// replacement may still be waiting at its gate: install here what needs no data,
	// such as amazon-efs-utils on another Linux than Amazon's. A command that fails
	// powers the instance off. Default: none.
	PrepareCommands *[]*string
	// MetadataHopLimit is how many hops the metadata service's answers may take, 1 to
	// 64; containers need 2. Default: 1. IMDSv2 is always required, and tags are
	// always readable through it.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
	MetadataHopLimit *float64
	// Volumes are the instance's EBS volumes. Name the image's root device to change
	// it. What the image brings and is not named is left as it is.
	// Default: with the default image its root device as 20 GiB of encrypted gp3, with
	// another one what that image says.
	Volumes *[]*NodeVolume
	// VolumeKeys are customer-managed KMS keys that volumes need besides their own KmsKey:
	// those of the image's encrypted snapshots, and the account's default key for EBS if
	// that is one of yours. Without its permission for them, which is put in this stack,
	// the switcher can launch no replacement. Default: none.
	VolumeKeys *[]awskms.IKey
	// LoadBalancer is the node's own load balancer. Default: an internal NLB on port
	// 80. Not made when TargetGroups are given.
	LoadBalancer *NodeLoadBalancer
	// TargetGroups are existing groups to register in, instead of an own load
	// balancer. The switcher's permission for them is put in this stack. They replace the
	// node's own load balancer, which is deleted with its address: move the clients first.
	// Default: none.
	TargetGroups *[]*NodeTargetGroup
	// ElasticIp is an Elastic IP address that moves with the node. Its subnets must have a
	// route to an internet gateway for it to be of use. Default: none.
	ElasticIp *NodeElasticIp
	// DataFileSystem describes the node's EFS file system for shared data.
	// Default: see NodeFileSystem.
	DataFileSystem *NodeFileSystem
	// Tags are added to the instance and its volumes, besides those that
	// awscdk.Tags_Of adds. Keys hold letters, digits and + - = . , _ : @ only, since
	// the instance metadata exposes them. Default: none.
	Tags *map[string]*string
	// RecoveryTarget false keeps the switcher from recovering the node. Default: true.
	RecoveryTarget *bool
	// Priority orders recoveries when many nodes fail at once, 0 to 1000, higher first.
	// Default: 100.
	Priority *float64
	// Zones are the zones to prefer, in order; the VPC's others follow by name.
	// Default: by name.
	Zones *[]*string
	// AcceptForcedStop declares that a forced stop proves well enough that the failed
	// instance writes no data any more. AWS says that a forced stop "in rare cases, results
	// in post-stop writes to EBS volumes or other shared resources" ("Methods for stopping
	// an instance", Amazon EC2 User Guide). It matters for an instance that is stuck and
	// whose data is not on DataFileSystem: without it the node is held until EC2 confirms
	// the instance off without force. Default: false.
	AcceptForcedStop *bool
	// AllowTerminateFence permits terminating a failed instance whose root is an
	// instance store, which cannot be stopped. Its local data is lost. Default: false.
	AllowTerminateFence *bool
	// Gate keeps an instance from mounting and starting anything until the switcher
	// grants it the node: its tag recovery:gate, read through the instance metadata at
	// every boot, must be "<own instance id>:<epoch>" (docs/node.md). A replacement is
	// then launched beside a failed instance that still runs and waits at its gate,
	// which saves the time of a launch and keeps the failed one until EC2 accepted its
	// successor. Without the gate the failed instance is stopped first.
	// Default: false.
	Gate *bool
	// GateTime is how long an instance waits at its gate before it gives up and powers
	// itself off, 60 to 172800 s and longer than the switcher's Policy.FenceTime.
	// Default: 3600 s, or twice Policy.FenceTime when that is more.
	GateTime awscdk.Duration
	// ImageHasGate declares, where the user data is not generated, that the image or
	// your own UserData runs a gate, as the unit recovery-gate.service, by the contract
	// in docs/node.md. A gate that is declared and does not hold lets two instances
	// write the same data. Default: false.
	ImageHasGate *bool
	// RestartOriginal permits starting the failed instance again, in its own zone, when
	// no replacement can be had in any other. Default: false, the node waits for
	// capacity.
	RestartOriginal *bool
	// FenceEscalation is what follows when EC2 has not confirmed the failed instance
	// off within Policy.FenceTime, as that of a dead host may never be.
	// Default: FenceEscalation_HOLD.
	FenceEscalation FenceEscalation
	// TerminationProtection and StopProtection refuse people's mistakes. The switcher
	// clears them on instances that it has condemned. Default: false.
	TerminationProtection *bool
	StopProtection        *bool
	// DetailedMonitoring sends EC2's metrics every minute instead of every five. Status
	// checks are sent every minute anyway. Default: false.
	DetailedMonitoring *bool
	// EbsOptimized is for old types; current ones always are. Default: the type's.
	EbsOptimized *bool
	// Tenancy is "default" or "dedicated". Default: default.
	Tenancy *string
	// PlacementGroup is the name of a placement group that spans zones (spread or
	// partition). A cluster group exists in one zone and is refused: at synthesis if this
	// app makes it, else when the node is deployed. Default: none.
	PlacementGroup *string
	// CapacityReservation is "open", "none" or "capacity-reservations-only".
	// Default: open, EC2's own.
	CapacityReservation *string
	// ApplicationStatusCheck has EC2 itself ask the application, without an agent.
	// Default: none.
	ApplicationStatusCheck *ApplicationStatusCheck
	// MonitoredElsewhere declares that a ResourceMonitor in another stack or app, made with
	// ClusterNode_FromNodeAttributes, watches the node: the switcher then acts on that
	// monitor's two alarms. Default: false.
	MonitoredElsewhere *bool
	// ApplyChanges says when a change of what instances are launched from (image, type,
	// volumes, user data, …) is applied. Default: ApplyChanges_NEXT_SWITCH.
	ApplyChanges ApplyChanges
	// DrainTime is how long a planned switch, or the node's deletion, waits for the
	// target groups to finish the requests under way, 0 to 3600 s. Longer than the
	// groups' deregistration delay is no use. Default: 60 s.
	DrainTime awscdk.Duration
	// StopTime is how long a planned switch lets the operating system shut down before
	// the instance is powered off, 0 to 600 s. Default: 120 s.
	StopTime awscdk.Duration
	// OnDelete says what becomes of the node's instance when the node is deleted:
	// RemovalPolicy_DESTROY drains and terminates it, RemovalPolicy_RETAIN leaves it
	// running, without the switcher's tags, and keeps what it uses: its role, groups,
	// and file systems' access. Default: RemovalPolicy_DESTROY.
	OnDelete awscdk.RemovalPolicy
	// AwaitAutoRecovery leaves EC2's own automatic recovery on, and is how long a
	// failed status check must last before the node is switched, so that EC2 can come
	// first, 60 to 3600 s. Automatic recovery acts on system status checks only, at
	// most three times a day, and keeps the instance's id and addresses.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
	// Default: automatic recovery is off, and a failed check is believed at once.
	AwaitAutoRecovery awscdk.Duration
	// ServiceTimeout is how long CloudFormation waits for the node to be launched,
	// changed or deleted, 60 to 3600 s. It must be longer than the switcher's
	// Policy.DeployTime. Default: 1800 s.
	ServiceTimeout awscdk.Duration
}

// NodesPerStack is the number of nodes that fit into one stack: a node with its ResourceMonitor
// is 24 resources, and up to 31 with a backup plan, an application status check, log
// files and the like.
const NodesPerStack = consumer.NodesPerStack

// FenceEscalation is FenceEscalation_HOLD, FenceEscalation_STORAGE or
// FenceEscalation_GO_ON.
type FenceEscalation string

const (
	// FenceEscalation_HOLD waits for EC2, and a person is told. Right for whatever else
	// the instance may write to.
	FenceEscalation_HOLD FenceEscalation = contract.EscalateHold
	// FenceEscalation_STORAGE deletes the mount target through which the instance
	// reaches the node's own data file system, which "forcibly breaks any mounts", and
	// goes on when it is gone; it is made again when the instance is known to be off.
	// It proves nothing of other places that the instance can write to. The data must
	// be mounted as MountCommands do: through the mount target of the own zone only.
	// https://docs.aws.amazon.com/efs/latest/ug/API_DeleteMountTarget.html
	FenceEscalation_STORAGE FenceEscalation = contract.EscalateStorage
	// FenceEscalation_GO_ON goes on without proof. Only for a node that keeps no data:
	// two of its instances may run, of which one takes traffic.
	FenceEscalation_GO_ON FenceEscalation = contract.EscalateGoOn
)

// NodeVolume is one EBS volume.
type NodeVolume struct {
	// DeviceName such as /dev/xvda. Required.
	DeviceName *string
	// SizeGiB is the size, 1 to 65536, at least the snapshot's. Required.
	SizeGiB *float64
	// VolumeType. Default: GP3.
	VolumeType awsec2.EbsDeviceVolumeType
	// Iops is needed for IO1 and IO2 and possible for GP3. Default: the type's.
	Iops *float64
	// Throughput in MiB/s, GP3 only, 125 to 2000. Default: 125.
	Throughput *float64
	// Encrypted. Default: true.
	Encrypted *bool
	// KmsKey is a customer-managed key; the switcher's permission for it is put in this
	// stack. Default: the account's default key for EBS.
	KmsKey awskms.IKey
	// DeleteOnTermination. Default: true. A volume cannot follow its node to another
	// zone: shared data belongs in EFS.
	DeleteOnTermination *bool
}

// LoadBalancerKind is NETWORK or APPLICATION.
type LoadBalancerKind string

const (
	// LoadBalancerKind_NETWORK is a Network Load Balancer (TCP).
	LoadBalancerKind_NETWORK LoadBalancerKind = "NETWORK"
	// LoadBalancerKind_APPLICATION is an Application Load Balancer (HTTP). A new target
	// takes traffic within seconds, an NLB's within one to three minutes.
	LoadBalancerKind_APPLICATION LoadBalancerKind = "APPLICATION"
)

// NodeLoadBalancer is a node's own load balancer with one listener and one target
// group.
type NodeLoadBalancer struct {
	// Kind of load balancer. A change replaces it, and its address changes: clients are
	// cut off until they use the new one. Default: LoadBalancerKind_NETWORK.
	Kind LoadBalancerKind
	// Port that clients use, 1 to 65535. Default: 80, with Certificates 443.
	Port *float64
	// TargetPort of the instance, 1 to 65535. A change replaces the target group: clients
	// are cut off until the instance is healthy in the new one. Default: 80.
	TargetPort *float64
	// Certificates make it a TLS (NLB) or HTTPS (ALB) listener. Default: none.
	Certificates *[]awselasticloadbalancingv2.IListenerCertificate
	// InternetFacing needs Subnets that are public. A change replaces the load balancer,
	// and its address changes. Default: false.
	InternetFacing *bool
	// Subnets are the load balancer's, in at least two zones. Default: the nodes'.
	Subnets *[]awsec2.ISubnet
	// ClientCidrs are the IPv4 blocks that may connect. Default: the VPC's block;
	// InternetFacing 0.0.0.0/0.
	ClientCidrs *[]*string
	// HealthPath makes the health check an HTTP request. Default: NLB a TCP
	// connection, ALB "/".
	HealthPath *string
	// HealthInterval between two health checks, 5 to 300 s. Default: 5 s.
	HealthInterval awscdk.Duration
	// HealthCount is how many equal results change a target's health, 2 to 10. Default: 2.
	HealthCount *float64
	// DeregistrationDelay is how long a removed target may finish its requests, 0 to
	// 3600 s. A failed instance finishes none. Default: 30 s.
	DeregistrationDelay awscdk.Duration
	// DeletionProtection refuses the deletion of the load balancer. Default: false.
	DeletionProtection *bool
}

// NodeTargetGroup is an existing target group of type instance, or of type ip, in which
// the instance's primary private address is registered.
type NodeTargetGroup struct {
	// TargetGroupArn is its ARN. Required. A group that this app makes must be of type
	// instance or ip, which is checked at synthesis; one that is only referred to by its
	// ARN is checked by AWS when the node is deployed.
	TargetGroupArn *string
	// Port of the instance, 1 to 65535. Default: the group's own.
	Port *float64
}

// NodeElasticIp is an Elastic IP address that moves with the node: the switcher associates
// it with the primary private address of the instance that carries the node. Of an
// awsec2.CfnEIP give AttrAllocationId and AttrPublicIp.
type NodeElasticIp struct {
	// AllocationId is the id of the address's allocation, such as
	// eipalloc-0123456789abcdef0. One node has the address. Required.
	AllocationId *string
	// PublicIp is the address itself, by which the switcher recognises it. Required.
	PublicIp *string
}

// NodeFileSystem describes the EFS file system for a node's shared data: encrypted,
// a mount target in every zone, reachable through one access point, with TLS and
// the node's role only, from the node's own security group only.
//
// An identity policy alone can allow a mount too, so the group is what keeps out
// other roles of the account that may mount any file system: do not put anything else
// into the node's group.
// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
type NodeFileSystem struct {
	// MountPath is where the default user data mounts it. Default: /data.
	MountPath *string
	// LogMountPath is where the place for recovery logs is mounted.
	// Default: /var/log/recovery.
	LogMountPath *string
	// PosixUser that all files belong to. A change replaces the access point, through which
	// the running instance has its data mounted: give ApplyChanges_AT_ONCE with it, so that
	// a planned switch mounts the new one before the old one is deleted.
	// Default: the client's own users.
	PosixUser *awsefs.PosixUser
	// EncryptionKey is a customer-managed KMS key. A change replaces the file system by an
	// empty one: copy the data, and give ApplyChanges_AT_ONCE with it, since the mount
	// targets of the old one are deleted while the running instance still uses them. The old
	// one itself is retained, unless RemovalPolicy says otherwise. Default: the AWS managed key of EFS.
	EncryptionKey awskms.IKey
	// RemovalPolicy says what becomes of the data with its stack. Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
	// BackupPlan is the AWS Backup plan that backs the file system up, instead of EFS's
	// automatic backups. The plan's vault and rules are its own.
	// https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
	// Default: EFS's automatic backups, daily and kept for 35 days.
	BackupPlan awsbackup.IBackupPlan
}

// ApplyChanges is ApplyChanges_NEXT_SWITCH or ApplyChanges_AT_ONCE.
type ApplyChanges string

const (
	// ApplyChanges_NEXT_SWITCH leaves the running instance alone: its replacement has
	// the change.
	ApplyChanges_NEXT_SWITCH ApplyChanges = contract.ApplyNextSwitch
	// ApplyChanges_AT_ONCE replaces the instance by a planned switch: drained, shut down,
	// fenced, launched anew. If the new one does not become healthy in time, the old
	// one is started again and the deployment fails with the reason.
	ApplyChanges_AT_ONCE ApplyChanges = contract.ApplyAtOnce
)
