package awscloud

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

// Details makes six calls, one more for a burstable type, a placement group, or a type
// that this process has not met yet. A terminated instance has no attributes any more:
// the error's kind is NotFound.
func (c *compute) Details(ctx context.Context, i cloud.Instance) (cloud.Details, error) {
	var d cloud.Details
	for _, a := range []struct {
		name types.InstanceAttributeName
		take func(*ec2.DescribeInstanceAttributeOutput)
	}{
		{types.InstanceAttributeNameUserData, func(o *ec2.DescribeInstanceAttributeOutput) {
			d.UserData = attribute(o.UserData)
		}},
		{types.InstanceAttributeNameDisableApiTermination, func(o *ec2.DescribeInstanceAttributeOutput) {
			d.ProtectTerminate = flag(o.DisableApiTermination)
		}},
		{types.InstanceAttributeNameDisableApiStop, func(o *ec2.DescribeInstanceAttributeOutput) {
			d.ProtectStop = flag(o.DisableApiStop)
		}},
		{types.InstanceAttributeNameInstanceInitiatedShutdownBehavior, func(o *ec2.DescribeInstanceAttributeOutput) {
			d.ShutdownBehavior = attribute(o.InstanceInitiatedShutdownBehavior)
		}},
	} {
		out, err := c.client().DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
			InstanceId: aws.String(i.ID), Attribute: a.name,
		}, c.read)
		if err != nil {
			return cloud.Details{}, failure(err)
		}
		a.take(out)
	}
	for _, read := range []func(context.Context, cloud.Instance, *cloud.Details) error{
		c.interfaceTags, c.processor, c.credits, c.strategy, c.volumes,
	} {
		if err := read(ctx, i, &d); err != nil {
			return cloud.Details{}, err
		}
	}
	return d, nil
}

func (c *compute) volumes(ctx context.Context, i cloud.Instance, d *cloud.Details) error {
	if len(i.Volumes) == 0 {
		return nil
	}
	var ids []string
	for _, v := range i.Volumes {
		ids = append(ids, v.Volume)
	}
	found := map[string]types.Volume{}
	for chunk := range slices.Chunk(ids, filterValues) {
		pages := ec2.NewDescribeVolumesPaginator(c.client(), &ec2.DescribeVolumesInput{
			Filters:    []types.Filter{{Name: aws.String("volume-id"), Values: chunk}},
			MaxResults: aws.Int32(500),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, c.read)
			if err != nil {
				return failure(err)
			}
			for _, v := range page.Volumes {
				found[aws.ToString(v.VolumeId)] = v
			}
		}
	}
	for _, ref := range i.Volumes {
		v, ok := found[ref.Volume]
		if !ok {
			// A blueprint without one of its volumes would be a half-made one.
			return &cloud.Error{
				Kind: cloud.NotFound, Service: serviceEC2, Action: "DescribeVolumes",
				Message: fmt.Sprintf("volume %s of instance %s is not visible", ref.Volume, i.ID),
			}
		}
		d.Volumes = append(d.Volumes, volumeOf(ref, &v, ref.Device == i.RootDevice))
		for _, lost := range inherit.Unkept(inherit.Volume, &v) {
			d.Unkept = append(d.Unkept, "volume "+ref.Device+": "+lost)
		}
		if ref.Device == i.RootDevice {
			d.VolumeTags = tagsOf(v.Tags)
		}
	}
	return nil
}

// interfaceTags reads the tags of the first interface, which DescribeInstances lacks.
func (c *compute) interfaceTags(ctx context.Context, i cloud.Instance, d *cloud.Details) error {
	first, ok := i.Primary()
	if !ok {
		return nil
	}
	out, err := c.client().DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("network-interface-id"), Values: []string{first.ID}}},
	}, c.read)
	if err != nil {
		return failure(err)
	}
	for _, n := range out.NetworkInterfaces {
		d.InterfaceTags = tagsOf(n.TagSet)
	}
	return nil
}

// processor keeps the processor options that differ from the type's defaults. EC2 shows
// the defaults of every instance, and refuses them at the launch of a type that has no
// options ("CPU options for Amazon EC2 instances", Amazon EC2 User Guide).
func (c *compute) processor(ctx context.Context, i cloud.Instance, d *cloud.Details) error {
	if i.CPU == (cloud.CPUOptions{}) {
		return nil
	}
	usual, err := c.usual(ctx, i.Type)
	if err != nil {
		return err
	}
	if own := unusual(i.CPU, usual); own != (cloud.CPUOptions{}) {
		d.CPU = &own
	}
	return nil
}

// unusual are the options that differ from what a type has by default.
func unusual(own, usual cloud.CPUOptions) cloud.CPUOptions {
	if usual.Cores == 0 || own.Cores == usual.Cores && own.Threads == usual.Threads {
		own.Cores, own.Threads = 0, 0
	}
	if own.SevSnp == string(types.AmdSevSnpSpecificationDisabled) {
		own.SevSnp = ""
	}
	if own.Nested == string(types.NestedVirtualizationSpecificationDisabled) {
		own.Nested = ""
	}
	return own
}

// usual are the default cores and threads of an instance type; none of one that EC2 does
// not describe.
func (c *compute) usual(ctx context.Context, kind string) (cloud.CPUOptions, error) {
	if known, ok := c.types.Load(kind); ok {
		if usual, ok := known.(cloud.CPUOptions); ok {
			return usual, nil
		}
	}
	out, err := c.client().DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{
		Filters: []types.Filter{{Name: aws.String("instance-type"), Values: []string{kind}}},
	}, c.read)
	if err != nil {
		return cloud.CPUOptions{}, failure(err)
	}
	var usual cloud.CPUOptions
	for _, t := range out.InstanceTypes {
		if v := t.VCpuInfo; v != nil {
			usual = cloud.CPUOptions{Cores: int(aws.ToInt32(v.DefaultCores)), Threads: int(aws.ToInt32(v.DefaultThreadsPerCore))}
		}
	}
	c.types.Store(kind, usual)
	return usual, nil
}

// burstable matches the types that have CPU credits, to which EC2 limits the call.
var burstable = regexp.MustCompile(`^t[0-9]`)

func (c *compute) credits(ctx context.Context, i cloud.Instance, d *cloud.Details) error {
	if !burstable.MatchString(i.Type) {
		return nil
	}
	out, err := c.client().DescribeInstanceCreditSpecifications(ctx, &ec2.DescribeInstanceCreditSpecificationsInput{InstanceIds: []string{i.ID}}, c.read)
	if err != nil {
		return failure(err)
	}
	for _, x := range out.InstanceCreditSpecifications {
		d.Credits = aws.ToString(x.CpuCredits)
	}
	return nil
}

// strategy reads what kind of placement group the instance is in.
func (c *compute) strategy(ctx context.Context, i cloud.Instance, d *cloud.Details) (err error) {
	d.Strategy, err = c.strategyOf(ctx, i.Placement)
	return err
}

// strategyOf is "" without a group, or for one that EC2 does not show.
func (c *compute) strategyOf(ctx context.Context, group string) (string, error) {
	if group == "" {
		return "", nil
	}
	out, err := c.client().DescribePlacementGroups(ctx, &ec2.DescribePlacementGroupsInput{
		Filters: []types.Filter{{Name: aws.String("group-name"), Values: []string{group}}},
	}, c.read)
	if err != nil {
		return "", failure(err)
	}
	for _, g := range out.PlacementGroups {
		return string(g.Strategy), nil
	}
	return "", nil
}
