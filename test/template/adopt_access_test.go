package template

import (
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/emulator/access"
)

// policies are all of a stack's, with tokens as readable texts.
func policies(t *testing.T, d document, prefixes ...string) access.Policy {
	t.Helper()
	var all access.Policy
	for _, prefix := range prefixes {
		kind := "AWS::IAM::Policy"
		if k, ok := switcherPolicies[prefix]; ok {
			kind = k
		}
		p, err := access.Parse(flat(d.one(t, kind, prefix).Properties["PolicyDocument"]))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p...)
	}
	return all
}

// TestWhatAdoptionAllows asks all policies of the switcher together, as IAM would,
// about the life of an adopted instance and about its neighbours.
func TestWhatAdoptionAllows(t *testing.T) {
	b := newBase(t)
	b.adopt("Old", recovery.AdoptedNodeProps{
		Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("tg"))}}},
		Role:    awsiam.Role_FromRoleArn(b.stack, jsii.String("Theirs"), jsii.String("arn:aws:iam::111122223333:role/theirs"), nil),
	})
	vpc := b.switcher.Node().Scope().(awscdk.Stack)
	allowed := append(policies(t, synth(t, vpc), "SwitcherRecover", "SwitcherMove", "SwitcherRoleDefaultPolicy"), policies(t, synth(t, b.stack), "OldAdopt", "OldRelease", "OldMoveTargets", "OldPassRole")...)

	const mine, switcher = "aws:ResourceTag/recovery:switcher", "aws:RequestTag/recovery:switcher"
	instance := func(id string) string { return fmt.Sprintf(arn, "ec2", "instance/"+id) }
	keys := func(keys ...string) map[string][]string { return map[string][]string{"aws:TagKeys": keys} }
	with := func(context map[string][]string, more ...string) map[string][]string {
		out := map[string][]string{}
		maps.Copy(out, context)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = []string{more[i+1]}
		}
		return out
	}
	ours := keys("fujitsu.pclswr.id", "fujitsu.swr.is_recovery_target", "recovery:switcher", "recovery:epoch")
	ofNode := []string{mine, "test", "aws:ResourceTag/fujitsu.pclswr.id", "7"}
	const other = "i-0fedcba9876543210"
	for _, c := range []struct {
		what, action, resource string
		context                map[string][]string
		want                   bool
	}{
		{"adopt it", "CreateTags", instance(running), with(ours, switcher, "test"), true},
		{"adopt it again", "CreateTags", instance(running), with(ours, switcher, "test", mine, "test"), true},
		{"adopt it for another switcher", "CreateTags", instance(running), with(ours, switcher, "theirs"), false},
		{"tag it as nobody's", "CreateTags", instance(running), keys("fujitsu.pclswr.id"), false},
		{"rename it meanwhile", "CreateTags", instance(running), with(keys("recovery:switcher", "Name"), switcher, "test"), false},
		{"take it from another switcher", "CreateTags", instance(running), with(ours, switcher, "test", mine, "theirs"), false},
		{"adopt its neighbour", "CreateTags", instance(other), with(ours, switcher, "test"), false},
		{"stop it before it is adopted", "StopInstances", instance(running), with(nil, "aws:ResourceTag/recovery:condemned", "2"), false},
		{"condemn it", "CreateTags", instance(running), with(keys("recovery:condemned"), mine, "test"), true},
		{"stop it unless condemned", "StopInstances", instance(running), with(nil, mine, "test"), false},
		{"stop it", "StopInstances", instance(running), with(nil, mine, "test", "aws:ResourceTag/recovery:condemned", "2"), true},
		{"release its replacement", "DeleteTags", instance(other), with(ours, ofNode...), true},
		{"release another node's", "DeleteTags", instance(other), with(ours, mine, "test", "aws:ResourceTag/fujitsu.pclswr.id", "8"), false},
		{"release another switcher's", "DeleteTags", instance(other), with(ours, mine, "theirs", "aws:ResourceTag/fujitsu.pclswr.id", "7"), false},
		{"remove its name", "DeleteTags", instance(other), with(keys("Name"), ofNode...), false},
		{"remove all tags", "DeleteTags", instance(other), with(nil, ofNode...), false},
		{"launch with its role", "PassRole", "arn:aws:iam::111122223333:role/theirs", map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}, true},
		{"pass its role on", "PassRole", "arn:aws:iam::111122223333:role/theirs", map[string][]string{"iam:PassedToService": {"lambda.amazonaws.com"}}, false},
		{"register in its group", "RegisterTargets", targetGroup("tg"), nil, true},
		{"register elsewhere", "RegisterTargets", "arn:other", nil, false},
	} {
		service := map[string]string{"PassRole": "iam", "RegisterTargets": "elasticloadbalancing"}[c.action]
		if service == "" {
			service = "ec2"
		}
		if got := allowed.Allows(access.Request{Action: service + ":" + c.action, Resource: c.resource, Context: c.context}); got != c.want {
			t.Errorf("%s: allowed %v, wanted %v", c.what, got, c.want)
		}
	}
}
