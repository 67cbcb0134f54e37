package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// fault is a wrong synthesis and what its error must say: the construct's path,
// the wrong value, what is allowed, the fix.
type fault[P any] struct {
	name  string
	props P
	texts []string
}

func TestVpcErrors(t *testing.T) {
	zones := jsii.Strings("us-east-1a", "us-east-1b")
	for _, c := range []fault[recovery.RecoveryVpcProps]{
		{"no address", recovery.RecoveryVpcProps{CidrBlock: jsii.String("ten")}, []string{`Stack/Vpc: CidrBlock is "ten"`, "/16 to /28", "correct it"}},
		{"too large", recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.0.0.0/8")}, []string{`"10.0.0.0/8"`, "/16 to /28"}},
		{"too small", recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.0.0.0/29")}, []string{`"10.0.0.0/29"`, "/16 to /28"}},
		{"IPv6", recovery.RecoveryVpcProps{CidrBlock: jsii.String("fd00::/16")}, []string{`"fd00::/16"`, "IPv4"}},
		{"address bits beyond the prefix", recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.0.1.0/16")}, []string{`"10.0.1.0/16"`, "write 10.0.0.0/16"}},
		{"no room", recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.0.0.0/28")}, []string{"room for 1 subnets", "3 zones", "larger block"}},
		{"one zone", recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a")}, []string{"1 zone(s)", `"us-east-1a"`, "at least two"}},
		{"no zone", recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings()}, []string{"0 zone(s)", "at least two"}},
		{"first one zone", recovery.RecoveryVpcProps{AvailabilityZoneCount: jsii.Number(1)}, []string{"AvailabilityZoneCount is 1", "2 to 6"}},
		{"half a zone", recovery.RecoveryVpcProps{AvailabilityZoneCount: jsii.Number(2.5)}, []string{"AvailabilityZoneCount is 2.5", "whole numbers 2 to 6"}},
		{"names and number", recovery.RecoveryVpcProps{AvailabilityZones: zones, AvailabilityZoneCount: jsii.Number(2)}, []string{"both given"}},
		{"zone twice", recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1a")}, []string{`Availability Zone "us-east-1a" is named twice`}},
		{"block missing", recovery.RecoveryVpcProps{AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/24")}, []string{"SubnetCidrs has 1 blocks and there are 2 zones"}},
		{"block outside", recovery.RecoveryVpcProps{AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/24", "10.1.0.0/24")}, []string{`SubnetCidrs[1] is "10.1.0.0/24"`, "10.0.0.0/16"}},
		{"block larger than the VPC", recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.0.0.0/20"), AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/16", "10.0.1.0/24")}, []string{`SubnetCidrs[0] is "10.0.0.0/16"`, "10.0.0.0/20"}},
		{"blocks overlap", recovery.RecoveryVpcProps{AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/23", "10.0.1.0/24")}, []string{"SubnetCidrs[1] 10.0.1.0/24 overlaps SubnetCidrs[0] 10.0.0.0/23"}},
		{"unknown gateway", recovery.RecoveryVpcProps{GatewayEndpoints: &[]awsec2.GatewayVpcEndpointAwsService{awsec2.GatewayVpcEndpointAwsService_S3_EXPRESS()}}, []string{`GatewayEndpoints has the service "s3express"`, "_S3() and _DYNAMODB()"}},
		{"endpoint twice", recovery.RecoveryVpcProps{ExtraInterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_EC2()}}, []string{`interface endpoint "ec2" is named twice`}},
		{"endpoint by its full name", recovery.RecoveryVpcProps{InterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.NewInterfaceVpcEndpointAwsService(jsii.String("com.amazonaws.us-east-1.SSM"), nil, nil, nil)}}, []string{`the service "com.amazonaws.us-east-1.SSM"`, "InterfaceVpcEndpointAwsService_SSM()"}},
		{"gateway twice", recovery.RecoveryVpcProps{GatewayEndpoints: &[]awsec2.GatewayVpcEndpointAwsService{awsec2.GatewayVpcEndpointAwsService_S3(), awsec2.GatewayVpcEndpointAwsService_S3()}}, []string{`gateway endpoint "s3" is named twice`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
			refused(t, func() { recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &c.props) }, c.texts...)
		})
	}
}

func TestExistingVpcErrors(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	theirs := awsec2.Vpc_FromVpcAttributes(stack, jsii.String("Theirs"), &awsec2.VpcAttributes{
		VpcId: jsii.String("vpc-1"), VpcCidrBlock: jsii.String("172.16.0.0/16"), AvailabilityZones: jsii.Strings("us-east-1a"),
	})
	refused(t, func() { recovery.NewRecoveryVpc(stack, jsii.String("A"), &recovery.RecoveryVpcProps{Vpc: theirs}) },
		"Stack/A: AvailabilityZones is missing", "name the zones")
	zones := jsii.Strings("us-east-1a", "us-east-1b")
	refused(t, func() {
		recovery.NewRecoveryVpc(stack, jsii.String("B"), &recovery.RecoveryVpcProps{Vpc: theirs, AvailabilityZones: zones})
	}, "Stack/B: SubnetCidrs is missing", "one free IPv4 block per zone")
	refused(t, func() {
		recovery.NewRecoveryVpc(stack, jsii.String("C"), &recovery.RecoveryVpcProps{Vpc: theirs, AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.0.0.0/24", "10.0.1.0/24")})
	}, `SubnetCidrs[0] is "10.0.0.0/24"`, "172.16.0.0/16")
}

func TestSwitcherErrors(t *testing.T) {
	second := awscdk.Duration_Seconds(jsii.Number(1))
	policy := func(p recovery.RecoveryPolicy) recovery.SwitcherProps { return recovery.SwitcherProps{Policy: &p} }
	for _, c := range []fault[recovery.SwitcherProps]{
		{"name with an underscore", recovery.SwitcherProps{Name: jsii.String("a_b")}, []string{`Stack/Switcher: switcher name "a_b"`, "letters, digits and hyphens", "choose another"}},
		{"name too long", recovery.SwitcherProps{Name: jsii.String("abcdefghijabcdefghijabcdefghijabcdefghijk")}, []string{"1 to 40"}},
		{"name empty", recovery.SwitcherProps{Name: jsii.String("")}, []string{`switcher name ""`}},
		{"name a token", recovery.SwitcherProps{Name: awscdk.Aws_REGION()}, []string{"Name is a token"}},
		{"turned off", recovery.SwitcherProps{ReservedConcurrentExecutions: jsii.Number(0)}, []string{"ReservedConcurrentExecutions is 0", "5 to 1000", "0 turns it off", "leave it out to reserve none"}},
		{"reserves too much", recovery.SwitcherProps{ReservedConcurrentExecutions: jsii.Number(1001)}, []string{"ReservedConcurrentExecutions is 1001", "5 to 1000", "leave it out to reserve none"}},
		{"too little memory", recovery.SwitcherProps{MemorySize: jsii.Number(64)}, []string{"MemorySize is 64", "128 to 10240"}},
		{"tag with a space", recovery.SwitcherProps{IdTag: jsii.String("node id")}, []string{`tag key "node id"`, "no space and no slash", "rename"}},
		{"tag with a slash", recovery.SwitcherProps{TargetTag: jsii.String("a/b")}, []string{`tag key "a/b"`}},
		{"tag of AWS", recovery.SwitcherProps{TargetTag: jsii.String("aws:x")}, []string{`tag key "aws:x"`, "AWS reserves"}},
		{"tag of the switcher", recovery.SwitcherProps{IdTag: jsii.String("recovery:gate")}, []string{`tag key "recovery:gate"`, "never inherited"}},
		{"one tag for both", recovery.SwitcherProps{IdTag: jsii.String("x"), TargetTag: jsii.String("x")}, []string{`both "x"`}},
		{"fence too short", policy(recovery.RecoveryPolicy{FenceTime: second}), []string{"FenceSeconds is 1", "30 to 86400", "leave it out"}},
		{"health too short", policy(recovery.RecoveryPolicy{HealthTime: second}), []string{"HealthSeconds is 1"}},
		{"retry too short", policy(recovery.RecoveryPolicy{RetryTime: second}), []string{"RetrySeconds is 1", "10 to 3600"}},
		{"grace too short", policy(recovery.RecoveryPolicy{GraceTime: second}), []string{"GraceSeconds is 1"}},
		{"cool-down too short", policy(recovery.RecoveryPolicy{CoolDownTime: second}), []string{"CoolDownSeconds is 1", "10 to 86400", "leave it out"}},
		{"no launches", policy(recovery.RecoveryPolicy{LaunchesPerSecond: jsii.Number(0)}), []string{"Policy.LaunchesPerSecond is 0", "1 to 100", "leave it out for 2"}},
		{"half a launch", policy(recovery.RecoveryPolicy{LaunchesPerSecond: jsii.Number(2.5)}), []string{"Policy.LaunchesPerSecond is 2.5", "whole numbers"}},
		{"no budget", policy(recovery.RecoveryPolicy{BudgetPercent: jsii.Number(9)}), []string{"Policy.BudgetPercent is 9", "10 to 100", "leave it out for 100"}},
		{"window too short", policy(recovery.RecoveryPolicy{SwitchWindow: second}), []string{"WindowSeconds is 1"}},
		{"deploy too short", policy(recovery.RecoveryPolicy{DeployTime: second}), []string{"DeploySeconds is 1", "60 to 3300"}},
		{"no poll", policy(recovery.RecoveryPolicy{PollTime: awscdk.Duration_Seconds(jsii.Number(0))}), []string{"PollSeconds is 0", "1 to 60"}},
		{"no capacity time", policy(recovery.RecoveryPolicy{CapacityTime: awscdk.Duration_Seconds(jsii.Number(0))}), []string{"CapacitySeconds is 0"}},
		{"confirm too long", policy(recovery.RecoveryPolicy{ConfirmTime: awscdk.Duration_Hours(jsii.Number(2))}), []string{"ConfirmSeconds is 7200", "0 to 3600"}},
		{"no attempts", policy(recovery.RecoveryPolicy{MaxAttempts: jsii.Number(0)}), []string{"Policy.MaxAttempts is 0", "1 to 20"}},
		{"no switches", policy(recovery.RecoveryPolicy{MaxSwitches: jsii.Number(0)}), []string{"Policy.MaxSwitches is 0", "1 to 100"}},
		{"no history", policy(recovery.RecoveryPolicy{HistoryTime: awscdk.Duration_Days(jsii.Number(4000))}), []string{"Policy.HistoryTime is 4000 days", "1 to 3650"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
			refused(t, func() { addSwitcher(stack, c.props) }, c.texts...)
		})
	}
}

func TestSwitcherMissing(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	id := jsii.String("S")
	refused(t, func() { recovery.NewSwitcher(stack, id, nil) }, "Stack/S: props is missing")
	refused(t, func() { recovery.NewSwitcher(stack, id, &recovery.SwitcherProps{}) }, "Vpc is missing")
	refused(t, func() { recovery.NewSwitcher(stack, id, &recovery.SwitcherProps{Vpc: vpc}) }, "Table is missing")
}

// TestCodeMissing: who has not built the switcher is told how.
func TestCodeMissing(t *testing.T) {
	empty := t.TempDir()
	context := map[string]any{"recovery:switcherCode": empty}
	stack := awscdk.NewStack(appOf(t, context), jsii.String("Stack"), nil)
	refused(t, func() {
		recovery.NewSwitcher(stack, jsii.String("S"), &recovery.SwitcherProps{
			Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil), Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), nil),
		})
	}, "Stack/S: Code is not given", empty+"/bootstrap", `run "make build"`)
}

// TestNoRelease: who imports a commit that is no release is told what to do.
func TestNoRelease(t *testing.T) {
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "go.mod"), []byte("module example.com/shop\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := bundle.Released()
	stack, other, given := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil), awscdk.NewStack(newApp(t), jsii.String("Other"), nil), code()
	t.Chdir(elsewhere)
	addSwitcher(other, recovery.SwitcherProps{Code: given}) // who gives it needs no release
	synthesise := func() {
		recovery.NewSwitcher(stack, jsii.String("S"), &recovery.SwitcherProps{
			Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil), Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), nil),
		})
	}
	if err == nil { // in a release, test/consumer looks at what it carries
		synthesise()
		return
	}
	refused(t, synthesise, "Stack/S: Code is not given", "carries no built switcher", "go get github.com/workload-recovery/workload-recovery@", "recovery:switcherCode")
}

// TestDuplicates: what must be unique per account and Region is, across stacks.
func TestDuplicates(t *testing.T) {
	b := newBase(t)
	b.node("First", recovery.ClusterNodeProps{NodeId: jsii.Number(5)})
	refused(t, func() { b.node("Second", recovery.ClusterNodeProps{NodeId: jsii.Number(5)}) },
		"Nodes/Second: node id 5 is already used by Nodes/First", "unique per account and Region", "choose another")

	other := awscdk.NewStack(b.app, jsii.String("Other"), nil)
	refused(t, func() { recovery.NewRecoveryTable(other, jsii.String("Table"), nil) }, "Other/Table: recovery table", "Vpc/Table", "pass the existing one")
	place := recovery.NewRecoveryVpc(other, jsii.String("Place"), nil)
	props := recovery.SwitcherProps{Name: jsii.String("test"), Table: b.switcher.Table(), Vpc: place}
	refused(t, func() { addSwitcher(other, props) }, "Other/Switcher: switcher name test is already used by Vpc/Switcher")

	// Another VPC's switcher with another name, but a node id in use.
	stack := awscdk.NewStack(b.app, jsii.String("Third"), nil)
	props.Name, props.Vpc = jsii.String("test2"), recovery.NewRecoveryVpc(stack, jsii.String("Place"), nil)
	refused(t, func() {
		recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: addSwitcher(stack, props), NodeId: jsii.Number(5)})
	}, "Third/Node: node id 5 is already used by Nodes/First (any account, any Region)")

	monitor := func(id string, node recovery.ClusterNode) {
		recovery.NewResourceMonitor(b.stack, jsii.String(id), &recovery.ResourceMonitorProps{
			ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
		})
	}
	node := b.node("Watched", recovery.ClusterNodeProps{NodeId: jsii.Number(6)})
	monitor("One", node)
	refused(t, func() { monitor("Two", node) }, "Nodes/Two: monitor of node 6", "Nodes/One")
}

