package decide_test

import (
	"maps"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// scene is an input that is changed little by little. Its node 7 has been carried by
// i-old in az-b for an hour, or is being moved from there to i-new in az-c.
type scene struct {
	decide.Input
	nodes []record.Node // of a fleet
	// Of the deployment's request that comes.
	adopt    string
	sent     int64
	physical string // id that a request names
}

// Names of what the scenes are made of.
const (
	before, after  = "i-old", "i-new"
	byID, byIP     = "arn:tg-id", "arn:tg-ip" // target groups
	alarmInst      = "rec.node-7.instance"
	alarmApp       = "rec.node-7.application"
	files          = "fs-7"
	idTag, wantTag = contract.DefaultIDTag, contract.DefaultTargetTag
)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func in(d time.Duration) time.Time { return now.Add(d) }

// original is the model of the node's instances.
func original() cloud.Blueprint {
	return cloud.Blueprint{
		Image: "ami-1", Type: "m7g.large", UserData: "data", ShutdownBehavior: "stop",
		Interfaces: []cloud.InterfaceSpec{{Device: 0, Groups: []string{"sg-a"}}, {Device: 1, Groups: []string{"sg-a", "sg-b"}}},
		Tags:       map[string]string{idTag: "7", wantTag: "true", "Name": "seven", contract.SwitcherTag: "rec"}, VolumeTags: map[string]string{},
	}
}

// machine is an instance of the node in a zone, as EC2 shows it.
func machine(id, zone, state string) cloud.Instance {
	b := original()
	b.Tags[contract.EpochTag] = "1"
	b.Tags[contract.CondemnedTag], b.Tags[contract.GateTag] = contract.NoEpoch, contract.NoEpoch
	if id == after {
		b.Tags[contract.EpochTag] = "2"
	}
	return cloud.Instance{
		ID: id, State: state, Zone: zone, Subnet: "subnet-" + zone, PrivateIP: "10.0.0." + id[2:], Image: b.Image, Type: b.Type, RootStore: "ebs",
		Tags:       b.Tags,
		Interfaces: []cloud.Interface{{ID: "eni-0-" + id, Device: 0, Groups: []string{"sg-a"}}, {ID: "eni-1-" + id, Device: 1, Groups: []string{"sg-a", "sg-b"}}},
	}
}

// world is what every scene sees unless it is changed.
func world() decide.Input {
	cfg := contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: hole, Table: "t", Topic: "arn:topic", Function: "rec", IDTag: idTag, TargetTag: wantTag, Policy: contract.DefaultPolicy(),
	}
	b := original()
	n := record.Node{
		Schema: record.Schema, ID: 7, Name: "seven", Owner: record.Owner{Stack: "stack", Logical: "Node"}, Born: 36, Epoch: 1, Phase: record.Done, Since: ago(time.Hour),
		Settings: contract.Settings{
			ID: 7, Name: "seven", Template: contract.Template{ID: "lt-1", Version: "1"}, Alarms: []string{alarmInst, alarmApp},
			Groups: []contract.GroupSetting{{ARN: byID}, {ARN: byIP, Port: 81}},
		},
		Template: contract.Template{ID: "lt-1", Version: "1"}, Blueprint: &b, Armed: []string{alarmInst, alarmApp},
		Grant:   &record.Grant{Instance: before, Epoch: 1, Zone: "az-b", Subnet: "subnet-az-b", PrivateIP: "10.0.0.old", Image: "ami-1", GrantedAt: ago(time.Hour), ServedAt: ago(time.Hour)},
		Targets: []record.Target{{Group: byID, Kind: "instance", Port: 80}, {Group: byIP, Kind: "ip", Port: 81}},
	}
	f := observe.Facts{
		Instances: map[string]cloud.Instance{before: machine(before, "az-b", cloud.Running)},
		Tagged:    map[int][]cloud.Instance{}, Details: map[string]cloud.Details{}, NoDetails: map[string]string{},
		Groups: map[string]cloud.TargetGroup{byID: {ARN: byID, Kind: "instance", Port: 80, Balancers: 1}, byIP: {ARN: byIP, Kind: "ip", Port: 8080, Balancers: 1}},
		Targets: map[string][]cloud.Target{
			byID: {{ID: before, Port: 80, Health: cloud.Healthy}}, byIP: {{ID: "10.0.0.old", Port: 81, Health: cloud.Healthy}},
		},
		Alarms: map[string]cloud.Alarm{
			alarmInst: {Name: alarmInst, State: "OK", Instances: []string{before}}, alarmApp: {Name: alarmApp, State: "OK"},
		},
		Subnets: []cloud.Subnet{
			{ID: "subnet-az-a", Zone: "az-a", Free: 9}, {ID: "subnet-az-b", Zone: "az-b", Free: 9}, {ID: "subnet-az-c", Zone: "az-c", Free: 9},
		},
		Zones:     []cloud.Zone{{Name: "az-a", ID: "id-a", State: "available"}, {Name: "az-b", ID: "id-b", State: "available"}, {Name: "az-c", ID: "id-c", State: "available"}},
		Shortages: map[string]record.Shortage{}, Mounts: map[string][]cloud.Mount{}, Template: map[contract.Template]cloud.Blueprint{}, NoTemplate: map[contract.Template]error{},
		Unseen: map[observe.Part]error{}, PowerAt: now,
	}
	return decide.Input{Config: cfg, Node: n, Facts: f, Now: now, Process: record.Sender{By: "me", Until: in(20 * time.Minute)}}
}

