package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
)

// launch makes a machine as RunInstances does, and lets it boot.
func (w *World) launch(l cloud.Launch) *Machine {
	p := l.Blueprint
	tags := maps.Clone(p.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, l.Tags)
	node, err := contract.ParseNodeID(tags[contract.DefaultIDTag])
	if w.unwatched {
		node = 1
	} else if err != nil {
		w.Fail("a machine is launched without a node id: %v", err)
		node = 0
	}
	w.ids++
	m := &Machine{node: node, sick: w.Chance(w.Chaos.Sick)}
	id := w.ids
	m.Instance, m.Details = fake.Described(l, addressOf(id), func() string {
		w.ids++
		return fmt.Sprintf("eni-%08x", w.ids)
	})
	m.ID, m.VPC, m.LaunchedAt, m.Type = fmt.Sprintf("i-%08x", id), w.vpcOf(l.Subnet), w.Now, typeOf(l)
	for i, v := range p.Volumes {
		m.Instance.Volumes = append(m.Instance.Volumes, cloud.VolumeRef{Device: v.Device, Volume: fmt.Sprintf("vol-%08x-%d", id, i), DeleteOnTermination: v.DeleteOnTermination})
	}
	if w.Chance(w.Chaos.Lag / 2) { // eventual consistency has a long tail (assumption: up to a minute)
		m.hidden = w.Now.Add(w.Between(3*time.Second, time.Minute))
	}
	m.request = requestOf(l)
	m.reserve, _ = w.place(l.Zone, m.Type, p.Reservation.Preference)
	if t := w.nodes[node]; t != nil {
		m.gated = t.wish.Gate
	}
	w.tokens[l.Zone+"/"+l.Token] = m
	m.attempt = w.nodes[node].attempts
	w.nodes[node].attempts++
	w.Stats.Launches++
	if m.sick {
		w.hit(HarmSick, node)
	}
	w.Log("launch %s for node %d in %s token %s", m.ID, node, l.Zone, l.Token)
	w.inherits(m, l)
	w.add(m)
	w.befall(m)
	w.script.launched(m)
	w.boot(m)
	return m
}

func addressOf(id int) string { return fmt.Sprintf("10.%d.%d.%d", id>>16&255, id>>8&255, id&255) }

// address is one that nothing else has.
func (w *World) address() string {
	w.ids++
	return addressOf(w.ids)
}

// requestOf is all of a launch that its token stands for.
func requestOf(l cloud.Launch) string {
	place, err := json.Marshal(l)
	if err != nil {
		return err.Error()
	}
	like, err := json.Marshal(l.Blueprint)
	if err != nil {
		return err.Error()
	}
	return string(place) + string(like)
}

// deadlined is the only context a simulated process sees: a deadline in its own
// clock, and no timer behind it. The process is killed when its time is up.
type deadlined struct {
	context.Context
	at time.Time
}

func (d deadlined) Deadline() (time.Time, bool) { return d.at, true }

// clock is the process's.
type clock struct{ p *Proc }

func (c clock) Now() time.Time { return c.p.Now() }

func (c clock) Sleep(_ context.Context, d time.Duration) error {
	c.p.Park(d)
	return nil
}

// Config is the switcher's configuration in the simulation.
func Config() contract.Config {
	p := contract.DefaultPolicy()
	p.MaxSwitches = 100 // many failures are injected on purpose
	return contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: blackhole, Table: "t", Topic: "arn:topic", Function: "rec",
		IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: p,
	}
}

type traced struct {
	w *World
	p *Proc
}

func (t traced) Write(b []byte) (int, error) {
	t.w.Trace("         " + t.p.Name + " says " + strings.TrimSpace(string(b)))
	return len(b), nil
}

func noTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}

func stateEvent(id, instance, state string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","account":%q,"region":%q,"time":%q,"detail":{"instance-id":%q,"state":%q}}`,
		id, account, region, at.Format(time.RFC3339), instance, state)
}

func alarmEvent(id, name string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","account":%q,"region":%q,"time":%q,"detail":{"alarmName":%q,"state":{"value":"ALARM"}}}`,
		id, account, region, at.Format(time.RFC3339), name)
}

// Deploy creates every node as CloudFormation does.
func (w *World) Deploy() {
	w.wishes()
	for id := 1; id <= len(w.nodes); id++ {
		s := w.newStack(id)
		w.After(w.Between(0, 5*time.Second), s.create)
	}
	w.After(30*time.Second, w.tick)
}

func alarmName(id int, kind string) string { return contract.AlarmName("rec", id, kind) }

// Watch makes the nodes' alarms, as the stacks do once the nodes exist.
func (w *World) Watch() {
	for id := 1; id <= len(w.nodes); id++ {
		m := w.carrier(id)
		if m == nil {
			w.Fail("node %d was not created: %s", id, w.nodes[id].record.Phase)
			return
		}
		w.watch(id, m.ID)
	}
}

// watch makes a node's alarms.
func (w *World) watch(id int, instance string) {
	w.nodes[id].watched = true
	for _, a := range []*Alarm{
		{Alarm: cloud.Alarm{Name: w.alarmOf(id, contract.AlarmInstance), State: "INSUFFICIENT_DATA", Instances: []string{instance}}, node: id, period: time.Minute},
		{Alarm: cloud.Alarm{Name: w.alarmOf(id, contract.AlarmApplication), State: "INSUFFICIENT_DATA"}, node: id, app: true, period: 10 * time.Second},
	} {
		w.alarms = append(w.alarms, a)
		w.After(w.Between(0, a.period), func() { w.evaluate(a) })
	}
}
