package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// mass is one run in which all nodes of a zone fail at once.
type mass struct {
	controller
	before balancer
	seed   uint64
	nodes  int
	// burst and rate are the bucket of the launching API.
	burst, rate float64
}

// spread is what became of it.
type spread struct {
	makespan time.Duration // from the detection to the last node serving
	single   time.Duration // the greatest of the nodes' floors
	lost     int           // nodes that do not serve again
	doubles  int           // nodes with two writers, two servers, or a machine left
	calls    int           // EC2, ELB and CloudWatch calls
}

func (m mass) run() (spread, error) {
	l := sim.NewLab(m.seed, m.nodes, delays(m.before))
	defer l.Close()
	l.Gated, l.LaunchBurst, l.LaunchRate = m.gated, m.burst, m.rate
	if m.function != nil {
		l.Function = m.function(l)
	}
	start := l.Now
	l.Start()
	// Creating the nodes is under the same budgets.
	created := watched + time.Duration(m.nodes)*time.Second
	if err := l.Run(start.Add(created)); err != nil {
		return spread{}, err
	}
	l.Watch()
	at := start.Add(created + quiet)
	if err := l.Run(at); err != nil {
		return spread{}, err
	}
	c := contest{controller: m.controller, fault: sim.FaultZone, before: m.before, seed: m.seed, nodes: m.nodes}
	before := len(l.Calls)
	list := c.strike(l)
	if len(list) != m.nodes {
		return spread{}, fmt.Errorf("%s: %d of %d nodes served before the zone was lost", c, len(list), m.nodes)
	}
	end := at.Add(between)
	if err := l.Run(end); err != nil {
		return spread{}, fmt.Errorf("%s: %w", c, err)
	}
	verdicts, err := c.judge(l, group{l, nil}, list, end)
	if err != nil {
		return spread{}, err
	}
	return m.sum(l, verdicts, before), nil
}

func (m mass) sum(l *sim.Lab, verdicts []verdict, before int) (s spread) {
	first, last := m.detected(l, verdicts), time.Time{}
	for _, v := range verdicts {
		last = later(last, v.served)
		s.single = max(s.single, v.floor.Sub(v.detected))
		if v.served.IsZero() {
			s.lost++
		}
		if v.writers || v.servers || v.left > 0 {
			s.doubles++
		}
	}
	if last.IsZero() {
		last = first // none serves again
	}
	s.makespan = last.Sub(first)
	for _, x := range l.Calls[before:] {
		if x.At.Before(last) && (x.Service == "EC2" || x.Service == "ELB" || x.Service == "CloudWatch") {
			s.calls++
		}
	}
	return s
}

// detected is when AWS had shown enough to act on: for the engine, with so many
// nodes that the brake looks at them all, that is when half of them have evidence
// that no agent gave, here their status checks; for the others the first notice.
func (m mass) detected(l *sim.Lab, verdicts []verdict) time.Time {
	var at []time.Time
	seen := map[int]bool{}
	for _, n := range l.Notices {
		e := readEvent(n.Payload)
		node := l.NodeOf(e.instance, e.alarm)
		if n.At.Before(verdicts[0].at) || seen[node] || !strings.HasSuffix(e.alarm, ".instance") {
			continue
		}
		seen[node] = true
		at = append(at, n.At)
	}
	if half := (len(verdicts) + 1) / 2; m.ours && len(verdicts) >= decide.BrakeFrom && len(at) >= half {
		return at[half-1]
	}
	first := verdicts[0].detected
	for _, v := range verdicts {
		first = earlier(first, v.detected)
	}
	return first
}