// resting is the node at rest, looked at because of nothing in particular.
func resting() *scene { return &scene{Input: world()} }

// swept is the same on a sweep.
func swept() *scene {
	s := resting()
	s.Facts.Sweep = true
	return s
}

// moving is the node in a phase of its switch 7-2: i-old is condemned.
func moving(p record.Phase) *scene {
	s := resting()
	n := &s.Node
	n.Phase, n.Since, n.Epoch, n.Grant = p, ago(10*time.Second), 2, nil
	n.Condemned = []record.Condemned{{Instance: before, Epoch: 2, Zone: "az-b", PrivateIP: "10.0.0.old", Since: ago(20 * time.Second)}}
	n.Switch = &record.Switch{
		ID: "7-2", Kind: record.KindRecover, Started: ago(20 * time.Second), From: before, FromZone: "az-b", Recorded: true, Tried: []string{"az-b"},
		Cause: record.Cause{Kind: event.CauseStopped, Detail: "it was stopped", At: ago(30 * time.Second), Independent: true},
		Marks: map[string]time.Time{"confirmed": ago(20 * time.Second)},
	}
	s.condemned(before, hole)
	return s
}

// gated is the same of a node with a gate.
func gated(p record.Phase) *scene {
	s := moving(p)
	s.Node.Settings.Gate, s.Node.Switch.Gate = true, true
	s.tag(before, contract.GateTag, contract.NoEpoch)
	return s
}

// condemned marks an instance as the quarantine does, with the groups given.
func (s *scene) condemned(id string, group string) {
	i := s.Facts.Instances[id]
	i.Interfaces = append([]cloud.Interface{}, i.Interfaces...)
	for k := range i.Interfaces {
		i.Interfaces[k].Groups = []string{group}
	}
	s.Facts.Instances[id] = i
	s.tag(id, contract.CondemnedTag, strconv.Itoa(s.Node.Epoch))
}

func (s *scene) tag(id, key, value string) {
	i := s.Facts.Instances[id]
	tags := map[string]string{key: value}
	for k, v := range i.Tags {
		if k != key {
			tags[k] = v
		}
	}
	i.Tags = tags
	s.Facts.Instances[id] = i
}

func (s *scene) untag(id, key string) {
	i := s.Facts.Instances[id]
	i.Tags = maps.Clone(i.Tags)
	delete(i.Tags, key)
	s.Facts.Instances[id] = i
}

// request opens a launch in az-c that this invocation has sent.
func (s *scene) request() {
	sw := s.Node.Switch
	sw.Requests, sw.Asked = 1, ago(5*time.Second)
	sw.Launch = &cloud.Launch{Subnet: "subnet-az-c", Zone: "az-c", Token: "wr-7-10-2-1-az-c", Tags: map[string]string{idTag: "7"}}
	sw.Senders = []record.Sender{{By: "me", Until: in(20 * time.Minute)}}
}

// standby: i-new was accepted in az-c, waits at its gate or boots.
func standby(s *scene, state string) *scene {
	s.request()
	s.Node.Phase, s.Node.Switch.Instance, s.Node.Switch.Senders = record.Gated, after, nil
	s.Facts.Instances[after] = machine(after, "az-c", state)
	return s
}

// serving: i-new is granted and not healthy yet.
func serving() *scene {
	s := standby(moving(record.Gated), cloud.Running)
	n := &s.Node
	n.Phase, n.Switch.Attempts = record.Serving, 1
	n.Grant = &record.Grant{Instance: after, Epoch: 2, Zone: "az-c", Subnet: "subnet-az-c", PrivateIP: "10.0.0.new", Image: "ami-1", GrantedAt: ago(10 * time.Second)}
	s.state(before, cloud.Stopped)
	return s
}

// served: i-new is healthy and i-old is being cleared away.
func served() *scene {
	s := serving()
	s.Node.Grant.ServedAt = ago(5 * time.Second)
	s.registered()
	return s
}

func (s *scene) registered() {
	s.Facts.Targets[byID] = append(s.Facts.Targets[byID], cloud.Target{ID: after, Port: 80, Health: cloud.Healthy})
	s.Facts.Targets[byIP] = append(s.Facts.Targets[byIP], cloud.Target{ID: "10.0.0.new", Port: 81, Health: cloud.Healthy})
}

func (s *scene) state(id, state string) {
	i := s.Facts.Instances[id]
	i.State = state
	s.Facts.Instances[id] = i
}

func (s *scene) vanish(id string) { delete(s.Facts.Instances, id) }

func (s *scene) alarm(name, state string, since time.Time) {
	a := s.Facts.Alarms[name]
	a.State, a.Since = state, since
	s.Facts.Alarms[name] = a
}

func (s *scene) hint(kind, instance string) {
	s.Hint = &record.Hint{Key: "ev-1", Instance: instance, Cause: record.Cause{Kind: kind, Detail: "somebody said so", At: ago(3 * time.Second)}}
}

func (s *scene) unseen(p observe.Part, kind cloud.Kind) {
	s.Facts.Unseen[p] = failure(kind, "")
}

func failure(kind cloud.Kind, code string) error {
	if kind == "" {
		return nil
	}
	return &cloud.Error{Kind: kind, Service: "EC2", Action: "Call", Code: code, Message: "refused"}
}

// came says what became of an effect of the step before.
func (s *scene) came(e decide.Effect, kind cloud.Kind, code string) {
	e.Node, e.Epoch = s.Node.ID, s.Node.Epoch
	s.Outcomes = append(s.Outcomes, decide.Outcome{Effect: e, Err: failure(kind, code)})
}
