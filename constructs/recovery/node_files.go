package recovery

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeFiles makes the file system for shared data and the access points to it and
// to the place for recovery logs.
//
// Only members of the node's own group reach the mount targets: quarantine takes
// an instance out of it.
func (n *clusterNode) makeFiles(props *ClusterNodeProps) {
	want := props.DataFileSystem
	if want == nil {
		want = &NodeFileSystem{}
	}
	vpc := n.switcher.Vpc()
	n.paths = [2]string{or(want.MountPath, "/data"), or(want.LogMountPath, "/var/log/recovery")}
	fs, group := newFileSystem(n, "Data", fileSystemSpec{
		vpc: vpc, key: want.EncryptionKey, removal: want.RemovalPolicy, name: fmt.Sprintf("data of node %d", n.id), reader: n.role,
		planned: want.BackupPlan != nil,
	})
	n.backUp(fs, want.BackupPlan)
	n.data, n.fileSystem = fs, *fs.FileSystemId()
	// The storage fence rests on this tag. It stays while a mount target is to be made
	// again, whatever FenceEscalation says by then.
	awscdk.Tags_Of(fs).Add(jsii.String(contract.SwitcherTag), n.switcher.SwitcherName(), &awscdk.TagProps{
		IncludeResourceTypes: jsii.Strings("AWS::EFS::FileSystem"), Priority: jsii.Number(1000),
	})
	n.Node().AddValidation(&storageCheck{node: n})
	n.dataPoint = addAccessPoint(n, "DataPoint", fs, "/data", want.PosixUser)
	n.logPoint = addAccessPoint(n, "LogPoint", vpc.LogFileSystem(), fmt.Sprintf("/node-%d", n.id), &awsefs.PosixUser{
		Uid: jsii.String("0"), Gid: jsii.String("0"),
	})
	policy := awsiam.NewPolicy(n, jsii.String("Files"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{n.role},
		Statements: &[]awsiam.PolicyStatement{
			useAccessPoint("Data", fs, n.dataPoint), useAccessPoint("RecoveryLogs", vpc.LogFileSystem(), n.logPoint),
		},
	})
	own := n.group.SecurityGroupId()
	// The file system itself is one of the node's properties.
	n.need(fs.MountTargetsAvailable(), group, n.dataPoint, n.logPoint, policy,
		newIngressRule(n, "DataAccess", group.SecurityGroupId(), own, nfsPort, fmt.Sprintf("Data of node %d", n.id)),
		newIngressRule(n, "LogAccess", vpc.LogSecurityGroupId(), own, nfsPort, fmt.Sprintf("Recovery logs of node %d", n.id)))
}

// metadata asks the instance metadata service, version 2.
const metadata = "http://169.254.169.254/latest/"

// MountCommands: _netdev is essential, since a failed mount would otherwise hang
// the boot; noresvport lets the client reconnect
// (https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-general.html).
// az names the mount target of the own zone, of which the storage fence cuts the
// instance off (mount.efs(8)). An image made of another instance may bring that
// one's line, with its zone: it is written anew. An image's own gate is waited for
// here, and required by systemd at later boots.
func (n *clusterNode) MountCommands() *[]*string {
	if n.boot != nil {
		place(*n.Node().Path()).fail("MountCommands were asked for, but the generated user data mounts the file systems already: leave the commands out, or set GenerateUserData to false")
	}
	n.mounts = true
	if n.data == nil {
		return jsii.Strings()
	}
	options := "_netdev,noresvport,tls,iam"
	commands := []string{
		"rpm -q amazon-efs-utils || dnf install -y amazon-efs-utils",
		"recovery_token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' " + metadata + "api/token)",
		`recovery_zone=$(curl -sSf -H "X-aws-ec2-metadata-token: $recovery_token" ` + metadata + "meta-data/placement/availability-zone)",
	}
	if n.imageGate {
		options += ",x-systemd.requires=" + boot.GateUnit
		commands = append(commands, "systemctl start "+boot.GateUnit+" || exit 1")
	}
	for i, mount := range []struct {
		fs, point *string
		more      string
	}{
		{n.data.FileSystemId(), n.dataPoint.AccessPointId(), ",az=$recovery_zone"},
		{n.switcher.Vpc().LogFileSystem().FileSystemId(), n.logPoint.AccessPointId(), ""},
	} {
		commands = append(commands, fmt.Sprintf("mkdir -p %s", n.paths[i]), fmt.Sprintf(`sed -i '\# %s efs #d' /etc/fstab`, n.paths[i]),
			fmt.Sprintf(`echo "%s:/ %s efs %s%s,accesspoint=%s 0 0" >> /etc/fstab`, *mount.fs, n.paths[i], options, mount.more, *mount.point))
	}
	return jsii.Strings(append(commands, "mount -a -t efs")...)
}
