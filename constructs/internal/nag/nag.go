// Package nag records in the template why a rule of cdk-nag or cfn-lint is not followed.
package nag

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Rule is a rule that is knowingly not followed, with the reason.
type Rule struct {
	ID, Reason string
	Findings   []any // "Resource::*", …; empty: all findings of the rule
}

// Explain writes, into the template itself, why a rule of cdk-nag does not apply
// to a resource. It is plain metadata, so that users of these constructs need not
// depend on cdk-nag.
func Explain(scope constructs.IConstruct, rules ...Rule) {
	resource, ok := scope.(awscdk.CfnResource)
	if !ok {
		child := scope.Node().DefaultChild()
		if resource, ok = child.(awscdk.CfnResource); !ok {
			return // awsiam.Role_CustomizeRoles keeps roles and policies out of the template
		}
	}
	entries := make([]any, 0, len(rules))
	for _, r := range rules {
		e := map[string]any{"id": r.ID, "reason": r.Reason}
		if len(r.Findings) > 0 {
			e["applies_to"] = r.Findings
		}
		entries = append(entries, e)
	}
	resource.AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": entries})
}

// Quiet makes cfn-lint, and AWS CDK's own validation, ignore a rule that the resource breaks
// on purpose. The reason stands in the template for its reader.
func Quiet(resource awscdk.CfnResource, rule, reason string) {
	resource.AddMetadata(jsii.String("cfn-lint"), map[string]any{
		"config": map[string]any{"ignore_checks": []any{rule}}, "reason": reason,
	})
	awscdk.Validations_Of(resource).Acknowledge(&awscdk.Acknowledgment{
		Id: jsii.String("CloudFormation-Validate::" + rule), Reason: jsii.String(reason),
	})
}
