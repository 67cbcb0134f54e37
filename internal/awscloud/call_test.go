package awscloud

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// service answers every request the same way and remembers what it was sent.
type service struct {
	mu       sync.Mutex
	requests []string // method, content type, body
	headers  []http.Header
	status   int
	body     string
	then     string // answer from the second request on, if not empty
	calls    []Call
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := new(strings.Builder)
	_, _ = io.Copy(body, r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.Header.Get("Content-Type")+" "+body.String())
	s.headers = append(s.headers, r.Header)
	answer := s.body
	if s.then != "" && len(s.requests) > 1 {
		answer = s.then
	}
	s.mu.Unlock()
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(answer))
}

// start returns ports that talk to a service with one fixed answer.
func start(t *testing.T, status int, body string) (*service, cloud.Ports) {
	t.Helper()
	s := &service{status: status, body: body}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	cfg := aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}, nil
		}),
	}
	return s, Ports(cfg, Options{
		Table: "table", Topic: "arn:aws:sns:ap-northeast-1:123456789012:topic", Function: "switcher",
		Observe: func(c Call) { s.calls = append(s.calls, c) },
	})
}

var mutations = []struct {
	action string
	call   func(context.Context, cloud.Ports) error
}{
	{"RunInstances", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.Launch(ctx, cloud.Launch{Token: "t", Subnet: "subnet-1"})
		return err
	}},
	{"StopInstances", func(ctx context.Context, p cloud.Ports) error {
		return p.Compute.Stop(ctx, []string{"i-1"}, cloud.SkipShutdown)
	}},
	{"TerminateInstances", func(ctx context.Context, p cloud.Ports) error {
		return p.Compute.Terminate(ctx, []string{"i-1"}, cloud.ShutDown)
	}},
	{"ModifyInstanceAttribute", func(ctx context.Context, p cloud.Ports) error { return p.Compute.Unprotect(ctx, "i-1", true) }},
	{"ModifyNetworkInterfaceAttribute", func(ctx context.Context, p cloud.Ports) error {
		return p.Compute.SetGroups(ctx, "eni-1", []string{"sg-1"})
	}},
	{"CreateTags", func(ctx context.Context, p cloud.Ports) error {
		return p.Compute.Tag(ctx, []string{"i-1"}, map[string]string{"k": "v"})
	}},
	{"DeleteTags", func(ctx context.Context, p cloud.Ports) error { return p.Compute.Untag(ctx, "i-1", []string{"k"}) }},
	{"AssociateApplicationStatusCheck", func(ctx context.Context, p cloud.Ports) error { return p.Compute.Watch(ctx, "asc-1", "k", "v") }},
	{"DisassociateApplicationStatusCheck", func(ctx context.Context, p cloud.Ports) error { return p.Compute.Unwatch(ctx, "asc-1", "k", "v") }},
	{"StartInstances", func(ctx context.Context, p cloud.Ports) error { return p.Compute.Start(ctx, "i-1") }},
	{"CreateMountTarget", func(ctx context.Context, p cloud.Ports) error {
		return p.Files.CreateMount(ctx, "fs-1", cloud.Mount{Subnet: "subnet-1", Groups: []string{"sg-1"}})
	}},
	{"DeleteMountTarget", func(ctx context.Context, p cloud.Ports) error { return p.Files.DeleteMount(ctx, "fsmt-1") }},
	{"RegisterTargets", func(ctx context.Context, p cloud.Ports) error {
		return p.Balancers.Register(ctx, "arn", []cloud.Target{{ID: "i-1"}})
	}},
	{"DeregisterTargets", func(ctx context.Context, p cloud.Ports) error {
		return p.Balancers.Deregister(ctx, "arn", []cloud.Target{{ID: "i-1"}})
	}},
	{"PutItem", func(ctx context.Context, p cloud.Ports) error {
		return p.Table.Put(ctx, cloud.Item{Partition: "p", Sort: "s", Body: []byte("{}")}, 0)
	}},
	{"DeleteItem", func(ctx context.Context, p cloud.Ports) error { return p.Table.Delete(ctx, "p", "s", 1) }},
	{"Publish", func(ctx context.Context, p cloud.Ports) error {
		return p.Topic.Publish(ctx, cloud.Notice{Subject: "s", Body: "b"})
	}},
	{"Invoke", func(ctx context.Context, p cloud.Ports) error { return p.Invoker.Invoke(ctx, []byte("{}")) }},
}

