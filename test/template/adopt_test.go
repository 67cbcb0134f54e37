package template

import (
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

const running = "i-0123456789abcdef0"

// adopt takes an instance over; what is left out is filled in.
func (b base) adopt(id string, props recovery.AdoptedNodeProps) recovery.ClusterNode {
	if props.Switcher == nil {
		props.Switcher = b.switcher
	}
	if props.NodeId == nil {
		props.NodeId = jsii.Number(7)
	}
	if props.InstanceId == nil {
		props.InstanceId = jsii.String(running)
	}
	return recovery.NewAdoptedNode(b.stack, jsii.String(id), &props)
}

// TestAdoptedNode: an adopted node is its custom resource and the permissions for
// exactly what is its own; nothing is made that a running instance would not use.
func TestAdoptedNode(t *testing.T) {
	b := newBase(t)
	node := b.adopt("Old", recovery.AdoptedNodeProps{
		Network:        &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("tg")), Port: jsii.Number(81)}}, Zones: jsii.Strings("us-east-1c")},
		Role:           awsiam.Role_FromRoleArn(b.stack, jsii.String("Theirs"), jsii.String("arn:aws:iam::111122223333:role/theirs"), nil),
		VolumeKeys:     &[]awskms.IKey{awskms.Key_FromKeyArn(b.stack, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/k"))},
		DataFileSystem: fileSystem(b), Fence: &recovery.NodeFence{Escalation: recovery.FenceEscalation_STORAGE, AllowTerminate: jsii.Bool(true), AcceptForcedStop: jsii.Bool(true)},
		InstanceTypes: &[]awsec2.InstanceType{awsec2.NewInstanceType(jsii.String("m7i.large")), awsec2.NewInstanceType(jsii.String("m6i.large"))},
		Recovery:      &recovery.NodeRecovery{Priority: jsii.Number(3), RestartOriginal: jsii.Bool(true), AwaitAutoRecovery: awscdk.Duration_Minutes(jsii.Number(10))}, Gate: jsii.Bool(true), Deployment: &recovery.NodeDeployment{DrainTime: awscdk.Duration_Seconds(jsii.Number(0)), StopTime: awscdk.Duration_Minutes(jsii.Number(3))},
	})
	recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	d := synth(t, b.stack)
	if diff := cmp.Diff(map[string]int{"Custom::RecoveryNode": 1, "AWS::CloudWatch::Alarm": 2, "AWS::IAM::Policy": 6}, d.counts()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	r := d.one(t, contract.NodeResourceType, "Old")
	got, err := contract.ParseNode([]byte(text(t, flat(r.Properties))))
	if err != nil {
		t.Fatal(err)
	}
	want := contract.Settings{
		ID: 7, Name: "node-7", Adopt: running, Retain: true, Drain: 0, Stop: 180, AwaitRecovery: 600,
		Zones: []string{"us-east-1c"}, Groups: []contract.GroupSetting{{ARN: targetGroup("tg"), Port: 81}}, Alarms: []string{"test.node-7.application", "test.node-7.instance"},
		Priority: 3, AcceptForcedStop: true, AllowTerminateFence: true, Gate: true, Types: []string{"m7i.large", "m6i.large"}, RestartOriginal: true, Escalation: contract.EscalateStorage, FileSystem: "fs-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	// CloudFormation may only ask the switcher when it is allowed what it will do, and
	// may take that away only after the node is released.
	if len(r.DependsOn) != 6 {
		t.Errorf("waits for %v, wanted the six policies", r.DependsOn)
	}
	for _, id := range d.ids("AWS::IAM::Policy") {
		role := unhashed(at(t, flat(d.Resources[id].Properties), "Roles", 0))
		if role != "${import Vpc:ExportsOutputRefSwitcherRole}" {
			t.Errorf("%s belongs to %v", id, role)
		}
	}
}

func fileSystem(b base) awsefs.IFileSystem {
	return awsefs.FileSystem_FromFileSystemAttributes(b.stack, jsii.String("Fs"), &awsefs.FileSystemAttributes{
		FileSystemId: jsii.String("fs-1"), SecurityGroup: awsec2.SecurityGroup_FromSecurityGroupId(b.stack, jsii.String("FsGroup"), jsii.String("sg-fs"), nil),
	})
}

// TestAdoptPermissions: before adoption the instance carries no tag that the
// switcher's permissions rest on. Exactly it may be tagged, only as this switcher's,
// and not if it is another's; at the end exactly the node's own tags may go.
func TestAdoptPermissions(t *testing.T) {
	b := newBase(t)
	b.adopt("Old", recovery.AdoptedNodeProps{DataFileSystem: fileSystem(b)})
	d := synth(t, b.stack)
	keys := []any{"fujitsu.pclswr.id", "fujitsu.swr.is_recovery_target", "recovery:switcher", "recovery:condemned", "recovery:epoch", "recovery:gate"}
	for policy, want := range map[string]map[string]statement{
		"OldAdopt": {"ReadInstance": {"ec2:DescribeInstanceAttribute", fmt.Sprintf(arn, "ec2", "instance/"+running), nil}, "AdoptInstance": {"ec2:CreateTags", fmt.Sprintf(arn, "ec2", "instance/"+running), map[string]any{
			"StringEquals":              map[string]any{"aws:RequestTag/recovery:switcher": "test"},
			"StringEqualsIfExists":      map[string]any{"aws:ResourceTag/recovery:switcher": "test"},
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": keys},
		}}},
		"OldRelease": {"ReleaseInstance": {"ec2:DeleteTags", fmt.Sprintf(arn, "ec2", "instance/*"), map[string]any{
			"StringEquals":              map[string]any{"aws:ResourceTag/recovery:switcher": "test", "aws:ResourceTag/fujitsu.pclswr.id": "7"},
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": keys},
			"Null":                      map[string]any{"aws:TagKeys": "false"},
		}}},
		"OldCutOff": {"CutOffOwnStorage": {[]any{
			"elasticfilesystem:CreateMountTarget", "elasticfilesystem:DeleteMountTarget",
			"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
		}, fmt.Sprintf(arn, "elasticfilesystem", "file-system/fs-1"), nil}},
	} {
		if diff := cmp.Diff(want, statements(t, d, policy)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", policy, diff)
		}
	}
}

// TestAdoptedNodeHasNothingOfItsOwn: the getters of what it does not have are nil, and
// what cannot be granted is refused rather than lost.
func TestAdoptedNodeHasNothingOfItsOwn(t *testing.T) {
	b := newBase(t)
	n := b.adopt("Old", recovery.AdoptedNodeProps{Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_DESTROY}})
	if n.LaunchTemplate() != nil || n.SecurityGroup() != nil || n.UserData() != nil || n.LoadBalancer() != nil || n.Role() != nil ||
		n.DataFileSystem() != nil || n.DataAccessPoint() != nil || n.LogAccessPoint() != nil || len(*n.MountCommands()) != 0 || len(*n.TargetGroupArns()) != 0 {
		t.Error("an adopted node shows something that it does not have")
	}
	d := synth(t, b.stack)
	if got := at(t, d.one(t, contract.NodeResourceType, "Old").Properties, "OnDelete"); got != "terminate" {
		t.Errorf("OnDelete is %v", got)
	}
	// An adoption that does not work out takes the tags off again.
	if ids := d.ids("AWS::IAM::Policy"); len(ids) != 2 || len(statements(t, d, "OldRelease")) != 1 {
		t.Errorf("policies %v, wanted those of the adoption and of the release", ids)
	}
	refused(t, func() { awss3.NewBucket(b.stack, jsii.String("Bucket"), nil).GrantRead(n, nil) }, "Nodes/Old")
}

