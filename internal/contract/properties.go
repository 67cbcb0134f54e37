package contract

import (
	"encoding/json"
	"errors"
	"fmt"
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
	LaunchTemplateId      string
	LaunchTemplateVersion string
	Zones                 []string           `json:",omitempty"` // preferred order of AZ names; others follow by name
	TargetGroups          []TargetGroupEntry `json:",omitempty"`
	Alarms                []string           `json:",omitempty"` // names
	Priority              string             `json:",omitempty"` // 0 to 1000, higher recovers first
	// AllowTerminateFence permits terminating the failed instance as its fence when
	// it cannot be stopped (instance-store root). "true" or "false" (default).
	AllowTerminateFence string `json:",omitempty"`
	// ConsumersHash changes whenever a resource that consumes the node's attributes
	// changes, so that CloudFormation reads the attributes again.
	ConsumersHash string `json:",omitempty"`
}

// TargetGroupEntry is one group a node's targets live in.
type TargetGroupEntry struct {
	Arn  string
	Port string `json:",omitempty"` // default: the group's own port
}

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
	if p.LaunchTemplateId == "" || p.LaunchTemplateVersion == "" {
		errs = append(errs, errors.New("LaunchTemplateId and LaunchTemplateVersion must both be given"))
	}
	for _, g := range p.TargetGroups {
		port, err := parseInt("TargetGroups[].Port", g.Port, 0, 0, 65535)
		errs = append(errs, err)
		if g.Arn == "" {
			errs = append(errs, errors.New("a TargetGroups entry has no Arn; give the target group's ARN"))
		}
		s.Groups = append(s.Groups, GroupSetting{ARN: g.Arn, Port: port})
	}
	s.Priority, err = parseInt("Priority", p.Priority, 100, 0, 1000)
	errs = append(errs, err)
	switch p.AllowTerminateFence {
	case "", "false":
	case "true":
		s.AllowTerminateFence = true
	default:
		errs = append(errs, fmt.Errorf("AllowTerminateFence is %q: allowed are true and false", p.AllowTerminateFence))
	}
	return s, errors.Join(errs...)
}

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
