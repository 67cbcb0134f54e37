package provision

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
)

// again is the stack of the test's assembly, to be changed.
func again(t *testing.T, change func(*Stack)) *Stack {
	t.Helper()
	a, err := Load("testdata/assembly")
	if err != nil {
		t.Fatal(err)
	}
	s := a.Stack("user")
	change(s)
	return s
}

func set(s *Stack, resource, property string, value any) {
	s.Template.Resources[resource].Properties[property] = value
}

// kinds of requests that a deployment sent.
func kinds(d *Deployment, from int) string {
	var all []string
	for _, r := range d.Requests(from) {
		all = append(all, r.RequestType)
	}
	return strings.Join(all, " ")
}

// TestUpdateDoesWhatCloudFormationDoes follows one stack through its updates.
func TestUpdateDoesWhatCloudFormationDoes(t *testing.T) {
	ctx := context.Background()
	d := deployTestdata(t)
	c, st := d.In("ap-northeast-1"), d.Stacks["user"]
	alarm := func() (threshold float64, instance string) {
		t.Helper()
		out, err := c.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"node-7"}})
		if err != nil || len(out.MetricAlarms) != 1 {
			t.Fatalf("alarm: %+v, %v", out, err)
		}
		return aws.ToFloat64(out.MetricAlarms[0].Threshold), aws.ToString(out.MetricAlarms[0].Dimensions[0].Value)
	}
	update := func(change func(*Stack)) []Request {
		t.Helper()
		from := len(d.Requests(0))
		if err := d.Update(ctx, again(t, change)); err != nil {
			t.Fatal(err)
		}
		return d.Requests(from)
	}
	if got := update(func(*Stack) {}); len(got) != 0 {
		t.Errorf("an update without a change sent %+v", got)
	}
	if got := update(func(s *Stack) { set(s, "Alarm", "Threshold", 2) }); len(got) != 0 {
		t.Errorf("the alarm alone changed, and the custom resource was sent %+v", got)
	}
	if threshold, _ := alarm(); threshold != 2 {
		t.Errorf("threshold %v, wanted 2", threshold)
	}
	// The node changes; the alarm follows its answer, and goes back to the first threshold.
	got := update(func(s *Stack) { set(s, "Node", "Instance", "i-2") })
	if len(got) != 1 || got[0].RequestType != "Update" || got[0].PhysicalResourceId != "node-7" ||
		got[0].ResourceProperties["Instance"] != "i-2" || got[0].OldResourceProperties["Instance"] != "i-0123456789abcdef0" {
		t.Errorf("requests %+v, wanted one Update with new and old properties", got)
	}
	if threshold, instance := alarm(); threshold != 1 || instance != "i-2" {
		t.Errorf("the alarm has threshold %v and watches %s, wanted 1 and i-2", threshold, instance)
	}
	// A stack tag rewrites the alarm with what CloudFormation knows, whatever it watches now.
	other := again(t, func(s *Stack) {
		set(s, "Alarm", "Dimensions", []any{map[string]any{"Name": "InstanceId", "Value": "i-9"}})
	})
	if err := (resolver{ctx: ctx, d: d, stack: st}).make(&Created{Logical: "Alarm", Type: "AWS::CloudWatch::Alarm", Properties: other.Template.Resources["Alarm"].Properties, Attributes: map[string]any{}}); err != nil {
		t.Fatal(err)
	}
	got = update(func(s *Stack) { set(s, "Node", "Instance", "i-2"); s.Tags = map[string]string{"cost": "7"} })
	if _, instance := alarm(); len(got) != 0 || instance != "i-2" {
		t.Errorf("after a stack tag the alarm watches %s, and the node was sent %+v; wanted i-2 and nothing", instance, got)
	}
	// A new launch template version is one of the node's properties.
	got = update(func(s *Stack) {
		set(s, "Template", "LaunchTemplateData", map[string]any{"ImageId": "ami-12c6146b", "InstanceType": "t4g.large"})
	})
	if len(got) != 1 || got[0].ResourceProperties["Version"] != "2" || got[0].OldResourceProperties["Version"] != "1" {
		t.Errorf("requests %+v, wanted one Update from version 1 to 2", got)
	}
	// Another physical id is a replacement: the old one is deleted.
	got = update(func(s *Stack) {
		set(s, "Template", "LaunchTemplateData", map[string]any{"ImageId": "ami-12c6146b", "InstanceType": "t4g.large"})
		set(s, "Node", "NodeId", 8)
	})
	if len(got) != 2 || got[1].RequestType != "Delete" || got[1].PhysicalResourceId != "node-7" || st.Resources["Node"].Physical != "node-8" {
		t.Errorf("requests %+v, wanted an Update and the Delete of node-7", got)
	}
	// What a template does not hold any more is deleted.
	got = update(func(s *Stack) { delete(s.Template.Resources, "Node"); delete(s.Template.Resources, "Alarm") })
	if len(got) != 1 || got[0].RequestType != "Delete" || got[0].PhysicalResourceId != "node-8" {
		t.Errorf("requests %+v, wanted the Delete of node-8", got)
	}
}

