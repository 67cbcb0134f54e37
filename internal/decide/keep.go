package decide

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// clusterGroup is the strategy of a placement group that exists in one zone.
const clusterGroup = "cluster"

// unkeepable says why an instance cannot be adopted because of what a replacement would
// lack, or "".
func (s *step) unkeepable(i cloud.Instance, d cloud.Details) string {
	set := s.n.Settings
	if lost := slices.Concat(i.Unkept, d.Unkept); len(lost) > 0 {
		return "a replacement could not inherit these settings: " + strings.Join(lost, "; ") + ". Change them, and deploy again (docs/inheritance.md)"
	}
	if d.Strategy == clusterGroup {
		return fmt.Sprintf("placement group %s is a cluster group, which exists in one zone: move the instance into a spread or partition group, or out of the group (aws ec2 modify-instance-placement), and deploy again", i.Placement)
	}
	if i.Placement != "" && d.Strategy == "" {
		return fmt.Sprintf("placement group %s belongs to another account. EC2 would launch into it by its id only, and the switcher launches by name: move the instance into a spread or partition group of this account, or out of the group (aws ec2 modify-instance-placement), and deploy again", i.Placement)
	}
	if i.RootStore == "instance-store" && !set.AllowTerminateFence {
		return fmt.Sprintf("the root device of %s is an instance store, so EC2 cannot stop it: set Fence.AllowTerminate if it may be terminated instead, and deploy again", i.ID)
	}
	if other := otherElastic(i, set.ElasticIP); len(other) > 0 {
		return fmt.Sprintf("it has the Elastic IP address %s: declare the address in Network.ElasticIp, or disassociate it, and deploy again", strings.Join(other, ", "))
	}
	if first, _ := i.Primary(); set.ElasticIP.Address != "" && first.Public != set.ElasticIP.Address {
		return fmt.Sprintf("it has the public address %q, and Network.ElasticIp declares %s: associate that address with %s, or leave Network.ElasticIp out, and deploy again", first.Public, set.ElasticIP.Address, i.ID)
	}
	if set.Gate && !readsTags(i) {
		return fmt.Sprintf("the node has a Gate, which reads a tag through the instance metadata, and the metadata of %s has HttpEndpoint %q and InstanceMetadataTags %q: set both to enabled (aws ec2 modify-instance-metadata-options), and deploy again", i.ID, i.Metadata.Endpoint, i.Metadata.Tags)
	}
	return s.unregistered(i)
}

// unregistered says which declared target group does not hold the instance, or "".
func (s *step) unregistered(i cloud.Instance) string {
	addresses := s.addressesOf(i.ID)
	for _, g := range s.n.Settings.Groups {
		if _, exists := s.Facts.Groups[g.ARN]; !exists {
			return fmt.Sprintf("target group %s does not exist: correct Network.TargetGroups, and deploy again", g.ARN)
		}
		held := false
		for _, t := range s.Facts.Targets[g.ARN] {
			_, own := placeIn(t, i.ID, addresses)
			if own && t.Unkept != "" {
				return fmt.Sprintf("a replacement could not take its place in target group %s: %s", g.ARN, t.Unkept)
			}
			held = held || own
		}
		if !held {
			return fmt.Sprintf("target group %s holds neither %s nor one of its addresses: register it there, or take the group out of Network.TargetGroups, and deploy again", g.ARN, i.ID)
		}
	}
	return ""
}

// otherElastic are the Elastic IP addresses of an instance that the node does not declare.
func otherElastic(i cloud.Instance, declared contract.ElasticIP) []string {
	var other []string
	for _, n := range i.Interfaces {
		if primary := n.Device == 0 && n.Card == 0; n.Elastic && (!primary || n.Public != declared.Address) {
			other = append(other, n.Public)
		}
		other = append(other, n.ElasticToo...)
	}
	return other
}

// readsTags reports whether the instance can read its own tags through its metadata.
func readsTags(i cloud.Instance) bool {
	return i.Metadata.Endpoint == "enabled" && i.Metadata.Tags == "enabled"
}

// lost are the settings of an instance that a replacement does not have; more are those
// that only cloud.Details shows.
func lost(n record.Node, i cloud.Instance, more []string) []string {
	lost := slices.Concat(i.Unkept, more)
	for _, ip := range otherElastic(i, n.Settings.ElasticIP) {
		lost = append(lost, fmt.Sprintf("Elastic IP address %s (the node does not declare it: a replacement does not get it)", ip))
	}
	return lost
}

// Differences are the settings of the node's running instance that a replacement would not
// have, or would have otherwise.
func Differences(n record.Node, i cloud.Instance, more []string) []string {
	lost := lost(n, i, more)
	if n.Settings.Gate && !readsTags(i) {
		lost = append(lost, fmt.Sprintf("MetadataOptions.HttpEndpoint is %q and MetadataOptions.InstanceMetadataTags is %q (the gate reads a tag there: a replacement has both enabled, and this instance would wait at its gate after a reboot)",
			i.Metadata.Endpoint, i.Metadata.Tags))
		for _, key := range slices.Sorted(maps.Keys(i.Tags)) {
			if contract.Exposable(key) != nil && !strings.HasPrefix(key, "aws:") {
				lost = append(lost, fmt.Sprintf("tag %q (the metadata, where the gate reads its tag, cannot show a key with a space or a slash: a replacement does not get it)", key))
			}
		}
	}
	return lost
}

