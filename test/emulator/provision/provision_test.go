package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

var emulator moto.Share

func TestMain(m *testing.M) {
	moto.Main(&emulator, func() (int, error) { return m.Run(), nil })
}

// buildProvider builds the testdata's function once.
var buildProvider = sync.OnceValues(func() (string, error) {
	bootstrap := filepath.Join(emulator.Dir, "provider")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/provider")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	return bootstrap, nil
})

func deployTestdata(t *testing.T) *Deployment {
	t.Helper()
	bootstrap, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.New(emulator.URL(), emulator.Account())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	d := New(Options{Proxy: p, Region: "ap-northeast-1", Bootstrap: bootstrap})
	t.Cleanup(d.Close)
	a, err := Load("testdata/assembly")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Deploy(context.Background(), a.Stacks...); err != nil {
		t.Fatal(err)
	}
	if f := p.Failures(); len(f) > 0 {
		t.Fatal(f)
	}
	return d
}

func TestDeployCreatesWhatTheTemplatesSay(t *testing.T) {
	ctx := context.Background()
	d := deployTestdata(t)
	c := d.In("ap-northeast-1")
	base, user := d.Stacks["base"], d.Stacks["user"]
	if _, made := base.Resources["Absent"]; made {
		t.Error("a resource was created although its condition is false")
	}
	subnet := base.Resources["Subnet"]
	if zone := subnet.Attributes["AvailabilityZone"]; zone != "ap-northeast-1c" {
		t.Errorf("subnet is in %v, wanted the Region's second zone", zone)
	}
	asked := user.Resources["Node"].Attributes
	if want := "ap-northeast-1/" + base.Resources["Vpc"].Physical + "/" + base.Resources["Closed"].Physical; asked["Where"] != want {
		t.Errorf("the function's environment has %v, wanted %s", asked["Where"], want)
	}
	var request Request
	if err := json.Unmarshal([]byte(asked["Asked"].(string)), &request); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"ServiceToken": base.Outputs["Function"], "NodeId": "7", "Instance": "i-0123456789abcdef0", "Nested": map[string]any{"Flag": "true", "List": []any{"1", "2"}},
		"Template": user.Resources["Template"].Physical, "Version": "1",
	}
	if diff := cmp.Diff(want, request.ResourceProperties); diff != "" {
		t.Errorf("properties that the provider was sent (-want +got):\n%s", diff)
	}
	alarms, err := c.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"node-7"}})
	if err != nil || len(alarms.MetricAlarms) != 1 || aws.ToString(alarms.MetricAlarms[0].Dimensions[0].Value) != "i-0123456789abcdef0" {
		t.Errorf("alarm: %+v, %v", alarms, err)
	}
	version, err := c.EC2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &user.Resources["Template"].Physical, Versions: []string{"1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	data := version.LaunchTemplateVersions[0].LaunchTemplateData
	if !strings.HasPrefix(aws.ToString(data.ImageId), "ami-") || aws.ToString(data.UserData) != "IyEvYmluL3NoCmVjaG8gdXNlcg==" ||
		data.KeyName != nil || aws.ToInt32(data.BlockDeviceMappings[0].Ebs.VolumeSize) != 12 {
		t.Errorf("launch template: %+v", data)
	}
	groups, err := c.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{base.Resources["Closed"].Physical}})
	if err != nil || len(groups.SecurityGroups[0].IpPermissions) != 0 || len(groups.SecurityGroups[0].IpPermissionsEgress) != 1 {
		t.Errorf("security group: %+v, %v", groups, err)
	}
}

func TestEventsReachOnlyMatchingRules(t *testing.T) {
	ctx := context.Background()
	d := deployTestdata(t)
	for state, want := range map[string]int{"stopped": 1, "running": 0} {
		n, err := d.Deliver(ctx, d.InstanceEvent("ap-northeast-1", "i-0123456789abcdef0", state))
		if err != nil || n != want {
			t.Errorf("%s: delivered to %d functions, wanted %d; %v", state, n, want, err)
		}
	}
	if n, err := d.Deliver(ctx, d.InstanceEvent("us-east-1", "i-0123456789abcdef0", "stopped")); err != nil || n != 0 {
		t.Errorf("another Region's event: delivered to %d functions, %v", n, err)
	}
	d.Settle()
	if got := len(d.Functions()[0].Results()); got != 2 {
		t.Errorf("%d invocations, wanted 2: the request and the event", got)
	}
}

func TestWhatIsUnknownFailsLoudly(t *testing.T) {
	p, err := proxy.New("http://127.0.0.1:1", "111122223333") // nothing is called
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	for name, c := range map[string]struct {
		resource Resource
		want     string
	}{
		"type":      {Resource{Type: "AWS::New::Thing"}, "does not know this type"},
		"property":  {Resource{Type: "AWS::Scheduler::Schedule", Properties: map[string]any{"Surprise": 1}}, "Surprise"},
		"intrinsic": {Resource{Type: "AWS::SQS::Queue", Properties: map[string]any{"QueueName": map[string]any{"Fn::New": "x"}}}, "not known to the provisioner"},
		"reference": {Resource{Type: "AWS::SQS::Queue", Properties: map[string]any{"QueueName": map[string]any{"Ref": "Nobody"}}}, "neither a parameter nor a resource"},
		"import":    {Resource{Type: "AWS::SQS::Queue", Properties: map[string]any{"QueueName": map[string]any{"Fn::ImportValue": "x"}}}, "no stack deployed"},
	} {
		d := New(Options{Proxy: p, Region: "ap-northeast-1"})
		err := d.Deploy(context.Background(), &Stack{Name: "s", Template: Template{Resources: map[string]Resource{"R": c.resource}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, wanted one with %q", name, err, c.want)
		}
	}
	_, err = sorted(map[string]Resource{"A": {DependsOn: "B"}, "B": {DependsOn: []any{"A"}}}, Resource.needs)
	if err == nil || !strings.Contains(err.Error(), "A -> B -> A") {
		t.Errorf("circular dependency: %v", err)
	}
}
