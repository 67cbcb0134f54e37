package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// tagKeys returns n keys of a user's own.
func tagKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("own-%d", i)
	}
	return keys
}

func TestOwnTagsLeaveRoomForTheSwitchers(t *testing.T) {
	ours := append([]string{contract.DefaultIDTag, contract.DefaultTargetTag, contract.SwitcherTag}, contract.ControlTags...)
	if got := len(ours) + contract.MaxOwnTags; got != contract.MaxTags {
		t.Errorf("%d tags of the switcher and %d own ones are %d, EC2 allows %d", len(ours), contract.MaxOwnTags, got, contract.MaxTags)
	}
	full := append(tagKeys(contract.MaxOwnTags), append(ours, "aws:cloudformation:stack-name", "AWS:x")...)
	if err := contract.CheckOwnTags(full, contract.DefaultIDTag, contract.DefaultTargetTag); err != nil {
		t.Errorf("as many as fit: %v", err)
	}
	err := contract.CheckOwnTags(append(full, "one-more"), contract.DefaultIDTag, contract.DefaultTargetTag)
	if err == nil || !strings.Contains(err.Error(), "45 tags of its own: at most 44") {
		t.Errorf("one more than fits: %v", err)
	}
	// With keys of its own the switcher's default keys are tags like any other.
	if err := contract.CheckOwnTags(full, "node", "target"); err == nil {
		t.Error("tags with the default keys are not counted although the switcher has other keys")
	}
}

func TestVolumeTagsLeaveRoomForTheSwitchers(t *testing.T) {
	full := append(tagKeys(contract.MaxVolumeTags), contract.SwitcherTag, "aws:x")
	if err := contract.CheckVolumeTags("a volume", full); err != nil {
		t.Errorf("as many as fit: %v", err)
	}
	if err := contract.CheckVolumeTags("a volume", append(full, "one-more")); err == nil || !strings.Contains(err.Error(), "at most 49") {
		t.Errorf("one more than fits: %v", err)
	}
}
