package awscloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Stop with force skips the operating system's shutdown: a failed or cut-off host
// would only use up the time-out (StopInstances, API reference).
func (c *compute) Stop(ctx context.Context, ids []string, force bool) error {
	if len(ids) == 0 {
		return nil
	}
	in := &ec2.StopInstancesInput{InstanceIds: ids}
	if force {
		in.Force, in.SkipOsShutdown = aws.Bool(true), aws.Bool(true)
	}
	_, err := c.client().StopInstances(ctx, in)
	return failure(err)
}

func (c *compute) Terminate(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := c.client().TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	return failure(err)
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
