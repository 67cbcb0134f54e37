package template

import (
	"fmt"
	"testing"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// TestOwnTargetGroups: a node's own target group states what an unhealthy target means.
func TestOwnTargetGroups(t *testing.T) {
	for _, kind := range []recovery.LoadBalancerKind{recovery.LoadBalancerKind_NETWORK, recovery.LoadBalancerKind_APPLICATION} {
		b := newBase(t)
		b.node("Node", recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Kind: kind}}})
		got := map[string]string{}
		for _, a := range flat(synth(t, b.stack).one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "Node").Properties["TargetGroupAttributes"]).([]any) {
			got[fmt.Sprint(at(t, a, "Key"))] = fmt.Sprint(at(t, a, "Value"))
		}
		for key, want := range contract.GroupAttributes {
			if got[key] != want {
				t.Errorf("%s: %s is %q, want %q", kind, key, got[key], want)
			}
		}
	}
}
