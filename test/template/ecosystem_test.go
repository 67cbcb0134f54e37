package template

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/stacks"
	"github.com/workload-recovery/workload-recovery/test/docs/examples"
)

// TestPermissionsBoundary: every role that is made has the boundary of its stack, stage
// or app, and passing it on is not ours to permit.
func TestPermissionsBoundary(t *testing.T) {
	boundary := `"arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/acme-boundary"`
	check := func(d document, want int) {
		t.Helper()
		roles := d.ids("AWS::IAM::Role")
		if len(roles) != want {
			t.Errorf("the roles %v, want %d", roles, want)
		}
		for _, id := range roles {
			if got := text(t, flat(d.Resources[id].Properties["PermissionsBoundary"])); got != boundary {
				t.Errorf("%s has the boundary %s, want %s", id, got, boundary)
			}
		}
	}
	check(synth(t, awscdk.Stack_Of(examples.Guarded(exampleApp(t, nil)))), 3)

	app := exampleApp(t, map[string]any{"@aws-cdk/core:permissionsBoundary": map[string]any{"name": "acme-boundary"}})
	check(synth(t, stacks.Single(app, stacks.ExampleProps{}).Vpc.Stack), 2)

	app = newApp(t)
	made := stacks.Single(app, stacks.ExampleProps{Code: code})
	policy := awsiam.ManagedPolicy_FromManagedPolicyName(made.Region.Stack, jsii.String("Boundary"), jsii.String("acme-boundary"))
	awsiam.PermissionsBoundary_Of(app).Apply(policy)
	check(synth(t, made.Vpc.Stack), 2)
	check(synth(t, made.Nodes.Stack), 2)
}

// TestSynthesizers: a bootstrap with another qualifier, named for the stack or for the
// app, and stacks that need no bootstrap.
func TestSynthesizers(t *testing.T) {
	bucket := func(stack awscdk.Stack) any {
		return at(t, flat(synth(t, stack).one(t, "AWS::Lambda::Function", "").Properties["Code"]), "S3Bucket")
	}
	const acme = "cdk-acme-assets-${AWS::AccountId}-${AWS::Region}"
	named := awscdk.Stack_Of(examples.Guarded(exampleApp(t, nil)))
	if got := bucket(named); got != acme {
		t.Errorf("qualifier of the stack: code in %v, want %s", got, acme)
	}
	app := exampleApp(t, map[string]any{"@aws-cdk/core:bootstrapQualifier": "acme"})
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	addSwitcher(stack, recovery.SwitcherProps{})
	if got := bucket(stack); got != acme {
		t.Errorf("qualifier of the app: code in %v, want %s", got, acme)
	}
	dir := *app.Synth(nil).Directory()
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(manifest), "hnb659fds") || !strings.Contains(string(manifest), "cdk-acme-deploy-role") {
		t.Errorf("the app is not deployed with acme's bootstrap:\n%s", manifest)
	}

	without := func() awscdk.Stack {
		return awscdk.NewStack(newApp(t), jsii.String("Stack"), &awscdk.StackProps{Synthesizer: awscdk.NewBootstraplessSynthesizer(nil)})
	}
	refused(t, func() { addSwitcher(without(), recovery.SwitcherProps{}) }, "Cannot add assets", "BootstraplessSynthesizer")
	stack = without()
	theirs := awss3.Bucket_FromBucketName(stack, jsii.String("Bucket"), jsii.String("acme-code"))
	addSwitcher(stack, recovery.SwitcherProps{Code: awslambda.Code_FromBucket(theirs, jsii.String("switcher-arm64.zip"), nil)})
	if got := bucket(stack); got != "acme-code" {
		t.Errorf("without bootstrap: code in %v, want acme-code", got)
	}
	if rules := text(t, synth(t, stack)); strings.Contains(rules, "BootstrapVersion") {
		t.Error("without bootstrap: the template asks for one")
	}
}

