package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// environmentOf is where a stack is deployed to, as plain texts or tokens. It writes
// ARNs without asking the process that holds the constructs for each.
type environmentOf struct{ partition, region, account string }

func environmentIn(stack awscdk.Stack) environmentOf {
	return environmentOf{partition: *stack.Partition(), region: *stack.Region(), account: *stack.Account()}
}

func (e environmentOf) arn(service, region, account, resource string) *string {
	return jsii.String("arn:" + e.partition + ":" + service + ":" + region + ":" + account + ":" + resource)
}

// arns are resources of the account and Region.
func (e environmentOf) arns(service string, resources ...string) []*string {
	out := make([]*string, 0, len(resources))
	for _, r := range resources {
		out = append(out, e.arn(service, e.region, e.account, r))
	}
	return out
}
