package proxy_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

const region = "ap-northeast-1"

type world struct {
	*proxy.Proxy
	aws     *provision.Clients // a caller whose calls count
	subnets map[string]string  // zone -> default subnet
}

var emulator moto.Share

func TestMain(m *testing.M) {
	moto.Main(&emulator, func() (int, error) { return m.Run(), nil })
}

func newWorld(t *testing.T) world {
	t.Helper()
	p, err := proxy.New(emulator.URL(), emulator.Account())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w := world{Proxy: p, aws: provision.NewClients(p.URL, region, "AKIACALLER"), subnets: map[string]string{}}
	out, err := provision.NewClients(p.URL, region, proxy.Observer).EC2.DescribeSubnets(context.Background(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Subnets {
		w.subnets[aws.ToString(s.AvailabilityZone)] = aws.ToString(s.SubnetId)
	}
	return w
}

func (w world) launch(zone, token, kind string) (string, error) {
	out, err := w.aws.EC2.RunInstances(context.Background(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: &token,
		InstanceType: types.InstanceType(kind), SubnetId: aws.String(w.subnets[zone]),
		MaintenanceOptions: &types.InstanceMaintenanceOptionsRequest{AutoRecovery: types.InstanceAutoRecoveryStateDisabled},
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Instances[0].InstanceId), nil
}

func (w world) instance(t *testing.T, id string) types.Instance {
	t.Helper()
	out, err := w.aws.EC2.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Reservations[0].Instances[0]
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return "no answer"
	}
	return ""
}

func TestClientTokensAreZonalAndStrict(t *testing.T) {
	w := newWorld(t)
	first, err := w.launch(region+"a", "token", "t3.micro")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.launch(region+"a", "token", "t3.micro"); err != nil || again != first {
		t.Errorf("same token, same zone: %s, %v, wanted %s again", again, err, first)
	}
	if _, err := w.launch(region+"a", "token", "t3.small"); code(err) != "IdempotentParameterMismatch" {
		t.Errorf("same token, other type: %v", err)
	}
	if other, err := w.launch(region+"c", "token", "t3.micro"); err != nil || other == first {
		t.Errorf("same token, other zone: %s, %v, wanted another instance", other, err)
	}
	if _, err := w.aws.EC2.TerminateInstances(context.Background(), &ec2.TerminateInstancesInput{InstanceIds: []string{first}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.launch(region+"a", "token", "t3.micro"); code(err) != "IdempotentInstanceTerminated" {
		t.Errorf("token of a terminated instance: %v", err)
	}
}

func TestCapacityAndDelays(t *testing.T) {
	w := newWorld(t)
	w.SetNoCapacity(region + "a")
	if _, err := w.launch(region+"a", "t1", "t3.micro"); code(err) != "InsufficientInstanceCapacity" {
		t.Errorf("launch without capacity: %v", err)
	}
	w.SetDelays(2, 0)
	id, err := w.launch(region+"c", "t1", "t3.micro")
	if err != nil {
		t.Fatal(err)
	}
	var states []types.InstanceStateName
	for range 3 {
		states = append(states, w.instance(t, id).State.Name)
	}
	if want := []types.InstanceStateName{"pending", "pending", "running"}; !slices.Equal(states, want) {
		t.Errorf("states %v, wanted %v", states, want)
	}
	if got := w.instance(t, id).MaintenanceOptions; got == nil || got.AutoRecovery != types.InstanceAutoRecoveryStateDisabled {
		t.Errorf("maintenance options %+v: the launch had auto recovery disabled", got)
	}
}

func TestInterfaceAloneDecidesGroups(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	id, err := w.launch(region+"a", "t", "t3.micro")
	if err != nil {
		t.Fatal(err)
	}
	i := w.instance(t, id)
	made, err := w.aws.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("other"), Description: aws.String("other"), VpcId: i.VpcId})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.aws.EC2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{
		NetworkInterfaceId: i.NetworkInterfaces[0].NetworkInterfaceId, Groups: []string{aws.ToString(made.GroupId)},
	}); err != nil {
		t.Fatal(err)
	}
	i = w.instance(t, id)
	for _, groups := range [][]types.GroupIdentifier{i.SecurityGroups, i.NetworkInterfaces[0].Groups} {
		if len(groups) != 1 || aws.ToString(groups[0].GroupId) != aws.ToString(made.GroupId) {
			t.Errorf("groups %+v, wanted only %s", groups, aws.ToString(made.GroupId))
		}
	}
}

func TestTargetsAndAlarms(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	id, err := w.launch(region+"a", "t", "t3.micro")
	if err != nil {
		t.Fatal(err)
	}
	group, err := w.aws.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("g"), Protocol: elbtypes.ProtocolEnumTcp, Port: aws.Int32(80), VpcId: w.instance(t, id).VpcId,
	})
	if err != nil {
		t.Fatal(err)
	}
	arn, targets := group.TargetGroups[0].TargetGroupArn, []elbtypes.TargetDescription{{Id: &id}}
	if _, err := w.aws.ELB.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: arn, Targets: targets}); err != nil {
		t.Errorf("deregister what is not registered: %v, wanted success as in AWS", err)
	}
	w.SetDelays(0, 1)
	if _, err := w.aws.ELB.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: arn, Targets: targets}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []elbtypes.TargetHealthStateEnum{"initial", "healthy"} {
		out, err := w.aws.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: arn})
		if err != nil || len(out.TargetHealthDescriptions) != 1 || out.TargetHealthDescriptions[0].TargetHealth.State != want {
			t.Errorf("target health %+v, %v, wanted %s", out, err, want)
		}
	}
	alarm := &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("a"), MetricName: aws.String("m"), Namespace: aws.String("n"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, Statistic: cwtypes.StatisticMaximum,
	}
	set := &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("test")}
	_, err1 := w.aws.CloudWatch.PutMetricAlarm(ctx, alarm)
	_, err2 := w.aws.CloudWatch.SetAlarmState(ctx, set)
	_, err3 := w.aws.CloudWatch.PutMetricAlarm(ctx, alarm)
	out, err4 := w.aws.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err := errors.Join(err1, err2, err3, err4); err != nil || out.MetricAlarms[0].StateValue != cwtypes.StateValueAlarm {
		t.Errorf("rewritten alarm: %v, %v, wanted it still in ALARM", out, err)
	}
	if f := w.Failures(); len(f) > 0 {
		t.Error(f)
	}
}