// TestTokens: what may be known only at deployment, and what may not is told so.
func TestTokens(t *testing.T) {
	b := newBase(t)
	parameter := func(id, kind string) awscdk.CfnParameter {
		return awscdk.NewCfnParameter(b.stack, jsii.String(id), &awscdk.CfnParameterProps{Type: jsii.String(kind)})
	}
	str, num, lst := parameter("Text", "String"), parameter("Number", "Number"), parameter("List", "CommaDelimitedList")
	b.node("Node", recovery.ClusterNodeProps{
		NodeName: str.ValueAsString(), InstanceType: awsec2.NewInstanceType(str.ValueAsString()), Instance: &recovery.NodeInstance{PlacementGroup: awsec2.PlacementGroup_FromPlacementGroupName(b.stack, jsii.String("Group"), str.ValueAsString())},
		MachineImage: awsec2.MachineImage_FromSsmParameter(jsii.String("/image"), nil), Network: &recovery.NodeNetwork{Zones: &[]*string{str.ValueAsString()}, TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: str.ValueAsString()}}},
		Tags: &map[string]*string{"team": str.ValueAsString()},
	})
	d := synth(t, b.stack)
	node := flat(d.one(t, "Custom::RecoveryNode", "Node").Properties).(map[string]any)
	launch := at(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData").(map[string]any)
	got := []any{node["NodeName"], node["Zones"], at(t, node, "TargetGroups", 0, "Arn"), launch["InstanceType"], at(t, launch, "Placement", "GroupName")}
	if diff := cmp.Diff([]any{"${Text}", []any{"${Text}"}, "${Text}", "${Text}", "${Text}"}, got); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}

	minute := awscdk.Duration_Seconds(num.ValueAsNumber())
	for _, c := range []fault[recovery.ClusterNodeProps]{
		{"id", recovery.ClusterNodeProps{NodeId: num.ValueAsNumber()}, []string{"NodeId is a token", "give a plain number"}},
		{"number", recovery.ClusterNodeProps{Recovery: &recovery.NodeRecovery{Priority: num.ValueAsNumber()}}, []string{"Priority is a token", "0 to 1000"}},
		{"duration", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{ServiceTimeout: minute}}, []string{"ServiceTimeout is a token", "awscdk.Duration_Seconds"}},
		{"another duration", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{DrainTime: minute}}, []string{"DrainTime is a token"}},
		{"zones", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{Zones: lst.ValueAsList()}}, []string{"Zones is a list that is known only at deployment", "one by one", "assumedLength"}},
		{"clients", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{ClientCidrs: lst.ValueAsList()}}}, []string{"LoadBalancer.ClientCidrs is a list"}},
		{"commands", recovery.ClusterNodeProps{Boot: &recovery.NodeBoot{PrepareCommands: lst.ValueAsList()}}, []string{"PrepareCommands is a list"}},
		{"type without image", recovery.ClusterNodeProps{InstanceType: awsec2.NewInstanceType(str.ValueAsString())}, []string{"InstanceType is a token and MachineImage is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, func() { newBase(t).node("Node", c.props) }, c.texts...) })
	}

	place := awscdk.NewStack(newApp(t), jsii.String("Place"), nil)
	block := awscdk.NewCfnParameter(place, jsii.String("Block"), nil).ValueAsString()
	names := awscdk.Fn_Split(jsii.String(","), awscdk.Fn_ImportValue(jsii.String("subnets")), nil)
	addSwitcher(place, recovery.SwitcherProps{Vpc: recovery.NewRecoveryVpc(place, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		CidrBlock: block, AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetCidrs: awscdk.Fn_Split(jsii.String(","), block, jsii.Number(2)),
	})})
	if got := flat(synth(t, place).one(t, "AWS::EC2::Subnet", "VpcSubnet2").Properties["CidrBlock"]); !strings.Contains(text(t, got), `"Fn::Split"`) && !strings.Contains(text(t, got), "${1 of ") {
		t.Errorf("second subnet: %v", got)
	}
	refused(t, func() {
		recovery.NewRecoveryVpc(place, jsii.String("A"), &recovery.RecoveryVpcProps{AvailabilityZones: awscdk.Fn_GetAzs(nil)})
	}, "Place/A: AvailabilityZones is a list that is known only at deployment")
	refused(t, func() {
		recovery.RecoveryVpc_FromRecoveryVpcAttributes(place, jsii.String("B"), &recovery.RecoveryVpcAttributes{
			VpcId: block, CidrBlock: block, BlackholeSecurityGroupId: block, LogFileSystemId: block, LogSecurityGroupId: block,
			AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetIds: names,
		})
	}, "Place/B: SubnetIds is a list that is known only at deployment")
}

