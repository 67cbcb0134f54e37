package recovery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// consumers produces the hash of all that uses a node's attributes.
//
// CloudFormation calls a custom resource only when its own properties change, and
// GetAtt stays at the last answer. So an alarm whose threshold is changed after a
// switch would be written with the old instance's id, were the node not asked
// again in the same deployment; the hash makes it so.
type consumers struct {
	stack    awscdk.Stack
	elements []constructs.IConstruct // resources and outputs
}

func (c *consumers) add(e constructs.IConstruct) {
	path := *e.Node().Path()
	if !slices.ContainsFunc(c.elements, func(o constructs.IConstruct) bool { return *o.Node().Path() == path }) {
		c.elements = append(c.elements, e)
	}
}

// propertied is what every generated CfnResource has beyond the common interface.
type propertied interface {
	CfnProperties() *map[string]any
}

// Produce is called at synthesis, when all properties are final. The stack's own tags
// are part of it: CloudFormation hands them on to the alarms, and rewrites those.
func (c *consumers) Produce() *string {
	texts := make([]string, 0, len(c.elements))
	for _, e := range c.elements {
		text, ok := definition(c.stack, e)
		if !ok {
			panic(fmt.Sprintf("recovery: %s has no properties to hash", *e.Node().Path()))
		}
		texts = append(texts, *e.Node().Path()+"="+text)
	}
	sort.Strings(texts)
	tags, err := json.Marshal(c.stack.Tags().TagValues())
	if err != nil {
		panic(fmt.Sprintf("recovery: the tags of %s cannot be hashed: %v", *c.stack.Node().Path(), err))
	}
	sum := sha256.New()
	if len(texts) > 0 && string(tags) != "{}" {
		texts = append(texts, string(tags))
	}
	for _, t := range texts {
		fmt.Fprintln(sum, t)
	}
	return jsii.String(hex.EncodeToString(sum.Sum(nil))[:16])
}

// definition is the text of a resource's properties or of an output, or false for
// anything else.
func definition(stack awscdk.Stack, e constructs.IConstruct) (string, bool) {
	var v any
	switch x := e.(type) {
	case awscdk.CfnOutput:
		v = []any{x.Value(), x.ExportName(), x.Description()}
	case propertied:
		v = *x.CfnProperties()
	default:
		return "", false
	}
	text, err := json.Marshal(stack.Resolve(v))
	if err != nil {
		panic(fmt.Sprintf("recovery: the properties of %s cannot be hashed: %v", *e.Node().Path(), err))
	}
	return string(text), true
}

// alarmNames produces the names of the node's alarms: plain texts, so that the
// alarms can refer to the node without a cycle.
type alarmNames struct{ names []string }

func (a *alarmNames) Produce() *[]*string {
	sort.Strings(a.names)
	return jsii.Strings(a.names...)
}

// scout finds, in a stack, what uses the attributes of its nodes. There is one for
// all nodes of a stack, since it looks at everything.
type scout struct {
	constructs.Construct
	stack awscdk.Stack
	nodes map[string]*clusterNode // by how a template names an attribute of them
}

// scoutID is the construct under a stack that is its scout.
const scoutID = "RecoveryConsumers"

// scouted lets the stack's scout look for what uses the node's attributes.
func (n *clusterNode) scouted() {
	stack := awscdk.Stack_Of(n)
	s, ok := stack.Node().TryFindChild(jsii.String(scoutID)).(*scout)
	if !ok {
		s = &scout{stack: stack, nodes: map[string]*clusterNode{}}
		constructs.NewConstruct_Override(s, stack, jsii.String(scoutID))
		awscdk.Aspects_Of(stack).Add(s, &awscdk.AspectOptions{Priority: awscdk.AspectPriority_READONLY()})
		s.Node().AddValidation(s)
	}
	id, err := json.Marshal(stack.Resolve(n.InstanceId()))
	if err != nil {
		panic(fmt.Sprintf("recovery: the attributes of %s cannot be written: %v", *n.Node().Path(), err))
	}
	s.nodes[strings.TrimSuffix(string(id), `"`+contract.AttrInstanceID+`"]}`)] = n
}

// Visit is called by AWS CDK for each construct of the stack, after what changes it.
func (s *scout) Visit(c constructs.IConstruct) {
	if r, ok := c.(awscdk.CfnResource); ok && *r.CfnResourceType() == contract.NodeResourceType {
		return
	}
	if text, ok := definition(s.stack, c); ok {
		for _, n := range s.users(text) {
			n.consumers.add(c)
		}
	}
}

// users are the nodes that a text names an attribute of, by id.
func (s *scout) users(text string) []*clusterNode {
	var found []*clusterNode
	for attribute, n := range s.nodes {
		if strings.Contains(text, attribute) {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b *clusterNode) int { return a.id - b.id })
	return found
}

// Validate refuses attributes in other stacks. It is called by AWS CDK when the
// references between stacks have become exports.
func (s *scout) Validate() *[]*string {
	faults := jsii.Strings()
	exports := s.stack.Node().TryFindChild(jsii.String("Exports"))
	if exports == nil {
		return faults
	}
	for _, c := range *exports.Node().Children() {
		text, _ := definition(s.stack, c)
		for _, n := range s.users(text) {
			*faults = append(*faults, jsii.String(fmt.Sprintf("an attribute of node %q is used in another stack (export %s): CloudFormation does not change an export that is in use, "+
				"so after a switch this stack could not be deployed; move what uses it, such as the ResourceMonitor, into the node's stack", n.name, *c.Node().Id())))
		}
	}
	return faults
}
