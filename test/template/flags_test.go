package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/stacks"
)

// TestFeatureFlagsMoveNothing: the logical ids are the same with README's bare cdk.json as
// with every recommended feature flag, and as with each flag reversed that changes an id
// of AWS CDK's own. CloudFormation would make a resource of another id before it deletes
// the old one, and a subnet has room for one mount target of a file system.
func TestFeatureFlagsMoveNothing(t *testing.T) {
	ids := func(context map[string]any) []string {
		list := map[string]bool{}
		for _, compose := range []func(awscdk.App){
			func(app awscdk.App) { everything(app) },
			func(app awscdk.App) { stacks.Single(app, stacks.ExampleProps{Code: code}) },
		} {
			app := appOf(t, context)
			compose(app)
			for _, c := range *app.Node().Children() {
				if stack, is := c.(awscdk.Stack); is {
					for id, r := range synth(t, stack).Resources {
						list[fmt.Sprintf("%s %s %s", *stack.Node().Id(), id, r.Type)] = true
					}
				}
			}
		}
		return slices.Sorted(maps.Keys(list))
	}
	want := ids(flags)
	if len(want) < 100 {
		t.Fatalf("only %d resources", len(want))
	}
	reversed := maps.Clone(flags)
	for key, value := range flags {
		if on, is := value.(bool); is {
			reversed[key] = !on
		}
	}
	for name, context := range map[string]map[string]any{"the bare cdk.json of README": {}, "every flag reversed": reversed} {
		if diff := cmp.Diff(want, ids(context)); diff != "" {
			t.Errorf("%s: other logical ids (-cdk.json +these flags):\n%s", name, diff)
		}
	}
}

// TestRolesMadeBeforehand: an organisation that makes all roles beforehand
// (awsiam.Role_CustomizeRoles) can use the constructs: no role is in a template, and the
// switcher may pass the node's role, which is not under its path.
func TestRolesMadeBeforehand(t *testing.T) {
	app := newApp(t)
	names := map[string]*string{"Stack/Switcher/Role": jsii.String("their-switcher"), "Stack/Switcher/SweepRole": jsii.String("their-sweep"), "Stack/Node/Role": jsii.String("their-node")}
	awsiam.Role_CustomizeRoles(app, &awsiam.CustomizeRolesOptions{UsePrecreatedRoles: &names})
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	s := addSwitcher(stack, recovery.SwitcherProps{Name: jsii.String("test")})
	recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(7)})
	d := synth(t, stack)
	if roles := d.ids("AWS::IAM::Role"); len(roles) > 0 {
		t.Errorf("the template has the roles %v", roles)
	}
	for _, kind := range []string{"AWS::Lambda::Function", "AWS::Scheduler::Schedule", "AWS::IAM::InstanceProfile", contract.NodeResourceType} {
		if len(d.ids(kind)) != 1 {
			t.Errorf("%d resources of type %s, want one", len(d.ids(kind)), kind)
		}
	}
	function := text(t, flat(d.one(t, "AWS::Lambda::Function", "Switcher").Properties))
	if !strings.Contains(function, "their-switcher") {
		t.Errorf("the function does not run as the role made beforehand: %s", function)
	}
}

// TestChina: endpoint services, service principals and ARNs are those of the partition.
func TestChina(t *testing.T) {
	app := newApp(t)
	stack := awscdk.NewStack(app, jsii.String("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("cn-north-1")}})
	b := base{app: app, stack: stack}
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("cn-north-1a", "cn-north-1b")})
	addSwitcher(stack, recovery.SwitcherProps{Vpc: vpc, EncryptionKey: b.key("Key")})
	d := synth(t, stack)
	services := map[string]bool{}
	for _, id := range d.ids("AWS::EC2::VPCEndpoint") {
		services[fmt.Sprint(flat(d.Resources[id].Properties["ServiceName"]))] = true
	}
	want := map[string]bool{
		"cn.com.amazonaws.cn-north-1.monitoring": true, "cn.com.amazonaws.cn-north-1.ec2": true, "com.amazonaws.cn-north-1.logs": true,
		"com.amazonaws.${AWS::Region}.s3": true, "com.amazonaws.${AWS::Region}.dynamodb": true,
	}
	if diff := cmp.Diff(want, services); diff != "" {
		t.Errorf("endpoint services (-want +got):\n%s", diff)
	}
	if key := text(t, keyPolicy(t, d, "Key")); !strings.Contains(key, "logs.cn-north-1.${AWS::URLSuffix}") {
		t.Errorf("CloudWatch Logs is named wrongly in the key's policy: %s", key)
	}
	if all := text(t, d); strings.Contains(all, "arn:aws:") {
		t.Error("the template has an ARN of the partition aws")
	}
}
