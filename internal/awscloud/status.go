package awscloud

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// eventCodes are all that DescribeInstanceStatus can be filtered by.
var eventCodes = []string{
	cloud.EventInstanceReboot, cloud.EventSystemReboot, cloud.EventMaintenance, cloud.EventRetirement, cloud.EventStop,
}

// Scheduled asks for the events of all instances of the Region rather than by id:
// few instances have any, so one page nearly always holds them, and by id one
// unknown instance fails the whole call. An event that is over can be
// described for up to a week more (InstanceStatusEvent, API reference).
func (c *compute) Scheduled(ctx context.Context, ids []string) ([]cloud.Scheduled, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	pages := ec2.NewDescribeInstanceStatusPaginator(c.client(), &ec2.DescribeInstanceStatusInput{
		IncludeAllInstances: aws.Bool(true), MaxResults: aws.Int32(1000),
		Filters: []types.Filter{{Name: aws.String("event.code"), Values: eventCodes}},
	})
	var found []cloud.Scheduled
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, c.read)
		if err != nil {
			return nil, failure(err)
		}
		for i := range page.InstanceStatuses {
			if status := &page.InstanceStatuses[i]; slices.Contains(ids, aws.ToString(status.InstanceId)) {
				found = append(found, scheduledOf(status)...)
			}
		}
	}
	slices.SortFunc(found, func(a, b cloud.Scheduled) int {
		return cmp.Or(a.NotBefore.Compare(b.NotBefore), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func scheduledOf(status *types.InstanceStatus) []cloud.Scheduled {
	var found []cloud.Scheduled
	for _, e := range status.Events {
		if over(aws.ToString(e.Description)) {
			continue
		}
		found = append(found, cloud.Scheduled{
			Instance: aws.ToString(status.InstanceId), ID: aws.ToString(e.InstanceEventId),
			Code: string(e.Code), Detail: aws.ToString(e.Description), NotBefore: aws.ToTime(e.NotBefore),
		})
	}
	return found
}

// over: the description of an event that was completed begins with "[Completed]"
// (InstanceStatusEvent, API reference), of one that was canceled with "[Canceled]"
// ("Scheduled events for your instances").
func over(description string) bool {
	return strings.HasPrefix(description, "[Completed]") || strings.HasPrefix(description, "[Canceled]")
}
