package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
)

func (s *switcher) GrantInvoke(grantee awsiam.IGrantable) awsiam.Grant {
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: grantee, Actions: jsii.Strings("lambda:InvokeFunction"), ResourceArns: &[]*string{s.arn},
	})
}

func (s *switcher) GrantReadRecords(grantee awsiam.IGrantable) awsiam.Grant {
	if key := s.table.EncryptionKey(); key != nil {
		awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
			Grantee: grantee, Actions: jsii.Strings("kms:Decrypt"),
			ResourceArns: &[]*string{key.KeyArn()}, Conditions: statement.GrantConditions(s.may().Via("dynamodb")),
		})
	}
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: grantee, Actions: jsii.Strings("dynamodb:GetItem", "dynamodb:Query"),
		ResourceArns: &[]*string{s.table.TableArn()}, Conditions: statement.GrantConditions(s.may().LeadingKeys()),
	})
}
