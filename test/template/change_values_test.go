package template

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsefs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// forms are the props of one of each construct.
type forms struct {
	Table     recovery.RecoveryTableProps
	Vpc       recovery.RecoveryVpcProps
	Switcher  recovery.SwitcherProps
	Node      recovery.ClusterNodeProps
	Monitor   recovery.ResourceMonitorProps
	Dashboard recovery.RecoveryDashboardProps
	Adopted   recovery.AdoptedNodeProps
}

// newForms gives each required prop a value and makes every nested struct, so that its
// fields can be changed too.
func newForms() *forms {
	f := &forms{
		Vpc:      recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b")},
		Switcher: recovery.SwitcherProps{Name: jsii.String("test")},
	}
	fill(reflect.ValueOf(f).Elem())
	f.Node.NodeId, f.Node.InstanceType = jsii.Number(7), awsec2.NewInstanceType(jsii.String("t4g.small"))
	f.Adopted.Network = &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("theirs"))}}}
	f.Adopted.NodeId, f.Adopted.InstanceId = jsii.Number(8), jsii.String("i-0123456789abcdef0")
	return f
}

// seeds are the smallest usable values of nested structs that have required fields.
var seeds = []any{
	recovery.NodeApplication{Units: jsii.Strings("app")},
	recovery.NodeCheck{TcpPort: jsii.Number(80)},
	recovery.ApplicationStatusCheck{Port: jsii.Number(80)},
	recovery.NodeElasticIp{AllocationId: jsii.String("eipalloc-0123456789abcdef0"), PublicIp: jsii.String("203.0.113.9")},
	recovery.NodeVolume{DeviceName: jsii.String("/dev/xvda"), Size: awscdk.Size_Gibibytes(jsii.Number(20))},
	recovery.NodeTargetGroup{TargetGroupArn: jsii.String(targetGroup("theirs"))},
	recovery.ApplicationAlarm{Process: jsii.String("app")},
}

func ours(kind reflect.Type) bool {
	return kind.Kind() == reflect.Struct && kind.PkgPath() == reflect.TypeFor[recovery.NodeVolume]().PkgPath()
}

// fill makes the nested structs of a struct, and one entry of each list of them.
func fill(s reflect.Value) {
	for i := range s.NumField() {
		f := s.Field(i)
		switch kind := f.Type(); {
		case ours(kind):
			fill(f)
		case kind.Kind() == reflect.Pointer && ours(kind.Elem()):
			f.Set(seeded(kind.Elem()))
		case kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.Slice && kind.Elem().Elem().Kind() == reflect.Pointer && ours(kind.Elem().Elem().Elem()):
			if s.Type() == reflect.TypeFor[recovery.NodeNetwork]() && kind.Elem().Elem().Elem() == reflect.TypeFor[recovery.NodeTargetGroup]() {
				continue // a node has a load balancer or target groups
			}
			list := reflect.New(kind.Elem())
			list.Elem().Set(reflect.Append(list.Elem(), seeded(kind.Elem().Elem().Elem())))
			f.Set(list)
		}
	}
}

func seeded(kind reflect.Type) reflect.Value {
	v := reflect.New(kind)
	for _, s := range seeds {
		if reflect.TypeOf(s) == kind {
			v.Elem().Set(reflect.ValueOf(s))
		}
	}
	fill(v.Elem())
	return v
}

// propRef is a field of the forms, by the way to it.
type propRef struct {
	path  []int // of fields; a list's field is followed by the one of its entry
	owner reflect.Type
	name  string
}

func (p propRef) String() string { return p.owner.Name() + "." + p.name }

// root is the construct whose prop it is.
func (p propRef) root() string { return reflect.TypeFor[forms]().Field(p.path[0]).Name }

func (p propRef) in(f *forms) reflect.Value { return walk(reflect.ValueOf(f).Elem(), p.path) }

func walk(v reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		v = reflect.Indirect(v)
		if v.Kind() == reflect.Slice {
			v = reflect.Indirect(v.Index(0))
		}
		v = v.Field(i)
	}
	return v
}

// allProps are all fields of all props, each struct once.
var allProps = listProps()

