package decide

import (
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// cutHolds reports whether the storage fence of an instance holds. It is observed each
// time: a mount target that a person made in its place ends it.
func (s *step) cutHolds(c *record.Condemned) bool {
	if !c.Cut {
		return false
	}
	_, there, read := s.mount(*c)
	if read && there {
		c.Cut, s.out.Save = false, true
	}
	return read && c.Cut
}

// escalate does what the node declares for a fence that is overdue. It reports
// whether that goes on, so that no person is asked yet.
func (s *step) escalate() bool {
	switch s.n.Settings.Escalation {
	case contract.EscalateGoOn:
		return s.waive()
	case contract.EscalateStorage:
		return s.cutOff(func(c *record.Condemned) bool { return !s.off(c) })
	}
	return false
}

// waive goes on without proof. Only one of the node's instances takes traffic: the
// others leave the target groups before the replacement is registered.
func (s *step) waive() bool {
	for i := range s.n.Condemned {
		c := &s.n.Condemned[i]
		if !s.off(c) {
			c.Waived, s.out.Save = true, true
			s.say(message.FenceWaived, s.powerStates())
			s.notify(message.FenceWaived, s.powerStates())
		}
	}
	return true
}

// cutOff removes the mount targets through which the chosen instances reach the node's
// own file system, and reports whether that can be done. DeleteMountTarget "forcibly breaks any mounts of the
// file system by using the mount target" (Amazon EFS API reference); the target is
// proven gone when it is not described any more.
func (s *step) cutOff(chosen func(*record.Condemned) bool) bool {
	if s.n.Settings.FileSystem == "" {
		return false
	}
	if !s.seen(observe.PartMounts) {
		return true
	}
	for i := range s.n.Condemned {
		c := &s.n.Condemned[i]
		if !chosen(c) {
			continue
		}
		if c.FileSystem == "" {
			c.FileSystem, s.out.Save = s.n.Settings.FileSystem, true
		}
		m, there, read := s.mount(*c)
		switch {
		case c.Zone == "":
			return false // it was never seen: nobody knows where it could write from
		case !read:
			s.wait() // what was not looked at is not gone
		case !there:
			c.Cut, s.out.Save = true, true
			reason := fmt.Sprintf("%s has no mount target of %s any more; %s", c.Zone, c.FileSystem, s.powerStates())
			s.say(message.StorageFenced, reason)
			s.notify(message.StorageFenced, reason)
		case m.State == "deleting", m.State == "deleted", m.State == "creating":
			s.wait()
		case c.Mount == nil:
			c.Mount, s.out.Save = &m, true // what is put back later is known before it is removed
			fallthrough
		default:
			c.Cutters = s.joins(c.Cutters)
			s.do(Effect{Do: Unmount, Mount: m})
		}
	}
	return true
}

// mount finds the mount target through which the instance reaches the file system.
// read says that they were looked at in this round.
func (s *step) mount(c record.Condemned) (m cloud.Mount, there, read bool) {
	mounts, read := s.Facts.Mounts[c.FileSystem]
	for _, m := range mounts {
		if m.Zone == c.Zone {
			return m, true, read
		}
	}
	return cloud.Mount{}, false, read
}

// restored puts back the mount target that was removed for the storage fence, once
// the instance is known to be off. It reports whether nothing is left to put back.
func (s *step) restored(c record.Condemned, i cloud.Instance) bool {
	if c.Mount == nil {
		return true
	}
	m, there, read := s.mount(c)
	held := s.condemned(c.Instance)
	s.settleForced(held, s.down(held)) // while the target is away, and before it is asked for
	switch {
	case i.ID != "" && !i.Off() || !read || s.mayStillWrite(c) || s.needsCut(c):
	case !there:
		s.out.Save = s.out.Save || !held.Remade
		held.Remade = true
		s.do(Effect{Do: Mount, Mount: *c.Mount, FileSystem: c.FileSystem})
	case m.State == "available" && m.ID == c.Mount.ID && slices.ContainsFunc(c.Cutters, s.live):
		// It was never removed, and may be yet: nobody would put it back then.
	case m.State == "available":
		s.noteRemade(c, m)
		held.Mount, held.Cutters, held.Cut, held.Remade, held.FileSystem, s.out.Save = nil, nil, false, false, "", true
		s.say(message.MountRestored, fmt.Sprintf("%s of %s in %s", m.ID, c.FileSystem, c.Zone))
		return true
	}
	return false
}

// answeredCuts notes that AWS answered this invocation: no call of it to remove a mount
// target is under way any more.
func (s *step) answeredCuts() {
	for _, o := range s.Outcomes {
		if o.Effect.Do != Unmount || cloud.Is(o.Err, cloud.Ambiguous) {
			continue
		}
		for i := range s.n.Condemned {
			if c := &s.n.Condemned[i]; c.Mount != nil && c.Mount.ID == o.Effect.Mount.ID && slices.ContainsFunc(c.Cutters, s.self) {
				c.Cutters, s.out.Save = slices.DeleteFunc(c.Cutters, s.self), true
			}
		}
	}
}

// noteRemade remembers a mount target that the switcher made.
func (s *step) noteRemade(c record.Condemned, m cloud.Mount) {
	made := record.Remade{FileSystem: c.FileSystem, Mount: m.ID}
	if c.Remade && c.Mount != nil && m.ID != c.Mount.ID && !slices.Contains(s.n.Remade, made) {
		s.n.Remade, s.out.Save = append(s.n.Remade, made), true
	}
}

// unmade removes, with the node, the mount targets that the switcher made: no stack
// knows of them, and their interfaces would keep the subnets and groups from being
// deleted. It reports whether none is left.
func (s *step) unmade() bool {
	gone, asked := true, false
	for _, c := range s.n.Condemned {
		if m, there, _ := s.mount(c); there {
			s.noteRemade(c, m)
		}
		gone = gone && (!c.Remade || s.mountsKnown(c.FileSystem)) // or one that was made is missed
	}
	for _, made := range s.n.Remade {
		gone = gone && s.mountsKnown(made.FileSystem)
		asked = asked || !s.Facts.NoFiles[made.FileSystem]
	}
	if (!gone || asked) && !s.seen(observe.PartMounts) {
		return false
	}
	for _, made := range s.n.Remade {
		at := slices.IndexFunc(s.Facts.Mounts[made.FileSystem], func(m cloud.Mount) bool { return m.ID == made.Mount })
		if at < 0 {
			continue
		}
		gone = false
		if m := s.Facts.Mounts[made.FileSystem][at]; m.State != "deleting" && m.State != "creating" {
			s.do(Effect{Do: Unmount, Mount: m})
		}
	}
	return gone
}

// mountsKnown reports whether it is known which mount targets of this account a file system
// has: none, if it was deleted.
func (s *step) mountsKnown(fileSystem string) bool {
	_, read := s.Facts.Mounts[fileSystem]
	return read || s.Facts.NoFiles[fileSystem]
}

// remount puts back, during a switch, the mount targets of instances that are off by
// now: their zones become candidates again.
func (s *step) remount() {
	for _, c := range slices.Clone(s.n.Condemned) {
		if i, visible := s.Facts.Instances[c.Instance]; visible && c.Mount != nil {
			s.restored(c, i)
		}
	}
}

// apart reports whether instances that were not proven off are out of the target
// groups, which must be so before another one serves.
func (s *step) apart() bool {
	for _, c := range s.n.Condemned {
		if c.Waived || c.Cut {
			return s.deregistered()
		}
	}
	return true
}
