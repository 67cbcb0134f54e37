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
	Stop(ctx context.Context, ids []string, how PowerOff) error
	Terminate(ctx context.Context, ids []string, how PowerOff) error
	// Unprotect clears termination protection (stop=false) or stop protection (stop=true).
	Unprotect(ctx context.Context, id string, stop bool) error
	// SetGroups replaces the security groups of one network interface.
	SetGroups(ctx context.Context, networkInterface string, groups []string) error
	// Forward turns the source/destination check of one network interface off, so that
	// it may forward what is addressed to others.
	Forward(ctx context.Context, networkInterface string) error
	// MoveAddress associates an Elastic IP address, by its allocation id, with the primary
	// private address of a network interface, wherever it was before.
	MoveAddress(ctx context.Context, allocation, networkInterface string) error
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
	// Attributes returns a target group's attributes by key.
	Attributes(ctx context.Context, group string) (map[string]string, error)
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
	// Put writes the item if the stored one has revision prev (0: there is none), and
	// otherwise fails with kind Conflict. The new revision is item.Next(prev).
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
