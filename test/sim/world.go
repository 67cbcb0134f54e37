package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// World is the ground truth of one Region: what really has power, mounts data and
// takes traffic, beside what the APIs say of it.
type World struct {
	*Sim
	Chaos  Chaos
	Delays map[Delay]Range

	machines  []*Machine
	byID      map[string]*Machine
	elastic   map[string]string   // Elastic IP addresses by allocation id
	tokens    map[string]*Machine // zone/token
	plans     map[int]cloud.Blueprint
	pools     []*Pool
	alarms    []*Alarm
	items     map[string]cloud.Item
	index     index
	ambushes  []ambush
	memo      record.Memo // shared by all processes
	sites     []*site
	region    string
	shifts    []cloud.Shift                // beside those of chaos
	events    map[string][]cloud.Scheduled // by instance
	announced map[string]time.Time         // when an event was announced, by its id
	failing   map[string]cloud.Failing     // by instance
	notices   []cloud.Notice               // kept while unwatched
	notice    map[string]string            // by subject, the last one
	lately    map[string][]time.Time       // by subject, of notices
	twin      *World                       // another Region
	running   int                          // invocations now
	awaited   int                          // invocations that are due
	hinted    map[string]time.Time         // since when a hint lies in the table
	thawed    time.Time                    // when a process last woke up
	mounts    []*mountTarget
	reserves  []*reserve
	buckets   map[string]*bucket
	paid      map[string][]toll // by action
	policy    contract.Policy

	nodes map[int]*Truth
	ids   int
	// disturbed is when a fault was last put in the switcher's way.
	disturbed time.Time
	Answers   map[string]string     // RequestId -> Status
	requests  map[string]*formation // by RequestId
	misnamed  map[string]misnamed   // by RequestId
	bodies    map[string]string     // RequestIds by what is sent
	arrived   map[string]time.Time  // by RequestId: when a function first ran for it
	stacks    []*formation          // in the order of their making
	script    *script               // a scenario's; nil in a seeded run
	// unwatched: the callers are no switcher, and no invariant is checked.
	unwatched bool
	lab       *Lab // measures a controller; nil otherwise

	Stats Stats
}

// Stats count what a run went through.
type Stats struct {
	Calls, Crashes, Launches, Switches, Invocations, Failed int
	Pairs                                                   map[Pair]int
}

// NewStats are those of a run that has not begun.
func NewStats() Stats { return Stats{Pairs: map[Pair]int{}} }

// Faults is how many faults hit something.
func (s *Stats) Faults() int {
	sum := 0
	for _, n := range s.Pairs {
		sum += n
	}
	return sum
}

// Add adds another run's counts.
func (s *Stats) Add(o Stats) {
	s.Calls += o.Calls
	s.Crashes += o.Crashes
	s.Launches += o.Launches
	s.Switches += o.Switches
	s.Invocations += o.Invocations
	s.Failed += o.Failed
	for k, n := range o.Pairs {
		s.Pairs[k] += n
	}
}

// Truth is what the checks know of a node.
type Truth struct {
	overQuota time.Time              // when a launch of it last met the quota
	refused   map[string][]time.Time // when calls about it were refused, by action
	id        int
	record    record.Node
	attempts  int                  // machines launched for it
	contested bool                 // another stack claimed its id
	deleted   bool                 // CloudFormation asked for that
	stack     *formation           // it belongs to
	watched   bool                 // its alarms were made once
	versions  []version            // of its launch template, from the second on
	own       version              // what it adopted is like, if it did
	good      string               // image that it served with last
	requested map[string]string    // images of launch requests, by token
	drain     int                  // seconds that the planned switch under way has to drain
	drained   time.Time            // when its record said that it is out of its groups
	retained  string               // instance that its delete leaves running
	since     map[string]time.Time // condemned ones: when they were first asked to power off
	requests  int                  // of other stacks that want its id
	ordered   time.Time            // when an operator last ordered a switch of it
	props     map[string]any       // of its custom resource, beyond the usual
	wish      contract.Settings    // what its custom resource asks for, all in all
	holders   map[string]bool      // instances that were ever granted
	spared    map[string]time.Time // condemned ones that were granted again, and when
	condemned map[string]time.Time // since when, of those that are
	began     []time.Time          // its switches
	served    time.Time            // when it began to serve
	cooling   time.Time            // when the cool-down held it last
	ungranted map[string]time.Time // since when an ungranted machine takes traffic
}

