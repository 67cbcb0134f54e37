package awscloud

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

const describeVersions = "DescribeLaunchTemplateVersions"

// Template asks EC2 to resolve an image named by a Systems Manager parameter, so
// that the blueprint holds the image's own id: a replacement must not boot another
// image than its predecessor because a parameter moved on.
func (c *compute) Template(ctx context.Context, id, version string) (cloud.Blueprint, error) {
	out, err := c.client().DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(id), Versions: []string{version}, ResolveAlias: aws.Bool(true),
	}, c.read)
	if err != nil {
		return cloud.Blueprint{}, failure(err)
	}
	if len(out.LaunchTemplateVersions) != 1 || out.LaunchTemplateVersions[0].LaunchTemplateData == nil {
		return cloud.Blueprint{}, &cloud.Error{
			Kind: cloud.NotFound, Service: serviceEC2, Action: describeVersions,
			Message: fmt.Sprintf("launch template %s has no version %s", id, version),
		}
	}
	b, unknown := blueprintOf(*out.LaunchTemplateVersions[0].LaunchTemplateData)
	if len(unknown) > 0 {
		return cloud.Blueprint{}, invalid(serviceEC2, describeVersions, fmt.Sprintf(
			"launch template %s version %s sets %s, which a replacement could not inherit: leave it out of the template",
			id, version, strings.Join(unknown, ", ")))
	}
	for _, f := range []struct{ name, value string }{{"ImageId", b.Image}, {"InstanceType", b.Type}} {
		if f.value == "" {
			return cloud.Blueprint{}, invalid(serviceEC2, describeVersions, fmt.Sprintf(
				"launch template %s version %s has no %s: name one in the template", id, version, f.name))
		}
	}
	if strings.HasPrefix(b.Image, "resolve:ssm:") {
		return cloud.Blueprint{}, &cloud.Error{
			Kind: cloud.Denied, Service: serviceEC2, Action: describeVersions,
			Message: fmt.Sprintf("launch template %s version %s names its image as %s and EC2 did not resolve it: allow the switcher ssm:GetParameters on that parameter, or name the image's id", id, version, b.Image),
		}
	}
	return b, nil
}

// blueprintOf takes field by field out of d (its own copy) and names what is left
// over: a setting that we do not know must not be lost silently.
func blueprintOf(d types.ResponseLaunchTemplateData) (cloud.Blueprint, []string) {
	b := cloud.Blueprint{
		Image:            take(&d.ImageId),
		Type:             string(take0(&d.InstanceType)),
		KeyName:          take(&d.KeyName),
		UserData:         take(&d.UserData),
		EBSOptimized:     take(&d.EbsOptimized),
		ProtectTerminate: take(&d.DisableApiTermination),
		ProtectStop:      take(&d.DisableApiStop),
		ShutdownBehavior: string(take0(&d.InstanceInitiatedShutdownBehavior)),
	}
	if b.ShutdownBehavior == "" {
		b.ShutdownBehavior = string(types.ShutdownBehaviorStop)
	}
	unknown := takeNetwork(&b, &d)
	unknown = append(unknown, takeVolumes(&b, &d)...)
	unknown = append(unknown, takeTags(&b, &d)...)
	unknown = append(unknown, takePlace(&b, &d)...)
	takeOptions(&b, &d)
	return b, append(unknown, leftover("", d)...)
}

func takeNetwork(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) (unknown []string) {
	groups := take0(&d.SecurityGroupIds)
	for _, n := range take0(&d.NetworkInterfaces) {
		b.Interfaces = append(b.Interfaces, cloud.InterfaceSpec{
			Device: int(take(&n.DeviceIndex)), Card: int(take(&n.NetworkCardIndex)), Groups: take0(&n.Groups),
		})
		// The place is ours to choose, and an interface never outlives its instance.
		n.SubnetId, n.DeleteOnTermination, n.Description = nil, nil, nil
		if aws.ToString(n.InterfaceType) == "interface" {
			n.InterfaceType = nil
		}
		unknown = append(unknown, leftover("NetworkInterfaces.", n)...)
	}
	if len(b.Interfaces) == 0 {
		b.Interfaces = []cloud.InterfaceSpec{{Groups: groups}}
	}
	return unknown
}

