package recovery

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/filesystem"
	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/network"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/resource"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// RecoveryVpc is where nodes live: one isolated, tagged subnet per zone, the
// endpoints a node needs, the blackhole security group and the file system for
// recovery logs. It needs no lookup, so stacks without an environment work.
type RecoveryVpc interface {
	IRecoveryVpc
	// EndpointSecurityGroup is the group of the interface endpoints, or nil if
	// there are none. It admits HTTPS from the VPC.
	EndpointSecurityGroup() awsec2.SecurityGroup
	// InterfaceEndpoints are the interface endpoints by short service name.
	InterfaceEndpoints() map[string]awsec2.InterfaceVpcEndpoint
}

type recoveryVpc struct {
	awscdk.Resource
	vpc       awsec2.IVpc
	arn       *string
	cidr      *string
	zones     []string
	subnets   []awsec2.ISubnet
	tables    []*string
	blackhole *string
	logs      awsefs.IFileSystem
	logsGroup *string
	group     awsec2.SecurityGroup
	endpoints map[string]awsec2.InterfaceVpcEndpoint
}

func (v *recoveryVpc) Vpc() awsec2.IVpc                            { return v.vpc }
func (v *recoveryVpc) VpcId() *string                              { return v.vpc.VpcId() }
func (v *recoveryVpc) VpcArn() *string                             { return v.arn }
func (v *recoveryVpc) CidrBlock() *string                          { return v.cidr }
func (v *recoveryVpc) AvailabilityZones() *[]*string               { return jsii.Strings(v.zones...) }
func (v *recoveryVpc) Subnets() *[]awsec2.ISubnet                  { return &v.subnets }
func (v *recoveryVpc) BlackholeSecurityGroupId() *string           { return v.blackhole }
func (v *recoveryVpc) LogFileSystem() awsefs.IFileSystem           { return v.logs }
func (v *recoveryVpc) LogSecurityGroupId() *string                 { return v.logsGroup }
func (v *recoveryVpc) EndpointSecurityGroup() awsec2.SecurityGroup { return v.group }
func (v *recoveryVpc) InterfaceEndpoints() map[string]awsec2.InterfaceVpcEndpoint {
	return v.endpoints
}

// NewRecoveryVpc makes the place for nodes.
func NewRecoveryVpc(scope constructs.Construct, id *string, props *RecoveryVpcProps) RecoveryVpc {
	if props == nil {
		props = &RecoveryVpcProps{}
	}
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	plan := planNetwork(at, props)
	if props.Vpc != nil && !plan.lookup {
		registry.ClaimThing(scope, at, "RecoveryVpc around VPC", props.Vpc.VpcId(), "a VPC has one RecoveryVpc with one blackhole group; pass that one on, or refer to it by RecoveryVpc_FromRecoveryVpcAttributes")
	}

	v := &recoveryVpc{zones: plan.zones, cidr: jsii.String(plan.cidr)}
	awscdk.NewResource_Override(v, scope, id, nil)
	filesystem.PinIDs(v)
	if v.zones == nil {
		v.zones = firstZones(plan.count)
	}
	vpcID := v.makeVpc(props, plan)
	v.makeSubnets(vpcID, plan.subnets)
	v.vpc = v.view(vpcID)
	v.arn = awscdk.Stack_Of(v).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ec2"), Resource: jsii.String("vpc"), ResourceName: vpcID,
	})
	v.blackhole = resource.NewBlackholeGroup(v, "Blackhole", vpcID).AttrGroupId()
	v.group, v.endpoints = plan.endpoints.build(v, v.vpc, v.cidr, &v.subnets)
	v.makeLogs(props)
	return v
}

// vpcPlan holds the checked props.
type vpcPlan struct {
	cidr      string
	zones     []string // nil: the first count
	count     int
	subnets   []string
	endpoints endpointPlan
	lookup    bool // the VPC is still to be looked up
}

// lookupID is the id of the VPC that awsec2.Vpc_FromLookup gives while the account has
// not been asked (no VPC has one so short; its block is 1.2.3.4/5). AWS CDK's command line
// asks, keeps the answer in cdk.context.json and runs the app again, so an app that fails
// by what stands there meanwhile is never asked for.
const lookupID = "vpc-12345"

func planNetwork(at prop.Place, props *RecoveryVpcProps) vpcPlan {
	n := vpcPlan{cidr: prop.Or(props.CidrBlock, "10.0.0.0/16"), lookup: props.Vpc != nil && *props.Vpc.VpcId() == lookupID}
	n.planZones(at, props)
	if props.Vpc != nil {
		at.Require(props.AvailabilityZones != nil, "AvailabilityZones", "name the zones of the new subnets in the existing VPC")
		at.Require(props.SubnetCidrs != nil, "SubnetCidrs", "give one free IPv4 block per zone of the existing VPC")
		if props.CidrBlock == nil {
			n.cidr = blockOf(at, props.Vpc)
		}
	}
	n.planSubnets(at, props)
	n.endpoints = planEndpoints(at, props)
	return n
}

