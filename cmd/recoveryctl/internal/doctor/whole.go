package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// whole are the checks of what a VPC has once.
var whole = []struct {
	name  string
	check func(*exam, string)
}{
	{"function", (*exam).function},
	{"sweep", (*exam).sweep},
	{"hints", (*exam).hints},
	{"blackhole", (*exam).blackhole},
	{"destinations", (*exam).destinations},
	{"addresses", (*exam).addresses},
	{"zones", (*exam).impaired},
	{"endpoints", (*exam).endpoints},
	{"permissions", (*exam).permissions},
	{"quota", (*exam).quota},
	{"metadata", (*exam).metadata},
	{"table", (*exam).table},
	{"owner", (*exam).owner},
	{"listeners", (*exam).listeners},
	{"brake", (*exam).brake},
}

// timeout is how long an invocation of the switcher may take, in seconds: the
// Switcher construct sets Lambda's longest.
const timeout = 900

func (e *exam) function(check string) {
	f := e.Function
	if f.State != "" && f.State != "Active" {
		e.find(Error, check, 0, "the switcher's function is "+f.State, f.Reason, "deploy the Switcher again, or wait until Lambda has made the function ready")
	}
	if f.Update == "Failed" {
		e.find(Error, check, 0, "the last update of the switcher's function failed", f.Reason, "deploy the Switcher again")
	}
	if f.Timeout != 0 && f.Timeout < timeout {
		e.find(Warning, check, 0, fmt.Sprintf("the switcher's invocations end after %d s", f.Timeout), "the function's time-out was changed by hand", fmt.Sprintf("set it to %d s again, or deploy the Switcher", timeout))
	}
}

func (e *exam) sweep(check string) {
	if len(e.Nodes) == 0 || e.unread("the lease") {
		return
	}
	fix := "look at the schedule of the Switcher's stack (EventBridge Scheduler), its role, and the dead-letter queue"
	if e.Lease == nil {
		e.find(Error, check, 0, "no invocation of the switcher has ever led", "the schedule does not reach the function", fix)
		return
	}
	switch swept := e.Lease.Swept; {
	case !e.Lease.Stale(e.Now):
	case swept.IsZero():
		e.find(Error, check, 0, "no sweep has ever looked at every node", "every invocation fails early, or EC2 shows the switcher nothing (WR302, WR401 in its log)", fix)
	default:
		e.find(Error, check, 0, fmt.Sprintf("the switcher has not looked at every node for %s", e.Now.Sub(swept).Round(time.Second)),
			"the schedule is off, every invocation fails early, or EC2 shows the switcher nothing (WR302, WR401 in its log)", fix)
	}
}

func (e *exam) hints(check string) {
	for _, h := range e.Hints {
		if age := e.Now.Sub(h.Cause.At); !h.Cause.At.IsZero() && age > timelimit.Scale(record.SweepStale) {
			e.find(Error, check, h.Node, "an event lies unread for "+age.Round(time.Second).String()+": "+h.Cause.Detail, "no invocation takes up what is left in the table", "look into the switcher's log for errors (WR404)")
			return
		}
	}
}

func (e *exam) blackhole(check string) {
	group := e.Config.BlackholeGroup
	if e.unread("security groups") {
		return
	}
	if e.Blackhole == nil {
		e.find(Error, check, 0, "the blackhole security group "+group+" does not exist", "it was deleted by hand", "deploy the RecoveryVpc again")
		return
	}
	if e.Blackhole.In+e.Blackhole.Out > 0 {
		e.find(Error, check, 0, fmt.Sprintf("the blackhole security group %s has %d rules: what is in quarantine can be reached, or can reach others", group, e.Blackhole.In+e.Blackhole.Out),
			"somebody added rules", "remove every rule from it")
	}
}

func (e *exam) destinations(check string) {
	if e.Seen.Unseen[observe.PartPlaces] != nil || len(e.Nodes) == 0 {
		return
	}
	zones := e.zones()
	fix := fmt.Sprintf("tag a subnet of another zone with %s=true, or add a zone to the RecoveryVpc", contract.DestinationTag)
	switch len(zones) {
	case 0:
		e.find(Error, check, 0, "no subnet of "+e.Config.VPC+" is a destination", "the tag "+contract.DestinationTag+" is missing", fix)
	case 1:
		e.find(Error, check, 0, "all destination subnets are in "+zones[0]+": a node that fails there has nowhere to go", "one zone only carries the tag "+contract.DestinationTag, fix)
	}
}

// fewAddresses are so few that a handful of nodes uses them up.
const fewAddresses = 8

