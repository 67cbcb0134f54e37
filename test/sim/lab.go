package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
)

// Lab is a world in which a controller is measured, ours or another: it keeps a
// diary of the ground truth and of the calls, and stops at no violation. The
// figures (test/sim/figures) are made of these.
type Lab struct {
	*World
	// Function is what events call in place of the engine, if set.
	Function func(context.Context, Call) error
	// Gated gives the nodes a gate. Only the engine opens one.
	Gated bool

	// LaunchBurst and LaunchRate are the bucket of RunInstances, if not the default
	// one; the engine is told the rate. Set them before the first event.
	LaunchBurst, LaunchRate float64

	Moments []Moment // of machines, in order of time
	Calls   []Called
	Notices []Notice

	last map[*Machine]Moment
}

// Call is one invocation of another controller's function.
type Call struct {
	ID, Payload string
	Ports       cloud.Ports
	Clock       engine.Clock
}

// Moment is the truth about a machine from a time on, until its next moment.
type Moment struct {
	At            time.Time
	Node, Attempt int
	Machine, Zone string
	State         string // EC2's
	Power         bool
	Writes        bool // it has power and the node's data mounted
	// Serves is from when on traffic reaches it: registered, answering, and found
	// healthy by the load balancer. Zero: it does not serve.
	Serves time.Time
}

// Called is one API call.
type Called struct {
	At                    time.Time
	Proc, Service, Action string
}

// Notice is an event that AWS published, before anything befalls it on its way.
type Notice struct {
	At      time.Time
	Payload string
}

// NewLab makes a world of n nodes with AWS's delays as given and no faults.
func NewLab(seed uint64, n int, delays map[Delay]Range) *Lab {
	w := NewWorld(NewSim(seed), n, Chaos{})
	w.Delays = delays
	for _, p := range w.pools {
		p.Kind = "instance"
	}
	l := &Lab{World: w, last: map[*Machine]Moment{}}
	w.lab = l
	return l
}

func (l *Lab) called(p *Proc, service, action string) {
	l.Calls = append(l.Calls, Called{l.Now, p.Name, service, action})
}

func (l *Lab) published(payload string) { l.Notices = append(l.Notices, Notice{l.Now, payload}) }

// observe notes what is true of every machine now, where it differs from before.
func (l *Lab) observe() {
	for _, p := range l.pools {
		for _, x := range p.members {
			if m := l.byID[x.ID]; m != nil {
				m.listed = x
			}
		}
	}
	for _, m := range l.machines {
		x := m.listed
		m.listed = nil
		if m.node == 0 {
			continue
		}
		now := Moment{
			Node: m.node, Attempt: m.attempt, Machine: m.ID, Zone: m.Zone,
			State: m.State, Power: m.powered, Writes: m.powered && m.mounted,
		}
		if x != nil && m.State == cloud.Running && m.up && m.powered && !m.lost && !m.hung && !isolated(m) {
			now.Serves = l.healthyFrom(x, m)
		}
		before := l.last[m]
		if now.At = before.At; now == before {
			continue
		}
		now.At = l.Now
		l.last[m] = now
		l.Moments = append(l.Moments, now)
	}
}

// carrier is the newest machine of the node that has power and answers, by the truth.
func (l *Lab) carrier(node int) (carrier *Machine) {
	for _, m := range l.machines {
		if m.node == node && m.powered && m.up {
			carrier = m
		}
	}
	return carrier
}

// Carrier is the instance that carries the node and its attempt, or "".
func (l *Lab) Carrier(node int) (instance string, attempt int) {
	if m := l.carrier(node); m != nil {
		return m.ID, m.attempt
	}
	return "", -1
}

// Service runs a part of AWS itself: its calls are not throttled, lost or cut
// off. It ends with the run.
func (l *Lab) Service(name string, body func(context.Context, Call)) {
	p := &Proc{Name: name, Calm: true}
	l.Go(p, func() {
		body(deadlined{context.Background(), l.Now.Add(1e6 * time.Second)}, Call{ID: name, Ports: l.ports(p), Clock: clock{p}})
	}, func() {})
}

