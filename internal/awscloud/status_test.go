package awscloud

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func TestScheduledAreThoseStillToComeOfTheInstancesAskedFor(t *testing.T) {
	const item = `<item><instanceId>%s</instanceId><eventsSet><item><instanceEventId>instance-event-%s</instanceEventId><code>%s</code>` +
		`<description>%s</description><notBefore>2030-01-%sT00:00:00.000Z</notBefore></item></eventsSet></item>`
	const page = `<DescribeInstanceStatusResponse><instanceStatusSet>%s</instanceStatusSet>%s</DescribeInstanceStatusResponse>`
	s, ports := start(t, 200, fmt.Sprintf(page,
		fmt.Sprintf(item, "i-2", "b", "instance-retirement", "The instance is running on degraded hardware", "09")+
			fmt.Sprintf(item, "i-1", "c", "instance-reboot", "[Completed] The instance is scheduled for a reboot", "01")+
			fmt.Sprintf(item, "i-1", "d", "system-reboot", "[Canceled] The instance is scheduled for a reboot", "01")+
			fmt.Sprintf(item, "i-9", "e", "instance-stop", "of somebody else", "01"),
		"<nextToken>more</nextToken>"))
	s.then = fmt.Sprintf(page, fmt.Sprintf(item, "i-1", "a", "system-maintenance", "scheduled network maintenance", "05")+
		`<item><instanceId>i-2</instanceId></item>`, "")
	got, err := ports.Compute.Scheduled(t.Context(), []string{"i-1", "i-2", "i-3"})
	if err != nil {
		t.Fatal(err)
	}
	want := []cloud.Scheduled{
		{Instance: "i-1", ID: "instance-event-a", Code: cloud.EventMaintenance, Detail: "scheduled network maintenance", NotBefore: time.Date(2030, 1, 5, 0, 0, 0, 0, time.UTC)},
		{Instance: "i-2", ID: "instance-event-b", Code: cloud.EventRetirement, Detail: "The instance is running on degraded hardware", NotBefore: time.Date(2030, 1, 9, 0, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	f := form(t, s.requests[0])
	if f.Get("IncludeAllInstances") != "true" || f.Get("Filter.1.Name") != "event.code" || f.Get("Filter.1.Value.5") == "" {
		t.Errorf("the request is %v, wanted one for all instances with events of any code", f)
	}
	if f := form(t, s.requests[1]); f.Get("NextToken") != "more" {
		t.Errorf("the second request is %v, wanted the next page", f)
	}
}

func TestFailingNamesTheChecksThatFailed(t *testing.T) {
	const item = `<item><instanceId>%s</instanceId><applicationStatus><status>%s</status><statusSince>2030-01-02T03:04:05.000Z</statusSince><detailSet>%s</detailSet></applicationStatus></item>`
	const page = `<R><applicationStatusesResponseType><instanceSet>%s</instanceSet></applicationStatusesResponseType>%s</R>`
	details := `<item><applicationStatusCheckId>asc-1</applicationStatusCheckId><status>failed</status><reason><code>ResponseCodeMismatch</code><statusCode>503</statusCode></reason></item>` +
		`<item><applicationStatusCheckId>asc-2</applicationStatusCheckId><status>failed</status><aggregation>excluded</aggregation></item>` +
		`<item><applicationStatusCheckId>asc-3</applicationStatusCheckId><status>passed</status></item>` +
		`<item><applicationStatusCheckId>asc-4</applicationStatusCheckId><status>failed</status><reason><code>ConnectionTimeout</code></reason></item>`
	s, ports := start(t, 200, fmt.Sprintf(page, fmt.Sprintf(item, "i-2", "impaired", ""), "<nextToken>more</nextToken>"))
	s.then = fmt.Sprintf(page, fmt.Sprintf(item, "i-1", "impaired", details)+fmt.Sprintf(item, "i-3", "suppressed", "")+fmt.Sprintf(item, "i-9", "impaired", ""), "")
	got, err := ports.Compute.Failing(t.Context(), []string{"i-1", "i-2", "i-3"})
	if err != nil {
		t.Fatal(err)
	}
	since := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	want := []cloud.Failing{{Instance: "i-1", Reason: "asc-1: ResponseCodeMismatch (503), asc-4: ConnectionTimeout", Since: since}, {Instance: "i-2", Since: since}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("impaired differ (-want +got):\n%s", diff)
	}
	if f := form(t, s.requests[0]); f.Get("Filter.1.Name") != "status" || f.Get("Filter.1.Value.1") != "impaired" {
		t.Errorf("the request is %v, wanted one for the impaired", f)
	}
}

// TestWatchMayBeRepeated: EC2 answers 200 and lists what it did not do, with a reason
// in words; whether the association exists decides.
func TestWatchMayBeRepeated(t *testing.T) {
	const refused = `<R><unsuccessfulResultSet><item><reason>%s</reason></item></unsuccessfulResultSet></R>`
	const exists = `<R><associationSet><item><applicationStatusCheckId>asc-1</applicationStatusCheckId><associationType>tag</associationType><key>id</key><value>7</value></item></associationSet></R>`
	for name, c := range map[string]struct {
		action, answer, associations string
		kind                         cloud.Kind
	}{
		"made":             {"Associate", "<R/>", "", ""},
		"made before":      {"Associate", fmt.Sprintf(refused, "already associated"), exists, ""},
		"too many":         {"Associate", fmt.Sprintf(refused, "limit exceeded"), "<R/>", cloud.Invalid},
		"removed":          {"Disassociate", "<R/>", "", ""},
		"removed before":   {"Disassociate", fmt.Sprintf(refused, "not associated"), "<R/>", ""},
		"kept for somehow": {"Disassociate", fmt.Sprintf(refused, "not now"), exists, cloud.Invalid},
	} {
		s, ports := start(t, 200, c.answer)
		s.then = c.associations
		do := ports.Compute.Watch
		if c.action == "Disassociate" {
			do = ports.Compute.Unwatch
		}
		err := do(t.Context(), "asc-1", "id", "7")
		if cloud.KindOf(err) != c.kind {
			t.Errorf("%s: %v, wanted kind %q", name, err, c.kind)
		}
		f := form(t, s.requests[0])
		if f.Get("Action") != c.action+"ApplicationStatusCheck" || f.Get("ApplicationStatusCheckId") != "asc-1" ||
			f.Get("TargetTagAssociation.1.Key") != "id" || f.Get("TargetTagAssociation.1.Value") != "7" {
			t.Errorf("%s: %v", name, f)
		}
		if looked := len(s.requests) == 2 && strings.Contains(s.requests[1], "DescribeApplicationStatusCheckAssociations"); looked != (c.associations != "") {
			t.Errorf("%s: requests %q", name, s.requests)
		}
	}
}
