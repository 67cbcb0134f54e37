package engine_test

import (
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// TestTargetGroupsWithOtherAttributesAreRefused: a target group whose attributes change the
// meaning of an unhealthy target is refused by the attribute's name, and nothing is launched.
func TestTargetGroupsWithOtherAttributesAreRefused(t *testing.T) {
	for key, wrong := range map[string]string{
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "50",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "2",
		"target_group_health.dns_failover.minimum_healthy_targets.count":                 "off",
		"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "100",
	} {
		r := newRig(t)
		r.w.Pools[group].Attributes = map[string]string{key: wrong, "stickiness.enabled": "true"}
		r.must(request("Create", "req-1", "stack-1", properties))
		a := r.answer(0)
		if reason, _ := a["Reason"].(string); a["Status"] != "FAILED" || !strings.Contains(reason, key) || !strings.Contains(reason, contract.GroupAttributes[key]) {
			t.Errorf("%s = %s was answered by %v", key, wrong, a)
		}
		if len(r.w.Running()) != 0 {
			t.Errorf("%s = %s: an instance was launched", key, wrong)
		}
		r.w.Pools[group].Attributes[key] = contract.GroupAttributes[key]
		r.must(request("Create", "req-2", "stack-1", properties))
		if a := r.answer(1); a["Status"] != "SUCCESS" {
			t.Errorf("%s as a node needs it was answered by %v", key, a)
		}
	}
}
