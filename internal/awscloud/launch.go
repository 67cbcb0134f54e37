package awscloud

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Launch sends one RunInstances. The request is written out in full, without a
// launch template, so that it depends on nothing that can change between two
// sendings with one token.
func (c *compute) Launch(ctx context.Context, l cloud.Launch) (cloud.Instance, error) {
	out, err := c.client().RunInstances(ctx, runInstances(l))
	if err != nil {
		return cloud.Instance{}, failure(err)
	}
	if len(out.Instances) != 1 {
		return cloud.Instance{}, &cloud.Error{
			Kind: cloud.Ambiguous, Service: serviceEC2, Action: "RunInstances",
			Message: "the answer does not name exactly one instance",
		}
	}
	return instanceOf(&out.Instances[0]), nil
}

// runInstances is a pure function of its argument: the same launch gives the same
// request byte for byte, which EC2 demands of requests that share a token.
func runInstances(l cloud.Launch) *ec2.RunInstancesInput {
	b := l.Blueprint
	if l.Gated { // its gate reads its tag there, whatever was set of the model's
		b.Metadata.Endpoint, b.Metadata.Tags = string(types.InstanceMetadataEndpointStateEnabled), string(types.InstanceMetadataTagsStateEnabled)
	}
	in := &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		ClientToken:                       text(l.Token),
		ImageId:                           text(b.Image),
		InstanceType:                      types.InstanceType(cmp.Or(l.Type, b.Type)),
		KeyName:                           text(b.KeyName),
		UserData:                          text(b.UserData),
		IamInstanceProfile:                profile(b.Profile),
		NetworkInterfaces:                 networkInterfaces(b.Interfaces, l.Subnet),
		BlockDeviceMappings:               blockDevices(b.Volumes),
		TagSpecifications:                 tagSpecifications(l),
		MetadataOptions:                   metadataRequest(b.Metadata),
		Placement:                         placement(b),
		CapacityReservationSpecification:  reservationRequest(b.Reservation),
		EbsOptimized:                      yes(b.EBSOptimized),
		DisableApiTermination:             yes(b.ProtectTerminate),
		DisableApiStop:                    yes(b.ProtectStop),
		InstanceInitiatedShutdownBehavior: types.ShutdownBehavior(b.ShutdownBehavior),
	}
	for _, arn := range b.Licenses {
		in.LicenseSpecifications = append(in.LicenseSpecifications, types.LicenseConfigurationRequest{LicenseConfigurationArn: aws.String(arn)})
	}
	if b.Credits != "" {
		in.CreditSpecification = &types.CreditSpecificationRequest{CpuCredits: aws.String(b.Credits)}
	}
	in.CpuOptions, in.PrivateDnsNameOptions = cpuRequest(b.CPU), nameRequest(b.DNS)
	if b.Monitoring {
		in.Monitoring = &types.RunInstancesMonitoringEnabled{Enabled: aws.Bool(true)}
	}
	if b.Hibernation {
		in.HibernationOptions = &types.HibernationOptionsRequest{Configured: aws.Bool(true)}
	}
	if b.Enclave {
		in.EnclaveOptions = &types.EnclaveOptionsRequest{Enabled: aws.Bool(true)}
	}
	if b.AutoRecovery != "" && b.AutoRecovery != string(types.InstanceAutoRecoveryStateDefault) {
		in.MaintenanceOptions = &types.InstanceMaintenanceOptionsRequest{
			AutoRecovery: types.InstanceAutoRecoveryState(b.AutoRecovery),
		}
	}
	return in
}

func profile(p string) *types.IamInstanceProfileSpecification {
	switch {
	case p == "":
		return nil
	case strings.HasPrefix(p, "arn:"):
		return &types.IamInstanceProfileSpecification{Arn: aws.String(p)}
	default:
		return &types.IamInstanceProfileSpecification{Name: aws.String(p)}
	}
}

// networkInterfaces name the subnet and the groups: once a request has interfaces,
// EC2 refuses both at its top level.
func networkInterfaces(specs []cloud.InterfaceSpec, subnet string) []types.InstanceNetworkInterfaceSpecification {
	if len(specs) == 0 {
		specs = []cloud.InterfaceSpec{{}}
	}
	var to []types.InstanceNetworkInterfaceSpecification
	for _, s := range specs {
		n := types.InstanceNetworkInterfaceSpecification{
			DeviceIndex: aws.Int32(int32(s.Device)), SubnetId: text(subnet),
			Groups: s.Groups, DeleteOnTermination: aws.Bool(true), Description: text(s.Description),
			AssociatePublicIpAddress: s.Public, SecondaryPrivateIpAddressCount: count(s.Secondary), PrimaryIpv6: yes(s.PrimaryIPv6),
		}
		if s.IPv6 != nil {
			n.Ipv6AddressCount = aws.Int32(int32(*s.IPv6))
		}
		if t := s.Tracking; t != nil {
			n.ConnectionTrackingSpecification = &types.ConnectionTrackingSpecificationRequest{
				TcpEstablishedTimeout: count(t.TCP), UdpStreamTimeout: count(t.UDPStream), UdpTimeout: count(t.UDP),
			}
		}
		if s.Card != 0 {
			n.NetworkCardIndex = aws.Int32(int32(s.Card))
		}
		to = append(to, n)
	}
	return to
}

