package recovery

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// planBoot decides whether the user data is generated, and with what. Nil n.boot means
// that the image, or the user's own user data, does everything.
func (n *clusterNode) planBoot(at place, props *ClusterNodeProps) {
	refuseWindowsData(at, props.UserData)
	gate := or(props.Gate, false)
	n.imageGate = or(props.ImageHasGate, false)
	generate := props.UserData == nil || props.Application != nil || gate && !n.imageGate || props.PrepareCommands != nil
	if generate = or(props.GenerateUserData, generate); !generate {
		n.checkGate(at, gate)
		for name, given := range map[string]bool{
			"Application": props.Application != nil, "PrepareCommands": props.PrepareCommands != nil, "GateTime": props.GateTime != nil,
		} {
			if given {
				at.fail("%s is given and GenerateUserData is false: nothing would write it to the instance; leave one of them out", name)
			}
		}
		return
	}
	if _, multipart := props.UserData.(awsec2.MultipartUserData); multipart {
		at.fail("UserData is a multipart one, and GenerateUserData makes another around it: give one part as UserData, such as awsec2.UserData_ForLinux, or set GenerateUserData to false")
	}
	if n.imageGate {
		at.fail("ImageHasGate is true, and the generated user data has the gate (or needs none): set GenerateUserData to false, or leave ImageHasGate out")
	}
	if props.GateTime != nil && !gate {
		at.fail("GateTime is given and Gate is not true: there is no gate to give up; leave it out or set Gate")
	}
	fence := contract.DefaultPolicy().FenceSeconds
	if s, ok := n.switcher.(*switcher); ok {
		fence = s.policy.FenceSeconds
	}
	n.boot = &boot.Plan{
		Gate: gate, GateSeconds: at.between("GateTime", props.GateTime, max(3600, 2*fence), 60, 172800),
		Commands: strings.Join(at.texts("PrepareCommands", props.PrepareCommands), "\n"), Application: props.Application.plan(at),
	}
	if n.boot.Commands != "" {
		n.boot.Commands = "set -e\n" + n.boot.Commands
	}
	if gate && n.boot.GateSeconds <= fence {
		at.fail("GateTime is %d s: it must be longer than the switcher's Policy.FenceTime, %d s, or a replacement would give up while its predecessor is being stopped; correct one of them",
			n.boot.GateSeconds, fence)
	}
}

// agent is the CloudWatch agent of the plan, made when it is first needed.
func (n *clusterNode) agent() *boot.Agent {
	if n.boot.Agent == nil {
		n.boot.Agent = &boot.Agent{Node: strconv.Itoa(n.id)}
	}
	return n.boot.Agent
}

// makeUserData puts the user's own user data between the generated parts, or keeps it
// alone.
func (n *clusterNode) makeUserData(at place, props *ClusterNodeProps) {
	own := props.UserData
	if n.boot == nil {
		if n.userData = own; own == nil {
			n.userData = awsec2.UserData_ForLinux(nil)
		}
		return
	}
	n.boot.Mounts = []boot.Mount{
		{FileSystem: *n.data.FileSystemId(), AccessPoint: *n.dataPoint.AccessPointId(), Path: n.paths[0], Data: true},
		{FileSystem: *n.switcher.Vpc().LogFileSystem().FileSystemId(), AccessPoint: *n.logPoint.AccessPointId(), Path: n.paths[1]},
	}
	n.makeLogs(at, props.Application)
	at.failOn(n.boot.Validate())
	// What cloud-init finds out by the first line, it finds out as if it were alone.
	kind := "text/plain; charset=\"utf-8\""
	if own == nil {
		own = awsec2.UserData_ForLinux(nil)
	}
	parts := awsec2.NewMultipartUserData(nil)
	parts.AddPart(part("text/cloud-boothook", awscdk.Lazy_String(&hook{plan: n.boot}, nil)))
	parts.AddPart(part("text/x-shellscript", jsii.String(boot.Prepare)))
	parts.AddUserDataPart(own, jsii.String(kind), jsii.Bool(true))
	parts.AddPart(part("text/x-shellscript", jsii.String(boot.Start)))
	n.userData, n.mounts = parts, true
	n.Node().AddValidation(&sizeCheck{node: n})
}

func part(kind string, body *string) awsec2.MultipartBody {
	return awsec2.MultipartBody_FromRawBody(&awsec2.MultipartBodyOptions{ContentType: jsii.String(kind + "; charset=\"utf-8\""), Body: body})
}

// hook produces the boothook when the plan is final: a ResourceMonitor, made after
// the node, adds to it.
type hook struct{ plan *boot.Plan }

// Produce is called at synthesis.
func (h *hook) Produce() *string { return jsii.String(h.plan.Hook()) }

// sizeCheck refuses, at synthesis, user data that EC2 would refuse at the launch.
type sizeCheck struct{ node *clusterNode }

// tokenSize is more than any id that CloudFormation fills in later has.
const tokenSize = 32

// Validate is called by AWS CDK when the user data is complete.
func (c *sizeCheck) Validate() *[]*string {
	size := measure(awscdk.Stack_Of(c.node).Resolve(c.node.userData.Render()))
	if size <= boot.Limit {
		return jsii.Strings()
	}
	return jsii.Strings(fmt.Sprintf("the user data has about %d bytes, of which %d are generated, and EC2 allows %d: "+
		"put what UserData, PrepareCommands, FaultScript and Check do into the image or a file in S3, or set GenerateUserData to false and build all of it into the image",
		size, len(c.node.boot.Hook()), boot.Limit))
}

// measure is the length of a resolved text whose functions are not evaluated yet.
func measure(v any) int {
	switch x := v.(type) {
	case string:
		return len(x)
	case map[string]any:
		if inner, ok := x["Fn::Base64"]; ok { // the user's own part
			return (measure(inner) + 2) / 3 * 4
		}
		if join, ok := x["Fn::Join"].([]any); ok {
			size := 0
			for _, e := range join[1].([]any) {
				size += measure(e)
			}
			return size
		}
	}
	return tokenSize
}

// checkGate refuses a gate that nobody runs.
func (n *clusterNode) checkGate(at place, gate bool) {
	switch {
	case gate && !n.imageGate:
		at.fail("Gate is true and GenerateUserData is false: nobody would keep the instance from mounting before its grant (tag %s); "+
			"leave GenerateUserData out, or declare by ImageHasGate that the image or UserData runs the gate", contract.GateTag)
	case n.imageGate && !gate:
		at.fail("ImageHasGate is true and Gate is not: the switcher would never open the image's gate; set Gate too")
	}
}
