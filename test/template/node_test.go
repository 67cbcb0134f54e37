package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// base is a Region, a VPC and a stack for nodes.
type base struct {
	app      awscdk.App
	stack    awscdk.Stack
	switcher recovery.Switcher
}

func newBase(t *testing.T) base {
	t.Helper()
	app := newApp(t)
	vpc := awscdk.NewStack(app, jsii.String("Vpc"), nil)
	s := addSwitcher(vpc, recovery.SwitcherProps{Name: jsii.String("test")})
	return base{app: app, stack: awscdk.NewStack(app, jsii.String("Nodes"), nil), switcher: s}
}

// node adds a node; the props' Switcher and NodeId are filled in when left out.
func (b base) node(id string, props recovery.ClusterNodeProps) recovery.ClusterNode {
	if props.Switcher == nil {
		props.Switcher = b.switcher
	}
	if props.NodeId == nil {
		props.NodeId = jsii.Number(7)
	}
	return recovery.NewClusterNode(b.stack, jsii.String(id), &props)
}

// TestNodeProperties hands the synthesised properties to the switcher's own parser.
func TestNodeProperties(t *testing.T) {
	b := newBase(t)
	data := awsec2.UserData_ForLinux(nil)
	node := b.node("Node", recovery.ClusterNodeProps{
		NodeName: jsii.String("db"), Network: &recovery.NodeNetwork{Zones: jsii.Strings("us-east-1c", "us-east-1a"), TargetGroups: &[]*recovery.NodeTargetGroup{
			{TargetGroupArn: jsii.String(targetGroup("a"))}, {TargetGroupArn: jsii.String(targetGroup("b")), Port: jsii.Number(81)},
		}}, Recovery: &recovery.NodeRecovery{Priority: jsii.Number(900), RestartOriginal: jsii.Bool(true), AwaitAutoRecovery: awscdk.Duration_Minutes(jsii.Number(5))},
		Fence: &recovery.NodeFence{AcceptForcedStop: jsii.Bool(true), AllowTerminate: jsii.Bool(true), Escalation: recovery.FenceEscalation_STORAGE}, Deployment: &recovery.NodeDeployment{ServiceTimeout: awscdk.Duration_Hours(jsii.Number(1)), ApplyChanges: recovery.ApplyChanges_AT_ONCE, DrainTime: awscdk.Duration_Seconds(jsii.Number(45)), StopTime: awscdk.Duration_Seconds(jsii.Number(0)), OnDelete: awscdk.RemovalPolicy_RETAIN},
		Gate: jsii.Bool(true), UserData: data,
		InstanceTypes: &[]awsec2.InstanceType{awsec2.NewInstanceType(jsii.String("m7g.large")), awsec2.NewInstanceType(jsii.String("m6g.large"))},
	})
	recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	p := flat(synth(t, b.stack).one(t, contract.NodeResourceType, "Node").Properties)
	got, err := contract.ParseNode([]byte(text(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	want := contract.Settings{
		ID: 7, Name: "db", Template: contract.Template{ID: "${NodeTemplate}", Version: "${NodeTemplate.LatestVersionNumber}"},
		Zones: []string{"us-east-1c", "us-east-1a"}, Groups: []contract.GroupSetting{{ARN: targetGroup("a")}, {ARN: targetGroup("b"), Port: 81}},
		Alarms: []string{"test.node-7.application", "test.node-7.instance"}, Priority: 900, AcceptForcedStop: true, AllowTerminateFence: true,
		Gate: true, Types: []string{"m7g.large", "m6g.large"}, RestartOriginal: true, Escalation: contract.EscalateStorage, FileSystem: "${NodeData}",
		AtOnce: true, Drain: 45, Stop: 0, AwaitRecovery: 300, Retain: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if at(t, p, "ServiceTimeout") != "3600" {
		t.Errorf("ServiceTimeout %v", at(t, p, "ServiceTimeout"))
	}
}

// TestNodePropertiesByDefault: what is not declared is not allowed.
func TestNodePropertiesByDefault(t *testing.T) {
	for name, props := range map[string]recovery.ClusterNodeProps{
		"left out": {},
		"given": {
			Fence: &recovery.NodeFence{Escalation: recovery.FenceEscalation_HOLD}, Gate: jsii.Bool(false), Recovery: &recovery.NodeRecovery{RestartOriginal: jsii.Bool(false)}, InstanceTypes: &[]awsec2.InstanceType{},
			Deployment: &recovery.NodeDeployment{ApplyChanges: recovery.ApplyChanges_NEXT_SWITCH, OnDelete: awscdk.RemovalPolicy_DESTROY},
		},
	} {
		b := newBase(t)
		b.node("Node", props)
		got, err := contract.ParseNode([]byte(text(t, flat(synth(t, b.stack).one(t, contract.NodeResourceType, "Node").Properties))))
		if err != nil {
			t.Fatal(err)
		}
		if got.Gate || got.RestartOriginal || got.Escalation != "" || got.FileSystem != "${NodeData}" || got.Types != nil || got.AllowTerminateFence ||
			got.AtOnce || got.Retain || got.Drain != 60 || got.Stop != 120 || got.AwaitRecovery != 0 {
			t.Errorf("%s: settings %+v", name, got)
		}
	}
}

// TestNodeWaits: all that a running node needs exists before it and is deleted
// after it, whatever CloudFormation would do by references alone.
func TestNodeWaits(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	for _, name := range []string{"Database1", "Web2"} {
		kinds := map[string]int{}
		for _, id := range d.Resources[nodeID(t, d, name)].DependsOn {
			if !strings.HasPrefix(id, name) {
				t.Errorf("%s waits for %s, which is another's", name, id)
			}
			kinds[d.Resources[id].Type]++
		}
		want := map[string]int{
			"AWS::EC2::SecurityGroup":               2, // node, mount targets
			"AWS::EC2::SecurityGroupIngress":        3, // load balancer to node, node to data and logs
			"AWS::EFS::AccessPoint":                 2,
			"AWS::EFS::MountTarget":                 3,
			"AWS::ElasticLoadBalancingV2::Listener": 1, "AWS::ElasticLoadBalancingV2::LoadBalancer": 1,
			"AWS::IAM::InstanceProfile": 1, "AWS::IAM::Policy": 1, "AWS::IAM::Role": 1,
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("%s waits for (-want +got):\n%s", name, diff)
		}
	}
}

func nodeID(t *testing.T, d document, prefix string) string {
	t.Helper()
	return d.id(t, contract.NodeResourceType, prefix)
}

func TestNodeTags(t *testing.T) {
	b := newBase(t)
	awscdk.Tags_Of(b.app).Add(jsii.String("team"), jsii.String("blue"), nil)
	// Nobody's tag may take the place of the node's own.
	awscdk.Tags_Of(b.app).Add(jsii.String("fujitsu.pclswr.id"), jsii.String("99"), nil)
	b.node("Node", recovery.ClusterNodeProps{
		RecoveryTarget: jsii.Bool(false), Tags: &map[string]*string{"cost-center": jsii.String("42")},
	})
	specs := at(t, synth(t, b.stack).one(t, "AWS::EC2::LaunchTemplate", "Node").Properties, "LaunchTemplateData", "TagSpecifications").([]any)
	want := map[string]string{
		"fujitsu.pclswr.id": "7", "fujitsu.swr.is_recovery_target": "false", "recovery:switcher": "test",
		"Name": "node-7", "team": "blue", "cost-center": "42",
	}
	for i, kind := range []string{"instance", "volume"} {
		got := map[string]string{}
		for _, e := range at(t, specs, i, "Tags").([]any) {
			e := e.(map[string]any)
			got[fmt.Sprint(e["Key"])] = fmt.Sprint(e["Value"])
		}
		if diff := cmp.Diff(want, got); diff != "" || at(t, specs, i, "ResourceType") != kind {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestNodeTemplate sets everything that a replacement inherits.
func TestNodeTemplate(t *testing.T) {
	b := newBase(t)
	groups := make([]awsec2.ISecurityGroup, 0, 4)
	for i := range 4 {
		groups = append(groups, awsec2.SecurityGroup_FromSecurityGroupId(b.stack, jsii.String(fmt.Sprint("G", i)), jsii.String(fmt.Sprint("sg-", i)), nil))
	}
	key := awskms.Key_FromKeyArn(b.stack, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/k"))
	data := awsec2.UserData_Custom(jsii.String("mine"))
	b.node("Node", recovery.ClusterNodeProps{
		MachineImage: awsec2.MachineImage_FromSsmParameter(jsii.String("/mine"), nil),
		InstanceType: awsec2.NewInstanceType(jsii.String("m7i.large")), KeyPair: awsec2.KeyPair_FromKeyPairName(b.stack, jsii.String("Pair"), jsii.String("pair")),
		Network: &recovery.NodeNetwork{SecurityGroups: &groups}, UserData: data, Instance: &recovery.NodeInstance{MetadataHopLimit: jsii.Number(2), TerminationProtection: jsii.Bool(true), StopProtection: jsii.Bool(true), DetailedMonitoring: jsii.Bool(true), EbsOptimized: jsii.Bool(true), Tenancy: recovery.Tenancy_DEDICATED, PlacementGroup: awsec2.PlacementGroup_FromPlacementGroupName(b.stack, jsii.String("Spread"), jsii.String("spread")), CapacityReservation: recovery.CapacityReservation_NONE}, Storage: &recovery.NodeStorage{Volumes: &[]*recovery.NodeVolume{
			{DeviceName: jsii.String("/dev/sda1"), Size: awscdk.Size_Gibibytes(jsii.Number(9)), KmsKey: key, Throughput: jsii.Number(300), Iops: jsii.Number(4000)},
			{DeviceName: jsii.String("/dev/sdb"), Size: awscdk.Size_Gibibytes(jsii.Number(125)), Encrypted: jsii.Bool(false), DeleteOnTermination: jsii.Bool(false), VolumeType: awsec2.EbsDeviceVolumeType_ST1},
		}},
	})
	d := synth(t, b.stack)
	got := at(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData").(map[string]any)
	delete(got, "TagSpecifications")
	delete(got, "ImageId")
	want := map[string]any{
		"InstanceType": "m7i.large", "KeyName": "pair", "UserData": "mine", "IamInstanceProfile": map[string]any{"Arn": "${NodeProfile.Arn}"},
		"SecurityGroupIds": []any{"${NodeGroup.GroupId}", "sg-0", "sg-1", "sg-2", "sg-3"},
		"MetadataOptions": map[string]any{
			"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2.0, "InstanceMetadataTags": "enabled",
		},
		"MaintenanceOptions": map[string]any{"AutoRecovery": "disabled"}, "InstanceInitiatedShutdownBehavior": "stop",
		"DisableApiTermination": true, "DisableApiStop": true, "Monitoring": map[string]any{"Enabled": true}, "EbsOptimized": true,
		"Placement":                        map[string]any{"Tenancy": "dedicated", "GroupName": "spread"},
		"CapacityReservationSpecification": map[string]any{"CapacityReservationPreference": "none"},
		"BlockDeviceMappings": []any{
			map[string]any{"DeviceName": "/dev/sda1", "Ebs": map[string]any{
				"VolumeSize": 9.0, "VolumeType": "gp3", "Iops": 4000.0, "Throughput": 300.0, "Encrypted": true, "DeleteOnTermination": true,
				"KmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/k",
			}},
			map[string]any{"DeviceName": "/dev/sdb", "Ebs": map[string]any{
				"VolumeSize": 125.0, "VolumeType": "st1", "Encrypted": false, "DeleteOnTermination": false,
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("launch template (-want +got):\n%s", diff)
	}
	via := map[string]any{"kms:ViaService": "ec2.${AWS::Region}.amazonaws.com*"}
	wantKey := map[string]statement{
		"UseVolumeKey": {[]any{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"}, "arn:aws:kms:us-east-1:111122223333:key/k", map[string]any{"StringLike": via}},
		"GrantVolumeKey": {"kms:CreateGrant", "arn:aws:kms:us-east-1:111122223333:key/k", map[string]any{
			"StringLike": via, "Bool": map[string]any{"kms:GrantIsForAWSResource": "true"},
		}},
	}
	if diff := cmp.Diff(wantKey, statements(t, d, "NodeVolumeKey0")); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
}

func TestNodeBalancers(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	lb := func(prefix string) map[string]any {
		return flat(d.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", prefix).Properties).(map[string]any)
	}
	nlb, alb := lb("Database1"), lb("Web2")
	if nlb["Type"] != "network" || nlb["Scheme"] != "internal" || alb["Type"] != "application" || alb["Scheme"] != "internal" {
		t.Errorf("kinds: %v %v, %v %v", nlb["Type"], nlb["Scheme"], alb["Type"], alb["Scheme"])
	}
	if !strings.Contains(text(t, nlb["LoadBalancerAttributes"]), `{"Key":"load_balancing.cross_zone.enabled","Value":"true"}`) {
		t.Errorf("cross-zone is off: %v", nlb["LoadBalancerAttributes"])
	}
	for _, p := range []map[string]any{nlb, alb} {
		if n := len(p["Subnets"].([]any)); n != 3 {
			t.Errorf("%v in %d zones", p["Type"], n)
		}
	}
	for prefix, want := range map[string]map[string]any{
		"Database1": {"Protocol": "TCP", "Port": 5432.0, "HealthCheckProtocol": "TCP", "HealthCheckPath": nil},
		"Web2":      {"Protocol": "HTTP", "Port": 8080.0, "HealthCheckProtocol": "HTTP", "HealthCheckPath": "/health"},
	} {
		p := flat(d.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", prefix).Properties).(map[string]any)
		want["TargetType"], want["Targets"] = "instance", nil
		want["HealthCheckIntervalSeconds"], want["HealthCheckTimeoutSeconds"] = 5.0, 4.0
		want["HealthyThresholdCount"], want["UnhealthyThresholdCount"] = 2.0, 2.0
		// The switcher's permission to move targets rests on this tag.
		want["Tags"] = []any{map[string]any{"Key": "recovery:switcher", "Value": "example"}}
		for name, v := range want {
			if diff := cmp.Diff(v, p[name]); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", prefix, name, diff)
			}
		}
	}
}

// TestNodeFiles: data is encrypted, in every zone, kept, and only the node's role
// and group get at it.
func TestNodeFiles(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	fs := d.one(t, "AWS::EFS::FileSystem", "Database1Data")
	if fs.Properties["Encrypted"] != true || fs.DeletionPolicy != "Retain" || fs.UpdateReplacePolicy != "Retain" {
		t.Errorf("encrypted %v, deletion %s, replacement %s", fs.Properties["Encrypted"], fs.DeletionPolicy, fs.UpdateReplacePolicy)
	}
	// The switcher's permission to cut the node off from it rests on this tag.
	if tags := text(t, fs.Properties["FileSystemTags"]); !strings.Contains(tags, `{"Key":"recovery:switcher","Value":"example"}`) {
		t.Errorf("tags %s", tags)
	}
	policy := at(t, flat(fs.Properties), "FileSystemPolicy", "Statement").([]any)
	allowed := policy[len(policy)-1]
	want := map[string]any{
		"Sid": "Node", "Effect": "Allow", "Principal": map[string]any{"AWS": "${Database1Role.Arn}"},
		"Action":    []any{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"},
		"Condition": map[string]any{"Bool": map[string]any{"elasticfilesystem:AccessedViaMountTarget": "true"}},
	}
	if diff := cmp.Diff(want, allowed); diff != "" || len(policy) != 3 {
		t.Errorf("of %d statements the last (-want +got):\n%s", len(policy), diff)
	}
	places := map[any]bool{}
	for _, id := range d.ids("AWS::EFS::MountTarget") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		if p["FileSystemId"] == "${Database1Data}" {
			places[p["SubnetId"]] = true
			if diff := cmp.Diff([]any{"${Database1DataGroup.GroupId}"}, p["SecurityGroups"]); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		}
	}
	if len(places) != 3 {
		t.Errorf("mount targets in %d subnets", len(places))
	}
	// The whole of who gets to the NFS port of any file system.
	got := map[string]string{}
	for _, id := range d.ids("AWS::EC2::SecurityGroupIngress") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		if p["FromPort"] == 2049.0 {
			got[short(id)] = trimHash(fmt.Sprintf("%v -> %v", p["SourceSecurityGroupId"], p["GroupId"]))
		}
	}
	wantRules := map[string]string{
		"Database1DataAccess": "${Database1Group.GroupId} -> ${Database1DataGroup.GroupId}",
		"Database1LogAccess":  "${Database1Group.GroupId} -> ${import RecoveryVpc:ExportsOutputFnGetAttVpcLogsGroupGroupId}",
		"Web2DataAccess":      "${Web2Group.GroupId} -> ${Web2DataGroup.GroupId}",
		"Web2LogAccess":       "${Web2Group.GroupId} -> ${import RecoveryVpc:ExportsOutputFnGetAttVpcLogsGroupGroupId}",
	}
	if diff := cmp.Diff(wantRules, got); diff != "" {
		t.Errorf("who reaches mount targets (-want +got):\n%s", diff)
	}
}

// TestForeignThings: what belongs to others is allowed in this stack, not in the
// switcher's.
func TestForeignThings(t *testing.T) {
	c := newBase(t)
	role := awsiam.Role_FromRoleArn(c.stack, jsii.String("Theirs"), jsii.String("arn:aws:iam::111122223333:role/theirs"), nil)
	c.node("Node", recovery.ClusterNodeProps{
		Role: role, Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String("arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/t/1")}}},
	})
	d := synth(t, c.stack)
	pass := statements(t, d, "NodePassRole")["PassForeignRole"]
	want := statement{
		"iam:PassRole", "arn:aws:iam::111122223333:role/theirs",
		map[string]any{"StringEquals": map[string]any{"iam:PassedToService": []any{"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}}},
	}
	if diff := cmp.Diff(want, pass); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}
	move := statements(t, d, "NodeMoveTargets")["MoveExistingTargets"]
	wantMove := statement{[]any{"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"}, "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/t/1", nil}
	if diff := cmp.Diff(wantMove, move); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	for _, prefix := range []string{"NodePassRole", "NodeMoveTargets"} {
		roles := flat(d.one(t, "AWS::IAM::Policy", prefix).Properties["Roles"])
		if diff := cmp.Diff([]any{"${import Vpc:ExportsOutputRefSwitcherRole}"}, []any{trimHash(fmt.Sprint(at(t, roles, 0)))}); diff != "" {
			t.Errorf("%s is attached to (-want +got):\n%s", prefix, diff)
		}
		if !strings.Contains(fmt.Sprint(d.Resources[nodeID(t, d, "Node")].DependsOn), d.id(t, "AWS::IAM::Policy", prefix)) {
			t.Errorf("the node does not wait for %s", prefix)
		}
	}
	if ids := append(d.ids("AWS::IAM::Role"), d.ids("AWS::ElasticLoadBalancingV2::LoadBalancer")...); len(ids) > 0 {
		t.Errorf("made although given: %q", ids)
	}
	if vpc := text(t, synth(t, awscdk.Stack_Of(c.switcher))); strings.Contains(vpc, "theirs") || strings.Contains(vpc, "targetgroup/t/1") {
		t.Error("the switcher's template names a node's role or target group")
	}
}
