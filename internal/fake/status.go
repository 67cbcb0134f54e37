package fake

import (
	"context"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func (c compute) Scheduled(_ context.Context, ids []string) (list []cloud.Scheduled, err error) {
	err = c.w.call("EC2 DescribeInstanceStatus", func() error {
		for _, e := range c.w.Scheduled {
			if slices.Contains(ids, e.Instance) {
				list = append(list, e)
			}
		}
		slices.SortStableFunc(list, func(a, b cloud.Scheduled) int { return a.NotBefore.Compare(b.NotBefore) })
		return nil
	})
	return list, err
}
