package cloud

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// Address is a private address of an instance and its place there. A replacement has
// other addresses in the same places.
type Address struct {
	IP string `json:"ip"`
	// Place is "" for the primary address of the first interface, else
	// "<card>.<device>.<number>" or "<card>.<device>.v6.<number>".
	Place string `json:"place,omitempty"`
}

// Addresses returns the private IPv4 addresses and the IPv6 addresses of all interfaces.
func (i Instance) Addresses() []Address {
	var found []Address
	for _, n := range i.Interfaces {
		for k, ip := range n.Private {
			found = append(found, Address{ip, placeOf(n, "", k)})
		}
		for k, ip := range n.IPv6 {
			found = append(found, Address{ip, placeOf(n, "v6.", k)})
		}
	}
	if i.PrivateIP != "" && !slices.ContainsFunc(found, func(a Address) bool { return a.IP == i.PrivateIP }) {
		found = append(found, Address{IP: i.PrivateIP})
	}
	slices.SortFunc(found, func(a, b Address) int { return cmp.Compare(a.Place, b.Place) })
	return found
}

func placeOf(n Interface, family string, k int) string {
	if n.Card == 0 && n.Device == 0 && family == "" && k == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%s%d", n.Card, n.Device, family, k)
}

// CompareIP orders addresses by number, so that the order does not depend on how an
// answer lists them.
func CompareIP(a, b string) int {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX != nil || errY != nil {
		return cmp.Compare(a, b)
	}
	return x.Compare(y)
}

// Primary is the first interface: that of card 0 and device 0.
func (i Instance) Primary() (Interface, bool) {
	for _, n := range i.Interfaces {
		if n.Card == 0 && n.Device == 0 {
			return n, true
		}
	}
	return Interface{}, false
}