func listProps() []propRef {
	seen := map[reflect.Type]bool{}
	var found []propRef
	var visit func(v reflect.Value, path []int)
	visit = func(v reflect.Value, path []int) {
		if v = reflect.Indirect(v); v.Kind() == reflect.Slice {
			v = reflect.Indirect(v.Index(0))
		}
		top := v.Type() == reflect.TypeFor[forms]()
		known := seen[v.Type()] // its nested structs may still be new
		seen[v.Type()] = true
		for i := range v.NumField() {
			here := append(append([]int{}, path...), i)
			f := reflect.Indirect(v.Field(i))
			nested := f.IsValid() && (ours(f.Type()) || f.Kind() == reflect.Slice && f.Len() > 0 && ours(reflect.Indirect(f.Index(0)).Type()))
			if nested {
				visit(v.Field(i), here)
			}
			if !top && !known && (!nested || f.Kind() == reflect.Slice) {
				found = append(found, propRef{here, v.Type(), v.Type().Field(i).Name})
			}
		}
	}
	visit(reflect.ValueOf(newForms()), nil)
	return found
}

// unchanged are props that are not changed alone, and why.
var unchanged = map[string]string{
	"SwitcherProps.Vpc": "stays: a switcher belongs to one VPC", "SwitcherProps.Table": "stays: the table has the records of the nodes",
	"ClusterNodeProps.Switcher": "stays: a node belongs to one switcher", "AdoptedNodeProps.Switcher": "stays: a node belongs to one switcher",
	"ResourceMonitorProps.ClusterNode": "stays: a monitor belongs to one node", "RecoveryDashboardProps.Switcher": "stays: a dashboard belongs to one switcher",
	"NodeBoot.ImageHasGate":               "changes with `Gate` only",
	"ClusterNodeProps.MonitoredElsewhere": "no interruption: the node names its alarms",
}

// startFor sets other props in both apps for a prop that depends on another or excludes it.
var startFor = map[string]func(world, *forms){
	"NodeTargetGroup.TargetGroup": func(w world, f *forms) {
		f.Adopted.Network.TargetGroups = &[]*recovery.NodeTargetGroup{{TargetGroup: w.targets("theirs")}}
	},
	"NodeBoot.GenerateUserData":        func(_ world, f *forms) { f.Node.Application = nil },
	"NodeNetwork.TargetGroups":         func(_ world, f *forms) { f.Node.Network.LoadBalancer = nil },
	"NodeBoot.GateTime":                func(_ world, f *forms) { f.Node.Gate = jsii.Bool(true) },
	"NodeApplication.LogEncryptionKey": func(_ world, f *forms) { f.Node.Application.LogFiles = jsii.Strings("/var/log/app.log") },
	"NodeApplication.LogRetention":     func(_ world, f *forms) { f.Node.Application.LogFiles = jsii.Strings("/var/log/app.log") },
	"NodeLoadBalancer.InternetFacing":  func(w world, f *forms) { f.Node.Network.LoadBalancer.Subnets = w.subnets() },
	"NodeCheck.Command": func(_ world, f *forms) {
		f.Node.Application.Check = &recovery.NodeCheck{Command: jsii.String("true")}
	},
	"NodeCheck.HttpUrl": func(_ world, f *forms) {
		f.Node.Application.Check = &recovery.NodeCheck{HttpUrl: jsii.String("http://localhost/")}
	},
	"RecoveryVpcProps.AvailabilityZoneCount": func(_ world, f *forms) { f.Vpc.AvailabilityZones = nil },
	"RecoveryVpcProps.Vpc":                   func(_ world, f *forms) { f.Vpc.SubnetCidrs = jsii.Strings("10.0.0.0/20", "10.0.16.0/20") },
	"SwitcherProps.TopicKey":                 func(w world, f *forms) { f.Switcher.Topic = w.topic() },
}

// values are other values of a prop, in the order in which they are tried.
func (p propRef) values(w world, now reflect.Value) []any {
	if v, there := otherValues[p.String()]; there {
		return []any{v(w)}
	}
	switch v := now.Interface().(type) {
	case *string:
		return []any{jsii.String("other")}
	case *bool:
		return []any{jsii.Bool(true), jsii.Bool(false)}
	case *float64:
		if v != nil {
			return []any{jsii.Number(*v + 1)}
		}
		return []any{jsii.Number(2), jsii.Number(7), jsii.Number(30), jsii.Number(600)}
	case *map[string]*string:
		return []any{&map[string]*string{"other": jsii.String("value")}}
	case awscdk.RemovalPolicy:
		return []any{awscdk.RemovalPolicy_DESTROY, awscdk.RemovalPolicy_RETAIN}
	case awslogs.RetentionDays:
		return []any{awslogs.RetentionDays_ONE_WEEK}
	}
	switch now.Type() {
	case reflect.TypeFor[awscdk.Duration]():
		return []any{second(90), second(20), second(600), second(2), second(120)}
	case reflect.TypeFor[awskms.IKey]():
		return []any{w.key()}
	case reflect.TypeFor[awsiam.IRole]():
		return []any{awsiam.Role_FromRoleName(w.stack, jsii.String("OtherRole"), jsii.String("other"), nil)}
	case reflect.TypeFor[awssns.ITopic]():
		return []any{w.topic()}
	case reflect.TypeFor[*[]awsec2.ISecurityGroup]():
		return []any{&[]awsec2.ISecurityGroup{awsec2.SecurityGroup_FromSecurityGroupId(w.stack, jsii.String("OtherGroup"), jsii.String("sg-0123456789abcdef0"), nil)}}
	case reflect.TypeFor[*[]awskms.IKey]():
		return []any{&[]awskms.IKey{w.key()}}
	}
	return nil
}

