package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
)

// knownZone refuses a zone that the Region does not have. Without it a typing error would
// read as a plan in which nothing happens. "" is no zone, and fine.
//
// A Local Zone is listed only once the account has opted in to it (DescribeAvailabilityZones,
// Amazon EC2 API reference), as a subnet there requires.
func (c *cli) knownZone(ctx context.Context, p place, flag, zone string) error {
	if zone == "" {
		return nil
	}
	zones, err := p.Ports.Zones.Zones(ctx)
	if err != nil {
		return account.Explain(err, "list the Availability Zones of Region "+p.Region)
	}
	names := make([]string, 0, len(zones))
	for _, z := range zones {
		names = append(names, z.Name)
	}
	if slices.Contains(names, zone) {
		return nil
	}
	slices.Sort(names)
	hint := "allowed are " + strings.Join(names, ", ")
	for _, z := range zones {
		if z.ID == zone {
			hint = fmt.Sprintf("%s is a zone id, and %s its name in this account; %s", zone, z.Name, hint)
		}
	}
	return usage(fmt.Sprintf("%s %s: Region %s has no such Availability Zone", flag, zone, p.Region), hint)
}
