// Package network divides a VPC into subnets and checks blocks of addresses.
package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// subnetBits is how much longer a subnet's prefix is than its VPC's: room for 16
// zones, so that a zone added later renumbers nothing.
const subnetBits = 4

// ParseBlock reads an IPv4 block in canonical form within AWS's bounds for a VPC
// or subnet: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
func ParseBlock(prop, text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28 {
		return p, fmt.Errorf("%s is %q: allowed are IPv4 blocks of /16 to /28 such as 10.0.0.0/16; correct it", prop, text)
	}
	if p.Masked() != p {
		return p, fmt.Errorf("%s is %q: its address has bits beyond the prefix; write %s", prop, text, p.Masked())
	}
	return p, nil
}

// Carve returns the first n subnets of a VPC's block.
func Carve(vpc netip.Prefix, n int) ([]string, error) {
	bits := min(vpc.Bits()+subnetBits, 28)
	if room := 1 << (bits - vpc.Bits()); n > room {
		return nil, fmt.Errorf("CidrBlock %s has room for %d subnets of /%d, and %d zones are named; use a larger block or give SubnetCidrs", vpc, room, bits, n)
	}
	base4 := vpc.Addr().As4()
	base := binary.BigEndian.Uint32(base4[:])
	out := make([]string, n)
	for i := range out {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], base+uint32(i)<<(32-bits))
		out[i] = netip.PrefixFrom(netip.AddrFrom4(a), bits).String()
	}
	return out, nil
}

// CheckSubnets checks given subnet blocks: one per zone, inside the VPC's block
// (when that is known), none overlapping another. Of tokens only the number is known.
func CheckSubnets(vpc *netip.Prefix, given []string, zones int) error {
	if len(given) != zones {
		return fmt.Errorf("SubnetCidrs has %d blocks and there are %d zones: one block per zone is needed, in the zones' order", len(given), zones)
	}
	blocks := make([]netip.Prefix, len(given)) // of tokens the zero value
	for i, text := range given {
		if prop.Unresolved(text) {
			continue
		}
		p, err := ParseBlock(fmt.Sprintf("SubnetCidrs[%d]", i), text)
		if err != nil {
			return err
		}
		if vpc != nil && (!vpc.Contains(p.Addr()) || p.Bits() < vpc.Bits()) {
			return fmt.Errorf("SubnetCidrs[%d] is %q: it must lie inside the VPC's block %s", i, text, vpc)
		}
		for j, q := range blocks {
			if q.IsValid() && p.Overlaps(q) {
				return fmt.Errorf("SubnetCidrs[%d] %s overlaps SubnetCidrs[%d] %s: give each zone a block of its own", i, p, j, q)
			}
		}
		blocks[i] = p
	}
	return nil
}
