package access_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/test/emulator/access"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

func parse(t *testing.T, text string) access.Policy {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	p, err := access.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAllows(t *testing.T) {
	p := parse(t, `{"Statement":[
		{"Sid":"Stop","Effect":"Allow","Action":["ec2:StopInstances","ec2:TerminateInstances"],"Resource":"arn:aws:ec2:*:1:instance/*",
		 "Condition":{"StringEquals":{"aws:ResourceTag/own":"me"},"Null":{"aws:ResourceTag/condemned":"false"}}},
		{"Sid":"Start","Effect":"Allow","Action":"ec2:StartInstances","Resource":"*","Condition":{"Null":{"aws:ResourceTag/condemned":"true"}}},
		{"Sid":"Tag","Effect":"Allow","Action":"ec2:DeleteTags","Resource":"*",
		 "Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"Null":{"aws:TagKeys":"false"}}},
		{"Sid":"Adopt","Effect":"Allow","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:r:1:instance/i-1","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/own":"me"}}},
		{"Sid":"Items","Effect":"Allow","Action":"dynamodb:*Item","Resource":"table","Condition":{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["vpc#1","history#1#*"]}}}
	]}`)
	own := func(more ...string) map[string][]string {
		c := map[string][]string{"aws:ResourceTag/own": {"me"}}
		for _, m := range more {
			c[m] = []string{"x"}
		}
		return c
	}
	const instance = "arn:aws:ec2:r:1:instance/i-1"
	for name, c := range map[string]struct {
		r    access.Request
		want bool
	}{
		"own and condemned":    {access.Request{Action: "ec2:StopInstances", Resource: instance, Context: own("aws:ResourceTag/condemned")}, true},
		"own, not condemned":   {access.Request{Action: "ec2:StopInstances", Resource: instance, Context: own()}, false},
		"another's":            {access.Request{Action: "ec2:TerminateInstances", Resource: instance, Context: map[string][]string{"aws:ResourceTag/own": {"you"}, "aws:ResourceTag/condemned": {"1"}}}, false},
		"nobody's":             {access.Request{Action: "ec2:TerminateInstances", Resource: instance, Context: map[string][]string{"aws:ResourceTag/condemned": {"1"}}}, false},
		"another account":      {access.Request{Action: "ec2:StopInstances", Resource: "arn:aws:ec2:r:2:instance/i-1", Context: own("aws:ResourceTag/condemned")}, false},
		"another action":       {access.Request{Action: "ec2:RebootInstances", Resource: instance, Context: own("aws:ResourceTag/condemned")}, false},
		"start":                {access.Request{Action: "ec2:StartInstances", Resource: instance}, true},
		"start of a condemned": {access.Request{Action: "ec2:StartInstances", Resource: instance, Context: own("aws:ResourceTag/condemned")}, false},
		"one of the keys":      {access.Request{Action: "ec2:DeleteTags", Resource: instance, Context: map[string][]string{"aws:TagKeys": {"b"}}}, true},
		"a further key":        {access.Request{Action: "ec2:DeleteTags", Resource: instance, Context: map[string][]string{"aws:TagKeys": {"b", "c"}}}, false},
		"all keys by none":     {access.Request{Action: "ec2:DeleteTags", Resource: instance}, false},
		"nobody's to adopt":    {access.Request{Action: "ec2:CreateTags", Resource: instance}, true},
		"own to adopt":         {access.Request{Action: "ec2:CreateTags", Resource: instance, Context: own()}, true},
		"another's to adopt":   {access.Request{Action: "ec2:CreateTags", Resource: instance, Context: map[string][]string{"aws:ResourceTag/own": {"you"}}}, false},
		"own partition":        {access.Request{Action: "dynamodb:PutItem", Resource: "table", Context: map[string][]string{"dynamodb:LeadingKeys": {"history#1#7"}}}, true},
		"another's partition":  {access.Request{Action: "dynamodb:PutItem", Resource: "table", Context: map[string][]string{"dynamodb:LeadingKeys": {"vpc#2"}}}, false},
	} {
		if got := p.Allows(c.r); got != c.want {
			t.Errorf("%s: allowed %v, wanted %v", name, got, c.want)
		}
	}
	if got := p.Actions(); !slices.Equal(got, []string{"dynamodb:*Item", "ec2:CreateTags", "ec2:DeleteTags", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"}) {
		t.Errorf("actions %q", got)
	}
}

// TestParseKnowsItsLimits: what is not understood must not be taken for allowed.
func TestParseKnowsItsLimits(t *testing.T) {
	for text, want := range map[string]string{
		`{"Statement":[{"Sid":"D","Effect":"Deny","Action":"a","Resource":"*"}]}`:                                                       "only Allow",
		`{"Statement":[{"Sid":"N","Effect":"Allow","NotAction":"a","Resource":"*"}]}`:                                                   "only Allow",
		`{"Statement":[{"Sid":"C","Effect":"Allow","Action":"a","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"x"}}}]}`: "DateLessThan is not known",
		`[]`: "read a policy",
	} {
		var doc any
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		if _, err := access.Parse(doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, wanted an error that says %q", text, err, want)
		}
	}
}

// lookup has one of everything.
type lookup struct{}

func (lookup) Tags(_ context.Context, _, id string) (map[string]string, error) {
	return map[string]string{"tag-of": id}, nil
}
func (lookup) VPC(context.Context, string, string) (string, error)     { return "vpc-1", nil }
func (lookup) Carrier(context.Context, string, string) (string, error) { return "i-9", nil }
func (lookup) Mount(context.Context, string, string) (string, string, error) {
	return "fs-9", "subnet-9", nil
}
func (lookup) Customers(_ context.Context, _, key string) (bool, error) { return key == "key", nil }
func (lookup) Role(context.Context, string, string) (string, error)     { return "arn:role", nil }

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		call proxy.Call
		want []string // action and resource
	}{
		{proxy.Call{Service: proxy.EC2, Action: "DescribeInstances"}, []string{"ec2:DescribeInstances *"}},
		{proxy.Call{Service: proxy.EC2, Action: "StopInstances", Params: map[string]string{"InstanceId.1": "i-1", "InstanceId.2": "i-2"}}, []string{
			"ec2:StopInstances arn:aws:ec2:r:1:instance/i-1", "ec2:StopInstances arn:aws:ec2:r:1:instance/i-2",
		}},
		{proxy.Call{Service: proxy.EC2, Action: "ModifyNetworkInterfaceAttribute", Params: map[string]string{"NetworkInterfaceId": "eni-1", "SecurityGroupId.1": "sg-1"}}, []string{
			"ec2:ModifyNetworkInterfaceAttribute arn:aws:ec2:r:1:network-interface/eni-1",
			"ec2:ModifyNetworkInterfaceAttribute arn:aws:ec2:r:1:instance/i-9",
			"ec2:ModifyNetworkInterfaceAttribute arn:aws:ec2:r:1:security-group/sg-1",
		}},
		{proxy.Call{Service: proxy.EC2, Action: "AssociateAddress", Params: map[string]string{"AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1"}}, []string{
			"ec2:AssociateAddress arn:aws:ec2:r:1:elastic-ip/eipalloc-1",
			"ec2:AssociateAddress arn:aws:ec2:r:1:network-interface/eni-1",
			"ec2:AssociateAddress arn:aws:ec2:r:1:instance/i-9",
		}},
		{proxy.Call{Service: proxy.EC2, Action: "RunInstances", Params: map[string]string{
			"ImageId": "ami-1", "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.SubnetId": "subnet-1", "NetworkInterface.1.SecurityGroupId.1": "sg-1",
			"IamInstanceProfile.Arn": "arn:aws:iam::1:instance-profile/recovery/p", "TagSpecification.1.ResourceType": "instance",
			"TagSpecification.1.Tag.1.Key": "k", "TagSpecification.1.Tag.1.Value": "v",
		}}, []string{
			"ec2:RunInstances arn:aws:ec2:r:1:instance/*", "ec2:CreateTags arn:aws:ec2:r:1:instance/*",
			"ec2:RunInstances arn:aws:ec2:r:1:network-interface/*", "ec2:RunInstances arn:aws:ec2:r:1:volume/*",
			"ec2:RunInstances arn:aws:ec2:r:1:subnet/subnet-1", "ec2:RunInstances arn:aws:ec2:r:1:security-group/sg-1",
			"ec2:RunInstances arn:aws:ec2:r::image/ami-1", "iam:PassRole arn:role",
		}},
		{proxy.Call{Service: proxy.EC2, Action: "RunInstances", Params: map[string]string{
			"ImageId": "ami-1", "BlockDeviceMapping.1.DeviceName": "/dev/xvda", "BlockDeviceMapping.1.Ebs.VolumeSize": "8",
			"BlockDeviceMapping.2.DeviceName": "/dev/sdb", "BlockDeviceMapping.2.Ebs.KmsKeyId": "key",
			"BlockDeviceMapping.3.DeviceName": "/dev/sdc", "BlockDeviceMapping.3.Ebs.KmsKeyId": "aws/ebs",
		}}, []string{
			"ec2:RunInstances arn:aws:ec2:r:1:instance/*", "ec2:RunInstances arn:aws:ec2:r:1:network-interface/*", "ec2:RunInstances arn:aws:ec2:r:1:volume/*",
			"ec2:RunInstances arn:aws:ec2:r::image/ami-1",
			"kms:Decrypt key", "kms:DescribeKey key", "kms:GenerateDataKeyWithoutPlaintext key", "kms:ReEncryptFrom key", "kms:ReEncryptTo key", "kms:CreateGrant key",
		}},
		{proxy.Call{Service: proxy.EC2, Action: "DescribeInstanceStatus"}, []string{"ec2:DescribeInstanceStatus *"}},
		{proxy.Call{Service: proxy.EC2, Action: "AssociateApplicationStatusCheck", Params: map[string]string{"ApplicationStatusCheckId": "asc-1"}}, []string{
			"ec2:AssociateApplicationStatusCheck arn:aws:ec2:r:1:application-status-check/asc-1",
		}},
		{proxy.Call{Service: proxy.CloudWatch, Action: "PutMetricAlarm", Params: map[string]string{"AlarmName": "a"}}, []string{"cloudwatch:PutMetricAlarm arn:aws:cloudwatch:r:1:alarm:a"}},
		{proxy.Call{Service: proxy.Lambda, Action: "Invoke", Params: map[string]string{"Path": "/2015-03-31/functions/f/invocations"}}, []string{"lambda:InvokeFunction arn:aws:lambda:r:1:function:f"}},
		{proxy.Call{Service: proxy.EFS, Action: "DeleteMountTarget", Params: map[string]string{"Path": "/2015-02-01/mount-targets/fsmt-1"}}, []string{
			"elasticfilesystem:DeleteMountTarget arn:aws:elasticfilesystem:r:1:file-system/fs-9",
			"ec2:DeleteNetworkInterface arn:aws:ec2:r:1:network-interface/eni-of-the-target",
		}},
		{proxy.Call{Service: proxy.EFS, Action: "CreateMountTarget", Params: map[string]string{"FileSystemId": "fs-1", "SubnetId": "subnet-1", "SecurityGroups.1": "sg-1"}}, []string{
			"elasticfilesystem:CreateMountTarget arn:aws:elasticfilesystem:r:1:file-system/fs-1",
			"ec2:DescribeSubnets *", "ec2:DescribeNetworkInterfaces *", "ec2:CreateNetworkInterface arn:aws:ec2:r:1:network-interface/*",
			"ec2:CreateNetworkInterface arn:aws:ec2:r:1:subnet/subnet-1", "ec2:CreateNetworkInterface arn:aws:ec2:r:1:security-group/sg-1",
		}},
	} {
		c.call.Region = "r"
		requests, err := access.Requests(t.Context(), lookup{}, "1", c.call)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range requests {
			got = append(got, r.Action+" "+r.Resource)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.call.Name(), diff)
		}
	}
	if _, err := access.Requests(t.Context(), lookup{}, "1", proxy.Call{Service: proxy.EC2, Action: "RebootInstances"}); err == nil {
		t.Error("a call that nobody knows how to authorise gave no error")
	}
}

