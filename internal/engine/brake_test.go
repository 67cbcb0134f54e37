package engine_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// herd is a VPC of several nodes.
type herd struct {
	*testing.T
	w     *fake.World
	cfg   contract.Config
	e     *engine.Engine
	n     int
	calls int
}

// newHerd deploys a node for each zone given, each with both alarms, and lets the grace time pass.
func newHerd(t *testing.T, percent int, zones ...string) *herd {
	t.Helper()
	w := fake.New(began)
	w.Places = []cloud.Subnet{{ID: "subnet-a", Zone: "az-a", Free: 99}, {ID: "subnet-b", Zone: "az-b", Free: 99}, {ID: "subnet-c", Zone: "az-c", Free: 99}}
	p := contract.DefaultPolicy()
	p.BrakePercent = percent
	h := &herd{T: t, w: w, n: len(zones), cfg: contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-hole", IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: p,
	}}
	h.use(w.Ports())
	for i, zone := range zones {
		id := i + 1
		w.Templates[fmt.Sprintf("lt-%d/1", id)] = cloud.Blueprint{
			Image: "ami-1", Type: "m7g.large", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-app"}}},
			Tags: map[string]string{contract.DefaultIDTag: fmt.Sprint(id), contract.DefaultTargetTag: "true"},
		}
		h.call(strings.Replace(request("Create", fmt.Sprintf("req-%d", id), fmt.Sprintf("stack-%d", id),
			fmt.Sprintf(`{"NodeId":"%d","LaunchTemplateId":"lt-%d","LaunchTemplateVersion":"1","Zones":[%q],"Alarms":[%q,%q]}`, id, id, zone, h.alarm(id, "instance"), h.alarm(id, "application"))),
			"rec.node-1", fmt.Sprintf("rec.node-%d", id), 1)) // the physical id
		w.Watches[h.alarm(id, "instance")] = &cloud.Alarm{Name: h.alarm(id, "instance"), State: "OK", Instances: []string{h.node(id).Grant.Instance}}
		w.Watches[h.alarm(id, "application")] = &cloud.Alarm{Name: h.alarm(id, "application"), State: "OK"}
	}
	w.Time = w.Time.Add(5 * time.Minute)
	h.call(sweep)
	return h
}

// use makes the engine anew with these ports.
func (h *herd) use(ports cloud.Ports) {
	h.e = engine.New(h.cfg, ports, engine.WithClock(h.w), engine.WithGang(engine.Sequential{}), engine.WithLog(slog.New(slog.DiscardHandler)))
}

func (h *herd) alarm(id int, kind string) string { return contract.AlarmName("rec", id, kind) }

func (h *herd) call(payload string) engine.Result {
	h.Helper()
	h.calls++
	res, err := h.e.Handle(h.Context(), engine.Invocation{ID: fmt.Sprint(h.calls), Account: "111122223333", Region: "eu-west-1"}, json.RawMessage(payload))
	if err != nil {
		h.Fatal(err)
	}
	return res
}

func (h *herd) node(id int) record.Node {
	h.Helper()
	var n record.Node
	if err := json.Unmarshal(h.w.Items[contract.VPCPartition("vpc-1")+"|"+contract.NodeKey(id)].Body, &n); err != nil {
		h.Fatal(err)
	}
	return n
}

// edit changes a node's record behind the engine's back.
func (h *herd) edit(id int, change func(*record.Node)) {
	h.Helper()
	n := h.node(id)
	change(&n)
	body, err := json.Marshal(n)
	if err != nil {
		h.Fatal(err)
	}
	key := contract.VPCPartition("vpc-1") + "|" + contract.NodeKey(id)
	it := h.w.Items[key]
	it.Body = body
	h.w.Items[key] = it
}

