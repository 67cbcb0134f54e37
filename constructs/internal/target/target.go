// Package target checks existing target groups.
package target

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"

	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

var groupArn = regexp.MustCompile(`^arn:[a-z0-9-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[^/]+/[0-9a-f]+$`)

// Check refuses what is no target group that an instance can be registered in, as
// far as synthesis can know: of a group that this app makes it knows all, of another
// one no more than its ARN.
func Check(scope constructs.Construct, at prop.Place, i int, arn *string) {
	if !prop.Unresolved(arn) {
		if !groupArn.MatchString(*arn) {
			at.Fail("Network.TargetGroups[%d].TargetGroupArn is %q: give the ARN of a target group, "+
				"such as arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/orders/0123456789abcdef", i, *arn)
		}
		return
	}
	token := awscdk.Tokenization_ReverseString(arn)
	if *token.Length() != 1 {
		return
	}
	reference, is := token.FirstToken().(awscdk.Reference)
	if !is {
		return
	}
	if group, is := reference.Target().(elb.CfnTargetGroup); is {
		scope.Node().AddValidation(&groupCheck{index: i, group: group})
	} else if other, is := reference.Target().(awscdk.CfnResource); is && strings.HasPrefix(*other.CfnResourceType(), "AWS::ElasticLoadBalancingV2::") {
		at.Fail("Network.TargetGroups[%d].TargetGroupArn is of %s, an %s: give the ARN of a target group", i, *other.Node().Path(), *other.CfnResourceType())
	}
}

// groupCheck refuses, at synthesis, a target group whose targets are no instances or addresses: an
// Application Load Balancer's group learns its type from its first target.
type groupCheck struct {
	index int
	group elb.CfnTargetGroup
}

// Validate is called by AWS CDK when all targets are known.
func (c *groupCheck) Validate() *[]*string {
	kind, given := awscdk.Stack_Of(c.group).Resolve(c.group.TargetType()).(string)
	if !given || kind == "instance" || kind == "ip" {
		return jsii.Strings()
	}
	return jsii.Strings(fmt.Sprintf("Network.TargetGroups[%d] is %s, whose targets are of type %q: the switcher registers instances, or their addresses; "+
		"give a group of type instance or ip (TargetType_INSTANCE, TargetType_IP)", c.index, *c.group.Node().Path(), kind))
}