// Machine is an instance: EC2's view embedded, and the truth.
type Machine struct {
	cloud.Instance
	cloud.Details
	node    int  // it was launched for; 0: foreign
	attempt int  // the how manieth of its node, from 0 on
	boots   int  // times it was switched on
	powered bool // really on
	up      bool // its application answers
	upSince time.Time
	mounted bool      // it has the node's data mounted
	hung    bool      // the application does not answer any more
	lost    bool      // its host or zone is gone: nothing done to it is confirmed
	started time.Time // when a person started it after it was fenced
	shown   time.Time // the newest moment that a Describe showed of it
	hidden  time.Time // until when no Describe shows it
	tagged  time.Time // when a switcher last wrote its tags
	sick    bool      // its image never becomes healthy
	ends    bool      // its image's application ends at once
	people  bool      // it is people's own: not adopted yet, or retained
	closing bool      // its operating system shuts down
	flushed bool      // it has done so by itself
	ghost   bool      // it was stopped by force, EC2 says so, and it still has power
	asked   time.Time // when it was asked to
	gated   bool      // it mounts and starts only while its gate is open
	booted  bool      // it would mount and start if it could
	by      *mountTarget
	reserve *reserve
	request string            // that it was launched by
	stale   map[string]string // its tags as it saw them last, while lost
	flows   time.Time         // until when connections from before its quarantine last
	freed   bool              // a person gave it back its groups
	gen     int               // cancels transitions under way
	listed  *member           // for a lab
	past    []view
}

type view struct {
	at    time.Time
	state string
}

// Pool is a target group.
type Pool struct {
	cloud.TargetGroup
	node int
	also []int // nodes of a scenario that share it
	// misfires: its health checks call nothing healthy.
	misfires bool
	members  []*member
	deleted  bool
}

type member struct {
	cloud.Target
	since time.Time
	ready time.Duration
	// drained is when what is under way is finished, since it left the group.
	left, drained time.Time
}

// Alarm is one alarm of a node.
type Alarm struct {
	cloud.Alarm
	node   int
	app    bool
	bad    int
	period time.Duration
	gone   bool // deleted
}

var zones = []string{"az-a", "az-b", "az-c"}

// NewWorld makes a Region with n nodes defined and none created.
func NewWorld(s *Sim, n int, chaos Chaos) *World {
	w := &World{
		Sim: s, Chaos: chaos, Delays: wideDelays(), byID: map[string]*Machine{}, tokens: map[string]*Machine{}, plans: map[int]cloud.Blueprint{},
		items: map[string]cloud.Item{}, nodes: map[int]*Truth{}, events: map[string][]cloud.Scheduled{}, announced: map[string]time.Time{}, failing: map[string]cloud.Failing{}, Answers: map[string]string{}, requests: map[string]*formation{}, misnamed: map[string]misnamed{}, bodies: map[string]string{}, arrived: map[string]time.Time{}, buckets: map[string]*bucket{}, paid: map[string][]toll{}, sites: []*site{firstSite()}, hinted: map[string]time.Time{}, lately: map[string][]time.Time{}, notice: map[string]string{}, region: region,
		Stats: NewStats(),
	}
	for id := 1; id <= n; id++ {
		w.nodes[id] = &Truth{id: id, ungranted: map[string]time.Time{}, holders: map[string]bool{}, spared: map[string]time.Time{}, condemned: map[string]time.Time{}, since: map[string]time.Time{}, requested: map[string]string{}}
		w.makeMounts(id)
		w.plans[id] = cloud.Blueprint{
			Image: "ami-" + strconv.Itoa(id), Type: instanceTypes[0], KeyName: "key",
			Interfaces: []cloud.InterfaceSpec{{Device: 0, Groups: []string{"sg-app"}}, {Device: 1, Groups: []string{"sg-app", "sg-db"}}},
			Tags:       map[string]string{contract.DefaultIDTag: strconv.Itoa(id), contract.DefaultTargetTag: "true", "Name": "node"},
		}
		kind := "instance"
		if id%3 == 0 {
			kind = "ip"
		}
		w.pools = append(w.pools, &Pool{TargetGroup: cloud.TargetGroup{ARN: poolName(id), Kind: kind, Port: 80, Balancers: 1}, node: id})
	}
	// Foreign machines, one of which carries a node's tag.
	for i, tag := range []string{"", "1"} {
		m := &Machine{Instance: cloud.Instance{ID: fmt.Sprintf("i-f%07d", i), State: cloud.Running, Zone: "az-a", VPC: "vpc-1", RootStore: "ebs", Tags: map[string]string{}}, powered: true}
		if tag != "" {
			m.Tags[contract.DefaultIDTag] = tag
		}
		w.add(m)
	}
	return w
}

func poolName(node int) string { return fmt.Sprintf("arn:tg-%04d", node) }

func (w *World) add(m *Machine) {
	w.machines = append(w.machines, m)
	w.byID[m.ID] = m
	m.past = []view{{w.Now, m.State}}
}

