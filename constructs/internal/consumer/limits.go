package consumer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// What one template may hold ("Understand CloudFormation quotas", AWS CloudFormation
// User Guide).
const (
	mostResources = 500
	mostBytes     = 1_000_000 // 1 MB, as AWS CDK counts it
)

// noIndentation is AWS CDK's context key for templates without it.
const noIndentation = "@aws-cdk/core:suppressTemplateIndentation"

const splitStack = "give each group of nodes a stack of its own (stacks.NewNodesStacks makes one for each %d node ids), before the first deployment: " +
	"a node that is moved to another stack later is deleted and made anew"

// NodesPerStack is how many nodes fit into one stack: a node with its ResourceMonitor
// is 24 resources, and up to 31 with a backup plan, an application status check, log
// files and the like.
const NodesPerStack = 16

// oversized refuses, at synthesis, a stack that CloudFormation would refuse at
// deployment.
func (s *scout) oversized() []string {
	all := *s.stack.Node().FindAll(constructs.ConstructOrder_PREORDER)
	resources := 0
	for _, c := range all {
		if _, is := c.(awscdk.CfnResource); is {
			resources++
		}
	}
	for _, c := range all {
		if _, is := c.(awscdk.NestedStack); is {
			return nil // its resources are not this stack's: AWS CDK counts them apart
		}
	}
	path, fix := *s.stack.Node().Path(), fmt.Sprintf(splitStack, NodesPerStack)
	if resources > mostResources {
		return []string{fmt.Sprintf("stack %s has %d resources, of %d nodes among others, and CloudFormation allows %d in a template: %s",
			path, resources, len(s.nodes), mostResources, fix)}
	}
	if size := s.size(); size > mostBytes {
		return []string{fmt.Sprintf("the template of stack %s has more than %d bytes, of %d nodes among others, and CloudFormation allows %d: %s; or leave the indentation out by the context key %s",
			path, size, len(s.nodes), mostBytes, fix, noIndentation)}
	}
	return nil
}

// size is what the properties of the stack's resources take in its template, without
// the nodes' own, without names, dependencies and metadata: the template is larger.
func (s *scout) size() int {
	compact := s.stack.Node().TryGetContext(jsii.String(noIndentation)) == true
	size := 0
	for _, d := range s.definitions() {
		size += len(d.text)
		if !compact {
			var out bytes.Buffer
			if err := json.Indent(&out, []byte(d.text), "   ", " "); err != nil {
				panic(fmt.Sprintf("recovery: the properties of %s are not JSON: %v", *d.element.Node().Path(), err))
			}
			size += out.Len() - len(d.text)
		}
		// AWS CDK writes these characters as they are.
		for _, escaped := range []string{`\u003c`, `\u003e`, `\u0026`} {
			size -= strings.Count(d.text, escaped) * (len(escaped) - 1)
		}
	}
	return size
}
