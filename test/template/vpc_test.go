package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// place synthesises a RecoveryVpc of its own in a stack without an environment.
func place(t *testing.T, props *recovery.RecoveryVpcProps) document {
	t.Helper()
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), props)
	return synth(t, stack)
}

// subnets are zone, block and destination tag of the subnets in order.
func subnets(t *testing.T, d document) []string {
	t.Helper()
	var out []string
	for _, id := range d.ids("AWS::EC2::Subnet") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		tag := ""
		for _, e := range p["Tags"].([]any) {
			if e := e.(map[string]any); e["Key"] == "recovery:destination" {
				tag = fmt.Sprint(e["Value"])
			}
		}
		out = append(out, fmt.Sprintf("%v %v %v public=%v", p["AvailabilityZone"], p["CidrBlock"], tag, p["MapPublicIpOnLaunch"]))
	}
	return out
}

func TestVpcSubnets(t *testing.T) {
	for _, c := range []struct {
		name  string
		props *recovery.RecoveryVpcProps
		want  []string
	}{
		{"default", nil, []string{
			"${0 of ${zones}} 10.0.0.0/20 true public=false",
			"${1 of ${zones}} 10.0.16.0/20 true public=false",
			"${2 of ${zones}} 10.0.32.0/20 true public=false",
		}},
		{"first two zones of a small block", &recovery.RecoveryVpcProps{
			AvailabilityZoneCount: jsii.Number(2), CidrBlock: jsii.String("192.168.7.0/24"),
		}, []string{
			"${0 of ${zones}} 192.168.7.0/28 true public=false",
			"${1 of ${zones}} 192.168.7.16/28 true public=false",
		}},
		{"named zones with given blocks", &recovery.RecoveryVpcProps{
			AvailabilityZones: jsii.Strings("eu-west-1c", "eu-west-1a"), SubnetCidrs: jsii.Strings("10.0.9.0/24", "10.0.8.0/24"),
		}, []string{
			"eu-west-1c 10.0.9.0/24 true public=false",
			"eu-west-1a 10.0.8.0/24 true public=false",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, subnets(t, place(t, c.props))); diff != "" {
				t.Errorf("subnets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVpcIsolated: DNS is on, and no subnet has a way out.
func TestVpcIsolated(t *testing.T) {
	d := place(t, nil)
	vpc := d.one(t, "AWS::EC2::VPC", "Vpc").Properties
	if vpc["EnableDnsHostnames"] != true || vpc["EnableDnsSupport"] != true {
		t.Errorf("DNS is not on: %v", vpc)
	}
	for _, kind := range []string{"AWS::EC2::Route", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"} {
		if ids := d.ids(kind); len(ids) > 0 {
			t.Errorf("%s: %q", kind, ids)
		}
	}
}

// TestBlackhole: EC2 adds a rule that allows everything to a group without egress
// rules, so "none" is one rule that no packet matches.
func TestBlackhole(t *testing.T) {
	p := flat(place(t, nil).one(t, "AWS::EC2::SecurityGroup", "VpcBlackhole").Properties).(map[string]any)
	want := []any{map[string]any{
		"CidrIp": "127.0.0.1/32", "IpProtocol": "-1", "Description": "No egress: replaces the rule that allows all",
	}}
	if diff := cmp.Diff(want, p["SecurityGroupEgress"]); diff != "" {
		t.Errorf("egress (-want +got):\n%s", diff)
	}
	if p["SecurityGroupIngress"] != nil || p["VpcId"] != "${Vpc}" {
		t.Errorf("ingress %v, VPC %v", p["SecurityGroupIngress"], p["VpcId"])
	}
}

// TestBlackholeAlone: no other resource opens the group again.
func TestBlackholeAlone(t *testing.T) {
	example := single(t)
	for _, stack := range []awscdk.Stack{example.Vpc.Stack, example.Nodes.Stack} {
		d := synth(t, stack)
		for _, kind := range []string{"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"} {
			for _, id := range d.ids(kind) {
				if strings.Contains(text(t, flat(d.Resources[id].Properties)), "Blackhole") {
					t.Errorf("%s %s is about the blackhole group", kind, id)
				}
			}
		}
	}
}

func TestVpcEndpoints(t *testing.T) {
	d := place(t, &recovery.RecoveryVpcProps{ExtraInterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_SSM()}})
	type endpoint struct {
		Kind           string
		PrivateDNS     any
		Places, Groups any
	}
	zones := []any{"${VpcSubnet1Subnet}", "${VpcSubnet2Subnet}", "${VpcSubnet3Subnet}"}
	routes := []any{"${VpcSubnet1RouteTable}", "${VpcSubnet2RouteTable}", "${VpcSubnet3RouteTable}"}
	group := []any{"${VpcEndpointGroup.GroupId}"}
	want := map[string]endpoint{
		"com.amazonaws.${AWS::Region}.monitoring": {"Interface", true, zones, group},
		"com.amazonaws.${AWS::Region}.ec2":        {"Interface", true, zones, group},
		"com.amazonaws.${AWS::Region}.logs":       {"Interface", true, zones, group},
		"com.amazonaws.${AWS::Region}.ssm":        {"Interface", true, zones, group},
		"com.amazonaws.${AWS::Region}.s3":         {"Gateway", nil, routes, nil},
		"com.amazonaws.${AWS::Region}.dynamodb":   {"Gateway", nil, routes, nil},
	}
	got := map[string]endpoint{}
	for _, id := range d.ids("AWS::EC2::VPCEndpoint") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		places := p["SubnetIds"]
		if places == nil {
			places = p["RouteTableIds"]
		}
		got[fmt.Sprint(p["ServiceName"])] = endpoint{fmt.Sprint(p["VpcEndpointType"]), p["PrivateDnsEnabled"], places, p["SecurityGroupIds"]}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	rules := flat(d.one(t, "AWS::EC2::SecurityGroup", "VpcEndpointGroup").Properties["SecurityGroupIngress"])
	wantRules := []any{map[string]any{
		"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 443.0, "ToPort": 443.0, "Description": "HTTPS from the VPC",
	}}
	if diff := cmp.Diff(wantRules, rules); diff != "" {
		t.Errorf("ingress (-want +got):\n%s", diff)
	}
}

// TestVpcLogs: the place for recovery logs is encrypted, in every zone, and
// refuses what comes without TLS or without an access point.
func TestVpcLogs(t *testing.T) {
	d := place(t, nil)
	fs := d.one(t, "AWS::EFS::FileSystem", "VpcLogs")
	if fs.Properties["Encrypted"] != true || fs.DeletionPolicy != "Retain" {
		t.Errorf("encrypted %v, deletion %s", fs.Properties["Encrypted"], fs.DeletionPolicy)
	}
	deny := func(sid string, actions, condition any) map[string]any {
		return map[string]any{"Sid": sid, "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Action": actions, "Condition": condition}
	}
	want := []any{
		deny("RefuseWithoutTls", []any{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"},
			map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}),
		deny("RefuseWithoutAccessPoint", "elasticfilesystem:ClientMount",
			map[string]any{"Null": map[string]any{"elasticfilesystem:AccessPointArn": "true"}}),
	}
	if diff := cmp.Diff(want, at(t, fs.Properties, "FileSystemPolicy", "Statement")); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	group := d.one(t, "AWS::EC2::SecurityGroup", "VpcLogsGroup").Properties
	if group["SecurityGroupIngress"] != nil {
		t.Errorf("mount targets admit somebody before there is a node: %v", group["SecurityGroupIngress"])
	}
}

// TestExistingVpc adds only what is missing to a VPC of someone else.
func TestExistingVpc(t *testing.T) {
	app := newApp(t)
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	theirs := awsec2.Vpc_FromVpcAttributes(stack, jsii.String("Theirs"), &awsec2.VpcAttributes{
		VpcId: jsii.String("vpc-1"), VpcCidrBlock: jsii.String("172.16.0.0/16"), AvailabilityZones: jsii.Strings("us-east-1a"),
	})
	recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		Vpc: theirs, AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetCidrs: jsii.Strings("172.16.200.0/24", "172.16.201.0/24"),
		InterfaceEndpoints: &[]awsec2.InterfaceVpcEndpointAwsService{}, GatewayEndpoints: &[]awsec2.GatewayVpcEndpointAwsService{},
	})
	d := synth(t, stack)
	want := map[string]int{
		"AWS::EC2::Subnet": 2, "AWS::EC2::RouteTable": 2, "AWS::EC2::SubnetRouteTableAssociation": 2,
		"AWS::EC2::SecurityGroup": 2, "AWS::EFS::FileSystem": 1, "AWS::EFS::MountTarget": 2,
	}
	if diff := cmp.Diff(want, d.counts()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if vpc := d.one(t, "AWS::EC2::SecurityGroup", "VpcBlackhole").Properties["VpcId"]; vpc != "vpc-1" {
		t.Errorf("blackhole group in %v", vpc)
	}
}

// TestNoLookups: a stack with an explicit environment asks for nothing either.
func TestNoLookups(t *testing.T) {
	app := newApp(t)
	stack := awscdk.NewStack(app, jsii.String("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{
		Account: jsii.String("111122223333"), Region: jsii.String("us-east-1"),
	}})
	recovery.NewRecoveryVpc(stack, jsii.String("Names"), &recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b")})
	recovery.NewRecoveryVpc(stack, jsii.String("Number"), &recovery.RecoveryVpcProps{CidrBlock: jsii.String("10.1.0.0/16")})
	if missing := app.Synth(nil).Manifest().Missing; missing != nil && len(*missing) > 0 {
		t.Errorf("the synthesis wants %d lookups, first %v", len(*missing), *(*missing)[0].Key)
	}
}

// TestDualStackVpc: in a VPC with IPv6 the nodes' subnets and endpoints use IPv4 only
// (docs/constructs/recovery-vpc.md, "IPv4 only").
func TestDualStackVpc(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	theirs := awsec2.NewVpc(stack, jsii.String("Theirs"), &awsec2.VpcProps{
		IpProtocol: awsec2.IpProtocol_DUAL_STACK, AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), RestrictDefaultSecurityGroup: jsii.Bool(false),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{{Name: jsii.String("Public"), SubnetType: awsec2.SubnetType_PUBLIC, CidrMask: jsii.Number(24)}},
	})
	place := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		Vpc: theirs, AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"), SubnetCidrs: jsii.Strings("10.0.200.0/24", "10.0.201.0/24"),
	})
	d, nodes := synth(t, stack), 0
	for id, r := range d.Resources {
		if !strings.HasPrefix(id, "Vpc") {
			continue
		}
		if r.Type == "AWS::EC2::Subnet" {
			nodes++
		}
		if all := text(t, r.Properties); strings.Contains(strings.ToLower(all), "ipv6") || strings.Contains(all, "::/") {
			t.Errorf("%s has something of IPv6: %s", id, all)
		}
	}
	if nodes != 2 || len(*place.Subnets()) != 2 {
		t.Errorf("%d subnets for nodes, want 2", nodes)
	}
}
