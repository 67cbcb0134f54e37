// Package filesystem makes EFS file systems that admit only clients with TLS and an
// access point.
package filesystem

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NfsPort is the port of EFS mount targets.
const NfsPort = 2049

// Spec holds the settings in which the data and the log file systems differ.
type Spec struct {
	Vpc     awsec2.IVpc
	Subnets *[]awsec2.ISubnet
	Key     awskms.IKey
	Removal awscdk.RemovalPolicy
	Name    string
	// Reader is the one role that the file system's policy admits; nil leaves that to
	// the roles' own policies.
	Reader awsiam.IRole
	// Planned: a backup plan of the owner's takes the place of the automatic backups.
	Planned bool
}

// New makes an encrypted file system with a mount target in every zone
// and a security group without rules. Its policy refuses requests that do
// not come through TLS and an access point; anonymous clients get nothing, since
// a file system with a policy admits only identified ones:
// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
func New(scope constructs.Construct, id string, spec Spec) (awsefs.FileSystem, awsec2.SecurityGroup) {
	group := awsec2.NewSecurityGroup(scope, jsii.String(id+"Group"), &awsec2.SecurityGroupProps{
		Vpc: spec.Vpc, AllowAllOutbound: jsii.Bool(false),
		Description: jsii.String("Mount targets: " + spec.Name),
	})
	if spec.Removal == "" {
		spec.Removal = awscdk.RemovalPolicy_RETAIN
	}
	fs := awsefs.NewFileSystem(scope, jsii.String(id), &awsefs.FileSystemProps{
		Vpc: spec.Vpc, VpcSubnets: &awsec2.SubnetSelection{Subnets: spec.Subnets},
		SecurityGroup: group, Encrypted: jsii.Bool(true), KmsKey: spec.Key,
		RemovalPolicy: spec.Removal, EnableAutomaticBackups: jsii.Bool(!spec.Planned),
		ThroughputMode:   awsefs.ThroughputMode_ELASTIC,
		FileSystemPolicy: fileSystemPolicy(spec.Reader),
		// Stops AWS CDK from adding a statement of its own that lets any identified
		// client write as root. Anonymous clients get nothing, as the policy above is
		// not empty.
		AllowAnonymousAccess: jsii.Bool(true),
	})
	return fs, group
}

// orderInsensitive is a feature flag of AWS CDK on which the logical ids of mount targets
// depend. A subnet has room for one mount target of a file system, so that one under another
// id could not be made while the old one is there.
const orderInsensitive = "@aws-cdk/aws-efs:mountTargetOrderInsensitiveLogicalId"

// PinIDs makes the logical ids below the construct the same whatever feature flags the app
// has. The construct must have no children yet.
func PinIDs(scope constructs.Construct) {
	scope.Node().SetContext(jsii.String(orderInsensitive), true)
}

func fileSystemPolicy(reader awsiam.IRole) awsiam.PolicyDocument {
	everyone := &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}
	mount := "elasticfilesystem:ClientMount"
	doc := awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("RefuseWithoutTls"), Effect: awsiam.Effect_DENY, Principals: everyone,
			Actions:    jsii.Strings(mount, "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"),
			Conditions: &map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("RefuseWithoutAccessPoint"), Effect: awsiam.Effect_DENY, Principals: everyone,
			Actions:    jsii.Strings(mount),
			Conditions: &map[string]any{"Null": map[string]any{"elasticfilesystem:AccessPointArn": "true"}},
		}),
	}})
	if reader != nil {
		doc.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("Node"), Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(reader.RoleArn())},
			Actions:    jsii.Strings(mount, "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"),
			Conditions: &map[string]any{"Bool": map[string]any{"elasticfilesystem:AccessedViaMountTarget": "true"}},
		}))
	}
	return doc
}

// AddAccessPoint gives one node a directory of its own.
func AddAccessPoint(scope constructs.Construct, id string, fs awsefs.IFileSystem, path string, user *awsefs.PosixUser) awsefs.AccessPoint {
	return awsefs.NewAccessPoint(scope, jsii.String(id), &awsefs.AccessPointProps{
		FileSystem: fs, Path: jsii.String(path), PosixUser: user,
		CreateAcl: &awsefs.Acl{OwnerUid: jsii.String("0"), OwnerGid: jsii.String("0"), Permissions: jsii.String("755")},
	})
}

// UseAccessPoint is the statement that a node's role needs for one access point.
func UseAccessPoint(sid string, fs awsefs.IFileSystem, point awsefs.AccessPoint) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String(sid),
		Actions:    jsii.Strings("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"),
		Resources:  &[]*string{fs.FileSystemArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"elasticfilesystem:AccessPointArn": point.AccessPointArn()}},
	})
}
