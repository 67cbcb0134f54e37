package world

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Inherited is all that AWS tells of a node's instance, its attributes, volumes,
// targets and alarms, as dotted names, save what makes it that very instance.
// Before and after a switch it must be equal. Only the fields that vary by the table in
// internal/inherit are left out, so that an unforeseen field is compared.
type Inherited map[string]string

// notOurs matches the tags that the switcher controls a replacement by, and AWS's own,
// which no request can copy; and a field of the profile's in which the emulator shows the id
// of the association.
var notOurs = regexp.MustCompile(`^(instance|volume\.[^.]+)\.Tags\.(` + strings.Join([]string{
	regexp.QuoteMeta(contract.CondemnedTag), regexp.QuoteMeta(contract.EpochTag), regexp.QuoteMeta(contract.GateTag), `aws:.*`,
}, "|") + `)$|^instance\.IamInstanceProfile\.Id$`)

// addresses are inherited by their number and place, not by their value.
var addresses = regexp.MustCompile(`\.(PrivateIpAddresses\.\d+\.PrivateIpAddress|Ipv6Addresses\.\d+\.Ipv6Address|Association\.PublicIp)$`)

// varies reports whether a replacement rightly has another value of that name.
func varies(name string) bool {
	source, path, _ := strings.Cut(name, ".")
	switch inherit.Source(source) {
	case inherit.Volume:
		_, path, _ = strings.Cut(path, ".") // its device
	case inherit.Alarm:
		_, path, _ = strings.Cut(path, "/") // its name
	default:
	}
	var parts []string
	for _, part := range strings.Split(path, ".") {
		if _, err := strconv.Atoi(part); err != nil {
			parts = append(parts, part)
		}
	}
	f, known := inherit.Find(inherit.Source(source), strings.Join(parts, "."))
	return notOurs.MatchString(name) || known && f.Varies()
}

// Inherited reads it.
func (s Switcher) Inherited(ctx context.Context, n record.Node) (Inherited, error) {
	if n.Grant == nil {
		return nil, fmt.Errorf("node %d has no instance: phase %s", n.ID, n.Phase)
	}
	id := n.Grant.Instance
	i, err := s.Instance(ctx, id)
	if err != nil {
		return nil, err
	}
	in := Inherited{}
	for _, read := range []func() error{
		func() error { return in.instance(i) },
		func() error { return s.attributes(ctx, id, in) },
		func() error { return s.volumes(ctx, i, in) },
		func() error { return s.targets(ctx, n, in) },
		func() error { return s.alarms(ctx, n, in) },
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("read what instance %s hands on: %w", id, err)
		}
	}
	for k, v := range in {
		switch {
		case varies(k):
			delete(in, k)
		case addresses.MatchString(k):
			in[k] = "(an address)"
		case strings.Contains(v, id):
			in[k] = strings.ReplaceAll(v, id, "(the node's instance)")
		}
	}
	return in, nil
}

