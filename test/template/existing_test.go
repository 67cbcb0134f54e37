package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/docs/examples"
)

// lookedUp is the answer that the command line gives, about a VPC with this block.
func lookedUp(block string) map[string]any {
	subnets := []any{}
	for i, zone := range []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"} {
		subnets = append(subnets, map[string]any{"subnetId": fmt.Sprint("subnet-", i), "availabilityZone": zone, "routeTableId": fmt.Sprint("rtb-", i)})
	}
	return map[string]any{
		"vpcId": "vpc-0123456789abcdef0", "vpcCidrBlock": block, "availabilityZones": []any{},
		"subnetGroups": []any{map[string]any{"name": "Private", "type": "Private", "subnets": subnets}},
	}
}

// TestExistingVpcIsLookedUp does what AWS CDK's command line does about
// awsec2.Vpc_FromLookup: it runs the app, which must not fail by what stands in for the
// VPC, asks AWS, and runs the app again with the answer.
func TestExistingVpcIsLookedUp(t *testing.T) {
	app := exampleApp(t, nil)
	examples.Existing(app)
	asked := lookups(t, *app.Synth(nil).Directory())
	if len(asked) != 1 || asked[0].Provider != "vpc-provider" {
		t.Fatalf("the first run asks for %v, want the VPC", asked)
	}
	app = exampleApp(t, map[string]any{asked[0].Key: lookedUp("10.7.0.0/16")})
	node := examples.Existing(app)
	if more := lookups(t, *app.Synth(nil).Directory()); len(more) > 0 {
		t.Errorf("the second run asks for %v", more)
	}
	d := synth(t, awscdk.Stack_Of(node))
	var blocks []any
	for _, id := range d.ids("AWS::EC2::Subnet") {
		p := d.Resources[id].Properties
		blocks = append(blocks, fmt.Sprint(p["VpcId"], " ", p["AvailabilityZone"], " ", p["CidrBlock"]))
	}
	want := []any{
		"vpc-0123456789abcdef0 eu-west-1a 10.7.240.0/26", "vpc-0123456789abcdef0 eu-west-1b 10.7.240.64/26", "vpc-0123456789abcdef0 eu-west-1c 10.7.240.128/26",
	}
	if diff := cmp.Diff(want, blocks); diff != "" || d.counts()["AWS::EC2::VPC"] != 0 {
		t.Errorf("%d VPCs; subnets (-want +got):\n%s", d.counts()["AWS::EC2::VPC"], diff)
	}
	app = exampleApp(t, map[string]any{asked[0].Key: lookedUp("192.168.0.0/16")})
	refused(t, func() { examples.Existing(app) }, `Reports/Vpc: SubnetCidrs[0] is "10.7.240.0/26"`, "inside the VPC's block 192.168.0.0/16")
}

// TestExistingVpcNamesItsZones: the zones of a VPC that is still to be looked up are no
// zones, and how many there will be is not known.
func TestExistingVpcNamesItsZones(t *testing.T) {
	at := &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-west-1")}
	compose := func(more map[string]any) awscdk.App {
		app := exampleApp(t, more)
		stack := awscdk.NewStack(app, jsii.String("Stack"), &awscdk.StackProps{Env: at})
		theirs := awsec2.Vpc_FromLookup(stack, jsii.String("Theirs"), &awsec2.VpcLookupOptions{IsDefault: jsii.Bool(true)})
		vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
			Vpc: theirs, AvailabilityZones: theirs.AvailabilityZones(), SubnetCidrs: jsii.Strings("172.31.200.0/24", "172.31.201.0/24", "172.31.202.0/24"),
		})
		recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
			Switcher: addSwitcher(stack, recovery.SwitcherProps{Vpc: vpc}), NodeId: jsii.Number(1), Network: &recovery.NodeNetwork{Zones: jsii.Strings("eu-west-1c")},
		})
		return app
	}
	asked := lookups(t, *compose(nil).Synth(nil).Directory())
	if len(asked) != 1 {
		t.Fatalf("the first run asks for %v, want the VPC", asked)
	}
	compose(map[string]any{asked[0].Key: lookedUp("172.31.0.0/16")}).Synth(nil)
	few := lookedUp("172.31.0.0/16")
	group := few["subnetGroups"].([]any)[0].(map[string]any)
	group["subnets"] = group["subnets"].([]any)[:1]
	refused(t, func() { compose(map[string]any{asked[0].Key: few}) }, `AvailabilityZones has 1 zone(s) ["eu-west-1a"]`, "at least two")
}

