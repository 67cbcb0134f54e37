package access

import (
	"fmt"
	"strings"
)

// launch is authorised for everything that RunInstances reads, makes and hands over.
func launch(a *asker) {
	const action = "ec2:RunInstances"
	tagged := map[string]bool{}
	for i, kind := range a.list("TagSpecification.%d.ResourceType") {
		tagged[kind] = true
		context := a.requestTags(fmt.Sprintf("TagSpecification.%d.Tag.%%d.", i+1))
		a.other(action, a.ec2(kind+"/*"), context)
		create := map[string][]string{"ec2:CreateAction": {"RunInstances"}}
		for k, v := range context {
			create[k] = v
		}
		a.other("ec2:CreateTags", a.ec2(kind+"/*"), create)
	}
	for _, kind := range []string{"instance", "network-interface", "volume"} {
		if !tagged[kind] {
			a.other(action, a.ec2(kind+"/*"), nil)
		}
	}
	for _, subnet := range a.list("NetworkInterface.%d.SubnetId") {
		a.inVPC(action, "subnet", subnet)
	}
	for i := range a.list("NetworkInterface.%d.DeviceIndex") {
		for _, g := range a.list(fmt.Sprintf("NetworkInterface.%d.SecurityGroupId.%%d", i+1)) {
			a.inVPC(action, "security-group", g)
		}
	}
	a.other(action, fmt.Sprintf("arn:aws:ec2:%s::image/%s", a.call.Region, a.p("ImageId")), nil)
	for resource, name := range map[string]string{
		"key-pair": a.p("KeyName"), "placement-group": a.p("Placement.GroupName"),
		"capacity-reservation": a.p("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId"),
	} {
		if name != "" {
			a.other(action, a.ec2(resource+"/"+name), nil)
		}
	}
	a.volumeKeys()
	a.passRole()
}

// volumeKeys: EC2 uses a customer's key with the caller's permissions, and keeps the use
// of it by a grant ("Requirements for Amazon EBS encryption", Amazon EBS User Guide).
func (a *asker) volumeKeys() {
	via := map[string][]string{"kms:ViaService": {"ec2." + a.call.Region + ".amazonaws.com"}}
	grant := map[string][]string{"kms:ViaService": via["kms:ViaService"], "kms:GrantIsForAWSResource": {"true"}}
	for i := range a.list("BlockDeviceMapping.%d.DeviceName") {
		key := a.p(fmt.Sprintf("BlockDeviceMapping.%d.Ebs.KmsKeyId", i+1))
		if key == "" {
			continue
		}
		theirs, err := a.look.Customers(a.ctx, a.call.Region, key)
		if err != nil {
			a.err = err
		}
		if !theirs {
			continue
		}
		for _, action := range []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"} {
			a.other(action, key, via)
		}
		a.other("kms:CreateGrant", key, grant)
	}
}

func (a *asker) requestTags(format string) map[string][]string {
	context := map[string][]string{}
	for i, key := range a.list(format + "Key") {
		context["aws:TagKeys"] = append(context["aws:TagKeys"], key)
		context["aws:RequestTag/"+key] = []string{a.p(fmt.Sprintf(format+"Value", i+1))}
	}
	return context
}

// passRole: who launches with an instance profile hands its role to EC2.
func (a *asker) passRole() {
	profile := a.p("IamInstanceProfile.Name")
	if arn := a.p("IamInstanceProfile.Arn"); arn != "" {
		profile = arn[strings.LastIndex(arn, "/")+1:]
	}
	if profile == "" {
		return
	}
	role, err := a.look.Role(a.ctx, a.call.Region, profile)
	if err != nil {
		a.err = err
	}
	a.other("iam:PassRole", role, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}})
}
