// Package inherit is the table of everything that describes an instance, and of what
// becomes of it in a replacement: carried over, applied again after the launch, refused
// by name, or no setting at all. It has an entry for every field of the AWS SDK's types;
// a test in internal/awscloud fails for a field without one, so that an update of the
// SDK cannot lose a setting silently.
//
// It imports the standard library only, and names the AWS SDK's fields by their paths.
package inherit

import (
	"slices"
	"strings"
)

//go:generate go run ./generate ../../docs/inheritance.md

// Source is the type, or the call, that a field belongs to.
type Source string

// Sources.
const (
	Instance   Source = "instance"  // types.Instance: DescribeInstances
	Attribute  Source = "attribute" // types.InstanceAttributeName: DescribeInstanceAttribute
	Credits    Source = "credits"   // types.InstanceCreditSpecification
	Interface  Source = "interface" // types.NetworkInterface, as far as types.Instance lacks it
	Volume     Source = "volume"    // types.Volume: DescribeVolumes
	Template   Source = "template"  // types.RequestLaunchTemplateData and its Response twin
	TargetSlot Source = "target"    // elasticloadbalancingv2 types.TargetDescription
	Alarm      Source = "alarm"     // cloudwatch types.MetricAlarm
)

// Fate is the treatment of a field in a replacement.
type Fate string

// Fates.
const (
	Carried   Fate = "carried"              // part of the launch request
	Reapplied Fate = "applied after launch" // set by a call of its own before the node serves
	Refused   Fate = "refused"              // by name: in a launch template, at adoption, and reported of a running instance
	Ignored   Fate = "not a setting"        // identity, state, or something that follows from another field
)

// Field is one entry of the table.
type Field struct {
	Source Source
	// Path names the field as the SDK does, with dots. An entry that is refused covers
	// the fields below it too.
	Path string
	Fate Fate
	// Accept lists values. Of a refused field they are those that ask for nothing. Of a
	// carried one, if there are any, they are the only ones that can be carried.
	Accept []string
	Why    string
}

// Fields returns the table in its order.
func Fields() []Field { return slices.Clone(table) }

// Find returns the entry of a field, or the refused entry that covers it.
func Find(s Source, path string) (Field, bool) {
	if f, ok := index[key{s, path}]; ok {
		return f, true
	}
	for cut := lastDot(path); cut > 0; cut = lastDot(path[:cut]) {
		if f, ok := index[key{s, path[:cut]}]; ok && f.Fate == Refused {
			return f, true
		}
	}
	return Field{}, false
}

// Varies reports whether a replacement rightly has another value. A field that follows
// from others is equal where they are.
func (f Field) Varies() bool { return f.Fate == Ignored && !strings.HasPrefix(f.Why, "follows from") }

// refuses reports whether a value of the field cannot be inherited.
func (f Field) refuses(value string) bool {
	accepted := slices.Contains(f.Accept, value)
	return f.Fate == Refused && !accepted || f.Fate == Carried && len(f.Accept) > 0 && !accepted
}

type key struct {
	source Source
	path   string
}

var (
	table = slices.Concat(instanceFields, interfaceFields, attributeFields, volumeFields, templateFields, templateInterfaceFields, otherFields)
	index = func() map[key]Field {
		m := make(map[key]Field, len(table))
		for _, f := range table {
			m[key{f.Source, f.Path}] = f
		}
		return m
	}()
)

func lastDot(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			return i
		}
	}
	return -1
}

// The rows are written with these, to be read as a table.

func carried(s Source, path, why string, only ...string) Field {
	return Field{s, path, Carried, only, why}
}

func reapplied(path, why string) Field { return Field{Instance, path, Reapplied, nil, why} }

func refused(s Source, path, why string, unless ...string) Field {
	return Field{s, path, Refused, unless, why}
}

func ignored(s Source, path, why string) Field { return Field{s, path, Ignored, nil, why} }
