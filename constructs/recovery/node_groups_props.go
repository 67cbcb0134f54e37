package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// NodeBoot says how the user data of an instance is made, and what runs at its boot.
type NodeBoot struct {
	// GenerateUserData makes cloud-init user data that mounts the two file systems,
	// runs the gate, the application and its checks, and starts the CloudWatch agent
	// for ResourceMonitor (docs/node.md). All user data together has at most 16 KB.
	// False says that the image, or UserData with MountCommands() and ResourceMonitor's
	// AgentCommands(), does it all.
	// Default: true, unless only UserData is given: true when Application, Gate or
	// PrepareCommands are given, or UserData is left out.
	GenerateUserData *bool
	// PrepareCommands run as root at the first boot before anything else, while a
	// replacement may still be waiting at its gate: install here what needs no data,
	// such as amazon-efs-utils on another Linux than Amazon's. A command that fails
	// powers the instance off. Default: none.
	PrepareCommands *[]*string
	// GateTime is the time after which an instance that waits at its gate gives up and powers
	// itself off, 60 to 172800 s and longer than the switcher's Policy.FenceTime.
	// Default: 3600 s, or twice Policy.FenceTime when that is more.
	GateTime awscdk.Duration
	// ImageHasGate declares, where the user data is not generated, that the image or
	// your own UserData runs a gate, as the unit recovery-gate.service, by the contract
	// in docs/node.md. A gate that is declared and does not hold lets two instances
	// write the same data. Default: false.
	ImageHasGate *bool
}

// NodeInstance holds settings of the EC2 instance. Replacements inherit them.
type NodeInstance struct {
	// MetadataHopLimit is the number of hops that the metadata service's answers may take, 1
	// to 64; containers need 2. Default: 1. IMDSv2 is always required, and tags are
	// always readable through it.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
	MetadataHopLimit *float64
	// TerminationProtection and StopProtection refuse people's mistakes. The switcher
	// clears them on instances that it has condemned. Default: false.
	TerminationProtection *bool
	StopProtection        *bool
	// DetailedMonitoring sends EC2's metrics every minute instead of every five. Status
	// checks are sent every minute anyway. Default: false.
	DetailedMonitoring *bool
	// EbsOptimized is for old types; current ones always are. Default: the type's.
	EbsOptimized *bool
	// Tenancy says whether the host is shared. Default: Tenancy_DEFAULT.
	Tenancy Tenancy
	// PlacementGroup is a placement group that spans zones (spread or partition). A
	// cluster group exists in one zone and is refused: at synthesis if this app makes it,
	// else when the node is deployed. Default: none.
	PlacementGroup awsec2.IPlacementGroup
	// CapacityReservation says which capacity reservations an instance may use.
	// Default: CapacityReservation_OPEN, EC2's own.
	CapacityReservation CapacityReservation
}

// NodeNetwork says how clients reach the node, who it may talk to and in which zones it
// runs.
type NodeNetwork struct {
	// SecurityGroups are added to the node's own group, at most four: EC2 allows five
	// per interface by default. Default: none.
	SecurityGroups *[]awsec2.ISecurityGroup
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
	// Zones are the zones to prefer, in order; the VPC's others follow by name.
	// Default: by name.
	Zones *[]*string
}

// NodeFence says what may be done about a failed instance that EC2 does not confirm off.
type NodeFence struct {
	// AcceptForcedStop declares that a forced stop proves well enough that the failed
	// instance writes no data any more. AWS says that a forced stop "in rare cases, results
	// in post-stop writes to EBS volumes or other shared resources" ("Methods for stopping
	// an instance", Amazon EC2 User Guide). It matters for an instance that is stuck and
	// whose data is not on Storage.Data: without it the node is held until EC2 confirms
	// the instance off without force. Default: false.
	AcceptForcedStop *bool
	// AllowTerminate permits terminating a failed instance whose root is an
	// instance store, which cannot be stopped. Its local data is lost. Default: false.
	AllowTerminate *bool
	// Escalation says how a switch goes on when EC2 has not confirmed the failed instance
	// off within Policy.FenceTime. For a dead host EC2 may never confirm it.
	// Default: FenceEscalation_HOLD.
	Escalation FenceEscalation
}

