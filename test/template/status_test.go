package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

func check(port float64) *recovery.ApplicationStatusCheck {
	return &recovery.ApplicationStatusCheck{Port: jsii.Number(port)}
}

// TestStatusChecksAreShared: equal settings are one check of the stack, which each node
// names, and which the switcher may associate: by its tag, or by its id if it is not ours.
func TestStatusChecksAreShared(t *testing.T) {
	b := newBase(t)
	b.node("A", recovery.ClusterNodeProps{NodeId: jsii.Number(1), ApplicationStatusCheck: check(8080)})
	b.node("B", recovery.ClusterNodeProps{NodeId: jsii.Number(2), ApplicationStatusCheck: check(8080)})
	b.node("C", recovery.ClusterNodeProps{NodeId: jsii.Number(3), ApplicationStatusCheck: &recovery.ApplicationStatusCheck{
		Port: jsii.Number(8080), Path: jsii.String("/health"), Protocol: jsii.String("https"), StatusCodes: jsii.String("200-299"),
		Timeout: awscdk.Duration_Seconds(jsii.Number(9)), Failures: jsii.Number(3), StartTime: minutes(2),
	}})
	b.node("D", recovery.ClusterNodeProps{NodeId: jsii.Number(4), ApplicationStatusCheck: &recovery.ApplicationStatusCheck{Port: jsii.Number(81), CheckId: jsii.String("asc-1")}})
	b.adopt("E", recovery.AdoptedNodeProps{NodeId: jsii.Number(5), ApplicationStatusCheck: check(8080)})
	b.node("F", recovery.ClusterNodeProps{NodeId: jsii.Number(6)})
	d := synth(t, b.stack)
	got := map[string]any{}
	for _, id := range d.ids("AWS::EC2::ApplicationStatusCheck") {
		got[id] = d.Resources[id].Properties
	}
	var plain, own string
	for id := range got {
		if strings.HasPrefix(id, "RecoveryStatusCheckshttps") {
			own = id
		} else {
			plain = id
		}
	}
	// The permission to associate it rests on this tag.
	tags := []any{map[string]any{"Key": "recovery:switcher", "Value": "test"}}
	want := map[string]any{
		plain: map[string]any{
			"Protocol": "http", "Port": 8080.0, "Path": "/", "StatusCodeMatcher": "200", "Interval": 60.0, "Timeout": 6.0,
			"FailureThreshold": 2.0, "InitializationGracePeriodSeconds": 300.0, "Aggregation": "included", "Tags": tags,
		},
		own: map[string]any{
			"Protocol": "https", "Port": 8080.0, "Path": "/health", "StatusCodeMatcher": "200-299", "Interval": 60.0, "Timeout": 9.0,
			"FailureThreshold": 3.0, "InitializationGracePeriodSeconds": 120.0, "Aggregation": "included", "Tags": tags,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("checks (-want +got):\n%s", diff)
	}
	reference := func(id string) string { return "${" + short(id) + ".ApplicationStatusCheckId}" }
	for node, id := range map[string]any{"A": reference(plain), "B": reference(plain), "C": reference(own), "D": "asc-1", "E": reference(plain), "F": nil} {
		if got := at(t, flat(d.one(t, "Custom::RecoveryNode", node).Properties), "StatusCheck"); got != id {
			t.Errorf("node %s has check %v, wanted %v", node, got, id)
		}
		if id == nil {
			continue
		}
		watch := []any{"ec2:AssociateApplicationStatusCheck", "ec2:DisassociateApplicationStatusCheck"}
		want := map[string]statement{"AssociateOwnChecks": {
			watch, fmt.Sprintf(arn, "ec2", "application-status-check/*"), map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/recovery:switcher": "test"}},
		}, "ReadStatusChecks": {[]any{"ec2:DescribeApplicationStatus", "ec2:DescribeApplicationStatusCheckAssociations"}, "*", nil}}
		if id == "asc-1" { // an existing check carries no tag of ours
			want["AssociateThatCheck"] = statement{watch, fmt.Sprintf(arn, "ec2", "application-status-check/asc-1"), nil}
		}
		if diff := cmp.Diff(want, statements(t, d, node+"Watch")); diff != "" {
			t.Errorf("node %s (-want +got):\n%s", node, diff)
		}
	}
	ports := map[string]any{}
	for _, id := range d.ids("AWS::EC2::SecurityGroup") {
		for _, r := range d.rules(id) {
			if r["Description"] == "Application status check" {
				ports[short(id)] = fmt.Sprintf("%v from %v", r["ToPort"], flat(r["CidrIp"]))
			}
		}
	}
	wantPorts := map[string]any{"AGroup": "8080 from 10.0.0.0/16", "BGroup": "8080 from 10.0.0.0/16", "CGroup": "8080 from 10.0.0.0/16", "DGroup": "81 from 10.0.0.0/16"}
	if diff := cmp.Diff(wantPorts, ports); diff != "" {
		t.Errorf("groups admit (-want +got):\n%s", diff)
	}
}

// rules are the inline ingress rules of a group.
func (d document) rules(group string) []map[string]any {
	list, _ := d.Resources[group].Properties["SecurityGroupIngress"].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, r := range list {
		out = append(out, r.(map[string]any))
	}
	return out
}

func TestStatusCheckErrors(t *testing.T) {
	with := func(change func(*recovery.ApplicationStatusCheck)) recovery.ClusterNodeProps {
		c := check(80)
		change(c)
		return recovery.ClusterNodeProps{ApplicationStatusCheck: c}
	}
	type c = *recovery.ApplicationStatusCheck
	for _, f := range []fault[recovery.ClusterNodeProps]{
		{"no port", with(func(c c) { c.Port = nil }), []string{"Nodes/Node: ApplicationStatusCheck.Port is missing", "answers HTTP"}},
		{"port", with(func(c c) { c.Port = jsii.Number(0) }), []string{"ApplicationStatusCheck.Port is 0", "1 to 65535"}},
		{"path", with(func(c c) { c.Path = jsii.String("health") }), []string{`Path is "health"`, "such as /health"}},
		{"protocol", with(func(c c) { c.Protocol = jsii.String("tcp") }), []string{`Protocol is "tcp"`, `["http" "https"]`}},
		{"codes", with(func(c c) { c.StatusCodes = jsii.String("2xx") }), []string{`StatusCodes is "2xx"`, "200,202,300-399"}},
		{"timeout", with(func(c c) { c.Timeout = awscdk.Duration_Seconds(jsii.Number(31)) }), []string{"Timeout is 31 s", "1 to 30"}},
		{"failures", with(func(c c) { c.Failures = jsii.Number(0) }), []string{"Failures is 0", "1 to 10"}},
		{"start", with(func(c c) { c.StartTime = minutes(11) }), []string{"StartTime is 660 s", "1 to 600"}},
		{"id", with(func(c c) { c.CheckId = jsii.String("hc-1") }), []string{`CheckId is "hc-1"`, "asc-0123456789abcdef0"}},
	} {
		t.Run(f.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.node("Node", f.props) }, f.texts...)
		})
	}
}
