package provision

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// tag puts the property Tags on an EC2 resource.
func (in *input) tag(id string) error {
	var tags []types.Tag
	if err := in.property("Tags", &tags); err != nil || len(tags) == 0 {
		return err
	}
	_, err := in.EC2.CreateTags(in.ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags})
	return err
}

func createVPC(in *input) error {
	hostnames, support := in.take("EnableDnsHostnames"), in.take("EnableDnsSupport")
	out, err := in.EC2.CreateVpc(in.ctx, &ec2.CreateVpcInput{
		CidrBlock: aws.String(in.take("CidrBlock")), InstanceTenancy: types.Tenancy(in.take("InstanceTenancy")),
	})
	if err != nil {
		return err
	}
	id := aws.ToString(out.Vpc.VpcId)
	for _, m := range []*ec2.ModifyVpcAttributeInput{
		{VpcId: &id, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(hostnames == "true")}},
		{VpcId: &id, EnableDnsSupport: &types.AttributeBooleanValue{Value: aws.Bool(support != "false")}},
	} {
		if _, err := in.EC2.ModifyVpcAttribute(in.ctx, m); err != nil {
			return err
		}
	}
	group, err := in.EC2.DescribeSecurityGroups(in.ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{id}}, {Name: aws.String("group-name"), Values: []string{"default"}},
	}})
	if err != nil || len(group.SecurityGroups) != 1 {
		return fmt.Errorf("default security group of %s: %d found: %w", id, len(group.SecurityGroups), err)
	}
	in.made.Physical = id
	in.made.Attributes["VpcId"] = id
	in.made.Attributes["CidrBlock"] = aws.ToString(out.Vpc.CidrBlock)
	in.made.Attributes["DefaultSecurityGroup"] = aws.ToString(group.SecurityGroups[0].GroupId)
	return in.tag(id)
}

func createSubnet(in *input) error {
	public := in.take("MapPublicIpOnLaunch")
	out, err := in.EC2.CreateSubnet(in.ctx, &ec2.CreateSubnetInput{
		VpcId: aws.String(in.take("VpcId")), CidrBlock: aws.String(in.take("CidrBlock")),
		AvailabilityZone: aws.String(in.take("AvailabilityZone")),
	})
	if err != nil {
		return err
	}
	id := aws.ToString(out.Subnet.SubnetId)
	if _, err := in.EC2.ModifySubnetAttribute(in.ctx, &ec2.ModifySubnetAttributeInput{
		SubnetId: &id, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(public == "true")},
	}); err != nil {
		return err
	}
	in.made.Physical = id
	in.made.Attributes["SubnetId"] = id
	in.made.Attributes["AvailabilityZone"] = aws.ToString(out.Subnet.AvailabilityZone)
	in.made.Attributes["CidrBlock"] = aws.ToString(out.Subnet.CidrBlock)
	return in.tag(id)
}

func createRouteTable(in *input) error {
	out, err := in.EC2.CreateRouteTable(in.ctx, &ec2.CreateRouteTableInput{VpcId: aws.String(in.take("VpcId"))})
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.RouteTable.RouteTableId)
	in.made.Attributes["RouteTableId"] = in.made.Physical
	return in.tag(in.made.Physical)
}

func createRouteTableAssociation(in *input) error {
	var req ec2.AssociateRouteTableInput
	if err := in.rest(&req); err != nil {
		return err
	}
	out, err := in.EC2.AssociateRouteTable(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.AssociationId)
	return nil
}

func createVPCEndpoint(in *input) error {
	tags := in.left["Tags"]
	delete(in.left, "Tags")
	policy := in.take("PolicyDocument")
	var req ec2.CreateVpcEndpointInput
	if err := in.rest(&req); err != nil {
		return err
	}
	if policy != "" {
		req.PolicyDocument = &policy
	}
	out, err := in.EC2.CreateVpcEndpoint(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.VpcEndpoint.VpcEndpointId)
	if tags != nil {
		in.left = map[string]any{"Tags": tags}
	}
	return in.tag(in.made.Physical)
}

func createSecurityGroup(in *input) error {
	var ingress, egress []json.RawMessage
	if err := in.property("SecurityGroupIngress", &ingress); err != nil {
		return err
	}
	_, own := in.left["SecurityGroupEgress"]
	if err := in.property("SecurityGroupEgress", &egress); err != nil {
		return err
	}
	out, err := in.EC2.CreateSecurityGroup(in.ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(in.name("GroupName", 255)), Description: aws.String(in.take("GroupDescription")),
		VpcId: aws.String(in.take("VpcId")),
	})
	if err != nil {
		return err
	}
	id := aws.ToString(out.GroupId)
	in.made.Physical = id
	in.made.Attributes["GroupId"] = id
	in.made.Attributes["VpcId"] = in.made.Properties["VpcId"]
	if own { // EC2 adds "allow all" to every new group; CloudFormation removes it for egress rules of the template's own
		_, err := in.EC2.RevokeSecurityGroupEgress(in.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, IpPermissions: []types.IpPermission{
			{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}},
		}})
		if err != nil {
			return err
		}
	}
	for i, rules := range [][]json.RawMessage{ingress, egress} {
		for _, raw := range rules {
			if err := in.allow(id, i == 1, raw); err != nil {
				return err
			}
		}
	}
	return in.tag(id)
}

// permission is one rule as CloudFormation writes it.
func permission(raw json.RawMessage) ([]types.IpPermission, error) {
	var rule struct {
		IpProtocol, CidrIp, CidrIpv6, Description         string
		SourceSecurityGroupId, SourceSecurityGroupOwnerId string
		DestinationSecurityGroupId                        string
		SourcePrefixListId, DestinationPrefixListId       string
		FromPort, ToPort                                  *int32
	}
	if err := into(raw, &rule); err != nil {
		return nil, err
	}
	p := types.IpPermission{IpProtocol: &rule.IpProtocol, FromPort: rule.FromPort, ToPort: rule.ToPort}
	d := aws.String(rule.Description)
	if rule.CidrIp != "" {
		p.IpRanges = []types.IpRange{{CidrIp: &rule.CidrIp, Description: d}}
	}
	if rule.CidrIpv6 != "" {
		p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: &rule.CidrIpv6, Description: d}}
	}
	if other := rule.SourceSecurityGroupId + rule.DestinationSecurityGroupId; other != "" {
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: &other, Description: d}}
	}
	if list := rule.SourcePrefixListId + rule.DestinationPrefixListId; list != "" {
		p.PrefixListIds = []types.PrefixListId{{PrefixListId: &list, Description: d}}
	}
	return []types.IpPermission{p}, nil
}

// allow adds one rule to a group.
func (in *input) allow(group string, egress bool, raw json.RawMessage) error {
	p, err := permission(raw)
	if err != nil {
		return err
	}
	if egress {
		_, err = in.EC2.AuthorizeSecurityGroupEgress(in.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &group, IpPermissions: p})
	} else {
		_, err = in.EC2.AuthorizeSecurityGroupIngress(in.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: p})
	}
	return err
}

func createGroupRule(egress bool) func(*input) error {
	return func(in *input) error {
		group := in.take("GroupId")
		raw, err := json.Marshal(in.left)
		if err != nil {
			return err
		}
		in.left = nil
		in.made.Physical = in.stack.Name + "-" + in.made.Logical
		return in.allow(group, egress, raw)
	}
}
