package decide_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var declared = contract.ElasticIP{Allocation: "eipalloc-1", Address: "203.0.113.9"}

func declares(s *scene) { s.Node.Settings.ElasticIP = declared }

// with changes an instance that EC2 shows.
func with(id string, change func(*cloud.Instance)) func(*scene) {
	return func(s *scene) {
		i := s.Facts.Instances[id]
		i.Interfaces = append([]cloud.Interface{}, i.Interfaces...)
		change(&i)
		s.Facts.Instances[id] = i
	}
}

// elastic gives an instance an Elastic IP address.
func elastic(id, ip string) func(*scene) {
	return with(id, func(i *cloud.Instance) { i.Interfaces[0].Public, i.Interfaces[0].Elastic = ip, true })
}

// TestDecisionsUnkeepable: an instance is not adopted when its replacements would lack
// something; the answer names what, why, and what to do.
func TestDecisionsUnkeepable(t *testing.T) {
	detail := func(change func(*cloud.Details)) func(*scene) {
		return func(s *scene) {
			d := s.Facts.Details[before]
			change(&d)
			s.Facts.Details[before] = d
		}
	}
	decisions(t, "unkeepable", []decision{
		when("it has settings that no replacement could have", adopting(), with(before, func(i *cloud.Instance) {
			i.Unkept = []string{`Placement.HostId is "h-1" (a dedicated host exists in one zone)`}
		})),
		when("a volume has", adopting(), detail(func(d *cloud.Details) { d.Unkept = []string{`volume /dev/sdf: MultiAttachEnabled is "true" (shared)`} })),
		when("it is in a cluster placement group", adopting(), with(before, func(i *cloud.Instance) { i.Placement = "near" }), detail(func(d *cloud.Details) { d.Strategy = "cluster" })),
		when("it is in a placement group that another account shares", adopting(), with(before, func(i *cloud.Instance) { i.Placement = "theirs" })),
		when("it is in a spread placement group", adopting(), with(before, func(i *cloud.Instance) { i.Placement = "far" }), detail(func(d *cloud.Details) { d.Strategy = "spread" })),
		when("it cannot be stopped", adopting(), with(before, func(i *cloud.Instance) { i.RootStore = "instance-store" })),
		when("it cannot be stopped, and may be terminated", adopting(), with(before, func(i *cloud.Instance) { i.RootStore = "instance-store" }), func(s *scene) { s.Node.Settings.AllowTerminateFence = true }),
		when("it has an Elastic IP address that is not declared", adopting(), elastic(before, "203.0.113.9")),
		when("it has one at another address", adopting(), with(before, func(i *cloud.Instance) { i.Interfaces[1].ElasticToo = []string{"203.0.113.10"} })),
		when("it has the Elastic IP address that is declared", adopting(), declares, elastic(before, "203.0.113.9")),
		when("it has not the Elastic IP address that is declared", adopting(), declares),
		when("its gate could not read its tag", adopting(), func(s *scene) { s.Node.Settings.Gate = true }),
		when("a declared target group holds none of its addresses", adopting(), func(s *scene) { s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.0.else", Port: 81}} }),
		when("a declared target group does not exist", adopting(), func(s *scene) { delete(s.Facts.Groups, byIP) }),
		when("its place in a target group cannot be taken", adopting(), func(s *scene) {
			s.Facts.Targets[byID] = []cloud.Target{{ID: before, Port: 80, Unkept: `QuicServerId is "0x1" (one target has it)`}}
		}),
	})
}

// TestDecisionsReapplied: what no launch can ask for is applied before the node serves.
func TestDecisionsReapplied(t *testing.T) {
	forwarding := func(s *scene) {
		b := *s.Node.Blueprint
		b.Interfaces = append([]cloud.InterfaceSpec{}, b.Interfaces...)
		b.Interfaces[1].Forwards = true
		s.Node.Blueprint = &b
	}
	healthy := func(s *scene) { s.registered() }
	address := decide.Effect{Do: decide.Address, Instance: after, NIC: "eni-0-i-new", Key: "eipalloc-1"}
	decisions(t, "reapplied", []decision{
		when("the original forwarded, and the replacement does not yet", serving(), forwarding, healthy),
		when("it was asked to", serving(), forwarding, healthy, func(s *scene) { s.came(decide.Effect{Do: decide.Forward, Instance: after, NIC: "eni-1-i-new"}, "", "") }),
		when("it may not be asked to", serving(), forwarding, healthy, func(s *scene) {
			s.came(decide.Effect{Do: decide.Forward, Instance: after, NIC: "eni-1-i-new"}, cloud.Denied, "UnauthorizedOperation")
		}),
		when("it forwards", serving(), forwarding, healthy, with(after, func(i *cloud.Instance) { i.Interfaces[1].Forwards = true })),
		when("the node's Elastic IP address is elsewhere", serving(), declares, healthy),
		when("it is on its way", serving(), declares, healthy, func(s *scene) { s.came(address, "", "") }),
		when("it is there", serving(), declares, healthy, elastic(after, "203.0.113.9")),
		when("another one came", serving(), declares, healthy, elastic(after, "203.0.113.10"), func(s *scene) { s.came(address, "", "") }),
		when("at rest, a person took it away", swept(), declares),
		when("at rest, it is there", swept(), declares, elastic(before, "203.0.113.9")),
		when("at rest, it is there, without a sweep", resting(), declares),
	})
}

// TestDecisionsDiffers: people are notified once of what a replacement would not have.
func TestDecisionsDiffers(t *testing.T) {
	host := with(before, func(i *cloud.Instance) { i.Unkept = []string{`Placement.HostId is "h-1" (one zone)`} })
	off := with(before, func(i *cloud.Instance) { i.Metadata = cloud.MetadataOptions{Endpoint: "disabled", Tags: "enabled"} })
	gate := func(s *scene) { s.Node.Settings.Gate = true }
	decisions(t, "differs", []decision{
		when("a person moved it to a dedicated host", swept(), host),
		when("it was reported before", swept(), host, func(s *scene) { s.Node.Differs = s.Facts.Instances[before].Unkept }),
		when("it is no longer so", swept(), func(s *scene) { s.Node.Differs = []string{`Placement.HostId is "h-1" (one zone)`} }),
		when("a person gave it an Elastic IP address", swept(), elastic(before, "203.0.113.9")),
		when("its gate cannot read its tag any more", swept(), gate, off, func(s *scene) { s.tag(before, contract.GateTag, "i-old:1") }),
		when("without a gate nothing reads it", swept(), off),
		when("it fails, and its model has what a replacement has not", resting(), host, fails, func(s *scene) {
			s.Facts.Details[before] = cloud.Details{UserData: "data", ShutdownBehavior: "stop", Unkept: []string{"volume /dev/sdf: shared"}}
		}),
	})
}

// TestDecisionsAddresses: in target groups of type ip an address moves to the same place
// of the replacement, and no address of the old instance is left.
func TestDecisionsAddresses(t *testing.T) {
	further := func(name string) []cloud.Address {
		return []cloud.Address{{IP: "10.0.1." + name, Place: "0.0.1"}, {IP: "v6-" + name, Place: "0.0.v6.0"}}
	}
	has := func(id, name string) func(*scene) {
		return with(id, func(i *cloud.Instance) {
			i.Interfaces[0].Private, i.Interfaces[0].IPv6 = []string{"10.0.0." + name, "10.0.1." + name}, []string{"v6-" + name}
		})
	}
	second := func(s *scene) {
		s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.1.old", Port: 81, Health: cloud.Healthy}}
	}
	moved := func(s *scene) {
		s.Node.Targets = []record.Target{{Group: byID, Kind: "instance", Port: 80}, {Group: byIP, Kind: "ip", Port: 81, Place: "0.0.1"}}
		s.Node.Grant.Further, s.Node.Condemned[0].Further = further("new"), further("old")
	}
	recent := func(s *scene) { s.Node.Grant.GrantedAt = ago(time.Minute) }
	decisions(t, "addresses", []decision{
		when("it fails at its second address", resting(), has(before, "old"), second, fails, func(s *scene) {
			s.Facts.Details[before] = cloud.Details{UserData: "data", ShutdownBehavior: "stop"}
		}),
		when("it is gone, and its addresses were recorded", resting(), second, func(s *scene) {
			s.Node.Grant.Further = further("old")
			s.vanish(before)
			s.Facts.NoDetails[before] = "gone"
		}),
		when("the replacement takes the place", serving(), moved, has(after, "new")),
		when("the replacement lacks the place", serving(), moved, func(s *scene) { s.Node.Grant.Further = nil }),
		when("the old address is left in the group", served(), moved, has(after, "new"), func(s *scene) {
			s.Facts.Targets[byIP] = []cloud.Target{{ID: "10.0.1.old", Port: 81, Health: cloud.Unused}, {ID: "10.0.1.new", Port: 81, Health: cloud.Healthy}}
		}),
		when("a person registers another address at rest", swept(), recent, has(before, "old"), second),
		when("its addresses change at rest", swept(), has(before, "old")),
		when("it is adopted at its second address", adopting(), has(before, "old"), second, func(s *scene) {
			for key, value := range map[string]string{idTag: "7", wantTag: "true", contract.SwitcherTag: "rec", contract.EpochTag: "1"} {
				s.tag(before, key, value)
			}
		}),
	})
}
