package awscloud

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

func TestBlueprintOfTemplate(t *testing.T) {
	data := &types.ResponseLaunchTemplateData{
		ImageId: aws.String("ami-1"), InstanceType: "m7g.large", KeyName: aws.String("key"), UserData: aws.String("IyEvYmluL3No"),
		IamInstanceProfile: &types.LaunchTemplateIamInstanceProfileSpecification{Name: aws.String("profile")},
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecification{
			{DeviceIndex: aws.Int32(0), Groups: []string{"sg-1"}, SubnetId: aws.String("subnet-9"), AssociatePublicIpAddress: aws.Bool(false), InterfaceType: aws.String("interface")},
			{DeviceIndex: aws.Int32(1), NetworkCardIndex: aws.Int32(1), Groups: []string{"sg-2"}},
		},
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{
			{DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDevice{
				VolumeSize: aws.Int32(20), VolumeType: "gp3", Iops: aws.Int32(4000), Throughput: aws.Int32(200), Encrypted: aws.Bool(true), KmsKeyId: aws.String("arn:kms"),
			}},
			{DeviceName: aws.String("/dev/sdf"), Ebs: &types.LaunchTemplateEbsBlockDevice{SnapshotId: aws.String("snap-1"), DeleteOnTermination: aws.Bool(false)}},
		},
		TagSpecifications: []types.LaunchTemplateTagSpecification{
			{ResourceType: "instance", Tags: []types.Tag{tag("a", "1")}},
			{ResourceType: "volume", Tags: []types.Tag{tag("b", "2")}},
			{ResourceType: "network-interface", Tags: []types.Tag{tag("c", "3")}},
		},
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptions{
			HttpTokens: "required", HttpEndpoint: "enabled", HttpPutResponseHopLimit: aws.Int32(1), HttpProtocolIpv6: "disabled", InstanceMetadataTags: "enabled",
		},
		Placement: &types.LaunchTemplatePlacement{Tenancy: "default", GroupName: aws.String("group"), AvailabilityZone: aws.String("ap-northeast-1a")},
		CapacityReservationSpecification: &types.LaunchTemplateCapacityReservationSpecificationResponse{
			CapacityReservationTarget: &types.CapacityReservationTargetResponse{CapacityReservationResourceGroupArn: aws.String("arn")},
		},
		Monitoring: &types.LaunchTemplatesMonitoring{Enabled: aws.Bool(true)}, EbsOptimized: aws.Bool(true),
		HibernationOptions: &types.LaunchTemplateHibernationOptions{Configured: aws.Bool(true)},
		EnclaveOptions:     &types.LaunchTemplateEnclaveOptions{Enabled: aws.Bool(true)},
		MaintenanceOptions: &types.LaunchTemplateInstanceMaintenanceOptions{AutoRecovery: "disabled"},
		DisableApiStop:     aws.Bool(true), DisableApiTermination: aws.Bool(true),
	}
	got := blueprintOf(data)
	want := cloud.Blueprint{
		Image: "ami-1", Type: "m7g.large", KeyName: "key", UserData: "IyEvYmluL3No", Profile: "profile",
		Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-1"}, Public: aws.Bool(false)}, {Device: 1, Card: 1, Groups: []string{"sg-2"}}},
		Volumes: []cloud.VolumeSpec{
			{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", IOPS: 4000, Throughput: 200, Encrypted: true, KMSKey: "arn:kms", DeleteOnTermination: true},
			{Device: "/dev/sdf", Snapshot: "snap-1"},
		},
		Tags: map[string]string{"a": "1"}, VolumeTags: map[string]string{"b": "2"}, InterfaceTags: map[string]string{"c": "3"},
		Metadata:   cloud.MetadataOptions{Tokens: "required", Endpoint: "enabled", HopLimit: 1, IPv6: "disabled", Tags: "enabled"},
		Monitoring: true, Tenancy: "default", Placement: "group", Reservation: cloud.Reservation{Group: "arn"},
		EBSOptimized: true, Hibernation: true, Enclave: true, AutoRecovery: "disabled",
		ProtectTerminate: true, ProtectStop: true, ShutdownBehavior: "stop",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blueprint differs (-want +got):\n%s", diff)
	}
	if lost := inherit.Unkept(inherit.Template, data); len(lost) != 0 {
		t.Errorf("refused: %q, wanted nothing", lost)
	}
}

func TestTemplateWithoutInterfacesHasOneWithItsGroups(t *testing.T) {
	got := blueprintOf(&types.ResponseLaunchTemplateData{SecurityGroupIds: []string{"sg-1", "sg-2"}})
	if diff := cmp.Diff([]cloud.InterfaceSpec{{Groups: []string{"sg-1", "sg-2"}}}, got.Interfaces); diff != "" {
		t.Errorf("interfaces differ (-want +got):\n%s", diff)
	}
}

// A setting that a replacement would not inherit is named, wherever it stands.
func TestTemplateSettingsThatWouldBeLostAreNamed(t *testing.T) {
	first := func(n types.LaunchTemplateInstanceNetworkInterfaceSpecification) types.ResponseLaunchTemplateData {
		return types.ResponseLaunchTemplateData{NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecification{n}}
	}
	for want, d := range map[string]types.ResponseLaunchTemplateData{
		"InstanceMarketOptions.MarketType": {InstanceMarketOptions: &types.LaunchTemplateInstanceMarketOptions{MarketType: "spot"}},
		"SecurityGroups":                   {SecurityGroups: []string{"default"}},
		"Placement.HostId":                 {Placement: &types.LaunchTemplatePlacement{HostId: aws.String("h-1")}},
		"Placement.Tenancy":                {Placement: &types.LaunchTemplatePlacement{Tenancy: "host"}},
		"TagSpecifications.ResourceType":   {TagSpecifications: []types.LaunchTemplateTagSpecification{{ResourceType: "spot-instances-request"}}},
		"BlockDeviceMappings.VirtualName": {BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{
			{DeviceName: aws.String("/dev/sdb"), VirtualName: aws.String("ephemeral0")},
		}},
		"NetworkInterfaces.DeleteOnTermination":       first(types.LaunchTemplateInstanceNetworkInterfaceSpecification{DeleteOnTermination: aws.Bool(false)}),
		"NetworkInterfaces.AssociateCarrierIpAddress": first(types.LaunchTemplateInstanceNetworkInterfaceSpecification{AssociateCarrierIpAddress: aws.Bool(true)}),
		"NetworkInterfaces.InterfaceType":             first(types.LaunchTemplateInstanceNetworkInterfaceSpecification{InterfaceType: aws.String("efa")}),
		"NetworkInterfaces.EnaQueueCount":             first(types.LaunchTemplateInstanceNetworkInterfaceSpecification{EnaQueueCount: aws.Int32(0)}),
		"NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress": first(types.LaunchTemplateInstanceNetworkInterfaceSpecification{
			PrivateIpAddresses: []types.PrivateIpAddressSpecification{{PrivateIpAddress: aws.String("10.0.0.9")}},
		}),
	} {
		if lost := inherit.Unkept(inherit.Template, &d); len(lost) != 1 || !strings.HasPrefix(lost[0], want+" is ") {
			t.Errorf("refused: %q, wanted %q", lost, want)
		}
	}
}

// EC2 answers an absent setting with an empty structure at times, or with the
// value that asks for nothing.
func TestEmptySettingsAreNotNamed(t *testing.T) {
	if lost := inherit.Unkept(inherit.Template, &types.ResponseLaunchTemplateData{
		CpuOptions: &types.LaunchTemplateCpuOptions{}, ElasticGpuSpecifications: []types.ElasticGpuSpecificationResponse{},
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecification{{
			AssociateCarrierIpAddress: aws.Bool(false), Ipv4PrefixCount: aws.Int32(0), DeleteOnTermination: aws.Bool(true),
		}},
	}); len(lost) != 0 {
		t.Errorf("refused: %q, wanted nothing", lost)
	}
}