func takeVolumes(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) (unknown []string) {
	for _, m := range take0(&d.BlockDeviceMappings) {
		v := cloud.VolumeSpec{Device: take(&m.DeviceName), DeleteOnTermination: true}
		if e := take0(&m.Ebs); e != nil {
			if p := take0(&e.DeleteOnTermination); p != nil {
				v.DeleteOnTermination = *p
			}
			v.Snapshot, v.SizeGiB, v.Kind = take(&e.SnapshotId), int(take(&e.VolumeSize)), string(take0(&e.VolumeType))
			v.IOPS, v.Throughput = int(take(&e.Iops)), int(take(&e.Throughput))
			v.Encrypted, v.KMSKey = take(&e.Encrypted), take(&e.KmsKeyId)
			unknown = append(unknown, leftover("BlockDeviceMappings.Ebs.", *e)...)
		}
		unknown = append(unknown, leftover("BlockDeviceMappings.", m)...)
		b.Volumes = append(b.Volumes, v)
	}
	return unknown
}

// takeTags takes those of the instance and of its volumes; the switcher tags
// network interfaces itself.
func takeTags(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) (unknown []string) {
	for _, s := range take0(&d.TagSpecifications) {
		switch s.ResourceType {
		case types.ResourceTypeInstance:
			b.Tags = tagsOf(s.Tags)
		case types.ResourceTypeVolume:
			b.VolumeTags = tagsOf(s.Tags)
		case types.ResourceTypeNetworkInterface:
		default:
			unknown = append(unknown, "TagSpecifications of "+string(s.ResourceType))
		}
	}
	return unknown
}

func takePlace(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) (unknown []string) {
	if p := take0(&d.Placement); p != nil {
		b.Tenancy, b.Placement = string(take0(&p.Tenancy)), take(&p.GroupName)
		p.AvailabilityZone, p.AvailabilityZoneId = nil, nil // ours to choose
		unknown = append(unknown, leftover("Placement.", *p)...)
	}
	if r := take0(&d.CapacityReservationSpecification); r != nil {
		b.Reservation.Preference = string(take0(&r.CapacityReservationPreference))
		if t := take0(&r.CapacityReservationTarget); t != nil {
			b.Reservation.ID, b.Reservation.Group = take(&t.CapacityReservationId), take(&t.CapacityReservationResourceGroupArn)
		}
	}
	return unknown
}

func takeOptions(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) {
	if p := take0(&d.IamInstanceProfile); p != nil {
		b.Profile = aws.ToString(p.Arn)
		if b.Profile == "" {
			b.Profile = aws.ToString(p.Name)
		}
	}
	if m := take0(&d.MetadataOptions); m != nil {
		b.Metadata = cloud.MetadataOptions{
			Tokens: string(m.HttpTokens), Endpoint: string(m.HttpEndpoint),
			HopLimit: int(aws.ToInt32(m.HttpPutResponseHopLimit)),
			IPv6:     string(m.HttpProtocolIpv6), Tags: string(m.InstanceMetadataTags),
		}
	}
	if m := take0(&d.Monitoring); m != nil {
		b.Monitoring = aws.ToBool(m.Enabled)
	}
	if h := take0(&d.HibernationOptions); h != nil {
		b.Hibernation = aws.ToBool(h.Configured)
	}
	if e := take0(&d.EnclaveOptions); e != nil {
		b.Enclave = aws.ToBool(e.Enabled)
	}
	if m := take0(&d.MaintenanceOptions); m != nil {
		b.AutoRecovery = string(m.AutoRecovery)
	}
}
