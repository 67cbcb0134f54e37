package awscloud

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

// groupsPerCall is how many target groups one DescribeTargetGroups names at most.
const groupsPerCall = 20

type balancers struct {
	client func() *elb.Client
	read   func(*elb.Options)
}

func newBalancers(s *session) *balancers {
	return &balancers{
		client: sync.OnceValue(func() *elb.Client { return elb.NewFromConfig(s.cfg) }),
		read:   func(o *elb.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

func (b *balancers) Groups(ctx context.Context, arns []string) ([]cloud.TargetGroup, error) {
	var found []cloud.TargetGroup
	for chunk := range slices.Chunk(arns, groupsPerCall) {
		out, err := b.client().DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: chunk}, b.read)
		if err != nil {
			return nil, failure(err)
		}
		for _, g := range out.TargetGroups {
			found = append(found, cloud.TargetGroup{
				ARN: aws.ToString(g.TargetGroupArn), Kind: string(g.TargetType),
				Port: int(aws.ToInt32(g.Port)), Balancers: len(g.LoadBalancerArns),
			})
		}
	}
	return found, nil
}

func (b *balancers) Targets(ctx context.Context, group string) ([]cloud.Target, error) {
	out, err := b.client().DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)}, b.read)
	if err != nil {
		return nil, failure(err)
	}
	var found []cloud.Target
	for _, d := range out.TargetHealthDescriptions {
		var t cloud.Target
		if d.Target != nil {
			t.ID, t.Port = aws.ToString(d.Target.Id), int(aws.ToInt32(d.Target.Port))
			t.Outside = aws.ToString(d.Target.AvailabilityZone) == everyZone
			t.Unkept = strings.Join(inherit.Unkept(inherit.TargetSlot, d.Target), "; ")
		}
		if h := d.TargetHealth; h != nil {
			t.Health, t.Reason = string(h.State), string(h.Reason)
		}
		found = append(found, t)
	}
	return found, nil
}

func (b *balancers) Attributes(ctx context.Context, group string) (map[string]string, error) {
	out, err := b.client().DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(group)}, b.read)
	if err != nil {
		return nil, failure(err)
	}
	found := map[string]string{}
	for _, a := range out.Attributes {
		found[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return found, nil
}

func (b *balancers) Register(ctx context.Context, group string, targets []cloud.Target) error {
	if len(targets) == 0 {
		return nil
	}
	_, err := b.client().RegisterTargets(ctx, &elb.RegisterTargetsInput{
		TargetGroupArn: aws.String(group), Targets: descriptions(targets),
	})
	return failure(err)
}

// Deregister: for a target that is not registered, ELB "returns successfully"
// (DeregisterTargets, API reference). InvalidTarget says that the target does not
// exist at all, which is as good.
func (b *balancers) Deregister(ctx context.Context, group string, targets []cloud.Target) error {
	if len(targets) == 0 {
		return nil
	}
	_, err := b.client().DeregisterTargets(ctx, &elb.DeregisterTargetsInput{
		TargetGroupArn: aws.String(group), Targets: descriptions(targets),
	})
	if e := failure(err); !cloud.HasCode(e, "InvalidTarget") {
		return e
	}
	return nil
}

// everyZone is the Availability Zone of a target outside of its group's VPC
// (TargetDescription, Elastic Load Balancing API reference).
const everyZone = "all"

func descriptions(targets []cloud.Target) []types.TargetDescription {
	var to []types.TargetDescription
	for _, t := range targets {
		d := types.TargetDescription{Id: aws.String(t.ID), Port: count(t.Port)}
		if t.Outside {
			d.AvailabilityZone = aws.String(everyZone)
		}
		to = append(to, d)
	}
	return to
}
