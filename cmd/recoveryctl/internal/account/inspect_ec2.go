package account

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
)

// kinds are the instance types of all nodes.
func (x *inspection) kinds() []string {
	var kinds []string
	for _, n := range x.f.Nodes {
		kinds = append(kinds, n.Types()...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func (x *inspection) blackhole(ctx context.Context) error {
	out, err := x.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{x.s.Config.BlackholeGroup}})
	if code(err) == "InvalidGroup.NotFound" {
		return nil
	}
	if err != nil || len(out.SecurityGroups) == 0 {
		return err
	}
	g := out.SecurityGroups[0]
	egress := slices.DeleteFunc(slices.Clone(g.IpPermissionsEgress), nowhere)
	x.note(func(f *doctor.Facts) {
		f.Blackhole = &doctor.Rules{In: len(g.IpPermissions), Out: len(egress)}
	})
	return nil
}

// nowhere reports whether a rule allows nothing that leaves the host: EC2 gives a group
// that names no egress the rule "all", so the template names this one instead.
func nowhere(p types.IpPermission) bool {
	for _, r := range p.IpRanges {
		if aws.ToString(r.CidrIp) != "127.0.0.1/32" {
			return false
		}
	}
	return len(p.IpRanges) > 0 && len(p.Ipv6Ranges)+len(p.PrefixListIds)+len(p.UserIdGroupPairs) == 0
}

func (x *inspection) endpoints(ctx context.Context) error {
	out, err := x.ec2.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: []types.Filter{filter("vpc-id", x.s.Config.VPC)}})
	if err != nil {
		return err
	}
	subnets, err := x.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("vpc-id", x.s.Config.VPC)}})
	if err != nil {
		return err
	}
	zones := map[string]string{}
	for _, s := range subnets.Subnets {
		zones[aws.ToString(s.SubnetId)] = aws.ToString(s.AvailabilityZone)
	}
	for _, p := range out.VpcEndpoints {
		e := doctor.Endpoint{Service: aws.ToString(p.ServiceName), State: strings.ToLower(string(p.State))}
		for _, s := range p.SubnetIds {
			e.Zones = append(e.Zones, zones[s])
		}
		x.note(func(f *doctor.Facts) { f.Endpoints = append(f.Endpoints, e) })
	}
	return nil
}

func (x *inspection) offered(ctx context.Context) error {
	kinds := x.kinds()
	if len(kinds) == 0 {
		return nil
	}
	pages := ec2.NewDescribeInstanceTypeOfferingsPaginator(x.ec2, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone, Filters: []types.Filter{filter("instance-type", kinds...)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		x.note(func(f *doctor.Facts) {
			for _, o := range page.InstanceTypeOfferings {
				kind := string(o.InstanceType)
				if f.Offered[kind] == nil {
					f.Offered[kind] = map[string]bool{}
				}
				f.Offered[kind][aws.ToString(o.Location)] = true
			}
		})
	}
	return nil
}

// images asks with a filter: one that does not exist is left out rather than an error.
func (x *inspection) images(ctx context.Context) error {
	var ids []string
	for _, n := range x.f.Nodes {
		if n.Blueprint != nil && !slices.Contains(ids, n.Blueprint.Image) {
			ids = append(ids, n.Blueprint.Image)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	out, err := x.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{Filters: []types.Filter{filter("image-id", ids...)}, IncludeDeprecated: aws.Bool(true)})
	if err != nil {
		return err
	}
	x.note(func(f *doctor.Facts) {
		for _, i := range out.Images {
			f.Images[aws.ToString(i.ImageId)] = string(i.State)
		}
	})
	return nil
}

func (x *inspection) metadata(ctx context.Context) error {
	out, err := x.ec2.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{})
	if err != nil || out.AccountLevel == nil {
		return err
	}
	d := doctor.MetadataDefaults{
		Tokens: string(out.AccountLevel.HttpTokens), Enforced: out.AccountLevel.HttpTokensEnforced == types.HttpTokensEnforcedStateEnabled,
	}
	x.note(func(f *doctor.Facts) { f.Metadata = d })
	return nil
}

func (x *inspection) cpus(ctx context.Context, kinds []string) (map[string]float64, error) {
	found := map[string]float64{}
	pages := ec2.NewDescribeInstanceTypesPaginator(x.ec2, &ec2.DescribeInstanceTypesInput{Filters: []types.Filter{filter("instance-type", kinds...)}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range page.InstanceTypes {
			if t.VCpuInfo != nil {
				found[string(t.InstanceType)] = float64(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
			}
		}
	}
	return found, nil
}
