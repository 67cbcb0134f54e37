package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// GroupAttributes are the attributes of a target group that decide what an unhealthy
// target means, with the values that a node needs: those of AWS's defaults. With other
// values a load balancer with several registered targets can send traffic to all of them,
// also to one that was isolated ("Target group health",
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health.html).
var GroupAttributes = map[string]string{
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 "1",
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "off",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

// CheckGroupAttributes returns an error that names the first attribute of a target group
// that has another value than a node needs. An attribute that the group does not have is
// no fault: older groups lack some.
func CheckGroupAttributes(group string, has map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(GroupAttributes)) {
		if got, there := has[key]; there && got != "" && got != GroupAttributes[key] {
			return fmt.Errorf("target group %s has %s set to %q, and a node needs %q: while its only target is unhealthy, or a second one is registered, traffic could go to an instance that was isolated; set the attribute to %q",
				group[strings.LastIndex(group, ":")+1:], key, got, GroupAttributes[key], GroupAttributes[key])
		}
	}
	return nil
}
