package template

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests hold what cfn-lint was seen to miss: values that are well-formed and
// that AWS refuses, or that do nothing.

// TestRulePatterns: every leaf of a pattern is a list; EventBridge refuses a plain
// value. A rule has at most five targets.
func TestRulePatterns(t *testing.T) {
	for name, d := range documents(t, multi(t)) {
		for _, id := range d.ids("AWS::Events::Rule") {
			p := flat(d.Resources[id].Properties).(map[string]any)
			for _, fault := range scalars("", p["EventPattern"]) {
				t.Errorf("%s %s: %s is no list", name, id, fault)
			}
			if n := len(p["Targets"].([]any)); n != 1 {
				t.Errorf("%s %s: %d targets", name, id, n)
			}
		}
	}
}

func scalars(path string, v any) []string {
	m, ok := v.(map[string]any)
	if !ok {
		if _, list := v.([]any); list {
			return nil
		}
		return []string{path}
	}
	var out []string
	for k, e := range m {
		out = append(out, scalars(path+"/"+k, e)...)
	}
	return out
}

// TestListeners: a listener speaks its load balancer's protocols, and its target
// group's protocol goes with it.
func TestListeners(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	for _, id := range d.ids("AWS::ElasticLoadBalancingV2::Listener") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		balancer := find(t, d, p["LoadBalancerArn"])
		group := find(t, d, at(t, p, "DefaultActions", 0, "TargetGroupArn"))
		got := fmt.Sprint(balancer["Type"], " ", p["Protocol"], " ", group["Protocol"])
		if got != "network TCP TCP" && got != "application HTTP HTTP" {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// find is the flattened properties of what a flattened reference names.
func find(t *testing.T, d document, ref any) map[string]any {
	t.Helper()
	for id, r := range d.Resources {
		if ref == "${"+short(id)+"}" {
			return flat(r.Properties).(map[string]any)
		}
	}
	t.Fatalf("nothing is called %v", ref)
	return nil
}

// TestReferences: what refers to a kind of thing refers to that kind. cfn-lint takes
// any Ref where a string is wanted.
func TestReferences(t *testing.T) {
	example := single(t)
	vpc, nodes := synth(t, example.Vpc.Stack), synth(t, example.Nodes.Stack)
	for _, c := range []struct {
		in       document
		kind     string
		property string
		want     string
	}{
		{vpc, "AWS::EC2::Subnet", "VpcId", "AWS::EC2::VPC"},
		{vpc, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId", "AWS::EC2::Subnet"},
		{vpc, "AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", "AWS::EC2::RouteTable"},
		{vpc, "AWS::EFS::MountTarget", "SubnetId", "AWS::EC2::Subnet"},
		{vpc, "AWS::EFS::MountTarget", "FileSystemId", "AWS::EFS::FileSystem"},
		{vpc, "AWS::Lambda::EventInvokeConfig", "FunctionName", "AWS::Lambda::Function"},
		{nodes, "AWS::EFS::MountTarget", "FileSystemId", "AWS::EFS::FileSystem"},
		{nodes, "Custom::RecoveryNode", "LaunchTemplateId", "AWS::EC2::LaunchTemplate"},
		{nodes, "AWS::ElasticLoadBalancingV2::Listener", "LoadBalancerArn", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
	} {
		for _, id := range c.in.ids(c.kind) {
			ref := flat(c.in.Resources[id].Properties[c.property])
			if got := kindOf(c.in, ref); got != c.want {
				t.Errorf("%s %s: %v is a %s, want %s", id, c.property, ref, got, c.want)
			}
		}
	}
}

func kindOf(d document, ref any) string {
	for id, r := range d.Resources {
		if ref == "${"+short(id)+"}" {
			return r.Type
		}
	}
	return "nothing of this template"
}

// TestLimits: lengths and ranges that AWS enforces and cfn-lint does not know of
// names with tokens.
func TestLimits(t *testing.T) {
	expression := regexp.MustCompile(`^rate\(1 minute\)$`)
	for name, d := range documents(t, multi(t)) {
		for id, r := range d.Resources {
			p := flat(r.Properties).(map[string]any)
			switch r.Type {
			case "AWS::Scheduler::Schedule":
				if !expression.MatchString(fmt.Sprint(p["ScheduleExpression"])) {
					t.Errorf("%s %s: expression %v", name, id, p["ScheduleExpression"])
				}
			case "AWS::Lambda::Function":
				if n := len(text(t, at(t, p, "Environment", "Variables"))); n > 2048 {
					t.Errorf("%s %s: environment of %d characters, Lambda allows 4096 with the ids filled in", name, id, n)
				}
				if len(p["FunctionName"].(string)) > 64 {
					t.Errorf("%s %s: name %v", name, id, p["FunctionName"])
				}
			case "AWS::IAM::Role":
				if role, ok := p["RoleName"].(string); ok && len(role) > 64 {
					t.Errorf("%s %s: name %v", name, id, role)
				}
			case "AWS::IAM::Policy":
				// A role's inline policies have 10240 characters, white space not counted.
				if n := len(strings.ReplaceAll(text(t, p["PolicyDocument"]), "${", "")); n > 9000 {
					t.Errorf("%s %s: policy of %d characters", name, id, n)
				}
			case "AWS::CloudWatch::Alarm":
				if alarm, ok := p["AlarmName"].(string); ok && (len(alarm) > 255 || !strings.HasPrefix(alarm, "multi-")) {
					t.Errorf("%s %s: name %v", name, id, alarm)
				}
			}
		}
	}
}

// TestTemplatesArePortable: nothing in a template looks like a credential or a path
// of the machine it was made on.
func TestTemplatesArePortable(t *testing.T) {
	example := single(t)
	for name, d := range map[string]document{
		"region": synth(t, example.Region.Stack), "vpc": synth(t, example.Vpc.Stack), "nodes": synth(t, example.Nodes.Stack),
	} {
		all := text(t, d)
		for _, bad := range []string{"/" + "root/", "/home/", "/tmp/", "/work/", "AKIA", "111122223333"} {
			if strings.Contains(all, bad) {
				t.Errorf("%s contains %q", name, bad)
			}
		}
	}
}

// TestSameTwice: a synthesis is a function of the app.
func TestSameTwice(t *testing.T) {
	a, b := single(t), single(t)
	for i, pair := range [][2]document{
		{synth(t, a.Region.Stack), synth(t, b.Region.Stack)}, {synth(t, a.Vpc.Stack), synth(t, b.Vpc.Stack)}, {synth(t, a.Nodes.Stack), synth(t, b.Nodes.Stack)},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("template %d (-first +second):\n%s", i, diff)
		}
	}
}
