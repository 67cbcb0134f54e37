// Package cloud is the engine's view of AWS: one small interface per service
// with exactly the calls the engine makes, plain types without SDK baggage, and
// kinds of errors. internal/awscloud implements it with the AWS SDK; tests and
// the simulator implement it with stateful fakes.
//
// Rules for implementations: a mutating call is sent once, never retried inside
// (the engine repeats it after it has looked again); no goroutine outlives a
// call; every error is, or wraps, an *Error.
package cloud

import (
	"context"
	"encoding/json"
	"time"
)

// Compute is Amazon EC2.
type Compute interface {
	// Instances returns the instances with these ids that are visible now.
	// Unknown ids are left out: absence proves nothing, since EC2 is eventually consistent.
	Instances(ctx context.Context, ids []string) ([]Instance, error)
	// TaggedInstances returns the visible instances whose tag key has one of these values.
	TaggedInstances(ctx context.Context, key string, values []string) ([]Instance, error)
	// Details reads what DescribeInstances does not tell: user data, protection
	// flags, shutdown behaviour, volumes.
	Details(ctx context.Context, i Instance) (Details, error)
	// Subnets returns the VPC's subnets whose tag key has this value.
	Subnets(ctx context.Context, vpc, key, value string) ([]Subnet, error)
	// Scheduled returns the events that AWS has scheduled for these instances and that
	// are still to come, the soonest first.
	Scheduled(ctx context.Context, ids []string) ([]Scheduled, error)
	// Failing returns those of these instances whose application EC2's own checks
	// call impaired ("Application status checks", Amazon EC2 User Guide).
	Failing(ctx context.Context, ids []string) ([]Failing, error)
	// Template reads one version of a launch template as a blueprint.
	Template(ctx context.Context, id, version string) (Blueprint, error)

	// Launch starts one instance. The same token in the same zone never starts a second one.
	Launch(ctx context.Context, l Launch) (Instance, error)
	// Stop powers instances off. Force skips the operating system's shutdown.
	Stop(ctx context.Context, ids []string, force bool) error
	Terminate(ctx context.Context, ids []string) error
	// Unprotect clears termination protection (stop=false) or stop protection (stop=true).
	Unprotect(ctx context.Context, id string, stop bool) error
	// SetGroups replaces the security groups of one network interface.
	SetGroups(ctx context.Context, networkInterface string, groups []string) error
	// Tag adds the same tags to all of the instances, or to none.
	Tag(ctx context.Context, ids []string, tags map[string]string) error
	// Untag removes tags; one that is not there is fine.
	Untag(ctx context.Context, id string, keys []string) error
	// Start powers a stopped instance on. It may lack capacity, like a launch.
	Start(ctx context.Context, id string) error
	// Watch makes an application status check look at every instance with the tag, also
	// at those to come. Unwatch ends that. Both may be repeated.
	Watch(ctx context.Context, check, key, value string) error
	Unwatch(ctx context.Context, check, key, value string) error
}

// Zones tells how Availability Zones fare, and where capacity is reserved.
type Zones interface {
	// Zones returns the Region's zones and the state that EC2 reports of each.
	Zones(ctx context.Context) ([]Zone, error)
	// Shifts returns the zonal shifts and autoshifts that are active (Amazon
	// Application Recovery Controller).
	Shifts(ctx context.Context) ([]Shift, error)
	// Reserved returns the open capacity reservations of these instance types that
	// have room.
	Reserved(ctx context.Context, types []string) ([]Reserve, error)
}

// Files is Amazon EFS, mount targets only.
type Files interface {
	// Mounts returns a file system's mount targets, those being deleted included.
	Mounts(ctx context.Context, fileSystem string) ([]Mount, error)
	// CreateMount makes a mount target in the subnet with the groups of m.
	CreateMount(ctx context.Context, fileSystem string, m Mount) error
	// DeleteMount breaks every mount through the target and removes it. One that is
	// gone is a NotFound.
	DeleteMount(ctx context.Context, id string) error
}

// Balancers is Elastic Load Balancing v2.
type Balancers interface {
	Groups(ctx context.Context, arns []string) ([]TargetGroup, error)
	Targets(ctx context.Context, group string) ([]Target, error)
	Register(ctx context.Context, group string, targets []Target) error
	// Deregister succeeds also for a target that is not registered.
	Deregister(ctx context.Context, group string, targets []Target) error
}

// Alarms is Amazon CloudWatch, alarms only.
type Alarms interface {
	Alarms(ctx context.Context, names []string) ([]Alarm, error)
	// Repoint rewrites the InstanceId dimension of an alarm to the instance,
	// leaving everything else of the alarm as it is.
	Repoint(ctx context.Context, name, instance string) error
}

// Table is a key-value store with compare-and-swap: one DynamoDB table.
// Reads are strongly consistent.
type Table interface {
	// Get returns the item, or an error of kind NotFound.
	Get(ctx context.Context, partition, sort string) (Item, error)
	// Query returns the partition's items whose sort key begins with prefix, in order.
	Query(ctx context.Context, partition, prefix string) ([]Item, error)
	// Put writes the item with revision prev+1 if the stored one has revision
	// prev (0: there is none), and otherwise fails with kind Conflict.
	Put(ctx context.Context, item Item, prev int64) error
	// Delete removes the item if it has revision prev, and otherwise fails with kind
	// Conflict. An item that is not there is a Conflict too.
	Delete(ctx context.Context, partition, sort string, prev int64) error
}

// Topic is an Amazon SNS topic that people listen to.
type Topic interface {
	Publish(ctx context.Context, n Notice) error
}

// Bus is the account's default Amazon EventBridge event bus, for machines that listen.
type Bus interface {
	Put(ctx context.Context, e Happening) error
}

// Invoker calls the switcher again, asynchronously.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) error
}

// Responder answers CloudFormation at the pre-signed address of a request.
type Responder interface {
	Respond(ctx context.Context, url string, body []byte) error
}

// Ports is everything the engine may call.
type Ports struct {
	Compute   Compute
	Balancers Balancers
	Alarms    Alarms
	Zones     Zones
	Files     Files
	Table     Table
	Topic     Topic
	Bus       Bus
	Invoker   Invoker
	Responder Responder
}

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
}

// Off reports whether EC2 says that the instance is powered off: the power fence.
func (i Instance) Off() bool { return i.State == Stopped || i.State == Terminated }

// Interface is one network interface of an instance.
type Interface struct {
	ID     string
	Device int
	Card   int
	Groups []string
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
}

// InterfaceSpec is a network interface to create with the instance.
type InterfaceSpec struct {
	Device int      `json:"device"`
	Card   int      `json:"card,omitempty"`
	Groups []string `json:"groups"`
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
