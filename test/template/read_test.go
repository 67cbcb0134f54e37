package template

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
)

// document is a synthesised template.
type document struct {
	Resources  map[string]resource
	Parameters map[string]map[string]any
	Outputs    map[string]map[string]any
}

type resource struct {
	Type                string
	Properties          map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            map[string]any
}

func synth(t *testing.T, stack awscdk.Stack) document {
	t.Helper()
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// counts are the numbers of resources by type.
func (d document) counts() map[string]int {
	out := map[string]int{}
	for _, r := range d.Resources {
		out[r.Type]++
	}
	return out
}

// ids are the logical ids of a type, in order.
func (d document) ids(kind string) []string {
	var out []string
	for id, r := range d.Resources {
		if r.Type == kind {
			out = append(out, id)
		}
	}
	sort.Strings(out)
	return out
}

// one is the only resource of a type whose logical id begins with the prefix.
func (d document) one(t *testing.T, kind, prefix string) resource {
	t.Helper()
	id := d.id(t, kind, prefix)
	return d.Resources[id]
}

func (d document) id(t *testing.T, kind, prefix string) string {
	t.Helper()
	var found []string
	for _, id := range d.ids(kind) {
		if strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d resources of type %s begin with %q (%q), want one", len(found), kind, prefix, found)
	}
	return found[0]
}

// flat replaces CloudFormation's functions by texts that a person can read, so that
// expectations fit on a line: ${Logical}, ${Logical.Attribute}, ${import}.
// Logical ids lose the hash that AWS CDK ends them with.
func flat(v any) any {
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 1 {
			for key, arg := range x {
				if text, ok := function(key, arg); ok {
					return text
				}
			}
		}
		out := map[string]any{}
		for k, e := range x {
			out[k] = flat(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = flat(e)
		}
		return out
	default:
		return v
	}
}

func function(key string, arg any) (string, bool) {
	switch key {
	case "Ref":
		return "${" + short(fmt.Sprint(arg)) + "}", true
	case "Fn::GetAtt":
		parts := arg.([]any)
		return fmt.Sprintf("${%s.%v}", short(fmt.Sprint(parts[0])), parts[1]), true
	case "Fn::ImportValue":
		return "${import " + short(fmt.Sprint(flat(arg))) + "}", true
	case "Fn::Sub":
		return fmt.Sprint(arg), true
	case "Fn::Base64":
		return fmt.Sprint(flat(arg)), true
	case "Fn::GetAZs":
		return "${zones}", true
	case "Fn::Select":
		parts := arg.([]any)
		return fmt.Sprintf("${%v of %v}", parts[0], flat(parts[1])), true
	case "Fn::Join":
		parts := arg.([]any)
		var b strings.Builder
		for i, e := range parts[1].([]any) {
			if i > 0 {
				b.WriteString(parts[0].(string))
			}
			fmt.Fprint(&b, flat(e))
		}
		return b.String(), true
	}
	return "", false
}

// short drops the eight hexadecimal digits that end a logical id.
func short(id string) string {
	cut := len(id) - 8
	if cut <= 0 || strings.Trim(id[cut:], "0123456789ABCDEF") != "" {
		return id
	}
	return id[:cut]
}

// at reads a path of keys out of flattened properties.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v of %v: not a map but %v", s, path, v)
			}
			v = m[s]
		case int:
			l, ok := v.([]any)
			if !ok || s >= len(l) {
				t.Fatalf("%v of %v: not in list %v", s, path, v)
			}
			v = l[s]
		}
	}
	return v
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
