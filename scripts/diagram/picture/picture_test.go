package picture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// assembly writes the files of a cloud assembly and reads it.
func assembly(t *testing.T, files map[string]string) (Assembly, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Read(dir)
}

const manifest = `{"artifacts":{
	"Net":{"type":"aws:cloudformation:stack","environment":"aws://1/eu-west-1","properties":{"templateFile":"Net.json"}},
	"Nodes":{"type":"aws:cloudformation:stack","environment":"aws://1/eu-west-1","properties":{"templateFile":"Nodes.json","stackName":"prod-nodes"}},
	"Tree":{"type":"cdk:tree"}}}`

const network = `{"Resources":{
	"Switcher12345678":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"recovery-switcher-one"}},
	"SwitcherRuleABCDEF01":{"Type":"AWS::Events::Rule"},
	"Other12345678":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"recovery-switcher-two"}},
	"Helper":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"else"}}}}`

const nodes = `{"Resources":{
	"N112345678":{"Type":"Custom::RecoveryNode","Properties":{"NodeId":"1","NodeName":"first","Gate":"true","ServiceToken":{"Fn::ImportValue":"Net:ExportsOutputFnGetAttSwitcher12345678Arn00000000"}}},
	"N1112345678":{"Type":"Custom::RecoveryNode","Properties":{"NodeId":"11","NodeName":"eleventh","ServiceToken":{"Fn::ImportValue":"Net:ExportsOutputFnGetAttSwitcher12345678Arn00000000"}}},
	"Odd12345678":{"Type":"Custom::RecoveryNode","Properties":{"NodeId":"2","NodeName":"other","ServiceToken":{"Fn::ImportValue":"Net:ExportsOutputFnGetAttOther12345678Arn00000000"}}},
	"N11Data12345678":{"Type":"AWS::EFS::FileSystem"},
	"N11Balancer12345678":{"Type":"AWS::ElasticLoadBalancingV2::LoadBalancer","Properties":{"Type":"network"}},
	"N1Template12345678":{"Type":"AWS::EC2::LaunchTemplate"},
	"Alarm1":{"Type":"AWS::CloudWatch::Alarm","Properties":{"AlarmName":"one.node-1.instance"}},
	"Alarm2":{"Type":"AWS::CloudWatch::Alarm","Properties":{"AlarmName":"one.node-11.instance"}},
	"Alarm3":{"Type":"AWS::CloudWatch::Alarm","Properties":{"AlarmName":"two.unserved-2"}}}}`

// TestWhoseIsWhat: each thing stands with the node or the switcher that it belongs to,
// also where one name begins like another.
func TestWhoseIsWhat(t *testing.T) {
	a, err := assembly(t, map[string]string{"manifest.json": manifest, "Net.json": network, "Nodes.json": nodes})
	if err != nil {
		t.Fatal(err)
	}
	found := a.switchers("eu-west-1")
	if len(found) != 2 || found[0].name != "one" || len(found[0].nodes) != 2 || len(found[1].nodes) != 1 {
		t.Fatalf("%+v", found)
	}
	first, eleventh, other := found[0].nodes[0], found[0].nodes[1], found[1].nodes[0]
	if first.number != 1 || first.balancer != "" || first.files != 0 || first.templates != 1 || first.alarms != 1 || !first.gate {
		t.Errorf("node 1: %+v", first)
	}
	if eleventh.number != 11 || eleventh.balancer != "NLB" || eleventh.files != 1 || eleventh.templates != 0 || eleventh.alarms != 1 || eleventh.gate {
		t.Errorf("node 11: %+v", eleventh)
	}
	if other.number != 2 || other.people != 1 || other.alarms != 0 {
		t.Errorf("node 2: %+v", other)
	}
	text := a.Mermaid()
	for _, want := range []string{
		"Region eu-west-1", "VPC that was there before", "1 EventBridge rules", "Node 11 eleventh, stack prod-nodes",
		"launch template, with a gate", "instance, adopted", "unserved2_2 -.-> topic2", "alarms1_11 -.-> rules1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture lacks %q:\n%s", want, text)
		}
	}
	if opened, closed := strings.Count(text, "subgraph "), strings.Count(text, "  end\n"); opened != closed {
		t.Errorf("%d frames begin and %d end", opened, closed)
	}
}

// TestNothingToDraw: what was wrong, and what to do.
func TestNothingToDraw(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{nil, "run make synth"},
		{map[string]string{"manifest.json": `{}`}, "holds no stack"},
		{map[string]string{"manifest.json": `{`}, "is no template of AWS CDK"},
		{map[string]string{"manifest.json": manifest, "Net.json": `[]`}, "Net.json is no template"},
		{map[string]string{"manifest.json": manifest}, "Net.json"},
	} {
		if _, err := assembly(t, c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error = %v, wanted one that says %q", err, c.want)
		}
	}
}
