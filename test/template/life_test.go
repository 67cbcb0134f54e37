package template

import (
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(n)) }

func TestLifeErrors(t *testing.T) {
	seconds := func(n float64) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(n)) }
	for _, c := range []fault[recovery.ClusterNodeProps]{
		{"unknown time of changes", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{ApplyChanges: "now"}}, []string{`Nodes/Node: Deployment.ApplyChanges is "now"`, `"next-switch" and "at-once"`, `leave it out for "next-switch"`}},
		{"unknown end", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_SNAPSHOT}}, []string{`OnDelete is "SNAPSHOT"`, "RemovalPolicy_DESTROY and RemovalPolicy_RETAIN"}},
		{"long drain", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{DrainTime: minutes(61)}}, []string{"DrainTime is 3660", "0 to 3600", "leave it out for 60"}},
		{"long stop", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{StopTime: minutes(11)}}, []string{"StopTime is 660", "0 to 600", "leave it out for 120"}},
		{"part of a second", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{StopTime: awscdk.Duration_Millis(jsii.Number(1500))}}, []string{"StopTime is 1.5 s", "whole seconds"}},
		{"hasty recovery", recovery.ClusterNodeProps{Recovery: &recovery.NodeRecovery{AwaitAutoRecovery: seconds(59)}}, []string{"AwaitAutoRecovery is 59", "60 to 3600"}},
		{
			"no time to go back",
			recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{ApplyChanges: recovery.ApplyChanges_AT_ONCE, DrainTime: minutes(20), StopTime: minutes(5)}},
			[]string{"DrainTime and Deployment.StopTime are 1500 s together", "Policy.DeployTime", "lengthen DeployTime"},
		},
		{
			"data goes, instance stays",
			recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_RETAIN}, Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{RemovalPolicy: awscdk.RemovalPolicy_DESTROY}}},
			[]string{`Storage.Data.RemovalPolicy is "DESTROY"`, "would lose its data", "let them agree"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.node("Node", c.props) }, c.texts...)
		})
	}
}

// TestAwaitAutoRecovery: one healer at a time.
func TestAwaitAutoRecovery(t *testing.T) {
	for want, await := range map[string]awscdk.Duration{"disabled": nil, "default": minutes(5)} {
		b := newBase(t)
		b.node("Node", recovery.ClusterNodeProps{Recovery: &recovery.NodeRecovery{AwaitAutoRecovery: await}})
		d := synth(t, b.stack)
		got := at(t, d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties, "LaunchTemplateData", "MaintenanceOptions", "AutoRecovery")
		waits := at(t, d.one(t, "Custom::RecoveryNode", "Node").Properties, "AwaitRecoverySeconds")
		if got != want || (waits == "300") != (want == "default") {
			t.Errorf("automatic recovery is %v and the switcher waits %v s, wanted %s", got, waits, want)
		}
	}
}

// TestRetained: what a retained instance uses stays when its stack goes, grants that
// were made later included; what serves the switcher or the load balancer goes.
func TestRetained(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{OnDelete: awscdk.RemovalPolicy_RETAIN}})
	awss3.NewBucket(b.stack, jsii.String("Bucket"), nil).GrantRead(node, nil)
	d := synth(t, b.stack)
	kept := map[string]int{}
	var gone []string
	for id, r := range d.Resources {
		if r.DeletionPolicy == "Retain" && id[:4] == "Node" {
			kept[r.Type]++
			if r.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s is kept at deletion and lost at replacement", id)
			}
		} else if id[:4] == "Node" {
			gone = append(gone, short(id))
		}
	}
	want := map[string]int{
		"AWS::EC2::SecurityGroup":        2, // node, mount targets
		"AWS::EC2::SecurityGroupIngress": 2, // to data and logs
		"AWS::EFS::FileSystem":           1, "AWS::EFS::MountTarget": 3, "AWS::EFS::AccessPoint": 2,
		"AWS::IAM::Role": 1, "AWS::IAM::InstanceProfile": 1, "AWS::IAM::Policy": 2, // files, the grant
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	slices.Sort(gone)
	if diff := cmp.Diff([]string{
		"Node", "NodeBalancerGroup", "NodeBalancerGrouptoNodesNodeGroupE1F4BE6380", "NodeGroupfromNodesNodeBalancerGroup969B5EE080",
		"NodeLoadBalancer", "NodeLoadBalancerListener", "NodeRelease", "NodeTargets", "NodeTemplate",
	}, gone); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
	if _, ok := statements(t, d, "NodeRelease")["ReleaseInstance"]; !ok {
		t.Error("the switcher may not take its tags off the retained instance")
	}
}

// TestBackupPlan: the owner's plan takes the place of EFS's automatic backups, and
// its stack does not know the node.
func TestBackupPlan(t *testing.T) {
	b := newBase(t)
	vault := awscdk.NewStack(b.app, jsii.String("Vault"), nil)
	plan := awsbackup.BackupPlan_DailyWeeklyMonthly5YearRetention(vault, jsii.String("Plan"), nil)
	b.node("Planned", recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{BackupPlan: plan}}})
	b.node("Automatic", recovery.ClusterNodeProps{NodeId: jsii.Number(8)})
	addNag(b.app)
	notes := assertions.Annotations_FromStack(b.stack)
	notes.HasNoError(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String(".*AwsSolutions-IAM4.*")))
	d := synth(t, b.stack)
	policy := func(prefix string) string {
		return text(t, d.one(t, "AWS::EFS::FileSystem", prefix).Properties["BackupPolicy"])
	}
	if p, a := policy("Planned"), policy("Automatic"); p != "null" || a != `{"Status":"ENABLED"}` {
		t.Errorf("automatic backups: planned %v, automatic %v", p, a)
	}
	s := flat(d.one(t, "AWS::Backup::BackupSelection", "Planned").Properties)
	if got := at(t, s, "BackupSelection", "Resources", 0); got != "${PlannedData.Arn}" && got != "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${PlannedData}" {
		t.Errorf("backed up is %v", got)
	}
	if got := at(t, s, "BackupPlanId"); unhashed(got) == got {
		t.Errorf("the plan is %v, wanted that of the other stack", got)
	}
}
