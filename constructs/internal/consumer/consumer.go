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
	named []constructs.IConstruct // by AddConsumer
}

// In are those of one node in the stack.
func In(stack awscdk.Stack) *Consumers { return &Consumers{scout: scoutOf(stack)} }

// Watch begins with the node's resource.
func (c *Consumers) Watch(name string, resource awscdk.CustomResource) {
	c.scout.watch(name, resource, c)
}

// Add names a resource that uses the node's attributes.
func (c *Consumers) Add(e constructs.IConstruct) { c.named = append(c.named, e) }

// Produce is called at synthesis, when all properties are final. The stack's own tags
// are part of it: CloudFormation hands them on to the alarms, and rewrites those.
func (c *Consumers) Produce() *string {
	byPath := c.scout.usersOf(c)
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
