package main

import (
	"math"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// The floor of a failure with draws of one value each can be added up by hand.
func TestFloor(t *testing.T) {
	d := delays(alb)
	for kind, r := range map[sim.Delay]time.Duration{sim.DelayStop: 30 * time.Second, sim.DelayTerminate: 25 * time.Second, sim.DelayPowerOff: 12 * time.Second, sim.DelayServing: 20 * time.Second} {
		d[kind] = sim.Range{Least: r, Most: r}
	}
	broke := time.Unix(1000, 0)
	for _, c := range []struct {
		name  string
		fault sim.Fault
		begin time.Duration // after it broke
		rules rules
		want  time.Duration
	}{
		// stop 30, call 1.5, running 4.9, answer 20, health 10
		{"ungated: one after the other", sim.FaultHang, 10 * time.Second, rules{}, 76400 * time.Millisecond},
		// call 1.5, stop 30, register 2, health 10: the boot is hidden
		{"gated: the fence is the longer", sim.FaultHang, 10 * time.Second, rules{gated: true}, 53500 * time.Millisecond},
		// call 1.5, running 4.9, answer 20, health 10
		// terminate 25 instead of stop 30
		{"destroyed first", sim.FaultHang, 10 * time.Second, rules{destroys: true}, 71400 * time.Millisecond},
		{"unfenced", sim.FaultHang, 10 * time.Second, rules{unfenced: true}, 46400 * time.Millisecond},
		// off at 12 by itself
		{"gated: it stops by itself", sim.FaultStop, 2 * time.Second, rules{gated: true}, 38400 * time.Millisecond},
		{"ungated: it stops by itself", sim.FaultStop, 2 * time.Second, rules{}, 48400 * time.Millisecond},
		{"ungated: it had stopped before it was known", sim.FaultStop, 20 * time.Second, rules{}, 56400 * time.Millisecond},
	} {
		got := floor(failure{seed: 1, delays: d, node: 1, fresh: 1, fault: c.fault, broke: broke, begin: broke.Add(c.begin)}, c.rules).Sub(broke)
		if got != c.want {
			t.Errorf("%s: the floor is %s after the failure, want %s", c.name, got, c.want)
		}
	}
}

// TestFloorHoldsWithNLB: registration, not the boot, is what takes long there.
func TestFloorHoldsWithNLB(t *testing.T) {
	f := failure{seed: 3, delays: delays(nlb), node: 1, fresh: 1, fault: sim.FaultHang, begin: time.Unix(0, 0)}
	fenced, not := floor(f, rules{gated: true}), floor(f, rules{unfenced: true})
	register := sim.Latency(f.seed, f.delays, sim.DelayRegister, 1, 1)
	if want := time.Unix(0, 0).Add(6400*time.Millisecond + register + 10*time.Second); !not.Equal(want) {
		t.Errorf("the floor is %s, want %s", not, want)
	}
	if fenced.Before(not) {
		t.Errorf("with a fence %s, without %s", fenced, not)
	}
}

// TestBucket: the spans that aws-limits.md derives by hand.
func TestBucket(t *testing.T) {
	for _, c := range []struct {
		name   string
		bucket bucket
		tokens float64
		want   float64
	}{
		{"RunInstances", runInstances, 1, 497.5},
		{"CreateFleet", createFleet, 1, 190},
		{"RegisterTargets", targets, 1, 245},
		{"with DeregisterTargets on the path", targets, 2, 495},
		{"if it drains the mutating bucket too", elbMutating, 1, 326.67},
	} {
		made := c.bucket.serve(make([]time.Time, 1000), c.tokens)
		if got := made[999].Sub(made[0]).Seconds(); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s: 1000 calls take %.2f s, want %.2f", c.name, got, c.want)
		}
	}
}

// TestBucketIdles: what is not used is kept up to the burst, and not more.
func TestBucketIdles(t *testing.T) {
	b := bucket{2, 1}
	at := func(s float64) time.Time { return time.Unix(100, 0).Add(time.Duration(s * float64(time.Second))) }
	made := b.serve([]time.Time{at(0), at(0), at(0), at(30), at(30), at(30)}, 1)
	for i, want := range []float64{0, 0, 1, 30, 30, 31} {
		if !made[i].Equal(at(want)) {
			t.Errorf("call %d is made at %s, want %s", i, made[i].Sub(at(0)), at(want).Sub(at(0)))
		}
	}
}

