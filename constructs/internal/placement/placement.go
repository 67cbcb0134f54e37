// Package placement checks placement groups.
package placement

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
var named = regexp.MustCompile(`^[ -~]{1,255}$`)

// Check refuses, at synthesis, a group of this app that exists in one zone. Of a group
// that is only named the switcher asks EC2 when the node is deployed.
func Check(at prop.Place, scope constructs.Construct, given awsec2.IPlacementGroup) {
	if given == nil {
		return
	}
	name := given.PlacementGroupName()
	if !prop.Unresolved(name) {
		if !named.MatchString(*name) {
			at.Fail("Instance.PlacementGroup is named %q: allowed are 1 to 255 ASCII characters, the name of an existing placement group; correct it", *name)
		}
		return
	}
	token := awscdk.Tokenization_ReverseString(name)
	if *token.Length() != 1 {
		return
	}
	reference, is := token.FirstToken().(awscdk.Reference)
	if !is {
		return
	}
	if group, is := reference.Target().(awsec2.CfnPlacementGroup); is {
		scope.Node().AddValidation(&strategyCheck{group})
	}
}

type strategyCheck struct{ group awsec2.CfnPlacementGroup }

// Validate is called by AWS CDK when the group is complete. EC2 makes a cluster group
// where no strategy is given (CreatePlacementGroup, Amazon EC2 API reference).
func (c *strategyCheck) Validate() *[]*string {
	given := awscdk.Stack_Of(c.group).Resolve(c.group.Strategy())
	strategy, known := given.(string)
	if given == nil {
		strategy, known = "cluster", true
	}
	if !known || strategy != "cluster" {
		return jsii.Strings()
	}
	return jsii.Strings(fmt.Sprintf("Instance.PlacementGroup is %s, a cluster group, which exists in one zone, so that no replacement could be launched in another one: "+
		"give a group with the strategy spread or partition (PlacementGroupStrategy_SPREAD, PlacementGroupStrategy_PARTITION)", *c.group.Node().Path()))
}
