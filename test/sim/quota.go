package sim

import (
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// quota is the number of instances that may run in the account: EC2's vCPU quotas count running
// instances ("Amazon EC2 instance type quotas").
type quota struct {
	from, to time.Time
	most     int
}

// overQuota reports whether one more instance is more than the account may run.
func (w *World) overQuota() bool {
	running := 0
	for _, m := range w.machines {
		if m.node == 0 {
			continue // others' are counted in the quota that is left
		}
		if m.State == cloud.Pending || m.State == cloud.Running || m.State == cloud.Stopping {
			running++
		}
	}
	for _, q := range w.Chaos.quotas {
		if !w.Now.Before(q.from) && w.Now.Before(q.to) && running >= q.most {
			return true
		}
	}
	return false
}

// quotaMet refuses what would be more than the account may run, and notes the node that
// met the quota: I9 lets its recovery fence first then.
func (w *World) quotaMet(action string, node int) error {
	if t := w.nodes[node]; t != nil {
		t.overQuota = w.Now
	}
	return refuse(cloud.Quota, "EC2", action, "VcpuLimitExceeded")
}

// mayFenceFirst reports whether the node's switch met the quota, as far as the clocks of
// invocations show.
func (w *World) mayFenceFirst(node int) bool {
	t := w.nodes[node]
	sw := t.record.Switch
	return sw != nil && sw.Kind == record.KindRecover && sw.FenceFirst && t.overQuota.Add(w.Chaos.Skew).After(sw.Started)
}
