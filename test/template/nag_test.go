package template

import (
	"fmt"
	"sort"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/stacks"
)

// TestNag runs the AwsSolutions rules of cdk-nag over the example: an error fails
// the synthesis. What is knowingly not followed is said, with its reason, in the
// template itself.
func TestNag(t *testing.T) {
	app := newApp(t)
	example := stacks.Single(app, stacks.ExampleProps{Code: code})
	addNag(app)
	for _, stack := range []awscdk.Stack{example.Region.Stack, example.Vpc.Stack, example.Nodes.Stack, example.Dashboard.Stack} {
		notes := assertions.Annotations_FromStack(stack)
		all := assertions.Match_StringLikeRegexp(jsii.String(".*"))
		notes.HasNoWarning(jsii.String("*"), all) // panics with the findings
		notes.HasNoError(jsii.String("*"), all)
	}
}

// TestNagControl proves that the rules run: a queue without TLS is found.
func TestNagControl(t *testing.T) {
	app := newApp(t)
	stack := awscdk.NewStack(app, jsii.String("Control"), nil)
	awssqs.NewQueue(stack, jsii.String("Queue"), nil)
	addNag(app)
	refused(t, func() { app.Synth(nil) }, "Validation failed")
}

func addNag(app awscdk.Stage) {
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
}

// TestNagReasons lists every suppression: a new one must be added here on purpose.
func TestNagReasons(t *testing.T) {
	example := single(t)
	var got []string
	for _, stack := range []awscdk.Stack{example.Region.Stack, example.Vpc.Stack, example.Nodes.Stack, example.Dashboard.Stack} {
		for _, r := range synth(t, stack).Resources {
			entries, _ := r.Metadata["cdk_nag"].(map[string]any)
			rules, _ := entries["rules_to_suppress"].([]any)
			for _, rule := range rules {
				rule := rule.(map[string]any)
				if reason := fmt.Sprint(rule["reason"]); len(reason) < 40 {
					t.Errorf("%s on %s: the reason %q says too little", rule["id"], r.Type, reason)
				}
				got = append(got, fmt.Sprintf("%v %s", rule["id"], r.Type))
			}
		}
	}
	sort.Strings(got)
	want := []string{
		"AwsSolutions-ELB2 AWS::ElasticLoadBalancingV2::LoadBalancer",
		"AwsSolutions-ELB2 AWS::ElasticLoadBalancingV2::LoadBalancer",
		"AwsSolutions-IAM4 AWS::IAM::Role",
		"AwsSolutions-IAM4 AWS::IAM::Role",
		"AwsSolutions-IAM5 AWS::IAM::ManagedPolicy",
		"AwsSolutions-IAM5 AWS::IAM::ManagedPolicy",
		"AwsSolutions-SQS3 AWS::SQS::Queue",
		"AwsSolutions-VPC7 AWS::EC2::VPC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suppressions (-want +got):\n%s", diff)
	}
}
