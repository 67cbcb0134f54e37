// Package contract holds the names that the constructs (which write
// CloudFormation templates) and the switcher (which runs in Lambda) must agree
// on: environment variables, tag keys, custom-resource properties, name
// patterns and the switcher's configuration.
//
// It imports the standard library only, so that neither side drags in the
// other's dependencies. A test in test/walls asserts that.
package contract

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// EnvConfig is the only environment variable the switcher reads for itself: the
// JSON form of Config. (The AWS SDK reads its own: region, credentials,
// AWS_ENDPOINT_URL.)
const EnvConfig = "RECOVERY_CONFIG"

// Tag keys. The first two are the reference system's and configurable, since
// existing deployments carry them; the others are ours and fixed. No key holds
// a space or a slash: EC2 refuses to launch an instance whose metadata exposes
// tags when a key has one.
const (
	// DefaultIDTag names the instance tag whose value is the node id.
	DefaultIDTag = "fujitsu.pclswr.id"
	// DefaultTargetTag names the instance tag that says whether the node may be
	// recovered: "true" or "false".
	DefaultTargetTag = "fujitsu.swr.is_recovery_target"
	// DestinationTag marks a subnet that nodes may be placed in. Its value is "true".
	DestinationTag = "recovery:destination"
	// SwitcherTag, on everything the switcher launches, holds the switcher's
	// name. IAM conditions rest on it.
	SwitcherTag = "recovery:switcher"
	// CondemnedTag, on an instance, holds the epoch that condemned it, NoEpoch, or
	// MayStart. Only an instance on which it is an epoch may be stopped or terminated,
	// and only one on which it is MayStart may be started (also by IAM).
	CondemnedTag = "recovery:condemned"
	// EpochTag, on an instance, holds the epoch it was launched in.
	EpochTag = "recovery:epoch"
	// GateTag, on an instance, holds "<instance id>:<epoch>" once granted, and NoEpoch
	// while the gate is closed.
	GateTag = "recovery:gate"
)

// Values of CondemnedTag and GateTag that are no epoch. Both keys are on an instance
// from its launch or adoption on, so that condemning it overwrites a value: EC2 refuses
// a 51st key, and accepts a new value for a key that is there.
const (
	// NoEpoch says that an instance is not condemned, or that its gate is closed.
	NoEpoch = "-"
	// MayStart, on CondemnedTag, says that an instance was condemned, was pardoned and
	// is to be started again in place. It becomes NoEpoch when the instance is granted.
	MayStart = "start"
)

// ControlTags are the tags that a replacement never inherits.
var ControlTags = []string{CondemnedTag, EpochTag, GateTag}

// IsControlTag reports whether key is one that a replacement never inherits.
func IsControlTag(key string) bool {
	for _, k := range ControlTags {
		if k == key {
			return true
		}
	}
	return false
}

// exposable are the characters that the instance metadata service accepts in the key of
// a tag ("Work with instance tags in instance metadata", Amazon EC2 User Guide).
const exposable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-=.,_:@"

// Exposable says what is wrong with the key of a tag on an instance whose metadata
// exposes its tags, or nil.
func Exposable(key string) error {
	if key == "" || len(key) > 128 || strings.TrimLeft(key, exposable) != "" || key == "." || key == ".." || key == "_index" {
		return fmt.Errorf("tag key %q cannot be exposed by the instance metadata, and EC2 would refuse every launch: "+
			"allowed are 1 to 128 letters, digits and + - = . , _ : @, no space and no slash; rename the tag", key)
	}
	return nil
}

// Kinds of EventBridge-like input that are ours rather than AWS's.
const (
	// Source is the "source" of the schedule's tick and of a continuation.
	Source = "workload-recovery"
	// DetailSweep is the detail-type of the schedule's tick.
	DetailSweep = "Recovery Sweep"
	// DetailContinue is the detail-type of the switcher's call to itself.
	DetailContinue = "Recovery Continue"
	// DetailAck is the detail-type of a person's acknowledgement; its detail is
	// {"node": 7, "by": "who", "reason": "why"}.
	DetailAck = "Recovery Acknowledge"
	// DetailPause is the detail-type of an operator's pause; its detail is
	// {"node": 7, "until": "2026-01-02T15:04:05Z", "by": "who", "reason": "why"}.
	// Node 0 means every node of the VPC.
	DetailPause = "Recovery Pause"
	// DetailResume ends a pause; its detail is {"node": 7, "by": "who", "reason": "why"},
	// node 0 for all.
	DetailResume = "Recovery Resume"
	// DetailBrake switches recoveries of the whole VPC off and on again; its detail is
	// {"on": true, "by": "who", "reason": "why"}, "on" meaning that the brake holds.
	DetailBrake = "Recovery Brake"
	// DetailSwitch is an operator's planned switch; its detail is
	// {"node": 7, "to": "eu-west-1b", "by": "who", "reason": "why"}, without "to" for
	// the best zone.
	DetailSwitch = "Recovery Switch"
	// DetailDrill announces that an operator is about to break a node for practice; its
	// detail is {"node": 7, "by": "who", "reason": "how"}. It is kept in the history and
	// changes nothing else.
	DetailDrill = "Recovery Drill"
	// DetailAdoptTable confirms that the table was restored to an earlier point in time; its
	// detail is {"node": 7, "by": "who", "reason": "why"}, node 0 for all.
	DetailAdoptTable = "Recovery Adopt Table"
)

