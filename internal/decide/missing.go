package decide

import (
	"fmt"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// missing lists what the node should have at the end of a switch and has not: places in
// target groups, alarms that look at it, the mount target of its zone. Nothing of it delays
// the switch: a node that serves some of its clients is better than none.
func (s *step) missing() []string {
	return slices.Concat(s.missingPlaces(), s.missingAlarms(), s.missingMount())
}

// missingPlaces lists the target groups through which the node gets no traffic.
func (s *step) missingPlaces() []string {
	var list []string
	for _, set := range s.n.Settings.Groups {
		if _, exists := s.Facts.Groups[set.ARN]; !exists {
			list = append(list, fmt.Sprintf("target group %s does not exist, so the node gets no traffic through it", set.ARN))
		}
	}
	for _, t := range s.wanted() {
		x, found := s.find(t)
		switch used := s.Facts.Groups[t.Group].Balancers > 0; {
		case !used && !t.Idle:
			list = append(list, fmt.Sprintf("no load balancer uses target group %s any more, so the node gets no traffic through it", t.Group))
		case used && (!found || x.Health != cloud.Healthy):
			list = append(list, fmt.Sprintf("%s port %d is not healthy in target group %s any more (%s)", s.targetID(t), t.Port, t.Group, healthOf(x, found)))
		}
	}
	return list
}

// idlePlaces lists the target groups that no load balancer used before the switch either.
func (s *step) idlePlaces() []string {
	var list []string
	for _, t := range s.wanted() {
		if t.Idle && s.Facts.Groups[t.Group].Balancers == 0 {
			list = append(list, fmt.Sprintf("no load balancer uses target group %s", t.Group))
		}
	}
	return list
}

func healthOf(x cloud.Target, found bool) string {
	if !found {
		return "not registered"
	}
	return x.Health + because(x.Reason)
}

// missingAlarms lists the node's alarms that do not exist or do not watch its instance. A
// new node has none yet: CloudFormation creates them after it.
func (s *step) missingAlarms() []string {
	if k := s.n.Switch.Kind; k == record.KindCreate || k == record.KindAdopt {
		return nil
	}
	if s.Facts.Unseen[observe.PartAlarms] != nil {
		return nil
	}
	var list []string
	for _, name := range s.n.Settings.Alarms {
		a, exists := s.Facts.Alarms[name]
		if !exists {
			list = append(list, fmt.Sprintf("alarm %s does not exist, so the failures that it would report are not seen", name))
			continue
		}
		for _, o := range s.Outcomes {
			if o.Effect.Do == Repoint && o.Effect.Alarm == name && o.Err != nil && !cloud.Passing(o.Err) && strays(a.Instances, s.n.Grant.Instance) {
				list = append(list, fmt.Sprintf("alarm %s still watches %v: %v", name, a.Instances, o.Err))
			}
		}
	}
	return list
}

// missingMount reports whether the instance's zone has no mount target of the node's own file
// system, where the node's storage fence knows that file system.
func (s *step) missingMount() []string {
	fs := s.ownFiles()
	if fs == "" {
		return nil
	}
	mounts, read := s.Facts.Mounts[fs]
	switch there := slices.ContainsFunc(mounts, func(m cloud.Mount) bool { return m.Zone == s.n.Grant.Zone && m.State == "available" }); {
	case s.Facts.NoFiles[fs]:
		return []string{fmt.Sprintf("file system %s does not exist", fs)}
	case read && !there:
		return []string{fmt.Sprintf("file system %s has no mount target in %s that is available", fs, s.n.Grant.Zone)}
	}
	return nil
}

// ownFiles is the node's own file system, where the storage fence knows it, or "".
func (s *step) ownFiles() string {
	if s.n.Settings.Escalation != contract.EscalateStorage {
		return ""
	}
	return s.n.Settings.FileSystem
}

// unread lists what could not be looked at when the switch ended.
func (s *step) unread() []string {
	var list []string
	if err := s.Facts.Unseen[observe.PartAlarms]; err != nil {
		list = append(list, "whether its alarms exist and watch it: "+err.Error())
	}
	if err := s.Facts.Unseen[observe.PartMounts]; err != nil && s.ownFiles() != "" && !s.Facts.NoFiles[s.ownFiles()] {
		list = append(list, fmt.Sprintf("whether %s has a mount target in %s: %v", s.ownFiles(), s.n.Grant.Zone, err))
	}
	return list
}
