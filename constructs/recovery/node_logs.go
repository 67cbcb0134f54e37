package recovery

import (
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/keypolicy"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// makeLogs makes the log group of the application's files and lets the node write
// to it. The group stays when its stack is deleted.
func (n *clusterNode) makeLogs(at prop.Place, want *NodeApplication) {
	if want == nil || want.LogFiles == nil || len(*want.LogFiles) == 0 {
		return
	}
	for i, file := range at.Texts("Application.LogFiles", want.LogFiles) {
		if !strings.HasPrefix(file, "/") && !prop.Unresolved(file) {
			at.Fail("Application.LogFiles[%d] is %q: give an absolute path such as /var/log/app.log", i, file)
		}
	}
	keep := want.LogRetention
	if keep == "" {
		keep = awslogs.RetentionDays_THREE_MONTHS
	}
	if want.LogEncryptionKey != nil {
		keypolicy.LetLogsUse(n, want.LogEncryptionKey, "NodeLogs", "*") // CloudFormation chooses the name
	}
	group := awslogs.NewLogGroup(n, jsii.String("LogFiles"), &awslogs.LogGroupProps{Retention: keep, EncryptionKey: want.LogEncryptionKey})
	// Not by group.GrantWrite: the policy that it adds to a role of another app has a logical
	// id that depends on the app's feature flags.
	n.need(awsiam.NewPolicy(n, jsii.String("LogFilesPolicy"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{n.role},
		Statements: &[]awsiam.PolicyStatement{
			statement.Allow("LogFiles", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, []*string{group.LogGroupArn()}, nil),
		},
	}))
	n.boot.Agent = n.agent()
	n.boot.Agent.LogGroup, n.boot.Agent.LogFiles = *group.LogGroupName(), prop.List(want.LogFiles)
}

// agent is the CloudWatch agent of the plan, made when it is first needed.
func (n *clusterNode) agent() *boot.Agent {
	if n.boot.Agent == nil {
		n.boot.Agent = &boot.Agent{Node: strconv.Itoa(n.id)}
	}
	return n.boot.Agent
}
