package awscloud

import (
	"fmt"
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