func TestNodeErrors(t *testing.T) {
	balancer := func(lb recovery.NodeLoadBalancer) recovery.ClusterNodeProps {
		return recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &lb}}
	}
	volumes := func(v ...*recovery.NodeVolume) recovery.ClusterNodeProps {
		return recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Volumes: &v}}
	}
	disk := func() *recovery.NodeVolume {
		return &recovery.NodeVolume{DeviceName: jsii.String("/dev/sdb"), Size: awscdk.Size_Gibibytes(jsii.Number(1))}
	}
	types := func(names ...string) recovery.ClusterNodeProps {
		var list []awsec2.InstanceType
		for _, n := range names {
			list = append(list, awsec2.NewInstanceType(jsii.String(n)))
		}
		return recovery.ClusterNodeProps{InstanceTypes: &list}
	}
	tag := func(key string) recovery.ClusterNodeProps {
		return recovery.ClusterNodeProps{Tags: &map[string]*string{key: jsii.String("x")}}
	}
	for _, c := range []fault[recovery.ClusterNodeProps]{
		{"id zero", recovery.ClusterNodeProps{NodeId: jsii.Number(0)}, []string{`Nodes/Node: node id "0"`, "integers 1 to 999999999", "choose one"}},
		{"id negative", recovery.ClusterNodeProps{NodeId: jsii.Number(-3)}, []string{`node id "-3"`}},
		{"id a fraction", recovery.ClusterNodeProps{NodeId: jsii.Number(1.5)}, []string{`node id "1.5"`}},
		{"id too large", recovery.ClusterNodeProps{NodeId: jsii.Number(1e9)}, []string{`node id "1000000000"`}},
		{"priority", recovery.ClusterNodeProps{Recovery: &recovery.NodeRecovery{Priority: jsii.Number(1001)}}, []string{"Priority is 1001", "0 to 1000"}},
		{"hop limit", recovery.ClusterNodeProps{Instance: &recovery.NodeInstance{MetadataHopLimit: jsii.Number(65)}}, []string{"MetadataHopLimit is 65", "1 to 64"}},
		{"tenancy", recovery.ClusterNodeProps{Instance: &recovery.NodeInstance{Tenancy: "host"}}, []string{`Tenancy is "host"`, `"default" and "dedicated"`}},
		{"type twice", types("m7g.large", "m6g.large", "m7g.large"), []string{`InstanceTypes[2] is "m7g.large"`, "name each type once"}},
		{"type again", types("t4g.small"), []string{`InstanceTypes[0] is "t4g.small"`, "which is InstanceType"}},
		{"another processor", types("m7g.large", "m7i.large"), []string{`InstanceTypes[1] is "m7i.large"`, "architecture x86_64", `"t4g.small" has arm64`, "name types of the same"}},
		{"no type", recovery.ClusterNodeProps{InstanceTypes: &[]awsec2.InstanceType{nil}}, []string{"InstanceTypes[0] is nil", "take the entry out"}},
		{"escalation", recovery.ClusterNodeProps{Fence: &recovery.NodeFence{Escalation: "pray"}}, []string{`Fence.Escalation is "pray"`, `"hold", "storage" and "go-on"`, `leave it out for "hold"`}},
		{"reservation", recovery.ClusterNodeProps{Instance: &recovery.NodeInstance{CapacityReservation: "some"}}, []string{`CapacityReservation is "some"`}},
		{"zone twice", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{Zones: jsii.Strings("a", "a")}}, []string{`zone "a" is named twice`}},
		{"timeout not beyond the deploy time", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{ServiceTimeout: awscdk.Duration_Seconds(jsii.Number(900))}}, []string{"ServiceTimeout is 900 s", "901 to 3600"}},
		{"timeout too long", recovery.ClusterNodeProps{Deployment: &recovery.NodeDeployment{ServiceTimeout: awscdk.Duration_Hours(jsii.Number(2))}}, []string{"ServiceTimeout is 7200 s"}},
		{"tag with a space", tag("cost center"), []string{`tag key "cost center"`, "rename"}},
		{"tag with a slash", tag("a/b"), []string{`tag key "a/b"`}},
		{"reserved key", tag("_index"), []string{`tag key "_index"`}},
		{"control tag", tag("recovery:epoch"), []string{`tag key "recovery:epoch"`}},
		{"own tag", tag("fujitsu.pclswr.id"), []string{"set by ClusterNode itself", "NodeId"}},
		{"unknown balancer", balancer(recovery.NodeLoadBalancer{Kind: "CLASSIC"}), []string{`Kind is "CLASSIC"`, `"NETWORK" and "APPLICATION"`}},
		{"port", balancer(recovery.NodeLoadBalancer{Port: jsii.Number(70000)}), []string{"LoadBalancer.Port is 70000", "1 to 65535"}},
		{"target port", balancer(recovery.NodeLoadBalancer{TargetPort: jsii.Number(0)}), []string{"LoadBalancer.TargetPort is 0"}},
		{"health count", balancer(recovery.NodeLoadBalancer{HealthCount: jsii.Number(1)}), []string{"LoadBalancer.HealthCount is 1", "2 to 10"}},
		{"health interval", balancer(recovery.NodeLoadBalancer{HealthInterval: awscdk.Duration_Seconds(jsii.Number(4))}), []string{"LoadBalancer.HealthInterval is 4", "5 to 300"}},
		{"delay", balancer(recovery.NodeLoadBalancer{DeregistrationDelay: awscdk.Duration_Hours(jsii.Number(2))}), []string{"LoadBalancer.DeregistrationDelay is 7200"}},
		{"public without subnets", balancer(recovery.NodeLoadBalancer{InternetFacing: jsii.Bool(true)}), []string{"InternetFacing is true and Subnets is missing", "public subnets"}},
		{"no groups", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{}}}, []string{"TargetGroups is empty"}},
		{"group without ARN", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{}}}}, []string{"TargetGroups[0].TargetGroup is missing"}},
		{"group port", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("a")), Port: jsii.Number(0)}}}}, []string{"TargetGroups[0].Port is 0"}},
		{"group twice", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("a"))}, {TargetGroupArn: jsii.String(targetGroup("a"))}}}}, []string{`target group "` + targetGroup("a") + `" is named twice`}},
		{"groups and balancer", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{}, LoadBalancer: &recovery.NodeLoadBalancer{}}}, []string{"both given"}},
		{"volume without device", volumes(&recovery.NodeVolume{}), []string{"Volumes[0].DeviceName is missing", "/dev/xvda"}},
		{"volume without size", volumes(&recovery.NodeVolume{DeviceName: jsii.String("/dev/sdb")}), []string{"Volumes[0].Size is missing", "1 to 65536 GiB"}},
		{"volume twice", volumes(disk(), disk()), []string{`volume "/dev/sdb" is named twice`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.node("Node", c.props) }, c.texts...)
		})
	}
}

