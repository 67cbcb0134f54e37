package template

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// construct makes the construct whose props a form holds, with what the props need.
func (p propRef) construct(stack awscdk.Stack, f *forms) {
	f.Switcher.Code = code()
	if p.root() == "Table" {
		recovery.NewRecoveryTable(stack, jsii.String("Table"), &f.Table)
		return
	}
	if p.root() == "Vpc" {
		recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &f.Vpc)
		return
	}
	f.Switcher.Table = recovery.RecoveryTable_FromTableAttributes(stack, jsii.String("Table"), &recovery.RecoveryTableAttributes{TableName: jsii.String("table")})
	f.Switcher.Vpc = importedVpc(stack)
	if p.root() == "Switcher" {
		recovery.NewSwitcher(stack, jsii.String("Switcher"), &f.Switcher)
		return
	}
	imported := recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("Switcher"), &recovery.SwitcherAttributes{SwitcherName: jsii.String("test"), Vpc: f.Switcher.Vpc})
	f.Node.Switcher, f.Adopted.Switcher = imported, imported
	switch p.root() {
	case "Node":
		recovery.NewClusterNode(stack, jsii.String("Node"), &f.Node)
	case "Adopted":
		recovery.NewAdoptedNode(stack, jsii.String("Adopted"), &f.Adopted)
	case "Monitor":
		f.Monitor.ClusterNode = recovery.NewAdoptedNode(stack, jsii.String("Adopted"), &f.Adopted)
		recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &f.Monitor)
	case "Dashboard":
		f.Dashboard.Switcher = recovery.NewSwitcher(stack, jsii.String("Own"), &f.Switcher)
		recovery.NewRecoveryDashboard(stack, jsii.String("Dashboard"), &f.Dashboard)
	}
}

func importedVpc(stack awscdk.Stack) recovery.IRecoveryVpc {
	return recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, jsii.String("Vpc"), &recovery.RecoveryVpcAttributes{
		VpcId: jsii.String("vpc-1"), CidrBlock: jsii.String("10.0.0.0/16"), AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"),
		SubnetIds: jsii.Strings("subnet-a", "subnet-b"), BlackholeSecurityGroupId: jsii.String("sg-1"), LogFileSystemId: jsii.String("fs-1"), LogSecurityGroupId: jsii.String("sg-2"),
	})
}

// wants is a wrong value of a prop and what its refusal must say.
type wants struct {
	prop  propRef
	set   func(stack awscdk.Stack, field reflect.Value)
	texts []string
}

// refuse builds one construct for each wrong value, each in a stack of its own.
func refuse(t *testing.T, cases []wants) {
	t.Helper()
	app := newApp(t)
	for i, c := range cases {
		stack := awscdk.NewStack(app, jsii.String(fmt.Sprintf("Stack%d", i)), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: jsii.String(fmt.Sprintf("%012d", i+1)), Region: jsii.String("us-east-1")},
		})
		f := newForms()
		c.set(stack, c.prop.in(f))
		refused(t, func() { c.prop.construct(stack, f) }, append(c.texts, fmt.Sprintf("Stack%d/", i), c.prop.name)...)
	}
}

// TestNotANumber: every number prop names itself when it is NaN or infinite. Such a
// number would end the process that holds the constructs.
func TestNotANumber(t *testing.T) {
	var cases []wants
	for _, p := range allProps {
		if p.in(newForms()).Type() == reflect.TypeFor[*float64]() {
			for text, n := range map[string]float64{"NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)} {
				cases = append(cases, wants{p, func(_ awscdk.Stack, v reflect.Value) { v.Set(reflect.ValueOf(&n)) }, []string{" is " + text, "finite number"}})
			}
		}
	}
	if len(cases) < 50 {
		t.Errorf("only %d cases: allProps does not list the number props", len(cases))
	}
	refuse(t, cases)
}

// TestNilEntries: an entry of a list or a map that is nil is named.
func TestNilEntries(t *testing.T) {
	var cases []wants
	for _, p := range allProps {
		v := p.in(newForms())
		if unchanged[p.String()] != "" && p.name != "SecurityGroups" || v.Kind() != reflect.Pointer {
			continue
		}
		kind := v.Type().Elem()
		if kind.Kind() == reflect.Slice {
			cases = append(cases, wants{p, func(_ awscdk.Stack, v reflect.Value) {
				list := reflect.New(kind)
				list.Elem().Set(reflect.MakeSlice(kind, 1, 1))
				v.Set(list)
			}, []string{"[0] is nil", "take the entry out"}})
		}
		if kind.Kind() == reflect.Map {
			cases = append(cases, wants{p, func(_ awscdk.Stack, v reflect.Value) {
				v.Set(reflect.ValueOf(&map[string]*string{"key": nil}))
			}, []string{`["key"] is nil`, "take the entry out"}})
		}
	}
	if len(cases) < 15 {
		t.Errorf("only %d cases: allProps does not list the list props", len(cases))
	}
	refuse(t, cases)
}

