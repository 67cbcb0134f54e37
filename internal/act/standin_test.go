package act

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// aws writes down the mutating calls that it gets, whole, and answers all of them alike.
// A call that is not among them has no implementation and panics.
type aws struct {
	cloud.Compute
	cloud.Balancers
	cloud.Files
	calls []string
	err   error
}

func (a *aws) note(format string, args ...any) error {
	a.calls = append(a.calls, fmt.Sprintf(format, args...))
	return a.err
}

func (a *aws) Tag(_ context.Context, ids []string, tags map[string]string) error {
	return a.note("tag %v %v", ids, tags)
}

func (a *aws) Untag(_ context.Context, id string, keys []string) error {
	return a.note("untag %s %v", id, keys)
}

func (a *aws) Start(_ context.Context, id string) error { return a.note("start %s", id) }

func (a *aws) Stop(_ context.Context, ids []string, how cloud.PowerOff) error {
	return a.note("stop %v %s", ids, how)
}

func (a *aws) Terminate(_ context.Context, ids []string, how cloud.PowerOff) error {
	return a.note("terminate %v %s", ids, how)
}

func (a *aws) Unprotect(_ context.Context, id string, stop bool) error {
	return a.note("unprotect %s stop=%t", id, stop)
}

func (a *aws) SetGroups(_ context.Context, nic string, groups []string) error {
	return a.note("groups of %s: %v", nic, groups)
}

func (a *aws) Launch(_ context.Context, l cloud.Launch) (cloud.Instance, error) {
	return cloud.Instance{ID: "i-new"}, a.note("launch %s in %s", l.Token, l.Subnet)
}

func (a *aws) Watch(_ context.Context, check, key, value string) error {
	return a.note("watch %s %s=%s", check, key, value)
}

func (a *aws) Unwatch(_ context.Context, check, key, value string) error {
	return a.note("unwatch %s %s=%s", check, key, value)
}

func (a *aws) Register(_ context.Context, group string, targets []cloud.Target) error {
	return a.note("register %s %v", group, targets)
}

func (a *aws) Deregister(_ context.Context, group string, targets []cloud.Target) error {
	return a.note("deregister %s %v", group, targets)
}

func (a *aws) Alarms(_ context.Context, names []string) ([]cloud.Alarm, error) {
	return nil, a.note("alarms %v", names)
}

func (a *aws) Repoint(_ context.Context, name, instance string) error {
	return a.note("repoint %s to %s", name, instance)
}

func (a *aws) CreateMount(_ context.Context, fs string, m cloud.Mount) error {
	return a.note("mount %s in %s", fs, m.Subnet)
}

func (a *aws) DeleteMount(_ context.Context, id string) error { return a.note("unmount %s", id) }

func (a *aws) Publish(_ context.Context, n cloud.Notice) error {
	return a.note("publish %q %q", n.Subject, n.Body)
}

func (a *aws) Put(_ context.Context, e cloud.Happening) error {
	return a.note("event %q %s", e.Kind, e.Detail)
}

func (a *aws) Respond(_ context.Context, url string, body []byte) error {
	return a.note("respond %s %s", url, body)
}

// actor acts on a stand-in for AWS, and on the fake's table.
func actor(t *testing.T) (*aws, *fake.World, Actor) {
	t.Helper()
	a, w := &aws{}, fake.New(now)
	policy := contract.DefaultPolicy()
	policy.CapacitySeconds, policy.HistoryDays = 180, 90
	return a, w, Actor{
		Ports:  cloud.Ports{Compute: a, Balancers: a, Files: a, Alarms: a, Topic: a, Bus: a, Responder: a},
		Store:  record.Store{Table: w.Ports().Table, VPC: "vpc-1"},
		Policy: policy,
	}
}
