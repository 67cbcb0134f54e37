package awscloud

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

// instanceOf reads what DescribeInstances and RunInstances answer.
func instanceOf(i *types.Instance) cloud.Instance {
	c := cloud.Instance{
		ID:           aws.ToString(i.InstanceId),
		StateReason:  stateReason(i),
		Subnet:       aws.ToString(i.SubnetId),
		VPC:          aws.ToString(i.VpcId),
		PrivateIP:    aws.ToString(i.PrivateIpAddress),
		LaunchedAt:   aws.ToTime(i.LaunchTime),
		Token:        aws.ToString(i.ClientToken),
		RootDevice:   aws.ToString(i.RootDeviceName),
		RootStore:    string(i.RootDeviceType),
		Interfaces:   interfacesOf(i.NetworkInterfaces),
		Volumes:      volumeRefsOf(i.BlockDeviceMappings),
		Tags:         tagsOf(i.Tags),
		Image:        aws.ToString(i.ImageId),
		Type:         string(i.InstanceType),
		KeyName:      aws.ToString(i.KeyName),
		EBSOptimized: aws.ToBool(i.EbsOptimized),
		Reservation:  reservationOf(i.CapacityReservationSpecification),
		Unkept:       inherit.Unkept(inherit.Instance, i),
	}
	for _, l := range i.Licenses {
		c.Licenses = append(c.Licenses, aws.ToString(l.LicenseConfigurationArn))
	}
	slices.Sort(c.Licenses)
	if o := i.CpuOptions; o != nil {
		c.CPU = cloud.CPUOptions{
			Cores: int(aws.ToInt32(o.CoreCount)), Threads: int(aws.ToInt32(o.ThreadsPerCore)),
			SevSnp: string(o.AmdSevSnp), Nested: string(o.NestedVirtualization),
		}
	}
	if o := i.PrivateDnsNameOptions; o != nil {
		c.DNS = &cloud.NameOptions{Kind: string(o.HostnameType), A: o.EnableResourceNameDnsARecord, AAAA: o.EnableResourceNameDnsAAAARecord}
	}
	if i.State != nil {
		c.State = string(i.State.Name)
	}
	if p := i.Placement; p != nil {
		c.Zone, c.Tenancy, c.Placement = aws.ToString(p.AvailabilityZone), string(p.Tenancy), aws.ToString(p.GroupName)
		c.Partition = int(aws.ToInt32(p.PartitionNumber))
	}
	if p := i.IamInstanceProfile; p != nil {
		c.Profile = aws.ToString(p.Arn)
	}
	if m := i.MetadataOptions; m != nil {
		c.Metadata = cloud.MetadataOptions{
			Tokens: string(m.HttpTokens), Endpoint: string(m.HttpEndpoint),
			HopLimit: int(aws.ToInt32(m.HttpPutResponseHopLimit)),
			IPv6:     string(m.HttpProtocolIpv6), Tags: string(m.InstanceMetadataTags),
		}
	}
	if m := i.Monitoring; m != nil {
		c.Monitoring = m.State == types.MonitoringStateEnabled || m.State == types.MonitoringStatePending
	}
	c.Hibernation = i.HibernationOptions != nil && aws.ToBool(i.HibernationOptions.Configured)
	c.Enclave = i.EnclaveOptions != nil && aws.ToBool(i.EnclaveOptions.Enabled)
	if m := i.MaintenanceOptions; m != nil {
		c.AutoRecovery = string(m.AutoRecovery)
	}
	return c
}

// stateReason joins EC2's code and words: "Server.InsufficientInstanceCapacity: …".
// The words often begin with the code already.
func stateReason(i *types.Instance) string {
	if i.StateReason == nil {
		return aws.ToString(i.StateTransitionReason)
	}
	code, message := aws.ToString(i.StateReason.Code), aws.ToString(i.StateReason.Message)
	switch {
	case message == "":
		return code
	case code == "" || strings.HasPrefix(message, code):
		return message
	default:
		return code + ": " + message
	}
}

func interfacesOf(from []types.InstanceNetworkInterface) []cloud.Interface {
	var to []cloud.Interface
	for _, n := range from {
		c := cloud.Interface{
			ID: aws.ToString(n.NetworkInterfaceId), Description: aws.ToString(n.Description),
			Forwards: n.SourceDestCheck != nil && !*n.SourceDestCheck,
		}
		addressesOf(&c, &n)
		if t := n.ConnectionTrackingConfiguration; t != nil {
			c.Tracking = &cloud.Tracking{
				TCP: int(aws.ToInt32(t.TcpEstablishedTimeout)), UDPStream: int(aws.ToInt32(t.UdpStreamTimeout)), UDP: int(aws.ToInt32(t.UdpTimeout)),
			}
		}
		if n.Attachment != nil {
			c.Device, c.Card = int(aws.ToInt32(n.Attachment.DeviceIndex)), int(aws.ToInt32(n.Attachment.NetworkCardIndex))
		}
		for _, g := range n.Groups {
			c.Groups = append(c.Groups, aws.ToString(g.GroupId))
		}
		to = append(to, c)
	}
	slices.SortFunc(to, func(a, b cloud.Interface) int {
		return cmp.Or(cmp.Compare(a.Card, b.Card), cmp.Compare(a.Device, b.Device))
	})
	return to
}