// FunctionPrefix begins the name of every switcher's Lambda function.
const FunctionPrefix = "recovery-switcher-"

// FunctionName names a switcher's Lambda function.
func FunctionName(switcher string) string { return FunctionPrefix + switcher }

// Detail types of the events that the switcher puts on the account's default event
// bus, with Source as their source; docs/events.md describes them.
const (
	DetailFailure     = "Recovery Failure Detected"
	DetailSwitched    = "Recovery Switched"
	DetailHeld        = "Recovery Held"
	DetailHeldBrake   = "Recovery Brake Held"
	DetailInterrupted = "Recovery Interrupted"
	DetailNotice      = "Recovery Notice"
)

// DetailsTold are all of them.
var DetailsTold = []string{DetailFailure, DetailSwitched, DetailHeld, DetailHeldBrake, DetailInterrupted, DetailNotice}

// NodeResourceType is the CloudFormation type of the node's custom resource.
const NodeResourceType = "Custom::RecoveryNode"

// RolePath is the IAM path that nodes' roles live under; PassRole is limited to
// it. It is followed by the switcher's name and a slash.
const RolePath = "/recovery/"

// NameLimit bounds a switcher's name: "<name>.node-<id>.application" and an IAM
// path hold it, and a Lambda function name is at most 64 characters.
const NameLimit = 40

// ValidName says what is wrong with a switcher's name, or nil.
func ValidName(name string) error {
	ok := name != "" && len(name) <= NameLimit
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-')) {
			ok = false
		}
	}
	if !ok {
		return fmt.Errorf("switcher name %q is not usable: allowed are 1 to %d letters, digits and hyphens, a letter first; choose another name", name, NameLimit)
	}
	return nil
}

// AlarmPrefix begins the name of every alarm of the switcher's nodes. The dot
// cannot be part of a switcher's name, so no switcher's prefix begins with
// another's.
func AlarmPrefix(switcher string) string { return switcher + ".node-" }

// Kinds of alarms. The instance alarm rests on EC2's own status checks.
const (
	AlarmInstance    = "instance"
	AlarmApplication = "application"
)

// AlarmName names one alarm of a node; kind is AlarmInstance or AlarmApplication.
func AlarmName(switcher string, node int, kind string) string {
	return AlarmPrefix(switcher) + strconv.Itoa(node) + "." + kind
}

// PhysicalID is the custom resource's stable physical id: it does not change
// when a switch replaces the instance.
func PhysicalID(switcher string, node int) string {
	return AlarmPrefix(switcher) + strconv.Itoa(node)
}

// ParsePhysicalID returns the switcher and the node that a physical id of the form that
// PhysicalID gives names. ok is false for an id of any other form.
func ParsePhysicalID(id string) (switcher string, node int, ok bool) {
	switcher, number, found := strings.Cut(id, AlarmPrefix(""))
	node, err := strconv.Atoi(number)
	if !found || err != nil || switcher == "" || PhysicalID(switcher, node) != id {
		return "", 0, false
	}
	return switcher, node, true
}

// Table keys. One table per Region; everything of one VPC is one partition, so
// that one consistent query reads it and IAM can be limited by leading key.
const (
	ClaimPartition    = "claim"    // node ids, unique per Region
	CapacityPartition = "capacity" // zones and types that lacked capacity, shared by all nodes
	LivePartition     = "live"     // which VPCs have a leader now, since leaders share the API budgets
	NodePrefix        = "node#"
	HintPrefix        = "hint#"
	RefusedPrefix     = "refused#" // deployment requests that were refused, by request id
	LeaseKey          = "lease"
	AttrPartition     = "pk"
	AttrSort          = "sk"
	AttrRevision      = "rev"
	AttrBody          = "body"
	AttrExpires       = "expires" // TTL attribute, seconds since 1970
)

// VPCPartition holds a VPC's nodes, hints and lease.
func VPCPartition(vpc string) string { return "vpc#" + vpc }

// HistoryPartition holds the finished switches of one node.
func HistoryPartition(vpc string, node int) string {
	return "history#" + vpc + "#" + strconv.Itoa(node)
}

// NodeKey is the sort key of a node's record and of its claim.
func NodeKey(node int) string { return fmt.Sprintf("%s%010d", NodePrefix, node) }

// Beginnings of the sort keys in a history partition.
const (
	EpochPrefix = "epoch#" // finished switches
	OrderPrefix = "order#" // operators' orders
)

// EpochKey is the sort key of one finished switch.
func EpochKey(epoch int) string { return fmt.Sprintf("%s%010d", EpochPrefix, epoch) }

// OrderKey is the sort key of one operator's order: by time, and by its id since two
// may be given at once.
func OrderKey(at time.Time, id string) string {
	return OrderPrefix + at.UTC().Format("2006-01-02T15:04:05.000Z") + "#" + id
}

// CapacityKey is the sort key of one remembered lack of capacity.
func CapacityKey(zone, instanceType string) string { return zone + "#" + instanceType }

// ParseNodeID reads a node id: a positive integer without sign or leading zero.
func ParseNodeID(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 || n > 999_999_999 || strconv.Itoa(n) != strings.TrimSpace(s) {
		return 0, fmt.Errorf("node id %q is not usable: allowed are the integers 1 to 999999999 without sign or leading zero; choose one that no other node of the Region has", s)
	}
	return n, nil
}