// blockOf is the VPC's own block, which one that was imported need not know: AWS CDK
// panics then.
func blockOf(at prop.Place, vpc awsec2.IVpc) string {
	defer func() {
		if reason := recover(); reason != nil {
			at.Fail("CidrBlock is missing, and Vpc does not know its own (%v): give the VPC's block such as 10.0.0.0/16, or VpcCidrBlock where the VPC is imported", reason)
		}
	}()
	return *vpc.VpcCidrBlock()
}

func (n *vpcPlan) planZones(at prop.Place, props *RecoveryVpcProps) {
	if props.AvailabilityZones == nil {
		n.count = at.Whole("AvailabilityZoneCount", props.AvailabilityZoneCount, 3, 2, 6)
		return
	}
	if props.AvailabilityZoneCount != nil {
		at.Fail("AvailabilityZones and AvailabilityZoneCount are both given: give the names or the number")
	}
	n.zones = at.Texts("AvailabilityZones", props.AvailabilityZones)
	if n.lookup && slices.Equal(n.zones, prop.List(props.Vpc.AvailabilityZones())) {
		n.zones, n.count = nil, max(2, len(at.Texts("SubnetCidrs", props.SubnetCidrs)))
		return
	}
	n.count = len(n.zones)
	if n.count < 2 {
		at.Fail("AvailabilityZones has %d zone(s) %q: at least two are needed to switch between, and all of the Region's are advised; name more", n.count, n.zones)
	}
	prop.RefuseDuplicates(at, "Availability Zone", n.zones)
}

func (n *vpcPlan) planSubnets(at prop.Place, props *RecoveryVpcProps) {
	var block *netip.Prefix
	if !prop.Unresolved(n.cidr) && (!n.lookup || props.CidrBlock != nil) {
		p, err := network.ParseBlock("CidrBlock", n.cidr)
		at.FailOn(err)
		block = &p
	}
	if props.SubnetCidrs != nil {
		n.subnets = at.Texts("SubnetCidrs", props.SubnetCidrs)
		at.FailOn(network.CheckSubnets(block, n.subnets, n.count))
		return
	}
	if block == nil {
		at.Fail("CidrBlock is known only at deployment: give SubnetCidrs, one block per zone")
	}
	var err error
	n.subnets, err = network.Carve(*block, n.count)
	at.FailOn(err)
}

// firstZones names the account's first n zones in the stack's Region without a
// lookup: CloudFormation fills them in.
func firstZones(n int) []string {
	zones := make([]string, n)
	for i := range zones {
		zones[i] = *awscdk.Fn_Select(jsii.Number(float64(i)), awscdk.Fn_GetAzs(nil))
	}
	return zones
}

func (v *recoveryVpc) makeVpc(props *RecoveryVpcProps, plan vpcPlan) *string {
	if props.Vpc != nil {
		return props.Vpc.VpcId()
	}
	vpc := resource.NewVpc(v, plan.cidr)
	nag.Explain(vpc, nag.Rule{ID: "AwsSolutions-VPC7", Reason: "Flow logs are the owner's choice of destination and cost: add them with Vpc().AddFlowLog."})
	return vpc.Ref()
}

func (v *recoveryVpc) makeSubnets(vpcID *string, blocks []string) {
	for i, zone := range v.zones {
		s := awsec2.NewPrivateSubnet(v, jsii.String(fmt.Sprintf("Subnet%d", i+1)), &awsec2.PrivateSubnetProps{
			VpcId: vpcID, AvailabilityZone: jsii.String(zone), CidrBlock: jsii.String(blocks[i]),
			MapPublicIpOnLaunch: jsii.Bool(false),
		})
		awscdk.Tags_Of(s).Add(jsii.String(contract.DestinationTag), jsii.String("true"), &awscdk.TagProps{
			IncludeResourceTypes: jsii.Strings("AWS::EC2::Subnet"),
		})
		if !prop.Unresolved(zone) {
			nag.Quiet(s.Node().DefaultChild().(awsec2.CfnSubnet), "W3010", "The user names the zones that nodes may be placed in.")
		}
		v.subnets = append(v.subnets, s)
		v.tables = append(v.tables, s.RouteTable().RouteTableId())
	}
}

// view is the VPC as other constructs see it: the nodes' subnets are its
// isolated ones.
func (v *recoveryVpc) view(vpcID *string) awsec2.IVpc {
	ids := make([]*string, 0, len(v.subnets))
	for _, s := range v.subnets {
		ids = append(ids, s.SubnetId())
	}
	return awsec2.Vpc_FromVpcAttributes(v, jsii.String("View"), &awsec2.VpcAttributes{
		VpcId: vpcID, VpcCidrBlock: v.cidr, AvailabilityZones: v.AvailabilityZones(),
		IsolatedSubnetIds: &ids, IsolatedSubnetRouteTableIds: &v.tables,
	})
}

// makeLogs makes the file system for recovery logs, which outlive every instance.
func (v *recoveryVpc) makeLogs(props *RecoveryVpcProps) {
	fs, group := filesystem.New(v, "Logs", filesystem.Spec{
		Vpc: v.Vpc(), Subnets: v.Subnets(), Key: props.LogsEncryptionKey, Removal: props.LogsRemovalPolicy,
		Name: "recovery logs", Planned: props.LogsBackupPlan != nil,
	})
	filesystem.BackUp(v, fs, props.LogsBackupPlan)
	v.logs, v.logsGroup = fs, group.SecurityGroupId()
}