// reportDifferences notifies people once of each setting that a replacement of the running
// instance would not have.
func (s *step) reportDifferences() {
	i, ok := s.Facts.Instances[s.n.Grant.Instance]
	if !ok || !s.Facts.Sweep || i.State != cloud.Running {
		return
	}
	now := Differences(s.n, i, nil)
	if slices.Equal(now, s.n.Differs) {
		return
	}
	fresh := slices.DeleteFunc(slices.Clone(now), func(d string) bool { return slices.Contains(s.n.Differs, d) })
	s.n.Differs, s.out.Save = now, true
	if len(fresh) > 0 {
		reason := fmt.Sprintf("%s: %s", i.ID, strings.Join(fresh, "; "))
		s.say(message.WillDiffer, reason, slog.String("instance", i.ID))
		s.notify(message.WillDiffer, reason)
	}
}

// reapplied makes sure of what no launch request can ask for. It reports whether nothing
// is left to do.
func (s *step) reapplied(i cloud.Instance) bool {
	done := s.readdressed(i)
	if s.n.Blueprint == nil {
		return done
	}
	for _, spec := range s.n.Blueprint.Interfaces {
		for _, n := range i.Interfaces {
			if !spec.Forwards || n.Forwards || n.Card != spec.Card || n.Device != spec.Device {
				continue
			}
			done = false
			s.wait()
			if e := (Effect{Do: Forward, Instance: i.ID, NIC: n.ID}); !s.succeeded(e) {
				s.do(e)
				s.say(message.Reapplied, "the source/destination check of "+n.ID+" is turned off", slog.String("instance", i.ID))
			}
		}
	}
	return done
}

// readdress gives a node at rest its Elastic IP address back: a deployment declared it, or
// a late call or a person took it away.
func (s *step) readdress() {
	if i, ok := s.Facts.Instances[s.n.Grant.Instance]; ok && s.Facts.Sweep && i.State == cloud.Running {
		s.readdressed(i)
	}
}

// readdressed makes sure that the instance has the node's Elastic IP address. It reports
// whether it has.
func (s *step) readdressed(i cloud.Instance) bool {
	declared := s.n.Settings.ElasticIP
	n, ok := i.Primary()
	if declared.Allocation == "" || !ok || n.Elastic && n.Public == declared.Address {
		return true
	}
	e := Effect{Do: Address, Instance: i.ID, NIC: n.ID, Key: declared.Allocation}
	switch {
	case !s.succeeded(e):
		s.do(e)
		s.out.Save = true // so that a stale leader finds out instead of moving the address away
		s.say(message.Reapplied, fmt.Sprintf("Elastic IP address %s moves to %s", declared.Address, n.ID), slog.String("instance", i.ID))
	case n.Elastic && n.Public != "":
		s.hold(record.Interrupted, message.AddressDiffers,
			fmt.Sprintf("%s was associated with %s, which has the address %s now, and the node declares %s", declared.Allocation, i.ID, n.Public, declared.Address), s.retryAt())
		return false
	}
	s.wait()
	return false
}

// addressesBeside are the addresses of an instance beside its primary one.
func addressesBeside(i cloud.Instance) []cloud.Address {
	return slices.DeleteFunc(i.Addresses(), func(a cloud.Address) bool { return a.IP == i.PrivateIP })
}

// addressesOf are the addresses of an instance: those that EC2 shows, and those that were
// recorded when it still had them.
func (s *step) addressesOf(instance string) []cloud.Address {
	found := s.Facts.Instances[instance].Addresses()
	add := func(ip string, more []cloud.Address) {
		if ip != "" {
			more = slices.Concat([]cloud.Address{{IP: ip}}, more)
		}
		for _, a := range more {
			if !slices.ContainsFunc(found, func(x cloud.Address) bool { return x.IP == a.IP }) {
				found = append(found, a)
			}
		}
	}
	for _, g := range []*record.Grant{s.n.Grant, s.Node.Grant} {
		if g != nil && g.Instance == instance {
			add(g.PrivateIP, g.Further)
		}
	}
	for _, c := range s.n.Condemned {
		if c.Instance == instance {
			add(c.PrivateIP, c.Further)
		}
	}
	return found
}

// placeIn reports whether a target is the instance or one of its addresses, and the place
// of that address.
func placeIn(t cloud.Target, instance string, addresses []cloud.Address) (place string, own bool) {
	if t.ID == instance {
		return "", true
	}
	for _, a := range addresses {
		if a.IP == t.ID {
			return a.Place, true
		}
	}
	return "", false
}

// followAddresses takes over that a person registered another address of the instance in
// the place of the recorded one, so that the recorded one is not registered again beside it.
func (s *step) followAddresses() {
	addresses := s.addressesOf(s.n.Grant.Instance)
	for k := range s.n.Targets {
		t := &s.n.Targets[k]
		if _, held := s.find(*t); held || t.Kind != "ip" {
			continue
		}
		for _, x := range s.Facts.Targets[t.Group] {
			place, own := placeIn(x, s.n.Grant.Instance, addresses)
			known := slices.ContainsFunc(s.n.Targets, func(o record.Target) bool { return o.Group == t.Group && o.Port == x.Port && o.Place == place })
			if own && !known && x.Port == t.Port && x.Health != cloud.Draining {
				t.Place, s.out.Save = place, true
				break
			}
		}
	}
}

// addressAt is the granted instance's address in a place, or its primary one if it has
// none there.
func (s *step) addressAt(place string) string {
	g := s.n.Grant
	if i := slices.IndexFunc(g.Further, func(a cloud.Address) bool { return a.Place == place }); place != "" && i >= 0 {
		return g.Further[i].IP
	}
	return g.PrivateIP
}

// renumber keeps the recorded addresses of a node at rest like the instance's.
func (s *step) renumber() {
	i, ok := s.Facts.Instances[s.n.Grant.Instance]
	if !ok || !s.Facts.Sweep || i.State != cloud.Running {
		return
	}
	if now := addressesBeside(i); !slices.Equal(now, s.n.Grant.Further) {
		s.n.Grant.Further, s.out.Save = now, true
	}
}
