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

func (c compute) Failing(_ context.Context, ids []string) (list []cloud.Failing, err error) {
	err = c.w.call("EC2 DescribeApplicationStatus", func() error {
		for _, i := range c.w.Failing {
			if slices.Contains(ids, i.Instance) {
				list = append(list, i)
			}
		}
		return nil
	})
	return list, err
}

func (c compute) Watch(_ context.Context, check, key, value string) error {
	return c.w.call("EC2 AssociateApplicationStatusCheck", func() error {
		c.w.Watched[check+" "+key+"="+value] = true
		return nil
	})
}

func (c compute) Unwatch(_ context.Context, check, key, value string) error {
	return c.w.call("EC2 DisassociateApplicationStatusCheck", func() error {
		delete(c.w.Watched, check+" "+key+"="+value)
		return nil
	})
}
