package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// NewVpc makes a VPC with a destination subnet in each of the Region's zones.
func NewVpc(app awscdk.App) recovery.RecoveryVpc {
	stack := awscdk.NewStack(app, jsii.String("NewVpc"), nil)
	return recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		CidrBlock:         jsii.String("10.20.0.0/16"),
		AvailabilityZones: jsii.Strings("eu-west-1a", "eu-west-1b", "eu-west-1c"),
		// Session Manager, for people who must look into an instance.
		ExtraInterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_SSM(), awsec2.InterfaceVpcEndpointAwsService_SSM_MESSAGES()},
	})
}

// ExistingVpc adds destination subnets to a VPC that is there already.
func ExistingVpc(app awscdk.App) recovery.RecoveryVpc {
	stack := awscdk.NewStack(app, jsii.String("ExistingVpc"), nil)
	theirs := awsec2.Vpc_FromVpcAttributes(stack, jsii.String("Theirs"), &awsec2.VpcAttributes{
		VpcId: jsii.String("vpc-0123456789abcdef0"), VpcCidrBlock: jsii.String("172.31.0.0/16"),
		AvailabilityZones: jsii.Strings("eu-west-1a", "eu-west-1b", "eu-west-1c"),
	})
	return recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		Vpc:               theirs,
		AvailabilityZones: jsii.Strings("eu-west-1a", "eu-west-1b", "eu-west-1c"),
		SubnetCidrs:       jsii.Strings("172.31.200.0/24", "172.31.201.0/24", "172.31.202.0/24"),
		// It has these endpoints already, with private DNS, in all three zones.
		InterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{},
		GatewayEndpoints:   &[]awsec2.GatewayVpcEndpointAwsService{awsec2.GatewayVpcEndpointAwsService_S3()},
	})
}