func TestNodeErrorsOfPlace(t *testing.T) {
	b := newBase(t)
	refused(t, func() { recovery.NewClusterNode(b.stack, jsii.String("N"), nil) }, "Nodes/N: props is missing")
	refused(t, func() { recovery.NewClusterNode(b.stack, jsii.String("N"), &recovery.ClusterNodeProps{}) }, "Switcher is missing")
	refused(t, func() {
		recovery.NewClusterNode(b.stack, jsii.String("N"), &recovery.ClusterNodeProps{Switcher: b.switcher})
	}, "NodeId is missing")
	one := awsec2.Subnet_FromSubnetId(b.stack, jsii.String("One"), jsii.String("subnet-1"))
	for _, kind := range []recovery.LoadBalancerKind{recovery.LoadBalancerKind_APPLICATION, recovery.LoadBalancerKind_NETWORK} {
		refused(t, func() {
			b.node("Lb"+string(kind), recovery.ClusterNodeProps{
				NodeId: jsii.Number(len(kind)), Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Kind: kind, Subnets: &[]awsec2.ISubnet{one}}},
			})
		}, "LoadBalancer.Subnets has 1 subnet(s)", "at least two zones")
	}
	key := awskms.Key_FromKeyArn(b.stack, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/k"))
	refused(t, func() {
		b.node("Key2", recovery.ClusterNodeProps{NodeId: jsii.Number(3), Storage: &recovery.NodeStorage{Volumes: &[]*recovery.NodeVolume{
			{DeviceName: jsii.String("/dev/sdb"), Size: awscdk.Size_Gibibytes(jsii.Number(1)), KmsKey: key, Encrypted: jsii.Bool(false)},
		}}})
	}, "Volumes[0] has a KmsKey and Encrypted is false")

	named := awscdk.NewStack(b.app, jsii.String("Named"), nil)
	s := addSwitcher(named, recovery.SwitcherProps{
		Table: b.switcher.Table(), Vpc: recovery.NewRecoveryVpc(named, jsii.String("Vpc"), &recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b")}),
	})
	refused(t, func() {
		b.node("Zoned", recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(4), Network: &recovery.NodeNetwork{Zones: jsii.Strings("us-east-1c")}})
	}, `Zones names "us-east-1c"`, `["us-east-1a" "us-east-1b"]`)
}

