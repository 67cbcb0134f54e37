package recovery

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// RecoveryTableAttributes describe a table of another app.
type RecoveryTableAttributes struct {
	// TableName is the table's name, in the account and Region of the stack that refers
	// to it. Required. The table must be one that a RecoveryTable made, or have its keys:
	// partition key "pk" and sort key "sk", both texts, and time to live by the attribute
	// "expires". Nothing at synthesis or deployment can check that; with other keys the
	// deployment of the first node fails.
	TableName *string
	// EncryptionKey is its customer-managed KMS key, if it has one: without it the
	// switcher may not read the table. Default: none, the AWS managed key of DynamoDB.
	EncryptionKey awskms.IKey
}

// tableName is what DynamoDB allows:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// RecoveryTable_FromTableAttributes refers to the Region's table that another app has
// made, for a further switcher of the same account and Region: two tables would let two
// switchers own one node id.
func RecoveryTable_FromTableAttributes(scope constructs.Construct, id *string, attrs *RecoveryTableAttributes) IRecoveryTable {
	at := prop.Of(scope, id)
	attrs, fault := input.Clean(scope, attrs)
	at.FailOn(fault)
	at.Require(attrs != nil && attrs.TableName != nil, "TableName", "give the name of the Region's table, an output of the stack that made it")
	if !prop.Unresolved(attrs.TableName) && !tableName.MatchString(*attrs.TableName) {
		at.Fail("TableName is %q: allowed are 3 to 255 letters, digits and _.-; give the table's name, not its ARN, since it is of the switcher's own account and Region", *attrs.TableName)
	}
	t := &recoveryTable{name: attrs.TableName, key: attrs.EncryptionKey}
	awscdk.NewResource_Override(t, scope, id, nil)
	t.arn = awscdk.Stack_Of(t).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("dynamodb"), Resource: jsii.String("table"), ResourceName: attrs.TableName,
	})
	return t
}
