package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/processor"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// planTypes checks the type and those that may stand in for it.
func (n *clusterNode) planTypes(at prop.Place, props *ClusterNodeProps) {
	if n.kind = props.InstanceType; n.kind == nil {
		n.kind = awsec2.NewInstanceType(jsii.String("t4g.small"))
	}
	processor.CheckType(at, "InstanceType", n.kind)
	n.planOtherTypes(at, n.kind, props.InstanceTypes)
}

// planOtherTypes checks the types that may stand in for kind. Where that is not known,
// they are compared with the first of them.
func (n *clusterNode) planOtherTypes(at prop.Place, kind awsec2.InstanceType, others *[]awsec2.InstanceType) {
	if others == nil {
		return
	}
	seen := map[string]bool{}
	if kind != nil {
		seen[*kind.ToString()] = true
	}
	for i, other := range *others {
		at.Require(other != nil, fmt.Sprintf("InstanceTypes[%d]", i), "give a type such as awsec2.NewInstanceType(jsii.String(\"t4g.medium\")), or take the entry out")
		processor.CheckType(at, fmt.Sprintf("InstanceTypes[%d]", i), other)
		name := *other.ToString()
		if seen[name] {
			at.Fail("InstanceTypes[%d] is %q, which is InstanceType or stands there before: name each type once", i, name)
		}
		seen[name] = true
		if kind == nil {
			kind = other
		}
		if !prop.Unresolved(name) && !prop.Unresolved(kind.ToString()) && kind.Architecture() != other.Architecture() {
			at.Fail("InstanceTypes[%d] is %q with a processor of architecture %s, and %q has %s: the image boots on one architecture only; name types of the same",
				i, name, processor.Of(other), *kind.ToString(), processor.Of(kind))
		}
		n.kinds = append(n.kinds, name)
	}
}

// planSwitch checks what the node allows a switch to do.
func (n *clusterNode) planSwitch(at prop.Place, props *ClusterNodeProps) {
	switch n.escalation = props.Fence.Escalation; n.escalation {
	case "":
		n.escalation = FenceEscalation_HOLD
	case FenceEscalation_HOLD, FenceEscalation_STORAGE, FenceEscalation_GO_ON:
	default:
		at.Fail("Fence.Escalation is %q: allowed are %q, %q and %q; leave it out for %q", n.escalation,
			FenceEscalation_HOLD, FenceEscalation_STORAGE, FenceEscalation_GO_ON, FenceEscalation_HOLD)
	}
}

// storageCheck refuses, at synthesis, the storage fence for data that nobody mounts
// as the fence needs it.
type storageCheck struct{ node *clusterNode }

// Validate is called by AWS CDK when the user data is complete.
func (c *storageCheck) Validate() *[]*string {
	if c.node.escalation != FenceEscalation_STORAGE || c.node.mounts {
		return jsii.Strings()
	}
	return jsii.Strings(fmt.Sprintf("Fence.Escalation is %q, but the node's data is mounted neither by the generated user data nor by MountCommands: "+
		"deleting the mount target of one zone fences only who mounts through that zone's; set Boot.GenerateUserData, add MountCommands to UserData, or choose %q",
		FenceEscalation_STORAGE, FenceEscalation_HOLD))
}
