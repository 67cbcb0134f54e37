package recovery

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/filesystem"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/resource"
	"github.com/workload-recovery/workload-recovery/constructs/internal/userdata"
	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeFiles makes the file system for shared data and the access points to it and
// to the place for recovery logs.
//
// Only members of the node's own group reach the mount targets: quarantine takes
// an instance out of it.
func (n *clusterNode) makeFiles(at prop.Place, props *ClusterNodeProps) {
	want := props.Storage.Data
	if want == nil {
		want = &NodeFileSystem{}
	}
	vpc := n.switcher.Vpc()
	n.paths = [2]string{prop.Or(want.MountPath, "/data"), prop.Or(want.LogMountPath, "/var/log/recovery")}
	if data, logs := n.paths[0]+"/", n.paths[1]+"/"; strings.HasPrefix(data, logs) || strings.HasPrefix(logs, data) {
		at.Fail("Storage.Data.MountPath is %q and LogMountPath is %q: one file system would be mounted over the other; give two paths of which none is in the other", n.paths[0], n.paths[1])
	}
	fs, group := filesystem.New(n, "Data", filesystem.Spec{
		Vpc: vpc.Vpc(), Subnets: vpc.Subnets(), Key: want.EncryptionKey, Removal: want.RemovalPolicy, Name: fmt.Sprintf("data of node %d", n.id), Reader: n.role,
		Planned: want.BackupPlan != nil,
	})
	filesystem.BackUp(n, fs, want.BackupPlan)
	n.data, n.fileSystem = fs, *fs.FileSystemId()
	// The storage fence rests on this tag. It stays while a mount target is to be made
	// again, whatever FenceEscalation says by then.
	awscdk.Tags_Of(fs).Add(jsii.String(contract.SwitcherTag), n.switcher.SwitcherName(), &awscdk.TagProps{
		IncludeResourceTypes: jsii.Strings("AWS::EFS::FileSystem"), Priority: jsii.Number(1000),
	})
	n.Node().AddValidation(&storageCheck{node: n})
	n.dataPoint = filesystem.AddAccessPoint(n, "DataPoint", fs, "/data", want.PosixUser)
	n.logPoint = filesystem.AddAccessPoint(n, "LogPoint", vpc.LogFileSystem(), fmt.Sprintf("/node-%d", n.id), &awsefs.PosixUser{
		Uid: jsii.String("0"), Gid: jsii.String("0"),
	})
	policy := awsiam.NewPolicy(n, jsii.String("Files"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{n.role},
		Statements: &[]awsiam.PolicyStatement{
			filesystem.UseAccessPoint("Data", fs, n.dataPoint), filesystem.UseAccessPoint("RecoveryLogs", vpc.LogFileSystem(), n.logPoint),
		},
	})
	own := n.group.SecurityGroupId()
	// The file system itself is one of the node's properties.
	n.need(fs.MountTargetsAvailable(), group, n.dataPoint, n.logPoint, policy,
		resource.NewIngressRule(n, "DataAccess", group.SecurityGroupId(), own, filesystem.NfsPort, fmt.Sprintf("Data of node %d", n.id)),
		resource.NewIngressRule(n, "LogAccess", vpc.LogSecurityGroupId(), own, filesystem.NfsPort, fmt.Sprintf("Recovery logs of node %d", n.id)))
}

// MountCommands are for user data that is the owner's own.
func (n *clusterNode) MountCommands() *[]*string {
	if n.boot != nil {
		prop.Place(*n.Node().Path()).Fail("MountCommands were asked for, but the generated user data mounts the file systems already: leave the commands out, or set Boot.GenerateUserData to false")
	}
	n.mounts = true
	if n.data == nil {
		return jsii.Strings()
	}
	return userdata.MountCommands(n.bootMounts(), n.imageGate)
}

// bootMounts are the node's two mounts.
func (n *clusterNode) bootMounts() []boot.Mount {
	return []boot.Mount{
		{FileSystem: *n.data.FileSystemId(), AccessPoint: *n.dataPoint.AccessPointId(), Path: n.paths[0], Data: true},
		{FileSystem: *n.switcher.Vpc().LogFileSystem().FileSystemId(), AccessPoint: *n.logPoint.AccessPointId(), Path: n.paths[1]},
	}
}
