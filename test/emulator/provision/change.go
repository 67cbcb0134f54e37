package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// update changes a resource whose properties changed: made has the new ones.
func update(in *input, old *Created) error {
	switch kind := in.made.Type; {
	case isCustom(kind):
		return in.tell("Update", old.Properties)
	case kind == "AWS::EC2::LaunchTemplate":
		return in.newVersion(old)
	case kind == "AWS::CloudWatch::Alarm":
		return in.rewriteAlarm(old)
	case kind == "AWS::IAM::Policy", kind == "AWS::IAM::ManagedPolicy", kind == "AWS::IAM::Role":
		return nil // the emulator enforces none; package access reads the properties
	default:
		return fmt.Errorf("properties %s changed: the provisioner cannot update this type: add that to change.go", changed(old.Properties, in.made.Properties))
	}
}

// changed lists the names of the properties that differ.
func changed(a, b map[string]any) string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	var names []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(a[k], b[k]) {
			names = append(names, k)
		}
	}
	return strings.Join(names, ", ")
}

// newVersion: a changed launch template is a new version of it.
func (in *input) newVersion(old *Created) error {
	if c := changed(old.Properties, in.made.Properties); c != "LaunchTemplateData" {
		return fmt.Errorf("properties %s changed: only LaunchTemplateData can", c)
	}
	req := ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &in.made.Physical}
	if err := in.property("LaunchTemplateData", &req.LaunchTemplateData); err != nil {
		return err
	}
	out, err := in.EC2.CreateLaunchTemplateVersion(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Attributes["LatestVersionNumber"] = strconv.FormatInt(aws.ToInt64(out.LaunchTemplateVersion.VersionNumber), 10)
	return nil
}

// rewriteAlarm: CloudWatch knows no change of a part, so all of the alarm is written.
func (in *input) rewriteAlarm(old *Created) error {
	if in.made.Properties["AlarmName"] != old.Properties["AlarmName"] {
		return errors.New("its name changed, which replaces it: the provisioner cannot do that")
	}
	return createAlarm(in)
}

// remove deletes a resource.
func remove(in *input) error {
	c := in.made
	if ineffective[c.Type] != "" {
		return nil
	}
	if isCustom(c.Type) {
		return in.tell("Delete", nil)
	}
	deleter, ok := deleters[c.Type]
	if !ok {
		return errors.New("the provisioner cannot delete this type: add that to change.go")
	}
	return deleter(in)
}

// deleters delete one resource of a type each. Types that only a switcher's own stacks
// hold are not among them.
var deleters = map[string]func(*input) error{
	"AWS::EC2::SecurityGroup": func(in *input) error {
		_, err := in.EC2.DeleteSecurityGroup(in.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &in.made.Physical})
		return err
	},
	"AWS::EC2::SecurityGroupIngress": func(in *input) error { return in.revoke(false) },
	"AWS::EC2::SecurityGroupEgress":  func(in *input) error { return in.revoke(true) },
	"AWS::EC2::LaunchTemplate": func(in *input) error {
		_, err := in.EC2.DeleteLaunchTemplate(in.ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &in.made.Physical})
		return err
	},
	"AWS::EC2::ApplicationStatusCheck": func(*input) error { return nil }, // none was made
	"AWS::IAM::Policy":                 func(*input) error { return nil },
	"AWS::IAM::ManagedPolicy":          func(*input) error { return nil },
	"AWS::IAM::Role": func(in *input) error {
		_, err := in.Query(in.ctx, "iam", iamVersion, "DeleteRole", url.Values{"RoleName": {in.made.Physical}})
		return err
	},
	"AWS::IAM::InstanceProfile": func(in *input) error {
		roles, _ := in.made.Properties["Roles"].([]any)
		for _, r := range roles {
			form := url.Values{"InstanceProfileName": {in.made.Physical}, "RoleName": {fmt.Sprint(r)}}
			if _, err := in.Query(in.ctx, "iam", iamVersion, "RemoveRoleFromInstanceProfile", form); err != nil {
				return err
			}
		}
		_, err := in.Query(in.ctx, "iam", iamVersion, "DeleteInstanceProfile", url.Values{"InstanceProfileName": {in.made.Physical}})
		return err
	},
	"AWS::CloudWatch::Alarm": func(in *input) error {
		_, err := in.CloudWatch.DeleteAlarms(in.ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{in.made.Physical}})
		return err
	},
	"AWS::ElasticLoadBalancingV2::Listener": func(in *input) error {
		_, err := in.ELB.DeleteListener(in.ctx, &elb.DeleteListenerInput{ListenerArn: &in.made.Physical})
		return err
	},
	"AWS::ElasticLoadBalancingV2::TargetGroup": func(in *input) error {
		_, err := in.ELB.DeleteTargetGroup(in.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &in.made.Physical})
		return err
	},
	"AWS::ElasticLoadBalancingV2::LoadBalancer": func(in *input) error {
		_, err := in.ELB.DeleteLoadBalancer(in.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &in.made.Physical})
		return err
	},
	"AWS::EFS::FileSystem":  deleteEFS("file-systems"),
	"AWS::EFS::MountTarget": deleteEFS("mount-targets"),
	"AWS::EFS::AccessPoint": deleteEFS("access-points"),
}

// revoke takes a rule out of its group, which is there still.
func (in *input) revoke(egress bool) error {
	group := in.take("GroupId")
	raw, err := json.Marshal(in.left)
	if err != nil {
		return err
	}
	p, err := permission(raw)
	if err != nil {
		return err
	}
	if egress {
		_, err = in.EC2.RevokeSecurityGroupEgress(in.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &group, IpPermissions: p})
	} else {
		_, err = in.EC2.RevokeSecurityGroupIngress(in.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: p})
	}
	return err
}

// deleteEFS deletes a file system or a part of one. One that is gone is no fault: the
// switcher may have removed a mount target.
func deleteEFS(path string) func(*input) error {
	return func(in *input) error {
		err := in.REST(in.ctx, http.MethodDelete, "/2015-02-01/"+path+"/"+in.made.Physical, "elasticfilesystem", nil, nil)
		if err != nil && strings.Contains(err.Error(), "NotFound") {
			return nil
		}
		return err
	}
}
