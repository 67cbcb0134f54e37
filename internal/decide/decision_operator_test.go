package decide_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// ordered is an operator's order as the switcher finds it.
func ordered(kind string, o record.Order) record.Hint {
	o.By, o.Reason = "arn:me", "work on the disks"
	return record.Hint{Key: "order-" + kind, Node: 7, Order: &o, Cause: record.Cause{Kind: kind, Detail: kind + " by me", At: ago(3 * time.Second)}}
}

// TestDecisionsOfOperators: pauses, acknowledgements and the brake.
func TestDecisionsOfOperators(t *testing.T) {
	stopped := func(s *scene) { s.state(before, cloud.Stopped) }
	given := func(orders ...record.Hint) func(*scene) { return func(s *scene) { s.Orders = orders } }
	paused := func(until time.Time) func(*scene) {
		return func(s *scene) { s.Node.Pause = &record.Pause{Until: until, By: "arn:me", Reason: "work"} }
	}
	off := func(s *scene) { s.Node.Off = &record.Off{Since: ago(time.Minute), By: "arn:me", Reason: "storm"} }
	offElsewhere := func(s *scene) { s.Brake.Off = &record.Off{Since: ago(time.Minute), By: "arn:me", Reason: "storm"} }
	suspected := func(s *scene) {
		s.Config.Policy.ConfirmSeconds = 60
		s.Node.Phase, s.Node.Since = record.Suspected, ago(time.Minute)
		s.Node.Switch = &record.Switch{Kind: record.KindRecover, Cause: record.Cause{Kind: event.CauseStopped, At: ago(time.Minute)}, Started: ago(time.Minute)}
	}
	held := func(s *scene) {
		s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR211", Reason: "off", Since: ago(time.Minute), RetryAt: in(time.Minute)}
	}
	deleted := func(s *scene) { s.Node.Phase, s.Node.Grant = record.Deleted, nil }
	pause, resume := ordered(event.CausePause, record.Order{Until: in(time.Hour)}), ordered(event.CauseResume, record.Order{})
	brakeOn, brakeOff := ordered(event.CauseBrakeOn, record.Order{On: true}), ordered(event.CauseBrakeOff, record.Order{})
	over := func(ago time.Duration) func(*scene) { return func(s *scene) { s.Node.OffOver = now.Add(-ago) } }
	ahead := brakeOn
	ahead.Cause.At = in(time.Hour)
	little := brakeOff
	little.Cause.At = in(2 * time.Second)
	later := pause
	later.Cause.At = ago(time.Second)

	decisions(t, "operator", []decision{
		when("paused", resting(), given(pause)),
		when("paused, and it has failed", resting(), given(pause), stopped),
		when("paused again, for another time", resting(), paused(in(time.Minute)), given(pause)),
		when("paused until a time that is over", resting(), given(ordered(event.CausePause, record.Order{Until: now}))),
		when("paused while a switch is under way", moving(record.Fencing), given(pause)),
		when("paused while a failure is suspected", resting(), suspected, stopped, given(pause)),
		when("the pause's time is over, and all is well", resting(), paused(now)),
		when("resumed", resting(), paused(in(time.Hour)), given(resume)),
		when("resumed, and it has failed meanwhile", resting(), paused(in(time.Hour)), given(resume), stopped),
		when("resumed, and it was not paused", resting(), given(resume)),
		when("paused and resumed at once", resting(), given(pause, resume)),
		when("resumed and paused at once, found in the other order", resting(), paused(in(time.Minute)), func(s *scene) { s.Orders = decide.Orders([]record.Hint{later, resume}) }),
		when("paused by an order that comes again after a resume", resting(), func(s *scene) { s.Node.Obeyed = []string{pause.Key, resume.Key} }, given(pause)),
		when("the eleventh order", resting(), func(s *scene) { s.Node.Obeyed = strings.Split("a b c d e f g h i j", " ") }, given(pause)),
		when("an order about a deleted node", resting(), deleted, given(pause)),
		when("the brake is put on after a node was deleted", resting(), deleted, given(brakeOn)),
		when("the brake is taken off after a node was deleted", resting(), deleted, off, given(brakeOff)),

		when("switched off", resting(), given(brakeOn)),
		when("switched off, and it has failed", resting(), given(brakeOn), stopped),
		when("it fails while switched off", resting(), off, stopped),
		when("it still fails while switched off", resting(), off, held, stopped),
		when("it is well again while switched off", resting(), off, held),
		when("it fails, and another node's record says off", resting(), offElsewhere, stopped),
		when("a suspicion while switched off", resting(), off, suspected, stopped),
		when("switched off while a switch is under way", moving(record.Launching), given(brakeOn)),
		when("switched on again", resting(), off, given(brakeOff)),
		when("switched on again, and it fails", resting(), off, held, given(brakeOff), stopped),
		when("switched on again, and another node's record is late", resting(), off, offElsewhere, given(brakeOff)),
		when("switched off by an order that comes after a later one took the brake off", resting(), over(time.Second), given(brakeOn), stopped),
		when("switched on again by an order that comes after a later one put the brake on", resting(), func(s *scene) { s.Node.Off = &record.Off{Since: ago(time.Second), By: "arn:me"} }, given(brakeOff)),
		when("switched on, off and on again, by orders that come after a later one took the brake off", resting(), over(time.Second), func(s *scene) {
			first := brakeOff
			first.Key, first.Cause.At = "order-first", ago(5*time.Second)
			s.Orders = []record.Hint{first, brakeOn}
		}),
		when("switched off by an order of a clock that is ahead", resting(), given(ahead)),
		when("switched on again by an order of a clock that is a little ahead", resting(), off, given(little)),
		when("it heard that the brake is off, and it fails, and another node's record is late", resting(), over(30*time.Second), offElsewhere, stopped),
		when("it fails while switched off, nobody knows since when", resting(), func(s *scene) { s.Node.Off = &record.Off{By: "arn:me"} }, stopped),
		when("it did not hear that the brake is off, and it fails", resting(), off, held, func(s *scene) { s.Brake.OffOver = ago(30 * time.Second) }, stopped),
		when("a deleted node did not hear that the brake is off", resting(), deleted, off, func(s *scene) { s.Brake.OffOver = ago(30 * time.Second) }),
		{"switched on again, and it fails, and another node's record is late, and it goes on at once", func() (record.Node, decide.Step) {
			s := resting()
			off(s)
			offElsewhere(s)
			stopped(s)
			s.Orders = []record.Hint{brakeOff}
			return s.Node, decide.Onward(s.Input, func(record.Node) (observe.Facts, bool) { return s.Facts, true })
		}},
		when("paused and switched off, and it fails", resting(), off, paused(in(time.Hour)), stopped),

		when("a drill is announced", resting(), given(ordered(event.CauseDrill, record.Order{}))),

		when("a planned switch that is delivered again", resting(), func(s *scene) { s.hint(event.CauseOperator, ""); s.Node.Obeyed = []string{"ev-1"} }),
		when("a planned switch of a paused node", resting(), paused(in(time.Hour)), func(s *scene) { s.hint(event.CauseOperator, "") }),
		when("a planned switch while recoveries are switched off", resting(), off, func(s *scene) { s.hint(event.CauseOperator, "") }),
		when("a planned switch, and the alarms cannot be read now", resting(), func(s *scene) { s.hint(event.CauseOperator, ""); s.unseen(observe.PartAlarms, cloud.Throttled) }),

		{"paused while EC2 shows nothing", func() (record.Node, decide.Step) {
			s := resting()
			s.Orders = []record.Hint{pause}
			return s.Node, decide.Blind(s.Input, failure(cloud.Denied, ""))
		}},
	})
}

