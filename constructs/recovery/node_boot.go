package recovery

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/userdata"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// planBoot decides whether the user data is generated, and with what. Nil n.boot means
// that the image, or the user's own user data, does everything.
func (n *clusterNode) planBoot(at prop.Place, props *ClusterNodeProps) {
	userdata.RefuseWindowsData(at, props.UserData)
	gate := prop.Or(props.Gate, false)
	n.imageGate = prop.Or(props.Boot.ImageHasGate, false)
	generate := props.UserData == nil || props.Application != nil || gate && !n.imageGate || props.Boot.PrepareCommands != nil
	if generate = prop.Or(props.Boot.GenerateUserData, generate); !generate {
		n.checkGate(at, gate)
		for name, given := range map[string]bool{
			"Application": props.Application != nil, "Boot.PrepareCommands": props.Boot.PrepareCommands != nil, "Boot.GateTime": props.Boot.GateTime != nil,
		} {
			if given {
				at.Fail("%s is given and Boot.GenerateUserData is false: nothing would write it to the instance; leave one of them out", name)
			}
		}
		return
	}
	if _, multipart := props.UserData.(awsec2.MultipartUserData); multipart {
		at.Fail("UserData is a multipart one, and Boot.GenerateUserData makes another around it: give one part as UserData, such as awsec2.UserData_ForLinux, or set Boot.GenerateUserData to false")
	}
	if n.imageGate {
		at.Fail("Boot.ImageHasGate is true, and the generated user data has the gate (or needs none): set Boot.GenerateUserData to false, or leave Boot.ImageHasGate out")
	}
	if props.Boot.GateTime != nil && !gate {
		at.Fail("Boot.GateTime is given and Gate is not true: there is no gate to give up; leave it out or set Gate")
	}
	fence := contract.DefaultPolicy().FenceSeconds
	if s, ok := wrapped.Find[*switcher](n.switcher); ok {
		fence = s.policy.FenceSeconds
	}
	n.boot = &boot.Plan{
		Gate: gate, GateSeconds: at.Between("Boot.GateTime", props.Boot.GateTime, max(3600, 2*fence), 60, 172800),
		Commands: strings.Join(at.Texts("Boot.PrepareCommands", props.Boot.PrepareCommands), "\n"), Application: props.Application.plan(at),
	}
	if n.boot.Commands != "" {
		n.boot.Commands = "set -e\n" + n.boot.Commands
	}
	if gate && n.boot.GateSeconds <= fence {
		at.Fail("Boot.GateTime is %d s: it must be longer than the switcher's Policy.FenceTime, %d s, or a replacement would give up while its predecessor is being stopped; correct one of them",
			n.boot.GateSeconds, fence)
	}
}

// makeUserData puts the user's own user data between the generated parts, or keeps it
// alone.
func (n *clusterNode) makeUserData(at prop.Place, props *ClusterNodeProps) {
	own := props.UserData
	if n.boot == nil {
		if n.userData = own; own == nil {
			n.userData = awsec2.UserData_ForLinux(nil)
		}
		return
	}
	n.boot.Mounts = n.bootMounts()
	n.makeLogs(at, props.Application)
	at.FailOn(n.boot.Validate())
	n.userData, n.mounts = userdata.Assemble(n, n.boot, own), true
}

// checkGate refuses a gate that nobody runs.
func (n *clusterNode) checkGate(at prop.Place, gate bool) {
	switch {
	case gate && !n.imageGate:
		at.Fail("Gate is true and Boot.GenerateUserData is false: nothing would keep the instance from mounting before its grant (tag %s); "+
			"leave Boot.GenerateUserData out, or declare by Boot.ImageHasGate that the image or UserData runs the gate", contract.GateTag)
	case n.imageGate && !gate:
		at.Fail("Boot.ImageHasGate is true and Gate is not: the switcher would never open the image's gate; set Gate too")
	}
}