// TestExistingVpcOfTheApp: a VPC that another stack of the app makes, whose block and
// zones are known at deployment only; the load balancer is in its public subnets.
func TestExistingVpcOfTheApp(t *testing.T) {
	app := newApp(t)
	network := awscdk.NewStack(app, jsii.String("Network"), nil)
	theirs := awsec2.NewVpc(network, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2), IpAddresses: awsec2.IpAddresses_Cidr(jsii.String("10.9.0.0/16"))})
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	props := recovery.RecoveryVpcProps{
		Vpc: theirs, CidrBlock: jsii.String("10.9.0.0/16"), AvailabilityZones: theirs.AvailabilityZones(), SubnetCidrs: jsii.Strings("10.9.200.0/24", "10.9.201.0/24"),
	}
	s := addSwitcher(stack, recovery.SwitcherProps{Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Place"), &props)})
	recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: s, NodeId: jsii.Number(1), Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{InternetFacing: jsii.Bool(true), Subnets: theirs.PublicSubnets()}},
	})
	d := synth(t, stack)
	vpc := "${import Network:ExportsOutputRefVpc}"
	for _, id := range d.ids("AWS::EC2::Subnet") {
		if got := trimHash(fmt.Sprint(flat(d.Resources[id].Properties["VpcId"]))); got != vpc {
			t.Errorf("%s is in %s, want %s", id, got, vpc)
		}
	}
	balancer := text(t, flat(d.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", "Node").Properties["Subnets"]))
	if n := strings.Count(balancer, "${import Network:ExportsOutputRefVpcPublicSubnet"); n != 2 {
		t.Errorf("the load balancer is in %s, want the VPC's two public subnets", balancer)
	}
}

// TestExistingVpcWithoutBlock: a VPC that was imported by its id and zones alone.
func TestExistingVpcWithoutBlock(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	zones := jsii.Strings("us-east-1a", "us-east-1b")
	props := recovery.RecoveryVpcProps{
		Vpc:               awsec2.Vpc_FromVpcAttributes(stack, jsii.String("Theirs"), &awsec2.VpcAttributes{VpcId: jsii.String("vpc-0123456789abcdef0"), AvailabilityZones: zones}),
		AvailabilityZones: zones, SubnetCidrs: jsii.Strings("10.9.200.0/24", "10.9.201.0/24"),
	}
	refused(t, func() { recovery.NewRecoveryVpc(stack, jsii.String("A"), &props) }, "Stack/A: CidrBlock is missing, and Vpc does not know its own", "VpcCidrBlock")
	props.CidrBlock = jsii.String("10.9.0.0/16")
	recovery.NewRecoveryVpc(stack, jsii.String("B"), &props)
	if got := synth(t, stack).one(t, "AWS::EC2::Subnet", "BSubnet2").Properties["CidrBlock"]; got != "10.9.201.0/24" {
		t.Errorf("the second subnet is %v", got)
	}
}

// TestExistingTable: a second app's switcher shares the Region's table.
func TestExistingTable(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	key := awskms.Key_FromKeyArn(stack, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/k"))
	table := recovery.RecoveryTable_FromTableAttributes(stack, jsii.String("Table"), &recovery.RecoveryTableAttributes{TableName: jsii.String("recovery"), EncryptionKey: key})
	addSwitcher(stack, recovery.SwitcherProps{Table: table, Name: jsii.String("second")})
	d := synth(t, stack)
	if n := d.counts()["AWS::DynamoDB::Table"]; n != 0 {
		t.Errorf("%d tables are made", n)
	}
	may := statementsOf(t, d.one(t, "AWS::IAM::ManagedPolicy", "SwitcherMove"))
	if want := fmt.Sprintf(arn, "dynamodb", "table/recovery"); may["Records"].Resource != want {
		t.Errorf("the switcher may use %v, want %s", may["Records"].Resource, want)
	}
	if may["UseTableKey"].Resource != *key.KeyArn() {
		t.Errorf("the switcher may use the key %v, want %s", may["UseTableKey"].Resource, *key.KeyArn())
	}
	if env := text(t, d.one(t, "AWS::Lambda::Function", "Switcher").Properties["Environment"]); !strings.Contains(env, `\"table\":\"recovery\"`) {
		t.Errorf("the switcher is not told the table: %s", env)
	}

	id := jsii.String("Wrong")
	refused(t, func() { recovery.RecoveryTable_FromTableAttributes(stack, id, nil) }, "Stack/Wrong: TableName is missing")
	refused(t, func() {
		recovery.RecoveryTable_FromTableAttributes(stack, id, &recovery.RecoveryTableAttributes{TableName: jsii.String("arn:aws:dynamodb:us-east-1:111122223333:table/recovery")})
	}, "Stack/Wrong: TableName is", "and not its ARN")
}

// TestExistingTopic: who is told already is told of this too.
func TestExistingTopic(t *testing.T) {
	at := &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-west-1")}
	app := newApp(t)
	other := awscdk.NewStack(app, jsii.String("People"), &awscdk.StackProps{Env: at})
	key := awskms.NewKey(other, jsii.String("Key"), nil)
	topic := awssns.NewTopic(other, jsii.String("Topic"), &awssns.TopicProps{MasterKey: key})
	stack := awscdk.NewStack(app, jsii.String("Stack"), &awscdk.StackProps{Env: at})
	s := addSwitcher(stack, recovery.SwitcherProps{Topic: topic})
	d := synth(t, stack)
	if n := d.counts()["AWS::SNS::Topic"] + d.counts()["AWS::KMS::Key"]; n != 0 {
		t.Errorf("%d topics and keys are made", n)
	}
	may := statementsOf(t, d.one(t, "AWS::IAM::ManagedPolicy", "SwitcherMove"))
	if got := fmt.Sprint(may["Tell"].Resource); got != "${import People:ExportsOutputRefTopic}" {
		t.Errorf("the switcher may tell %s", got)
	}
	if got := fmt.Sprint(may["UseTopicKey"].Resource); got != "${import People:ExportsOutputFnGetAttKeyArn}" {
		t.Errorf("the switcher may use the key %s, want the topic's own", got)
	}
	for _, id := range d.ids("AWS::CloudWatch::Alarm") {
		if got := trimHash(text(t, flat(d.Resources[id].Properties["AlarmActions"]))); got != `["${import People:ExportsOutputRefTopic}"]` {
			t.Errorf("alarm %s tells %s", id, got)
		}
	}

	theirs := func(name string) awssns.ITopic {
		return awssns.Topic_FromTopicArn(stack, jsii.String(name), jsii.String("arn:aws:sns:"+name))
	}
	fifo, far := theirs("eu-west-1:111122223333:people.fifo"), theirs("us-east-1:111122223333:people")
	wrong := func(id string, p awssns.ITopic) func() {
		return func() {
			recovery.NewSwitcher(stack, jsii.String(id), &recovery.SwitcherProps{Vpc: s.Vpc(), Table: s.Table(), Code: code(), Topic: p})
		}
	}
	refused(t, wrong("A", fifo), "Stack/A: Topic", "people.fifo is a FIFO topic")
	refused(t, wrong("B", far), "Stack/B: Topic", "is in Region us-east-1, and the construct is in eu-west-1")
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(1)})
	refused(t, func() {
		recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
			ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")}, Unserved: &recovery.UnservedAlarm{Topic: far},
		})
	}, "Stack/Monitor: Unserved.Topic", "us-east-1")
}

