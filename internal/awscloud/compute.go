package awscloud

import (
	"cmp"
	"context"
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
	// types remembers what each instance type has by default, which never changes.
	types sync.Map // instance type -> cloud.CPUOptions
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

func attribute(v *types.AttributeValue) string {
	if v == nil {
		return ""
	}
	return aws.ToString(v.Value)
}

func flag(v *types.AttributeBooleanValue) bool { return v != nil && aws.ToBool(v.Value) }
