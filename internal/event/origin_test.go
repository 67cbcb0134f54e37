package event_test

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Only a recovery is said to follow a failure.
func TestOriginNamesWhatBeganTheSwitch(t *testing.T) {
	for _, c := range []struct{ kind, cause, want string }{
		{record.KindRecover, event.CauseStopped, "the failure"},
		{record.KindRecover, event.CauseAlarm, "the failure"},
		{record.KindPlanned, event.CauseOperator, "the order"},
		{record.KindPlanned, event.CauseScheduled, "AWS's notice"},
		{record.KindPlanned, event.CauseHealth, "AWS's notice"},
		{record.KindPlanned, event.CauseSpot, "AWS's notice"},
		{record.KindUpdate, record.KindUpdate, "the update"},
		{record.KindAdopt, record.KindAdopt, "the adoption began"},
		{record.KindCreate, record.KindCreate, "the create request"},
		{record.KindDelete, record.KindDelete, "the delete request"},
		{"a later version's", "", "the switch began"},
	} {
		if got := event.Origin(c.kind, record.Cause{Kind: c.cause}); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.kind, c.cause, got, c.want)
		}
	}
}
