package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// change is something that an operator did to a node's instance by hand since it
// was deployed, and where that shows among what must be inherited.
type change struct {
	name string
	do   func(context.Context, world.Switcher, types.Instance) error
	want map[string]string
}

var changes = []change{
	{"tags", func(ctx context.Context, s world.Switcher, i types.Instance) error {
		_, err := s.AWS().EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*i.InstanceId}, Tags: []types.Tag{
			{Key: aws.String("Name"), Value: aws.String("renamed by hand")}, {Key: aws.String("Kosten-Stelle"), Value: aws.String("Größe 42 <&> 東京")},
		}})
		return err
	}, map[string]string{"instance.Tags.Name": "renamed by hand", "instance.Tags.Kosten-Stelle": "Größe 42 <&> 東京"}},

	{"security groups, up to five", func(ctx context.Context, s world.Switcher, i types.Instance) error {
		var groups []string
		for _, g := range i.NetworkInterfaces[0].Groups {
			groups = append(groups, *g.GroupId)
		}
		for n := len(groups); n < 5; n++ {
			g, err := s.AWS().EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
				GroupName: aws.String(fmt.Sprintf("by-hand-%d", n)), Description: aws.String("by hand"), VpcId: i.VpcId,
			})
			if err != nil {
				return err
			}
			groups = append(groups, *g.GroupId)
		}
		_, err := s.AWS().EC2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{
			NetworkInterfaceId: i.NetworkInterfaces[0].NetworkInterfaceId, Groups: groups,
		})
		return err
	}, map[string]string{"instance.NetworkInterfaces.1.Groups.5.GroupName": "by-hand-4"}},

	{"protection from termination and stop", func(ctx context.Context, s world.Switcher, i types.Instance) error {
		on := &types.AttributeBooleanValue{Value: aws.Bool(true)}
		_, err1 := s.AWS().EC2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: i.InstanceId, DisableApiTermination: on})
		_, err2 := s.AWS().EC2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: i.InstanceId, DisableApiStop: on})
		return errors.Join(err1, err2)
	}, map[string]string{"attribute.disableApiTermination": "true", "attribute.disableApiStop": "true"}},

	{"metadata options", func(ctx context.Context, s world.Switcher, i types.Instance) error {
		_, err := s.AWS().EC2.ModifyInstanceMetadataOptions(ctx, &ec2.ModifyInstanceMetadataOptionsInput{
			InstanceId: i.InstanceId, HttpPutResponseHopLimit: aws.Int32(3), HttpTokens: types.HttpTokensStateRequired,
			// AWS keeps what is not named; the emulator forgets it.
			HttpEndpoint: types.InstanceMetadataEndpointStateEnabled, InstanceMetadataTags: types.InstanceMetadataTagsStateEnabled,
			HttpProtocolIpv6: types.InstanceMetadataProtocolStateDisabled,
		})
		return err
	}, map[string]string{"instance.MetadataOptions.HttpPutResponseHopLimit": "3", "instance.MetadataOptions.HttpTokens": "required"}},

	{"a further volume", func(ctx context.Context, s world.Switcher, i types.Instance) error {
		v, err := s.AWS().EC2.CreateVolume(ctx, &ec2.CreateVolumeInput{
			AvailabilityZone: i.Placement.AvailabilityZone, Size: aws.Int32(33), VolumeType: types.VolumeTypeGp3,
			Iops: aws.Int32(4000), Throughput: aws.Int32(250), Encrypted: aws.Bool(true),
		})
		if err != nil {
			return err
		}
		// As the root volume's: EC2 gives all volumes of a launch the same tags.
		var tags []types.Tag
		for _, t := range i.Tags {
			if !contract.IsControlTag(*t.Key) {
				tags = append(tags, t)
			}
		}
		if _, err := s.AWS().EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*v.VolumeId}, Tags: tags}); err != nil {
			return err
		}
		_, err = s.AWS().EC2.AttachVolume(ctx, &ec2.AttachVolumeInput{InstanceId: i.InstanceId, VolumeId: v.VolumeId, Device: aws.String("/dev/sdf")})
		return err
	}, map[string]string{
		"volume./dev/sdf.Size": "33", "volume./dev/sdf.VolumeType": "gp3", "volume./dev/sdf.Iops": "4000",
		"volume./dev/sdf.Throughput": "250", "volume./dev/sdf.Encrypted": "true",
	}},

	{"alarm's threshold", func(ctx context.Context, s world.Switcher, _ types.Instance) error {
		name := contract.AlarmName(s.Settings.Name, web, "instance")
		out, err := s.AWS().CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
		if err != nil || len(out.MetricAlarms) != 1 {
			return fmt.Errorf("alarm %s: %d found: %w", name, len(out.MetricAlarms), err)
		}
		a := out.MetricAlarms[0]
		_, err = s.AWS().CloudWatch.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
			AlarmName: a.AlarmName, AlarmDescription: aws.String("changed by hand"), ActionsEnabled: aws.Bool(false), AlarmActions: []string{s.Settings.Topic},
			MetricName: a.MetricName, Namespace: a.Namespace, Statistic: a.Statistic, Dimensions: a.Dimensions, Period: aws.Int32(30),
			EvaluationPeriods: aws.Int32(5), DatapointsToAlarm: aws.Int32(4), Threshold: aws.Float64(2.5), ComparisonOperator: a.ComparisonOperator,
			TreatMissingData: aws.String("notBreaching"),
		})
		return err
	}, map[string]string{
		"alarm.example.node-2.instance/AlarmDescription": "changed by hand", "alarm.example.node-2.instance/ActionsEnabled": "false",
		"alarm.example.node-2.instance/Threshold": "2.5", "alarm.example.node-2.instance/Period": "30", "alarm.example.node-2.instance/TreatMissingData": "notBreaching",
	}},
}

