package cloud

import (
	"encoding/json"
	"time"
)

// What the calls tell of and ask for.

// Instance states as EC2 names them.
const (
	Pending      = "pending"
	Running      = "running"
	Stopping     = "stopping"
	Stopped      = "stopped"
	ShuttingDown = "shutting-down"
	Terminated   = "terminated"
)

// Instance is what DescribeInstances tells.
type Instance struct {
	ID          string
	State       string
	StateReason string // why it is in that state, EC2's words
	Zone        string
	Subnet      string
	VPC         string
	PrivateIP   string
	LaunchedAt  time.Time
	Token       string // client token it was launched with
	RootDevice  string // device name
	RootStore   string // "ebs" or "instance-store"
	Interfaces  []Interface
	Volumes     []VolumeRef
	Tags        map[string]string

	Image       string
	Type        string
	KeyName     string
	Profile     string // instance profile ARN
	Metadata    MetadataOptions
	Monitoring  bool // detailed monitoring
	Tenancy     string
	Placement   string // placement group name
	Reservation Reservation
	EBSOptimized,
	Hibernation,
	Enclave bool
	AutoRecovery string // maintenance option: "default" or "disabled"
	Partition    int    // of a partition placement group; 0: none
	Licenses     []string
	DNS          *NameOptions
	CPU          CPUOptions // as EC2 shows them, the type's defaults too
	// Unkept are the settings that a replacement could not inherit, each with its value
	// and the reason (internal/inherit).
	Unkept []string
}

// PowerOff holds the way in which EC2 is asked to stop or terminate an instance: the Force and
// SkipOsShutdown parameters of StopInstances and TerminateInstances.
type PowerOff string

// Ways to power an instance off, from the gentlest to the hardest.
const (
	ShutDown     PowerOff = "shut-down"     // the operating system shuts down first
	SkipShutdown PowerOff = "skip-shutdown" // without the operating system's shutdown
	// ForceOff is for an instance that is stuck. AWS says of it that it "in rare cases,
	// results in post-stop writes to EBS volumes or other shared resources" ("Methods for
	// stopping an instance", Amazon EC2 User Guide).
	ForceOff PowerOff = "force"
)

// Harder reports whether p is harder than the other way; "" is the gentlest.
func (p PowerOff) Harder(than PowerOff) bool {
	rank := map[PowerOff]int{ShutDown: 1, SkipShutdown: 2, ForceOff: 3}
	return rank[p] > rank[than]
}

// Off reports whether EC2 says that the instance is powered off: the power fence.
func (i Instance) Off() bool { return i.State == Stopped || i.State == Terminated }

// Interface is one network interface of an instance.
type Interface struct {
	ID          string
	Device      int
	Card        int
	Groups      []string
	Description string
	Private     []string // IPv4 addresses: the primary one, then the others in order
	IPv6        []string // in order
	PrimaryIPv6 bool     // one of IPv6 is the primary IPv6 address
	Public      string   // public IPv4 address of the primary one
	Elastic     bool     // Public is an Elastic IP address: EC2 did not assign it
	// ElasticToo are Elastic IP addresses of its other private addresses.
	ElasticToo []string
	Forwards   bool // its source/destination check is off
	Tracking   *Tracking
}

// VolumeRef is one attached EBS volume.
type VolumeRef struct {
	Device              string
	Volume              string
	DeleteOnTermination bool
}

// Scheduled is an event that AWS has scheduled for an instance: its retirement, a
// reboot, maintenance of its host.
type Scheduled struct {
	Instance  string
	ID        string // instance-event-0123456789abcdef0
	Code      string // EC2's: EventRetirement, EventStop, …
	Detail    string // EC2's words
	NotBefore time.Time
}

// Codes of scheduled events as EC2 names them. The first two end with the instance
// being stopped or terminated; the others give it back.
const (
	EventRetirement     = "instance-retirement"
	EventStop           = "instance-stop"
	EventInstanceReboot = "instance-reboot"
	EventSystemReboot   = "system-reboot"
	EventMaintenance    = "system-maintenance"
)

// Failing is an instance of which an application status check failed.
type Failing struct {
	Instance string
	Reason   string    // of the checks that failed: "asc-0123456789abcdef0: ConnectionRefused"
	Since    time.Time // when the instance became impaired
}

