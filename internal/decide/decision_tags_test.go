package decide_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsUntagged: EC2 refuses the condemned tag.
func TestDecisionsUntagged(t *testing.T) {
	refused := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) {
			s.untag(before, contract.CondemnedTag)
			s.came(decide.Effect{Do: decide.Condemn, Instance: before}, kind, "TagLimitExceeded")
		}
	}
	untagged := func(age time.Duration) func(*scene) {
		return func(s *scene) {
			s.untag(before, contract.CondemnedTag)
			s.Node.Condemned[0].Untagged = ago(age)
		}
	}
	stopped := to(before, cloud.Stopped)
	decisions(t, "untagged", []decision{
		when("its tags are full, and it is off", moving(record.Confirmed), stopped, refused(cloud.Full)),
		when("a permission is missing, and it is off", moving(record.Confirmed), stopped, refused(cloud.Denied)),
		when("the tag was throttled, and it is off", moving(record.Confirmed), stopped, refused(cloud.Throttled)),
		when("its tags are full, and it runs", moving(record.Confirmed), refused(cloud.Full)),
		when("it is off and in quarantine", moving(record.Confirmed), stopped, untagged(time.Minute)),
		when("it is off and not in quarantine", moving(record.Confirmed), freed, stopped, untagged(time.Minute)),
		when("the tag is due again", moving(record.Confirmed), stopped, untagged(5*time.Minute)),
		when("a person started it", moving(record.Fencing), untagged(time.Minute)),
		when("with a gate, it is off when the replacement runs", standby(gated(record.Gated), cloud.Running), stopped, untagged(time.Minute)),
		when("it is off when the replacement serves", served(), untagged(time.Minute)),
	})
}

// TestOneNoticeAnHour: a hold that ends and begins again for the same cause does not notify
// people again, and another cause does.
func TestOneNoticeAnHour(t *testing.T) {
	s := gated(record.Launching)
	s.untag(before, contract.CondemnedTag)
	notices := func(n record.Node) (codes []string) {
		for _, p := range n.Outbox {
			if p.Kind == record.PostNotice {
				codes = append(codes, strings.Join(strings.Split(p.Key, "-")[:2], "-"))
			}
		}
		return codes
	}
	n := s.Node
	for minute := range 119 {
		in := s.Input
		in.Node, in.Now = n, now.Add(time.Duration(minute)*time.Minute)
		in.Node.Hold = nil // as an accepted launch ends it
		in.Outcomes = []decide.Outcome{{
			Effect: decide.Effect{Do: decide.Condemn, Instance: before, Node: 7, Epoch: 2},
			Err:    &cloud.Error{Kind: cloud.Full, Service: "EC2", Action: "CreateTags", Code: "TagLimitExceeded", Message: fmt.Sprintf("request %d", minute)},
		}}
		n = decide.Decide(in).Node
	}
	if got := notices(n); len(got) != 2 {
		t.Errorf("%d notices in 119 minutes for one cause, wanted 2: %v", len(got), got)
	}
	in := s.Input
	in.Node, in.Now = n, now.Add(119*time.Minute)
	in.Node.Hold = nil
	in.Outcomes = []decide.Outcome{{Effect: decide.Effect{Do: decide.Isolate, Instance: before}, Err: failure(cloud.Denied, "UnauthorizedOperation")}}
	if got := notices(decide.Decide(in).Node); len(got) != 3 {
		t.Errorf("another cause is not notified: %v", got)
	}
}

// TestAcceptedLaunchIsRecordedBesideATrouble: the instance is on record although another
// effect of the same step was refused.
func TestAcceptedLaunchIsRecordedBesideATrouble(t *testing.T) {
	s := gated(record.Launching)
	s.untag(before, contract.CondemnedTag)
	s.request()
	launch := *s.Node.Switch.Launch
	s.Outcomes = []decide.Outcome{
		{Effect: decide.Effect{Do: decide.Condemn, Instance: before}, Err: failure(cloud.Full, "TagLimitExceeded")},
		{Effect: decide.Effect{Do: decide.Launch, Launch: launch}, Instance: machine(after, "az-c", cloud.Pending)},
	}
	n := decide.Decide(s.Input).Node
	if n.Phase != record.Gated || n.Switch.Instance != after || n.Hold == nil || n.Hold.Code != "WR208" {
		t.Errorf("phase %s, instance %q, hold %+v: wanted gated, %s and WR208", n.Phase, n.Switch.Instance, n.Hold, after)
	}
}
