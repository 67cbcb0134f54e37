// Package statement holds the statements of the switcher's and the nodes' IAM policies.
package statement

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// Environment is where a stack is deployed to, as plain texts or tokens. It writes
// ARNs without asking the process that holds the constructs for each.
type Environment struct{ partition, Region, account string }

// In is the environment of a stack.
func In(stack awscdk.Stack) Environment {
	return Environment{partition: *stack.Partition(), Region: *stack.Region(), account: *stack.Account()}
}

func (e Environment) arn(service, region, account, resource string) *string {
	return jsii.String("arn:" + e.partition + ":" + service + ":" + region + ":" + account + ":" + resource)
}

// Arns are resources of the account and Region.
func (e Environment) Arns(service string, resources ...string) []*string {
	out := make([]*string, 0, len(resources))
	for _, r := range resources {
		out = append(out, e.arn(service, e.Region, e.account, r))
	}
	return out
}

// Allow makes a statement. Its Sid keeps AWS CDK from merging it with others, so
// that a reader of the template finds each with its purpose.
func Allow(sid string, actions []string, resources []*string, conditions map[string]any) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: &resources, Conditions: PtrMap(conditions),
	})
}

// PtrMap is a map of conditions as AWS CDK takes it.
func PtrMap(m map[string]any) *map[string]any {
	if m == nil {
		return nil
	}
	return &m
}

// Anything is for actions that know no resources.
func Anything() []*string { return []*string{jsii.String("*")} }

// GrantConditions is the same map in the form that grants take.
func GrantConditions(m map[string]any) *map[string]*map[string]any {
	out := map[string]*map[string]any{}
	for operator, keys := range m {
		inner := keys.(map[string]any)
		out[operator] = &inner
	}
	return &out
}