// stop stops the instances of nodes at once, then delivers the events.
func (h *herd) stop(ids ...int) {
	h.Helper()
	instances := map[int]string{}
	for _, id := range ids {
		instances[id] = h.node(id).Grant.Instance
		h.w.Stop(instances[id])
	}
	for _, id := range ids {
		h.call(stateEvent(fmt.Sprintf("stop-%d", id), instances[id], "stopped", h.w.Time))
	}
}

// alarms puts alarms of a kind into ALARM at once, then delivers the events.
func (h *herd) alarms(kind string, ids ...int) {
	h.Helper()
	for _, id := range ids {
		h.w.Alarm(h.alarm(id, kind), "ALARM")
	}
	for _, id := range ids {
		h.call(alarmEvent(fmt.Sprintf("%s-%d", kind, id), h.alarm(id, kind), h.w.Time))
	}
}

// held and switched say how many nodes are where.
func (h *herd) held() (count int) {
	for id := 1; id <= h.n; id++ {
		if x := h.node(id).Hold; x != nil && x.Code == "WR206" {
			count++
		}
	}
	return count
}

func (h *herd) switched() (count int) {
	for id := 1; id <= h.n; id++ {
		if n := h.node(id); n.Epoch > 1 && n.Phase == record.Done {
			count++
		}
	}
	return count
}

// told counts what people were told, also in digests.
func told(notices []cloud.Notice) int {
	all := 0
	for _, n := range notices {
		var switcher string
		var many int
		if _, err := fmt.Sscanf(n.Subject, "%s %d messages about", &switcher, &many); err != nil {
			many = 1 // of one node
		}
		all += many
	}
	return all
}

func (h *herd) want(switched, held, notices int) {
	h.Helper()
	if s, x, n := h.switched(), h.held(), told(h.w.Notices); s != switched || x != held || n != notices {
		h.Errorf("%d switched, %d held, %d notices; want %d, %d, %d", s, x, n, switched, held, notices)
	}
}