// Start creates the nodes, all of them in the first zone: through the engine, or
// by hand for another controller.
func (l *Lab) Start() {
	l.policy = Config().Policy
	if l.LaunchRate > 0 {
		l.policy.LaunchesPerSecond = int(l.LaunchRate)
	}
	for id := 1; id <= len(l.nodes); id++ {
		if l.Gated {
			l.nodes[id].props = map[string]any{"Gate": "true"}
		}
		if l.Function == nil {
			l.After(time.Duration(id)*time.Second/10, func() { l.invoke(l.request("Create", fmt.Sprintf("Create-%d", id), id)) })
			continue
		}
		l.Service(fmt.Sprintf("deployment-%d", id), func(ctx context.Context, c Call) {
			i, _ := c.Ports.Compute.Launch(ctx, l.Request(id, zones[0], fmt.Sprintf("first-%d", id)))
			_ = c.Clock.Sleep(ctx, time.Minute)
			_ = c.Ports.Balancers.Register(ctx, poolName(id), []cloud.Target{{ID: i.ID, Port: 80}})
		})
	}
	if l.Function == nil {
		l.After(30*time.Second, l.tick)
	}
}

// Request is a launch of the node's plan.
func (l *Lab) Request(node int, zone, token string) cloud.Launch {
	return cloud.Launch{
		Blueprint: l.plans[node], Zone: zone, Subnet: "subnet-" + zone, Token: token,
		Tags: map[string]string{contract.DefaultIDTag: fmt.Sprint(node)},
	}
}

// Zones are the world's.
func Zones() []string { return zones }

// Group names the node's target group.
func Group(node int) string { return poolName(node) }

// Alarms names the node's alarms: the instance's and the application's.
func Alarms(node int) []string {
	return []string{alarmName(node, contract.AlarmInstance), alarmName(node, contract.AlarmApplication)}
}

// NodeOf is the node whose machine or alarm an event is about, or 0.
func (l *Lab) NodeOf(instance, alarm string) int {
	if m := l.byID[instance]; m != nil {
		return m.node
	}
	for _, a := range l.alarms {
		if a.Name == alarm {
			return a.node
		}
	}
	return 0
}

// Fault is a way in which a node fails.
type Fault string

// The faults that are measured.
const (
	FaultStop  Fault = "application stop"  // its own fault script powers the instance off
	FaultAlarm Fault = "application alarm" // the application ends, the instance runs on
	FaultHang  Fault = "hang"              // the application answers no more, the instance runs on
	FaultHost  Fault = "instance loss"     // the host dies; EC2 confirms a forced stop
	FaultZone  Fault = "AZ loss"           // all hosts of the zone die and it has no capacity
)

// zoneBack is how long a lost zone has no capacity.
const zoneBack = 30 * time.Minute

// Break lets the node's machine fail. It reports whether there was one.
func (l *Lab) Break(node int, f Fault) bool {
	m := l.carrier(node)
	if m == nil {
		return false
	}
	l.Log("break node %d on %s: %s", node, m.ID, f)
	switch f {
	case FaultStop:
		l.powerDown(m, cloud.Stopping, cloud.Stopped, DelayPowerOff)
	case FaultAlarm:
		m.up = false
	case FaultHang:
		m.hung = true
	case FaultZone:
		l.Chaos.shortages = append(l.Chaos.shortages, shortage{zone: m.Zone, from: l.Now, to: l.Now.Add(zoneBack)})
		fallthrough
	case FaultHost:
		m.gen++
		l.off(m)
	}
	l.observe()
	return true
}

// Trouble puts faults of calls and events in the controller's way for a while.
func (l *Lab) Trouble(t Chaos, d time.Duration) {
	t.shortages = l.Chaos.shortages
	l.Chaos = t
	l.After(d, func() { l.Chaos = Chaos{shortages: l.Chaos.shortages} })
}
