package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Table is the Region's stack: deployed first, deleted last, and once per Region.
func Table(app awscdk.App) recovery.RecoveryTable {
	stack := awscdk.NewStack(app, jsii.String("RecoveryRegion"), nil)
	key := awskms.NewKey(stack, jsii.String("Key"), &awskms.KeyProps{EnableKeyRotation: jsii.Bool(true)})
	return recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{
		EncryptionKey: key,
	})
}
