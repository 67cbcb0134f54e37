package recovery

import (
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/processor"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/userdata"
	"github.com/workload-recovery/workload-recovery/constructs/internal/volume"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeTemplate makes the launch template that the first blueprint is read from.
func (n *clusterNode) makeTemplate(at prop.Place, props *ClusterNodeProps, groups []awsec2.ISecurityGroup) {
	image := props.MachineImage
	if image == nil {
		if prop.Unresolved(n.kind.ToString()) {
			at.Fail("InstanceType is a token and MachineImage is missing: the default image depends on the type's processor; give MachineImage")
		}
		image = defaultImage(n.kind)
	}
	n.letUseKeys(at, "OtherKey", props.Storage.VolumeKeys)
	processor.CheckImage(at, n, n.kind, image.GetImage(n).ImageId)
	n.template = awsec2.NewLaunchTemplate(n, jsii.String("Template"), &awsec2.LaunchTemplateProps{
		InstanceType: n.kind, MachineImage: image, KeyPair: props.KeyPair, InstanceProfile: n.profile,
		SecurityGroup: groups[0], UserData: n.userData,
		RequireImdsv2: jsii.Bool(true), HttpTokens: awsec2.LaunchTemplateHttpTokens_REQUIRED,
		HttpEndpoint: jsii.Bool(true), InstanceMetadataTags: jsii.Bool(true),
		HttpPutResponseHopLimit:           jsii.Number(float64(at.Whole("Instance.MetadataHopLimit", props.Instance.MetadataHopLimit, 1, 1, 64))),
		InstanceInitiatedShutdownBehavior: awsec2.InstanceInitiatedShutdownBehavior_STOP,
		DisableApiTermination:             jsii.Bool(prop.Or(props.Instance.TerminationProtection, false)),
		DetailedMonitoring:                jsii.Bool(prop.Or(props.Instance.DetailedMonitoring, false)),
		EbsOptimized:                      props.Instance.EbsOptimized,
		BlockDevices:                      n.blockDevices(at, props),
	})
	userdata.RefuseOtherSystems(at, n.template.OsType())
	for _, g := range groups[1:] {
		n.template.AddSecurityGroup(g)
	}
	n.overrideTemplate(at, props)
	n.tagTemplate(props)
}

// overrideTemplate sets what awsec2.LaunchTemplate has no props for.
func (n *clusterNode) overrideTemplate(at prop.Place, props *ClusterNodeProps) {
	cfn := n.template.Node().DefaultChild().(awsec2.CfnLaunchTemplate)
	set := func(path string, value any) {
		cfn.AddPropertyOverride(jsii.String("LaunchTemplateData."+path), value)
	}
	// Two healers must not fight: EC2's own recovery would restart an instance that
	// the switcher is about to condemn. Where it is on, the switcher waits for it.
	if n.life.await > 0 {
		set("MaintenanceOptions.AutoRecovery", "default")
	} else {
		set("MaintenanceOptions.AutoRecovery", "disabled")
	}
	if prop.Or(props.Instance.StopProtection, false) {
		set("DisableApiStop", true)
	}
	switch v := props.Instance.Tenancy; v {
	case "", Tenancy_DEFAULT:
	case Tenancy_DEDICATED:
		set("Placement.Tenancy", string(v))
	default:
		at.Fail("Instance.Tenancy is %q: allowed are %q and %q; leave it out for %q", v, Tenancy_DEFAULT, Tenancy_DEDICATED, Tenancy_DEFAULT)
	}
	if props.Instance.PlacementGroup != nil {
		set("Placement.GroupName", *props.Instance.PlacementGroup.PlacementGroupName())
	}
	switch v := props.Instance.CapacityReservation; v {
	case "", CapacityReservation_OPEN:
	case CapacityReservation_NONE, CapacityReservation_ONLY:
		set("CapacityReservationSpecification.CapacityReservationPreference", string(v))
	default:
		at.Fail("Instance.CapacityReservation is %q: allowed are %q, %q and %q; leave it out for %q", v,
			CapacityReservation_OPEN, CapacityReservation_NONE, CapacityReservation_ONLY, CapacityReservation_OPEN)
	}
}

// tagTemplate tags the instance and its volumes (and the template). The tags that
// decide over the node win over any that awscdk.Tags_Of adds further up.
func (n *clusterNode) tagTemplate(props *ClusterNodeProps) {
	tags := awscdk.Tags_Of(n.template)
	for key, value := range prop.Or(props.Tags, nil) {
		tags.Add(jsii.String(key), value, nil)
	}
	fixed := &awscdk.TagProps{Priority: jsii.Number(1000)}
	tags.Add(jsii.String("Name"), jsii.String(n.name), &awscdk.TagProps{Priority: jsii.Number(150)})
	tags.Add(n.switcher.IdTag(), jsii.String(fmt.Sprint(n.id)), fixed)
	tags.Add(n.switcher.TargetTag(), jsii.String(fmt.Sprint(prop.Or(props.RecoveryTarget, true))), fixed)
	tags.Add(jsii.String(contract.SwitcherTag), n.switcher.SwitcherName(), fixed)
	n.template.Node().AddValidation(&tagCheck{template: n.template, id: *n.switcher.IdTag(), target: *n.switcher.TargetTag()})
}

// tagCheck refuses, at synthesis, tag keys that a stack or app added and that the
// instance metadata cannot expose.
type tagCheck struct {
	template   awsec2.LaunchTemplate
	id, target string // keys of the switcher's tags
}

// Validate is called by AWS CDK after all tags are known.
func (c *tagCheck) Validate() *[]*string {
	var faults []*string
	var keys []string
	for key, value := range *c.template.Tags().TagValues() {
		keys = append(keys, key)
		if n := utf8.RuneCountInString(*value); n > mostTagValue && !prop.Unresolved(value) {
			faults = append(faults, jsii.String(fmt.Sprintf("the value of tag %q has %d characters, and EC2 allows %d: shorten it, or exclude the node: awscdk.TagProps{ExcludeResourceTypes: \"AWS::EC2::LaunchTemplate\"}",
				key, n, mostTagValue)))
		}
		if err := prop.TagKeyError(key); err != nil {
			faults = append(faults, jsii.String(err.Error()+", or exclude the node: awscdk.TagProps{ExcludeResourceTypes: \"AWS::EC2::LaunchTemplate\"}"))
		}
	}
	if err := contract.CheckOwnTags(keys, c.id, c.target); err != nil {
		faults = append(faults, jsii.String(err.Error()))
	}
	return &faults
}

// mostTagValue is the largest number of characters in the value of a tag
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions).
const mostTagValue = 256

