package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// RecoveryVpc_FromRecoveryVpcAttributes refers to a RecoveryVpc of another app.
func RecoveryVpc_FromRecoveryVpcAttributes(scope constructs.Construct, id *string, attrs *RecoveryVpcAttributes) IRecoveryVpc {
	at := prop.Of(scope, id)
	attrs, fault := input.Clean(scope, attrs)
	at.FailOn(fault)
	at.Require(attrs != nil, "attrs", "describe the RecoveryVpc")
	for _, f := range []struct {
		name  string
		value *string
	}{
		{"VpcId", attrs.VpcId},
		{"CidrBlock", attrs.CidrBlock},
		{"BlackholeSecurityGroupId", attrs.BlackholeSecurityGroupId},
		{"LogFileSystemId", attrs.LogFileSystemId},
		{"LogSecurityGroupId", attrs.LogSecurityGroupId},
	} {
		at.Require(f.value != nil, f.name, "read it from the RecoveryVpc of the other app")
	}
	zones, ids := at.Texts("AvailabilityZones", attrs.AvailabilityZones), at.Texts("SubnetIds", attrs.SubnetIds)
	if len(zones) < 2 || len(zones) != len(ids) {
		at.Fail("there are %d AvailabilityZones and %d SubnetIds: at least two zones with one subnet each are needed", len(zones), len(ids))
	}
	prop.RefuseDuplicates(at, "Availability Zone", zones)

	v := &recoveryVpc{zones: zones, cidr: attrs.CidrBlock, blackhole: attrs.BlackholeSecurityGroupId, logsGroup: attrs.LogSecurityGroupId}
	awscdk.NewResource_Override(v, scope, id, nil)
	v.vpc = awsec2.Vpc_FromVpcAttributes(v, jsii.String("View"), &awsec2.VpcAttributes{
		VpcId: attrs.VpcId, VpcCidrBlock: attrs.CidrBlock,
		AvailabilityZones: attrs.AvailabilityZones, IsolatedSubnetIds: attrs.SubnetIds,
	})
	awscdk.Annotations_Of(v).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ec2:noSubnetRouteTableId"),
		jsii.String("Nothing here routes: the other app's RecoveryVpc does."))
	v.subnets = *v.vpc.IsolatedSubnets()
	v.arn = awscdk.Stack_Of(v).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ec2"), Resource: jsii.String("vpc"), ResourceName: attrs.VpcId,
	})
	v.logs = awsefs.FileSystem_FromFileSystemAttributes(v, jsii.String("Logs"), &awsefs.FileSystemAttributes{
		FileSystemId:  attrs.LogFileSystemId,
		SecurityGroup: awsec2.SecurityGroup_FromSecurityGroupId(v, jsii.String("LogsGroup"), attrs.LogSecurityGroupId, nil),
	})
	return v
}
