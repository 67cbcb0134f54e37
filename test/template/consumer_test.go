package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Example is the README's ten lines: a node that survives its zone.
func Example() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	table := recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Code: code()})
	node := recovery.NewClusterNode(stack, jsii.String("Orders"), &recovery.ClusterNodeProps{Switcher: switcher, NodeId: jsii.Number(1)})
	recovery.NewResourceMonitor(stack, jsii.String("Watch"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("orders")},
	})
	fmt.Println(*node.NodeName())
	// Output: node-1
}

// TestConsumer uses a node as AWS CDK's own constructs are used: in grants and in
// connections, on either side.
func TestConsumer(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{})
	bucket := awss3.NewBucket(b.stack, jsii.String("Bucket"), nil)
	bucket.GrantRead(node, nil)
	clients := awsec2.NewSecurityGroup(b.stack, jsii.String("Clients"), &awsec2.SecurityGroupProps{
		Vpc: b.switcher.Vpc().Vpc(), AllowAllOutbound: jsii.Bool(false),
	})
	node.Connections().AllowFrom(clients, awsec2.Port_Tcp(jsii.Number(22)), nil)
	clients.Connections().AllowTo(node, awsec2.Port_Tcp(jsii.Number(23)), nil)
	operator := awsiam.NewRole(b.stack, jsii.String("Operator"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
	b.switcher.GrantInvoke(operator)
	b.switcher.GrantReadRecords(operator)
	d := synth(t, b.stack)

	read := statements(t, d, "NodeRoleDefaultPolicy")["of [s3:GetBucket* s3:GetObject* s3:List*]"]
	if diff := cmp.Diff([]any{"${Bucket.Arn}", "${Bucket.Arn}/*"}, read.Resource); diff != "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
	ports := map[any]string{}
	for _, id := range d.ids("AWS::EC2::SecurityGroupIngress") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		ports[p["FromPort"]] = fmt.Sprintf("%v -> %v", p["SourceSecurityGroupId"], p["GroupId"])
	}
	for _, port := range []float64{22, 23} {
		if ports[port] != "${Clients.GroupId} -> ${NodeGroup.GroupId}" {
			t.Errorf("port %v: %q", port, ports[port])
		}
	}
	grants := statements(t, d, "OperatorDefaultPolicy")
	if invoke := grants["of lambda:InvokeFunction"]; invoke.Resource != fmt.Sprintf(arn, "lambda", "function:recovery-switcher-test") {
		t.Errorf("invoke: %v", invoke)
	}
	records := grants["of [dynamodb:GetItem dynamodb:Query]"]
	if !strings.Contains(text(t, records.Condition), `"claim","capacity"`) {
		t.Errorf("records are not limited to the VPC's: %v", records)
	}
}

// TestGetters: attributes come from the custom resource's answer.
func TestGetters(t *testing.T) {
	b := newBase(t)
	n := b.node("Node", recovery.ClusterNodeProps{})
	got := map[string]any{}
	for name, v := range map[string]*string{
		"InstanceId": n.InstanceId(), "AvailabilityZone": n.AvailabilityZone(), "SubnetId": n.SubnetId(),
		"PrivateIp": n.PrivateIp(), "ImageId": n.ImageId(), "Epoch": n.Epoch(),
	} {
		got[name] = flat(b.stack.Resolve(v))
	}
	want := map[string]any{}
	for _, name := range []string{"InstanceId", "AvailabilityZone", "SubnetId", "PrivateIp", "ImageId", "Epoch"} {
		want[name] = "${Node." + name + "}"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if *n.NodeId() != 7 || n.Role() == nil || n.LoadBalancer() == nil || n.DataFileSystem() == nil || len(*n.TargetGroupArns()) != 1 ||
		n.LaunchTemplate() == nil || n.CustomResource() == nil || n.SecurityGroup() == nil || n.Switcher() != recovery.ISwitcher(b.switcher) {
		t.Error("a getter is empty")
	}
}

// TestImports: nodes of one app under the switcher of another.
func TestImports(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	vpc := recovery.RecoveryVpc_FromRecoveryVpcAttributes(stack, jsii.String("Vpc"), &recovery.RecoveryVpcAttributes{
		VpcId: jsii.String("vpc-1"), CidrBlock: jsii.String("10.0.0.0/16"), BlackholeSecurityGroupId: jsii.String("sg-1"),
		LogFileSystemId: jsii.String("fs-1"), LogSecurityGroupId: jsii.String("sg-2"),
		AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetIds: jsii.Strings("subnet-1", "subnet-2"),
	})
	s := recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("Switcher"), &recovery.SwitcherAttributes{SwitcherName: jsii.String("theirs"), Vpc: vpc})
	recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{
		Switcher: s, NodeId: jsii.Number(3), Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("t"))}}},
	})
	d := synth(t, stack)
	node := flat(d.one(t, "Custom::RecoveryNode", "Node").Properties).(map[string]any)
	if want := fmt.Sprintf(arn, "lambda", "function:recovery-switcher-theirs"); node["ServiceToken"] != want {
		t.Errorf("served by %v, want %s", node["ServiceToken"], want)
	}
	if roles := text(t, d.one(t, "AWS::IAM::Policy", "NodeMoveTargets").Properties["Roles"]); roles != `[{"Fn::Join":["",["recovery-theirs-",{"Ref":"AWS::Region"}]]}]` {
		t.Errorf("policy attached to %s", roles)
	}
	if path := d.one(t, "AWS::IAM::Role", "NodeRole").Properties["Path"]; path != "/recovery/theirs/" {
		t.Errorf("role path %v", path)
	}
	var places []any
	for _, id := range d.ids("AWS::EFS::MountTarget") {
		places = append(places, d.Resources[id].Properties["SubnetId"])
	}
	if len(places) != 2 {
		t.Errorf("mount targets in %v", places)
	}
}