// TestFailedUpdateIsRolledBack: the old properties come again, by a third version of
// the launch template.
func TestFailedUpdateIsRolledBack(t *testing.T) {
	ctx := context.Background()
	d := deployTestdata(t)
	st, from := d.Stacks["user"], len(d.Requests(0))
	bad := again(t, func(s *Stack) {
		set(s, "Template", "LaunchTemplateData", map[string]any{"ImageId": "ami-12c6146b", "InstanceType": "t4g.large"})
		set(s, "Node", "Refuse", "Update")
		set(s, "Alarm", "Threshold", 5)
		s.Template.Resources["Extra"] = Resource{Type: "AWS::EC2::LaunchTemplate", Properties: map[string]any{"LaunchTemplateData": map[string]any{"InstanceType": "t4g.large"}}}
	})
	var rolled *RolledBack
	err := d.Update(ctx, bad)
	if !errors.As(err, &rolled) || rolled.Resource != "Node" || rolled.Undo != nil || !strings.Contains(err.Error(), "as asked") {
		t.Fatalf("error %v, wanted a roll-back because of Node", err)
	}
	got := d.Requests(from)
	if kinds(d, from) != "Update Update" || got[1].ResourceProperties["Version"] != "3" || got[1].OldResourceProperties["Version"] != "2" {
		t.Fatalf("requests %+v, wanted the Update and its reverse", got)
	}
	want := got[0].OldResourceProperties
	want["Version"] = "3"
	if diff := cmp.Diff(want, got[1].ResourceProperties); diff != "" {
		t.Errorf("properties of the reverse Update (-old +got):\n%s", diff)
	}
	versions, err := d.In("ap-northeast-1").EC2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &st.Resources["Template"].Physical, Versions: []string{"3"},
	})
	if err != nil || versions.LaunchTemplateVersions[0].LaunchTemplateData.InstanceType != "t4g.small" {
		t.Errorf("version 3: %+v, %v", versions, err)
	}
	if st.Resources["Extra"] != nil || st.Resources["Alarm"].Properties["Threshold"] == 5 {
		t.Error("what the update made, or would have made next, is there")
	}
	if from := len(d.Requests(0)); d.Update(ctx, again(t, func(*Stack) {})) != nil || kinds(d, from) != "" {
		t.Errorf("after the roll-back the old template is a change: %s", kinds(d, from))
	}
}

// TestRefusedCreateIsDeleted: with the physical id that the refusal names.
func TestRefusedCreateIsDeleted(t *testing.T) {
	ctx := context.Background()
	d := deployTestdata(t)
	from := len(d.Requests(0))
	s := again(t, func(s *Stack) {
		s.Name = "second"
		set(s, "Node", "Refuse", "Create")
		set(s, "Alarm", "AlarmName", "another")
	})
	var rolled *RolledBack
	if err := d.Deploy(ctx, s); !errors.As(err, &rolled) || rolled.Undo != nil {
		t.Fatalf("error %v, wanted a roll-back", err)
	}
	got := d.Requests(from)
	if kinds(d, from) != "Create Delete" || got[1].PhysicalResourceId != "node-7" {
		t.Errorf("requests %+v, wanted Create and the Delete of what it answered", got)
	}
	if d.Stacks["second"] != nil || d.Stacks["user"] == nil {
		t.Error("the refused stack is there still, or the other is not")
	}
	if err := d.Delete(ctx, "user"); err != nil {
		t.Fatal(err)
	}
	alarms, err := d.In("ap-northeast-1").CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err != nil || len(alarms.MetricAlarms) != 0 || !strings.HasSuffix(kinds(d, from), " Delete") {
		t.Errorf("after the deletion: %d alarms, requests %s, %v", len(alarms.MetricAlarms), kinds(d, from), err)
	}
}
