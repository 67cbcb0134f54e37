package template

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/docs/examples"
)

// TestExamplesOfTheManual synthesises the Go of docs/constructs as a reader would:
// without a built switcher at hand, its place is named by the context.
func TestExamplesOfTheManual(t *testing.T) {
	for name, want := range map[string]struct {
		make  func(awscdk.App)
		kinds map[string]int
	}{
		"Table":       {func(a awscdk.App) { examples.Table(a) }, map[string]int{"AWS::DynamoDB::Table": 1}},
		"NewVpc":      {func(a awscdk.App) { examples.NewVpc(a) }, map[string]int{"AWS::EC2::VPC": 1, "AWS::EC2::Subnet": 3, "AWS::EC2::VPCEndpoint": 7}},
		"ExistingVpc": {func(a awscdk.App) { examples.ExistingVpc(a) }, map[string]int{"AWS::EC2::VPC": 0, "AWS::EC2::Subnet": 3, "AWS::EC2::VPCEndpoint": 1}},
		"Switcher":    {func(a awscdk.App) { examples.Switcher(a) }, map[string]int{"AWS::Lambda::Function": 1, "AWS::SNS::Subscription": 1}},
		"Node":        {func(a awscdk.App) { examples.Node(a) }, map[string]int{"Custom::RecoveryNode": 1, "AWS::CloudWatch::Alarm": 8}},
		"Dashboard":   {func(a awscdk.App) { examples.Dashboard(a) }, map[string]int{"AWS::CloudWatch::Dashboard": 1, "Custom::RecoveryNode": 2}},
		"Adopt":       {func(a awscdk.App) { examples.Adopt(a) }, map[string]int{"Custom::RecoveryNode": 1, "AWS::EC2::LaunchTemplate": 0}},
		"Pipeline":    {func(a awscdk.App) { examples.Pipeline(a) }, map[string]int{"AWS::CodePipeline::Pipeline": 1}},
		"Guarded":     {func(a awscdk.App) { examples.Guarded(a) }, map[string]int{"Custom::RecoveryNode": 1, "AWS::EC2::VPC": 1}},
		"Existing":    {func(a awscdk.App) { examples.Existing(a) }, map[string]int{"Custom::RecoveryNode": 1, "AWS::EC2::VPC": 0, "AWS::DynamoDB::Table": 0, "AWS::SNS::Topic": 0}},
		"Monitor":     {func(a awscdk.App) { examples.Monitor(a) }, map[string]int{"Custom::RecoveryNode": 1, "AWS::CloudWatch::Alarm": 8}},
	} {
		t.Run(name, func(t *testing.T) {
			app := exampleApp(t, nil)
			want.make(app)
			got := map[string]int{}
			for _, c := range *app.Node().Children() {
				if stack, is := c.(awscdk.Stack); is {
					for kind, n := range synth(t, stack).counts() {
						got[kind] += n
					}
				}
			}
			if len(got) == 0 {
				t.Fatal("the example makes no stack with resources")
			}
			for kind, n := range want.kinds {
				if got[kind] != n {
					t.Errorf("%d of %s, want %d", got[kind], kind, n)
				}
			}
		})
	}
}

// options is a stack with whatever props add resources of types that the ready-made
// stacks do without.
func options(t *testing.T) awscdk.Stack {
	t.Helper()
	b := newBase(t)
	app := application()
	app.LogFiles = jsii.Strings("/var/log/app.log")
	b.node("Node", recovery.ClusterNodeProps{
		Application: app, ApplicationStatusCheck: check(8080),
		Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{BackupPlan: awsbackup.BackupPlan_FromBackupPlanId(b.stack, jsii.String("Plan"), jsii.String("plan"))}},
	})
	return b.stack
}

// TestDeploymentPermissionsAreComplete: docs/getting-started.md lists what
// CloudFormation must be allowed, by resource type. No type may be missing, and none
// may be there that the stacks do not have.
func TestDeploymentPermissionsAreComplete(t *testing.T) {
	page, err := os.ReadFile("../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:AWS|Custom)::[A-Za-z0-9]+::[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, m[1])
	}
	made := map[string]bool{}
	ex := single(t)
	for _, stack := range []awscdk.Stack{ex.Region.Stack, ex.Vpc.Stack, ex.Nodes.Stack, ex.Dashboard.Stack, options(t)} {
		for kind := range synth(t, stack).counts() {
			if !strings.HasPrefix(kind, "Custom::") && kind != "AWS::CDK::Metadata" {
				made[kind] = true
			}
		}
	}
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(made)); fmt.Sprint(want) != fmt.Sprint(listed) {
		t.Errorf("docs/getting-started.md lists permissions for\n%v\nthe stacks have\n%v", listed, want)
	}
}