// A mutating call that was answered with a 5xx, a throttle or a lack of capacity
// is one HTTP request, whatever the SDK would like to do.
func TestMutatingCallsAreSentOnce(t *testing.T) {
	const throttle = `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>m</Message></Error></Errors></Response>`
	for _, answer := range []struct {
		name, body string
		status     int
	}{{"500", "", 500}, {"503", throttle, 503}} {
		for _, m := range mutations {
			t.Run(m.action+" "+answer.name, func(t *testing.T) {
				s, ports := start(t, answer.status, answer.body)
				err := m.call(context.Background(), ports)
				if kind := cloud.KindOf(err); kind != cloud.Ambiguous && kind != cloud.Throttled {
					t.Errorf("error = %v, wanted kind ambiguous or throttled", err)
				}
				if len(s.requests) != 1 {
					t.Errorf("%d requests were sent, wanted 1", len(s.requests))
				}
				want := []Call{{Action: m.action, Attempts: 1, Kind: cloud.KindOf(err)}}
				if diff := cmp.Diff(want, s.calls, cmpopts.IgnoreFields(Call{}, "Service", "Took")); diff != "" {
					t.Errorf("observed calls differ (-want +got):\n%s", diff)
				}
			})
		}
	}
}

var reads = []struct {
	action string
	call   func(context.Context, cloud.Ports) error
}{
	{"DescribeInstances", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.Instances(ctx, []string{"i-1"})
		return err
	}},
	{"DescribeInstances", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.TaggedInstances(ctx, "k", []string{"v"})
		return err
	}},
	{"DescribeInstanceAttribute", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.Details(ctx, cloud.Instance{ID: "i-1"})
		return err
	}},
	{"DescribeSubnets", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.Subnets(ctx, "vpc-1", "k", "v")
		return err
	}},
	{"DescribeLaunchTemplateVersions", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Compute.Template(ctx, "lt-1", "1")
		return err
	}},
	{"DescribeAvailabilityZones", func(ctx context.Context, p cloud.Ports) error { _, err := p.Zones.Zones(ctx); return err }},
	{"DescribeCapacityReservations", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Zones.Reserved(ctx, []string{"m5.large"})
		return err
	}},
	{"ListZonalShifts", func(ctx context.Context, p cloud.Ports) error { _, err := p.Zones.Shifts(ctx); return err }},
	{"DescribeMountTargets", func(ctx context.Context, p cloud.Ports) error { _, err := p.Files.Mounts(ctx, "fs-1"); return err }},
	{"DescribeTargetGroups", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Balancers.Groups(ctx, []string{"arn"})
		return err
	}},
	{"DescribeTargetHealth", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Balancers.Targets(ctx, "arn")
		return err
	}},
	{"DescribeAlarms", func(ctx context.Context, p cloud.Ports) error {
		_, err := p.Alarms.Alarms(ctx, []string{"a"})
		return err
	}},
	{"GetItem", func(ctx context.Context, p cloud.Ports) error { _, err := p.Table.Get(ctx, "p", "s"); return err }},
	{"Query", func(ctx context.Context, p cloud.Ports) error { _, err := p.Table.Query(ctx, "p", ""); return err }},
}

