package awscloud

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// sent makes a call against a service with one fixed answer and returns the
// requests. The answer need not suit the call: the request is what is looked at.
func sent(t *testing.T, body string, call func(context.Context, cloud.Ports)) []string {
	t.Helper()
	s, ports := start(t, 200, body)
	call(t.Context(), ports)
	return s.requests
}

func form(t *testing.T, request string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(request[strings.LastIndex(request, " ")+1:])
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return v
}

func TestPowerOffOptions(t *testing.T) {
	for how, want := range map[cloud.PowerOff]struct{ force, skip string }{
		cloud.ShutDown: {"", ""}, cloud.SkipShutdown: {"", "true"}, cloud.ForceOff: {"true", "true"},
	} {
		for answer, call := range map[string]func(context.Context, cloud.Ports){
			"<StopInstancesResponse/>":      func(ctx context.Context, p cloud.Ports) { _ = p.Compute.Stop(ctx, []string{"i-1"}, how) },
			"<TerminateInstancesResponse/>": func(ctx context.Context, p cloud.Ports) { _ = p.Compute.Terminate(ctx, []string{"i-1"}, how) },
		} {
			f := form(t, sent(t, answer, call)[0])
			if f.Get("Force") != want.force || f.Get("SkipOsShutdown") != want.skip || f.Get("InstanceId.1") != "i-1" {
				t.Errorf("%s with %s sends %v", answer, how, f)
			}
		}
	}
}

func TestManyNamesAreAskedForInSeveralCalls(t *testing.T) {
	many := make([]string, 450)
	for i := range many {
		many[i] = fmt.Sprintf("name-%d", i)
	}
	for _, c := range []struct {
		name, last string // a parameter that only the fullest call may have at its limit
		calls      int
		call       func(context.Context, cloud.Ports)
		answer     string
	}{
		{"instances", "Filter.1.Value.200", 3, func(ctx context.Context, p cloud.Ports) { _, _ = p.Compute.Instances(ctx, many) }, "<DescribeInstancesResponse/>"},
		{"tagged", "Filter.1.Value.200", 3, func(ctx context.Context, p cloud.Ports) { _, _ = p.Compute.TaggedInstances(ctx, "k", many) }, "<DescribeInstancesResponse/>"},
		{"groups", "TargetGroupArns.member.20", 23, func(ctx context.Context, p cloud.Ports) { _, _ = p.Balancers.Groups(ctx, many) }, "<R><DescribeTargetGroupsResult/></R>"},
	} {
		requests := sent(t, c.answer, c.call)
		if len(requests) != c.calls {
			t.Errorf("%s: %d requests for %d names, wanted %d", c.name, len(requests), len(many), c.calls)
			continue
		}
		if first := form(t, requests[0]); first.Get(c.last) == "" {
			t.Errorf("%s: the first request does not use its %s: %v", c.name, c.last, first)
		}
	}
	alarms := sent(t, `{"MetricAlarms":[]}`, func(ctx context.Context, p cloud.Ports) { _, _ = p.Alarms.Alarms(ctx, many) })
	if len(alarms) != 5 || strings.Count(alarms[0], `"name-`) != namesPerCall {
		t.Errorf("alarms: %d requests with %d names in the first, wanted 5 with %d", len(alarms), strings.Count(alarms[0], `"name-`), namesPerCall)
	}
}

func TestPagesAreFollowed(t *testing.T) {
	const page = `<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-%s</instanceId></item></instancesSet></item></reservationSet>%s</DescribeInstancesResponse>`
	s, ports := start(t, 200, fmt.Sprintf(page, "1", "<nextToken>more</nextToken>"))
	s.then = fmt.Sprintf(page, "2", "")
	found, err := ports.Compute.Instances(t.Context(), []string{"i-1", "i-2"})
	if err != nil || len(found) != 2 || found[0].ID != "i-1" || found[1].ID != "i-2" {
		t.Fatalf("found %+v, %v, wanted both pages", found, err)
	}
	if f := form(t, s.requests[1]); f.Get("NextToken") != "more" || f.Get("MaxResults") != "1000" {
		t.Errorf("the second request is %v", f)
	}
}

