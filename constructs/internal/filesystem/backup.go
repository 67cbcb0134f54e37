package filesystem

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
)

// BackUp puts a file system into its owner's backup plan, if there is one. The selection
// belongs to the stack of scope, so that the plan's stack does not refer to the file system.
func BackUp(scope constructs.Construct, fs awsefs.IFileSystem, plan awsbackup.IBackupPlan) {
	if plan == nil {
		return
	}
	selection := awsbackup.NewBackupSelection(scope, jsii.String("Backup"), &awsbackup.BackupSelectionProps{
		BackupPlan: plan, Resources: &[]awsbackup.BackupResource{awsbackup.BackupResource_FromEfsFileSystem(fs)},
	})
	nag.Explain(selection.Node().FindChild(jsii.String("Role")), nag.Rule{
		ID:       "AwsSolutions-IAM4",
		Reason:   "AWS Backup's own managed policy is what a backup job needs, and AWS keeps it in step with the service.",
		Findings: []any{"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"},
	})
}