// TestCrossStackReferences: each part in a stack of its own; references go one way.
func TestCrossStackReferences(t *testing.T) {
	app := newApp(t)
	stack := func(id string) awscdk.Stack { return awscdk.NewStack(app, jsii.String(id), nil) }
	shared, region, place, function, nodes := stack("Shared"), stack("Region"), stack("Place"), stack("Function"), stack("Nodes")
	key := awskms.NewKey(shared, jsii.String("Key"), nil)
	role := awsiam.NewRole(shared, jsii.String("Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil)})
	table := recovery.NewRecoveryTable(region, jsii.String("Table"), &recovery.RecoveryTableProps{EncryptionKey: key})
	vpc := recovery.NewRecoveryVpc(place, jsii.String("Vpc"), nil)
	s := recovery.NewSwitcher(function, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Name: jsii.String("test"), Code: code()})
	clients := awsec2.NewSecurityGroup(place, jsii.String("Clients"), &awsec2.SecurityGroupProps{Vpc: vpc.Vpc()})
	node := recovery.NewClusterNode(nodes, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: s, NodeId: jsii.Number(1), Role: role, Network: &recovery.NodeNetwork{SecurityGroups: &[]awsec2.ISecurityGroup{clients}},
		Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{EncryptionKey: key}, Volumes: &[]*recovery.NodeVolume{{DeviceName: jsii.String("/dev/xvda"), Size: awscdk.Size_Gibibytes(jsii.Number(20)), KmsKey: key}}},
	})
	recovery.NewResourceMonitor(nodes, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")}})
	app.Synth(nil)
	uses := map[string][]string{"Shared": {}, "Region": {"Shared"}, "Place": {}, "Function": {"Place", "Region", "Shared"}, "Nodes": {"Function", "Place", "Shared"}}
	for _, st := range []awscdk.Stack{shared, region, place, function, nodes} {
		from := map[string]bool{}
		for _, export := range imports(synth(t, st).Resources) {
			owner, _, _ := strings.Cut(export, ":")
			from[owner] = true
		}
		want := map[string]bool{}
		for _, owner := range uses[*st.StackName()] {
			want[owner] = true
		}
		if diff := cmp.Diff(want, from); diff != "" {
			t.Errorf("%s imports from (-want +got):\n%s", *st.StackName(), diff)
		}
	}
}

// threshold is an aspect of somebody else: it changes every alarm after all constructs
// were made.
type threshold struct{ value float64 }

func (a *threshold) Visit(c constructs.IConstruct) {
	if alarm, is := c.(awscloudwatch.CfnAlarm); is {
		alarm.SetEvaluationPeriods(&a.value)
	}
}

// TestAspects: tags reach the instances, what aspects change reaches the hash by which the
// node is asked again, and removal policies can be set for a whole test stack.
func TestAspects(t *testing.T) {
	d := synth(t, awscdk.Stack_Of(examples.Guarded(exampleApp(t, nil))))
	for _, kind := range []string{"instance", "volume"} {
		tags := launchTags(t, d, kind)
		if tags["team"] != "tools" || tags["cost center"] != nil || tags["fujitsu.pclswr.id"] != "1" {
			t.Errorf("an %s gets %v", kind, tags)
		}
	}
	if tags := text(t, d.one(t, "AWS::EFS::FileSystem", "ServerData").Properties["FileSystemTags"]); !strings.Contains(tags, "cost center") {
		t.Errorf("the file system has %s", tags)
	}

	hash := func(aspect awscdk.IAspect) any {
		b := newBase(t)
		node := b.node("Node", recovery.ClusterNodeProps{})
		recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")}})
		if aspect != nil {
			awscdk.Aspects_Of(b.app).Add(aspect, nil)
		}
		d := synth(t, b.stack)
		if aspect != nil && d.one(t, "AWS::CloudWatch::Alarm", "MonitorInstance").Properties["EvaluationPeriods"] != 7.0 {
			t.Error("the aspect did not change the alarm")
		}
		return d.one(t, "Custom::RecoveryNode", "Node").Properties["ConsumersHash"]
	}
	if before, after := hash(nil), hash(&threshold{value: 7}); before == after {
		t.Errorf("ConsumersHash is %v with the aspect and without", before)
	}

	app := newApp(t)
	made := stacks.Single(app, stacks.ExampleProps{Code: code})
	awscdk.RemovalPolicies_Of(app).Destroy(nil)
	for _, d := range []document{synth(t, made.Region.Stack), synth(t, made.Vpc.Stack), synth(t, made.Nodes.Stack)} {
		for id, r := range d.Resources {
			if r.DeletionPolicy == "Retain" {
				t.Errorf("%s is kept", id)
			}
		}
	}
}

// launchTags are the tags that a launch gives a kind of resource.
func launchTags(t *testing.T, d document, kind string) map[string]any {
	t.Helper()
	data := at(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "").Properties), "LaunchTemplateData")
	out := map[string]any{}
	for _, s := range at(t, data, "TagSpecifications").([]any) {
		if at(t, s, "ResourceType") == kind {
			for _, tag := range at(t, s, "Tags").([]any) {
				out[fmt.Sprint(at(t, tag, "Key"))] = at(t, tag, "Value")
			}
		}
	}
	return out
}