func TestBound(t *testing.T) {
	d := delays(alb)
	fleet := budgets{launches: createFleet, registrations: targets}
	before := time.Duration(0)
	for _, n := range []int{1, 10, 100, 1000} {
		got := bound(1, d, n, fleet)
		if got < before {
			t.Errorf("%d nodes are bound by %s, fewer by %s", n, got, before)
		}
		before = got
		for name, b := range map[string]budgets{
			"RunInstances":      {launches: runInstances, registrations: targets},
			"deregistration":    {launches: createFleet, registrations: targets, deregister: true},
			"a third ELB rate":  {launches: createFleet, registrations: elbMutating},
			"both on the path ": {launches: runInstances, registrations: targets, deregister: true},
		} {
			if other := bound(1, d, n, b); other < got {
				t.Errorf("%d nodes: with %s the bound is %s, without %s", n, name, other, got)
			}
		}
	}
}

// what a controller does in a run, for the tests of the others.
func first(t *testing.T, name string, c contest) []verdict {
	t.Helper()
	for _, x := range controllers {
		if x.name == name {
			c.controller = x
		}
	}
	c.before, c.seed, c.nodes = alb, 1, 1
	vs, err := c.run()
	if err != nil || len(vs) == 0 {
		t.Fatalf("%d verdicts, %v", len(vs), err)
	}
	return vs
}

const (
	nameSerial   = "serial (seeds/000)"
	nameOutposts = "Outposts sample (seeds/002)"
	nameGroup    = "Auto Scaling group of one"
)

// TestSerial: it recovers, safely, twice; and a crash in mid switch leaves its mark
// behind, after which it never acts again.
func TestSerial(t *testing.T) {
	for _, v := range first(t, nameSerial, contest{fault: sim.FaultHang}) {
		if v.served.IsZero() || v.writers || v.servers || v.left > 0 {
			t.Errorf("%+v", v)
		}
		// terminate 30 to 120 s and two looks every 15 s, one after the other
		if v.took() < 75*time.Second || v.took() > 200*time.Second {
			t.Errorf("it took %s", v.took())
		}
	}
	l := sim.NewLab(1, 1, delays(alb))
	defer l.Close()
	s := serial{l}
	l.Function = s.handle
	start := l.Now
	l.Start()
	_ = l.Run(start.Add(watched))
	l.Watch()
	_ = l.Run(start.Add(quiet))
	l.Break(1, sim.FaultHang)
	_ = l.Run(l.Now.Add(25 * time.Second))
	l.Trouble(sim.Chaos{Crash: 1}, time.Minute) // while it waits for the end of the old instance
	_ = l.Run(start.Add(quiet + between))
	if _, attempt := l.Carrier(1); attempt >= 0 {
		t.Errorf("attempt %d serves", attempt)
	}
}

// TestOutposts: the first outage is answered without a fence, so that a hung
// instance goes on writing; the second never is, because of its guard.
func TestOutposts(t *testing.T) {
	vs := first(t, nameOutposts, contest{fault: sim.FaultHang})
	if len(vs) != 2 || vs[0].served.IsZero() || !vs[0].writers || vs[0].left != 1 {
		t.Errorf("first outage: %+v", vs[0])
	}
	if !vs[1].served.IsZero() {
		t.Error("the second outage was answered")
	}
}

// TestGroup: both outages are answered, with nothing waiting for the old instance.
func TestGroup(t *testing.T) {
	for _, v := range first(t, nameGroup, contest{fault: sim.FaultHang}) {
		if v.served.IsZero() || !v.writers || v.left > 0 {
			t.Errorf("%+v", v)
		}
	}
	for _, v := range first(t, nameGroup, contest{fault: sim.FaultHost}) {
		if v.served.IsZero() || v.writers {
			t.Errorf("%+v", v)
		}
	}
}

// TestRunJudgesItself: a controller that claims a fence and has none is found to
// be quicker than its floor.
func TestRunJudgesItself(t *testing.T) {
	c := contest{controller: controllers[3], fault: sim.FaultHang, before: alb, seed: 1, nodes: 1}
	c.unfenced = false
	if _, err := c.run(); err == nil {
		t.Error("a recovery below the floor was not noticed")
	}
}
