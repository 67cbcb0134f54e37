package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// each are the checks of each node.
var each = []struct {
	name  string
	check func(*exam, string, record.Node)
}{
	{"hold", (*exam).hold},
	{"pause", (*exam).pause},
	{"claim", (*exam).claim},
	{"instance", (*exam).carrier},
	{"tags", (*exam).tags},
	{"foreign", (*exam).foreign},
	{"fence", (*exam).fence},
	{"protection", (*exam).protection},
	{"scheduled", (*exam).scheduled},
	{"targets", (*exam).targets},
	{"balancers", (*exam).balancers},
	{"alarms", (*exam).alarms},
	{"heartbeat", (*exam).heartbeat},
	{"template", (*exam).template},
	{"image", (*exam).image},
	{"type", (*exam).offered},
	{"reservation", (*exam).reservation},
	{"mounts", (*exam).mounts},
	{"inheritance", (*exam).inheritance},
	{"placement", (*exam).placement},
}

func (e *exam) hold(check string, n record.Node) {
	h := n.Hold
	if h == nil {
		return
	}
	d, _ := message.Find(message.Code(h.Code))
	e.find(Error, check, n.ID, fmt.Sprintf("%s is %s: %s %s", name(n), h.Kind, h.Code, d.Text), h.Reason, d.Action)
}

func (e *exam) pause(check string, n record.Node) {
	if n.Paused(e.Now) {
		e.find(Warning, check, n.ID, fmt.Sprintf("%s is paused until %s", name(n), n.Pause.Until.UTC().Format(time.RFC3339)), "ordered by "+n.Pause.By+": "+n.Pause.Reason, fmt.Sprintf("recoveryctl resume %d when the work is done", n.ID))
	}
}

func (e *exam) claim(check string, n record.Node) {
	if e.unread("claims") {
		return
	}
	switch c, ok := e.Claims[n.ID]; {
	case !ok:
		e.find(Error, check, n.ID, fmt.Sprintf("nothing claims the id of %s in the Region", name(n)), "the table's item was deleted", "deploy the node's stack with a changed property: the claim is taken again")
	case c.Owner != n.Owner || c.VPC != e.Config.VPC:
		e.find(Error, check, n.ID, fmt.Sprintf("the id of %s is claimed by %s of stack %s in %s", name(n), c.Owner.Logical, c.Owner.Stack, c.VPC), "the table was edited, or restored to an earlier time", "give one of the two nodes another id")
	}
}

func (e *exam) carrier(check string, n record.Node) {
	if n.Grant == nil || n.Phase != record.Done {
		return
	}
	i, ok := e.instance(n)
	switch {
	case !ok:
		e.find(Error, check, n.ID, fmt.Sprintf("%s: its instance %s does not exist", name(n), n.Grant.Instance), "it was terminated long ago, or you look into another account", fmt.Sprintf("recoveryctl plan %d tells what the switcher would do", n.ID))
	case i.State != cloud.Running:
		e.find(Error, check, n.ID, fmt.Sprintf("%s: its instance %s is %s", name(n), i.ID, i.State), i.StateReason, fmt.Sprintf("recoveryctl plan %d tells what the switcher would do", n.ID))
	case i.VPC != e.Config.VPC:
		e.find(Error, check, n.ID, fmt.Sprintf("%s: its instance %s is in %s", name(n), i.ID, i.VPC), "the instance belongs to another VPC", "deploy the node in this VPC")
	}
}

func (e *exam) tags(check string, n record.Node) {
	i, ok := e.instance(n)
	if !ok {
		return
	}
	for key, want := range map[string]string{e.Config.IDTag: fmt.Sprint(n.ID), e.Config.TargetTag: "true", contract.SwitcherTag: e.Config.Name} {
		if got := i.Tags[key]; got != want {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: tag %s of %s is %q, wanted %q", name(n), key, i.ID, got, want), "it was changed by hand: the switcher does not recover or may not touch the instance", "set the tag right")
		}
	}
	if err := contract.CheckOwnTags(slices.Collect(maps.Keys(i.Tags)), e.Config.IDTag, e.Config.TargetTag); err != nil {
		e.find(Error, check, n.ID, fmt.Sprintf("%s: the tags of %s leave no room for the switcher's", name(n), i.ID), err.Error(), "remove tags of your own from the instance")
	}
	if i.Metadata.Tags != "enabled" {
		return
	}
	for key := range i.Tags {
		if err := contract.Exposable(key); err != nil && !strings.HasPrefix(key, "aws:") {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: a replacement of %s could not be launched", name(n), i.ID), err.Error(), "remove or rename the tag")
		}
	}
}

