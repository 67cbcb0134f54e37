package template

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// TestOtherSystems: a node runs Linux; all ways to say that it does not are refused, also
// where the user data is the user's own. What an adopted instance runs is its own.
func TestOtherSystems(t *testing.T) {
	windows := awsec2.MachineImage_LatestWindows(awsec2.WindowsVersion_WINDOWS_SERVER_2022_ENGLISH_FULL_BASE, nil)
	named := func(os awsec2.OperatingSystemType) awsec2.IMachineImage {
		return awsec2.MachineImage_FromSsmParameter(jsii.String("/image"), &awsec2.SsmParameterImageOptions{Os: os})
	}
	ami := map[string]*string{"us-east-1": jsii.String("ami-0123456789abcdef0")}
	own := awsec2.UserData_ForLinux(nil)
	image := []string{"Nodes/Node: MachineImage is of Windows", "Linux", "EFS", "NewAdoptedNode"}
	script := []string{"Nodes/Node: UserData is a script for Windows", "NewAdoptedNode"}
	for _, c := range []fault[recovery.ClusterNodeProps]{
		{"the latest Windows", recovery.ClusterNodeProps{MachineImage: windows}, image},
		{"Windows by AMI", recovery.ClusterNodeProps{MachineImage: awsec2.MachineImage_GenericWindows(&ami, nil)}, image},
		{"Windows by parameter", recovery.ClusterNodeProps{MachineImage: named(awsec2.OperatingSystemType_WINDOWS)}, image},
		{"nothing generated", recovery.ClusterNodeProps{MachineImage: windows, UserData: own, Boot: &recovery.NodeBoot{GenerateUserData: jsii.Bool(false)}}, image},
		{"PowerShell", recovery.ClusterNodeProps{UserData: awsec2.UserData_ForWindows(nil)}, script},
		{"PowerShell, nothing generated", recovery.ClusterNodeProps{UserData: awsec2.UserData_ForWindows(nil), Boot: &recovery.NodeBoot{GenerateUserData: jsii.Bool(false)}}, script},
		{"a batch file", recovery.ClusterNodeProps{UserData: awsec2.UserData_Custom(jsii.String("\n<script>dir</script>"))}, script},
		{"unknown", recovery.ClusterNodeProps{MachineImage: named(awsec2.OperatingSystemType_UNKNOWN)}, []string{"Nodes/Node: the operating system of MachineImage is unknown", "say awsec2.OperatingSystemType_LINUX"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.node("Node", c.props) }, c.texts...)
		})
	}
	b := newBase(t)
	b.node("Parameter", recovery.ClusterNodeProps{MachineImage: named(awsec2.OperatingSystemType_LINUX)})
	b.node("Ami", recovery.ClusterNodeProps{NodeId: jsii.Number(8), MachineImage: awsec2.MachineImage_GenericLinux(&ami, nil), UserData: own})
	recovery.NewAdoptedNode(b.stack, jsii.String("Adopted"), &recovery.AdoptedNodeProps{
		Switcher: b.switcher, NodeId: jsii.Number(9), InstanceId: jsii.String("i-0123456789abcdef0"),
	})
	if n := synth(t, b.stack).counts()["Custom::RecoveryNode"]; n != 3 {
		t.Errorf("%d nodes, want 3", n)
	}
}