// TestAliasesOfKeys: an alias in a key prop is its key, where AWS CDK knows that, and is
// refused elsewhere: an IAM statement that names an alias grants nothing.
func TestAliasesOfKeys(t *testing.T) {
	var cases []wants
	var keys []propRef
	for _, p := range allProps {
		switch v := p.in(newForms()); v.Type() {
		case reflect.TypeFor[awskms.IKey]():
			keys = append(keys, p)
			cases = append(cases, wants{p, func(stack awscdk.Stack, v reflect.Value) {
				v.Set(reflect.ValueOf(awskms.Alias_FromAliasName(stack, jsii.String("Alias"), jsii.String("alias/mine"))))
			}, []string{"is the alias alias/mine", "awskms.Key_FromLookup"}}, wants{p, func(stack awscdk.Stack, v reflect.Value) {
				v.Set(reflect.ValueOf(awskms.Key_FromKeyArn(stack, jsii.String("Alias"), jsii.String("arn:aws:kms:us-east-1:111122223333:alias/mine"))))
			}, []string{"is the alias alias/mine"}})
		case reflect.TypeFor[*[]awskms.IKey]():
			cases = append(cases, wants{p, func(stack awscdk.Stack, v reflect.Value) {
				v.Set(reflect.ValueOf(&[]awskms.IKey{awskms.Alias_FromAliasName(stack, jsii.String("Alias"), jsii.String("alias/mine"))}))
			}, []string{"[0] is the alias alias/mine"}})
		}
	}
	if len(keys) < 6 {
		t.Errorf("only %d key props: %v", len(keys), keys)
	}
	refuse(t, cases)

	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{
		EncryptionKey: awskms.NewAlias(stack, jsii.String("Alias"), &awskms.AliasProps{AliasName: jsii.String("alias/mine"), TargetKey: key}),
	})
	got := at(t, flat(synth(t, stack).one(t, "AWS::DynamoDB::Table", "Table").Properties), "SSESpecification", "KMSMasterKeyId")
	if got != "${Key.Arn}" {
		t.Errorf("the table is encrypted with %v, wanted the alias's key", got)
	}
}

