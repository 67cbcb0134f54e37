package template

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// switched is one thing that a verb of the engine changes: a property of a resource type,
// or "" for the resource itself. A deployment that reverts drift puts back each property
// that a template states.
type switched struct{ kind, property string }

// changedBy lists, for each verb of the engine, what of a template's resources it changes.
// Verbs that change instances, network interfaces and items of the table have no entry in a
// template: instances are made by the switcher, and nothing in a template names them.
var changedBy = map[string][]switched{
	"condemn": {{"AWS::EC2::Instance", ""}}, "isolate": {{"AWS::EC2::NetworkInterface", ""}}, "regroup": {{"AWS::EC2::NetworkInterface", ""}},
	"unprotect": {{"AWS::EC2::Instance", ""}}, "stop": {{"AWS::EC2::Instance", ""}}, "terminate": {{"AWS::EC2::Instance", ""}}, "launch": {{"AWS::EC2::Instance", ""}},
	"open": {{"AWS::EC2::Instance", ""}}, "pardon": {{"AWS::EC2::Instance", ""}}, "start": {{"AWS::EC2::Instance", ""}}, "adopt": {{"AWS::EC2::Instance", ""}}, "release": {{"AWS::EC2::Instance", ""}},
	"register": {{"AWS::ElasticLoadBalancingV2::TargetGroup", "Targets"}}, "deregister": {{"AWS::ElasticLoadBalancingV2::TargetGroup", "Targets"}},
	"watch": {{"AWS::EC2::ApplicationStatusCheck", "Associations"}}, "unwatch": {{"AWS::EC2::ApplicationStatusCheck", "Associations"}},
	"repoint": {{"AWS::CloudWatch::Alarm", "Dimensions"}},
	"unmount": {{"AWS::EFS::MountTarget", ""}}, "mount": {{"AWS::EFS::MountTarget", ""}},
	"forward": {{"AWS::EC2::NetworkInterface", ""}}, "address": {{"AWS::EC2::EIPAssociation", ""}, {"AWS::EC2::EIP", "InstanceId"}},
	"remember": nil, "deliver": nil,
}

// harmless are the stated things that may be put back, and why.
var harmless = map[switched]string{
	{"AWS::CloudWatch::Alarm", "Dimensions"}: "the alarm names the instance that the node's resource answered last; missing data does not raise it, and the sweep points it at the present one",
	{"AWS::EFS::MountTarget", ""}:            "the cut-off instance has left the node's group, which alone the mount target admits, and the engine looks at the mount targets again with each grant",
}

// TestRevertedDriftUndoesNoSwitch: nothing that a switch changes is stated by a template, or
// reverting it is harmless. Every resource of every example and option is looked at.
func TestRevertedDriftUndoesNoSwitch(t *testing.T) {
	verbs := verbsOfTheEngine(t)
	changes := map[string][]switched{} // by type
	for _, verb := range verbs {
		list, known := changedBy[verb]
		if !known {
			t.Errorf("the engine's verb %q is not in changedBy: say what of a template's resources it changes", verb)
		}
		for _, s := range list {
			changes[s.kind] = append(changes[s.kind], s)
		}
	}
	ex := single(t)
	seen := map[switched]bool{}
	for _, stack := range []awscdk.Stack{ex.Region.Stack, ex.Vpc.Stack, ex.Nodes.Stack, ex.Dashboard.Stack, everything(newApp(t))} {
		d := synth(t, stack)
		for id, r := range d.Resources {
			for _, s := range changes[r.Type] {
				if _, stated := r.Properties[s.property]; s.property != "" && !stated {
					continue
				}
				seen[s] = true
				if harmless[s] == "" {
					t.Errorf("%s states %s.%s, which a switch changes: a deployment that reverts drift would undo the switch", id, r.Type, s.property)
				}
			}
			switch r.Type {
			case "AWS::CloudWatch::Alarm":
				checkAlarmIsHarmless(t, id, r)
			case "AWS::EFS::MountTarget":
				checkMountIsHarmless(t, d, id, r)
			}
		}
	}
	for s := range harmless {
		if !seen[s] {
			t.Errorf("no template states %s %s: take it out of harmless", s.kind, s.property)
		}
	}
}

// checkAlarmIsHarmless: an alarm that names an instance, and is pointed at a former one,
// gets no data and must not be raised by that, and it moves nothing by an action.
func checkAlarmIsHarmless(t *testing.T, id string, r resource) {
	t.Helper()
	dimensions := text(t, flat(r.Properties["Dimensions"]))
	if !strings.Contains(dimensions, "InstanceId") {
		return
	}
	if r.Properties["TreatMissingData"] != "missing" || r.Properties["AlarmActions"] != nil {
		t.Errorf("%s names an instance, has missing data as %v and the actions %v: an alarm of a former instance would act", id, r.Properties["TreatMissingData"], r.Properties["AlarmActions"])
	}
}

// checkMountIsHarmless: only members of a node's own group reach a mount target, and
// quarantine takes an instance out of it.
func checkMountIsHarmless(t *testing.T, d document, id string, r resource) {
	t.Helper()
	groups := fmt.Sprint(flat(r.Properties["SecurityGroups"]))
	for other, rule := range d.Resources {
		p := flat(rule.Properties)
		if rule.Type == "AWS::EC2::SecurityGroupIngress" && strings.Contains(groups, fmt.Sprint(at(t, p, "GroupId"))) {
			if source := rule.Properties["SourceSecurityGroupId"]; source == nil {
				t.Errorf("%s admits %s from %v, and not from a group", other, id, p)
			}
		}
		if rule.Type == "AWS::EC2::SecurityGroup" && strings.Contains(groups, "${"+short(other)+".GroupId}") && rule.Properties["SecurityGroupIngress"] != nil {
			t.Errorf("%s, the group of %s, admits more than a node's group", other, id)
		}
	}
}

// verbsOfTheEngine are the values of decide.Verb, from its source.
func verbsOfTheEngine(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../internal/decide/effect.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is {
			if kind, is := spec.Type.(*ast.Ident); is && kind.Name == "Verb" {
				for _, v := range spec.Values {
					if literal, is := v.(*ast.BasicLit); is {
						found = append(found, strings.Trim(literal.Value, `"`))
					}
				}
			}
		}
		return true
	})
	if len(found) < 15 || !slices.Contains(found, "repoint") {
		t.Fatalf("found only the verbs %q", found)
	}
	return found
}
