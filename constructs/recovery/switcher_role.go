package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// roleName is explicit, so that another app's nodes can name the role. IAM is not
// Regional, so the Region is part of it. With the longest switcher name
// (contract.NameLimit) and Region name (14) it has IAM's 64 characters at most.
func (s *switcher) roleName() *string {
	return jsii.String("recovery-" + s.name + "-" + s.env.region)
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
		{"Recover", "read, launch and fence", [][]awsiam.PolicyStatement{may.read(), may.launch(), may.fence()}},
		{"Move", "move targets, alarms and storage, and keep records", [][]awsiam.PolicyStatement{may.storage(), may.move(), may.own()}},
	} {
		policy := awsiam.NewManagedPolicy(s, jsii.String(p.id), &awsiam.ManagedPolicyProps{
			Roles: &[]awsiam.IRole{role}, Description: jsii.String("What switcher " + s.name + " may do: " + p.may),
		})
		for _, group := range p.statements {
			policy.AddStatements(group...)
		}
		s.permissions = append(s.permissions, policy)
		explain(policy, nagRule{
			id: "AwsSolutions-IAM5",
			reason: "Describe actions of EC2 and Elastic Load Balancing and List actions of zonal shifts know no resources. Mutating actions name kinds of resources with a wildcard id, " +
				"since instances come and go, and are limited by conditions on tags, the VPC, the alarm-name prefix, the role path or the leading key. " +
				"Images, snapshots, key pairs, placement groups and reservations are a node's own choice and are only read by a launch.",
		})
	}
}

// may is what the switcher's permissions are limited to.
func (s *switcher) may() switcherScope {
	return switcherScope{
		name: s.name, env: s.env, vpcID: s.vpc.VpcId(), vpcArn: s.vpc.VpcArn(), tableArn: s.table.TableArn(),
		topicArn: s.topic.TopicArn(), functionArn: s.arn, logsArn: s.logs.LogGroupArn(),
		tableKey: s.table.EncryptionKey(), topicKey: s.topicKey, ownKey: s.key,
	}
}