// TestPartsOfOtherRegions: nothing is shared between Regions, whatever CrossRegionReferences
// says, and a construct of another account is refused.
func TestPartsOfOtherRegions(t *testing.T) {
	app := newApp(t)
	stack := func(id, account, region string) awscdk.Stack {
		return awscdk.NewStack(app, jsii.String(id), &awscdk.StackProps{
			CrossRegionReferences: jsii.Bool(true), Env: &awscdk.Environment{Account: jsii.String(account), Region: jsii.String(region)},
		})
	}
	here, away, theirs := stack("Here", "111122223333", "us-east-1"), stack("Away", "111122223333", "eu-west-1"), stack("Theirs", "444455556666", "us-east-1")
	table := recovery.NewRecoveryTable(here, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(here, jsii.String("Vpc"), nil)
	s := recovery.NewSwitcher(here, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Code: code()})
	node := recovery.NewClusterNode(here, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(1)})
	for what, c := range map[string]struct {
		make  func(awscdk.Stack)
		texts string
	}{
		"switcher away from its table": {func(at awscdk.Stack) {
			recovery.NewSwitcher(at, jsii.String("S"), &recovery.SwitcherProps{Table: table, Vpc: vpc, Code: code()})
		}, "Vpc is in"},
		"switcher away from its VPC": {func(at awscdk.Stack) {
			recovery.NewSwitcher(at, jsii.String("T"), &recovery.SwitcherProps{
				Vpc: vpc, Code: code(),
				Table: recovery.RecoveryTable_FromTableAttributes(at, jsii.String("TTable"), &recovery.RecoveryTableAttributes{TableName: jsii.String("table")}),
			})
		}, "Vpc is in"},
		"node away from its switcher": {func(at awscdk.Stack) {
			recovery.NewClusterNode(at, jsii.String("N"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(2)})
		}, "Switcher is in"},
		"monitor away from its node": {func(at awscdk.Stack) {
			recovery.NewResourceMonitor(at, jsii.String("M"), &recovery.ResourceMonitorProps{ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")}})
		}, "ClusterNode is in"},
		"dashboard away from its switcher": {func(at awscdk.Stack) {
			recovery.NewRecoveryDashboard(at, jsii.String("D"), &recovery.RecoveryDashboardProps{Switcher: s})
		}, "Switcher is in"},
	} {
		t.Run(what, func(t *testing.T) {
			refused(t, func() { c.make(away) }, c.texts+" Region us-east-1", "between Regions nothing is shared", "Away/")
			refused(t, func() { c.make(theirs) }, c.texts+" account 111122223333", "444455556666", "Theirs/")
		})
	}
	refused(t, func() {
		recovery.NewClusterNode(here, jsii.String("A"), &recovery.ClusterNodeProps{
			Switcher: s, NodeId: jsii.Number(3),
			Role: awsiam.Role_FromRoleArn(here, jsii.String("Foreign"), jsii.String("arn:aws:iam::444455556666:role/theirs"), nil),
		})
	}, "Here/A: Role is in account 444455556666")
	refused(t, func() {
		recovery.NewRecoveryTable(away, jsii.String("B"), &recovery.RecoveryTableProps{EncryptionKey: awskms.NewKey(here, jsii.String("Key"), nil)})
	}, "Away/B: EncryptionKey is in Region us-east-1")
	refused(t, func() {
		recovery.NewClusterNode(here, jsii.String("C"), &recovery.ClusterNodeProps{
			Switcher: s,
			NodeId:   jsii.Number(4),
			Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{
				{TargetGroupArn: jsii.String(strings.Replace(targetGroup("x"), "us-east-1", "eu-west-1", 1))},
			}},
		})
	}, "Here/C: Network.TargetGroups[0].TargetGroupArn is", "in Region eu-west-1")
	refused(t, func() {
		recovery.NewRecoveryVpc(here, jsii.String("D"), &recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "eu-west-1a")})
	}, `Here/D: AvailabilityZones[1] is "eu-west-1a", a zone of another Region`)
}