func TestAdoptErrors(t *testing.T) {
	kinds := func(names ...string) *[]awsec2.InstanceType {
		var out []awsec2.InstanceType
		for _, n := range names {
			out = append(out, awsec2.NewInstanceType(jsii.String(n)))
		}
		return &out
	}
	for _, c := range []fault[recovery.AdoptedNodeProps]{
		{"no instance", recovery.AdoptedNodeProps{InstanceId: jsii.String("node-1")}, []string{`Nodes/Old: InstanceId is "node-1"`, "i-0123456789abcdef0"}},
		{"no file system", recovery.AdoptedNodeProps{Fence: &recovery.NodeFence{Escalation: recovery.FenceEscalation_STORAGE}}, []string{"DataFileSystem is missing", "FenceEscalation_HOLD"}},
		{"two processors", recovery.AdoptedNodeProps{InstanceTypes: kinds("m7g.large", "m7i.large")}, []string{`InstanceTypes[1] is "m7i.large"`, `"m7g.large" has arm64`}},
		{"no groups", recovery.AdoptedNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{}}}, []string{"TargetGroups is empty"}},
		{"snapshot at the end", recovery.AdoptedNodeProps{Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_SNAPSHOT}}, []string{`OnDelete is "SNAPSHOT"`, "RemovalPolicy_RETAIN", "leave it out for RemovalPolicy_RETAIN"}},
		{"half a minute", recovery.AdoptedNodeProps{Recovery: &recovery.NodeRecovery{AwaitAutoRecovery: awscdk.Duration_Seconds(jsii.Number(30))}}, []string{"AwaitAutoRecovery is 30 s", "60 to 3600"}},
		{"a key is missing", recovery.AdoptedNodeProps{VolumeKeys: &[]awskms.IKey{nil}}, []string{"VolumeKeys[0] is nil"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.adopt("Old", c.props) }, c.texts...)
		})
	}
	t.Run("twice", func(t *testing.T) {
		b := newBase(t)
		b.adopt("Old", recovery.AdoptedNodeProps{})
		refused(t, func() { b.adopt("New", recovery.AdoptedNodeProps{NodeId: jsii.Number(8)}) }, "instance "+running+" is already used by Nodes/Old")
	})
	t.Run("nothing", func(t *testing.T) {
		b := newBase(t)
		refused(t, func() { recovery.NewAdoptedNode(b.stack, jsii.String("Old"), nil) }, "props is missing", "InstanceId")
		refused(t, func() {
			recovery.NewAdoptedNode(b.stack, jsii.String("Old"), &recovery.AdoptedNodeProps{Switcher: b.switcher, NodeId: jsii.Number(1)})
		}, "InstanceId is missing")
	})
}