// TestExistingTargetGroups: groups that another stack of the app makes, and groups that
// are only referred to; what no instance can be registered in is refused.
func TestExistingTargetGroups(t *testing.T) {
	b := newBase(t)
	web := awscdk.NewStack(b.app, jsii.String("Web"), nil)
	group := func(id string, kind elb.TargetType) elb.ApplicationTargetGroup {
		return elb.NewApplicationTargetGroup(web, jsii.String(id), &elb.ApplicationTargetGroupProps{Vpc: b.switcher.Vpc().Vpc(), TargetType: kind, Port: jsii.Number(80)})
	}
	theirs := elb.ApplicationTargetGroup_FromTargetGroupAttributes(b.stack, jsii.String("Theirs"), &elb.TargetGroupAttributes{TargetGroupArn: jsii.String(targetGroup("theirs"))})
	b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{
		{TargetGroupArn: group("Instances", elb.TargetType_INSTANCE).TargetGroupArn()}, {TargetGroupArn: group("Untyped", "").TargetGroupArn()}, {TargetGroupArn: group("Addresses", elb.TargetType_IP).TargetGroupArn()}, {TargetGroupArn: theirs.TargetGroupArn()},
	}}})
	b.app.Synth(nil)
	d := synth(t, b.stack)
	var got []any
	for _, arn := range statements(t, d, "NodeMoveTargets")["MoveExistingTargets"].Resource.([]any) {
		got = append(got, unhashed(arn))
	}
	want := []any{targetGroup("theirs"), "${import Web:ExportsOutputRefAddresses}", "${import Web:ExportsOutputRefInstances}", "${import Web:ExportsOutputRefUntyped}"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the switcher may move targets of (-want +got):\n%s", diff)
	}

	for kind, id := range map[elb.TargetType]string{elb.TargetType_LAMBDA: "Lambda", elb.TargetType_ALB: "Alb"} {
		b := newBase(t)
		g := elb.NewNetworkTargetGroup(b.stack, jsii.String(id), &elb.NetworkTargetGroupProps{Vpc: b.switcher.Vpc().Vpc(), TargetType: kind, Port: jsii.Number(80)})
		b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: g.TargetGroupArn()}}}})
		refused(t, func() { b.app.Synth(nil) }, "Nodes/Node", "TargetGroups[0] is Nodes/"+id, fmt.Sprintf("of type %q", strings.ToLower(id)), "TargetType_INSTANCE")
	}
	wrong := newBase(t)
	lb := elb.NewNetworkLoadBalancer(wrong.stack, jsii.String("Lb"), &elb.NetworkLoadBalancerProps{Vpc: wrong.switcher.Vpc().Vpc()})
	give := func(id float64, arn *string) func() {
		return func() {
			wrong.node(fmt.Sprint("N", id), recovery.ClusterNodeProps{NodeId: &id, Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: arn}}}})
		}
	}
	refused(t, give(1, lb.LoadBalancerArn()), "TargetGroups[0].TargetGroupArn is of Nodes/Lb", "AWS::ElasticLoadBalancingV2::LoadBalancer")
	refused(t, give(2, jsii.String("orders")), `TargetGroups[0].TargetGroupArn is "orders"`, "give the ARN of a target group")
	refused(t, give(3, jsii.String("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/orders/0123456789abcdef")), "TargetGroups[0].TargetGroupArn", "loadbalancer/app/orders", "give the ARN of a target group")
}
