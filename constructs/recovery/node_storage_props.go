package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
)

// NodeStorage describes the node's volumes and its shared data.
type NodeStorage struct {
	// Volumes are the instance's EBS volumes. Name the image's root device to change
	// it. Devices of the image that are not named stay as they are.
	// Default: with the default image its root device as 20 GiB of encrypted gp3, with
	// another one what that image says.
	Volumes *[]*NodeVolume
	// VolumeKeys are customer-managed KMS keys that volumes need besides their own KmsKey:
	// those of the image's encrypted snapshots, and the account's default key for EBS if
	// that is one of yours. Without its permission for them, which is put in this stack,
	// the switcher can launch no replacement. Default: none.
	VolumeKeys *[]awskms.IKey
	// Data describes the node's EFS file system for shared data.
	// Default: see NodeFileSystem.
	Data *NodeFileSystem
}

// NodeVolume is one EBS volume.
type NodeVolume struct {
	// DeviceName such as /dev/xvda. Required.
	DeviceName *string
	// Size is the volume's size in whole GiB, 1 to 65536, at least the snapshot's. Required.
	Size awscdk.Size
	// VolumeType. Default: GP3.
	VolumeType awsec2.EbsDeviceVolumeType
	// Iops is needed for IO1 and IO2 and possible for GP3. Default: the type's.
	Iops *float64
	// Throughput in MiB/s, GP3 only, 125 to 2000. Default: 125.
	Throughput *float64
	// Encrypted. Default: true.
	Encrypted *bool
	// KmsKey is a customer-managed key; the switcher's permission for it is put in this
	// stack. Default: the account's default key for EBS.
	KmsKey awskms.IKey
	// DeleteOnTermination. Default: true. A volume cannot follow its node to another
	// zone: shared data belongs in EFS.
	DeleteOnTermination *bool
}

// NodeFileSystem describes the EFS file system for a node's shared data: encrypted,
// a mount target in every zone, reachable through one access point, with TLS and
// the node's role only, from the node's own security group only.
//
// An identity policy alone can allow a mount too. The group keeps out other roles of the
// account that may mount any file system: do not put anything else into the node's group.
// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
type NodeFileSystem struct {
	// MountPath is where the default user data mounts it. Default: /data.
	MountPath *string
	// LogMountPath is where the place for recovery logs is mounted.
	// Default: /var/log/recovery.
	LogMountPath *string
	// PosixUser that all files belong to. A change replaces the access point, through which
	// the running instance has its data mounted: give ApplyChanges_AT_ONCE with it, so that
	// a planned switch mounts the new one before the old one is deleted.
	// Default: the client's own users.
	PosixUser *awsefs.PosixUser
	// EncryptionKey is a customer-managed KMS key. A change replaces the file system by an
	// empty one: copy the data, and give ApplyChanges_AT_ONCE with it, since the mount
	// targets of the old one are deleted while the running instance still uses them. The old
	// one itself is retained, unless RemovalPolicy says otherwise. Default: the AWS managed key of EFS.
	EncryptionKey awskms.IKey
	// RemovalPolicy says what becomes of the data with its stack. Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
	// BackupPlan is the AWS Backup plan that backs the file system up, instead of EFS's
	// automatic backups. The plan's vault and rules are its own.
	// https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
	// Default: EFS's automatic backups, daily and kept for 35 days.
	BackupPlan awsbackup.IBackupPlan
}