// NodeRecovery says when and how the node is recovered.
type NodeRecovery struct {
	// Priority orders recoveries when many nodes fail at once, 0 to 1000, higher first.
	// Default: 100.
	Priority *float64
	// RestartOriginal permits starting the failed instance again, in its own zone, when no
	// other zone takes a replacement. Default: false, the node waits for capacity.
	RestartOriginal *bool
	// AwaitAutoRecovery leaves EC2's own automatic recovery on. The node is switched only
	// after a failed status check has lasted for this time, so that EC2 can act first, 60 to
	// 3600 s. Automatic recovery acts on system status checks only, at
	// most three times a day, and keeps the instance's id and addresses.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
	// Default: automatic recovery is off, and a failed check is believed at once.
	AwaitAutoRecovery awscdk.Duration
}

// NodeDeployment says what deployments, planned switches and the node's deletion do.
type NodeDeployment struct {
	// ApplyChanges says when a change of what instances are launched from (image, type,
	// volumes, user data, …) is applied. Default: ApplyChanges_NEXT_SWITCH.
	ApplyChanges ApplyChanges
	// DrainTime is the time that the target groups have to finish the requests under way in
	// a planned switch or the node's deletion, 0 to 3600 s. Longer than the
	// groups' deregistration delay is no use. Default: 60 s.
	DrainTime awscdk.Duration
	// StopTime is the time that the operating system has to shut down in a planned switch
	// before the instance is powered off, 0 to 600 s. Default: 120 s.
	StopTime awscdk.Duration
	// OnDelete says what becomes of the node's instance when the node is deleted:
	// RemovalPolicy_DESTROY drains and terminates it, RemovalPolicy_RETAIN leaves it
	// running, without the switcher's tags, and keeps what it uses: its role, groups,
	// and file systems' access. Default: RemovalPolicy_DESTROY.
	OnDelete awscdk.RemovalPolicy
	// ServiceTimeout is the time that CloudFormation waits for the node to be launched,
	// changed or deleted, 60 to 3600 s. It must be longer than the switcher's
	// Policy.DeployTime. Default: 1800 s.
	ServiceTimeout awscdk.Duration
}

// FenceEscalation is FenceEscalation_HOLD, FenceEscalation_STORAGE or
// FenceEscalation_GO_ON.
type FenceEscalation string

const (
	// FenceEscalation_HOLD waits for EC2, and people are notified. It is right for an
	// instance that may write to other places than the node's own file system.
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

// ApplyChanges is ApplyChanges_NEXT_SWITCH or ApplyChanges_AT_ONCE.
type ApplyChanges string

const (
	// ApplyChanges_NEXT_SWITCH leaves the running instance alone: its replacement has
	// the change.
	ApplyChanges_NEXT_SWITCH ApplyChanges = contract.ApplyNextSwitch
	// ApplyChanges_AT_ONCE replaces the instance by a planned switch: drained, shut down,
	// fenced, launched again. If the new one does not become healthy in time, the old
	// one is started again and the deployment fails with the reason.
	ApplyChanges_AT_ONCE ApplyChanges = contract.ApplyAtOnce
)

// Tenancy is Tenancy_DEFAULT or Tenancy_DEDICATED.
type Tenancy string

const (
	// Tenancy_DEFAULT runs the instance on a shared host.
	Tenancy_DEFAULT Tenancy = "default"
	// Tenancy_DEDICATED runs it on hardware of this account alone.
	Tenancy_DEDICATED Tenancy = "dedicated"
)

// CapacityReservation is CapacityReservation_OPEN, CapacityReservation_NONE or
// CapacityReservation_ONLY.
type CapacityReservation string

const (
	// CapacityReservation_OPEN uses any open reservation that matches.
	CapacityReservation_OPEN CapacityReservation = "open"
	// CapacityReservation_NONE uses none.
	CapacityReservation_NONE CapacityReservation = "none"
	// CapacityReservation_ONLY launches in a reservation or not at all.
	CapacityReservation_ONLY CapacityReservation = "capacity-reservations-only"
)
