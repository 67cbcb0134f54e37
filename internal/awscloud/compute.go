package awscloud

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// filterValues is how many values one EC2 filter takes.
const filterValues = 200

// compute is Amazon EC2's reads; changes are in launch.go and power.go.
type compute struct {
	client func() *ec2.Client
	read   func(*ec2.Options)
}

func newCompute(s *session) *compute {
	return &compute{
		client: sync.OnceValue(func() *ec2.Client { return ec2.NewFromConfig(s.cfg) }),
		read:   func(o *ec2.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

// Instances asks by filter, since by id one unknown id fails the whole call.
func (c *compute) Instances(ctx context.Context, ids []string) ([]cloud.Instance, error) {
	return c.instances(ctx, "instance-id", ids)
}

func (c *compute) TaggedInstances(ctx context.Context, key string, values []string) ([]cloud.Instance, error) {
	return c.instances(ctx, "tag:"+key, values)
}

func (c *compute) instances(ctx context.Context, filter string, values []string) ([]cloud.Instance, error) {
	var found []cloud.Instance
	for chunk := range slices.Chunk(values, filterValues) {
		pages := ec2.NewDescribeInstancesPaginator(c.client(), &ec2.DescribeInstancesInput{
			Filters:    []types.Filter{{Name: aws.String(filter), Values: chunk}},
			MaxResults: aws.Int32(1000),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, c.read)
			if err != nil {
				return nil, failure(err)
			}
			for _, reservation := range page.Reservations {
				for i := range reservation.Instances {
					found = append(found, instanceOf(&reservation.Instances[i]))
				}
			}
		}
	}
	return found, nil
}

func (c *compute) Subnets(ctx context.Context, vpc, key, value string) ([]cloud.Subnet, error) {
	pages := ec2.NewDescribeSubnetsPaginator(c.client(), &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{
			{Name: aws.String("vpc-id"), Values: []string{vpc}},
			{Name: aws.String("tag:" + key), Values: []string{value}},
		},
		MaxResults: aws.Int32(1000),
	})
	var found []cloud.Subnet
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, c.read)
		if err != nil {
			return nil, failure(err)
		}
		for _, s := range page.Subnets {
			found = append(found, cloud.Subnet{
				ID: aws.ToString(s.SubnetId), Zone: aws.ToString(s.AvailabilityZone),
				Free: int(aws.ToInt32(s.AvailableIpAddressCount)),
			})
		}
	}
	slices.SortFunc(found, func(a, b cloud.Subnet) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// Details makes four or five calls. A terminated instance has no attributes any
// more: the error's kind is NotFound.
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
	if err := c.volumes(ctx, i, &d); err != nil {
		return cloud.Details{}, err
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
		if ref.Device == i.RootDevice {
			d.VolumeTags = tagsOf(v.Tags)
		}
	}
	return nil
}

func attribute(v *types.AttributeValue) string {
	if v == nil {
		return ""
	}
	return aws.ToString(v.Value)
}

func flag(v *types.AttributeBooleanValue) bool { return v != nil && aws.ToBool(v.Value) }