func (in Inherited) instance(i types.Instance) error {
	// Sets, which AWS tells in any order.
	byName := func(a, b types.GroupIdentifier) int {
		return cmp.Compare(aws.ToString(a.GroupName), aws.ToString(b.GroupName))
	}
	slices.SortFunc(i.SecurityGroups, byName)
	for _, n := range i.NetworkInterfaces {
		slices.SortFunc(n.Groups, byName)
	}
	slices.SortFunc(i.NetworkInterfaces, func(a, b types.InstanceNetworkInterface) int {
		return cmp.Compare(aws.ToInt32(a.Attachment.DeviceIndex), aws.ToInt32(b.Attachment.DeviceIndex))
	})
	slices.SortFunc(i.BlockDeviceMappings, func(a, b types.InstanceBlockDeviceMapping) int {
		return cmp.Compare(aws.ToString(a.DeviceName), aws.ToString(b.DeviceName))
	})
	for _, t := range i.Tags {
		in["instance.Tags."+aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	i.Tags = nil
	return in.add("instance", i)
}

// attributes are what DescribeInstances does not tell.
func (s Switcher) attributes(ctx context.Context, id string, in Inherited) error {
	read := func(name types.InstanceAttributeName) (*ec2.DescribeInstanceAttributeOutput, error) {
		return s.AWS().EC2.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{InstanceId: &id, Attribute: name})
	}
	data, err := read(types.InstanceAttributeNameUserData)
	if err != nil {
		return err
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(data.UserData.Value))
	if err != nil {
		return fmt.Errorf("user data: %w", err)
	}
	in["attribute.UserData"] = string(text)
	for name, value := range map[types.InstanceAttributeName]func(*ec2.DescribeInstanceAttributeOutput) *types.AttributeBooleanValue{
		types.InstanceAttributeNameDisableApiTermination: func(o *ec2.DescribeInstanceAttributeOutput) *types.AttributeBooleanValue {
			return o.DisableApiTermination
		},
		types.InstanceAttributeNameDisableApiStop: func(o *ec2.DescribeInstanceAttributeOutput) *types.AttributeBooleanValue { return o.DisableApiStop },
	} {
		out, err := read(name)
		if err != nil {
			return err
		}
		in["attribute."+string(name)] = strconv.FormatBool(value(out) != nil && aws.ToBool(value(out).Value))
	}
	out, err := read(types.InstanceAttributeNameInstanceInitiatedShutdownBehavior)
	if err != nil {
		return err
	}
	in["attribute.InstanceInitiatedShutdownBehavior"] = aws.ToString(out.InstanceInitiatedShutdownBehavior.Value)
	return nil
}

func (s Switcher) volumes(ctx context.Context, i types.Instance, in Inherited) error {
	for _, m := range i.BlockDeviceMappings {
		out, err := s.AWS().EC2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{aws.ToString(m.Ebs.VolumeId)}})
		if err != nil {
			return err
		}
		v, name := out.Volumes[0], "volume."+strings.ReplaceAll(aws.ToString(m.DeviceName), ".", "_")
		for _, t := range v.Tags {
			in[name+".Tags."+aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		v.Tags = nil
		if err := in.add(name, v); err != nil {
			return err
		}
	}
	return nil
}

// targets are all places in all target groups of the Region that name the
// instance or its address.
func (s Switcher) targets(ctx context.Context, n record.Node, in Inherited) error {
	groups, err := s.AWS().ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{})
	if err != nil {
		return err
	}
	for _, g := range groups.TargetGroups {
		out, err := s.AWS().ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		if err != nil {
			return err
		}
		for _, h := range out.TargetHealthDescriptions {
			id, what := aws.ToString(h.Target.Id), "instance"
			if id == n.Grant.PrivateIP {
				id, what = n.Grant.Instance, "address"
			}
			if id == n.Grant.Instance {
				in[fmt.Sprintf("target.%s/%s:%d", aws.ToString(g.TargetGroupName), what, aws.ToInt32(h.Target.Port))] = string(h.TargetHealth.State)
			}
		}
	}
	return nil
}

// alarms are the node's own and all others of the Region that watch the instance.
func (s Switcher) alarms(ctx context.Context, n record.Node, in Inherited) error {
	out, err := s.AWS().CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		return err
	}
	for _, a := range out.MetricAlarms {
		watches := slices.ContainsFunc(a.Dimensions, func(d cwtypes.Dimension) bool { return aws.ToString(d.Value) == n.Grant.Instance })
		if !watches && !slices.Contains(n.Settings.Alarms, aws.ToString(a.AlarmName)) {
			continue
		}
		if err := in.addWith("alarm."+aws.ToString(a.AlarmName), "/", a); err != nil {
			return err
		}
	}
	return nil
}

func (in Inherited) add(prefix string, v any) error { return in.addWith(prefix, ".", v) }

// addWith flattens an SDK value. Empty values are left out: the SDK shows what AWS
// did not tell in the same way.
func (in Inherited) addWith(prefix, separator string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	for k, e := range doc {
		in.flatten(prefix+separator+k, e)
	}
	return nil
}

func (in Inherited) flatten(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			in.flatten(name+"."+k, e)
		}
	case []any:
		for i, e := range v {
			in.flatten(fmt.Sprintf("%s.%d", name, i+1), e)
		}
	case nil:
	case string:
		if v != "" {
			in[name] = v
		}
	default:
		in[name] = fmt.Sprint(v)
	}
}
