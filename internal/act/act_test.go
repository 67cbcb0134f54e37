package act

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// calls are the effects that are calls of AWS: what is called, and which buckets of the API
// budgets pay for it.
var calls = []struct {
	e           decide.Effect
	call, costs string
}{
	{
		decide.Effect{Do: decide.Condemn, Instance: "i-1", Tags: map[string]string{"recovery:condemned": "2"}},
		"tag [i-1] map[recovery:condemned:2]", "[{CreateTags 1}]",
	},
	{decide.Effect{Do: decide.Open, Instance: "i-1", Tags: map[string]string{"recovery:gate": "i-1:2"}}, "tag [i-1] map[recovery:gate:i-1:2]", "[{CreateTags 1}]"},
	{decide.Effect{Do: decide.Adopt, Instance: "i-1", Tags: map[string]string{"id": "7"}}, "tag [i-1] map[id:7]", "[{CreateTags 1}]"},
	{decide.Effect{Do: decide.Pardon, Instance: "i-1", Tags: map[string]string{"recovery:condemned": "-"}}, "tag [i-1] map[recovery:condemned:-]", "[{CreateTags 1}]"},
	{decide.Effect{Do: decide.Release, Instance: "i-1", Tags: map[string]string{"b": "", "a": "", "c": ""}}, "untag i-1 [a b c]", "[{DeleteTags 1}]"},
	{decide.Effect{Do: decide.Start, Instance: "i-1"}, "start i-1", "[{StartInstances 1} {StartInstances (instances) 1}]"},
	{decide.Effect{Do: decide.Unmount, Mount: cloud.Mount{ID: "fsmt-1"}}, "unmount fsmt-1", "[]"},
	{decide.Effect{Do: decide.Mount, FileSystem: "fs-1", Mount: cloud.Mount{Subnet: "subnet-1"}}, "mount fs-1 in subnet-1", "[]"},
	{decide.Effect{Do: decide.Isolate, NIC: "eni-1", Groups: []string{"sg-hole"}}, "groups of eni-1: [sg-hole]", "[{ModifyNetworkInterfaceAttribute 1}]"},
	{decide.Effect{Do: decide.Regroup, NIC: "eni-1", Groups: []string{"sg-a", "sg-b"}}, "groups of eni-1: [sg-a sg-b]", "[{ModifyNetworkInterfaceAttribute 1}]"},
	{decide.Effect{Do: decide.Unprotect, Instance: "i-1"}, "unprotect i-1 stop=false", "[{ModifyInstanceAttribute 1}]"},
	{decide.Effect{Do: decide.Unprotect, Instance: "i-1", Stop: true}, "unprotect i-1 stop=true", "[{ModifyInstanceAttribute 1}]"},
	{decide.Effect{Do: decide.Stop, Instance: "i-1", How: cloud.ShutDown}, "stop [i-1] shut-down", "[{StopInstances 1} {StopInstances (instances) 1}]"},
	{decide.Effect{Do: decide.Stop, Instance: "i-1", How: cloud.ForceOff}, "stop [i-1] force", "[{StopInstances 1} {StopInstances (instances) 1}]"},
	{decide.Effect{Do: decide.Terminate, Instance: "i-1", How: cloud.SkipShutdown}, "terminate [i-1] skip-shutdown", "[{TerminateInstances 1} {TerminateInstances (instances) 1}]"},
	{
		decide.Effect{Do: decide.Launch, Launch: cloud.Launch{Token: "wr-7", Subnet: "subnet-1"}},
		"launch wr-7 in subnet-1", "[{RunInstances 1} {RunInstances (instances) 1}]",
	},
	{decide.Effect{Do: decide.Watch, Key: "asc-1", Tags: map[string]string{"id": "7"}}, "watch asc-1 id=7", "[{AssociateApplicationStatusCheck 1}]"},
	{decide.Effect{Do: decide.Unwatch, Key: "asc-1", Tags: map[string]string{"id": "7"}}, "unwatch asc-1 id=7", "[{DisassociateApplicationStatusCheck 1}]"},
	{decide.Effect{Do: decide.Register, Group: "tg-1", Targets: []cloud.Target{{ID: "i-1", Port: 80}}}, "register tg-1 [{i-1 80    false}]", "[{ELB 1} {ELB targets 1}]"},
	{decide.Effect{Do: decide.Deregister, Group: "tg-1", Targets: []cloud.Target{{ID: "i-1", Port: 80}}}, "deregister tg-1 [{i-1 80    false}]", "[{ELB 1} {ELB targets 1}]"},
	// CloudWatch changes an alarm only as a whole, so it is read first.
	{decide.Effect{Do: decide.Repoint, Alarm: "rec.node-7.instance", Instance: "i-1"}, "repoint rec.node-7.instance to i-1", "[{DescribeAlarms 1} {PutMetricAlarm 1}]"},
	{post(record.Post{Kind: record.PostNotice, Subject: "s", Text: "t"}), `publish "s" "t"`, "[{notices 1}]"},
	{post(record.Post{Kind: record.PostEvent, Subject: "Recovery Held", Body: []byte(`{"node":7}`)}), `event "Recovery Held" {"node":7}`, "[]"},
	{post(record.Post{Kind: record.PostAnswer, To: "https://answer", Body: []byte(`{"Status":"SUCCESS"}`)}), `respond https://answer {"Status":"SUCCESS"}`, "[]"},
}

