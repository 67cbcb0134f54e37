package template

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/test/emulator/access"
)

// TestWhatTheSwitcherMayNot asks all policies of the switcher together, as IAM would,
// for what somebody could have it do who forges its records or its input, or who has
// stolen its credentials. Each request is one change away from what a recovery asks,
// which is allowed: so that it is the change that is refused.
func TestWhatTheSwitcherMayNot(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	allowed := policies(t, d, "SwitcherRecover", "SwitcherMove", "SwitcherRoleDefaultPolicy")

	own := func(service, resource string) string { return fmt.Sprintf(arn, service, resource) }
	elsewhere := func(service, resource string) string { // another account's
		return strings.Replace(own(service, resource), "${AWS::AccountId}", "444455556666", 1)
	}
	with := func(pairs ...string) map[string][]string {
		c := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			c[pairs[i]] = append(c[pairs[i]], pairs[i+1])
		}
		return c
	}
	const (
		mine      = "aws:ResourceTag/recovery:switcher"
		condemned = "aws:ResourceTag/recovery:condemned"
		asked     = "aws:RequestTag/recovery:switcher"
		keys      = "aws:TagKeys"
		passed    = "iam:PassedToService"
		leading   = "dynamodb:LeadingKeys"
	)
	vpc, other := with("ec2:Vpc", own("ec2", "vpc/${Vpc}")), with("ec2:Vpc", own("ec2", "vpc/vpc-0123456789abcdef0"))
	role := "arn:${AWS::Partition}:iam::${AWS::AccountId}:role"
	table := ""
	for _, s := range allowed {
		if s.Sid == "Records" {
			table = s.Resource[0]
		}
	}
	instance, topic := own("ec2", "instance/i-1"), "${SwitcherTopic}"

	type change struct {
		what     string
		resource string              // "": as in the recovery
		context  map[string][]string // nil: as in the recovery
	}
	for _, c := range []struct {
		action, resource string
		context          map[string][]string
		attacks          []change
	}{
		{"ec2:TerminateInstances", instance, with(mine, "example", condemned, "7"), []change{
			{"another account's instance", elsewhere("ec2", "instance/i-1"), nil},
			{"a foreign instance that a forged record condemns", "", with()},
			{"a foreign instance that somebody tagged condemned", "", with(condemned, "7")},
			{"another switcher's", "", with(mine, "another", condemned, "7")},
			{"its own, which carries its node", "", with(mine, "example", condemned, "-")},
			{"its own, whose tag a person removed", "", with(mine, "example")},
			{"its own, whose tag a person emptied", "", with(mine, "example", condemned, "")},
			{"its own, which was pardoned and is starting", "", with(mine, "example", condemned, "start")},
		}},
		{"ec2:StopInstances", instance, with(mine, "example", condemned, "7"), []change{
			{"a foreign instance", "", with(condemned, "7")},
			{"its own, which carries its node", "", with(mine, "example", condemned, "-")},
			{"its own, whose tag a person removed", "", with(mine, "example")},
			{"its own, which was pardoned and is starting", "", with(mine, "example", condemned, "start")},
		}},
		{"ec2:ModifyInstanceAttribute", instance, with(mine, "example", condemned, "7"), []change{
			{"clear the protection of a foreign instance", "", with(condemned, "7")},
			{"of its own, which carries its node", "", with(mine, "example", condemned, "-")},
			{"of its own, whose tag a person removed", "", with(mine, "example")},
		}},
		{"ec2:StartInstances", instance, with(mine, "example", condemned, "start"), []change{
			{"one that is condemned", "", with(mine, "example", condemned, "7")},
			{"its node's own, which a person stopped", "", with(mine, "example", condemned, "-")},
			{"one whose tag a person removed", "", with(mine, "example")},
			{"a foreign one", "", with(condemned, "start")},
		}},
		{"ec2:CreateTags", instance, with(mine, "example", keys, "recovery:condemned"), []change{
			{"remove the tag that its permissions rest on", "", with(mine, "example", keys, "recovery:switcher")},
		}},
		{"ec2:CreateTags", instance, with(mine, "example", keys, "recovery:condemned"), []change{
			{"condemn a foreign instance, as a forged record would have it", "", with(keys, "recovery:condemned")},
			{"make a foreign instance its own", "", with(keys, "recovery:switcher", asked, "example")},
			{"exempt a node from recovery", "", with(mine, "example", keys, "fujitsu.swr.is_recovery_target")},
			{"tag a volume", own("ec2", "volume/vol-1"), nil},
		}},
		{"ec2:RunInstances", own("ec2", "subnet/subnet-1"), vpc, []change{
			{"in another VPC", "", other}, {"in a shared subnet of another account", elsewhere("ec2", "subnet/subnet-1"), nil},
		}},
		{"ec2:RunInstances", own("ec2", "instance/*"), with(asked, "example"), []change{
			{"without its tag", "", with()}, {"as another switcher's", "", with(asked, "another")},
		}},
		{"ec2:RunInstances", own("ec2", "security-group/sg-1"), vpc, []change{{"with a group of another VPC", "", other}}},
		{"ec2:ModifyNetworkInterfaceAttribute", own("ec2", "network-interface/eni-1"), vpc, []change{{"cut off an instance of another VPC", "", other}}},
		{"ec2:ModifyNetworkInterfaceAttribute", instance, with(mine, "example"), []change{
			{"cut off a foreign instance of the own VPC", "", with()}, {"another switcher's", "", with(mine, "another")},
		}},
		{"ec2:DescribeInstanceAttribute", instance, with(mine, "example"), []change{
			{"read the user data of a foreign instance", "", with()}, {"of another switcher's", "", with(mine, "another")},
		}},
		{"iam:PassRole", role + "/recovery/example/node", with(passed, "ec2.amazonaws.com"), []change{
			{"an administrator's role", role + "/admin", nil},
			{"a role of another switcher's nodes", role + "/recovery/another/node", nil},
			{"to a Lambda function", "", with(passed, "lambda.amazonaws.com")},
			{"to nobody that is named", "", with()},
		}},
		{"elasticloadbalancing:RegisterTargets", own("elasticloadbalancing", "targetgroup/a/1"), with(mine, "example"), []change{
			{"in a foreign target group", "", with()}, {"in another switcher's", "", with(mine, "another")},
		}},
		{"elasticloadbalancing:DeregisterTargets", own("elasticloadbalancing", "targetgroup/a/1"), with(mine, "example"), []change{{"of a foreign target group", "", with()}}},
		{"cloudwatch:PutMetricAlarm", own("cloudwatch", "alarm:example.node-1.instance"), nil, []change{
			{"a foreign alarm", own("cloudwatch", "alarm:billing"), nil}, {"another switcher's", own("cloudwatch", "alarm:example2.node-1.instance"), nil},
		}},
		{"elasticfilesystem:DeleteMountTarget", own("elasticfilesystem", "file-system/fs-1"), with(mine, "example"), []change{
			{"of a foreign file system", "", with()}, {"of another account's", elsewhere("elasticfilesystem", "file-system/fs-1"), nil},
		}},
		{"dynamodb:PutItem", table, with(leading, "vpc#${Vpc}"), []change{
			{"another VPC's records", "", with(leading, "vpc#vpc-2")},
			{"another VPC's history", "", with(leading, "history#vpc-2#1")},
			{"another table", own("dynamodb", "table/theirs"), nil},
		}},
		{"events:PutEvents", own("events", "event-bus/default"), with("events:source", "workload-recovery"), []change{
			{"as EC2, to have other switchers act", "", with("events:source", "aws.ec2")},
			{"as nobody", "", with()},
			{"on a bus of another account", elsewhere("events", "event-bus/default"), nil},
		}},
		{"lambda:InvokeFunction", own("lambda", "function:recovery-switcher-example"), nil, []change{
			{"another switcher's function", own("lambda", "function:recovery-switcher-another"), nil},
		}},
		{"sns:Publish", topic, nil, []change{{"to another topic", own("sns", "theirs"), nil}}},
	} {
		recovery := access.Request{Action: c.action, Resource: c.resource, Context: maps.Clone(c.context)}
		if !allowed.Allows(recovery) {
			t.Errorf("a recovery needs it and it is refused: %s", recovery)
		}
		for _, a := range c.attacks {
			attack := recovery
			if a.resource != "" {
				attack.Resource = a.resource
			}
			if a.context != nil {
				attack.Context = a.context
			}
			if allowed.Allows(attack) {
				t.Errorf("%s: the role allows %s", a.what, attack)
			}
		}
	}
	for _, action := range []string{
		"iam:CreateRole", "iam:PutRolePolicy", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "dynamodb:DeleteTable", "dynamodb:Scan",
		"dynamodb:UpdateItem", "logs:DeleteLogGroup", "events:PutRule", "events:DisableRule", "sns:Subscribe", "kms:CreateGrant", "kms:ScheduleKeyDeletion", "ec2:CreateSnapshot", "ec2:GetPasswordData",
	} {
		for _, resource := range []string{"*", instance, table, topic, own("lambda", "function:recovery-switcher-example"), "${SwitcherTopicKey.Arn}"} {
			if r := (access.Request{Action: action, Resource: resource}); allowed.Allows(r) {
				t.Errorf("the role allows %s", r)
			}
		}
	}
}
