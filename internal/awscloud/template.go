package awscloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
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
	data := out.LaunchTemplateVersions[0].LaunchTemplateData
	if unkept := inherit.Unkept(inherit.Template, data); len(unkept) > 0 {
		return cloud.Blueprint{}, invalid(serviceEC2, describeVersions, fmt.Sprintf(
			"a replacement could not inherit what launch template %s version %s sets: %s; leave it out of the template",
			id, version, strings.Join(unkept, "; ")))
	}
	b := blueprintOf(data)
	strategy, err := c.strategyOf(ctx, b.Placement)
	if err != nil {
		return cloud.Blueprint{}, err
	}
	if strategy == string(types.PlacementStrategyCluster) {
		return cloud.Blueprint{}, invalid(serviceEC2, describeVersions, fmt.Sprintf(
			"launch template %s version %s names placement group %s, a cluster group, which exists in one zone: name a spread or partition group, or none",
			id, version, b.Placement))
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

// blueprintOf reads what a launch template sets. Whether it sets something that a
// replacement could not inherit is the table's to say (internal/inherit).
func blueprintOf(d *types.ResponseLaunchTemplateData) cloud.Blueprint {
	b := cloud.Blueprint{
		Image:            aws.ToString(d.ImageId),
		Type:             string(d.InstanceType),
		KeyName:          aws.ToString(d.KeyName),
		UserData:         aws.ToString(d.UserData),
		EBSOptimized:     aws.ToBool(d.EbsOptimized),
		ProtectTerminate: aws.ToBool(d.DisableApiTermination),
		ProtectStop:      aws.ToBool(d.DisableApiStop),
		ShutdownBehavior: string(d.InstanceInitiatedShutdownBehavior),
		Interfaces:       templateInterfaces(d),
		Volumes:          templateVolumes(d),
	}
	if b.ShutdownBehavior == "" {
		b.ShutdownBehavior = string(types.ShutdownBehaviorStop)
	}
	for _, s := range d.TagSpecifications {
		switch s.ResourceType {
		case types.ResourceTypeInstance:
			b.Tags = tagsOf(s.Tags)
		case types.ResourceTypeVolume:
			b.VolumeTags = tagsOf(s.Tags)
		case types.ResourceTypeNetworkInterface:
			b.InterfaceTags = tagsOf(s.Tags)
		default: // refused
		}
	}
	if p := d.Placement; p != nil {
		b.Tenancy, b.Placement, b.Partition = string(p.Tenancy), aws.ToString(p.GroupName), int(aws.ToInt32(p.PartitionNumber))
	}
	if r := d.CapacityReservationSpecification; r != nil {
		b.Reservation.Preference = string(r.CapacityReservationPreference)
		if t := r.CapacityReservationTarget; t != nil {
			b.Reservation.ID, b.Reservation.Group = aws.ToString(t.CapacityReservationId), aws.ToString(t.CapacityReservationResourceGroupArn)
		}
	}
	templateOptions(&b, d)
	return b
}

func templateInterfaces(d *types.ResponseLaunchTemplateData) []cloud.InterfaceSpec {
	if len(d.NetworkInterfaces) == 0 {
		return []cloud.InterfaceSpec{{Groups: d.SecurityGroupIds}}
	}
	specs := make([]cloud.InterfaceSpec, 0, len(d.NetworkInterfaces))
	for _, n := range d.NetworkInterfaces {
		s := cloud.InterfaceSpec{
			Device: int(aws.ToInt32(n.DeviceIndex)), Card: int(aws.ToInt32(n.NetworkCardIndex)), Groups: n.Groups,
			Description: aws.ToString(n.Description), Public: n.AssociatePublicIpAddress,
			Secondary: int(aws.ToInt32(n.SecondaryPrivateIpAddressCount)), PrimaryIPv6: aws.ToBool(n.PrimaryIpv6),
		}
		if n.Ipv6AddressCount != nil {
			s.IPv6 = aws.Int(int(*n.Ipv6AddressCount))
		}
		if t := n.ConnectionTrackingSpecification; t != nil {
			s.Tracking = &cloud.Tracking{
				TCP: int(aws.ToInt32(t.TcpEstablishedTimeout)), UDPStream: int(aws.ToInt32(t.UdpStreamTimeout)), UDP: int(aws.ToInt32(t.UdpTimeout)),
			}
		}
		specs = append(specs, s)
	}
	return specs
}

func templateVolumes(d *types.ResponseLaunchTemplateData) []cloud.VolumeSpec {
	var specs []cloud.VolumeSpec
	for _, m := range d.BlockDeviceMappings {
		v := cloud.VolumeSpec{Device: aws.ToString(m.DeviceName), DeleteOnTermination: true}
		if m.NoDevice != nil {
			specs = append(specs, cloud.VolumeSpec{Device: v.Device, Omit: true})
			continue
		}
		if e := m.Ebs; e != nil {
			if e.DeleteOnTermination != nil {
				v.DeleteOnTermination = *e.DeleteOnTermination
			}
			v.Snapshot, v.SizeGiB, v.Kind = aws.ToString(e.SnapshotId), int(aws.ToInt32(e.VolumeSize)), string(e.VolumeType)
			v.IOPS, v.Throughput = int(aws.ToInt32(e.Iops)), int(aws.ToInt32(e.Throughput))
			v.Encrypted, v.KMSKey = aws.ToBool(e.Encrypted), aws.ToString(e.KmsKeyId)
			v.InitRate = int(aws.ToInt32(e.VolumeInitializationRate))
		}
		specs = append(specs, v)
	}
	return specs
}

func templateOptions(b *cloud.Blueprint, d *types.ResponseLaunchTemplateData) {
	if p := d.IamInstanceProfile; p != nil {
		b.Profile = aws.ToString(p.Arn)
		if b.Profile == "" {
			b.Profile = aws.ToString(p.Name)
		}
	}
	if m := d.MetadataOptions; m != nil {
		b.Metadata = cloud.MetadataOptions{
			Tokens: string(m.HttpTokens), Endpoint: string(m.HttpEndpoint),
			HopLimit: int(aws.ToInt32(m.HttpPutResponseHopLimit)),
			IPv6:     string(m.HttpProtocolIpv6), Tags: string(m.InstanceMetadataTags),
		}
	}
	if m := d.Monitoring; m != nil {
		b.Monitoring = aws.ToBool(m.Enabled)
	}
	if h := d.HibernationOptions; h != nil {
		b.Hibernation = aws.ToBool(h.Configured)
	}
	if e := d.EnclaveOptions; e != nil {
		b.Enclave = aws.ToBool(e.Enabled)
	}
	if m := d.MaintenanceOptions; m != nil {
		b.AutoRecovery = string(m.AutoRecovery)
	}
	if c := d.CreditSpecification; c != nil {
		b.Credits = aws.ToString(c.CpuCredits)
	}
	if c := d.CpuOptions; c != nil {
		own := cloud.CPUOptions{
			Cores: int(aws.ToInt32(c.CoreCount)), Threads: int(aws.ToInt32(c.ThreadsPerCore)),
			SevSnp: string(c.AmdSevSnp), Nested: string(c.NestedVirtualization),
		}
		if own != (cloud.CPUOptions{}) {
			b.CPU = &own
		}
	}
	if n := d.PrivateDnsNameOptions; n != nil {
		own := cloud.NameOptions{Kind: string(n.HostnameType), A: n.EnableResourceNameDnsARecord, AAAA: n.EnableResourceNameDnsAAAARecord}
		if own != (cloud.NameOptions{}) {
			b.DNS = &own
		}
	}
	for _, l := range d.LicenseSpecifications {
		b.Licenses = append(b.Licenses, aws.ToString(l.LicenseConfigurationArn))
	}
	slices.Sort(b.Licenses)
}