// amazon owns the public addresses that EC2 assigns automatically.
const amazon = "amazon"

// addressesOf reads an interface's addresses, in an order that does not depend on that
// of the answer.
func addressesOf(c *cloud.Interface, n *types.InstanceNetworkInterface) {
	primary := aws.ToString(n.PrivateIpAddress)
	if primary != "" {
		c.Private = append(c.Private, primary)
	}
	var more []string
	for _, a := range n.PrivateIpAddresses {
		ip := aws.ToString(a.PrivateIpAddress)
		if ip == primary {
			continue
		}
		more = append(more, ip)
		if x := a.Association; x != nil && aws.ToString(x.PublicIp) != "" {
			c.ElasticToo = append(c.ElasticToo, aws.ToString(x.PublicIp))
		}
	}
	slices.SortFunc(more, cloud.CompareIP)
	slices.Sort(c.ElasticToo)
	c.Private = append(c.Private, more...)
	for _, a := range n.Ipv6Addresses {
		c.IPv6 = append(c.IPv6, aws.ToString(a.Ipv6Address))
		c.PrimaryIPv6 = c.PrimaryIPv6 || aws.ToBool(a.IsPrimaryIpv6)
	}
	slices.SortFunc(c.IPv6, cloud.CompareIP)
	if x := n.Association; x != nil {
		c.Public = aws.ToString(x.PublicIp)
		c.Elastic = c.Public != "" && aws.ToString(x.IpOwnerId) != amazon
	}
}

func volumeRefsOf(from []types.InstanceBlockDeviceMapping) []cloud.VolumeRef {
	var to []cloud.VolumeRef
	for _, m := range from {
		if m.Ebs != nil {
			to = append(to, cloud.VolumeRef{
				Device: aws.ToString(m.DeviceName), Volume: aws.ToString(m.Ebs.VolumeId),
				DeleteOnTermination: aws.ToBool(m.Ebs.DeleteOnTermination),
			})
		}
	}
	return to
}

func volumeOf(ref cloud.VolumeRef, v *types.Volume, root bool) cloud.VolumeSpec {
	spec := cloud.VolumeSpec{
		Device:              ref.Device,
		SizeGiB:             int(aws.ToInt32(v.Size)),
		Kind:                string(v.VolumeType),
		Encrypted:           aws.ToBool(v.Encrypted),
		DeleteOnTermination: ref.DeleteOnTermination,
	}
	if !root {
		spec.Snapshot = aws.ToString(v.SnapshotId)
	}
	if aws.ToString(v.SnapshotId) != "" {
		spec.InitRate = int(aws.ToInt32(v.VolumeInitializationRate))
	}
	if takesIOPS(v.VolumeType) {
		spec.IOPS = int(aws.ToInt32(v.Iops))
	}
	if takesThroughput(v.VolumeType) {
		spec.Throughput = int(aws.ToInt32(v.Throughput))
	}
	if spec.Encrypted {
		spec.KMSKey = aws.ToString(v.KmsKeyId)
	}
	return spec
}

// takesIOPS: for other kinds DescribeVolumes reports a number (gp2's baseline)
// that RunInstances refuses.
func takesIOPS(k types.VolumeType) bool {
	return k == types.VolumeTypeIo1 || k == types.VolumeTypeIo2 || k == types.VolumeTypeGp3
}

func takesThroughput(k types.VolumeType) bool { return k == types.VolumeTypeGp3 }

func reservationOf(from *types.CapacityReservationSpecificationResponse) cloud.Reservation {
	if from == nil {
		return cloud.Reservation{}
	}
	r := cloud.Reservation{Preference: string(from.CapacityReservationPreference)}
	if t := from.CapacityReservationTarget; t != nil {
		r.ID, r.Group = aws.ToString(t.CapacityReservationId), aws.ToString(t.CapacityReservationResourceGroupArn)
	}
	return r
}

func tagsOf(from []types.Tag) map[string]string {
	to := make(map[string]string, len(from))
	for _, t := range from {
		to[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return to
}