func blockDevices(specs []cloud.VolumeSpec) []types.BlockDeviceMapping {
	var to []types.BlockDeviceMapping
	for _, s := range specs {
		if s.Omit {
			to = append(to, types.BlockDeviceMapping{DeviceName: aws.String(s.Device), NoDevice: aws.String("")})
			continue
		}
		kind := types.VolumeType(s.Kind)
		e := &types.EbsBlockDevice{
			SnapshotId: text(s.Snapshot), VolumeSize: count(s.SizeGiB), VolumeType: kind,
			DeleteOnTermination: aws.Bool(s.DeleteOnTermination), Encrypted: yes(s.Encrypted), VolumeInitializationRate: count(s.InitRate),
		}
		if takesIOPS(kind) {
			e.Iops = count(s.IOPS)
		}
		if takesThroughput(kind) {
			e.Throughput = count(s.Throughput)
		}
		if s.Encrypted {
			e.KmsKeyId = text(s.KMSKey)
		}
		to = append(to, types.BlockDeviceMapping{DeviceName: aws.String(s.Device), Ebs: e})
	}
	return to
}

// tagSpecifications tag at launch what IAM conditions rest on: volumes and network
// interfaces carry the switcher's tag too.
func tagSpecifications(l cloud.Launch) []types.TagSpecification {
	instance := map[string]string{}
	maps.Copy(instance, l.Blueprint.Tags)
	maps.Copy(instance, l.Tags)
	volume := map[string]string{}
	maps.Copy(volume, l.Blueprint.VolumeTags)
	networkInterface := map[string]string{}
	maps.Copy(networkInterface, l.Blueprint.InterfaceTags)
	if name, ok := instance[contract.SwitcherTag]; ok {
		volume[contract.SwitcherTag], networkInterface[contract.SwitcherTag] = name, name
	}
	var to []types.TagSpecification
	for _, s := range []struct {
		kind types.ResourceType
		tags map[string]string
	}{
		{types.ResourceTypeInstance, instance},
		{types.ResourceTypeVolume, volume},
		{types.ResourceTypeNetworkInterface, networkInterface},
	} {
		if tags := ec2Tags(s.tags); len(tags) > 0 {
			to = append(to, types.TagSpecification{ResourceType: s.kind, Tags: tags})
		}
	}
	return to
}

// ec2Tags leaves out the keys that only AWS may write, and is in order of keys.
func ec2Tags(from map[string]string) []types.Tag {
	var to []types.Tag
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if !strings.HasPrefix(strings.ToLower(key), "aws:") {
			to = append(to, types.Tag{Key: aws.String(key), Value: aws.String(from[key])})
		}
	}
	return to
}

func metadataRequest(m cloud.MetadataOptions) *types.InstanceMetadataOptionsRequest {
	if m == (cloud.MetadataOptions{}) {
		return nil
	}
	return &types.InstanceMetadataOptionsRequest{
		HttpTokens:              types.HttpTokensState(m.Tokens),
		HttpEndpoint:            types.InstanceMetadataEndpointState(m.Endpoint),
		HttpPutResponseHopLimit: count(m.HopLimit),
		HttpProtocolIpv6:        types.InstanceMetadataProtocolState(m.IPv6),
		InstanceMetadataTags:    types.InstanceMetadataTagsState(m.Tags),
	}
}

func placement(b cloud.Blueprint) *types.Placement {
	p := &types.Placement{GroupName: text(b.Placement), PartitionNumber: count(b.Partition)}
	if b.Tenancy != string(types.TenancyDefault) {
		p.Tenancy = types.Tenancy(b.Tenancy)
	}
	if p.GroupName == nil && p.Tenancy == "" && p.PartitionNumber == nil {
		return nil
	}
	return p
}

// reservationRequest: "open" is what an instance without either has, and a target
// goes together with no preference but capacity-reservations-only.
func reservationRequest(r cloud.Reservation) *types.CapacityReservationSpecification {
	preference := types.CapacityReservationPreference(r.Preference)
	if r.ID == "" && r.Group == "" {
		if preference == "" || preference == types.CapacityReservationPreferenceOpen {
			return nil
		}
		return &types.CapacityReservationSpecification{CapacityReservationPreference: preference}
	}
	to := &types.CapacityReservationSpecification{
		CapacityReservationTarget: &types.CapacityReservationTarget{CapacityReservationId: text(r.ID)},
	}
	if r.ID == "" {
		to.CapacityReservationTarget.CapacityReservationResourceGroupArn = text(r.Group)
	}
	if preference == types.CapacityReservationPreferenceCapacityReservationsOnly {
		to.CapacityReservationPreference = preference
	}
	return to
}

func cpuRequest(c *cloud.CPUOptions) *types.CpuOptionsRequest {
	if c == nil {
		return nil
	}
	return &types.CpuOptionsRequest{
		CoreCount: count(c.Cores), ThreadsPerCore: count(c.Threads),
		AmdSevSnp: types.AmdSevSnpSpecification(c.SevSnp), NestedVirtualization: types.NestedVirtualizationSpecification(c.Nested),
	}
}

func nameRequest(n *cloud.NameOptions) *types.PrivateDnsNameOptionsRequest {
	if n == nil {
		return nil
	}
	return &types.PrivateDnsNameOptionsRequest{
		HostnameType: types.HostnameType(n.Kind), EnableResourceNameDnsARecord: n.A, EnableResourceNameDnsAAAARecord: n.AAAA,
	}
}

// text, count and yes leave a parameter out when it has its zero value.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func count(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(n))
}

func yes(b bool) *bool {
	if !b {
		return nil
	}
	return &b
}
