package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
)

// NodeProperties are the properties of a Custom::RecoveryNode as they stand in
// the template. CloudFormation hands every scalar over as a string, so they are
// strings here; Settings is the typed form.
type NodeProperties struct {
	ServiceToken          string
	ServiceTimeout        string `json:",omitempty"` // seconds CloudFormation waits for an answer
	NodeId                string
	NodeName              string
	LaunchTemplateId      string             `json:",omitempty"` // not of an adopted node
	LaunchTemplateVersion string             `json:",omitempty"`
	Zones                 []string           `json:",omitempty"` // preferred order of AZ names; others follow by name
	TargetGroups          []TargetGroupEntry `json:",omitempty"`
	Alarms                []string           `json:",omitempty"` // names
	Priority              string             `json:",omitempty"` // 0 to 1000, higher recovers first
	// AllowTerminateFence permits terminating the failed instance as its fence when
	// it cannot be stopped (instance-store root). "true" or "false" (default).
	AllowTerminateFence string `json:",omitempty"`
	// Gate says that the node's instances run the gate: they mount and serve only
	// while their tag GateTag names them. "true" or "false" (default).
	Gate string `json:",omitempty"`
	// InstanceTypes are tried, in this order, where the launch template's own type
	// cannot be had.
	InstanceTypes []string `json:",omitempty"`
	// RestartOriginal permits starting the failed instance again, in place, when no
	// replacement can be had anywhere. "true" or "false" (default).
	RestartOriginal string `json:",omitempty"`
	// FenceEscalation is what follows when the failed instance is not confirmed off
	// in time: EscalateHold (default), EscalateStorage or EscalateGoOn.
	FenceEscalation string `json:",omitempty"`
	// AcceptForcedStop says that a forced stop is proof enough that the failed instance
	// does not write any more, although AWS says that it "in rare cases, results in
	// post-stop writes to EBS volumes or other shared resources". It matters for a node
	// whose data is not on FileSystem. "true" or "false" (default).
	AcceptForcedStop string `json:",omitempty"`
	// FileSystem is the node's own EFS file system: EscalateStorage cuts an instance off
	// from it, and recoveryctl doctor looks at its mount targets.
	FileSystem string `json:",omitempty"`
	// ApplyChanges says when a changed launch template is applied: ApplyNextSwitch
	// (default) or ApplyAtOnce, as a planned switch.
	ApplyChanges string `json:",omitempty"`
	// DrainSeconds is how long a planned switch or a delete waits for the target
	// groups to finish the requests under way. Default DefaultDrain.
	DrainSeconds string `json:",omitempty"`
	// StopSeconds is how long a planned switch lets the operating system shut down
	// before it is powered off. Default DefaultStop.
	StopSeconds string `json:",omitempty"`
	// AwaitRecoverySeconds is how long a failed status check must last before the node
	// is switched, so that EC2's automatic recovery can come first. Default 0.
	AwaitRecoverySeconds string `json:",omitempty"`
	// AdoptInstance is a running instance that becomes the node, instead of a launch.
	AdoptInstance string `json:",omitempty"`
	// OnDelete is what becomes of the node's instance when the resource is deleted:
	// DeleteTerminate (default) or DeleteRetain.
	OnDelete string `json:",omitempty"`
	// StatusCheck is the id of the EC2 application status check that looks at the
	// node's instances ("asc-…"). The switcher associates it with the node's id tag, and
	// recovers the node when EC2 calls the application impaired. Default: none.
	StatusCheck string `json:",omitempty"`
	// ElasticIpAllocation and ElasticIpAddress name the Elastic IP address that moves with
	// the node. Default: none.
	ElasticIpAllocation string `json:",omitempty"`
	ElasticIpAddress    string `json:",omitempty"`
	// ConsumersHash changes whenever a resource that consumes the node's attributes
	// changes, so that CloudFormation reads the attributes again.
	ConsumersHash string `json:",omitempty"`
}

// When a changed launch template is applied.
const (
	ApplyNextSwitch = "next-switch"
	ApplyAtOnce     = "at-once"
)

// What becomes of the instance of a deleted node.
const (
	DeleteTerminate = "terminate"
	DeleteRetain    = "retain"
)

// Defaults, in seconds.
const (
	// DefaultDrain is more than the deregistration delay of the load balancer that
	// ClusterNode makes (30 s).
	DefaultDrain = 60
	DefaultStop  = 120
)

// TargetGroupEntry is one group a node's targets live in.
type TargetGroupEntry struct {
	Arn  string
	Port string `json:",omitempty"` // default: the group's own port
}

