package sim

import (
	"context"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Scheduled are the events of the world that are still to come.
func (e *ec2) Scheduled(_ context.Context, ids []string) (list []cloud.Scheduled, err error) {
	err = (*client)(e).call("EC2", "DescribeInstanceStatus", func() error {
		for _, id := range ids {
			list = append(list, e.events[id]...)
		}
		slices.SortStableFunc(list, func(a, b cloud.Scheduled) int { return a.NotBefore.Compare(b.NotBefore) })
		return nil
	})
	return list, err
}
