package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Switcher is a VPC's switcher, who is told, and who may operate it.
func Switcher(app awscdk.App) recovery.Switcher {
	stack := awscdk.NewStack(app, jsii.String("RecoveryVpc"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc: vpc, Table: table, Name: jsii.String("prod"),
		Policy: &recovery.RecoveryPolicy{
			ConfirmTime:       awscdk.Duration_Seconds(jsii.Number(20)),
			FenceTime:         awscdk.Duration_Minutes(jsii.Number(5)),
			MaxSwitches:       jsii.Number(2),
			LaunchesPerSecond: jsii.Number(6), // AWS raised the account's limit to this
		},
	})
	switcher.Topic().AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String("oncall@example.com"), nil))

	operators := awsiam.NewRole(stack, jsii.String("Operators"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewAccountRootPrincipal(),
	})
	switcher.GrantReadRecords(operators) // to look
	switcher.GrantInvoke(operators)      // to give orders
	return switcher
}
