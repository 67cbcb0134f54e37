package awscloud

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Application status checks: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/application-status-checks.html

// Failing asks for all impaired instances of the Region rather than by id, for the
// reasons that Scheduled has.
func (c *compute) Failing(ctx context.Context, ids []string) ([]cloud.Failing, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in := &ec2.DescribeApplicationStatusInput{
		MaxResults: aws.Int32(1000),
		Filters:    []types.Filter{{Name: aws.String("status"), Values: []string{string(types.ApplicationStatusEnumImpaired)}}},
	}
	var found []cloud.Failing
	for more := true; more; more = in.NextToken != nil {
		page, err := c.client().DescribeApplicationStatus(ctx, in, c.read)
		if err != nil {
			return nil, failure(err)
		}
		if in.NextToken = page.NextToken; page.ApplicationStatuses == nil {
			continue
		}
		for _, i := range page.ApplicationStatuses.Instances {
			s := i.ApplicationStatus
			if s != nil && s.Status == types.ApplicationStatusEnumImpaired && slices.Contains(ids, aws.ToString(i.InstanceId)) {
				found = append(found, cloud.Failing{Instance: aws.ToString(i.InstanceId), Reason: impairment(s), Since: aws.ToTime(s.StatusSince)})
			}
		}
	}
	slices.SortFunc(found, func(a, b cloud.Failing) int { return cmp.Compare(a.Instance, b.Instance) })
	return found, nil
}

// impairment names the checks that failed, and why.
func impairment(s *types.ApplicationStatus) string {
	var reasons []string
	for _, d := range s.Details {
		if d.Status != types.ApplicationStatusCheckEnumFailed || d.Aggregation == types.AggregationStatusEnumExcluded {
			continue
		}
		text := aws.ToString(d.ApplicationStatusCheckId)
		if r := d.Reason; r != nil {
			text += ": " + aws.ToString(r.Code)
			if r.StatusCode != nil {
				text += fmt.Sprintf(" (%d)", *r.StatusCode)
			}
		}
		reasons = append(reasons, text)
	}
	return strings.Join(reasons, ", ")
}

func (c *compute) Watch(ctx context.Context, check, key, value string) error {
	out, err := c.client().AssociateApplicationStatusCheck(ctx, &ec2.AssociateApplicationStatusCheckInput{
		ApplicationStatusCheckId: aws.String(check), TargetTagAssociations: pair(key, value),
	})
	if err != nil || len(out.UnsuccessfulResults) == 0 {
		return failure(err)
	}
	return c.settled(ctx, "AssociateApplicationStatusCheck", check, key, value, true, out.UnsuccessfulResults)
}

func (c *compute) Unwatch(ctx context.Context, check, key, value string) error {
	out, err := c.client().DisassociateApplicationStatusCheck(ctx, &ec2.DisassociateApplicationStatusCheckInput{
		ApplicationStatusCheckId: aws.String(check), TargetTagAssociations: pair(key, value),
	})
	if err != nil || len(out.UnsuccessfulResults) == 0 {
		return failure(err)
	}
	return c.settled(ctx, "DisassociateApplicationStatusCheck", check, key, value, false, out.UnsuccessfulResults)
}

func pair(key, value string) []types.CustomTagKeyValueRequestPair {
	return []types.CustomTagKeyValueRequestPair{{Key: aws.String(key), Value: aws.String(value)}}
}

// settled looks whether a change that was refused was made already: EC2 refuses one
// association of a call by a text of its own, also one that exists.
func (c *compute) settled(ctx context.Context, action, check, key, value string, want bool, refused []types.UnsuccessfulAssociationResponseObject) error {
	in := &ec2.DescribeApplicationStatusCheckAssociationsInput{ApplicationStatusCheckIds: []string{check}, MaxResults: aws.Int32(1000)}
	exists := false
	for more := true; more; more = in.NextToken != nil {
		page, err := c.client().DescribeApplicationStatusCheckAssociations(ctx, in, c.read)
		if err != nil {
			return failure(err)
		}
		in.NextToken = page.NextToken
		for _, a := range page.Associations {
			exists = exists || a.AssociationType == types.AssociationTypeEnumTag && aws.ToString(a.Key) == key && aws.ToString(a.Value) == value
		}
	}
	if exists == want {
		return nil
	}
	return &cloud.Error{Kind: cloud.Invalid, Service: serviceEC2, Action: action, Message: aws.ToString(refused[0].Reason)}
}
