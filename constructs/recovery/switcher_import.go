package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Switcher_FromSwitcherAttributes refers to a Switcher of another app, so that
// nodes can be added to it from here.
func Switcher_FromSwitcherAttributes(scope constructs.Construct, id *string, attrs *SwitcherAttributes) ISwitcher {
	at := prop.Of(scope, id)
	attrs, fault := input.Clean(scope, attrs)
	at.FailOn(fault)
	at.Require(attrs != nil && attrs.SwitcherName != nil, "SwitcherName", "give the name of the other app's Switcher")
	at.Require(attrs.Vpc != nil, "Vpc", "give its place, for example from RecoveryVpc_FromRecoveryVpcAttributes")
	checkName(at, *attrs.SwitcherName)
	s := &switcher{
		name: *attrs.SwitcherName, function: functionName(*attrs.SwitcherName), vpc: attrs.Vpc, policy: contract.DefaultPolicy(),
		idTag: prop.Or(attrs.IdTag, contract.DefaultIDTag), targetTag: prop.Or(attrs.TargetTag, contract.DefaultTargetTag),
		runbooks: runbook.Check(at, attrs.RunbookUrl),
	}
	s.checkTags(at)
	awscdk.NewResource_Override(s, scope, id, nil)
	s.locate()
	if attrs.RoleArn != nil {
		s.role = awsiam.Role_FromRoleArn(s, jsii.String("Role"), attrs.RoleArn, nil)
	} else {
		s.role = awsiam.Role_FromRoleName(s, jsii.String("Role"), s.roleName(), nil)
	}
	return s
}
