package awscloud

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func tag(k, v string) types.Tag { return types.Tag{Key: aws.String(k), Value: aws.String(v)} }

// everything is a launch that uses each field of a blueprint.
func everything() cloud.Launch {
	return cloud.Launch{
		Subnet: "subnet-1", Zone: "ap-northeast-1a", Token: "token",
		Tags: map[string]string{contract.EpochTag: "2", contract.SwitcherTag: "one"},
		Blueprint: cloud.Blueprint{
			Image: "ami-1", Type: "m7g.large", KeyName: "key", UserData: "IyEvYmluL3No",
			Profile:    "arn:aws:iam::123456789012:instance-profile/recovery/one/p",
			Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-1", "sg-2"}}, {Device: 1, Card: 1, Groups: []string{"sg-3"}}},
			Volumes: []cloud.VolumeSpec{
				{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", IOPS: 4000, Throughput: 200, Encrypted: true, KMSKey: "arn:kms", DeleteOnTermination: true},
				{Device: "/dev/sdf", Snapshot: "snap-1", SizeGiB: 10, Kind: "gp2", IOPS: 100, Throughput: 9, KMSKey: "arn:kms"},
				{Device: "/dev/sdg", Kind: "io2", SizeGiB: 10, IOPS: 500, Throughput: 9, DeleteOnTermination: true},
			},
			Tags:       map[string]string{"Name": "n", "aws:ec2launchtemplate:id": "lt-1", contract.EpochTag: "1"},
			VolumeTags: map[string]string{"backup": "daily", "aws:backup": "x"},
			Metadata:   cloud.MetadataOptions{Tokens: "required", Endpoint: "enabled", HopLimit: 2, IPv6: "disabled", Tags: "enabled"},
			Monitoring: true, Tenancy: "dedicated", Placement: "group",
			Reservation:  cloud.Reservation{Preference: "open", ID: "cr-1"},
			EBSOptimized: true, Hibernation: true, Enclave: true, AutoRecovery: "disabled",
			ProtectTerminate: true, ProtectStop: true, ShutdownBehavior: "terminate",
		},
	}
}

var ignoreUnexported = cmpopts.IgnoreUnexported(
	ec2.RunInstancesInput{}, types.Tag{}, types.TagSpecification{}, types.BlockDeviceMapping{}, types.EbsBlockDevice{},
	types.IamInstanceProfileSpecification{}, types.InstanceNetworkInterfaceSpecification{}, types.InstanceMetadataOptionsRequest{},
	types.Placement{}, types.CapacityReservationSpecification{}, types.CapacityReservationTarget{}, types.RunInstancesMonitoringEnabled{},
	types.HibernationOptionsRequest{}, types.EnclaveOptionsRequest{}, types.InstanceMaintenanceOptionsRequest{},
)

func TestLaunchOfEverything(t *testing.T) {
	one := tag(contract.SwitcherTag, "one")
	want := &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String("token"),
		ImageId: aws.String("ami-1"), InstanceType: "m7g.large", KeyName: aws.String("key"), UserData: aws.String("IyEvYmluL3No"),
		IamInstanceProfile: &types.IamInstanceProfileSpecification{Arn: aws.String("arn:aws:iam::123456789012:instance-profile/recovery/one/p")},
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{
			{DeviceIndex: aws.Int32(0), SubnetId: aws.String("subnet-1"), Groups: []string{"sg-1", "sg-2"}, DeleteOnTermination: aws.Bool(true)},
			{DeviceIndex: aws.Int32(1), NetworkCardIndex: aws.Int32(1), SubnetId: aws.String("subnet-1"), Groups: []string{"sg-3"}, DeleteOnTermination: aws.Bool(true)},
		},
		BlockDeviceMappings: []types.BlockDeviceMapping{
			{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{
				VolumeSize: aws.Int32(20), VolumeType: "gp3", Iops: aws.Int32(4000), Throughput: aws.Int32(200),
				Encrypted: aws.Bool(true), KmsKeyId: aws.String("arn:kms"), DeleteOnTermination: aws.Bool(true),
			}},
			{DeviceName: aws.String("/dev/sdf"), Ebs: &types.EbsBlockDevice{
				SnapshotId: aws.String("snap-1"), VolumeSize: aws.Int32(10), VolumeType: "gp2", DeleteOnTermination: aws.Bool(false),
			}},
			{DeviceName: aws.String("/dev/sdg"), Ebs: &types.EbsBlockDevice{
				VolumeSize: aws.Int32(10), VolumeType: "io2", Iops: aws.Int32(500), DeleteOnTermination: aws.Bool(true),
			}},
		},
		TagSpecifications: []types.TagSpecification{
			{ResourceType: "instance", Tags: []types.Tag{tag("Name", "n"), tag(contract.EpochTag, "2"), one}},
			{ResourceType: "volume", Tags: []types.Tag{tag("backup", "daily"), one}},
			{ResourceType: "network-interface", Tags: []types.Tag{one}},
		},
		MetadataOptions: &types.InstanceMetadataOptionsRequest{
			HttpTokens: "required", HttpEndpoint: "enabled", HttpPutResponseHopLimit: aws.Int32(2), HttpProtocolIpv6: "disabled", InstanceMetadataTags: "enabled",
		},
		Placement: &types.Placement{GroupName: aws.String("group"), Tenancy: "dedicated"},
		CapacityReservationSpecification: &types.CapacityReservationSpecification{
			CapacityReservationTarget: &types.CapacityReservationTarget{CapacityReservationId: aws.String("cr-1")},
		},
		Monitoring:            &types.RunInstancesMonitoringEnabled{Enabled: aws.Bool(true)},
		HibernationOptions:    &types.HibernationOptionsRequest{Configured: aws.Bool(true)},
		EnclaveOptions:        &types.EnclaveOptionsRequest{Enabled: aws.Bool(true)},
		MaintenanceOptions:    &types.InstanceMaintenanceOptionsRequest{AutoRecovery: "disabled"},
		EbsOptimized:          aws.Bool(true),
		DisableApiTermination: aws.Bool(true), DisableApiStop: aws.Bool(true),
		InstanceInitiatedShutdownBehavior: "terminate",
	}
	if diff := cmp.Diff(want, runInstances(everything()), ignoreUnexported); diff != "" {
		t.Errorf("request differs (-want +got):\n%s", diff)
	}
}