// Details is what only further calls tell of an instance.
type Details struct {
	UserData         string // base64, as EC2 returns it
	ProtectTerminate bool
	ProtectStop      bool
	ShutdownBehavior string // "stop" or "terminate"
	Volumes          []VolumeSpec
	VolumeTags       map[string]string // of the root volume
	InterfaceTags    map[string]string // of the first interface
	CPU              *CPUOptions       // nil: its type's defaults
	Credits          string            // of a burstable type: "standard" or "unlimited"
	Strategy         string            // of its placement group: "cluster", "spread" or "partition"
	Unkept           []string          // as Instance.Unkept, of its volumes
}

// Blueprint is all that a replacement inherits: a launch request without a place.
type Blueprint struct {
	Image            string            `json:"image"`
	Type             string            `json:"type"`
	KeyName          string            `json:"keyName,omitempty"`
	Profile          string            `json:"profile,omitempty"`  // instance profile ARN or name
	UserData         string            `json:"userData,omitempty"` // base64
	Interfaces       []InterfaceSpec   `json:"interfaces"`
	Volumes          []VolumeSpec      `json:"volumes,omitempty"`
	Tags             map[string]string `json:"tags,omitempty"`
	VolumeTags       map[string]string `json:"volumeTags,omitempty"`
	Metadata         MetadataOptions   `json:"metadata"`
	Monitoring       bool              `json:"monitoring,omitempty"`
	Tenancy          string            `json:"tenancy,omitempty"`
	Placement        string            `json:"placement,omitempty"`
	Reservation      Reservation       `json:"reservation"`
	EBSOptimized     bool              `json:"ebsOptimized,omitempty"`
	Hibernation      bool              `json:"hibernation,omitempty"`
	Enclave          bool              `json:"enclave,omitempty"`
	AutoRecovery     string            `json:"autoRecovery,omitempty"`
	ProtectTerminate bool              `json:"protectTerminate,omitempty"`
	ProtectStop      bool              `json:"protectStop,omitempty"`
	ShutdownBehavior string            `json:"shutdownBehavior,omitempty"`
	InterfaceTags    map[string]string `json:"interfaceTags,omitempty"`
	CPU              *CPUOptions       `json:"cpu,omitempty"`
	Credits          string            `json:"credits,omitempty"`
	Licenses         []string          `json:"licenses,omitempty"` // license configuration ARNs
	Partition        int               `json:"partition,omitempty"`
	DNS              *NameOptions      `json:"dns,omitempty"`
}

// InterfaceSpec is a network interface to create with the instance.
type InterfaceSpec struct {
	Device      int       `json:"device"`
	Card        int       `json:"card,omitempty"`
	Groups      []string  `json:"groups"`
	Description string    `json:"description,omitempty"`
	Public      *bool     `json:"public,omitempty"`    // nil: as the subnet says
	Secondary   int       `json:"secondary,omitempty"` // private IPv4 addresses beside the primary one
	IPv6        *int      `json:"ipv6,omitempty"`      // number of addresses; nil: as the subnet says
	PrimaryIPv6 bool      `json:"primaryIpv6,omitempty"`
	Tracking    *Tracking `json:"tracking,omitempty"`
	// Forwards says that the source/destination check is off. No launch can ask for that:
	// it is turned off afterwards.
	Forwards bool `json:"forwards,omitempty"`
}

// Tracking are an interface's idle timeouts of tracked connections, in seconds; 0: EC2's.
type Tracking struct {
	TCP       int `json:"tcp,omitempty"`
	UDPStream int `json:"udpStream,omitempty"`
	UDP       int `json:"udp,omitempty"`
}

// CPUOptions are the processor options of an instance, EC2's words.
type CPUOptions struct {
	Cores   int    `json:"cores,omitempty"`
	Threads int    `json:"threads,omitempty"` // per core
	SevSnp  string `json:"sevSnp,omitempty"`  // enabled, disabled
	Nested  string `json:"nested,omitempty"`  // nested virtualization: enabled, disabled
}

// NameOptions are the options of an instance's private DNS name.
type NameOptions struct {
	Kind string `json:"kind,omitempty"` // ip-name, resource-name
	A    *bool  `json:"a,omitempty"`    // answer for the resource name with an A record
	AAAA *bool  `json:"aaaa,omitempty"`
}

