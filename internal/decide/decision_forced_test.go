package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsForced: an instance that is stuck is forced, and what EC2 says of it after
// that is weaker evidence (case R22).
func TestDecisionsForced(t *testing.T) {
	asked := func(how cloud.PowerOff, age time.Duration, state string) func(*scene) {
		return func(s *scene) {
			c := &s.Node.Condemned[0]
			c.Since, c.FirstAsked, c.AskedAt, c.Asked = ago(3*time.Minute), ago(3*time.Minute), ago(age), how
			s.state(before, state)
		}
	}
	own := func(s *scene) { s.Node.Settings.FileSystem = files }
	accepts := func(s *scene) { s.Node.Settings.AcceptForcedStop = true }
	goesOn := func(s *scene) { s.Node.Settings.Escalation = contract.EscalateGoOn }
	mounted := func(s *scene) {
		s.Facts.Mounts[files] = []cloud.Mount{{ID: "fsmt-b", Zone: "az-b", Subnet: "subnet-az-b", State: "available"}, {ID: "fsmt-c", Zone: "az-c", State: "available"}}
	}
	removed := func(s *scene) {
		s.Facts.Mounts[files] = []cloud.Mount{{ID: "fsmt-c", Zone: "az-c", State: "available"}}
	}
	cut := blame(func(c *record.Condemned) {
		c.Cut, c.FileSystem, c.Mount = true, files, &cloud.Mount{ID: "fsmt-b", Zone: "az-b", Subnet: "subnet-az-b"}
	})
	nowhere := func(s *scene) { s.Node.Switch.Tried = []string{"az-a", "az-b", "az-c"} }
	restart := func(s *scene) { s.Node.Settings.RestartOriginal = true }
	skip, force, minute := cloud.SkipShutdown, cloud.ForceOff, time.Minute
	fence := func() *scene { return moving(record.Fencing) }
	decisions(t, "forced", []decision{
		when("stuck for almost a minute", fence(), own, asked(skip, minute-1, cloud.Stopping)),
		when("stuck for a minute, with a file system of its own", fence(), own, asked(skip, minute, cloud.Stopping)),
		when("stuck for a minute, without data", fence(), goesOn, asked(skip, minute, cloud.Stopping)),
		when("stuck for a minute, and a forced stop is accepted", fence(), accepts, asked(skip, minute, cloud.Stopping)),
		when("stuck for a minute, with data elsewhere", fence(), asked(skip, minute, cloud.Stopping)),
		when("stuck for a minute, with its own file system and in an unknown zone", fence(), own, asked(skip, minute, cloud.Stopping), blame(func(c *record.Condemned) { c.Zone = "" })),
		when("forced a minute ago, and still stuck", fence(), own, asked(force, minute, cloud.Stopping)),
		when("stuck while it is terminated", fence(), own, asked(skip, minute, cloud.ShuttingDown)),
		when("terminated by a person, and stuck", fence(), own, asked("", minute, cloud.ShuttingDown)),
		when("terminated by a person, stuck, and not tagged", fence(), own, asked("", minute, cloud.ShuttingDown), func(s *scene) { s.tag(before, contract.CondemnedTag, "1") }),
		when("forced, and started again by a person", fence(), own, asked(force, minute, cloud.Running)),

		when("off after force, without data", fence(), goesOn, asked(force, 0, cloud.Stopped)),
		when("off after force, which is accepted", fence(), accepts, asked(force, 0, cloud.Stopped)),
		when("off after force, with data elsewhere", fence(), asked(force, 0, cloud.Stopped)),
		when("off after force, and its mount target is there", fence(), own, mounted, asked(force, 0, cloud.Stopped)),
		when("off after force, and its mount targets were not read", fence(), own, asked(force, 0, cloud.Stopped)),
		when("off after force, and its mount target is gone", fence(), own, removed, asked(force, 0, cloud.Stopped)),
		when("off after force, and cut off", fence(), own, removed, asked(force, 0, cloud.Stopped), cut),
		when("terminated after force, with data elsewhere", fence(), asked(force, 0, cloud.Terminated)),
		when("terminated after force, and cut off", fence(), own, removed, asked(force, 0, cloud.Terminated), cut),
		when("forced, cut off, and not off yet", fence(), own, removed, asked(force, 0, cloud.Stopping), cut),
		when("off after force beside its replacement, with data elsewhere", standby(moving(record.Gated), cloud.Running), asked(force, 0, cloud.Stopped)),
		when("off after force beside its replacement, and cut off", standby(moving(record.Gated), cloud.Running), own, removed, asked(force, 0, cloud.Stopped), cut),
		when("off without force beside its replacement", standby(moving(record.Gated), cloud.Running), asked(skip, 0, cloud.Stopped)),

		when("forced a while ago, its mount target stays away", off(), own, removed, asked(force, 10*minute-1, cloud.Stopped), cut),
		when("forced long ago, its mount target is put back", off(), own, removed, asked(force, 10*minute, cloud.Stopped), cut),
		when("forced long ago, with a gate and before its launch, its mount target is put back", gated(record.Launching), own, removed, asked(force, 10*minute, cloud.Stopped), cut),
		when("forced a while ago, it is not started again", off(), nowhere, restart, own, removed, asked(force, 10*minute-1, cloud.Stopped), cut),
		when("forced long ago, it is started again", off(), nowhere, restart, own, removed, asked(force, 10*minute, cloud.Stopped), cut),
	})
}