// TestWhatDrewAttention: no order is lost behind another hint, and none hides what
// happened.
func TestWhatDrewAttention(t *testing.T) {
	hint := func(key, kind string, age time.Duration) record.Hint {
		return record.Hint{Key: key, Cause: record.Cause{Kind: kind, At: ago(age)}}
	}
	hints := []record.Hint{
		hint("a", event.CausePause, time.Second), hint("b", event.CauseStopped, 5*time.Second), hint("c", event.CauseAlarm, 0),
		hint("d", event.CauseBrakeOff, 3*time.Second), hint("e", event.CauseAck, 2*time.Second),
	}
	keys := func(hs []record.Hint) (all []string) {
		for _, h := range hs {
			all = append(all, h.Key)
		}
		return all
	}
	if diff := cmp.Diff([]string{"d", "e", "a"}, keys(decide.Orders(hints))); diff != "" {
		t.Errorf("orders (-want +got)\n%s", diff)
	}
	if h := decide.Foremost(hints); h == nil || h.Key != "b" {
		t.Errorf("foremost is %+v, want b", h)
	}
	if h := decide.Foremost(append(hints, hint("f", event.CauseOperator, 0))); h == nil || h.Key != "f" {
		t.Errorf("foremost is %+v, want the planned switch f", h)
	}
	if h := decide.Foremost(hints[:1]); h != nil {
		t.Errorf("an order alone is taken for news of the node: %+v", h)
	}
	if off := decide.SwitchedOff([]record.Node{{Phase: record.Deleted, Off: &record.Off{}}, {Phase: record.Done}}); off != nil {
		t.Error("a deleted node's record switches recoveries off")
	}
	on := record.Node{Phase: record.Done, Off: &record.Off{Since: ago(time.Minute)}}
	if decide.SwitchedOff([]record.Node{{Phase: record.Done}, on}) == nil {
		t.Error("a record that says off does not switch recoveries off")
	}
	if decide.SwitchedOff([]record.Node{{Phase: record.Done, Off: &record.Off{By: "me"}}}) == nil {
		t.Error("a record that says off, and not since when, does not switch recoveries off")
	}
	if off := decide.SwitchedOff([]record.Node{on, {Phase: record.Done, OffOver: ago(time.Second)}}); off != nil {
		t.Error("a record that did not hear of it puts the brake on again")
	}
	if decide.SwitchedOff([]record.Node{on, {Phase: record.Done, OffOver: ago(time.Hour)}}) == nil {
		t.Error("an order that is over takes off what was put on since")
	}
}

// TestCandidatesOfToday: what a person is shown is what a switch would choose from.
func TestCandidatesOfToday(t *testing.T) {
	s := resting()
	s.Facts.Reserved = []cloud.Reserve{{Zone: "az-c", Type: "m7g.large", Free: 1}}
	list, why := decide.Candidates(s.Input)
	want := []decide.Candidate{
		{Subnet: cloud.Subnet{ID: "subnet-az-c", Zone: "az-c", Free: 9}, Type: "m7g.large", Reserved: true},
		{Subnet: cloud.Subnet{ID: "subnet-az-a", Zone: "az-a", Free: 9}, Type: "m7g.large"},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(why, "az-b: ") {
		t.Errorf("the others are left out for %q", why)
	}
}
