package awscloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func (c *compute) Stop(ctx context.Context, ids []string, how cloud.PowerOff) error {
	if len(ids) == 0 {
		return nil
	}
	skip, force := powerOptions(how)
	_, err := c.client().StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids, SkipOsShutdown: skip, Force: force})
	return failure(err)
}

func (c *compute) Terminate(ctx context.Context, ids []string, how cloud.PowerOff) error {
	if len(ids) == 0 {
		return nil
	}
	skip, force := powerOptions(how)
	_, err := c.client().TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids, SkipOsShutdown: skip, Force: force})
	return failure(err)
}

// powerOptions returns the SkipOsShutdown and Force parameters of StopInstances and
// TerminateInstances. A forced request skips the shutdown too: Force alone "attempts a
// default stop first" ("Methods for stopping an instance", Amazon EC2 User Guide).
func powerOptions(how cloud.PowerOff) (skip, force *bool) {
	if how == cloud.SkipShutdown || how == cloud.ForceOff {
		skip = aws.Bool(true)
	}
	if how == cloud.ForceOff {
		force = aws.Bool(true)
	}
	return skip, force
}

func (c *compute) Unprotect(ctx context.Context, id string, stop bool) error {
	in := &ec2.ModifyInstanceAttributeInput{InstanceId: aws.String(id)}
	off := &types.AttributeBooleanValue{Value: aws.Bool(false)}
	if stop {
		in.DisableApiStop = off
	} else {
		in.DisableApiTermination = off
	}
	_, err := c.client().ModifyInstanceAttribute(ctx, in)
	return failure(err)
}

func (c *compute) SetGroups(ctx context.Context, networkInterface string, groups []string) error {
	_, err := c.client().ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{
		NetworkInterfaceId: aws.String(networkInterface), Groups: groups,
	})
	return failure(err)
}

func (c *compute) Forward(ctx context.Context, networkInterface string) error {
	_, err := c.client().ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{
		NetworkInterfaceId: aws.String(networkInterface), SourceDestCheck: &types.AttributeBooleanValue{Value: aws.Bool(false)},
	})
	return failure(err)
}

// MoveAddress takes the address away from whatever has it: AllowReassociation, the default
// of "associate", is stated (AssociateAddress, EC2 API reference).
func (c *compute) MoveAddress(ctx context.Context, allocation, networkInterface string) error {
	_, err := c.client().AssociateAddress(ctx, &ec2.AssociateAddressInput{
		AllocationId: aws.String(allocation), NetworkInterfaceId: aws.String(networkInterface), AllowReassociation: aws.Bool(true),
	})
	return failure(err)
}

func (c *compute) Tag(ctx context.Context, ids []string, tags map[string]string) error {
	if len(tags) == 0 || len(ids) == 0 {
		return nil
	}
	_, err := c.client().CreateTags(ctx, &ec2.CreateTagsInput{Resources: ids, Tags: ec2Tags(tags)})
	return failure(err)
}

// Untag of no keys sends nothing: DeleteTags without tags would remove all that the
// instance has (API reference).
func (c *compute) Untag(ctx context.Context, id string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	tags := make([]types.Tag, 0, len(keys))
	for _, k := range keys {
		tags = append(tags, types.Tag{Key: aws.String(k)})
	}
	_, err := c.client().DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: tags})
	return failure(err)
}

func (c *compute) Start(ctx context.Context, id string) error {
	_, err := c.client().StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{id}})
	return failure(err)
}