// What is default is not sent: EC2 refuses some parameters in some places even
// with their default value.
func TestLaunchOfDefaultsSendsNoOptions(t *testing.T) {
	want := &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String("token"),
		ImageId: aws.String("ami-1"), InstanceType: "t4g.small",
		IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: aws.String("profile")},
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{
			{DeviceIndex: aws.Int32(0), SubnetId: aws.String("subnet-1"), DeleteOnTermination: aws.Bool(true)},
		},
	}
	got := runInstances(cloud.Launch{Subnet: "subnet-1", Token: "token", Blueprint: cloud.Blueprint{
		Image: "ami-1", Type: "t4g.small", Profile: "profile", Tenancy: "default", AutoRecovery: "default",
		Reservation: cloud.Reservation{Preference: "open"},
	}})
	if diff := cmp.Diff(want, got, ignoreUnexported); diff != "" {
		t.Errorf("request differs (-want +got):\n%s", diff)
	}
}

func TestLaunchOfAnotherType(t *testing.T) {
	l := everything()
	want := runInstances(l)
	want.InstanceType = "m6g.large"
	l.Type = "m6g.large"
	if diff := cmp.Diff(want, runInstances(l), ignoreUnexported); diff != "" {
		t.Errorf("request differs in more than the type (-want +got):\n%s", diff)
	}
}

func TestReservations(t *testing.T) {
	const only = types.CapacityReservationPreferenceCapacityReservationsOnly
	for _, c := range []struct {
		name string
		in   cloud.Reservation
		want *types.CapacityReservationSpecification
	}{
		{"none", cloud.Reservation{Preference: "none"}, &types.CapacityReservationSpecification{CapacityReservationPreference: "none"}},
		{"group", cloud.Reservation{Group: "arn"}, &types.CapacityReservationSpecification{
			CapacityReservationTarget: &types.CapacityReservationTarget{CapacityReservationResourceGroupArn: aws.String("arn")},
		}},
		{"group only", cloud.Reservation{Preference: string(only), Group: "arn"}, &types.CapacityReservationSpecification{
			CapacityReservationPreference: only,
			CapacityReservationTarget:     &types.CapacityReservationTarget{CapacityReservationResourceGroupArn: aws.String("arn")},
		}},
	} {
		if diff := cmp.Diff(c.want, reservationRequest(c.in), ignoreUnexported); diff != "" {
			t.Errorf("%s: request differs (-want +got):\n%s", c.name, diff)
		}
	}
}
