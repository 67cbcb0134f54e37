package decide_test

import (
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// refusedEverywhere is a node whose last candidate, in az-c, was just refused with this
// answer, and whose other zone was refused before with the first one.
func refusedEverywhere(t *testing.T, answer *cloud.Error) *scene {
	t.Helper()
	s := asked(off())
	s.Node.Switch.Tried = append(s.Node.Switch.Tried, "az-a#m7g.large")
	s.Node.Switch.Answers = map[string]record.Answer{"az-a#m7g.large": {Kind: cloud.Capacity, Words: "InsufficientInstanceCapacity: We currently do not have sufficient m7g.large capacity in az-a."}}
	s.Outcomes = append(s.Outcomes, decide.Outcome{Effect: decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch, Node: s.Node.ID, Epoch: s.Node.Epoch}, Err: answer})
	return s
}

// TestReasonKeepsEC2sWords: the hold and the notice name each zone's answer, and say
// what waiting does not change.
func TestReasonKeepsEC2sWords(t *testing.T) {
	for _, c := range []struct {
		kind        cloud.Kind
		code, words string
		cure        string
	}{
		{cloud.Unsupported, "Unsupported", "Your requested instance type (m7g.large) is not supported in your requested Availability Zone (az-c).", "name an instance type"},
		{cloud.Addresses, "InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet 'subnet-az-c' to satisfy the requested number of instances.", "free addresses"},
		{cloud.NoRoom, "ReservationCapacityExceeded", "The requested reservation does not have sufficient compatible and available capacity for this request.", "make room in the reservation"},
		{cloud.NotFound, "InvalidSubnetId.NotFound", "The subnet ID 'subnet-az-c' does not exist.", "a destination subnet is gone"},
		{cloud.Capacity, "InsufficientInstanceCapacity", "We currently do not have sufficient m7g.large capacity in az-c.", ""},
	} {
		s := refusedEverywhere(t, &cloud.Error{Kind: c.kind, Service: "EC2", Action: "RunInstances", Code: c.code, Message: c.words})
		d := decide.Decide(s.Input)
		h := d.Node.Hold
		if h == nil || h.Code != "WR201" {
			t.Errorf("%s: the node is not held: %+v", c.code, h)
			continue
		}
		notice := ""
		for _, p := range d.Node.Outbox {
			notice += p.Text
		}
		for _, text := range []string{h.Reason, notice} {
			for _, want := range []string{"az-c", c.code + ": " + c.words, "InsufficientInstanceCapacity: We currently do not have sufficient m7g.large capacity in az-a."} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %q does not say %q", c.code, text, want)
				}
			}
			if says := strings.Contains(text, "Waiting does not change "+c.code); says != (c.cure != "") || !strings.Contains(text, c.cure) {
				t.Errorf("%s: %q: want what waiting does not change to be %q", c.code, text, c.cure)
			}
		}
	}
}

// TestAnswersOutlastTheRound: when the candidates are tried again, a zone that is not
// asked yet keeps the words of its last answer.
func TestAnswersOutlastTheRound(t *testing.T) {
	s := refusedEverywhere(t, &cloud.Error{Kind: cloud.Capacity, Service: "EC2", Action: "RunInstances", Code: "InsufficientInstanceCapacity", Message: "none in az-c"})
	d := decide.Decide(s.Input)
	s.Node, s.Outcomes = d.Node, nil
	lack := record.Shortage{Since: s.Now, Until: in(5 * time.Minute)}
	s.Facts.Shortages["az-c#m7g.large"], s.Facts.Shortages["az-a#m7g.large"] = lack, lack
	s.Now = s.Node.Hold.RetryAt
	d = decide.Decide(s.Input)
	if h := d.Node.Hold; h == nil || !strings.Contains(h.Reason, "none in az-c") || !strings.Contains(h.Reason, "sufficient m7g.large capacity in az-a") {
		t.Errorf("the next round's hold is %+v, without EC2's words", h)
	}
}

// TestLongAnswersAreCut: the record and the notice hold many of them.
func TestLongAnswersAreCut(t *testing.T) {
	s := refusedEverywhere(t, &cloud.Error{Kind: cloud.Unsupported, Code: "Unsupported", Message: strings.Repeat("é", 4000)})
	d := decide.Decide(s.Input)
	words := d.Node.Switch.Answers["az-c#m7g.large"].Words
	if len(words) > 310 || !strings.HasSuffix(words, " ...") || strings.ContainsRune(words, '\uFFFD') {
		t.Errorf("%d bytes are kept of an answer: %q", len(words), words)
	}
}

// TestOtherHoldsKeepTheCause: also a launch that waits for another invocation, or for a
// quota, says what EC2 answered and where; a replacement that never ran says its state.
func TestOtherHoldsKeepTheCause(t *testing.T) {
	other := asked(off())
	other.Node.Switch.Senders = append(other.Node.Switch.Senders, record.Sender{By: "other", Until: in(1e9 * 3600)})
	for code, s := range map[string]*scene{"WR205": other, "WR204": asked(off())} {
		s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, cloud.Quota, "VcpuLimitExceeded")
		d := decide.Decide(s.Input)
		if h := d.Node.Hold; h == nil || h.Code != code || !strings.Contains(h.Reason, "VcpuLimitExceeded: refused") || !strings.Contains(h.Reason, "az-c") {
			t.Errorf("%s: the hold is %+v, without EC2's words or the zone", code, h)
		}
	}
	late := standby(moving(record.Gated), cloud.Pending)
	late.state(before, cloud.Stopped)
	late.Node.Since = ago(1e9 * 3600)
	i := late.Facts.Instances[after]
	i.StateReason = "Server.InternalError"
	late.Facts.Instances[after] = i
	if d := decide.Decide(late.Input); !strings.Contains(d.Node.Switch.LastFailure, "it is pending") || !strings.Contains(d.Node.Switch.LastFailure, "Server.InternalError") {
		t.Errorf("the failure is %q, without the instance's state", d.Node.Switch.LastFailure)
	}
}
