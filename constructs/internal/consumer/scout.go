package consumer

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// scout finds, in a stack, what uses the attributes of its nodes, and whether the stack
// fits into a template. There is one for all nodes of a stack, since it looks at
// everything; and it looks at everything at once, since each question is a message to
// the process that holds the constructs.
type scout struct {
	constructs.Construct
	stack awscdk.Stack
	nodes []watched
	// plain is the type of constructs among which the nodes' own resources are.
	plain reflect.Type
	// final is set when AWS CDK synthesises. What is found from then on is kept.
	final bool
	found []defined
}

// watched is a node and how a template names an attribute of it.
type watched struct {
	name      string
	attribute string
}

// defined is a resource or an output with the text of its properties.
type defined struct {
	element constructs.IConstruct
	text    string
}

// watch lets the scout look for what uses the attributes of the named node's resource.
func (s *scout) watch(name string, resource awscdk.CustomResource) (index int) {
	s.plain = reflect.TypeOf(resource.Node().DefaultChild())
	id, err := json.Marshal(s.stack.Resolve(resource.GetAttString(jsii.String(contract.AttrInstanceID))))
	if err != nil {
		panic(fmt.Sprintf("recovery: the attributes of %s cannot be written: %v", *resource.Node().Path(), err))
	}
	s.nodes = append(s.nodes, watched{name: name, attribute: strings.TrimSuffix(string(id), `"`+contract.AttrInstanceID+`"]}`)})
	return len(s.nodes) - 1
}

// definitions are all resources and outputs of the stack, without the nodes' own.
func (s *scout) definitions() []defined {
	if s.found != nil {
		return s.found
	}
	found := s.define(*s.stack.Node().FindAll(constructs.ConstructOrder_PREORDER))
	if s.final {
		s.found = found
	}
	return found
}

// propertied is what every generated CfnResource has beyond the common interface.
type propertied interface {
	CfnProperties() *map[string]any
}

// define reads the properties of the resources and outputs among elements, and resolves
// all of them at once.
func (s *scout) define(elements []constructs.IConstruct) []defined {
	var out []defined
	values := map[string]any{}
	for _, e := range elements {
		var value any
		switch x := e.(type) {
		case awscdk.CfnOutput:
			value = []any{x.Value(), x.ExportName(), x.Description()}
		case propertied:
			if reflect.TypeOf(e) == s.plain && *e.(awscdk.CfnResource).CfnResourceType() == contract.NodeResourceType {
				continue
			}
			value = *x.CfnProperties()
		default:
			continue
		}
		values[strconv.Itoa(len(out))] = value
		out = append(out, defined{element: e})
	}
	if len(out) == 0 {
		return nil
	}
	resolved, ok := s.stack.Resolve(values).(map[string]any)
	if !ok {
		panic(fmt.Sprintf("recovery: the properties of the resources of %s cannot be resolved", *s.stack.Node().Path()))
	}
	for i := range out {
		text, err := json.Marshal(resolved[strconv.Itoa(i)])
		if err != nil {
			panic(fmt.Sprintf("recovery: the properties of %s cannot be hashed: %v", *out[i].element.Node().Path(), err))
		}
		out[i].text = string(text)
	}
	return out
}

// usersOf are the definitions that name an attribute of the node with that index, by
// their paths.
func (s *scout) usersOf(index int) map[string]string {
	found := map[string]string{}
	for _, d := range s.definitions() {
		if strings.Contains(d.text, s.nodes[index].attribute) {
			found[*d.element.Node().Path()] = d.text
		}
	}
	return found
}

// exported refuses attributes in other stacks.
func (s *scout) exported() []string {
	var faults []string
	exports := s.stack.Node().TryFindChild(jsii.String("Exports"))
	if exports == nil {
		return nil
	}
	for _, d := range s.define(*exports.Node().Children()) {
		for _, n := range s.nodes {
			if strings.Contains(d.text, n.attribute) {
				faults = append(faults, fmt.Sprintf("an attribute of node %q is used in another stack (export %s): CloudFormation does not change an export that is in use, "+
					"so after a switch this stack could not be deployed; move what uses it, such as the ResourceMonitor, into the node's stack", n.name, *d.element.Node().Id()))
			}
		}
	}
	slices.Sort(faults)
	return faults
}
