package userdata

import (
	"fmt"

	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// metadata asks the instance metadata service, version 2.
const metadata = "http://169.254.169.254/latest/"

// MountCommands mount the file systems at each boot, for user data that is not generated.
//
// _netdev is essential, since a failed mount would otherwise hang the boot; noresvport
// lets the client reconnect
// (https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-general.html).
// az names the mount target of the own zone, of which the storage fence cuts the
// instance off (mount.efs(8)). An image made of another instance may bring that
// one's line, with its zone: it is written anew. An image's own gate is waited for
// here, and required by systemd at later boots.
func MountCommands(mounts []boot.Mount, gate bool) *[]*string {
	options := "_netdev,noresvport,tls,iam"
	commands := []string{
		"rpm -q amazon-efs-utils || dnf install -y amazon-efs-utils",
		"recovery_token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' " + metadata + "api/token)",
		`recovery_zone=$(curl -sSf -H "X-aws-ec2-metadata-token: $recovery_token" ` + metadata + "meta-data/placement/availability-zone)",
	}
	if gate {
		options += ",x-systemd.requires=" + boot.GateUnit
		commands = append(commands, "systemctl start "+boot.GateUnit+" || exit 1")
	}
	for _, m := range mounts {
		zone := ""
		if m.Data {
			zone = ",az=$recovery_zone"
		}
		commands = append(commands, fmt.Sprintf("mkdir -p %s", m.Path), fmt.Sprintf(`sed -i '\# %s efs #d' /etc/fstab`, m.Path),
			fmt.Sprintf(`echo "%s:/ %s efs %s%s,accesspoint=%s 0 0" >> /etc/fstab`, m.FileSystem, m.Path, options, zone, m.AccessPoint))
	}
	return jsii.Strings(append(commands, "mount -a -t efs")...)
}