func (e *exam) addresses(check string) {
	for _, s := range e.Seen.Subnets {
		switch {
		case s.Free == 0:
			e.find(Error, check, 0, fmt.Sprintf("subnet %s in %s has no free address", s.ID, s.Zone), "its addresses are used up", "free addresses, or add a larger destination subnet in "+s.Zone)
		case s.Free < fewAddresses:
			e.find(Warning, check, 0, fmt.Sprintf("subnet %s in %s has %d free addresses", s.ID, s.Zone, s.Free), "its addresses are nearly used up", "add a larger destination subnet in "+s.Zone)
		}
	}
}

func (e *exam) impaired(check string) {
	for _, z := range e.Seen.Zones {
		if !slices.Contains(e.zones(), z.Name) {
			continue
		}
		if z.State == "impaired" || z.State == "unavailable" {
			e.find(Warning, check, 0, "EC2 reports "+z.Name+" "+z.State, z.Message, "none: nodes are not placed there meanwhile")
		}
		for _, s := range e.Seen.Shifts {
			if s.ZoneID == z.ID {
				e.find(Warning, check, 0, "traffic is shifted away from "+z.Name, s.Reason, "none: nodes are not placed there meanwhile")
			}
		}
	}
}

func (e *exam) endpoints(check string) {
	for _, p := range e.Endpoints {
		if p.State != "available" {
			e.find(Error, check, 0, "endpoint "+p.Service+" is "+p.State, "it was changed or deleted by hand", "deploy the RecoveryVpc again")
			continue
		}
		var lacks []string
		for _, z := range e.zones() {
			if len(p.Zones) > 0 && !slices.Contains(p.Zones, z) {
				lacks = append(lacks, z)
			}
		}
		if len(lacks) > 0 {
			e.find(Warning, check, 0, "endpoint "+p.Service+" has no interface in "+strings.Join(lacks, ", "), "the zone was added later, or its subnet was left out", "give the endpoint a subnet in each destination zone, so that a zone's failure does not cut the others off")
		}
	}
}

func (e *exam) permissions(check string) {
	for _, r := range e.Refused {
		e.find(Error, check, 0, "the switcher's role does not allow "+r, "the role's policy was changed, or a permissions boundary or an organisation's policy denies it", "deploy the Switcher again, or lift the denial")
	}
}

func (e *exam) quota(check string) {
	if e.CPUs > 0 && e.Needed > e.CPUs {
		e.find(Error, check, 0, fmt.Sprintf("the account may run %.0f vCPUs of On-Demand standard instances, and the nodes with one replacement take %.0f", e.CPUs, e.Needed),
			"the quota L-1216C47A of this Region is too small", "ask for a larger quota in Service Quotas")
	}
}

func (e *exam) table(check string) {
	if !e.Table.Read {
		return
	}
	if !e.Table.PointInTime {
		e.find(Warning, check, 0, "table "+e.Table.Name+" has no point-in-time recovery", "it was switched off by hand", "switch it on, or deploy the RecoveryTable again")
	}
	if !e.Table.Deletion {
		e.find(Warning, check, 0, "table "+e.Table.Name+" has no deletion protection", "it was switched off by hand", "switch it on, or deploy the RecoveryTable again")
	}
}

// owner finds what two switchers have in common and must not, and what they do not have
// in common and must.
func (e *exam) owner(check string) {
	if l := e.Lease; l != nil && l.Switcher != "" && l.Switcher != e.Config.Name {
		e.find(Error, check, 0, fmt.Sprintf("%s belongs to switcher %s, so this switcher acts on no node", e.Config.VPC, l.Switcher), "another Switcher was deployed for the VPC first",
			"delete one of the two Switchers; nodes stay with the switcher that made them")
	}
	for _, o := range e.Others {
		if o.VPC == e.Config.VPC {
			e.find(Error, check, 0, fmt.Sprintf("switcher %s has the same VPC %s", o.Name, o.VPC), "two Switchers were deployed for one VPC", "delete one of them: a VPC has one switcher")
		}
		if o.Table != e.Config.Table {
			e.find(Error, check, 0, fmt.Sprintf("switcher %s uses table %s, and this one %s: node ids are claimed in two tables, and API budgets are counted twice", o.Name, o.Table, e.Config.Table),
				"a second RecoveryTable was deployed in the Region", "give all switchers of the Region one table (RecoveryTable_FromTableAttributes): delete the nodes of one switcher first, since their records stay in the old table")
		}
	}
}

func (e *exam) listeners(check string) {
	if e.Listeners == 0 && !e.unread("subscriptions") {
		e.find(Warning, check, 0, "nobody listens to topic "+e.Config.Topic, "it has no subscription", "subscribe an address, a chat or a pager: nobody hears of a switch or a hold otherwise")
	}
}

func (e *exam) brake(check string) {
	if off := decide.SwitchedOff(e.Nodes); off != nil {
		e.find(Error, check, 0, "recoveries are switched off since "+off.Since.UTC().Format(time.RFC3339), "ordered by "+off.By+": "+off.Reason, "recoveryctl brake off")
	}
}
