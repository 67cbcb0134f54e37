package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/stacks"
)

// documents are all templates of the example by stack name.
func documents(t *testing.T, example stacks.MultiExample) map[string]document {
	t.Helper()
	out := map[string]document{}
	for _, r := range example.Regions {
		out[*r.Stack.StackName()] = synth(t, r.Stack)
	}
	for _, v := range example.Vpcs {
		out[*v.Stack.StackName()] = synth(t, v.Stack)
	}
	for _, n := range example.Nodes {
		out[*n.Stack.StackName()] = synth(t, n.Stack)
	}
	for _, d := range example.Dashboards {
		out[*d.Stack.StackName()] = synth(t, d.Stack)
	}
	return out
}

// TestMulti: two VPCs in one Region share the table and nothing else; another
// Region shares nothing.
func TestMulti(t *testing.T) {
	all := documents(t, multi(t))
	type facts struct{ Table, Prefix, Vpc, Function, Node string }
	got := map[string]facts{}
	for _, label := range []string{"1a", "1b", "2a"} {
		vpc, nodes := all["Multi"+label+"-Vpc"], all["Multi"+label+"-Nodes"]
		env := text(t, flat(vpc.one(t, "AWS::Lambda::Function", "Switcher").Properties["Environment"]))
		rule := flat(vpc.one(t, "AWS::Events::Rule", "SwitcherAlarmNotices").Properties).(map[string]any)
		node := flat(nodes.Resources[nodes.ids("Custom::RecoveryNode")[0]].Properties).(map[string]any)
		table := env[strings.Index(env, "${import"):]
		got[label] = facts{
			Table:    trimHash(table[:strings.Index(table, "}")+1]),
			Prefix:   fmt.Sprint(at(t, rule, "EventPattern", "detail", "alarmName", 0, "prefix")),
			Vpc:      fmt.Sprint(vpc.one(t, "AWS::EC2::VPC", "").Properties["CidrBlock"]),
			Function: trimHash(fmt.Sprint(at(t, node, "ServiceToken"))),
			Node:     fmt.Sprint(at(t, node, "NodeId")),
		}
	}
	want := map[string]facts{
		"1a": {"${import Multi1-Region:ExportsOutputRefTable}", "multi-1a.node-", "10.0.0.0/16", "${import Multi1a-Vpc:ExportsOutputFnGetAttSwitcherArn}", "11"},
		"1b": {"${import Multi1-Region:ExportsOutputRefTable}", "multi-1b.node-", "10.1.0.0/16", "${import Multi1b-Vpc:ExportsOutputFnGetAttSwitcherArn}", "12"},
		"2a": {"${import Multi2-Region:ExportsOutputRefTable}", "multi-2a.node-", "10.10.0.0/16", "${import Multi2a-Vpc:ExportsOutputFnGetAttSwitcherArn}", "11"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by VPC (-want +got):\n%s", diff)
	}
}

// trimHash drops the two hashes that AWS CDK puts into the name of an export.
func trimHash(text string) string { return hashes.ReplaceAllString(text, "") }

// TestMultiImports: a stack takes only from its own VPC and Region.
func TestMultiImports(t *testing.T) {
	for name, d := range documents(t, multi(t)) {
		owner, _, _ := strings.Cut(name, "-")
		for _, export := range imports(d.Resources) {
			from := export[:strings.Index(export, ":")]
			if from != owner+"-Vpc" && from != owner[:len("Multi1")]+"-Region" {
				t.Errorf("%s imports %s", name, export)
			}
		}
	}
}

// imports are the names of exports that a template takes.
func imports(v any) []string {
	var out []string
	switch x := v.(type) {
	case map[string]resource:
		for _, r := range x {
			out = append(out, imports(r.Properties)...)
		}
	case map[string]any:
		for k, e := range x {
			if name, ok := e.(string); ok && k == "Fn::ImportValue" {
				out = append(out, name)
			} else {
				out = append(out, imports(e)...)
			}
		}
	case []any:
		for _, e := range x {
			out = append(out, imports(e)...)
		}
	}
	return out
}
