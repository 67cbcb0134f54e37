package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
)

// RecoveryVpcProps are the props of RecoveryVpc. All may be left out.
type RecoveryVpcProps struct {
	// Vpc is an existing VPC to add the nodes' subnets to, looked up, imported or made by
	// this app; give AvailabilityZones and SubnetCidrs with it. Its DNS resolution and DNS host names must be on:
	// CloudFormation can neither check nor change that. A change replaces the VPC with
	// all that is in it: delete the nodes first. Default: a new VPC.
	Vpc awsec2.IVpc
	// CidrBlock is the VPC's IPv4 block, /16 to /28. With an existing VPC it is
	// needed only if the VPC does not know its own, or if SubnetCidrs are in a secondary
	// block of it; clients and endpoints are then admitted from that block. A change
	// replaces the VPC and its subnets: delete the nodes first.
	// Default: 10.0.0.0/16.
	CidrBlock *string
	// AvailabilityZones are the names of the zones that nodes may be placed in, at
	// least two. Name all of the Region's: during a zone's failure the others run
	// out of capacity. Names need no lookup. Add new zones at the end: a change of the
	// order replaces subnets, and CloudFormation cannot delete one with a running node.
	// Default: the first AvailabilityZoneCount zones of the account in the Region.
	AvailabilityZones *[]*string
	// AvailabilityZoneCount is the number of zones when no names are given, 2 to 6.
	// The stack fails to deploy if the account has fewer. A smaller number removes subnets:
	// move the nodes out of those zones first. AvailabilityZones replaces the subnets whose
	// zones differ.
	// Default: 3.
	AvailabilityZoneCount *float64
	// SubnetCidrs are the subnets' IPv4 blocks in the order of the zones. A changed block
	// replaces its subnet, which CloudFormation cannot delete while a node runs in it.
	// Default: consecutive blocks from the start of the VPC's, 1/16 of it each.
	SubnetCidrs *[]*string
	// InterfaceEndpoints are the services reached through an interface endpoint in
	// every zone. In China the stack needs an Env with its Region, since AWS names some of
	// these services differently there.
	// A service that is taken out of the list has its endpoint deleted; another one
	// replaces it only where the nodes reach it. An empty list makes none, for an existing VPC that
	// has them already.
	// Default: CLOUDWATCH_MONITORING (the CloudWatch agent's metrics, from which the
	// application alarm is fed), EC2 (the agent reads the instance's tags, and the EFS
	// mount helper its zone) and CLOUDWATCH_LOGS (the agent's logs).
	InterfaceEndpoints *[]awsec2.InterfaceVpcEndpointAwsService
	// ExtraInterfaceEndpoints are added to InterfaceEndpoints. Session Manager, for
	// example, needs SSM and SSM_MESSAGES; a workload that assumes roles needs STS.
	// Default: none.
	ExtraInterfaceEndpoints *[]awsec2.InterfaceVpcEndpointAwsService
	// GatewayEndpoints are the services reached through the subnets' routes, free of
	// charge: S3, DYNAMODB or both.
	// A service that is taken out of the list has its endpoint deleted, and no other way
	// replaces it. Default: both. Amazon Linux keeps its package repositories in S3, and an
	// isolated subnet has no other way to DynamoDB.
	GatewayEndpoints *[]awsec2.GatewayVpcEndpointAwsService
	// LogsEncryptionKey encrypts the file system for recovery logs. A change replaces the
	// file system by an empty one. The old one is retained with its logs, but running
	// instances cannot reach it: move each node by a planned switch.
	// Default: the AWS managed key of EFS.
	LogsEncryptionKey awskms.IKey
	// LogsRemovalPolicy says what becomes of the file system for recovery logs with
	// its stack. Default: RETAIN.
	LogsRemovalPolicy awscdk.RemovalPolicy
	// LogsBackupPlan is the AWS Backup plan that backs the file system for recovery logs up,
	// instead of EFS's automatic backups. The plan's vault and rules are its own.
	// https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
	// Default: EFS's automatic backups, daily and kept for 35 days.
	LogsBackupPlan awsbackup.IBackupPlan
}

// IRecoveryVpc is a place for nodes, made here or elsewhere.
type IRecoveryVpc interface {
	awscdk.IResource
	// Vpc is the VPC, with the nodes' subnets as its isolated ones.
	Vpc() awsec2.IVpc
	// VpcId is the VPC's id.
	VpcId() *string
	// VpcArn is the VPC's ARN, for IAM conditions.
	VpcArn() *string
	// CidrBlock is the VPC's IPv4 block.
	CidrBlock() *string
	// AvailabilityZones are the zones that nodes may be placed in.
	AvailabilityZones() *[]*string
	// Subnets are the nodes' subnets, one per zone and in the zones' order.
	Subnets() *[]awsec2.ISubnet
	// BlackholeSecurityGroupId is the id of the group that lets nothing in or out.
	BlackholeSecurityGroupId() *string
	// LogFileSystem is the file system for recovery logs.
	LogFileSystem() awsefs.IFileSystem
	// LogSecurityGroupId is the id of the group of its mount targets.
	LogSecurityGroupId() *string
}

// RecoveryVpcAttributes describe a RecoveryVpc of another app.
type RecoveryVpcAttributes struct {
	// VpcId is the VPC's id. Required.
	VpcId *string
	// CidrBlock is the VPC's IPv4 block. Required.
	CidrBlock *string
	// AvailabilityZones are the zones of the subnets. Required.
	AvailabilityZones *[]*string
	// SubnetIds are the subnets' ids in the order of the zones. Required.
	SubnetIds *[]*string
	// BlackholeSecurityGroupId is the id of the blackhole group. Required.
	BlackholeSecurityGroupId *string
	// LogFileSystemId is the id of the file system for recovery logs. Required.
	LogFileSystemId *string
	// LogSecurityGroupId is the id of the group of its mount targets. Required.
	LogSecurityGroupId *string
}
