package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
)

// roleName is explicit, so that another app's nodes can name the role. IAM is not
// Regional, so the Region is part of it. With the longest switcher name
// (contract.NameLimit) and Region name (14) it has IAM's 64 characters at most.
func (s *switcher) roleName() *string {
	return jsii.String("recovery-" + s.name + "-" + s.env.Region)
}

// makeRole gives the function what its calls need and no more, in two managed
// policies: IAM allows 6,144 characters in each, and 10,240 in all inline policies of a
// role together. Those are left to the nodes, whose stacks add what is their own
// (letSwitcher): some 20 nodes with foreign roles, groups, keys or adopted instances.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
//
// Which resources and condition keys an action knows is from the Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/).
func (s *switcher) makeRole() {
	role := awsiam.NewRole(s, jsii.String("Role"), &awsiam.RoleProps{
		RoleName:    s.roleName(),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("What switcher " + s.name + " may do"),
	})
	s.role = role
	may := s.may()
	for _, p := range []struct {
		id, may    string
		statements [][]awsiam.PolicyStatement
	}{
		{"Recover", "read, launch and fence", [][]awsiam.PolicyStatement{may.Read(), may.Launch(), may.Fence()}},
		{"Move", "move targets, alarms and storage, and keep records", [][]awsiam.PolicyStatement{may.Storage(), may.Move(), may.Own()}},
	} {
		policy := awsiam.NewManagedPolicy(s, jsii.String(p.id), &awsiam.ManagedPolicyProps{
			Roles: &[]awsiam.IRole{role}, Description: jsii.String("What switcher " + s.name + " may do: " + p.may),
		})
		for _, group := range p.statements {
			policy.AddStatements(group...)
		}
		s.permissions = append(s.permissions, policy)
		nag.Explain(policy, nag.Rule{
			ID: "AwsSolutions-IAM5",
			Reason: "Describe actions of EC2 and Elastic Load Balancing and List actions of zonal shifts know no resources. Mutating actions name kinds of resources with a wildcard id, " +
				"since instances come and go, and are limited by conditions on tags, the VPC, the alarm-name prefix, the role path or the leading key. " +
				"Images, snapshots, key pairs, placement groups and reservations are a node's own choice and are only read by a launch.",
		})
	}
}

// may returns the values that limit the switcher's permissions.
func (s *switcher) may() statement.Switcher {
	return statement.Switcher{
		Name: s.name, Env: s.env, VpcID: s.vpc.VpcId(), VpcArn: s.vpc.VpcArn(), TableArn: s.table.TableArn(),
		TopicArn: s.topic.TopicArn(), FunctionArn: s.arn, LogsArn: s.logs.LogGroupArn(),
		TableKey: s.table.EncryptionKey(), TopicKey: s.topicKey, OwnKey: s.key,
	}
}
