package awscloud

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	arc "github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	arctypes "github.com/aws/aws-sdk-go-v2/service/arczonalshift/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// adviceLimit bounds each of these reads, retries included. They say where a
// replacement is better placed, and a launch goes on without them: while a zone
// fails, the services that know of it may be slow themselves.
const adviceLimit = 3 * time.Second

// zones is what EC2 and Application Recovery Controller tell of zones.
type zones struct {
	ec2  *compute
	arc  func() *arc.Client
	read func(*arc.Options)
}

func newZones(s *session, c *compute) *zones {
	return &zones{
		ec2:  c,
		arc:  sync.OnceValue(func() *arc.Client { return arc.NewFromConfig(s.cfg) }),
		read: func(o *arc.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

// Zones leaves out zones that the account has not opted in to, as
// DescribeAvailabilityZones does by itself.
func (z *zones) Zones(ctx context.Context) ([]cloud.Zone, error) {
	ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(adviceLimit))
	defer cancel()
	out, err := z.ec2.client().DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{}, z.ec2.read)
	if err != nil {
		return nil, failure(err)
	}
	var found []cloud.Zone
	for _, a := range out.AvailabilityZones {
		var words []string
		for _, m := range a.Messages {
			words = append(words, aws.ToString(m.Message))
		}
		found = append(found, cloud.Zone{
			Name: aws.ToString(a.ZoneName), ID: aws.ToString(a.ZoneId), State: string(a.State), Message: strings.Join(words, " "),
		})
	}
	slices.SortFunc(found, func(a, b cloud.Zone) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// Shifts names zones by id, as both calls do. A zonal shift concerns one load
// balancer, Auto Scaling group or cluster of the account, and a practice run is one
// too: traffic is moved away from the zone all the same.
func (z *zones) Shifts(ctx context.Context) ([]cloud.Shift, error) {
	ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(adviceLimit))
	defer cancel()
	var found []cloud.Shift
	shifts := arc.NewListZonalShiftsPaginator(z.arc(), &arc.ListZonalShiftsInput{Status: arctypes.ZonalShiftStatusActive, MaxResults: aws.Int32(100)})
	for shifts.HasMorePages() {
		page, err := shifts.NextPage(ctx, z.read)
		if err != nil {
			return nil, failure(err)
		}
		for _, s := range page.Items {
			found = append(found, cloud.Shift{ZoneID: aws.ToString(s.AwayFrom), Reason: shiftReason(&s)})
		}
	}
	auto := arc.NewListAutoshiftsPaginator(z.arc(), &arc.ListAutoshiftsInput{Status: arctypes.AutoshiftExecutionStatusActive, MaxResults: aws.Int32(100)})
	for auto.HasMorePages() {
		page, err := auto.NextPage(ctx, z.read)
		if err != nil {
			return nil, failure(err)
		}
		for _, s := range page.Items {
			found = append(found, cloud.Shift{ZoneID: aws.ToString(s.AwayFrom), Reason: "autoshift by AWS"})
		}
	}
	slices.SortStableFunc(found, func(a, b cloud.Shift) int {
		return cmp.Or(cmp.Compare(a.ZoneID, b.ZoneID), cmp.Compare(a.Reason, b.Reason))
	})
	return found, nil
}

// shiftReason is a person's comment, or what kind of shift it is.
func shiftReason(s *arctypes.ZonalShiftSummary) string {
	kind := "zonal shift"
	if s.ShiftType != "" {
		kind = strings.ToLower(strings.ReplaceAll(string(s.ShiftType), "_", " "))
	}
	return strings.TrimSuffix(kind+": "+aws.ToString(s.Comment), ": ")
}

// Reserved adds the reservations of one zone and type up. Those that are shared
// with the account count: EC2 shows the room that is left for it.
func (z *zones) Reserved(ctx context.Context, kinds []string) ([]cloud.Reserve, error) {
	ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(adviceLimit))
	defer cancel()
	free := map[cloud.Reserve]int{}
	for chunk := range slices.Chunk(kinds, filterValues) {
		pages := ec2.NewDescribeCapacityReservationsPaginator(z.ec2.client(), &ec2.DescribeCapacityReservationsInput{
			Filters: []types.Filter{
				{Name: aws.String("instance-type"), Values: chunk},
				{Name: aws.String("state"), Values: []string{string(types.CapacityReservationStateActive)}},
				{Name: aws.String("instance-match-criteria"), Values: []string{string(types.InstanceMatchCriteriaOpen)}},
			},
			MaxResults: aws.Int32(1000),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, z.ec2.read)
			if err != nil {
				return nil, failure(err)
			}
			for _, r := range page.CapacityReservations {
				free[cloud.Reserve{Zone: aws.ToString(r.AvailabilityZone), Type: aws.ToString(r.InstanceType)}] += int(aws.ToInt32(r.AvailableInstanceCount))
			}
		}
	}
	var found []cloud.Reserve
	for r, n := range free {
		if r.Free = n; n > 0 {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b cloud.Reserve) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.Type, b.Type))
	})
	return found, nil
}
