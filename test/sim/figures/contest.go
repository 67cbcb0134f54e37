package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// controller is one that is measured.
type controller struct {
	name string
	rules
	// ours is the engine; own is a part of AWS that needs no events.
	ours, own bool
	function  func(*sim.Lab) func(context.Context, sim.Call) error
}

var controllers = []controller{
	{name: "this engine, gated", rules: rules{gated: true}, ours: true},
	{name: "this engine, no gate", ours: true},
	{name: "serial (seeds/000)", rules: rules{destroys: true}, function: func(l *sim.Lab) func(context.Context, sim.Call) error { return serial{l}.handle }},
	{name: "Outposts sample (seeds/002)", rules: rules{unfenced: true}, function: func(l *sim.Lab) func(context.Context, sim.Call) error { return outposts{l}.handle }},
	{name: "Auto Scaling group of one", rules: rules{unfenced: true}, own: true, function: func(*sim.Lab) func(context.Context, sim.Call) error {
		return func(context.Context, sim.Call) error { return nil }
	}},
}

var faults = []sim.Fault{sim.FaultStop, sim.FaultAlarm, sim.FaultHang, sim.FaultHost, sim.FaultZone}

// contest is one run: a controller meets two disasters of a kind, one after the other.
type contest struct {
	controller
	fault   sim.Fault
	before  balancer
	seed    uint64
	nodes   int
	trouble bool // calls and events fare badly meanwhile
	// diary, if set, is shown what happened.
	diary func(*sim.Lab, []verdict)
}

func (c contest) String() string {
	return fmt.Sprintf("%s, %s, %s, seed %d, trouble %v", c.name, c.fault, c.before, c.seed, c.trouble)
}

// troubles are the faults in the controller's way, from a disaster's moment on.
var troubles = sim.Chaos{Crash: 0.002, Lost: 0.01, Throttle: 0.05, EventLoss: 0.1, EventTwice: 0.2, Lag: 0.1}

// The course of a run. Nodes are created, alarms set, all is quiet for a while;
// then the disasters, each with the time to recover from it.
const (
	watched   = 6 * time.Minute
	quiet     = 15 * time.Minute
	between   = 50 * time.Minute
	troubled  = 15 * time.Minute
	disasters = 2
)

// run makes the run and judges every disaster of every node.
func (c contest) run() ([]verdict, error) {
	l := sim.NewLab(c.seed, c.nodes, delays(c.before))
	defer l.Close()
	l.Gated = c.gated
	if c.function != nil {
		l.Function = c.function(l)
	}
	g := group{l, map[int][]time.Time{}}
	start := l.Now
	l.Start()
	if err := l.Run(start.Add(watched)); err != nil {
		return nil, c.broke(err)
	}
	l.Watch()
	if c.own {
		for id := 1; id <= c.nodes; id++ {
			l.Service(fmt.Sprintf("group-%d", id), func(ctx context.Context, call sim.Call) { g.keep(ctx, call, id) })
		}
	}
	var list []disaster
	for k := range disasters {
		at := start.Add(quiet + time.Duration(k)*between).Add(l.Between(0, time.Minute))
		if err := l.Run(at); err != nil {
			return nil, c.broke(err)
		}
		list = append(list, c.strike(l)...)
		if c.trouble {
			l.Trouble(troubles, troubled)
		}
	}
	end := start.Add(quiet + disasters*between)
	if err := l.Run(end); err != nil {
		return nil, c.broke(err)
	}
	verdicts, err := c.judge(l, g, list, end)
	if c.diary != nil && err == nil {
		c.diary(l, verdicts)
	}
	return verdicts, err
}

// errInvariant is a run of the engine that broke one of its invariants.
var errInvariant = errors.New("invariant broken")

func (c contest) broke(err error) error { return fmt.Errorf("%s: %w: %w", c, errInvariant, err) }

// disaster is one failure of one node.
type disaster struct {
	node, attempt int
	instance      string
	at, until     time.Time
}

// strike breaks every node that serves.
func (c contest) strike(l *sim.Lab) (list []disaster) {
	for id := 1; id <= c.nodes; id++ {
		instance, attempt := l.Carrier(id)
		if l.Break(id, c.fault) {
			list = append(list, disaster{id, attempt, instance, l.Now, l.Now.Add(between - time.Minute)})
		}
	}
	return list
}
