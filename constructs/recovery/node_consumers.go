package recovery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// consumers produces the hash of all resources that use a node's attributes.
//
// CloudFormation calls a custom resource only when its own properties change, and
// GetAtt stays at the last answer. So an alarm whose threshold is changed after a
// switch would be written with the old instance's id, were the node not asked
// again in the same deployment; the hash makes it so.
type consumers struct {
	stack     awscdk.Stack
	resources []awscdk.CfnResource
}

func (c *consumers) add(r awscdk.CfnResource) { c.resources = append(c.resources, r) }

// propertied is what every generated CfnResource has beyond the common interface.
type propertied interface {
	CfnProperties() *map[string]any
}

// Produce is called at synthesis, when all properties are final.
func (c *consumers) Produce() *string {
	texts := make([]string, 0, len(c.resources))
	for _, r := range c.resources {
		p, ok := r.(propertied)
		if !ok {
			panic(fmt.Sprintf("recovery: %s has no properties to hash", *r.Node().Path()))
		}
		text, err := json.Marshal(c.stack.Resolve(*p.CfnProperties()))
		if err != nil {
			panic(fmt.Sprintf("recovery: the properties of %s cannot be hashed: %v", *r.Node().Path(), err))
		}
		texts = append(texts, *r.Node().Path()+"="+string(text))
	}
	sort.Strings(texts)
	sum := sha256.New()
	for _, t := range texts {
		fmt.Fprintln(sum, t)
	}
	return jsii.String(hex.EncodeToString(sum.Sum(nil))[:16])
}

// alarmNames produces the names of the node's alarms: plain texts, so that the
// alarms can refer to the node without a cycle.
type alarmNames struct{ names []string }

func (a *alarmNames) Produce() *[]*string {
	sort.Strings(a.names)
	return jsii.Strings(a.names...)
}
