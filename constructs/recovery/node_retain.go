package recovery

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeRetained keeps what a retained instance uses when the node's stack is deleted:
// a role that is gone would end its permissions, and the deletion of a security
// group in use, or of mount targets under it, would fail and hold up the stack.
func (n *clusterNode) makeRetained(at prop.Place, props *ClusterNodeProps) {
	if n.life.onDelete != contract.DeleteRetain {
		return
	}
	if fs := props.Storage.Data; fs != nil && fs.RemovalPolicy != "" && fs.RemovalPolicy != awscdk.RemovalPolicy_RETAIN {
		at.Fail("Deployment.OnDelete is RemovalPolicy_RETAIN and Storage.Data.RemovalPolicy is %q: the retained instance would lose its data; let them agree", fs.RemovalPolicy)
	}
	awscdk.Aspects_Of(n).Add(&retainer{base: *n.Node().Path() + "/"}, nil)
}

// retainer visits all resources of a node, those that grants add later included.
type retainer struct{ base string }

// usedByInstance are the node's parts whose resources a running instance uses. The
// load balancer and its rules go: what is left serves nobody through it.
var usedByInstance = map[string]bool{
	"Role": true, "Profile": true, "Files": true, "LogFilesPolicy": true, "Data": true, "DataGroup": true, "DataPoint": true, "LogPoint": true, "DataAccess": true, "LogAccess": true,
}

// Visit is called by AWS CDK for each construct below the node.
func (r *retainer) Visit(c constructs.IConstruct) {
	resource, ok := c.(awscdk.CfnResource)
	if !ok {
		return
	}
	part, _, _ := strings.Cut(strings.TrimPrefix(*c.Node().Path(), r.base), "/")
	if usedByInstance[part] || part == "Group" && *resource.CfnResourceType() == "AWS::EC2::SecurityGroup" {
		resource.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	}
}