// TestStorageFenceNeedsTheMountCommands: what is mounted otherwise may be mounted
// through another zone's target.
func TestStorageFenceNeedsTheMountCommands(t *testing.T) {
	b := newBase(t)
	b.node("Node", recovery.ClusterNodeProps{Fence: &recovery.NodeFence{Escalation: recovery.FenceEscalation_STORAGE}, UserData: awsec2.UserData_ForLinux(nil)})
	refused(t, func() { b.app.Synth(nil) }, "Nodes/Node", `Fence.Escalation is "storage"`, "MountCommands", `choose "hold"`)
}

// TestTagsOfErrors: a tag that a stack or app adds is refused at synthesis, since
// every launch would be.
func TestTagsOfErrors(t *testing.T) {
	b := newBase(t)
	b.node("Node", recovery.ClusterNodeProps{})
	awscdk.Tags_Of(b.app).Add(jsii.String("cost center"), jsii.String("1"), nil)
	refused(t, func() { b.app.Synth(nil) }, "Nodes/Node/Template", `tag key "cost center"`, "ExcludeResourceTypes")
}

func TestMonitorErrors(t *testing.T) {
	second := func(n int) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(n)) }
	app := func(a recovery.ApplicationAlarm) recovery.ResourceMonitorProps {
		a.Process = jsii.String("x")
		return recovery.ResourceMonitorProps{Application: &a}
	}
	instance := func(i recovery.InstanceAlarm) recovery.ResourceMonitorProps {
		p := app(recovery.ApplicationAlarm{})
		p.Instance = &i
		return p
	}
	for _, c := range []fault[recovery.ResourceMonitorProps]{
		{"no application", recovery.ResourceMonitorProps{}, []string{"Nodes/Monitor: Application is missing", "Process", "MetricName"}},
		{"empty process", recovery.ResourceMonitorProps{Application: &recovery.ApplicationAlarm{Process: jsii.String("")}}, []string{"Application.Process has 0 characters", "1 to 255"}},
		{"long process", recovery.ResourceMonitorProps{Application: &recovery.ApplicationAlarm{Process: jsii.String(strings.Repeat("x", 256))}}, []string{"Application.Process has 256 characters"}},
		{"no sign of life", recovery.ResourceMonitorProps{Application: &recovery.ApplicationAlarm{}}, []string{"Application is missing"}},
		{"application period", app(recovery.ApplicationAlarm{Period: second(15)}), []string{"Application.Period is 15 s", "10, 20, 30 s"}},
		{"application periods", app(recovery.ApplicationAlarm{EvaluationPeriods: jsii.Number(0)}), []string{"Application.EvaluationPeriods is 0"}},
		{"application points", app(recovery.ApplicationAlarm{EvaluationPeriods: jsii.Number(2), DatapointsToAlarm: jsii.Number(3)}), []string{"Application.DatapointsToAlarm is 3", "1 to 2"}},
		{"instance dimension", app(recovery.ApplicationAlarm{Dimensions: &map[string]*string{"InstanceId": jsii.String("i-1")}}), []string{"names InstanceId", "NodeId"}},
		{"instance period", instance(recovery.InstanceAlarm{Period: second(30)}), []string{"Instance.Period is 30 s", "multiples of 60 s"}},
		{"instance periods", instance(recovery.InstanceAlarm{EvaluationPeriods: jsii.Number(61)}), []string{"Instance.EvaluationPeriods is 61"}},
		{"instance points", instance(recovery.InstanceAlarm{DatapointsToAlarm: jsii.Number(3)}), []string{"Instance.DatapointsToAlarm is 3", "1 to 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			c.props.ClusterNode = b.node("Node", recovery.ClusterNodeProps{})
			refused(t, func() { recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &c.props) }, c.texts...)
		})
	}
	b := newBase(t)
	refused(t, func() { recovery.NewResourceMonitor(b.stack, jsii.String("M"), &recovery.ResourceMonitorProps{}) }, "Nodes/M: ClusterNode is missing")
}