// Escalations of a fence that is overdue.
const (
	// EscalateHold waits for EC2, and a person is told.
	EscalateHold = "hold"
	// EscalateStorage cuts the instance off from the node's own file system.
	EscalateStorage = "storage"
	// EscalateGoOn goes on without proof: for a node without shared data, of which
	// two may run as long as one takes traffic.
	EscalateGoOn = "go-on"
)

// Attributes that the custom resource answers with (Fn::GetAtt).
const (
	AttrInstanceID = "InstanceId"
	AttrZone       = "AvailabilityZone"
	AttrSubnetID   = "SubnetId"
	AttrPrivateIP  = "PrivateIp"
	AttrImageID    = "ImageId"
	AttrEpoch      = "Epoch"
)

// Settings is the checked, typed form of NodeProperties, kept in the record.
type Settings struct {
	ID                  int            `json:"id"`
	Name                string         `json:"name"`
	Template            Template       `json:"template"`
	Zones               []string       `json:"zones,omitempty"`
	Groups              []GroupSetting `json:"groups,omitempty"`
	Alarms              []string       `json:"alarms,omitempty"`
	Priority            int            `json:"priority"`
	AllowTerminateFence bool           `json:"allowTerminateFence,omitempty"`
	Gate                bool           `json:"gate,omitempty"`
	Types               []string       `json:"types,omitempty"` // beside the blueprint's
	RestartOriginal     bool           `json:"restartOriginal,omitempty"`
	Escalation          string         `json:"escalation,omitempty"` // "" is EscalateHold
	AcceptForcedStop    bool           `json:"acceptForcedStop,omitempty"`
	FileSystem          string         `json:"fileSystem,omitempty"`
	AtOnce              bool           `json:"atOnce,omitempty"`        // apply a changed template as a planned switch
	Drain               int            `json:"drain,omitempty"`         // seconds
	Stop                int            `json:"stop,omitempty"`          // seconds
	AwaitRecovery       int            `json:"awaitRecovery,omitempty"` // seconds
	Adopt               string         `json:"adopt,omitempty"`         // instance id
	Retain              bool           `json:"retain,omitempty"`        // on delete
	StatusCheck         string         `json:"statusCheck,omitempty"`   // id
	ElasticIP           ElasticIP      `json:"elasticIp,omitzero"`
}

// ElasticIP is the address that moves with the node.
type ElasticIP struct {
	Allocation string `json:"allocation"` // id
	Address    string `json:"address"`
}

// Template names one version of an EC2 launch template.
type Template struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// GroupSetting is a target group and, if not the group's own, the port.
type GroupSetting struct {
	ARN  string `json:"arn"`
	Port int    `json:"port,omitempty"`
}

// ParseNode reads a custom resource's properties. Every fault is named.
func ParseNode(raw json.RawMessage) (Settings, error) {
	var p NodeProperties
	if err := json.Unmarshal(raw, &p); err != nil {
		return Settings{}, fmt.Errorf("the properties of %s cannot be read: %w", NodeResourceType, err)
	}
	var errs []error
	s := Settings{
		Name: p.NodeName, Zones: p.Zones, Alarms: p.Alarms,
		Template: Template{ID: p.LaunchTemplateId, Version: p.LaunchTemplateVersion},
	}
	var err error
	s.ID, err = ParseNodeID(p.NodeId)
	errs = append(errs, err)
	if s.Name == "" {
		s.Name = "node-" + p.NodeId
	}
	errs = append(errs, checkOrigin(p))
	for _, g := range p.TargetGroups {
		port, err := parseInt("TargetGroups[].Port", g.Port, 0, 0, 65535)
		errs = append(errs, err)
		if g.Arn == "" {
			errs = append(errs, errors.New("a TargetGroups entry has no Arn; give the target group's ARN"))
		}
		s.Groups = append(s.Groups, GroupSetting{ARN: g.Arn, Port: port})
	}
	for _, number := range []struct {
		name, text    string
		def, min, max int
		to            *int
	}{
		{"Priority", p.Priority, 100, 0, 1000, &s.Priority},
		{"DrainSeconds", p.DrainSeconds, DefaultDrain, 0, 3600, &s.Drain},
		{"StopSeconds", p.StopSeconds, DefaultStop, 0, 600, &s.Stop},
		{"AwaitRecoverySeconds", p.AwaitRecoverySeconds, 0, 0, 3600, &s.AwaitRecovery},
	} {
		*number.to, err = parseInt(number.name, number.text, number.def, number.min, number.max)
		errs = append(errs, err)
	}
	for _, choice := range []struct {
		name, text, no, yes string
		to                  *bool
	}{
		{"ApplyChanges", p.ApplyChanges, ApplyNextSwitch, ApplyAtOnce, &s.AtOnce},
		{"OnDelete", p.OnDelete, DeleteTerminate, DeleteRetain, &s.Retain},
	} {
		*choice.to = choice.text == choice.yes
		if choice.text != "" && choice.text != choice.no && choice.text != choice.yes {
			errs = append(errs, fmt.Errorf("%s is %q: allowed are %q and %q", choice.name, choice.text, choice.no, choice.yes))
		}
	}
	s.Adopt, s.StatusCheck = p.AdoptInstance, p.StatusCheck
	for _, flag := range []struct {
		name, text string
		to         *bool
	}{
		{"AllowTerminateFence", p.AllowTerminateFence, &s.AllowTerminateFence},
		{"Gate", p.Gate, &s.Gate},
		{"RestartOriginal", p.RestartOriginal, &s.RestartOriginal},
		{"AcceptForcedStop", p.AcceptForcedStop, &s.AcceptForcedStop},
	} {
		*flag.to = flag.text == "true"
		if flag.text != "" && flag.text != "true" && flag.text != "false" {
			errs = append(errs, fmt.Errorf("%s is %q: allowed are true and false", flag.name, flag.text))
		}
	}
	s.Types, s.FileSystem = p.InstanceTypes, p.FileSystem
	s.ElasticIP = ElasticIP{Allocation: p.ElasticIpAllocation, Address: p.ElasticIpAddress}
	errs = append(errs, s.ElasticIP.Check())
	s.Escalation, err = parseEscalation(p)
	errs = append(errs, err)
	return s, errors.Join(errs...)
}

