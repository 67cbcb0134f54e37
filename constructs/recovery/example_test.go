package recovery_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// newApp is an app whose context stands in for the built switcher, which this work
// tree may not have; an app that imports a release needs none.
func newApp() awscdk.App {
	return awscdk.NewApp(&awscdk.AppProps{
		Context: &map[string]any{"recovery:switcherCode": "../../test/template/testdata/switcher"},
	})
}

func newStack(name string) awscdk.Stack { return awscdk.NewStack(newApp(), jsii.String(name), nil) }

// newSwitcher is what nodes need: a table, a place and its switcher.
func newSwitcher(stack awscdk.Stack) recovery.Switcher {
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	return recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})
}

// count is how many resources of a type the stack makes.
func count(stack awscdk.Stack, kind string) int {
	return len(*assertions.Template_FromStack(stack, nil).FindResources(jsii.String(kind), nil))
}

// A node that survives the loss of its instance and of its zone, with all it needs.
func Example() {
	stack := awscdk.NewStack(newApp(), jsii.String("Licences"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table})
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: switcher, NodeId: jsii.Number(1),
	})
	recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("lmgrd")},
	})
	fmt.Println(count(stack, "Custom::RecoveryNode"), "node,", count(stack, "AWS::EC2::Instance"), "instances of CloudFormation's")
	// Output: 1 node, 0 instances of CloudFormation's
}

// One table serves all switchers of a Region, so it has a stack of its own.
func ExampleNewRecoveryTable() {
	stack := newStack("Region")
	recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{})
	fmt.Println(count(stack, "AWS::DynamoDB::Table"), "table")
	// Output: 1 table
}

// A VPC with one isolated subnet in each of three zones.
func ExampleNewRecoveryVpc() {
	stack := newStack("Place")
	recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.8.0.0/16")})
	fmt.Println(count(stack, "AWS::EC2::Subnet"), "subnets")
	// Output: 3 subnets
}

// A switcher that waits a minute before it believes an alarm, and mails people.
func ExampleNewSwitcher() {
	stack := newStack("Switcher")
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc:    recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil),
		Table:  recovery.NewRecoveryTable(stack, jsii.String("Table"), nil),
		Name:   jsii.String("prod"),
		Policy: &recovery.RecoveryPolicy{ConfirmTime: awscdk.Duration_Minutes(jsii.Number(1))},
	})
	switcher.Topic().AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String("oncall@example.com"), nil))
	fmt.Println(*switcher.FunctionName())
	// Output: recovery-switcher-prod
}

// A node on arm64, with a gate: its replacement boots beside the failed instance
// and serves only when that one is off.
func ExampleNewClusterNode() {
	stack := newStack("Orders")
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: newSwitcher(stack), NodeId: jsii.Number(7), NodeName: jsii.String("orders"),
		InstanceType: awsec2.NewInstanceType(jsii.String("m7g.large")),
		Network:      &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Port: jsii.Number(5432), TargetPort: jsii.Number(5432)}},
		Gate:         jsii.Bool(true),
		Application: &recovery.NodeApplication{
			Units: jsii.Strings("orders"), Check: &recovery.NodeCheck{TcpPort: jsii.Number(5432)},
		},
	})
	fmt.Println(*node.NodeName(), "behind", count(stack, "AWS::ElasticLoadBalancingV2::LoadBalancer"), "load balancer")
	// Output: orders behind 1 load balancer
}

// A running instance becomes a node without a restart. Nothing launches it, so
// there is no launch template.
func Example_adopt() {
	stack := newStack("Licences")
	recovery.NewAdoptedNode(stack, jsii.String("Node"), &recovery.AdoptedNodeProps{
		Switcher: newSwitcher(stack), NodeId: jsii.Number(12), InstanceId: jsii.String("i-0123456789abcdef0"),
		Role:     awsiam.Role_FromRoleName(stack, jsii.String("Role"), jsii.String("licence-server"), nil),
		Recovery: &recovery.NodeRecovery{AwaitAutoRecovery: awscdk.Duration_Minutes(jsii.Number(10))},
	})
	fmt.Println(count(stack, "AWS::EC2::LaunchTemplate"), "launch templates")
	// Output: 0 launch templates
}

// A second app of the Region, with a VPC and a switcher of its own, shares the first
// one's table: two tables would let two switchers own one node id.
func Example_sharedTable() {
	stack := newStack("Reports")
	recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Vpc:  recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil),
		Name: jsii.String("reports"),
		Table: recovery.RecoveryTable_FromTableAttributes(stack, jsii.String("Table"), &recovery.RecoveryTableAttributes{
			TableName: jsii.String("recovery"),
		}),
	})
	fmt.Println(count(stack, "AWS::DynamoDB::Table"), "tables")
	// Output: 0 tables
}

// A third app adds a node to a switcher that another app made.
func Example_otherAppsSwitcher() {
	stack := newStack("Archive")
	vpc := recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, jsii.String("Vpc"), &recovery.RecoveryVpcAttributes{
		VpcId: jsii.String("vpc-0123456789abcdef0"), CidrBlock: jsii.String("10.0.0.0/16"),
		AvailabilityZones:        jsii.Strings("eu-west-1a", "eu-west-1b"),
		SubnetIds:                jsii.Strings("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
		BlackholeSecurityGroupId: jsii.String("sg-0123456789abcdef0"),
		LogFileSystemId:          jsii.String("fs-0123456789abcdef0"), LogSecurityGroupId: jsii.String("sg-0fedcba9876543210"),
	})
	recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		NodeId: jsii.Number(31),
		Switcher: recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("Switcher"), &recovery.SwitcherAttributes{
			SwitcherName: jsii.String("prod"), Vpc: vpc,
		}),
	})
	fmt.Println(count(stack, "AWS::Lambda::Function"), "functions,", count(stack, "Custom::RecoveryNode"), "node")
	// Output: 0 functions, 1 node
}

// Two alarms: one on the instance's status checks, one on the process that the
// CloudWatch agent counts.
func ExampleNewResourceMonitor() {
	stack := newStack("Queue")
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: newSwitcher(stack), NodeId: jsii.Number(3),
	})
	monitor := recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("rabbitmq")},
	})
	fmt.Println(monitor.InstanceAlarm() != nil, monitor.ApplicationAlarm() != nil)
	// Output: true true
}

// The dashboard of a VPC, in a stack of its own.
func ExampleNewRecoveryDashboard() {
	app := newApp()
	switcher := newSwitcher(awscdk.NewStack(app, jsii.String("Shop"), nil))
	shown := awscdk.NewStack(app, jsii.String("Dashboard"), nil)
	recovery.NewRecoveryDashboard(shown, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{Switcher: switcher})
	fmt.Println(count(shown, "AWS::CloudWatch::Dashboard"), "dashboard")
	// Output: 1 dashboard
}