func TestFaultsSpeakEachProtocol(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ports := w.ports()
	// The switcher's own errors keep the service's code.
	kept := func(err error) error {
		var e *cloud.Error
		if errors.As(err, &e) && e.Code != "FileSystemNotFound" {
			return &smithy.GenericAPIError{Code: e.Code}
		}
		return nil
	}
	for _, c := range []struct {
		service, action string
		call            func() error
	}{
		{proxy.EC2, "DescribeVpcs", func() error { _, err := w.aws.EC2.DescribeVpcs(ctx, nil); return err }},
		{proxy.ELB, "DescribeTargetGroups", func() error { _, err := w.aws.ELB.DescribeTargetGroups(ctx, nil); return err }},
		{proxy.DynamoDB, "ListTables", func() error { _, err := w.aws.DynamoDB.ListTables(ctx, &dynamodb.ListTablesInput{}); return err }},
		{proxy.CloudWatch, "DescribeAlarms", func() error { _, err := w.aws.CloudWatch.DescribeAlarms(ctx, nil); return err }},
		{proxy.EFS, "DescribeMountTargets", func() error { _, err := ports.Files.Mounts(ctx, "fs-0"); return kept(err) }},
		{proxy.Zonal, "ListZonalShifts", func() error { _, err := ports.Zones.Shifts(ctx); return kept(err) }},
		{proxy.SNS, "ListTopics", func() error { _, err := w.aws.SNS.ListTopics(ctx, nil); return err }},
	} {
		lift := w.Inject(proxy.Fault{Service: c.service, Action: c.action, Nth: 2, Error: &proxy.Error{Code: "MadeUp", Message: "as told"}})
		got := []string{code(c.call()), code(c.call()), code(c.call())}
		if want := []string{"", "MadeUp", ""}; !slices.Equal(got, want) {
			t.Errorf("%s %s: %q, wanted %q", c.service, c.action, got, want)
		}
		lift()
	}
}

func TestLostAnswers(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	for _, c := range []struct {
		side proxy.Side
		made int
	}{{proxy.Before, 0}, {proxy.After, 1}} {
		var hooked []string
		lift := w.Inject(proxy.Fault{Action: "RunInstances", Lose: c.side, Hook: func(x proxy.Call) { hooked = append(hooked, x.Caller) }})
		from := w.Len()
		_, err := w.launch(region+"a", c.side.String(), "t3.micro")
		lift()
		if code(err) != "no answer" || !slices.Equal(hooked, []string{"AKIACALLER"}) {
			t.Errorf("%s: error %v, hook saw %v", c.side, err, hooked)
		}
		calls := w.Calls(from)
		if len(calls) != 1 || calls[0].Name() != "ec2:RunInstances" || !strings.Contains(calls[0].Fault, c.side.String()) || !calls[0].Mutating() {
			t.Errorf("%s: log %v", c.side, calls)
		}
		out, err := w.aws.EC2.DescribeInstances(ctx, nil)
		if err != nil || len(out.Reservations) != c.made {
			t.Errorf("%s: %d instances, %v, wanted %d", c.side, len(out.Reservations), err, c.made)
		}
	}
}

func TestTheHarnessOwnsItsFaults(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	_, err := w.aws.CloudWatch.DescribeAlarmHistory(ctx, &cloudwatch.DescribeAlarmHistoryInput{})
	if code(err) != "NotInTheEmulator" || len(w.Failures()) != 1 {
		t.Errorf("a call that the emulator lacks: %v, failures %v", err, w.Failures())
	}
	resp, err := http.Get(w.URL) // no signature
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(w.Failures()) != 2 {
		t.Errorf("a request that names no service: failures %v", w.Failures())
	}
	if _, err := proxy.New("http://127.0.0.1:1", "12"); err == nil {
		t.Error("an account of two digits was accepted")
	}
}

// TestHookBetweenCallAndAnswer runs a hook when the emulator has carried the call out and
// its caller does not know yet.
func TestHookBetweenCallAndAnswer(t *testing.T) {
	w := newWorld(t)
	instances := -1
	defer w.Inject(proxy.Fault{Action: "RunInstances", Nth: 1, Hook: func(proxy.Call) {
		if out, err := w.aws.EC2.DescribeInstances(context.Background(), nil); err == nil {
			instances = len(out.Reservations)
		}
	}})()
	if _, err := w.launch(region+"a", "hook", "t3.micro"); err != nil {
		t.Fatal(err)
	}
	if instances != 1 {
		t.Errorf("the hook saw %d instances, wanted 1", instances)
	}
}