func TestContexts(t *testing.T) {
	for _, c := range []struct {
		call proxy.Call
		want map[string][]string
	}{
		{
			proxy.Call{Service: proxy.EC2, Action: "CreateTags", Params: map[string]string{"ResourceId.1": "i-1", "Tag.1.Key": "k", "Tag.1.Value": "v", "Tag.2.Key": "l", "Tag.2.Value": ""}},
			map[string][]string{"aws:TagKeys": {"k", "l"}, "aws:RequestTag/k": {"v"}, "aws:RequestTag/l": {""}, "aws:ResourceTag/tag-of": {"i-1"}},
		},
		{proxy.Call{Service: proxy.ELB, Action: "RegisterTargets", Params: map[string]string{"TargetGroupArn": "arn"}}, map[string][]string{"aws:ResourceTag/tag-of": {"arn"}}},
		{proxy.Call{Service: proxy.DynamoDB, Action: "Query", Params: map[string]string{"TableName": "t", "ExpressionAttributeValues.:pk.S": "vpc#1"}}, map[string][]string{"dynamodb:LeadingKeys": {"vpc#1"}}},
		{proxy.Call{Service: proxy.DynamoDB, Action: "PutItem", Params: map[string]string{"TableName": "t", "Item.pk.S": "claim"}}, map[string][]string{"dynamodb:LeadingKeys": {"claim"}}},
	} {
		requests, err := access.Requests(t.Context(), lookup{}, "1", c.call)
		if err != nil || len(requests) != 1 {
			t.Fatalf("%s: %v, %v", c.call.Name(), requests, err)
		}
		if diff := cmp.Diff(c.want, requests[0].Context); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.call.Name(), diff)
		}
	}
}
