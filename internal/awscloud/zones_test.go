package awscloud

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

func TestZones(t *testing.T) {
	s, ports := start(t, 200, `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>
		<item><zoneName>ap-northeast-1c</zoneName><zoneId>apne1-az1</zoneId><zoneState>impaired</zoneState>
			<messageSet><item><message>Power is lost.</message></item><item><message>We are on it.</message></item></messageSet></item>
		<item><zoneName>ap-northeast-1a</zoneName><zoneId>apne1-az4</zoneId><zoneState>available</zoneState><messageSet/></item>
	</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`)
	got, err := ports.Zones.Zones(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []cloud.Zone{
		{Name: "ap-northeast-1a", ID: "apne1-az4", State: "available"},
		{Name: "ap-northeast-1c", ID: "apne1-az1", State: "impaired", Message: "Power is lost. We are on it."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("zones differ (-want +got):\n%s", diff)
	}
	if f := form(t, s.requests[0]); f.Get("AllAvailabilityZones") != "" {
		t.Errorf("asked for zones that the account has not opted in to: %v", f)
	}
}

func TestReservedAsksForOpenActiveReservationsAndAddsThemUp(t *testing.T) {
	const item = `<item><availabilityZone>%s</availabilityZone><instanceType>%s</instanceType><availableInstanceCount>%d</availableInstanceCount></item>`
	const page = `<DescribeCapacityReservationsResponse><capacityReservationSet>%s</capacityReservationSet>%s</DescribeCapacityReservationsResponse>`
	s, ports := start(t, 200, fmt.Sprintf(page, fmt.Sprintf(item, "1c", "m5.large", 1)+fmt.Sprintf(item, "1a", "m5.large", 0), "<nextToken>more</nextToken>"))
	s.then = fmt.Sprintf(page, fmt.Sprintf(item, "1c", "m5.large", 2)+fmt.Sprintf(item, "1c", "m5a.large", 4)+fmt.Sprintf(item, "1a", "m5a.large", 1), "")
	got, err := ports.Zones.Reserved(t.Context(), []string{"m5.large", "m5a.large"})
	if err != nil {
		t.Fatal(err)
	}
	want := []cloud.Reserve{{Zone: "1a", Type: "m5a.large", Free: 1}, {Zone: "1c", Type: "m5.large", Free: 3}, {Zone: "1c", Type: "m5a.large", Free: 4}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reserves differ (-want +got):\n%s", diff)
	}
	sent := map[string]string{}
	for k, v := range form(t, s.requests[0]) {
		if strings.HasPrefix(k, "Filter.") {
			sent[k] = v[0]
		}
	}
	wantSent := map[string]string{
		"Filter.1.Name": "instance-type", "Filter.1.Value.1": "m5.large", "Filter.1.Value.2": "m5a.large",
		"Filter.2.Name": "state", "Filter.2.Value.1": "active",
		"Filter.3.Name": "instance-match-criteria", "Filter.3.Value.1": "open",
	}
	if diff := cmp.Diff(wantSent, sent); diff != "" {
		t.Errorf("filters differ (-want +got):\n%s", diff)
	}
	if f := form(t, s.requests[1]); f.Get("NextToken") != "more" {
		t.Errorf("the second request is %v, wanted the next page", f)
	}
}

// rest answers by method and path, as services of the REST protocols do.
func rest(t *testing.T, answers map[string]func(http.ResponseWriter, *http.Request)) cloud.Ports {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, answer := range answers {
		mux.HandleFunc(pattern, answer)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return Ports(aws.Config{Region: "ap-northeast-1", BaseEndpoint: &server.URL, Credentials: aws.AnonymousCredentials{}}, Options{})
}

func TestShiftsAreZonalShiftsAndAutoshiftsThatAreActive(t *testing.T) {
	var asked []string
	answer := func(pages ...string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			asked = append(asked, r.URL.Path+" "+q.Get("status")+" "+q.Get("nextToken"))
			body := pages[0]
			if q.Get("nextToken") != "" {
				body = pages[1]
			}
			_, _ = w.Write([]byte(body))
		}
	}
	const shift = `{"awayFrom":"%s","comment":"%s","expiryTime":1,"resourceIdentifier":"arn","startTime":1,"status":"ACTIVE","zonalShiftId":"z"%s}`
	ports := rest(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /zonalshifts": answer(
			`{"items":[`+fmt.Sprintf(shift, "apne1-az4", "disks are slow", `,"shiftType":"ZONAL_SHIFT"`)+`],"nextToken":"more"}`,
			`{"items":[`+fmt.Sprintf(shift, "apne1-az2", "", `,"shiftType":"PRACTICE_RUN"`)+`,`+fmt.Sprintf(shift, "apne1-az1", "", "")+`]}`),
		"GET /autoshifts": answer(`{"items":[{"awayFrom":"apne1-az1","startTime":1,"status":"ACTIVE"}]}`),
	})
	got, err := ports.Zones.Shifts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []cloud.Shift{
		{ZoneID: "apne1-az1", Reason: "autoshift by AWS"},
		{ZoneID: "apne1-az1", Reason: "zonal shift"},
		{ZoneID: "apne1-az2", Reason: "practice run"},
		{ZoneID: "apne1-az4", Reason: "zonal shift: disks are slow"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shifts differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/zonalshifts ACTIVE ", "/zonalshifts ACTIVE more", "/autoshifts ACTIVE "}, asked); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

// A launch waits for these reads: what hangs must not hold it for as long as a
// read that it cannot do without.
func TestAdviceDoesNotWaitLong(t *testing.T) {
	limits := map[string]time.Duration{}
	note := func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Note", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if end, ok := ctx.Deadline(); ok {
				limits[fmt.Sprintf("%T", in.Parameters)] = time.Until(end)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	z := Ports(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: &server.URL, Credentials: aws.AnonymousCredentials{},
		APIOptions: []func(*middleware.Stack) error{note},
	}, Options{}).Zones
	_, err1 := z.Zones(t.Context())
	_, err2 := z.Shifts(t.Context())
	_, err3 := z.Reserved(t.Context(), []string{"m5.large"})
	if err1 == nil || err2 == nil || err3 == nil {
		t.Errorf("errors %v, %v, %v, wanted three", err1, err2, err3)
	}
	for _, of := range []string{"*ec2.DescribeAvailabilityZonesInput", "*arczonalshift.ListZonalShiftsInput", "*ec2.DescribeCapacityReservationsInput"} {
		if limit, ok := limits[of]; !ok || limit > timelimit.Scale(adviceLimit) {
			t.Errorf("%s may take %s (limited: %v), wanted at most %s", of, limit, ok, timelimit.Scale(adviceLimit))
		}
	}
}