// state moves a machine to an EC2 state and emits the event of it.
func (w *World) state(m *Machine, state string) {
	if m.State == state {
		return
	}
	m.State = state
	m.past = append(m.past, view{w.Now, state})
	w.Log("ec2 %s %s", m.ID, state)
	if state == cloud.Terminated || state == cloud.Stopped {
		delete(w.events, m.ID) // stopped, it leaves its host
	}
	if state == cloud.Terminated {
		m.Interfaces = nil
		for _, p := range w.pools { // ELB deregisters terminated instances by itself
			p.members = slices.DeleteFunc(p.members, func(x *member) bool { return x.ID == m.ID })
		}
	}
	w.deliver(m.node, w.draw(DelayState), stateEvent(w.next("ev"), m.ID, state, w.Now))
}

func (w *World) next(prefix string) string {
	w.ids++
	return fmt.Sprintf("%s-%08x", prefix, w.ids)
}

// later runs f unless the machine's course was changed meanwhile.
func (w *World) later(m *Machine, d time.Duration, f func()) {
	gen := m.gen
	w.After(d, func() {
		if m.gen == gen {
			f()
			w.Check()
		}
	})
}

// boot turns the power on and, later, the application.
func (w *World) boot(m *Machine) {
	w.writesAgain(m)
	m.gen++
	m.boots++
	m.hung, m.LaunchedAt = false, w.Now
	course := m.course()
	w.state(m, cloud.Pending)
	w.later(m, w.latency(DelayRunning, m.node, course), func() {
		if !m.lost {
			w.state(m, cloud.Running)
		}
		m.powered = true
		w.later(m, w.latency(DelayServing, m.node, course), func() {
			m.booted = true
			w.begin(m)
		})
	})
}

// course is what the machine's latencies are drawn for: its attempt, and another
// number each further time that it is switched on.
func (m *Machine) course() int { return m.attempt + 1000*(m.boots-1) }

// off cuts the power.
func (w *World) off(m *Machine) {
	m.powered, m.booted, m.up, m.mounted, m.by, m.flows, m.closing, m.asked = false, false, false, false, nil, time.Time{}, false, time.Time{}
}

// powerDown carries a stop or termination out, unless the machine's host is lost:
// then nothing is confirmed until it comes back.
func (w *World) powerDown(m *Machine, via, to string, takes Delay) {
	if m.State == cloud.Terminated || m.State == cloud.ShuttingDown || m.State == to || m.State == via {
		return
	}
	m.gen++
	if m.State == cloud.Stopped {
		w.state(m, to)
		return
	}
	w.state(m, via)
	if m.lost {
		return // heal completes it
	}
	w.later(m, w.latency(takes, m.node, m.course()), func() {
		w.off(m)
		w.state(m, to)
	})
}

// heal brings a lost machine's host back: what was asked of it happens now.
func (w *World) heal(m *Machine) {
	if !m.lost {
		return
	}
	m.lost, m.stale = false, nil
	w.writesAgain(m)
	w.Log("host of %s is back", m.ID)
	w.poke(m)
	if m.powered && !m.booted && m.State == cloud.Running { // cut off in the middle of its boot
		w.later(m, w.latency(DelayServing, m.node, m.course()), func() {
			m.booted = true
			w.begin(m)
		})
	}
	switch m.State {
	case cloud.Stopping:
		w.later(m, w.Between(5*time.Second, 40*time.Second), func() { w.off(m); w.state(m, cloud.Stopped) })
	case cloud.ShuttingDown:
		w.later(m, w.Between(5*time.Second, 40*time.Second), func() { w.off(m); w.state(m, cloud.Terminated) })
	case cloud.Pending:
		w.later(m, time.Second, func() { w.state(m, cloud.Running) })
	}
}

// carrier is the machine that the record grants the node to.
func (w *World) carrier(node int) *Machine {
	if w.lab != nil {
		return w.lab.carrier(node)
	}
	t := w.nodes[node]
	if t.record.Grant == nil {
		return nil
	}
	return w.byID[t.record.Grant.Instance]
}

// takesTraffic: it is registered, has power and network, and its application answers.
func (w *World) takesTraffic(m *Machine) bool {
	if !m.up || !m.powered || m.lost || isolated(m) {
		return false
	}
	return slices.ContainsFunc(w.poolsOf(m.node), func(p *Pool) bool {
		return !p.deleted && p.Balancers > 0 && slices.ContainsFunc(p.members, func(x *member) bool { return x.drained.IsZero() && m.has(x.ID) })
	})
}

func isolated(m *Machine) bool {
	return len(m.Interfaces) > 0 && slices.ContainsFunc(m.Interfaces[0].Groups, isBlackhole)
}

const blackhole = "sg-hole"
