package decide

import (
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// runningQuotas are the codes of quotas that count instances that run: one that is stopped
// gives its share back ("Error codes for the Amazon EC2 API"; "Amazon EC2 instance type
// quotas": "your running On-Demand Instances").
var runningQuotas = []string{"VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded"}

// fencesFirst turns a gated recovery to the order of a node without a gate, fence and then
// launch, when its launch is refused by a quota of which the failed instance holds a share.
// The save here is the switch's point of no return. It reports whether it does.
func (s *step) fencesFirst(refusal error) bool {
	sw := s.n.Switch
	if !s.overlaps() || sw.Kind != record.KindRecover || !slices.Contains(runningQuotas, codeOf(refusal)) || !s.freesQuota() {
		return false
	}
	sw.FenceFirst = true
	s.to(record.Fencing)
	s.say(message.FencesFirst, fmt.Sprintf("%v; %s is powered off first, and gives its share of the quota back", refusal, sw.From))
	s.wait()
	return true
}

// freesQuota reports whether the failed instance has power and may be powered off before a
// replacement stands by.
func (s *step) freesQuota() bool {
	i, visible := s.Facts.Instances[s.n.Switch.From]
	return visible && !i.Off() && s.n.Condemns(i.ID) && (i.RootStore != "instance-store" || s.n.Settings.AllowTerminateFence)
}