func TestReadsAreTriedThreeTimes(t *testing.T) {
	for _, r := range reads {
		t.Run(r.action, func(t *testing.T) {
			t.Parallel()
			s, ports := start(t, 500, "")
			if err := r.call(context.Background(), ports); !cloud.Is(err, cloud.Ambiguous) {
				t.Errorf("error = %v, wanted kind ambiguous", err)
			}
			if len(s.requests) != 3 {
				t.Errorf("%d requests were sent, wanted 3", len(s.requests))
			}
			want := []Call{{Action: r.action, Attempts: 3, Kind: cloud.Ambiguous}}
			if diff := cmp.Diff(want, s.calls, cmpopts.IgnoreFields(Call{}, "Service", "Took")); diff != "" {
				t.Errorf("observed calls differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCapacityIsNotAskedForAgain(t *testing.T) {
	const body = `<Response><Errors><Error><Code>InsufficientInstanceCapacity</Code><Message>none</Message></Error></Errors></Response>`
	s, ports := start(t, 500, body)
	if _, err := ports.Compute.Instances(context.Background(), []string{"i-1"}); !cloud.Is(err, cloud.Capacity) {
		t.Errorf("error = %v, wanted kind capacity", err)
	}
	if len(s.requests) != 1 {
		t.Errorf("%d requests were sent, wanted 1", len(s.requests))
	}
}

// A call that names nothing is not sent: EC2 would refuse it or, worse, take it to
// mean everything.
func TestNothingToDoSendsNothing(t *testing.T) {
	s, ports := start(t, 500, "")
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"Instances":       func() error { _, err := ports.Compute.Instances(ctx, nil); return err },
		"TaggedInstances": func() error { _, err := ports.Compute.TaggedInstances(ctx, "k", nil); return err },
		"Stop":            func() error { return ports.Compute.Stop(ctx, nil, cloud.SkipShutdown) },
		"Terminate":       func() error { return ports.Compute.Terminate(ctx, nil, cloud.ShutDown) },
		"Tag":             func() error { return ports.Compute.Tag(ctx, []string{"i-1"}, nil) },
		"Tag of none":     func() error { return ports.Compute.Tag(ctx, nil, map[string]string{"k": "v"}) },
		"Untag":           func() error { return ports.Compute.Untag(ctx, "i-1", nil) }, // would remove all tags
		"Reserved":        func() error { _, err := ports.Zones.Reserved(ctx, nil); return err },
		"Groups":          func() error { _, err := ports.Balancers.Groups(ctx, nil); return err },
		"Register":        func() error { return ports.Balancers.Register(ctx, "arn", nil) },
		"Deregister":      func() error { return ports.Balancers.Deregister(ctx, "arn", nil) },
		"Alarms":          func() error { _, err := ports.Alarms.Alarms(ctx, nil); return err },
	} {
		if err := call(); err != nil {
			t.Errorf("%s of nothing = %v", name, err)
		}
	}
	if len(s.requests) != 0 {
		t.Errorf("requests were sent: %q", s.requests)
	}
}

func TestCancelledCallIsAmbiguous(t *testing.T) {
	_, ports := start(t, 200, "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ports.Compute.Terminate(ctx, []string{"i-1"}, cloud.ShutDown); !cloud.Is(err, cloud.Ambiguous) {
		t.Errorf("error = %v, wanted kind ambiguous", err)
	}
}

func TestProductionKeepsCloudWatchsProtocol(t *testing.T) {
	a := newAlarms(newSession(aws.Config{Region: "ap-northeast-1"}, nil))
	if got := a.client().Options().Protocol.ID().Name; !strings.Contains(strings.ToLower(got), "cbor") {
		t.Errorf("protocol without an endpoint override = %s, wanted the SDK's default", got)
	}
	a = newAlarms(newSession(aws.Config{Region: "ap-northeast-1", BaseEndpoint: aws.String("http://127.0.0.1:1")}, nil))
	if got := a.client().Options().Protocol.ID().Name; !strings.Contains(strings.ToLower(got), "json") {
		t.Errorf("protocol with an endpoint override = %s, wanted AWS JSON", got)
	}
}