func TestBrake(t *testing.T) {
	same := func(zone string, n int) []string {
		var list []string
		for range n {
			list = append(list, zone)
		}
		return list
	}
	spread := []string{"az-a", "az-b", "az-c", "az-a", "az-b", "az-c"}
	t.Run("all stop in all zones: held, nothing touched, one notice", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		h.stop(1, 2, 3, 4, 5, 6)
		h.want(0, 6, 1)
		for range 5 {
			h.w.Time = h.w.Time.Add(time.Minute)
			h.call(sweep)
		}
		h.want(0, 6, 1)
		if len(h.w.Boxes) != 6 {
			t.Errorf("%d instances", len(h.w.Boxes))
		}
	})
	t.Run("two of two: no brake", func(t *testing.T) {
		h := newHerd(t, 50, "az-a", "az-b")
		h.stop(1, 2)
		h.want(2, 0, 2)
	})
	t.Run("four of four: no brake", func(t *testing.T) {
		h := newHerd(t, 50, spread[:4]...)
		h.stop(1, 2, 3, 4)
		h.want(4, 0, 4)
	})
	t.Run("half fail: allowed", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		h.stop(1, 2, 3)
		h.want(3, 0, 3)
	})
	t.Run("one more than half: held", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		h.stop(1, 2, 3, 4)
		h.want(0, 4, 1)
	})
	t.Run("one after the other: held from half on, and told", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		h.stop(1)
		h.stop(2)
		h.stop(3)
		h.stop(4)
		h.stop(5)
		h.want(3, 2, 4)
	})
	t.Run("one fails for itself while another zone's agents are silent: both told", func(t *testing.T) {
		h := newHerd(t, 50, "az-a", "az-a", "az-a", "az-b", "az-b", "az-b", "az-c", "az-c", "az-c")
		h.stop(1)
		h.alarms(contract.AlarmApplication, 4, 5, 6)
		h.want(1, 3, 2)
	})
	t.Run("a zone is lost and EC2 shows it: recovered", func(t *testing.T) {
		h := newHerd(t, 50, append(same("az-a", 9), "az-b")...)
		h.stop(1, 2, 3, 4, 5, 6, 7, 8, 9)
		h.want(9, 0, 9)
	})
	t.Run("only the agents of a zone are silent: held until EC2 shows it too", func(t *testing.T) {
		h := newHerd(t, 50, append(same("az-a", 9), "az-b")...)
		h.alarms(contract.AlarmApplication, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		h.want(0, 9, 1)
		for id := 1; id <= 9; id++ { // the agents of the replacements report
			h.w.Later(h.w.Time.Add(2*time.Minute), func() { h.w.Alarm(h.alarm(id, contract.AlarmApplication), "OK") })
		}
		h.alarms(contract.AlarmInstance, 1, 2, 3, 4, 5)
		h.w.Time = h.w.Time.Add(time.Minute)
		h.call(sweep)
		h.want(9, 0, 10)
	})
	t.Run("few nodes, but all agents of their zone: held", func(t *testing.T) {
		h := newHerd(t, 50, "az-a", "az-a", "az-a", "az-b", "az-b", "az-b", "az-c", "az-c", "az-c")
		h.alarms(contract.AlarmApplication, 1, 2, 3)
		h.want(0, 3, 1)
		h.stop(2) // EC2 shows this one
		h.want(1, 2, 2)
	})
	t.Run("all agents are silent: held, and over when they report again", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		h.alarms(contract.AlarmApplication, 1, 2, 3, 4, 5, 6)
		h.want(0, 6, 1)
		for id := 1; id <= 6; id++ {
			h.w.Alarm(h.alarm(id, contract.AlarmApplication), "OK")
		}
		h.w.Time = h.w.Time.Add(time.Minute)
		h.call(sweep)
		h.want(0, 0, 1)
	})
	t.Run("the agents fall silent one after the other: none is switched", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		for id := 1; id <= 6; id++ {
			at := h.w.Time.Add(time.Duration(id) * 2 * time.Second)
			h.w.Later(at, func() { h.w.Alarm(h.alarm(id, contract.AlarmApplication), "ALARM") })
		}
		h.w.Time = h.w.Time.Add(2 * time.Second)
		h.call(alarmEvent("first", h.alarm(1, contract.AlarmApplication), h.w.Time))
		h.w.Time = h.w.Time.Add(time.Minute)
		h.call(sweep)
		h.want(0, 6, 1)
	})
	t.Run("one hang of six: after the brake's time", func(t *testing.T) {
		h := newHerd(t, 50, spread...)
		failed := h.w.Time
		h.alarms(contract.AlarmApplication, 1)
		h.want(1, 0, 1)
		if took := h.node(1).Grant.GrantedAt.Sub(failed); took < 20*time.Second {
			t.Errorf("granted after %s", took)
		}
	})
	t.Run("100 percent: off", func(t *testing.T) {
		h := newHerd(t, 100, spread...)
		h.stop(1, 2, 3, 4, 5, 6)
		h.want(6, 0, 6)
	})
}

// Many nodes that fail at once are told of in few messages: ten at once, then one every
// ten seconds. On the event bus each is told of by itself.
func TestManyNodesMakeFewMessages(t *testing.T) {
	h := newHerd(t, 100, slices.Repeat([]string{"az-a"}, 60)...)
	all := make([]int, 0, 60)
	for id := 1; id <= 60; id++ {
		all = append(all, id)
	}
	begin := h.w.Time
	h.stop(all...)
	h.want(60, 0, 60)
	took := h.w.Time.Sub(begin)
	if n, most := len(h.w.Notices), 11+int(took/(10*time.Second)); n < 2 || n > most {
		t.Errorf("%d messages in %s, want at most %d", n, took, most)
	}
	if events := len(h.w.Happened); events != 120 { // each failure detected, each node switched
		t.Errorf("%d events on the bus, want 120: they are never put together", events)
	}
}