// ServiceToken returns the ARN of the function that a custom resource's request was sent
// to, or "" if the properties do not say.
func ServiceToken(raw json.RawMessage) string {
	var p struct{ ServiceToken string }
	if json.Unmarshal(raw, &p) != nil {
		return ""
	}
	return p.ServiceToken
}

// checkOrigin checks what the node's first instance comes from: a launch template, or
// an instance that runs already. An adopted node has no launch template: later
// instances are launched from the blueprint alone.
func checkOrigin(p NodeProperties) error {
	switch id, version := p.LaunchTemplateId != "", p.LaunchTemplateVersion != ""; {
	case p.AdoptInstance == "" && !(id && version), id != version:
		return errors.New("LaunchTemplateId and LaunchTemplateVersion must both be given, unless AdoptInstance is")
	case p.AdoptInstance != "" && !ValidInstanceID(p.AdoptInstance):
		return fmt.Errorf("AdoptInstance is %q: give an instance id such as i-0123456789abcdef0", p.AdoptInstance)
	}
	return nil
}

// Check says what is wrong with an address that is declared, or nil.
func (e ElasticIP) Check() error {
	if e == (ElasticIP{}) {
		return nil
	}
	if !allocationID.MatchString(e.Allocation) {
		return fmt.Errorf("the allocation id of the Elastic IP address is %q: give an allocation id such as eipalloc-0123456789abcdef0", e.Allocation)
	}
	if ip, err := netip.ParseAddr(e.Address); err != nil || !ip.Is4() {
		return fmt.Errorf("the Elastic IP address is %q: give the IPv4 address of %s", e.Address, e.Allocation)
	}
	return nil
}

var allocationID = regexp.MustCompile(`^eipalloc-[0-9a-f]{8,17}$`)

// ValidInstanceID reports whether it has the form of an instance id.
func ValidInstanceID(id string) bool { return instanceID.MatchString(id) }

var instanceID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)

func parseInt(name, text string, def, min, max int) (int, error) {
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < min || n > max {
		return 0, fmt.Errorf("%s is %q: allowed are the integers %d to %d", name, text, min, max)
	}
	return n, nil
}

func parseEscalation(p NodeProperties) (string, error) {
	switch p.FenceEscalation {
	case "", EscalateHold:
		return "", nil
	case EscalateGoOn:
		return EscalateGoOn, nil
	case EscalateStorage:
		if p.FileSystem == "" {
			return "", fmt.Errorf("FenceEscalation is %q, but FileSystem is not given: name the node's own EFS file system, or choose %q", EscalateStorage, EscalateHold)
		}
		return EscalateStorage, nil
	}
	return "", fmt.Errorf("FenceEscalation is %q: allowed are %q, %q and %q", p.FenceEscalation, EscalateHold, EscalateStorage, EscalateGoOn)
}
