// Package consumer finds the resources that use a node's attributes, and refuses stacks
// that CloudFormation would refuse.
package consumer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Consumers produces the hash of all that uses a node's attributes.
//
// CloudFormation calls a custom resource only when its own properties change, and
// GetAtt stays at the last answer. So an alarm whose threshold is changed after a
// switch would be written with the old instance's id, were the node not asked
// again in the same deployment; the hash makes it so.
type Consumers struct {
	scout *scout
	index int                     // of the node in scout
	named []constructs.IConstruct // by AddConsumer
}

// In are those of one node in the stack.
func In(stack awscdk.Stack) *Consumers { return &Consumers{scout: scoutOf(stack)} }

// Watch begins with the node's resource.
func (c *Consumers) Watch(name string, resource awscdk.CustomResource) {
	c.index = c.scout.watch(name, resource)
}

// Add names a resource that uses the node's attributes.
func (c *Consumers) Add(e constructs.IConstruct) { c.named = append(c.named, e) }

// Produce is called at synthesis, when all properties are final. The stack's own tags
// are part of it: CloudFormation hands them on to the alarms, and rewrites those.
func (c *Consumers) Produce() *string {
	byPath := c.scout.usersOf(c.index)
	for _, d := range c.scout.define(c.named) {
		byPath[*d.element.Node().Path()] = d.text
	}
	texts := make([]string, 0, len(byPath))
	for path, text := range byPath {
		texts = append(texts, path+"="+text)
	}
	sort.Strings(texts)
	stack := c.scout.stack
	tags, err := json.Marshal(stack.Tags().TagValues())
	if err != nil {
		panic(fmt.Sprintf("recovery: the tags of %s cannot be hashed: %v", *stack.Node().Path(), err))
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

// scoutID is the construct under a stack that is its scout.
const scoutID = "RecoveryConsumers"

// scoutOf is the stack's scout, made by its first node.
func scoutOf(stack awscdk.Stack) *scout {
	if s, ok := stack.Node().TryFindChild(jsii.String(scoutID)).(*scout); ok {
		return s
	}
	s := &scout{stack: stack}
	constructs.NewConstruct_Override(s, stack, jsii.String(scoutID))
	awscdk.Aspects_Of(s).Add(s, &awscdk.AspectOptions{Priority: awscdk.AspectPriority_READONLY()})
	s.Node().AddValidation(s)
	return s
}

// Visit is called by AWS CDK for the scout itself, when the synthesis begins.
func (s *scout) Visit(constructs.IConstruct) { s.final, s.found = true, nil }

// Validate is called by AWS CDK when the references between stacks have become
// exports.
func (s *scout) Validate() *[]*string {
	return jsii.Strings(append(s.exported(), s.oversized()...)...)
}