// enrich gives the web node's launch template what the example does not use and the
// emulator cannot change on a running instance.
func enrich(a *provision.Assembly) {
	for _, stack := range a.Stacks {
		for _, r := range stack.Template.Resources {
			data, _ := r.Properties["LaunchTemplateData"].(map[string]any)
			if r.Type != "AWS::EC2::LaunchTemplate" || data == nil {
				continue
			}
			data["Monitoring"] = map[string]any{"Enabled": true}
			data["EbsOptimized"] = true
			data["InstanceInitiatedShutdownBehavior"] = "terminate"
			data["CapacityReservationSpecification"] = map[string]any{"CapacityReservationPreference": "none"}
			data["EnclaveOptions"] = map[string]any{"Enabled": true}
			data["Placement"] = map[string]any{"Tenancy": "dedicated"}
		}
	}
}

// TestScenario35 compares everything that AWS tells of a node before and after.
func TestScenario35EverythingIsInherited(t *testing.T) {
	t.Parallel()
	rich := reload(t, "single")
	enrich(rich)
	a := deployStacks(t, rich, world.Options{})
	s := a.s[0]
	deployed := a.state(s, web)
	i, err := s.Instance(t.Context(), deployed.Node.Grant.Instance)
	must(t, err)
	for _, c := range changes {
		if err := c.do(t.Context(), s, i); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	before := a.state(s, web)
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range c.want {
				if before.Inherited[k] != v {
					t.Errorf("%s is %q before the switch, wanted what was changed by hand, %q", k, before.Inherited[k], v)
				}
			}
		})
	}
	for _, k := range []string{
		"instance.ImageId", "instance.InstanceType", "instance.IamInstanceProfile.Arn", "instance.MaintenanceOptions.AutoRecovery",
		"instance.Tags." + contract.DefaultIDTag, "instance.Tags." + contract.DefaultTargetTag, "instance.Tags." + contract.SwitcherTag,
		"attribute.InstanceInitiatedShutdownBehavior", "instance.Placement.Tenancy", "instance.Monitoring.State", "instance.CapacityReservationSpecification.CapacityReservationPreference", "instance.EnclaveOptions.Enabled",
		"attribute.UserData", "volume./dev/xvda.Size", "volume./dev/xvda.Encrypted",
	} {
		if before.Inherited[k] == "" {
			t.Errorf("%s is not told of before the switch: it would be compared with nothing", k)
		}
	}
	e, err := s.Hang(t.Context(), contract.AlarmName(s.Settings.Name, web, "application"))
	must(t, err)
	a.deliver(e, 1)
	a.Settle()
	after := a.state(s, web)
	a.switched(before, after)
	t.Logf("%d settings compared", len(before.Inherited))

	now, err := s.Instance(t.Context(), after.Node.Grant.Instance)
	must(t, err)
	for _, n := range now.NetworkInterfaces {
		for _, g := range n.Groups {
			if aws.ToString(g.GroupId) == s.Settings.BlackholeGroup {
				t.Errorf("interface %s of the replacement is in the quarantine's group", aws.ToString(n.NetworkInterfaceId))
			}
		}
	}
	for _, tag := range now.Tags {
		switch k, v := aws.ToString(tag.Key), aws.ToString(tag.Value); {
		case k == contract.CondemnedTag && v != contract.NoEpoch, strings.HasPrefix(k, "aws:"):
			t.Errorf("the replacement carries the tag %s=%s", k, v)
		case k == contract.EpochTag && v != fmt.Sprint(after.Node.Epoch):
			t.Errorf("the replacement's epoch tag is %s, wanted %d", v, after.Node.Epoch)
		}
	}
}
