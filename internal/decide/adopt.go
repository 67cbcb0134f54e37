package decide

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/blueprint"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// adopt makes a running instance the node's: it is tagged, recorded as the
// blueprint, and granted. It is not restarted, and never condemned by a refusal.
func (s *step) adopt() {
	id := s.n.Settings.Adopt
	i, visible := s.Facts.Instances[id]
	if why := s.unadoptable(i, visible); why != "" {
		s.refuseAdoption(why)
		return
	}
	if !visible || !s.seen(observe.PartDetails, observe.PartTargets) {
		s.wait()
		return
	}
	if seen := highestEpoch(i); seen > s.n.Epoch { // of an earlier life
		s.n.Epoch, s.out.Save = seen, true
	}
	d, described := s.Facts.Details[id]
	if !described {
		s.hold(record.Interrupted, message.NoBlueprint, s.Facts.NoDetails[id], s.retryAt())
		return
	}
	if why := s.unkeepable(i, d); why != "" {
		s.refuseAdoption(why)
		return
	}
	b, err := blueprint.FromInstance(i, d, nil, s.Config.BlackholeGroup)
	if err == nil {
		err = s.launchable(b)
	}
	if err != nil {
		s.refuseAdoption(err.Error())
		return
	}
	if e := (Effect{Do: Adopt, Instance: id, Tags: s.adoptionTags(i)}); !holds(i.Tags, e.Tags) {
		if !s.succeeded(e) {
			s.do(e)
			s.out.Save = true
		}
		s.wait()
		return
	}
	s.recordTargets(id)
	s.settle(b, s.n.Settings.Template, message.BlueprintTaken, "from "+id)
	s.n.Switch.Instance = id
	s.grant(i)
	s.say(message.Adopted, fmt.Sprintf("%s in %s", id, i.Zone), slog.String("instance", id), slog.String("az", i.Zone))
}

// adoptionTags are the tags that make an instance the node's. Whether it may be
// recovered stays as its owner set it.
func (s *step) adoptionTags(i cloud.Instance) map[string]string {
	tags := map[string]string{
		s.Config.IDTag: strconv.Itoa(s.n.ID), contract.SwitcherTag: s.Config.Name, contract.EpochTag: strconv.Itoa(s.n.Epoch),
	}
	if i.Tags[contract.CondemnedTag] != contract.NoEpoch {
		tags[contract.CondemnedTag] = contract.NoEpoch
	}
	if i.Tags[contract.GateTag] == "" { // an open one of an earlier life stays as it is
		tags[contract.GateTag] = contract.NoEpoch
	}
	if target, ok := i.Tags[s.Config.TargetTag]; !ok || target == "" {
		tags[s.Config.TargetTag] = "true"
	}
	return tags
}

// unadoptable says why an instance cannot become the node, or "".
func (s *step) unadoptable(i cloud.Instance, visible bool) string {
	id := s.n.Settings.Adopt
	if !visible {
		if s.since(s.n.Since) < absentConfirm {
			return ""
		}
		return id + " is not visible in EC2: give a running instance of this account and Region"
	}
	if i.State != cloud.Running {
		return fmt.Sprintf("%s is %s: start it, and deploy again", id, i.State)
	}
	if i.VPC != s.Config.VPC {
		return fmt.Sprintf("%s is in %s: adopt it with the switcher of that VPC; this one's is %s", id, i.VPC, s.Config.VPC)
	}
	if got := i.Tags[contract.SwitcherTag]; got != "" && got != s.Config.Name {
		return fmt.Sprintf("%s belongs to switcher %q (tag %s): delete its node there first, with Deployment.OnDelete %q", id, got, contract.SwitcherTag, contract.DeleteRetain)
	}
	if got := i.Tags[s.Config.IDTag]; got != "" && got != strconv.Itoa(s.n.ID) {
		return fmt.Sprintf("tag %s of %s is %q: adopt it as node %s, or remove the tag", s.Config.IDTag, id, got, got)
	}
	for _, key := range slices.Sorted(maps.Keys(i.Tags)) {
		if err := contract.Exposable(key); err != nil && i.Metadata.Tags == "enabled" && !strings.HasPrefix(key, "aws:") {
			return fmt.Sprintf("a replacement of %s could not be launched: %v", id, err)
		}
	}
	return ""
}

// refuseAdoption leaves the instance as it was found and gives the node id back.
func (s *step) refuseAdoption(why string) {
	s.answer(fmt.Errorf("instance %s cannot be adopted: %s", s.n.Settings.Adopt, why))
	s.leave(s.n.Settings.Adopt, why)
}

// leave ends the node's life without touching the instance that carries it.
func (s *step) leave(instance, why string) {
	s.n.Epoch++
	s.n.Switch = &record.Switch{
		ID: fmt.Sprintf("%d-%d", s.n.ID, s.n.Epoch), Kind: record.KindDelete, Started: s.Now, Recorded: true, Retain: instance,
		Cause: record.Cause{Kind: record.KindDelete, Detail: why, At: s.Now},
	}
	if g := s.n.Grant; g != nil {
		s.n.Switch.RetainIP, s.n.Switch.RetainFurther = g.PrivateIP, g.Further
	}
	s.n.Grant = nil
	s.to(record.Deleting)
}

// released takes our tags off an instance that stays. It reports whether none is left.
// One that carried the node and is gone does not stay: its targets are cleared away like
// those of any other, since an address may belong to somebody else soon.
func (s *step) released(instance string) bool {
	i, visible := s.Facts.Instances[instance]
	if going := i.State == cloud.Terminated || i.State == cloud.ShuttingDown; going && s.n.Switch.RetainIP != "" {
		s.condemn(instance, i.Zone, s.n.Switch.RetainIP)
		s.condemned(instance).Further = s.n.Switch.RetainFurther
		s.n.Switch.Retain = ""
		s.wait()
		return false
	} else if going || !visible {
		return true
	}
	if s.n.Blueprint != nil && !s.regroup(i) { // a switch that was called off a moment ago
		s.out.Save = true
		return false
	}
	if open := map[string]string{contract.GateTag: fmt.Sprintf("%s:%d", instance, s.n.Epoch)}; s.gated() && i.Tags[contract.GateTag] == contract.NoEpoch {
		if e := (Effect{Do: Open, Instance: instance, Tags: open}); !s.succeeded(e) {
			s.do(e)
			s.out.Save = true
			return false
		}
	}
	return s.untagged(i)
}

// untagged takes our tags off an instance. It reports whether none is left.
func (s *step) untagged(i cloud.Instance) bool {
	ours := map[string]string{}
	for _, key := range []string{s.Config.IDTag, contract.SwitcherTag, contract.CondemnedTag, contract.EpochTag, contract.GateTag} {
		// An open gate stays open: the instance may run the gate at its next boot.
		if value, ok := i.Tags[key]; ok && (key != contract.GateTag || value == contract.NoEpoch && !s.gated()) {
			ours[key] = value
		}
	}
	if len(ours) == 0 {
		return true
	}
	if e := (Effect{Do: Release, Instance: i.ID, Tags: ours}); !s.succeeded(e) {
		s.do(e)
		s.out.Save = true // so that a leader of yesterday finds out instead of untagging
		return false
	}
	s.say(message.InstanceRetained, i.ID+" runs on, without the node's tags", slog.String("instance", i.ID))
	return true
}
