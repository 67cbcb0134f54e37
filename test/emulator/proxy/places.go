package proxy

import (
	"fmt"
	"strings"
)

// Reserve is an open capacity reservation with room.
type Reserve struct {
	Zone, Type string
	Free       int
}

type launch struct {
	request  string
	instance string
	answer   *answer
}

// SetShifted names the zones, by id, that a zonal shift moves traffic away from.
func (p *Proxy) SetShifted(zoneIDs ...string) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.shifted = zoneIDs
}

// SetReserved sets the account's open capacity reservations.
func (p *Proxy) SetReserved(reserves ...Reserve) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.reserved = reserves
}

// reservations: the emulator has no capacity reservations. Launches do not use
// them up here: what the switcher is told is what it is to act on.
func (p *Proxy) reservations(c Call) *answer {
	types := map[string]bool{}
	for i := 1; ; i++ {
		filter := fmt.Sprintf("Filter.%d.", i)
		name := c.Params[filter+"Name"]
		if name == "" {
			break
		}
		for j := 1; name == "instance-type" && c.Params[fmt.Sprintf("%sValue.%d", filter, j)] != ""; j++ {
			types[c.Params[fmt.Sprintf("%sValue.%d", filter, j)]] = true
		}
	}
	var items strings.Builder
	for _, r := range p.gaps.reserved {
		if types[r.Type] {
			fmt.Fprintf(&items, "<item><availabilityZone>%s</availabilityZone><instanceType>%s</instanceType><availableInstanceCount>%d</availableInstanceCount>"+
				"<state>active</state><instanceMatchCriteria>open</instanceMatchCriteria></item>", xmlText(r.Zone), xmlText(r.Type), r.Free)
		}
	}
	return xmlAnswer(`<DescribeCapacityReservationsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>proxy</requestId>` +
		`<capacityReservationSet>` + items.String() + `</capacityReservationSet></DescribeCapacityReservationsResponse>`)
}

// shifts: the emulator has no Application Recovery Controller.
func (p *Proxy) shifts() *answer {
	items := []any{}
	for _, id := range p.gaps.shifted {
		items = append(items, map[string]any{
			"awayFrom": id, "comment": "set by the harness", "expiryTime": 4102444800, "resourceIdentifier": "harness", "startTime": 0,
			"status": "ACTIVE", "zonalShiftId": "harness", "shiftType": "ZONAL_SHIFT",
		})
	}
	return jsonAnswer(map[string]any{"items": items})
}