func post(p record.Post) decide.Effect { return decide.Effect{Do: decide.Deliver, Node: 7, Post: p} }

// TestEachEffectIsOneCall: with all that was decided and nothing else. The outcome is the
// call's answer as it came, since the next decision rests on it.
func TestEachEffectIsOneCall(t *testing.T) {
	refused := fake.Refuse(cloud.Denied, "UnauthorizedOperation", "no")
	for _, c := range calls {
		for _, answer := range []error{nil, refused} {
			a, w, x := actor(t)
			a.err = answer
			want := decide.Outcome{Effect: c.e, Err: answer}
			if c.e.Do == decide.Launch {
				want.Instance = cloud.Instance{ID: "i-new"}
			}
			got := x.Do(t.Context(), c.e, now)
			same := cmp.Comparer(func(a, b error) bool { return a == b }) //nolint:errorlint // the very value
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("%s (-want +got)\n%s", c.call, diff)
			}
			if diff := cmp.Diff([]string{c.call}, a.calls); diff != "" || len(w.Calls) != 0 {
				t.Errorf("%s: and the table %v (-want +got)\n%s", c.call, w.Calls, diff)
			}
		}
	}
}

// TestEachCallIsPaidFor: from the bucket of its API, and where AWS counts instances from the
// bucket of those (docs: "Request throttling for the Amazon EC2 API").
func TestEachCallIsPaidFor(t *testing.T) {
	for _, c := range calls {
		if got := fmt.Sprint(Costs([]decide.Effect{c.e})); got != c.costs {
			t.Errorf("%s costs %s, want %s", c.call, got, c.costs)
		}
	}
	if got := Costs(nil); got != nil {
		t.Errorf("nothing costs %v", got)
	}
}

// TestEffectsOnTheTable: what is written there, and how long it is kept.
func TestEffectsOnTheTable(t *testing.T) {
	days := now.AddDate(0, 0, 90)
	for name, c := range map[string]struct {
		e    decide.Effect
		want cloud.Item
	}{
		"a lack of capacity, for as long as the policy says": {
			decide.Effect{Do: decide.Remember, Key: "az-a#m7g"},
			cloud.Item{Partition: "capacity", Sort: "az-a#m7g", Body: []byte(`{"since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:07:05Z"}`), Expires: now.Add(3*time.Minute + time.Hour)},
		},
		"a finished switch": {
			post(record.Post{Kind: record.PostHistory, Body: []byte(`{"node":7,"epoch":2,"switch":"7-2"}`)}),
			cloud.Item{Partition: "history#vpc-1#7", Sort: "epoch#0000000002", Expires: days},
		},
		"an order": {
			post(record.Post{Kind: record.PostOrder, Body: []byte(`{"id":"e-1","node":7,"at":"2026-01-02T03:04:05Z","kind":"paused"}`)}),
			cloud.Item{Partition: "history#vpc-1#7", Sort: "order#2026-01-02T03:04:05.000Z#e-1", Expires: days},
		},
	} {
		a, w, x := actor(t)
		if o := x.Do(t.Context(), c.e, now); o.Err != nil {
			t.Fatalf("%s: %v", name, o.Err)
		}
		got := w.Items[c.want.Partition+"|"+c.want.Sort]
		if c.want.Body == nil { // how it is written is the store's own
			c.want.Body = got.Body
		}
		c.want.Revision = 1
		if diff := cmp.Diff(c.want, got); diff != "" || len(w.Items) != 1 || len(a.calls) != 0 {
			t.Errorf("%s: %d items, calls %v (-want +got)\n%s", name, len(w.Items), a.calls, diff)
		}
		if costs := Costs([]decide.Effect{c.e}); len(costs) != 0 {
			t.Errorf("%s costs %v", name, costs)
		}
	}
}

