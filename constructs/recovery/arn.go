package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
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

// allow makes a statement. Its Sid keeps AWS CDK from merging it with others, so
// that a reader of the template finds each with its purpose.
func allow(sid string, actions []string, resources []*string, conditions map[string]any) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: &resources, Conditions: ptrMap(conditions),
	})
}

func ptrMap(m map[string]any) *map[string]any {
	if m == nil {
		return nil
	}
	return &m
}

// anything is for actions that know no resources.
func anything() []*string { return []*string{jsii.String("*")} }

// grantConditions is the same map in the form that grants take.
func grantConditions(m map[string]any) *map[string]*map[string]any {
	out := map[string]*map[string]any{}
	for operator, keys := range m {
		inner := keys.(map[string]any)
		out[operator] = &inner
	}
	return &out
}