func TestImportErrors(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	id := jsii.String("X")
	refused(t, func() { recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, id, nil) }, "Stack/X: attrs is missing")
	refused(t, func() {
		recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, id, &recovery.RecoveryVpcAttributes{VpcId: jsii.String("vpc-1")})
	}, "CidrBlock is missing")
	full := func(zones, subnets *[]*string) *recovery.RecoveryVpcAttributes {
		return &recovery.RecoveryVpcAttributes{
			VpcId: jsii.String("vpc-1"), CidrBlock: jsii.String("10.0.0.0/16"), BlackholeSecurityGroupId: jsii.String("sg-1"),
			LogFileSystemId: jsii.String("fs-1"), LogSecurityGroupId: jsii.String("sg-2"), AvailabilityZones: zones, SubnetIds: subnets,
		}
	}
	refused(t, func() {
		recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, id, full(jsii.Strings("us-east-1a"), jsii.Strings("subnet-1")))
	}, "1 AvailabilityZones and 1 SubnetIds", "at least two")
	refused(t, func() {
		recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, id, full(jsii.Strings("us-east-1a", "us-east-1b"), jsii.Strings("subnet-1")))
	}, "2 AvailabilityZones and 1 SubnetIds")
	refused(t, func() { recovery.Switcher_FromSwitcherAttributes(stack, id, &recovery.SwitcherAttributes{}) }, "SwitcherName is missing")
	refused(t, func() {
		recovery.Switcher_FromSwitcherAttributes(stack, id, &recovery.SwitcherAttributes{SwitcherName: jsii.String("s")})
	}, "Vpc is missing")
}

// TestOneIdPerRegion: ids and names may repeat in another Region or account.
func TestOneIdPerRegion(t *testing.T) {
	app := newApp(t)
	var made []awscdk.Stack
	for i, env := range []*awscdk.Environment{
		{Account: jsii.String("111122223333"), Region: jsii.String("us-east-1")},
		{Account: jsii.String("111122223333"), Region: jsii.String("us-west-2")},
		{Account: jsii.String("444455556666"), Region: jsii.String("us-east-1")},
	} {
		stack := awscdk.NewStack(app, jsii.String("Stack"+string(rune('A'+i))), &awscdk.StackProps{Env: env})
		s := addSwitcher(stack, recovery.SwitcherProps{Name: jsii.String("same")})
		recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(1)})
		made = append(made, stack)
	}
	for _, stack := range made {
		if id := synth(t, stack).one(t, "Custom::RecoveryNode", "Node").Properties["NodeId"]; id != "1" {
			t.Errorf("%s: node id %v", *stack.StackName(), id)
		}
	}
}