func (e *exam) foreign(check string, n record.Node) {
	for _, i := range e.Seen.Tagged[n.ID] {
		if i.State == cloud.Terminated || n.Knows(i.ID) || i.VPC != e.Config.VPC {
			continue
		}
		e.find(Warning, check, n.ID, fmt.Sprintf("instance %s (%s) carries the id of %s and is not its instance", i.ID, i.State, name(n)), "the tag was copied, or the instance is a leftover", "remove the tag "+e.Config.IDTag+" from it, or terminate it")
	}
}

func (e *exam) fence(check string, n record.Node) {
	if i, ok := e.instance(n); ok && i.RootStore == "instance-store" && !n.Settings.AllowTerminateFence {
		e.find(Error, check, n.ID, fmt.Sprintf("%s cannot be fenced: the root device of %s is an instance store", name(n), i.ID), "such an instance can be terminated but not stopped, and the node does not allow that", "set Fence.AllowTerminate on the node and deploy")
	}
}

func (e *exam) protection(check string, n record.Node) {
	if n.Grant == nil {
		return
	}
	d, ok := e.Seen.Details[n.Grant.Instance]
	if ok && (d.ProtectStop || d.ProtectTerminate) {
		e.find(Note, check, n.ID, fmt.Sprintf("%s: %s is protected from being stopped or terminated", name(n), n.Grant.Instance), "its protection flags are set", "none: the switcher clears them of a condemned instance")
	}
}

func (e *exam) scheduled(check string, n record.Node) {
	if n.Grant == nil {
		return
	}
	for _, s := range e.Seen.Scheduled[n.Grant.Instance] {
		e.find(Warning, check, n.ID, fmt.Sprintf("%s: AWS announced %s of %s for %s", name(n), s.Code, s.Instance, s.NotBefore.UTC().Format(time.RFC3339)), s.Detail, fmt.Sprintf("recoveryctl switch %d at a time of your choice; the switcher moves it by itself before", n.ID))
	}
}

func (e *exam) targets(check string, n record.Node) {
	if e.Seen.Unseen[observe.PartTargets] != nil || n.Grant == nil || n.Phase != record.Done {
		return
	}
	for _, g := range n.Settings.Groups {
		group, ok := e.Seen.Groups[g.ARN]
		if !ok {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: target group %s does not exist", name(n), g.ARN), "it was deleted by hand", "deploy the node's stack again")
			continue
		}
		if group.Balancers == 0 {
			e.find(Warning, check, n.ID, fmt.Sprintf("%s: no load balancer uses target group %s", name(n), g.ARN), "its listener is gone", "deploy the node's stack again")
		}
		e.targetsIn(check, n, g.ARN)
	}
}

// balancers finds what was changed of the node's target groups and load balancers.
func (e *exam) balancers(check string, n record.Node) {
	for _, g := range n.Settings.Groups {
		if err := contract.CheckGroupAttributes(g.ARN, e.Attributes[g.ARN]); err != nil {
			e.find(Error, check, n.ID, name(n)+": "+err.Error(), "the attribute was changed by hand", "set it back, or deploy the node's stack with a change of its target group")
		}
		for _, lb := range e.Autoshift[g.ARN] {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: zonal autoshift is on for load balancer %s", name(n), lb), "it was turned on in Application Recovery Controller",
				"turn it off for this load balancer: a node has one target, in one zone, so AWS's shift away from that zone would cut off its clients, and AWS may not shift back a load balancer whose zones are never balanced; the switcher itself follows autoshifts when it chooses a zone")
		}
	}
}

func (e *exam) targetsIn(check string, n record.Node, group string) {
	registered := false
	for _, t := range e.Seen.Targets[group] {
		if !n.Grant.Has(t.ID) {
			if n.Condemns(t.ID) {
				e.find(Error, check, n.ID, fmt.Sprintf("%s: the condemned %s is still registered in %s", name(n), t.ID, group), "deregistering it failed", "the sweep deregisters it; if it stays, deregister it by hand")
			}
			continue
		}
		registered = true
		if t.Health == cloud.Unhealthy {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: %s is unhealthy in %s", name(n), t.ID, group), t.Reason, "look at the application and at the health check's port and security groups")
		}
	}
	if !registered {
		e.find(Error, check, n.ID, fmt.Sprintf("%s: its instance %s is not registered in %s", name(n), n.Grant.Instance, group), "somebody deregistered it", "register it again: the switcher does so only in a switch")
	}
}