func defaultImage(kind awsec2.InstanceType) awsec2.IMachineImage {
	cpu := awsec2.AmazonLinuxCpuType_X86_64
	if kind.Architecture() == awsec2.InstanceArchitecture_ARM_64 {
		cpu = awsec2.AmazonLinuxCpuType_ARM_64
	}
	return awsec2.MachineImage_LatestAmazonLinux2023(&awsec2.AmazonLinux2023ImageSsmParameterProps{CpuType: cpu})
}

func (n *clusterNode) blockDevices(at prop.Place, props *ClusterNodeProps) *[]*awsec2.BlockDevice {
	volumes := props.Storage.Volumes
	if volumes == nil {
		if props.MachineImage != nil {
			return nil
		}
		volumes = &[]*NodeVolume{{DeviceName: jsii.String("/dev/xvda"), Size: awscdk.Size_Gibibytes(jsii.Number(20))}}
	}
	devices := make([]*awsec2.BlockDevice, 0, len(*volumes))
	names := make([]string, 0, len(*volumes))
	for i, v := range *volumes {
		at.Require(v != nil && v.DeviceName != nil, fmt.Sprintf("Storage.Volumes[%d].DeviceName", i), "give a device such as /dev/xvda")
		names = append(names, *v.DeviceName)
		if v.KmsKey != nil {
			n.letUseKey(fmt.Sprintf("VolumeKey%d", i), v.KmsKey.KeyArn())
		}
		devices = append(devices, v.blockDevice(at, i))
	}
	prop.RefuseDuplicates(at, "volume", names)
	return &devices
}

func (v *NodeVolume) blockDevice(at prop.Place, i int) *awsec2.BlockDevice {
	kind := v.VolumeType
	if kind == "" {
		kind = awsec2.EbsDeviceVolumeType_GP3
	}
	encrypted := prop.Or(v.Encrypted, true)
	if v.KmsKey != nil && !encrypted {
		at.Fail("Storage.Volumes[%d] has a KmsKey and Encrypted is false: leave one of them out", i)
	}
	size := at.Gibibytes(fmt.Sprintf("Storage.Volumes[%d].Size", i), v.Size, "1 to 65536 GiB, at least the snapshot's,")
	volume.Check(at, fmt.Sprintf("Storage.Volumes[%d]", i), kind, size, v.Iops, v.Throughput)
	return &awsec2.BlockDevice{
		DeviceName: v.DeviceName,
		Volume: awsec2.BlockDeviceVolume_Ebs(size, &awsec2.EbsDeviceOptions{
			VolumeType: kind, Iops: v.Iops, Throughput: v.Throughput, Encrypted: jsii.Bool(encrypted), KmsKey: v.KmsKey,
			DeleteOnTermination: jsii.Bool(prop.Or(v.DeleteOnTermination, true)),
		}),
	}
}
