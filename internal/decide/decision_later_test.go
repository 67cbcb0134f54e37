package decide_test

import (
	"slices"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// later is a decision that waits for an issue: the right answer is known and not given yet.
type later struct {
	issue int
	name  string
	scene *scene
	right func(decide.Step) bool
}

// TestDecisionsThatWaitForAnIssue lists them all. A row that is decided right fails, so that
// it becomes a row that is kept.
func TestDecisionsThatWaitForAnIssue(t *testing.T) {
	restarts := func(step decide.Step) bool { return step.Node.Switch.Restart }
	refused := func(kind cloud.Kind, code string) *scene {
		s := asked(off())
		s.Node.Settings.RestartOriginal = true
		s.Node.Switch.Tried = append(s.Node.Switch.Tried, "az-a")
		s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, kind, code)
		return s
	}
	invalidType := func(code string) *scene {
		s := asked(off())
		s.Node.Settings.Types = []string{"c7g.medium", "r7g.large"}
		s.Node.Switch.Launch.Type = "c7g.medium"
		s.came(decide.Effect{Do: decide.Launch, Launch: *s.Node.Switch.Launch}, cloud.Invalid, code)
		return s
	}
	asks := func(step decide.Step) bool { // for anything but the type that was called invalid
		return slices.ContainsFunc(step.Effects, func(e decide.Effect) bool { return e.Do == decide.Launch && e.Launch.Type != "c7g.medium" })
	}
	hangs := moving(record.Fencing)
	onInstanceStore(hangs)
	hangs.Node.Settings.Escalation = contract.EscalateGoOn
	hangs.Node.Since = ago(2 * time.Duration(hangs.Config.Policy.FenceSeconds) * time.Second)

	rows := []later{
		{18, "R3: the image is gone, and the original may be started again", refused(cloud.Invalid, "InvalidAMIID.NotFound"), restarts},
		{18, "R3: the key pair is gone, and the original may be started again", refused(cloud.Invalid, "InvalidKeyPair.NotFound"), restarts},
		{18, "R3: the quota is used up, and the original may be started again", refused(cloud.Quota, "VcpuLimitExceeded"), restarts},
		{18, "R3: launches are denied, and the original may be started again", refused(cloud.Denied, "UnauthorizedOperation"), restarts},
		{18, "R4: an alternative type has too many volumes", invalidType("AttachmentLimitExceeded"), asks},
		{18, "R4: an alternative type does not go with the rest", invalidType("InvalidParameterCombination"), asks},
		{18, "R4: a value is not good for an alternative type", invalidType("InvalidParameterValue"), asks},
		{18, "R4: an alternative type has too few addresses", invalidType("PrivateIpAddressLimitExceeded"), asks},
		{18, "R4: an alternative type does not encrypt volumes", invalidType("EncryptedVolumesNotSupported"), asks},
		{18, "R11: nothing may be asked of an instance, and the node goes on", hangs, func(step decide.Step) bool {
			return slices.ContainsFunc(step.Node.Condemned, func(c record.Condemned) bool { return c.Waived }) || step.Node.Phase == record.Launching
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if step := decide.Decide(row.scene.Input); row.right(step) {
				t.Fatalf("it is decided right (%+v): make it a row that is kept, of the issue %d", step.Effects, row.issue)
			}
			t.Skipf("until issue %d", row.issue)
		})
	}
}