func (e *exam) alarms(check string, n record.Node) {
	if e.Seen.Unseen[observe.PartAlarms] != nil {
		return
	}
	if len(n.Settings.Alarms) == 0 {
		e.find(Warning, check, n.ID, name(n)+" has no alarm", "no ResourceMonitor watches it", "add a ResourceMonitor: a hang is not noticed otherwise")
	}
	for _, alarm := range n.Settings.Alarms {
		a, ok := e.Seen.Alarms[alarm]
		switch {
		case !ok:
			e.find(Error, check, n.ID, fmt.Sprintf("%s: alarm %s does not exist", name(n), alarm), "it was deleted by hand", "deploy the node's stack again")
		case len(a.Instances) > 0 && n.Grant != nil && n.Phase == record.Done && !slices.Contains(a.Instances, n.Grant.Instance):
			e.find(Error, check, n.ID, fmt.Sprintf("%s: alarm %s watches %s, the node is on %s", name(n), alarm, strings.Join(a.Instances, " "), n.Grant.Instance), "a deployment or a person put the alarm back", "the sweep puts it right within minutes; if not, look for WR401 in the log")
		}
	}
}

func (e *exam) heartbeat(check string, n record.Node) {
	for _, alarm := range n.Settings.Alarms {
		a, ok := e.Seen.Alarms[alarm]
		switch {
		case !ok:
		case !slices.Contains(n.Armed, alarm):
			e.find(Error, check, n.ID, fmt.Sprintf("%s: alarm %s was never OK, so its ALARM is not believed (it is %s)", name(n), alarm, a.State), "the agent has not reported from the instance yet", "look at the CloudWatch agent on the instance and at its role")
		case a.State == "INSUFFICIENT_DATA":
			e.find(Warning, check, n.ID, fmt.Sprintf("%s: alarm %s has no data", name(n), alarm), "the agent does not report", "look at the CloudWatch agent on the instance and at its role")
		}
	}
}

func (e *exam) template(check string, n record.Node) {
	if err := e.Seen.NoTemplate[n.Settings.Template]; err != nil {
		e.find(Error, check, n.ID, fmt.Sprintf("%s: launch template %s version %s cannot be read", name(n), n.Settings.Template.ID, n.Settings.Template.Version), err.Error(), "deploy the node's stack again")
	}
}

func (e *exam) image(check string, n record.Node) {
	if n.Blueprint == nil {
		e.find(Error, check, n.ID, name(n)+" has no blueprint", "its instance could not be described yet", "look for WR302 in the log: a permission may be missing")
		return
	}
	if e.unread("images") {
		return
	}
	switch state, ok := e.Images[n.Blueprint.Image]; {
	case !ok:
		e.find(Error, check, n.ID, fmt.Sprintf("%s: image %s does not exist, or is not shared with this account", name(n), n.Blueprint.Image), "it was deregistered since the node was launched", "deploy the node with an image that exists")
	case state != "available":
		e.find(Error, check, n.ID, fmt.Sprintf("%s: image %s is %s", name(n), n.Blueprint.Image, state), "it cannot be launched", "deploy the node with an image that exists")
	}
}

func (e *exam) offered(check string, n record.Node) {
	if e.unread("instance types") {
		return
	}
	for _, zone := range e.zones() {
		any := false
		for _, kind := range n.Types() {
			any = any || e.Offered[kind][zone]
		}
		if !any && len(n.Types()) > 0 {
			e.find(Error, check, n.ID, fmt.Sprintf("%s cannot run in %s: EC2 offers none of %s there", name(n), zone, strings.Join(n.Types(), ", ")), "the zone does not have the type", "name another type in InstanceTypes, or do not make the zone a destination")
		}
	}
}

func (e *exam) reservation(check string, n record.Node) {
	if n.Settings.Gate || n.Blueprint == nil || n.Grant == nil {
		return
	}
	for _, r := range e.Seen.Reserved {
		if slices.Contains(n.Types(), r.Type) && r.Zone != n.Grant.Zone {
			return
		}
	}
	e.find(Note, check, n.ID, name(n)+" has no gate and no reserved capacity in another zone", "it is powered off before a replacement is asked for: when EC2 has no room, it has nowhere to go", "set Gate, or reserve capacity of its type in another zone")
}

func (e *exam) mounts(check string, n record.Node) {
	fs := n.Settings.FileSystem
	mounts, ok := e.Seen.Mounts[fs]
	if fs == "" || !ok {
		return
	}
	for _, zone := range e.zones() {
		i := slices.IndexFunc(mounts, func(m cloud.Mount) bool { return m.Zone == zone })
		switch {
		case i < 0:
			e.find(Error, check, n.ID, fmt.Sprintf("%s: file system %s has no mount target in %s", name(n), fs, zone), "it was deleted, or the zone was added later", "deploy the node's stack again, or add the mount target")
		case mounts[i].State != "available":
			e.find(Error, check, n.ID, fmt.Sprintf("%s: the mount target of %s in %s is %s", name(n), fs, zone, mounts[i].State), "EFS is changing it", "wait; if it stays, deploy the node's stack again")
		}
	}
}