// TestTwoOwners: a VPC has one switcher and one RecoveryVpc in an app, whatever environments
// their stacks have.
func TestTwoOwners(t *testing.T) {
	app := newApp(t)
	first, second := awscdk.NewStack(app, jsii.String("First"), nil), awscdk.NewStack(app, jsii.String("Second"), nil)
	table := recovery.NewRecoveryTable(first, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(first, jsii.String("Vpc"), nil)
	recovery.NewSwitcher(first, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Code: code()})
	for _, stack := range []awscdk.Stack{first, second} {
		refused(t, func() {
			recovery.NewSwitcher(stack, jsii.String("Again"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Code: code()})
		}, "/Again: switcher of VPC First/Vpc", "already used by First/Switcher", "a VPC has one switcher")
	}
	zones, made := jsii.Strings("us-east-1a", "us-east-1b"), awsec2.NewCfnVPC(first, jsii.String("Theirs"), &awsec2.CfnVPCProps{CidrBlock: jsii.String("10.0.0.0/16")})
	for i, theirs := range []awsec2.IVpc{
		awsec2.Vpc_FromVpcAttributes(first, jsii.String("Made"), &awsec2.VpcAttributes{VpcId: made.Ref(), VpcCidrBlock: jsii.String("10.0.0.0/16"), AvailabilityZones: zones}),
		awsec2.Vpc_FromVpcAttributes(first, jsii.String("Named"), &awsec2.VpcAttributes{VpcId: jsii.String("vpc-0123456789abcdef0"), VpcCidrBlock: jsii.String("10.0.0.0/16"), AvailabilityZones: zones}),
	} {
		place := func(stack awscdk.Stack, id string) {
			recovery.NewRecoveryVpc(stack, jsii.String(fmt.Sprint(id, i)), &recovery.RecoveryVpcProps{Vpc: theirs, AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/24", "10.0.1.0/24")})
		}
		place(first, "Place")
		refused(t, func() { place(second, "Other") }, "Second/Other", "RecoveryVpc around VPC", "already used by First/Place", "one RecoveryVpc")
	}
}

// TestTexts: any name works for a node, and each text that AWS limits names its prop.
func TestTexts(t *testing.T) {
	byName := map[string]propRef{}
	for _, p := range allProps {
		byName[p.String()] = p
	}
	b := newBase(t)
	for i, name := range []string{"受注サーバー", "büro", "joe's box", "Заказы / node #1", strings.Repeat("ö", 255)} {
		b.node(fmt.Sprintf("Node%d", i), recovery.ClusterNodeProps{NodeId: jsii.Number(float64(i + 1)), NodeName: jsii.String(name)})
	}
	for id, r := range synth(t, b.stack).Resources {
		for _, key := range []string{"GroupDescription", "Description"} { // IAM and EC2 take Latin letters only
			for _, c := range fmt.Sprint(r.Properties[key]) {
				if c > '~' {
					t.Errorf("%s has the %s %v", id, key, r.Properties[key])
					break
				}
			}
		}
	}
	var cases []wants
	for prop, wrong := range map[string][]string{
		"ClusterNodeProps.NodeName":            {"", " ", "a\nb", strings.Repeat("a", 300)},
		"AdoptedNodeProps.NodeName":            {"", "a\x00b"},
		"RecoveryTableProps.TableName":         {"ab", "a/b", "größe"},
		"NodeVolume.DeviceName":                {"xvda1!", "", "/mnt"},
		"NodeLoadBalancer.HealthPath":          {"health", "", "/a b"},
		"NodeFileSystem.MountPath":             {"data", "/", "/etc", "/var/log", "/a b", "/data/../etc", "/data/", ""},
		"NodeFileSystem.LogMountPath":          {"/usr", "/a;b"},
		"ApplicationStatusCheck.Path":          {"health", "/ü"},
		"ApplicationAlarm.Namespace":           {"", ":a", "größe"},
		"ApplicationAlarm.MetricName":          {"", "größe"},
		"ApplicationAlarm.Statistic":           {"Median", "p"},
		"RecoveryDashboardProps.DashboardName": {"", "my board", "größe"},
		"NodeCheck.Command":                    {" "},
		"NodeApplication.FaultScript":          {""},
	} {
		for _, v := range wrong {
			cases = append(cases, wants{byName[prop], func(_ awscdk.Stack, f reflect.Value) {
				if f.Kind() == reflect.String {
					f.SetString(v)
					return
				}
				f.Set(reflect.ValueOf(&v))
			}, []string{"allowed are"}})
		}
	}
	for prop, wrong := range map[string][]string{
		"RecoveryVpcProps.AvailabilityZones": {"", "use1-az1", "us-east-1", "eu-west-1a"},
		"NodeLoadBalancer.ClientCidrs":       {"10.0.0.1/8", "::/0", "10.0.0.0", ""},
		"NodeApplication.LogFiles":           {"app.log", ""},
		"NodeBoot.PrepareCommands":           {""},
	} {
		for _, v := range wrong {
			cases = append(cases, wants{byName[prop], func(_ awscdk.Stack, f reflect.Value) { f.Set(reflect.ValueOf(jsii.Strings("us-east-1a", v))) }, []string{"[1] is "}})
			if !strings.Contains(prop, "Zones") {
				last := &cases[len(cases)-1]
				last.set = func(_ awscdk.Stack, f reflect.Value) { f.Set(reflect.ValueOf(jsii.Strings(v))) }
				last.texts = []string{"[0] is "}
			}
		}
	}
	refuse(t, cases)
}

// TestCombinations: props that are right alone and wrong together.
func TestCombinations(t *testing.T) {
	monitor := func(p recovery.ResourceMonitorProps) func(base) {
		return func(b base) {
			p.ClusterNode = b.node("Node", recovery.ClusterNodeProps{Application: application()})
			recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &p)
		}
	}
	node := func(p recovery.ClusterNodeProps) func(base) { return func(b base) { b.node("Node", p) } }
	volume := func(v recovery.NodeVolume) func(base) {
		v.DeviceName = jsii.String("/dev/xvda")
		if v.Size == nil {
			v.Size = awscdk.Size_Gibibytes(jsii.Number(100))
		}
		return node(recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Volumes: &[]*recovery.NodeVolume{&v}}})
	}
	for name, c := range map[string]struct {
		make  func(base)
		texts []string
	}{
		"an alarm looks back more than a day": {
			monitor(recovery.ResourceMonitorProps{Application: &recovery.ApplicationAlarm{Period: second(600), EvaluationPeriods: jsii.Number(360)}}),
			[]string{"Nodes/Monitor: Application.Period is 600 s and EvaluationPeriods is 360", "86400 s", "at most 144 periods"},
		},
		"an alarm looks back more than a week": {
			monitor(recovery.ResourceMonitorProps{Application: &recovery.ApplicationAlarm{Period: second(3600), EvaluationPeriods: jsii.Number(200)}}),
			[]string{"604800 s", "at most 168 periods"},
		},
		"the instance alarm too": {
			monitor(recovery.ResourceMonitorProps{Instance: &recovery.InstanceAlarm{Period: second(1800), EvaluationPeriods: jsii.Number(60)}}),
			[]string{"Instance.Period is 1800 s", "at most 48 periods"},
		},
		"logs are mounted over the data": {node(recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{MountPath: jsii.String("/a"), LogMountPath: jsii.String("/a")}}}), []string{`MountPath is "/a" and LogMountPath is "/a"`}},
		"logs in the data":               {node(recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{LogMountPath: jsii.String("/data/logs")}}}), []string{`"/data/logs"`, "none is in the other"}},
		"data in the logs":               {node(recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{MountPath: jsii.String("/var/log/recovery/data")}}}), []string{`"/var/log/recovery"`}},
		"a health check slower than HealthTime": {
			node(recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{HealthInterval: second(300), HealthCount: jsii.Number(2)}}}),
			[]string{"HealthInterval is 300 s and HealthCount is 2", "HealthTime allows 600 s"},
		},
		"IOPS of gp2":             {volume(recovery.NodeVolume{VolumeType: awsec2.EbsDeviceVolumeType_GP2, Iops: jsii.Number(3000)}), []string{"Volumes[0].Iops is given", "GP2 takes none"}},
		"io2 without IOPS":        {volume(recovery.NodeVolume{VolumeType: awsec2.EbsDeviceVolumeType_IO2}), []string{"Volumes[0].Iops is missing", "100 to 100000"}},
		"IOPS for the size":       {volume(recovery.NodeVolume{Size: awscdk.Size_Gibibytes(jsii.Number(6)), Iops: jsii.Number(4000)}), []string{"Volumes[0].Iops is 4000", "6 GiB", "3000"}},
		"throughput for the IOPS": {volume(recovery.NodeVolume{Throughput: jsii.Number(1000)}), []string{"Volumes[0].Throughput is 1000 MiB/s", "3000 IOPS allow 750"}},
		"throughput of io1":       {volume(recovery.NodeVolume{VolumeType: awsec2.EbsDeviceVolumeType_IO1, Iops: jsii.Number(1000), Throughput: jsii.Number(200)}), []string{"Throughput is given"}},
		"a small cold volume":     {volume(recovery.NodeVolume{VolumeType: awsec2.EbsDeviceVolumeType_SC1}), []string{"Volumes[0].Size in GiB is 100", "125 to 16384"}},
		"an image for other processors": {
			node(recovery.ClusterNodeProps{InstanceType: instanceType("m7i.large"), MachineImage: awsec2.MachineImage_LatestAmazonLinux2023(&awsec2.AmazonLinux2023ImageSsmParameterProps{CpuType: awsec2.AmazonLinuxCpuType_ARM_64})}),
			[]string{"MachineImage is", "architecture arm64", "m7i.large has x86_64"},
		},
		"no instance type": {node(recovery.ClusterNodeProps{InstanceType: instanceType("banana")}), []string{`InstanceType is "banana"`, "t4g.small"}},
		"no other type":    {node(recovery.ClusterNodeProps{InstanceTypes: &[]awsec2.InstanceType{instanceType("banana")}}), []string{`InstanceTypes[0] is "banana"`}},
		"half a second":    {node(recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{DrainTime: awscdk.Duration_Millis(jsii.Number(1500))}}), []string{"DrainTime is 1.5 s", "whole seconds"}},
		"a role that EC2 may not assume": {func(b base) {
			b.node("Node", recovery.ClusterNodeProps{Role: awsiam.NewRole(b.stack, jsii.String("Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)})})
		}, []string{"Role Nodes/Role trusts", "lambda.amazonaws.com", "not ec2.amazonaws.com"}},
		"six groups": {func(b base) {
			group := awsec2.SecurityGroup_FromSecurityGroupId(b.stack, jsii.String("Theirs"), jsii.String("sg-0123456789abcdef0"), nil)
			b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{SecurityGroups: &[]awsec2.ISecurityGroup{group, group, group, group, group}}})
		}, []string{"SecurityGroups has 5", "at most four"}},
		"two load-balancer subnets in a zone": {func(b base) {
			subnets := world{b.stack}.subnets()
			*subnets = append(*subnets, (*subnets)[0])
			b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Subnets: subnets}}})
		}, []string{"Subnets[0] and [2] are both in us-east-1a"}},
		"the nodes' subnets for the internet": {func(b base) {
			b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{InternetFacing: jsii.Bool(true), Subnets: b.switcher.Vpc().Subnets()}}})
		}, []string{"Subnets[0] is a subnet for nodes", "no route to the internet"}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, func() { c.make(newBase(t)) }, c.texts...) })
	}
}