// claimed is an actor whose table holds a claim on node 7, and nothing else.
func claimed(t *testing.T) (*fake.World, Actor) {
	t.Helper()
	_, w, x := actor(t)
	if _, err := x.Store.TakeClaim(t.Context(), 7, record.Owner{Stack: "s1", Logical: "n"}, now); err != nil {
		t.Fatal(err)
	}
	return w, x
}

// TestClaimIsGivenBackByItsOwner: whom the post names, and by nobody else.
func TestClaimIsGivenBackByItsOwner(t *testing.T) {
	for body, left := range map[string]int{`{"stack":"s2","logical":"n"}`: 1, `{"stack":"s1","logical":"n"}`: 0} {
		w, x := claimed(t)
		if o := x.Do(t.Context(), post(record.Post{Kind: record.PostRelease, Body: []byte(body)}), now); o.Err != nil || len(w.Items) != left {
			t.Errorf("%s releases: %v; %d claims are left, want %d", body, o.Err, len(w.Items), left)
		}
	}
}

// TestTableThatRefusesIsAnOutcome: the post stays in the outbox, and is delivered again.
func TestTableThatRefusesIsAnOutcome(t *testing.T) {
	for name, e := range map[string]decide.Effect{
		"a lack of capacity": {Do: decide.Remember, Key: "az-a#m7g"},
		"a finished switch":  post(record.Post{Kind: record.PostHistory, Body: []byte(`{"node":7}`)}),
		"an order":           post(record.Post{Kind: record.PostOrder, Body: []byte(`{"node":7}`)}),
		"a claim":            post(record.Post{Kind: record.PostRelease, Body: []byte(`{"stack":"s1","logical":"n"}`)}),
	} {
		w, x := claimed(t)
		w.Fault = func(int, string) (before, after error) { return fake.Refuse(cloud.Throttled, "", "slower"), nil }
		if o := x.Do(t.Context(), e, now); !cloud.Is(o.Err, cloud.Throttled) {
			t.Errorf("%s: %v", name, o.Err)
		}
	}
}

// TestWhatCannotBeCarriedOutSaysWhy: a record that somebody damaged, or that a newer switcher
// wrote.
func TestWhatCannotBeCarriedOutSaysWhy(t *testing.T) {
	for want, e := range map[string]decide.Effect{
		"switcher juggle (invalid): no such effect":    {Do: "juggle"},
		"switcher pigeon (invalid): no such post":      post(record.Post{Kind: "pigeon"}),
		"history entry of node 7 is not readable: ":    post(record.Post{Kind: record.PostHistory, Body: []byte(`{"node":"x"}`)}),
		"order of node 7 is not readable: ":            post(record.Post{Kind: record.PostOrder, Body: []byte(`{"node":"x"}`)}),
		"owner of node 7 is not readable: ":            post(record.Post{Kind: record.PostRelease, Body: []byte(`{"stack":1}`)}),
		"owner of node 7 is not readable: unexpected ": post(record.Post{Kind: record.PostRelease}),
	} {
		a, w, x := actor(t)
		o := x.Do(t.Context(), e, now)
		if o.Err == nil || !strings.HasPrefix(o.Err.Error(), want) {
			t.Errorf("got  %v\nwant %s", o.Err, want)
		}
		if len(a.calls)+len(w.Calls) != 0 {
			t.Errorf("%s: AWS was called: %v %v", want, a.calls, w.Calls)
		}
		var known *cloud.Error
		if strings.HasPrefix(want, "switcher ") && (!errors.As(o.Err, &known) || known.Kind != cloud.Invalid) {
			t.Errorf("%s: its kind is %s", want, cloud.KindOf(o.Err))
		}
	}
}
