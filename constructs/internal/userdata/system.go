package userdata

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// A node runs Linux (docs/adr/0022-a-node-runs-linux.md): the generated user data is for
// bash, cloud-init and systemd, and EFS, where a node keeps its data, is not for Windows
// (https://docs.aws.amazon.com/efs/latest/ug/whatisefs.html).

const windowsHint = "a ClusterNode runs Linux, since it keeps its data in EFS, which Windows cannot mount, and is set up by cloud-init; " +
	"give a Linux image, or take over a running Windows instance by NewAdoptedNode, which puts nothing on it"

// RefuseOtherSystems refuses an image of Windows or of an unknown operating system.
func RefuseOtherSystems(at prop.Place, os awsec2.OperatingSystemType) {
	switch os {
	case awsec2.OperatingSystemType_LINUX:
	case awsec2.OperatingSystemType_WINDOWS:
		at.Fail("MachineImage is of Windows: %s", windowsHint)
	case awsec2.OperatingSystemType_UNKNOWN:
		at.Fail("the operating system of MachineImage is unknown, and a ClusterNode runs Linux: say awsec2.OperatingSystemType_LINUX where the image is named, if that is what it is")
	}
}

// windowsScript is how EC2Launch knows its user data:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
var windowsScript = regexp.MustCompile(`(?i)^\s*<(powershell|script|persist)>`)

// RefuseWindowsData refuses user data that cloud-init would not run.
func RefuseWindowsData(at prop.Place, data awsec2.UserData) {
	if data == nil {
		return
	}
	if _, multipart := data.(awsec2.MultipartUserData); multipart {
		return
	}
	if windowsScript.MatchString(*data.Render()) {
		at.Fail("UserData is a script for Windows: %s", windowsHint)
	}
}