// TestSubnetsWithoutInternet: an internet-facing load balancer is refused in isolated
// subnets of the same app, and made in public ones.
func TestSubnetsWithoutInternet(t *testing.T) {
	for kind, isPublic := range map[awsec2.SubnetType]bool{awsec2.SubnetType_PRIVATE_ISOLATED: false, awsec2.SubnetType_PUBLIC: true} {
		b := newBase(t)
		vpc := awsec2.NewVpc(b.stack, jsii.String("Theirs"), &awsec2.VpcProps{
			AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetConfiguration: &[]*awsec2.SubnetConfiguration{{Name: jsii.String("x"), SubnetType: kind}},
		})
		subnets := vpc.PublicSubnets()
		if !isPublic {
			subnets = vpc.IsolatedSubnets()
		}
		b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{InternetFacing: jsii.Bool(true), Subnets: subnets}}})
		if isPublic {
			synth(t, b.stack)
			continue
		}
		refused(t, func() { synth(t, b.stack) }, "Subnets[0], Nodes/Theirs/xSubnet1, has no route to an internet gateway")
	}
}

// TestCodeOfAnotherArchitecture: a built function is compared with its architecture.
func TestCodeOfAnotherArchitecture(t *testing.T) {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20], header[52] = 2, 183, 1, 64 // an executable for aarch64
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), header, 0o755); err != nil {
		t.Fatal(err)
	}
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	refused(t, func() {
		addSwitcher(stack, recovery.SwitcherProps{Code: awslambda.Code_FromAsset(jsii.String(dir), nil), Architecture: awslambda.Architecture_X86_64()})
	}, "Stack/Switcher: Code", "built for architecture arm64", "Architecture is x86_64")
}

