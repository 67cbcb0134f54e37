// Package keypolicy extends the policies of customers' KMS keys for AWS services, which
// act for no role. AWS CDK cannot change the policy of a key of another app or account:
// it keeps the policy that it has (docs/security.md lists what it must say).
package keypolicy

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
)

// LetAlarmsUse lets CloudWatch's alarms publish to a topic that is encrypted with the
// key ("Manage Amazon SNS encryption keys and costs", Amazon SNS Developer Guide).
func LetAlarmsUse(scope constructs.Construct, key awskms.IKey) {
	letServiceUse(key, "Alarms", "cloudwatch.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey*"}, map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()},
	})
}

// LetEventsUse lets EventBridge put what it could not deliver into a queue that is
// encrypted with the key. For EventBridge and encrypted topics AWS supports no
// aws:Source keys in a key's policy; that queues are alike is assumed, since a condition
// that does not hold would lose every such event. Which rules may send is the queue's
// policy to say.
func LetEventsUse(key awskms.IKey) {
	letServiceUse(key, "Undelivered", "events.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey"}, nil)
}

// LetLogsUse lets CloudWatch Logs encrypt the log groups of that name, which may hold
// wildcards ("Encrypt log data in CloudWatch Logs using AWS Key Management Service",
// Amazon CloudWatch Logs User Guide).
func LetLogsUse(scope constructs.Construct, key awskms.IKey, sid, group string) {
	stack := awscdk.Stack_Of(scope)
	arn := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String(group), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	letServiceUse(key, sid, "logs."+*stack.Region()+"."+*stack.UrlSuffix(),
		[]string{"kms:Decrypt", "kms:Describe*", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
		map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": arn}})
}

func letServiceUse(key awskms.IKey, sid, service string, actions []string, conditions map[string]any) {
	everything := []*string{jsii.String("*")} // of a key's policy: the key itself
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String(sid), Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service), nil)},
		Actions: jsii.Strings(actions...), Resources: &everything, Conditions: statement.PtrMap(conditions),
	}), jsii.Bool(true))
}
