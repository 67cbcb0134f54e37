package doctor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	group     = "arn:tg"
	hung      = "rec.node-7.instance"
	unwell    = "rec.node-7.application"
	idTag     = contract.DefaultIDTag
	targetTag = contract.DefaultTargetTag
)

// healthy is a deployment without a fault.
func healthy() doctor.Facts {
	owner := record.Owner{Stack: "stack", Logical: "Node"}
	template := contract.Template{ID: "lt-1", Version: "1"}
	n := record.Node{
		ID: 7, Name: "seven", Owner: owner, Phase: record.Done, Epoch: 1, Armed: []string{hung, unwell},
		Settings: contract.Settings{
			ID: 7, Template: template, Groups: []contract.GroupSetting{{ARN: group}}, Alarms: []string{hung, unwell}, Gate: true, FileSystem: "fs-1",
		},
		Grant:     &record.Grant{Instance: "i-1", Zone: "az-a", PrivateIP: "10.0.0.1"},
		Blueprint: &cloud.Blueprint{Image: "ami-1", Type: "m7g.large"},
	}
	return doctor.Facts{
		Now: now, Nodes: []record.Node{n}, Listeners: 1, CPUs: 64, Needed: 4,
		Config:   contract.Config{Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-0", Topic: "arn:topic", IDTag: idTag, TargetTag: targetTag},
		Function: doctor.Function{State: "Active", Update: "Successful", Timeout: 900},
		Lease:    &record.Lease{Swept: now.Add(-time.Minute)},
		Claims:   map[int]record.Claim{7: {Node: 7, Owner: owner, VPC: "vpc-1"}},
		Table:    doctor.Table{Name: "t", Read: true, PointInTime: true, Deletion: true}, Blackhole: &doctor.Rules{},
		Endpoints: []doctor.Endpoint{{Service: "s3", State: "available"}, {Service: "ssm", State: "available", Zones: []string{"az-a", "az-b"}}},
		Offered:   map[string]map[string]bool{"m7g.large": {"az-a": true, "az-b": true}}, Images: map[string]string{"ami-1": "available"},
		Seen: observe.Facts{
			Instances: map[string]cloud.Instance{"i-1": {
				ID: "i-1", State: cloud.Running, VPC: "vpc-1", RootStore: "ebs", Metadata: cloud.MetadataOptions{Endpoint: "enabled", Tags: "enabled"},
				Tags: map[string]string{idTag: "7", targetTag: "true", contract.SwitcherTag: "rec"},
			}},
			Tagged: map[int][]cloud.Instance{7: {{ID: "i-1", State: cloud.Running, VPC: "vpc-1"}}}, Details: map[string]cloud.Details{},
			Groups:  map[string]cloud.TargetGroup{group: {ARN: group, Balancers: 1}},
			Targets: map[string][]cloud.Target{group: {{ID: "i-1", Health: cloud.Healthy}}},
			Alarms:  map[string]cloud.Alarm{hung: {Name: hung, State: "OK", Instances: []string{"i-1"}}, unwell: {Name: unwell, State: "OK"}},
			Subnets: []cloud.Subnet{{ID: "subnet-a", Zone: "az-a", Free: 99}, {ID: "subnet-b", Zone: "az-b", Free: 99}},
			Zones:   []cloud.Zone{{Name: "az-a", ID: "id-a", State: "available"}, {Name: "az-b", ID: "id-b", State: "available"}},
			Mounts:  map[string][]cloud.Mount{"fs-1": {{Zone: "az-a", State: "available"}, {Zone: "az-b", State: "available"}}},
			Unseen:  map[observe.Part]error{}, NoTemplate: map[contract.Template]error{}, Scheduled: map[string][]cloud.Scheduled{},
		},
	}
}

func TestNothingIsFoundOnAHealthyDeployment(t *testing.T) {
	if diff := cmp.Diff([]doctor.Finding(nil), doctor.Examine(healthy())); diff != "" {
		t.Error(diff)
	}
}

// TestEveryPlantedFaultIsFound: each by its own check and with a way to mend it, and
// every check is seen to find something.
func TestEveryPlantedFaultIsFound(t *testing.T) {
	instance := func(change func(*cloud.Instance)) func(*doctor.Facts) {
		return func(f *doctor.Facts) {
			i := f.Seen.Instances["i-1"]
			change(&i)
			f.Seen.Instances["i-1"] = i
		}
	}
	node := func(change func(*record.Node)) func(*doctor.Facts) {
		return func(f *doctor.Facts) { change(&f.Nodes[0]) }
	}
	alarm := func(name string, a cloud.Alarm) func(*doctor.Facts) {
		return func(f *doctor.Facts) { f.Seen.Alarms[name] = a }
	}
	cases := []struct {
		name, check string
		severity    doctor.Severity
		plant       func(*doctor.Facts)
	}{
		{"the function is not there", "function", doctor.Error, func(f *doctor.Facts) { f.Function.State = "Failed" }},
		{"its update failed", "function", doctor.Error, func(f *doctor.Facts) { f.Function.Update = "Failed" }},
		{"its time-out is short", "function", doctor.Warning, func(f *doctor.Facts) { f.Function.Timeout = 3 }},
		{"nobody ever led", "sweep", doctor.Error, func(f *doctor.Facts) { f.Lease = nil }},
		{"the schedule is off", "sweep", doctor.Error, func(f *doctor.Facts) { f.Lease.Swept = now.Add(-3*time.Minute - time.Second) }},
		{"no sweep ever ended", "sweep", doctor.Error, func(f *doctor.Facts) { f.Lease = &record.Lease{Began: now.Add(-4 * time.Minute)} }},
		{"an event lies unread", "hints", doctor.Error, func(f *doctor.Facts) {
			f.Hints = []record.Hint{{Cause: record.Cause{Detail: "x", At: now.Add(-6 * time.Minute)}}}
		}},
		{"the blackhole group is gone", "blackhole", doctor.Error, func(f *doctor.Facts) { f.Blackhole = nil }},
		{"the blackhole group has a rule", "blackhole", doctor.Error, func(f *doctor.Facts) { f.Blackhole = &doctor.Rules{Out: 1} }},
		{"one zone only", "destinations", doctor.Error, func(f *doctor.Facts) { f.Seen.Subnets = f.Seen.Subnets[:1] }},
		{"no destination", "destinations", doctor.Error, func(f *doctor.Facts) { f.Seen.Subnets = nil }},
		{"no address is free", "addresses", doctor.Error, func(f *doctor.Facts) { f.Seen.Subnets[1].Free = 0 }},
		{"few addresses are free", "addresses", doctor.Warning, func(f *doctor.Facts) { f.Seen.Subnets[1].Free = 7 }},
		{"a zone is impaired", "zones", doctor.Warning, func(f *doctor.Facts) { f.Seen.Zones[1].State = "impaired" }},
		{"a zone is shifted away from", "zones", doctor.Warning, func(f *doctor.Facts) { f.Seen.Shifts = []cloud.Shift{{ZoneID: "id-a"}} }},
		{"an endpoint is failed", "endpoints", doctor.Error, func(f *doctor.Facts) { f.Endpoints[0].State = "failed" }},
		{"an endpoint lacks a zone", "endpoints", doctor.Warning, func(f *doctor.Facts) { f.Endpoints[1].Zones = []string{"az-a"} }},
		{"a permission is missing", "permissions", doctor.Error, func(f *doctor.Facts) { f.Refused = []string{"ec2:RunInstances"} }},
		{"the quota is small", "quota", doctor.Error, func(f *doctor.Facts) { f.CPUs = 3 }},
		{"no point-in-time recovery", "table", doctor.Warning, func(f *doctor.Facts) { f.Table.PointInTime = false }},
		{"no deletion protection", "table", doctor.Warning, func(f *doctor.Facts) { f.Table.Deletion = false }},
		{"the VPC belongs to another switcher", "owner", doctor.Error, func(f *doctor.Facts) { f.Lease.Switcher = "other" }},
		{"two switchers have the VPC", "owner", doctor.Error, func(f *doctor.Facts) {
			f.Others = []doctor.Other{{Name: "other", VPC: "vpc-1", Table: f.Config.Table}}
		}},
		{"the Region has two tables", "owner", doctor.Error, func(f *doctor.Facts) {
			f.Others = []doctor.Other{{Name: "other", VPC: "vpc-2", Table: "another"}}
		}},
		{"nobody listens", "listeners", doctor.Warning, func(f *doctor.Facts) { f.Listeners = 0 }},
		{"recoveries are off", "brake", doctor.Error, node(func(n *record.Node) { n.Off = &record.Off{By: "me"} })},
		{"held", "hold", doctor.Error, node(func(n *record.Node) { n.Hold = &record.Hold{Kind: record.Held, Code: "WR201", Reason: "r"} })},
		{"paused", "pause", doctor.Warning, node(func(n *record.Node) { n.Pause = &record.Pause{Until: now.Add(time.Hour), By: "me"} })},
		{"no claim", "claim", doctor.Error, func(f *doctor.Facts) { delete(f.Claims, 7) }},
		{"claimed by another", "claim", doctor.Error, func(f *doctor.Facts) { f.Claims[7] = record.Claim{VPC: "vpc-1", Owner: record.Owner{Stack: "other"}} }},
		{"its instance is gone", "instance", doctor.Error, func(f *doctor.Facts) { f.Seen.Instances = nil }},
		{"its instance is stopped", "instance", doctor.Error, instance(func(i *cloud.Instance) { i.State = cloud.Stopped })},
		{"its instance is elsewhere", "instance", doctor.Error, instance(func(i *cloud.Instance) { i.VPC = "vpc-2" })},
		{"the id tag is wrong", "tags", doctor.Error, instance(func(i *cloud.Instance) { i.Tags[idTag] = "8" })},
		{"it is no target", "tags", doctor.Error, instance(func(i *cloud.Instance) { delete(i.Tags, targetTag) })},
		{"its tags leave no room", "tags", doctor.Error, instance(func(i *cloud.Instance) {
			for n := range contract.MaxOwnTags + 1 {
				i.Tags[fmt.Sprintf("own-%02d", n)] = "x"
			}
		})},
		{"a tag key holds a space", "tags", doctor.Error, instance(func(i *cloud.Instance) { i.Tags["cost centre"] = "1" })},
		{"another has its id", "foreign", doctor.Warning, func(f *doctor.Facts) {
			f.Seen.Tagged[7] = append(f.Seen.Tagged[7], cloud.Instance{ID: "i-2", State: cloud.Running, VPC: "vpc-1"})
		}},
		{"it cannot be stopped", "fence", doctor.Error, instance(func(i *cloud.Instance) { i.RootStore = "instance-store" })},
		{"it is protected", "protection", doctor.Note, func(f *doctor.Facts) { f.Seen.Details["i-1"] = cloud.Details{ProtectStop: true} }},
		{"it will be retired", "scheduled", doctor.Warning, func(f *doctor.Facts) {
			f.Seen.Scheduled["i-1"] = []cloud.Scheduled{{Instance: "i-1", Code: "instance-retirement", NotBefore: now, Detail: "d"}}
		}},
		{"its group is gone", "targets", doctor.Error, func(f *doctor.Facts) { f.Seen.Groups = nil }},
		{"its group has no load balancer", "targets", doctor.Warning, func(f *doctor.Facts) { f.Seen.Groups[group] = cloud.TargetGroup{ARN: group} }},
		{"an attribute of its group was changed", "balancers", doctor.Error, func(f *doctor.Facts) {
			f.Attributes = map[string]map[string]string{group: {"target_group_health.dns_failover.minimum_healthy_targets.count": "2"}}
		}},
		{"its load balancer is shifted automatically", "balancers", doctor.Error, func(f *doctor.Facts) {
			f.Autoshift = map[string][]string{group: {"arn:lb"}}
		}},
		{"it is not registered", "targets", doctor.Error, func(f *doctor.Facts) { f.Seen.Targets = nil }},
		{"it is unhealthy", "targets", doctor.Error, func(f *doctor.Facts) {
			f.Seen.Targets[group] = []cloud.Target{{ID: "i-1", Health: cloud.Unhealthy, Reason: "r"}}
		}},
		{"a condemned one is registered", "targets", doctor.Error, func(f *doctor.Facts) {
			f.Nodes[0].Condemned = []record.Condemned{{Instance: "i-0"}}
			f.Seen.Targets[group] = append(f.Seen.Targets[group], cloud.Target{ID: "i-0"})
		}},
		{"an alarm is gone", "alarms", doctor.Error, func(f *doctor.Facts) { delete(f.Seen.Alarms, unwell) }},
		{"an alarm watches another", "alarms", doctor.Error, alarm(hung, cloud.Alarm{State: "OK", Instances: []string{"i-0"}})},
		{"it has no alarm", "alarms", doctor.Warning, node(func(n *record.Node) { n.Settings.Alarms = nil })},
		{"the agent never reported", "heartbeat", doctor.Error, node(func(n *record.Node) { n.Armed = n.Armed[:1] })},
		{"the agent reports no more", "heartbeat", doctor.Warning, alarm(unwell, cloud.Alarm{State: "INSUFFICIENT_DATA"})},
		{"its template is gone", "template", doctor.Error, func(f *doctor.Facts) {
			f.Seen.NoTemplate[contract.Template{ID: "lt-1", Version: "1"}] = &cloud.Error{Kind: cloud.NotFound}
		}},
		{"its image is gone", "image", doctor.Error, func(f *doctor.Facts) { f.Images = nil }},
		{"its image failed", "image", doctor.Error, func(f *doctor.Facts) { f.Images["ami-1"] = "failed" }},
		{"it has no blueprint", "image", doctor.Error, node(func(n *record.Node) { n.Blueprint = nil })},
		{"a zone lacks its type", "type", doctor.Error, func(f *doctor.Facts) { f.Offered["m7g.large"] = map[string]bool{"az-a": true} }},
		{"no gate and no reservation", "reservation", doctor.Note, node(func(n *record.Node) { n.Settings.Gate = false })},
		{"a mount target is missing", "mounts", doctor.Error, func(f *doctor.Facts) { f.Seen.Mounts["fs-1"] = f.Seen.Mounts["fs-1"][:1] }},
		{"a mount target is not ready", "mounts", doctor.Error, func(f *doctor.Facts) { f.Seen.Mounts["fs-1"][1].State = "deleting" }},
		{"it got a dedicated host", "inheritance", doctor.Warning, instance(func(i *cloud.Instance) { i.Unkept = []string{`Placement.HostId is "h-1"`} })},
		{"it got an Elastic IP address", "inheritance", doctor.Warning, instance(func(i *cloud.Instance) {
			i.Interfaces = []cloud.Interface{{ID: "eni-1", Public: "203.0.113.9", Elastic: true}}
		})},
		{"its gate cannot read its tag", "inheritance", doctor.Warning, instance(func(i *cloud.Instance) { i.Metadata.Endpoint = "disabled" })},
		{"a volume is shared", "inheritance", doctor.Warning, func(f *doctor.Facts) {
			f.Seen.Details["i-1"] = cloud.Details{Unkept: []string{"volume /dev/sdf: MultiAttachEnabled is true"}}
		}},
		{"its placement group is in one zone", "placement", doctor.Error, func(f *doctor.Facts) { f.Seen.Details["i-1"] = cloud.Details{Strategy: "cluster"} }},
		{"the account refuses its launches", "metadata", doctor.Error, func(f *doctor.Facts) {
			f.Metadata.Enforced, f.Nodes[0].Blueprint.Metadata.Tokens = true, "optional"
		}},
		{"the account refuses launches of its default", "metadata", doctor.Error, func(f *doctor.Facts) { f.Metadata.Enforced = true }},
		{"something cannot be read", "unread", doctor.Warning, func(f *doctor.Facts) { f.Unread = []doctor.Unread{{"claims", "denied"}} }},
	}
	found := map[string]bool{"unread": true}
	for _, c := range cases {
		f := healthy()
		c.plant(&f)
		got := doctor.Examine(f)
		if len(got) != 1 || got[0].Check != c.check || got[0].Severity != c.severity {
			t.Errorf("%s: %+v, want one %s of %s", c.name, got, c.severity, c.check)
			continue
		}
		found[c.check] = true
		if x := got[0]; x.What == "" || x.Fix == "" || strings.Contains(x.What+x.Fix, "%!") {
			t.Errorf("%s: %+v", c.name, x)
		}
	}
	for _, check := range doctor.Checks() {
		if !found[check] {
			t.Errorf("no planted fault is found by %s", check)
		}
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	f := healthy()
	f.Listeners, f.CPUs, f.Nodes[0].Settings.Gate = 0, 1, false
	var order []doctor.Severity
	for _, x := range doctor.Examine(f) {
		order = append(order, x.Severity)
	}
	if !slices.Equal(order, []doctor.Severity{doctor.Error, doctor.Warning, doctor.Note}) {
		t.Errorf("in the order %v", order)
	}
}
