package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// RecoveryTableProps are the props of RecoveryTable. All may be left out.
type RecoveryTableProps struct {
	// TableName is the table's physical name: 3 to 255 letters, digits and _.-. A change
	// replaces the table by an empty one, in which no node has a record: it is only
	// possible before the first node. Default: CloudFormation chooses one.
	TableName *string
	// EncryptionKey is a customer-managed KMS key. Default: the AWS managed key of
	// DynamoDB. The switcher's role gets the use of it through DynamoDB only.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
	EncryptionKey awskms.IKey
	// DeletionProtection refuses the deletion of the table. Default: true.
	DeletionProtection *bool
	// RemovalPolicy says what becomes of the table with its stack. Default: RETAIN,
	// since it holds the claims of nodes and the history of switches.
	RemovalPolicy awscdk.RemovalPolicy
}

// IRecoveryTable is the table of a Region, made here or elsewhere.
type IRecoveryTable interface {
	awscdk.IResource
	// TableName is its name.
	TableName() *string
	// TableArn is its ARN.
	TableArn() *string
	// EncryptionKey is the customer-managed key, or nil.
	EncryptionKey() awskms.IKey
	// Metric is one of DynamoDB's for the table.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
	// Default: sum over a minute.
	Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricConsumedReadCapacityUnits and MetricConsumedWriteCapacityUnits count the
	// billed units. Default: sum over a minute.
	MetricConsumedReadCapacityUnits(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	MetricConsumedWriteCapacityUnits(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricReadThrottleEvents and MetricWriteThrottleEvents count requests that DynamoDB
	// refused as too many. Default: sum over a minute.
	MetricReadThrottleEvents(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	MetricWriteThrottleEvents(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
}

// RecoveryTable is the one table of a Region, shared by its switchers: node
// records, leases, hints, claims of node ids, remembered lacks of capacity and
// the history of switches. On demand, with point-in-time recovery, deletion
// protection and time to live for history.
type RecoveryTable interface {
	IRecoveryTable
	// Table is the DynamoDB table.
	Table() awsdynamodb.Table
}

type recoveryTable struct {
	awscdk.Resource
	table awsdynamodb.Table // nil of an existing one
	name  *string
	arn   *string
	key   awskms.IKey
}

func (t *recoveryTable) Table() awsdynamodb.Table   { return t.table }
func (t *recoveryTable) TableName() *string         { return t.name }
func (t *recoveryTable) TableArn() *string          { return t.arn }
func (t *recoveryTable) EncryptionKey() awskms.IKey { return t.key }

// NewRecoveryTable makes the table of a Region. A second one for the same
// account and Region in an app is an error: node ids are claimed in it.
func NewRecoveryTable(scope constructs.Construct, id *string, props *RecoveryTableProps) RecoveryTable {
	if props == nil {
		props = &RecoveryTableProps{}
	}
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	registry.Claim(scope, at, "recovery table", "of a Region", "one table serves all switchers of a Region; pass the existing one to them")

	t := &recoveryTable{key: props.EncryptionKey}
	awscdk.NewResource_Override(t, scope, id, nil)
	policy := props.RemovalPolicy
	if policy == "" {
		policy = awscdk.RemovalPolicy_RETAIN
	}
	encryption := awsdynamodb.TableEncryption_AWS_MANAGED
	if props.EncryptionKey != nil {
		encryption = awsdynamodb.TableEncryption_CUSTOMER_MANAGED
	}
	t.table = awsdynamodb.NewTable(t, jsii.String("Resource"), &awsdynamodb.TableProps{
		TableName:           props.TableName,
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String(contract.AttrPartition), Type: awsdynamodb.AttributeType_STRING},
		SortKey:             &awsdynamodb.Attribute{Name: jsii.String(contract.AttrSort), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		TimeToLiveAttribute: jsii.String(contract.AttrExpires),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(prop.Or(props.DeletionProtection, true)),
		Encryption:         encryption,
		EncryptionKey:      props.EncryptionKey,
		RemovalPolicy:      policy,
	})
	t.name, t.arn = t.table.TableName(), t.table.TableArn()
	return t
}
