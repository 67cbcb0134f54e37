package template

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCounts asserts the table "What one deployment contains" of the design: what
// a Region, a VPC with three zones and two nodes consist of, and nothing else.
func TestCounts(t *testing.T) {
	example := single(t)
	region, vpc, nodes := synth(t, example.Region.Stack), synth(t, example.Vpc.Stack), synth(t, example.Nodes.Stack)
	for _, c := range []struct {
		scope     string
		got, want map[string]int
	}{
		{"Region", region.counts(), map[string]int{"AWS::DynamoDB::Table": 1}},
		{"VPC", vpc.counts(), map[string]int{
			// The place: a subnet in each of three zones.
			"AWS::EC2::VPC": 1, "AWS::EC2::Subnet": 3, "AWS::EC2::RouteTable": 3, "AWS::EC2::SubnetRouteTableAssociation": 3,
			"AWS::EC2::VPCEndpoint":   5, // monitoring, ec2, logs; s3, dynamodb
			"AWS::EC2::SecurityGroup": 3, // blackhole, endpoints, log file system
			"AWS::EFS::FileSystem":    1, "AWS::EFS::MountTarget": 3,
			// The switcher: one function, two rules, one schedule, one queue, one topic.
			"AWS::Lambda::Function": 1, "AWS::Lambda::EventInvokeConfig": 1, "AWS::Lambda::Permission": 2,
			"AWS::Events::Rule": 2, "AWS::Scheduler::Schedule": 1,
			"AWS::SQS::Queue": 1, "AWS::SQS::QueuePolicy": 1,
			"AWS::SNS::Topic": 1, "AWS::SNS::TopicPolicy": 1, "AWS::KMS::Key": 1,
			"AWS::Logs::LogGroup": 1, "AWS::CloudWatch::Alarm": 5, // about the switcher
			"AWS::IAM::Role": 2, "AWS::IAM::Policy": 2, "AWS::IAM::ManagedPolicy": 2, // function, schedule
		}},
		{"two nodes", nodes.counts(), map[string]int{
			"AWS::EC2::LaunchTemplate": 2, "Custom::RecoveryNode": 2,
			"AWS::CloudWatch::Alarm":                    6, // instance and application, on which the switcher acts; unserved, for people
			"AWS::ElasticLoadBalancingV2::LoadBalancer": 2, "AWS::ElasticLoadBalancingV2::Listener": 2,
			"AWS::ElasticLoadBalancingV2::TargetGroup": 2,
			"AWS::EFS::FileSystem":                     2, "AWS::EFS::MountTarget": 6,
			"AWS::EFS::AccessPoint":   4, // data, recovery logs
			"AWS::EC2::SecurityGroup": 6, // node, mount targets, load balancer
			// load balancer to node, node to data, node to logs
			"AWS::EC2::SecurityGroupIngress": 6, "AWS::EC2::SecurityGroupEgress": 2,
			"AWS::IAM::Role": 2, "AWS::IAM::InstanceProfile": 2, "AWS::IAM::Policy": 2,
		}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.scope, diff)
		}
	}
}

// TestOneFunction looks through all templates for functions that a feature flag or
// a convenience of AWS CDK would add, and for instances.
func TestOneFunction(t *testing.T) {
	example := multi(t)
	functions := 0
	for _, d := range documents(t, example) {
		for id, r := range d.Resources {
			switch {
			case r.Type == "AWS::Lambda::Function":
				functions++
				if !strings.HasPrefix(id, "Switcher") {
					t.Errorf("function %s is not a switcher", id)
				}
			case r.Type == "AWS::EC2::Instance", strings.HasPrefix(r.Type, "Custom::") && r.Type != "Custom::RecoveryNode",
				r.Type == "AWS::CloudFormation::CustomResource", r.Type == "AWS::DynamoDB::GlobalTable":
				t.Errorf("%s is a %s", id, r.Type)
			}
		}
	}
	if functions != len(example.Vpcs) {
		t.Errorf("%d functions for %d VPCs", functions, len(example.Vpcs))
	}
}

// TestSwitcherNamesNoNode: nodes come and go without the VPC's template.
func TestSwitcherNamesNoNode(t *testing.T) {
	without := single(t)
	alone := synth(t, without.Vpc.Stack)
	for id, r := range alone.Resources {
		if text := text(t, r); strings.Contains(text, "Database1") || strings.Contains(text, "Web2") || strings.Contains(text, "database-1") {
			t.Errorf("%s names a node: %s", id, text)
		}
	}
}
