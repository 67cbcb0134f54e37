package recovery

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
)

// makeRole makes the node's role under the path that the switcher may pass, or
// lets the switcher pass the given one.
func (n *clusterNode) makeRole(at prop.Place, props *ClusterNodeProps) {
	path := n.switcher.RolePath()
	if props.Role != nil {
		n.role = props.Role
		checkTrust(at, n.role)
		n.letPass()
	} else {
		role := awsiam.NewRole(n, jsii.String("Role"), &awsiam.RoleProps{
			Path:        path,
			AssumedBy:   awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
			Description: jsii.String(n.label()),
			ManagedPolicies: &[]awsiam.IManagedPolicy{
				awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("CloudWatchAgentServerPolicy")),
			},
		})
		nag.Explain(role, nag.Rule{
			ID:       "AwsSolutions-IAM4",
			Reason:   "The CloudWatch agent needs what this policy grants, and AWS keeps it in step with the agent.",
			Findings: []any{"Policy::arn:<AWS::Partition>:iam::aws:policy/CloudWatchAgentServerPolicy"},
		})
		n.role = role
		if role.Node().DefaultChild() == nil { // made beforehand, see docs/ecosystem.md: under any path
			n.letPass()
		}
	}
	n.profile = awsiam.NewInstanceProfile(n, jsii.String("Profile"), &awsiam.InstanceProfileProps{Role: n.role, Path: path})
	n.need(n.role, n.profile)
}

// checkTrust refuses a role of this app that EC2 may not assume. Of a role that is only
// referred to the trust policy is not known.
func checkTrust(at prop.Place, role awsiam.IRole) {
	made, is := role.(awsiam.Role)
	if !is || made.AssumeRolePolicy() == nil {
		return
	}
	trust, err := json.Marshal(awscdk.Stack_Of(made).Resolve(made.AssumeRolePolicy()))
	at.FailOn(err)
	if !strings.Contains(string(trust), "ec2.") {
		at.Fail("Role %s trusts %s, and not ec2.amazonaws.com: no instance could be launched with it; give it the principal awsiam.NewServicePrincipal(jsii.String(\"ec2.amazonaws.com\"), nil)",
			*made.Node().Path(), trust)
	}
}

// letPass allows the switcher to launch with a role that is not under its path.
func (n *clusterNode) letPass() {
	n.letSwitcher("PassRole", statement.Allow("PassForeignRole", []string{"iam:PassRole"}, []*string{n.role.RoleArn()}, map[string]any{
		"StringEquals": map[string]any{"iam:PassedToService": []any{"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}},
	}))
}

// letSwitcher adds to the switcher's role what this node alone needs. The policy
// is this stack's, so that the switcher's own template names no node.
func (n *clusterNode) letSwitcher(id string, statements ...awsiam.PolicyStatement) awsiam.Policy {
	// The role seen from here: attaching to the construct itself would put the
	// policy, and a reference to this stack, into the switcher's.
	role := awsiam.Role_FromRoleName(n, jsii.String(id+"Role"), n.switcher.Role().RoleName(), nil)
	policy := awsiam.NewPolicy(n, jsii.String(id), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role}, Statements: &statements,
	})
	n.need(policy)
	return policy
}

// letUseKeys does so for keys that no volume of the template names.
func (n *clusterNode) letUseKeys(at prop.Place, id string, keys *[]awskms.IKey) {
	if keys == nil {
		return
	}
	for i, key := range *keys {
		at.Require(key != nil, fmt.Sprintf("VolumeKeys[%d]", i), "give a key, or take the entry out")
		n.letUseKey(fmt.Sprintf("%s%d", id, i), key.KeyArn())
	}
}

// letUseKey allows the switcher to launch with volumes encrypted by a customer's
// key: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
func (n *clusterNode) letUseKey(id string, key *string) {
	region := *awscdk.Stack_Of(n).Region()
	via := map[string]any{"kms:ViaService": "ec2." + region + ".amazonaws.com*"}
	policy := n.letSwitcher(id,
		statement.Allow("UseVolumeKey", []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"},
			[]*string{key}, map[string]any{"StringLike": via}),
		statement.Allow("GrantVolumeKey", []string{"kms:CreateGrant"}, []*string{key}, map[string]any{
			"StringLike": via, "Bool": map[string]any{"kms:GrantIsForAWSResource": "true"},
		}))
	nag.Explain(policy, nag.Rule{
		ID: "AwsSolutions-IAM5", Reason: "kms:ReEncrypt* are the two halves of one operation; the statement names the key, and allows its use by EC2 only.",
		Findings: []any{"Action::kms:ReEncrypt*"},
	})
}
