package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsAtTheMoment: what a time that is just over, or not quite, changes.
func TestDecisionsAtTheMoment(t *testing.T) {
	const planned = record.KindPlanned
	given := func(h record.Hint) func(*scene) { return func(s *scene) { s.Orders = []record.Hint{h} } }
	brakeOn, brakeOff := ordered(event.CauseBrakeOn, record.Order{On: true}), ordered(event.CauseBrakeOff, record.Order{})
	at := func(h record.Hint, when time.Time) record.Hint { h.Cause.At = when; return h }
	awaiting := func(left time.Duration) func(*scene) {
		return func(s *scene) {
			s.Node.Settings.AwaitRecovery = 300
			s.alarm(alarmInst, "ALARM", ago(300*time.Second-left))
		}
	}
	failing := func(since time.Time) func(*scene) {
		return func(s *scene) {
			s.Facts.Failing = map[string]cloud.Failing{before: {Instance: before, Reason: "asc-1: ConnectionRefused", Since: since}}
		}
	}
	drains := func(s *scene) {
		s.Node.Switch.Noted = true
		s.Facts.Targets = map[string][]cloud.Target{byID: {{ID: before, Port: 80, Health: cloud.Draining}}}
	}
	deadline := func(left time.Duration) func(*scene) {
		return func(s *scene) { s.Node.Switch.Deadline = in(left) }
	}
	hidden := func(began time.Duration) func(*scene) {
		return func(s *scene) {
			s.Node.Switch.Started = ago(began)
			s.Node.Switch.Cause.Kind, s.Facts.Scheduled = event.CauseScheduled, map[string][]cloud.Scheduled{}
		}
	}
	lead := time.Duration(contract.DefaultPolicy().NoticeLeadSeconds) * time.Second
	// overslept: its time to shut down is over, it runs, and this invocation counts as having asked.
	overslept := func(stop int, launched time.Time) func(*scene) {
		return func(s *scene) {
			s.Node.Settings.Stop = stop
			s.askedGently(200 * time.Second)
			s.Node.Condemned[0].Stoppers, s.Node.Condemned[0].AskedAt = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}, ago(time.Second)
			i := s.Facts.Instances[before]
			i.State, i.LaunchedAt = cloud.Running, launched
			s.Facts.Instances[before] = i
		}
	}
	decisions(t, "moment", []decision{
		when("EC2's own recovery is awaited for a little longer than to the next sweep", resting(), awaiting(90*time.Second)),
		when("EC2's own recovery is awaited for hardly as long as to the next sweep", resting(), awaiting(90*time.Second-1)),
		when("its application fails, nobody knows since when", resting(), failing(time.Time{})),
		when("its application fails since a moment that is to come", resting(), failing(in(time.Second))),

		when("switched off by an order of a clock that is ahead by what clocks may differ", resting(), given(at(brakeOn, in(5*time.Second)))),
		when("switched off by an order of a clock that is ahead by less", resting(), given(at(brakeOn, in(5*time.Second-1)))),
		when("switched off by an order that was given when the brake was taken off", resting(), func(s *scene) { s.Node.OffOver = ago(time.Minute) }, given(at(brakeOn, ago(time.Minute)))),
		when("switched off by an order that was given just after the brake was taken off", resting(), func(s *scene) { s.Node.OffOver = ago(time.Minute) }, given(at(brakeOn, ago(time.Minute-1)))),
		when("switched on again by an order that was given when the brake was put on", resting(), func(s *scene) {
			s.Node.Off = &record.Off{Since: ago(time.Minute), By: "arn:me"}
		}, given(at(brakeOff, ago(time.Minute)))),
		when("switched on again by an order that was given just before the brake was put on", resting(), func(s *scene) {
			s.Node.Off = &record.Off{Since: ago(time.Minute), By: "arn:me"}
		}, given(at(brakeOff, ago(time.Minute+1)))),

		when("an event is as near as its lead", swept(), announce(in(lead))),
		when("an event is hardly further than its lead", swept(), announce(in(lead+1))),
		when("Spot leaves exactly a minute", draining(planned), drains, deadline(time.Minute)),
		when("Spot leaves hardly less than a minute", draining(planned), drains, deadline(time.Minute-1)),
		when("AWS shows the event no more, a moment before that counts", draining(planned), drains, hidden(sightLag-1)),

		when("its time is over, it runs, and it was started just before it was condemned", leaving(record.Fencing, planned), overslept(120, ago(200*time.Second+1))),
		when("its time is over, it runs, and it was started as it was condemned", leaving(record.Fencing, planned), overslept(120, ago(200*time.Second))),
		when("it has no time to shut down, was asked, and runs", leaving(record.Fencing, planned), overslept(0, ago(time.Hour))),
		when("it had a second to shut down, was asked, and runs", leaving(record.Fencing, planned), overslept(1, ago(time.Hour))),
		when("it had a second to shut down, and does not", leaving(record.Fencing, planned), func(s *scene) {
			s.Node.Settings.Stop = 1
			s.askedGently(time.Second)
			s.Node.Condemned[0].Since = ago(time.Hour)
		}),
	})
}
