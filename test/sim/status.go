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

// Failing are the machines that the world's own checks call impaired.
func (e *ec2) Failing(_ context.Context, ids []string) (list []cloud.Failing, err error) {
	err = (*client)(e).call("EC2", "DescribeApplicationStatus", func() error {
		for _, id := range ids {
			if i, ok := e.failing[id]; ok {
				list = append(list, i)
			}
		}
		return nil
	})
	return list, err
}

// Watch and Unwatch change nothing that a check could see: what is impaired is the
// world's to say.
func (e *ec2) Watch(_ context.Context, check, key, value string) error {
	return (*client)(e).sending(check, key, value).call("EC2", "AssociateApplicationStatusCheck", func() error { return nil })
}

func (e *ec2) Unwatch(_ context.Context, check, key, value string) error {
	return (*client)(e).sending(check, key, value).call("EC2", "DisassociateApplicationStatusCheck", func() error { return nil })
}