// world is a stack for what a changed prop names.
type world struct{ stack awscdk.Stack }

func (w world) key() awskms.IKey {
	return awskms.Key_FromKeyArn(w.stack, jsii.String("OtherKey"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"))
}

func (w world) topic() awssns.ITopic {
	return awssns.Topic_FromTopicArn(w.stack, jsii.String("OtherTopic"), jsii.String("arn:aws:sns:us-east-1:111122223333:people"))
}

func (w world) targets(name string) awselasticloadbalancingv2.ITargetGroup {
	return awselasticloadbalancingv2.NetworkTargetGroup_FromTargetGroupAttributes(w.stack, jsii.String("Targets-"+name), &awselasticloadbalancingv2.TargetGroupAttributes{
		TargetGroupArn: jsii.String(targetGroup(name)),
	})
}

func (w world) subnets() *[]awsec2.ISubnet {
	var list []awsec2.ISubnet
	for _, zone := range []string{"a", "b"} {
		list = append(list, awsec2.Subnet_FromSubnetAttributes(w.stack, jsii.String("Subnet"+zone), &awsec2.SubnetAttributes{
			SubnetId: jsii.String("subnet-0123456789abcdef" + zone), AvailabilityZone: jsii.String("us-east-1" + zone),
		}))
	}
	return &list
}

func text1(v string) func(world) any { return func(world) any { return jsii.String(v) } }

func texts(v ...string) func(world) any { return func(world) any { return jsii.Strings(v...) } }

// otherValues are for props whose value follows from more than their type.
var otherValues = map[string]func(world) any{
	"AdoptedNodeProps.DataFileSystem": func(w world) any {
		return awsefs.FileSystem_FromFileSystemAttributes(w.stack, jsii.String("OtherFiles"), &awsefs.FileSystemAttributes{
			FileSystemId: jsii.String("fs-0123456789abcdef0"), SecurityGroup: awsec2.SecurityGroup_FromSecurityGroupId(w.stack, jsii.String("FilesGroup"), jsii.String("sg-0123456789abcdef1"), nil),
		})
	},
	"AdoptedNodeProps.InstanceId":        text1("i-0123456789abcdef1"),
	"AdoptedNodeProps.InstanceTypes":     func(world) any { return &[]awsec2.InstanceType{instanceType("t4g.medium")} },
	"ApplicationStatusCheck.CheckId":     text1("asc-0123456789abcdef0"),
	"ApplicationStatusCheck.Path":        text1("/other"),
	"ApplicationStatusCheck.Protocol":    text1("https"),
	"ApplicationStatusCheck.StatusCodes": text1("204"),
	"ApplicationAlarm.Statistic":         func(world) any { return recovery.AlarmStatistic_MAXIMUM },
	"NodeDeployment.ApplyChanges":        func(world) any { return recovery.ApplyChanges_AT_ONCE },
	"NodeInstance.CapacityReservation":   func(world) any { return recovery.CapacityReservation_NONE },
	"NodeFence.Escalation":               func(world) any { return recovery.FenceEscalation_GO_ON },
	"ClusterNodeProps.InstanceType":      func(world) any { return instanceType("t4g.medium") },
	"ClusterNodeProps.InstanceTypes":     func(world) any { return &[]awsec2.InstanceType{instanceType("t4g.medium")} },
	"ClusterNodeProps.KeyPair": func(w world) any {
		return awsec2.KeyPair_FromKeyPairName(w.stack, jsii.String("OtherPair"), jsii.String("other"))
	},
	"ClusterNodeProps.MachineImage": func(world) any {
		return awsec2.MachineImage_FromSsmParameter(jsii.String("/other/image"), nil)
	},
	"NodeBoot.GateTime":             func(world) any { return second(7200) },
	"NodeDeployment.ServiceTimeout": func(world) any { return second(3600) },
	"NodeStorage.Volumes": func(world) any {
		return &[]*recovery.NodeVolume{{DeviceName: jsii.String("/dev/sdf"), Size: awscdk.Size_Gibibytes(jsii.Number(100))}}
	},
	"InstanceAlarm.DatapointsToAlarm": func(world) any { return jsii.Number(1) },
	"ClusterNodeProps.NodeId":         func(world) any { return jsii.Number(9) },
	"AdoptedNodeProps.NodeId":         func(world) any { return jsii.Number(9) },
	"NodeBoot.PrepareCommands":        texts("true"),
	"NodeNetwork.TargetGroups":        otherGroups,
	"NodeInstance.Tenancy":            func(world) any { return recovery.Tenancy_DEDICATED },
	"ClusterNodeProps.UserData":       func(world) any { return awsec2.UserData_Custom(jsii.String("#!/bin/bash\ntrue")) },
	"NodeNetwork.Zones":               texts("us-east-1b"),
	"NodeApplication.LogFiles":        texts("/var/log/other.log"),
	"NodeApplication.Units":           texts("other"),
	"NodeCheck.HttpUrl":               text1("http://localhost/other"),
	"NodeFileSystem.BackupPlan": func(w world) any {
		return awsbackup.BackupPlan_FromBackupPlanId(w.stack, jsii.String("OtherPlan"), jsii.String("plan"))
	},
	"RecoveryVpcProps.LogsBackupPlan": func(w world) any {
		return awsbackup.BackupPlan_FromBackupPlanId(w.stack, jsii.String("OtherPlan"), jsii.String("plan"))
	},
	"NodeElasticIp.AllocationId":  text1("eipalloc-0123456789abcdef1"),
	"NodeElasticIp.PublicIp":      text1("203.0.113.10"),
	"NodeFileSystem.LogMountPath": text1("/var/log/other"),
	"NodeFileSystem.MountPath":    text1("/other"),
	"NodeFileSystem.PosixUser": func(world) any {
		return &awsefs.PosixUser{Uid: jsii.String("1000"), Gid: jsii.String("1000")}
	},
	"NodeLoadBalancer.Certificates": func(world) any {
		return &[]awselasticloadbalancingv2.IListenerCertificate{awselasticloadbalancingv2.ListenerCertificate_FromArn(jsii.String("arn:aws:acm:us-east-1:111122223333:certificate/c"))}
	},
	"NodeLoadBalancer.ClientCidrs":   texts("192.0.2.0/24"),
	"NodeLoadBalancer.HealthPath":    text1("/other"),
	"NodeLoadBalancer.Kind":          func(world) any { return recovery.LoadBalancerKind_APPLICATION },
	"NodeLoadBalancer.Subnets":       func(w world) any { return w.subnets() },
	"NodeTargetGroup.TargetGroupArn": text1(targetGroup("other")),
	"NodeInstance.PlacementGroup": func(w world) any {
		return awsec2.PlacementGroup_FromPlacementGroupName(w.stack, jsii.String("OtherPlaces"), jsii.String("other"))
	},
	"NodeTargetGroup.TargetGroup": func(w world) any {
		return w.targets("other")
	},
	"NodeVolume.Size":                 func(world) any { return awscdk.Size_Gibibytes(jsii.Number(30)) },
	"RecoveryPolicy.HistoryTime":      func(world) any { return awscdk.Duration_Days(jsii.Number(30)) },
	"UnservedAlarm.After":             func(world) any { return awscdk.Duration_Minutes(jsii.Number(20)) },
	"NodeVolume.DeviceName":           text1("/dev/sdf"),
	"NodeVolume.Iops":                 func(world) any { return jsii.Number(4000) },
	"NodeVolume.Throughput":           func(world) any { return jsii.Number(250) },
	"NodeVolume.VolumeType":           func(world) any { return awsec2.EbsDeviceVolumeType_GP2 },
	"RecoveryDashboardProps.Interval": func(world) any { return awscdk.Duration_Hours(jsii.Number(1)) },
	// changedApp puts the monitor in.
	"RecoveryDashboardProps.Monitors":        func(world) any { return &[]recovery.ResourceMonitor{} },
	"RecoveryPolicy.DeployTime":              func(world) any { return second(1000) },
	"RecoveryPolicy.NoticeLeadTime":          func(world) any { return second(7200) },
	"RecoveryVpcProps.AvailabilityZones":     texts("us-east-1a", "us-east-1c"),
	"RecoveryVpcProps.AvailabilityZoneCount": func(world) any { return jsii.Number(2) },
	"RecoveryVpcProps.CidrBlock":             text1("10.1.0.0/16"),
	"RecoveryVpcProps.ExtraInterfaceEndpoints": func(world) any {
		return &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_SSM()}
	},
	"RecoveryVpcProps.GatewayEndpoints": func(world) any {
		return &[]awsec2.GatewayVpcEndpointAwsService{awsec2.GatewayVpcEndpointAwsService_S3()}
	},
	"RecoveryVpcProps.InterfaceEndpoints": func(world) any {
		return &[]awsec2.InterfaceVpcEndpointAwsService{awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_MONITORING(), awsec2.InterfaceVpcEndpointAwsService_EC2()}
	},
	"RecoveryVpcProps.SubnetCidrs": texts("10.0.64.0/20", "10.0.80.0/20"),
	"RecoveryVpcProps.Vpc": func(w world) any {
		return awsec2.Vpc_FromVpcAttributes(w.stack, jsii.String("OtherVpc"), &awsec2.VpcAttributes{
			VpcId: jsii.String("vpc-0123456789abcdef0"), VpcCidrBlock: jsii.String("10.0.0.0/16"), AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b"),
		})
	},
	"SwitcherProps.Architecture": func(world) any { return awslambda.Architecture_X86_64() },
	"SwitcherProps.Code": func(w world) any {
		return awslambda.Code_FromBucket(awss3.Bucket_FromBucketName(w.stack, jsii.String("OtherBucket"), jsii.String("other")), jsii.String("switcher.zip"), nil)
	},
	"SwitcherProps.LogGroup": func(w world) any {
		return awslogs.LogGroup_FromLogGroupName(w.stack, jsii.String("OtherLogs"), jsii.String("other"))
	},
	"SwitcherProps.MemorySize": func(world) any { return jsii.Number(1024) },
	"SwitcherProps.RunbookUrl": text1("https://example.com/runbooks/"),
}

func otherGroups(world) any {
	return &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(targetGroup("other"))}}
}

