package awscloud

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

// described are the SDK's types that the table classifies.
var described = map[inherit.Source][]reflect.Type{
	inherit.Instance:   {reflect.TypeFor[types.Instance]()},
	inherit.Volume:     {reflect.TypeFor[types.Volume]()},
	inherit.Template:   {reflect.TypeFor[types.RequestLaunchTemplateData](), reflect.TypeFor[types.ResponseLaunchTemplateData]()},
	inherit.TargetSlot: {reflect.TypeFor[elbtypes.TargetDescription]()},
	inherit.Alarm:      {reflect.TypeFor[cwtypes.MetricAlarm]()},
	inherit.Credits:    {reflect.TypeFor[types.InstanceCreditSpecification]()},
}

// pathsOf are the names of all fields of a source.
func pathsOf(s inherit.Source) []string {
	var paths []string
	for _, t := range described[s] {
		paths = append(paths, inherit.Paths(t)...)
	}
	if s == inherit.Attribute {
		for _, a := range types.InstanceAttributeName("").Values() {
			paths = append(paths, string(a))
		}
	}
	if s == inherit.Interface {
		paths = append(paths, "TagSet.Key", "TagSet.Value") // the rest is in types.Instance
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// A field of the SDK's types that the table does not know may be a setting that is lost
// silently.
func TestEveryFieldIsClassified(t *testing.T) {
	for _, s := range []inherit.Source{
		inherit.Instance, inherit.Attribute, inherit.Credits, inherit.Interface, inherit.Volume, inherit.Template, inherit.TargetSlot, inherit.Alarm,
	} {
		paths := pathsOf(s)
		if len(paths) == 0 {
			t.Errorf("%s has no fields", s)
		}
		for _, p := range paths {
			if _, known := inherit.Find(s, p); !known {
				t.Errorf("%s.%s is not classified: decide in internal/inherit what becomes of it in a replacement", s, p)
			}
		}
		for _, f := range inherit.Fields() {
			if f.Source == s && !slices.ContainsFunc(paths, func(p string) bool { return p == f.Path || strings.HasPrefix(p, f.Path+".") }) {
				t.Errorf("%s.%s is classified, and the SDK has no such field: remove the entry", s, f.Path)
			}
		}
	}
}

func TestEveryEntryIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range inherit.Fields() {
		name := string(f.Source) + "." + f.Path
		if seen[name] {
			t.Errorf("%s is listed twice", name)
		}
		seen[name] = true
		if f.Fate != inherit.Carried && f.Why == "" {
			t.Errorf("%s is %s without a reason", name, f.Fate)
		}
	}
}

// samples are values that the field's entry accepts.
func samples(f inherit.Field) func(string, reflect.Type) any {
	return func(_ string, t reflect.Type) any {
		switch {
		case len(f.Accept) > 0:
			return f.Accept[len(f.Accept)-1]
		case f.Path == "Monitoring.State" || strings.HasSuffix(f.Path, "AmdSevSnp") || strings.HasSuffix(f.Path, "NestedVirtualization"):
			return "enabled"
		case t == reflect.TypeFor[time.Time]():
			return time.Unix(1, 0)
		}
		switch t.Kind() {
		case reflect.Bool:
			return true
		case reflect.Int32, reflect.Float64:
			return 3
		default:
			return "text"
		}
	}
}

func request(t *testing.T, b cloud.Blueprint) string {
	t.Helper()
	text, err := json.Marshal(runInstances(cloud.Launch{Blueprint: b, Subnet: "subnet-1", Token: "t"}))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A field that the table calls carried changes the launch request of a launch template.
func TestTemplateFieldsAreCarried(t *testing.T) {
	// The values that a field needs beside it to be complete.
	beside := func(path string) *types.ResponseLaunchTemplateData {
		d := &types.ResponseLaunchTemplateData{}
		switch {
		case strings.HasPrefix(path, "BlockDeviceMappings.Ebs."):
			d.BlockDeviceMappings = []types.LaunchTemplateBlockDeviceMapping{{Ebs: &types.LaunchTemplateEbsBlockDevice{VolumeType: "gp3", Encrypted: aws.Bool(true)}}}
		case strings.HasPrefix(path, "TagSpecifications."):
			d.TagSpecifications = []types.LaunchTemplateTagSpecification{{ResourceType: "network-interface", Tags: []types.Tag{tag("k", "v")}}}
		}
		return d
	}
	for _, f := range inherit.Fields() {
		if f.Source != inherit.Template || f.Fate != inherit.Carried || f.Path == "NetworkInterfaces.InterfaceType" {
			continue // the one type that can be carried is asked for by naming none
		}
		d := beside(f.Path)
		without := request(t, blueprintOf(d))
		sample := samples(f)
		if f.Path == "BlockDeviceMappings.Ebs.Encrypted" || f.Path == "BlockDeviceMappings.Ebs.DeleteOnTermination" {
			sample = func(string, reflect.Type) any { return false }
		}
		if f.Path == "TagSpecifications.ResourceType" {
			sample = func(string, reflect.Type) any { return "volume" }
		}
		if f.Path == "MaintenanceOptions.AutoRecovery" {
			sample = func(string, reflect.Type) any { return "disabled" }
		}
		setIn(reflect.ValueOf(d).Elem(), f.Path, sample)
		if with := request(t, blueprintOf(d)); with == without {
			t.Errorf("%s is carried, says the table, and the launch request is the same without it: %s", f.Path, with)
		}
		if lost := inherit.Unkept(inherit.Template, d); len(lost) > 0 {
			t.Errorf("%s is carried and refused: %q", f.Path, lost)
		}
	}
}

// setIn sets the field of that path to a value that says something, and makes what it is in.
func setIn(v reflect.Value, path string, sample func(string, reflect.Type) any) {
	name, rest, deeper := strings.Cut(path, ".")
	f := v.FieldByName(name)
	if f.Kind() == reflect.Pointer {
		if f.IsNil() {
			f.Set(reflect.New(f.Type().Elem()))
		}
		f = f.Elem()
	} else if f.Kind() == reflect.Slice {
		if f.Len() == 0 {
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
		f = f.Index(0)
	}
	if deeper {
		setIn(f, rest, sample)
		return
	}
	f.Set(reflect.ValueOf(sample(path, f.Type())).Convert(f.Type()))
}

// A set pointer is a setting, also when it points to false, 0 or "" (and EC2's default is
// another one).
func TestOffValuesAreCarried(t *testing.T) {
	one := func(n types.LaunchTemplateInstanceNetworkInterfaceSpecification) *types.ResponseLaunchTemplateData {
		return &types.ResponseLaunchTemplateData{NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecification{n}}
	}
	for want, d := range map[string]*types.ResponseLaunchTemplateData{
		`"AssociatePublicIpAddress":false`:        one(types.LaunchTemplateInstanceNetworkInterfaceSpecification{AssociatePublicIpAddress: aws.Bool(false)}),
		`"Ipv6AddressCount":0`:                    one(types.LaunchTemplateInstanceNetworkInterfaceSpecification{Ipv6AddressCount: aws.Int32(0)}),
		`"EnableResourceNameDnsARecord":false`:    {PrivateDnsNameOptions: &types.LaunchTemplatePrivateDnsNameOptions{EnableResourceNameDnsARecord: aws.Bool(false)}},
		`"EnableResourceNameDnsAAAARecord":false`: {PrivateDnsNameOptions: &types.LaunchTemplatePrivateDnsNameOptions{EnableResourceNameDnsAAAARecord: aws.Bool(false)}},
		`"NoDevice":""`:                           {BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{{DeviceName: aws.String("/dev/sdb"), NoDevice: aws.String("")}}},
		`"DeleteOnTermination":false,"EbsCardIndex":null,"Encrypted"`: {BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{
			{DeviceName: aws.String("/dev/sdb"), Ebs: &types.LaunchTemplateEbsBlockDevice{DeleteOnTermination: aws.Bool(false)}},
		}},
		`"Value":""`: {TagSpecifications: []types.LaunchTemplateTagSpecification{{ResourceType: "instance", Tags: []types.Tag{tag("empty", "")}}}},
	} {
		if got := request(t, blueprintOf(d)); !strings.Contains(got, want) {
			t.Errorf("the launch request has no %s: %s", want, got)
		}
	}
}

// A field that the table calls carried of a running instance is in the launch request of
// its replacement; a refused one is named.
func TestInstanceFieldsAreCarriedOrNamed(t *testing.T) {
	whole := func() *types.Instance {
		return &types.Instance{
			InstanceId: aws.String("i-1"), InstanceType: "m7g.large", State: &types.InstanceState{Name: "running"},
			NetworkInterfaces: []types.InstanceNetworkInterface{{
				PrivateIpAddress: aws.String("10.0.0.1"), SourceDestCheck: aws.Bool(true), Groups: []types.GroupIdentifier{{GroupId: aws.String("sg-1")}},
				Attachment: &types.InstanceNetworkInterfaceAttachment{DeviceIndex: aws.Int32(0)}, Ipv6Addresses: []types.InstanceIpv6Address{{}},
			}},
		}
	}
	describe := func(i *types.Instance) (cloud.Instance, string) {
		c := instanceOf(i)
		d := cloud.Details{CPU: &c.CPU} // as if no type had those by default
		if c.CPU == (cloud.CPUOptions{}) {
			d.CPU = nil
		}
		for _, ref := range c.Volumes {
			d.Volumes = append(d.Volumes, volumeOf(ref, &types.Volume{}, false))
		}
		b, err := blueprint.FromInstance(c, d, nil, "sg-blackhole")
		if err != nil {
			t.Fatal(err)
		}
		forwards := ""
		for _, n := range b.Interfaces {
			forwards += fmt.Sprint(n.Forwards)
		}
		return c, request(t, b) + forwards
	}
	// These are carried together with others.
	asOthers := []string{"SecurityGroups.GroupId", "NetworkInterfaces.Ipv6Addresses.Ipv6Address", "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress"}
	_, without := describe(whole())
	for _, f := range inherit.Fields() {
		if f.Source != inherit.Instance || f.Fate == inherit.Ignored || slices.Contains(asOthers, f.Path) {
			continue
		}
		for _, path := range pathsOf(inherit.Instance) {
			if path != f.Path && !strings.HasPrefix(path, f.Path+".") {
				continue
			}
			i, sample := whole(), samples(f)
			switch {
			case f.Fate == inherit.Reapplied && strings.HasSuffix(path, "PublicIp"):
				continue // TestAddressesOfInterfaces
			case f.Fate == inherit.Reapplied:
				path, sample = "NetworkInterfaces.SourceDestCheck", func(string, reflect.Type) any { return false }
			case f.Fate == inherit.Refused:
				sample = samples(inherit.Field{Path: path})
				if slices.Contains(f.Accept, "true") {
					sample = func(string, reflect.Type) any { return false }
				}
			case path == "MaintenanceOptions.AutoRecovery":
				sample = func(string, reflect.Type) any { return "disabled" }
			case path == "NetworkInterfaces.InterfaceType": // a launch asks for it by leaving it out
				continue
			}
			if path == "BlockDeviceMappings.DeviceName" {
				i.BlockDeviceMappings = []types.InstanceBlockDeviceMapping{{Ebs: &types.EbsInstanceBlockDevice{}}}
			}
			setIn(reflect.ValueOf(i).Elem(), path, sample)
			c, with := describe(i)
			named := slices.ContainsFunc(c.Unkept, func(s string) bool { return strings.HasPrefix(s, path+" is ") })
			switch {
			case f.Fate == inherit.Refused && !named:
				t.Errorf("%s is refused, says the table, and is not named: %q", path, c.Unkept)
			case f.Fate != inherit.Refused && len(c.Unkept) > 0:
				t.Errorf("%s is %s and named: %q", path, f.Fate, c.Unkept)
			case f.Fate != inherit.Refused && with == without:
				t.Errorf("%s is %s, says the table, and the replacement is the same without it", path, f.Fate)
			}
		}
	}
}

func TestVolumeFieldsAreCarriedOrNamed(t *testing.T) {
	beside := func() *types.Volume {
		return &types.Volume{VolumeType: "gp3", Encrypted: aws.Bool(true), SnapshotId: aws.String("snap-0")}
	}
	for _, f := range inherit.Fields() {
		if f.Source != inherit.Volume || f.Fate == inherit.Ignored || strings.HasPrefix(f.Path, "Tags.") || strings.HasPrefix(f.Path, "Attachments.De") {
			continue // tags and attachments are read elsewhere
		}
		for _, path := range pathsOf(inherit.Volume) {
			if path != f.Path && !strings.HasPrefix(path, f.Path+".") {
				continue
			}
			v, sample := beside(), samples(inherit.Field{Path: path})
			if path == "Encrypted" {
				sample = func(string, reflect.Type) any { return false }
			}
			setIn(reflect.ValueOf(v).Elem(), path, sample)
			lost := inherit.Unkept(inherit.Volume, v)
			changed := volumeOf(cloud.VolumeRef{}, v, false) != volumeOf(cloud.VolumeRef{}, beside(), false)
			if f.Fate == inherit.Refused && len(lost) != 1 || f.Fate == inherit.Carried && (!changed || len(lost) > 0) {
				t.Errorf("%s is %s, says the table; named: %q, changes the replacement's volume: %t", path, f.Fate, lost, changed)
			}
		}
	}
}

// Every field of an alarm that is carried is written again when the alarm is re-pointed.
func TestAlarmFieldsAreCarried(t *testing.T) {
	empty, err := json.Marshal(rewrite(&cwtypes.MetricAlarm{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range inherit.Fields() {
		if f.Source != inherit.Alarm || f.Fate != inherit.Carried {
			continue
		}
		a := &cwtypes.MetricAlarm{}
		switch f.Path {
		case "EvaluationCriteria": // unions, which no sample fits
			a.EvaluationCriteria = &cwtypes.EvaluationCriteriaMemberPromQLCriteria{}
		case "EvaluationWindow":
			a.EvaluationWindow = &cwtypes.EvaluationWindowMemberSlidingWindow{}
		default:
			setIn(reflect.ValueOf(a).Elem(), f.Path, samples(f))
		}
		got, err := json.Marshal(rewrite(a))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) == string(empty) {
			t.Errorf("%s is carried, says the table, and is not written", f.Path)
		}
	}
}

// EC2 shows the type's defaults of every instance; they are no setting.
func TestDefaultsOfTheTypeAreNoCPUOptions(t *testing.T) {
	usual := cloud.CPUOptions{Cores: 2, Threads: 2}
	for _, c := range []struct{ own, want cloud.CPUOptions }{
		{cloud.CPUOptions{Cores: 2, Threads: 2}, cloud.CPUOptions{}},
		{cloud.CPUOptions{Cores: 2, Threads: 1}, cloud.CPUOptions{Cores: 2, Threads: 1}},
		{cloud.CPUOptions{Cores: 1, Threads: 2}, cloud.CPUOptions{Cores: 1, Threads: 2}},
		{cloud.CPUOptions{Cores: 2, Threads: 2, SevSnp: "enabled", Nested: "enabled"}, cloud.CPUOptions{SevSnp: "enabled", Nested: "enabled"}},
		{cloud.CPUOptions{Cores: 2, Threads: 2, SevSnp: "disabled", Nested: "disabled"}, cloud.CPUOptions{}},
	} {
		if got := unusual(c.own, usual); got != c.want {
			t.Errorf("%+v of a type with %+v: %+v, wanted %+v", c.own, usual, got, c.want)
		}
	}
	if got := unusual(cloud.CPUOptions{Cores: 3, Threads: 1}, cloud.CPUOptions{}); got != (cloud.CPUOptions{}) {
		t.Errorf("of a type that EC2 does not describe: %+v, wanted nothing", got)
	}
}

func TestAddressesOfInterfaces(t *testing.T) {
	got := interfacesOf([]types.InstanceNetworkInterface{{
		PrivateIpAddress: aws.String("10.0.0.20"),
		PrivateIpAddresses: []types.InstancePrivateIpAddress{
			{PrivateIpAddress: aws.String("10.0.0.100"), Association: &types.InstanceNetworkInterfaceAssociation{PublicIp: aws.String("203.0.113.2")}},
			{PrivateIpAddress: aws.String("10.0.0.9")},
			{PrivateIpAddress: aws.String("10.0.0.20"), Primary: aws.Bool(true)},
		},
		Ipv6Addresses:   []types.InstanceIpv6Address{{Ipv6Address: aws.String("fd00::2")}, {Ipv6Address: aws.String("fd00::1"), IsPrimaryIpv6: aws.Bool(true)}},
		Association:     &types.InstanceNetworkInterfaceAssociation{PublicIp: aws.String("203.0.113.1"), IpOwnerId: aws.String("111122223333")},
		SourceDestCheck: aws.Bool(false),
	}, {
		Attachment:  &types.InstanceNetworkInterfaceAttachment{DeviceIndex: aws.Int32(1)},
		Association: &types.InstanceNetworkInterfaceAssociation{PublicIp: aws.String("198.51.100.1"), IpOwnerId: aws.String("amazon")},
	}})
	want := []cloud.Interface{
		{
			Private: []string{"10.0.0.20", "10.0.0.9", "10.0.0.100"}, IPv6: []string{"fd00::1", "fd00::2"}, PrimaryIPv6: true,
			Public: "203.0.113.1", Elastic: true, ElasticToo: []string{"203.0.113.2"}, Forwards: true,
		},
		{Device: 1, Public: "198.51.100.1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwanted %+v", got, want)
	}
}

// An instance at its gate reads its tag through the metadata, whatever its model had.
func TestGatedLaunchHasMetadata(t *testing.T) {
	off := cloud.Blueprint{Metadata: cloud.MetadataOptions{Tokens: "required", Endpoint: "disabled", Tags: "disabled"}}
	for _, c := range []struct {
		gated bool
		want  string
	}{{true, "enabled"}, {false, "disabled"}} {
		m := runInstances(cloud.Launch{Blueprint: off, Gated: c.gated}).MetadataOptions
		if string(m.HttpEndpoint) != c.want || string(m.InstanceMetadataTags) != c.want || m.HttpTokens != "required" {
			t.Errorf("gated %t: %+v, wanted both %s", c.gated, m, c.want)
		}
	}
}