// TestTagLimits: tags that EC2 would refuse at the launch are counted, on the node as on the app.
func TestTagLimits(t *testing.T) {
	many := func(n int) *map[string]*string {
		tags := map[string]*string{}
		for i := range n {
			tags[fmt.Sprintf("t%d", i)] = jsii.String("v")
		}
		return &tags
	}
	b := newBase(t)
	b.node("Node", recovery.ClusterNodeProps{Tags: many(50)})
	refused(t, func() { synth(t, b.stack) }, "Nodes/Node", "tags of its own", "at most 44 are allowed")

	b = newBase(t)
	b.node("Node", recovery.ClusterNodeProps{})
	for key, value := range *many(47) {
		awscdk.Tags_Of(b.app).Add(jsii.String(key), value, nil)
	}
	refused(t, func() { synth(t, b.stack) }, "Nodes/Node", "at most 44 are allowed")

	b = newBase(t)
	b.node("Node", recovery.ClusterNodeProps{Tags: many(43)}) // and the name
	synth(t, b.stack)

	long := jsii.String(strings.Repeat("x", 300))
	refused(t, func() { newBase(t).node("Node", recovery.ClusterNodeProps{Tags: &map[string]*string{"note": long}}) }, `Tags["note"]`, "up to 256 characters")
	b = newBase(t)
	b.node("Node", recovery.ClusterNodeProps{})
	awscdk.Tags_Of(b.app).Add(jsii.String("note"), long, nil)
	refused(t, func() { synth(t, b.stack) }, `tag "note" has 300 characters`, "EC2 allows 256")
}

// TestNilScope: a construct without a scope names itself.
func TestNilScope(t *testing.T) {
	refused(t, func() { recovery.NewRecoveryVpc(nil, jsii.String("Vpc"), nil) }, `the scope of construct "Vpc" is nil`)
	refused(t, func() { recovery.NewClusterNode(nil, jsii.String("Node"), nil) }, `the scope of construct "Node" is nil`)
}