// vary is the template with another value of the prop.
func (p propRef) vary(t *testing.T, before document) (document, error) {
	t.Helper()
	var errs []error
	for i := 0; ; i++ {
		more := true
		after, err := tried(func() document {
			return p.app(t, func(w world, f *forms) {
				field := p.in(f)
				values := p.values(w, field)
				if more = i < len(values); more {
					field.Set(reflect.ValueOf(values[i]).Convert(field.Type()))
				}
			})
		})
		switch {
		case !more:
			return document{}, fmt.Errorf("none of %d values changes the templates: add one to otherValues (%w)", i, errors.Join(errs...))
		case err != nil:
			errs = append(errs, err)
		case !cmp.Equal(before, after):
			return after, nil
		}
	}
}

func tried(synthesise func() document) (d document, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return synthesise(), nil
}

// app synthesises one of each construct that the prop can concern, in one stack.
func (p propRef) app(t *testing.T, set func(world, *forms)) document {
	t.Helper()
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("us-east-1")}})
	f, w := newForms(), world{stack}
	if start := startFor[p.String()]; start != nil {
		start(w, f)
	}
	if set != nil {
		set(w, f)
	}
	if f.Switcher.Code == nil {
		f.Switcher.Code = code()
	}
	f.Switcher.Table = recovery.NewRecoveryTable(stack, jsii.String("Table"), &f.Table)
	f.Switcher.Vpc = recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &f.Vpc)
	switcher := recovery.NewSwitcher(stack, jsii.String("Switcher"), &f.Switcher)
	f.Node.Switcher, f.Adopted.Switcher, f.Dashboard.Switcher = switcher, switcher, switcher
	root := p.root()
	if root != "Adopted" {
		f.Monitor.ClusterNode = recovery.NewClusterNode(stack, jsii.String("Node"), &f.Node)
		monitor := recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &f.Monitor)
		if f.Dashboard.Monitors != nil {
			f.Dashboard.Monitors = &[]recovery.ResourceMonitor{monitor}
		}
	}
	if root != "Node" && root != "Monitor" {
		recovery.NewRecoveryDashboard(stack, jsii.String("Dashboard"), &f.Dashboard)
	}
	if root != "Node" && root != "Monitor" && root != "Dashboard" {
		recovery.NewAdoptedNode(stack, jsii.String("Adopted"), &f.Adopted)
	}
	return synth(t, stack)
}