// VolumeSpec is an EBS volume to create with the instance.
type VolumeSpec struct {
	Device              string `json:"device"`
	Snapshot            string `json:"snapshot,omitempty"` // never set for the root device: the image decides
	SizeGiB             int    `json:"sizeGiB,omitempty"`
	Kind                string `json:"kind,omitempty"` // gp3, io2, …
	IOPS                int    `json:"iops,omitempty"`
	Throughput          int    `json:"throughput,omitempty"` // MiB/s
	Encrypted           bool   `json:"encrypted,omitempty"`
	KMSKey              string `json:"kmsKey,omitempty"`
	DeleteOnTermination bool   `json:"deleteOnTermination"`
	InitRate            int    `json:"initRate,omitempty"` // MiB/s, of one with a snapshot
	// Omit says that the image's volume of this device is left out.
	Omit bool `json:"omit,omitempty"`
}

// MetadataOptions are the instance metadata service's settings, EC2's words.
type MetadataOptions struct {
	Tokens   string `json:"tokens,omitempty"`   // required, optional
	Endpoint string `json:"endpoint,omitempty"` // enabled, disabled
	HopLimit int    `json:"hopLimit,omitempty"`
	IPv6     string `json:"ipv6,omitempty"` // enabled, disabled
	Tags     string `json:"tags,omitempty"` // enabled, disabled
}

// Reservation says which capacity reservation an instance may use.
type Reservation struct {
	Preference string `json:"preference,omitempty"` // open, none, capacity-reservations-only
	ID         string `json:"id,omitempty"`         // bound to one zone
	Group      string `json:"group,omitempty"`      // resource group ARN
}

// Launch is one whole RunInstances request. It is saved before it is sent, so
// that the identical request can be sent again.
type Launch struct {
	Blueprint Blueprint         `json:"-"`
	Subnet    string            `json:"subnet"`
	Zone      string            `json:"zone"`
	Type      string            `json:"type,omitempty"` // instead of the blueprint's
	Token     string            `json:"token"`          // at most 64 ASCII characters
	Tags      map[string]string `json:"tags"`           // added to the blueprint's
	// Gated says that the instance waits at a gate, which reads the instance metadata.
	Gated bool `json:"gated,omitempty"`
}

// Subnet is a place for an instance.
type Subnet struct {
	ID   string
	Zone string
	Free int // available addresses
}

// Zone is an Availability Zone.
type Zone struct {
	Name    string
	ID      string // the same in every account: use1-az1
	State   string // "available", or what EC2 says is wrong
	Message string
}

// Shift is traffic that is being moved away from a zone.
type Shift struct {
	ZoneID string
	Reason string
}

// Reserve is reserved capacity with room.
type Reserve struct {
	Zone string
	Type string
	Free int
}

// Mount is an EFS mount target.
type Mount struct {
	ID     string   `json:"id"`
	Subnet string   `json:"subnet"`
	Zone   string   `json:"zone"`
	IP     string   `json:"ip,omitempty"`
	State  string   `json:"state,omitempty"` // "creating", "available", "deleting", …
	Groups []string `json:"groups,omitempty"`
}

// TargetGroup is an ELB target group.
type TargetGroup struct {
	ARN       string
	Kind      string // "instance", "ip", "alb", "lambda"
	Port      int
	Balancers int // load balancers that use it; with none, targets are "unused"
}

// Target health states as ELB names them.
const (
	Healthy   = "healthy"
	Unused    = "unused"
	Draining  = "draining"
	Unhealthy = "unhealthy"
)

// Target is a registered target.
type Target struct {
	ID     string // instance id or address
	Port   int
	Health string
	Reason string
	Unkept string // as Instance.Unkept, of the target
	// Outside says that the address is not in the target group's VPC, but in one that is
	// peered with it, say: ELB wants "all" as its Availability Zone then.
	Outside bool
}

// Alarm is a CloudWatch metric alarm.
type Alarm struct {
	Name      string
	State     string // OK, ALARM, INSUFFICIENT_DATA
	Reason    string
	Since     time.Time // when the state began
	Instances []string  // values of InstanceId dimensions
}

// Item is one record of the table. Body is JSON, stored as native attributes so
// that a person can read it.
type Item struct {
	Partition string
	Sort      string
	Revision  int64
	Body      json.RawMessage
	Expires   time.Time // zero: never
}

// Next is the revision of an item that is put over revision prev: the following one, or
// the item's own if that is higher. An item that may be deleted and made again is given
// one that none of its predecessors had, or a late delete of those would take it.
func (i Item) Next(prev int64) int64 { return max(prev+1, i.Revision) }

// Happening is an event for the bus.
type Happening struct {
	Kind   string // detail type
	Detail json.RawMessage
}

// Notice is a message to people.
type Notice struct {
	Subject string // at most 100 ASCII characters
	Body    string
}