func TestTableRequests(t *testing.T) {
	for _, c := range []struct {
		name  string
		call  func(context.Context, cloud.Ports)
		wants []string
	}{
		{"Get", func(ctx context.Context, p cloud.Ports) { _, _ = p.Table.Get(ctx, "p", "s") }, []string{`"ConsistentRead":true`}},
		{"Query", func(ctx context.Context, p cloud.Ports) { _, _ = p.Table.Query(ctx, "p", "x") }, []string{`"ConsistentRead":true`, "begins_with"}},
		{"Put new", func(ctx context.Context, p cloud.Ports) {
			_ = p.Table.Put(ctx, cloud.Item{Partition: "p", Sort: "s", Body: []byte("{}")}, 0)
		}, []string{`"attribute_not_exists(#pk)"`, `"rev":{"N":"1"}`}},
		{"Put over", func(ctx context.Context, p cloud.Ports) {
			_ = p.Table.Put(ctx, cloud.Item{Partition: "p", Sort: "s", Body: []byte("{}")}, 7)
		}, []string{`"#rev = :prev"`, `":prev":{"N":"7"}`, `"rev":{"N":"8"}`}},
		{"Delete", func(ctx context.Context, p cloud.Ports) { _ = p.Table.Delete(ctx, "p", "s", 7) }, []string{`"#rev = :prev"`, `":prev":{"N":"7"}`}},
	} {
		requests := sent(t, "{}", c.call)
		for _, want := range c.wants {
			if len(requests) != 1 || !strings.Contains(requests[0], want) {
				t.Errorf("%s sends %q, wanted %s in it", c.name, requests, want)
			}
		}
	}
}

// An answer that says nothing of an instance is not proof that none was launched.
func TestLaunchWithoutAnInstanceInTheAnswerIsAmbiguous(t *testing.T) {
	_, ports := start(t, 200, "<RunInstancesResponse/>")
	if _, err := ports.Compute.Launch(t.Context(), cloud.Launch{Token: "t"}); !cloud.Is(err, cloud.Ambiguous) {
		t.Errorf("error = %v, wanted kind ambiguous", err)
	}
}

func TestTemplateErrorsSayWhatToDo(t *testing.T) {
	const answer = `<R><launchTemplateVersionSet><item><launchTemplateData>%s</launchTemplateData></item></launchTemplateVersionSet></R>`
	for data, want := range map[string]string{
		`<imageId>ami-1</imageId>`:                                                                "no InstanceType",
		`<instanceType>m5.large</instanceType>`:                                                   "no ImageId",
		`<imageId>resolve:ssm:/x</imageId><instanceType>m5.large</instanceType>`:                  "ssm:GetParameters",
		`<imageId>ami-1</imageId><instanceType>m5.large</instanceType><kernelId>aki-1</kernelId>`: "KernelId",
		`<imageId>ami-1</imageId><securityGroupSet><item>default</item></securityGroupSet>`:       "SecurityGroups",
	} {
		_, ports := start(t, 200, fmt.Sprintf(answer, data))
		if _, err := ports.Compute.Template(t.Context(), "lt-1", "3"); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "lt-1 version 3") {
			t.Errorf("%s: error = %v, wanted one that says %q", data, err, want)
		}
	}
	_, ports := start(t, 200, "<R><launchTemplateVersionSet/></R>")
	if _, err := ports.Compute.Template(t.Context(), "lt-1", "3"); !cloud.Is(err, cloud.NotFound) {
		t.Errorf("error = %v, wanted kind not found", err)
	}
}

// A synchronous call of itself would hold the caller for the callee's 15 minutes.
func TestInvokeDoesNotWait(t *testing.T) {
	s, ports := start(t, 202, "")
	if err := ports.Invoker.Invoke(t.Context(), []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if got := s.headers[0].Get("X-Amz-Invocation-Type"); got != "Event" || !strings.HasSuffix(s.requests[0], ` {"a":1}`) {
		t.Errorf("invocation type %q of %q, wanted Event and the payload", got, s.requests[0])
	}
}
