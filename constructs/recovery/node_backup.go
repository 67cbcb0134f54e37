package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
)

// backUp puts the node's file system into its owner's backup plan. The selection is
// this stack's, so that the plan's stack names no node.
func (n *clusterNode) backUp(fs awsefs.IFileSystem, plan awsbackup.IBackupPlan) {
	if plan == nil {
		return
	}
	selection := awsbackup.NewBackupSelection(n, jsii.String("Backup"), &awsbackup.BackupSelectionProps{
		BackupPlan: plan, Resources: &[]awsbackup.BackupResource{awsbackup.BackupResource_FromEfsFileSystem(fs)},
	})
	nag.Explain(selection.Node().FindChild(jsii.String("Role")), nag.Rule{
		ID:       "AwsSolutions-IAM4",
		Reason:   "AWS Backup's own managed policy is what a backup job needs, and AWS keeps it in step with the service.",
		Findings: []any{"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"},
	})
}
