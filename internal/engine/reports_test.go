package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
)

// TestTagThatTheMetadataCannotShow: a key such as "Patch Group" can be added while the instance
// does not show its tags in its metadata. A gated replacement must show them, and is launched
// without that tag rather than never (aws-sdk, issue 410).
func TestTagThatTheMetadataCannotShow(t *testing.T) {
	r := newRig(t)
	r.gate = true
	r.deployed()
	old := r.w.Boxes[r.node().Grant.Instance]
	old.Metadata.Tags = "disabled"
	old.Tags["Patch Group"], old.Tags["PatchGroup"] = "linux", "linux"
	n := r.recovered()
	if tags := r.w.Boxes[n.Grant.Instance].Tags; tags["PatchGroup"] != "linux" {
		t.Errorf("the replacement has the tags %v", tags)
	}
}

// TestEventBeforeTheStateShows: EC2's event says "stopped" while DescribeInstances still shows
// the instance as running (boto3, issue 4386). The sweep within a minute sees it.
func TestEventBeforeTheStateShows(t *testing.T) {
	r := newRig(t)
	r.deployed()
	old := r.node().Grant.Instance
	at := r.w.Time
	r.w.Later(at.Add(7*time.Second), func() { r.w.Stop(old) })
	r.must(stateEvent("e-1", old, "stopped", at))
	for r.node().Grant == nil || r.node().Grant.Instance == old {
		if r.w.Time.Sub(at) > 5*time.Minute {
			t.Fatalf("it was not recovered within 5 minutes: %s", r.node().Phase)
		}
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(sweep)
	}
}

// TestTargetGroupOfAPeeredVPC: an address outside of its target group's VPC is registered with
// "all" as its Availability Zone, the replacement's too (aws-load-balancer-controller, issue 3084).
func TestTargetGroupOfAPeeredVPC(t *testing.T) {
	r := newRig(t)
	r.deployed()
	p, old := r.w.Pools[group], r.w.Boxes[r.node().Grant.Instance]
	p.Kind, p.Elsewhere = "ip", true
	p.Members = map[string]*fake.Member{old.PrivateIP + ":80": {Target: cloud.Target{ID: old.PrivateIP, Port: 80, Outside: true}}}
	r.must(sweep) // the healthy node's place is as people have made it
	n := r.recovered()
	if m := p.Members[fmt.Sprintf("%s:80", n.Grant.PrivateIP)]; m == nil || !m.Outside || len(p.Members) != 1 {
		t.Errorf("the group holds %v", p.Members)
	}
}
