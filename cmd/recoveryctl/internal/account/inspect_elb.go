package account

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	shifttypes "github.com/aws/aws-sdk-go-v2/service/arczonalshift/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// groups are the ARNs of the nodes' target groups, each once.
func (x *inspection) groups() []string {
	arns := map[string]bool{}
	for _, n := range x.f.Nodes {
		for _, g := range n.Settings.Groups {
			arns[g.ARN] = true
		}
	}
	return slices.Sorted(maps.Keys(arns))
}

func (x *inspection) attributes(ctx context.Context) error {
	found := map[string]map[string]string{}
	for _, arn := range x.groups() {
		has, err := x.s.Ports.Balancers.Attributes(ctx, arn)
		if cloud.Is(err, cloud.NotFound) {
			continue // another check finds that the group is gone
		}
		if err != nil {
			return err
		}
		found[arn] = has
	}
	x.note(func(f *doctor.Facts) { f.Attributes = found })
	return nil
}

// autoshift asks Application Recovery Controller about the load balancers of the nodes.
func (x *inspection) autoshift(ctx context.Context) error {
	balancers, shifts := elb.NewFromConfig(x.a.SDK), arczonalshift.NewFromConfig(x.a.SDK)
	found, known := map[string][]string{}, map[string]bool{}
	for _, group := range x.groups() {
		out, err := balancers.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{group}})
		if err != nil {
			if code(err) == "TargetGroupNotFound" {
				continue
			}
			return err
		}
		for _, g := range out.TargetGroups {
			for _, lb := range g.LoadBalancerArns {
				on, asked := known[lb]
				if !asked {
					if on, err = shiftsAutomatically(ctx, shifts, lb); err != nil {
						return err
					}
					known[lb] = on
				}
				if on {
					found[group] = append(found[group], lb)
				}
			}
		}
	}
	x.note(func(f *doctor.Facts) { f.Autoshift = found })
	return nil
}

// shiftsAutomatically reports whether zonal autoshift is on. A load balancer that the
// controller does not manage has none.
func shiftsAutomatically(ctx context.Context, shifts *arczonalshift.Client, lb string) (bool, error) {
	out, err := shifts.GetManagedResource(ctx, &arczonalshift.GetManagedResourceInput{ResourceIdentifier: aws.String(lb)})
	var absent *shifttypes.ResourceNotFoundException
	if errors.As(err, &absent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return out.ZonalAutoshiftStatus == shifttypes.ZonalAutoshiftStatusEnabled, nil
}
