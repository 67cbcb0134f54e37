package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsAwaited: a call that AWS does not answer for minutes holds the node with a
// reason that names it, and the first answer ends the hold (case R17).
func TestDecisionsAwaited(t *testing.T) {
	silent := func(call string, d time.Duration) func(*scene) {
		return func(s *scene) {
			if s.Node.Unanswered == nil {
				s.Node.Unanswered = map[string]time.Time{}
			}
			s.Node.Unanswered[call] = ago(d)
		}
	}
	held := func(retryAt time.Time) func(*scene) {
		return func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Held, Code: "WR209", Reason: "it is not answered", Since: ago(time.Minute), RetryAt: retryAt}
		}
	}
	stop := decide.Effect{Do: decide.Stop, Instance: before, How: cloud.SkipShutdown}
	came := func(e decide.Effect, kind cloud.Kind) func(*scene) {
		return func(s *scene) { s.came(e, kind, "") }
	}
	launched := func(kind cloud.Kind) func(*scene) {
		return func(s *scene) { s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, kind, "") }
	}
	unseen := func(p observe.Part, kind cloud.Kind) func(*scene) { return func(s *scene) { s.unseen(p, kind) } }
	const long, almost = 3 * time.Minute, 3*time.Minute - 1
	decisions(t, "awaited", []decision{
		when("the places, for almost three minutes", off(), silent("places", almost), unseen(observe.PartPlaces, cloud.Throttled)),
		when("the places, for three minutes", off(), silent("places", long), unseen(observe.PartPlaces, cloud.Throttled)),
		when("the places, and it is held", off(), silent("places", long), held(in(time.Second)), unseen(observe.PartPlaces, cloud.Ambiguous)),
		when("the places, and it is tried again", off(), silent("places", long), held(now), unseen(observe.PartPlaces, cloud.Ambiguous)),
		when("the places, and people were notified", off(), silent("places", long), unseen(observe.PartPlaces, cloud.Ambiguous), func(s *scene) {
			s.Node.Notices = map[string]time.Time{"WR209-places": ago(time.Minute)}
		}),
		when("the places are seen now", off(), silent("places", long), held(now)),
		when("the places are seen now, and another call is awaited for long", off(), silent("places", long), silent("launch", long), held(now)),
		when("the places, at their turn later", off(), silent("places", long), func(s *scene) { s.Facts.Unseen[observe.PartPlaces] = observe.ErrLater }),
		when("the launch is throttled for the first time", asked(off()), launched(cloud.Throttled)),
		when("the launch, for three minutes", asked(off()), silent("launch", long), launched(cloud.Throttled)),
		when("the launch, and its place lacks capacity now", asked(off()), silent("launch", long), held(now), launched(cloud.Capacity)),
		when("the launch, and it is accepted now", asked(off()), silent("launch", long), held(in(time.Second)), launched("")),
		when("the launch, and it is denied now", asked(off()), silent("launch", long), held(in(time.Second)), launched(cloud.Denied)),
		when("the stop, for three minutes", moving(record.Fencing), silent("stop", long), came(stop, cloud.Throttled)),
		when("the stop, and the fence is overdue", moving(record.Fencing), silent("stop", long), came(stop, cloud.Throttled), func(s *scene) {
			s.Node.Since, s.Node.Condemned[0].Since = ago(time.Hour), ago(time.Hour)
		}),
		when("the stop, and the instance is off", off(), func(s *scene) { s.Node.Phase = record.Fencing }, silent("stop", long), held(now), came(stop, cloud.Throttled)),
		when("the targets of a node at rest", swept(), silent("targets", long), unseen(observe.PartTargets, cloud.Throttled)),
		when("the search for its instances, in mid switch", served(), silent("tagged", long), unseen(observe.PartTagged, cloud.Throttled), func(s *scene) { s.Node.Phase = record.Suspected }),
	})
}

// TestBlindForLong: a look that fails as a whole holds what is under way, and nothing else.
func TestBlindForLong(t *testing.T) {
	silence := failure(cloud.Ambiguous, "")
	for name, c := range map[string]struct {
		s    *scene
		d    time.Duration
		want string
	}{
		"under way, for almost three minutes": {moving(record.Fencing), 3*time.Minute - 1, ""},
		"under way, for three minutes":        {moving(record.Fencing), 3 * time.Minute, "WR209"},
		"at rest, for three minutes":          {resting(), 3 * time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.Node.Unanswered = map[string]time.Time{"instances": ago(c.d)}
			step := decide.Blind(c.s.Input, silence)
			got := ""
			if step.Node.Hold != nil {
				got = step.Node.Hold.Code
			}
			if got != c.want {
				t.Errorf("held by %q, want %q", got, c.want)
			}
			if len(step.Effects) > 0 && step.Effects[0].Do != decide.Deliver {
				t.Errorf("it does %v without seeing anything", step.Effects)
			}
		})
	}
	first := decide.Blind(moving(record.Fencing).Input, silence)
	if !first.Save || first.Node.Unanswered["instances"] != now || !first.Wait {
		t.Errorf("the first time is not remembered: %+v, save %v, wait %v", first.Node.Unanswered, first.Save, first.Wait)
	}
	seen := moving(record.Fencing)
	seen.Node.Unanswered = map[string]time.Time{"instances": ago(time.Hour)}
	held := record.Hold{Kind: record.Held, Code: "WR209", Reason: "it is not answered", Since: ago(time.Hour), RetryAt: in(10 * time.Second)}
	seen.Node.Hold = &held
	if step := decide.Decide(seen.Input); step.Node.Hold != nil || len(step.Node.Unanswered) > 0 {
		t.Errorf("instances are seen, and the node is still held: %+v %v", step.Node.Hold, step.Node.Unanswered)
	}
}
