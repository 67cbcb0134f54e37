// Package notice makes rules for the events that a switcher puts on the account's
// default event bus (docs/events.md).
package notice

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// On makes a rule for events of the given types of one switcher, or of one of its nodes
// if node is not 0. The rule is made below scope, unless the options name another scope.
func On(scope constructs.Construct, id *string, options *awsevents.OnEventOptions, switcher string, node int, types ...string) awsevents.Rule {
	detail := map[string]any{"switcher": []any{switcher}}
	if node != 0 {
		detail["node"] = []any{node}
	}
	var o awsevents.OnEventOptions
	if options != nil {
		o = *options
	}
	if o.CrossStackScope != nil {
		scope = o.CrossStackScope
	}
	rule := awsevents.NewRule(scope, id, &awsevents.RuleProps{
		Description: o.Description, RuleName: o.RuleName,
		EventPattern: &awsevents.EventPattern{Source: jsii.Strings(contract.Source), DetailType: jsii.Strings(types...), Detail: &detail},
	})
	rule.AddEventPattern(o.EventPattern)
	rule.AddTarget(o.Target)
	return rule
}