// TestDecisionsUnanswered: what one invocation has done holds for the next one, which knows
// only the record and what it sees (case R13).
func TestDecisionsUnanswered(t *testing.T) {
	overdue := func(s *scene) { s.Node.Since, s.Node.Condemned[0].Since = ago(time.Hour), ago(time.Hour) }
	stop := decide.Effect{Do: decide.Stop, Instance: before, How: cloud.SkipShutdown}
	protect := func(p record.Protection) func(*scene) {
		return blame(func(c *record.Condemned) { c.ProtectStop = p })
	}
	held := func(code string) func(*scene) {
		return func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: code, Reason: "so it was", Since: ago(time.Hour), RetryAt: now}
		}
	}
	asked := blame(func(c *record.Condemned) {
		c.Stoppers, c.FirstAsked, c.AskedAt, c.Asked = []record.Sender{{By: "me", Until: in(time.Hour)}}, ago(time.Second), ago(time.Second), cloud.SkipShutdown
	})
	store := func(s *scene) {
		i := s.Facts.Instances[before]
		i.RootStore = "instance-store"
		s.Facts.Instances[before] = i
		s.Node.Settings.AllowTerminateFence = true
	}
	answered := func(e decide.Effect, kind cloud.Kind, code string) func(*scene) {
		return func(s *scene) { s.came(e, kind, code) }
	}
	unstoppable := blame(func(c *record.Condemned) { c.Unstoppable = "You can't stop the Spot Instance" })
	terminates := func(s *scene) { s.Node.Settings.AllowTerminateFence = true }
	fence := func() *scene { return moving(record.Fencing) }
	decisions(t, "unanswered", []decision{
		when("overdue, and it is protected", fence(), overdue, protect(record.ProtectionOn)),
		when("overdue, and another invocation cleared its protection", fence(), overdue, protect(record.ProtectionCleared)),
		when("held as overdue, and its protection is cleared now", fence(), overdue, protect(record.ProtectionOn), func(s *scene) {
			s.Node.Hold = &record.Hold{Kind: record.Interrupted, Code: "WR301", Reason: "overdue", Since: ago(time.Hour), RetryAt: in(time.Minute)}
		}, answered(decide.Effect{Do: decide.Unprotect, Instance: before, Stop: true}, "", "")),
		when("overdue, and clearing its protection is denied", fence(), overdue, protect(record.ProtectionOn), held("WR302"), answered(decide.Effect{Do: decide.Unprotect, Instance: before, Stop: true}, cloud.Denied, "")),
		when("overdue, and clearing its protection was denied a minute ago", fence(), overdue, protect(record.ProtectionOn), held("WR302")),
		when("overdue, and the stop is denied", fence(), overdue, asked, held("WR302"), answered(stop, cloud.Denied, "")),
		when("overdue, and the stop was denied a minute ago", fence(), overdue, held("WR302")),
		when("overdue, another invocation may still stop it, and this one is denied", fence(), overdue, asked, blame(func(c *record.Condemned) {
			c.Stoppers = append(c.Stoppers, record.Sender{By: "other", Until: in(time.Hour)})
		}), answered(stop, cloud.Denied, "")),
		when("overdue, protected against termination", fence(), overdue, store, blame(func(c *record.Condemned) { c.ProtectTerminate = record.ProtectionOn })),
		when("overdue, and another invocation cleared its termination protection", fence(), overdue, store, blame(func(c *record.Condemned) { c.ProtectTerminate = record.ProtectionCleared })),

		when("EC2 refuses to stop it", fence(), asked, answered(stop, cloud.Unsupported, "UnsupportedOperation")),
		when("EC2 refused to stop it", fence(), unstoppable),
		when("EC2 refused to stop it, and it may be terminated", fence(), unstoppable, terminates),
		when("EC2 refuses to stop it again", fence(), unstoppable, asked, answered(stop, cloud.Unsupported, "UnsupportedOperation")),
	})
}
