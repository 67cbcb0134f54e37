package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// verdict is what became of one disaster of one node, by the ground truth alone.
type verdict struct {
	disaster
	detected time.Time // AWS showed the failure
	served   time.Time // traffic reached a machine of the node again; zero: never
	floor    time.Time // when a clairvoyant controller would have had it serve
	lag      time.Duration
	writers  bool // two machines could write the node's data at once
	servers  bool // two machines took its traffic at once
	left     int  // machines that still have power at the end, beside the one that serves
	mutating int  // EC2, ELB and CloudWatch calls that change something
	reads    float64
}

// over is how much longer than the floor it took.
func (v verdict) over() time.Duration { return v.served.Sub(v.floor) }

// took is from the detection on.
func (v verdict) took() time.Duration { return v.served.Sub(v.detected) }

func (v verdict) ratio() float64 {
	return float64(v.took()) / float64(v.floor.Sub(v.detected))
}

// judge compares the lab's diary with the floor. That a floor is not below what was
// reached is a fault of the figures, and an error.
func (c contest) judge(l *sim.Lab, g group, list []disaster, end time.Time) ([]verdict, error) {
	byNode := map[int][]span{}
	for _, s := range spans(l.Moments, end) {
		byNode[s.Node] = append(byNode[s.Node], s)
	}
	var verdicts []verdict
	for _, d := range list {
		v := verdict{disaster: d}
		own := byNode[d.node]
		var by int
		v.served, by = servedAfter(own, d)
		v.writers = overlap(own, d, func(s span) (time.Time, bool) { return s.At, s.Writes })
		v.servers = overlap(own, d, func(s span) (time.Time, bool) { return s.Serves, !s.Serves.IsZero() })
		v.left = left(own, d)
		v.detected = c.detected(l, g, d)
		if v.detected.IsZero() {
			v.detected = d.at // nobody was told
		}
		f := failure{seed: c.seed, delays: l.Delays, node: d.node, attempt: d.attempt, fresh: d.attempt + 1, fault: c.fault, broke: d.at, begin: c.begin(l, v)}
		v.floor = floor(f, c.rules)
		for f.fresh++; f.fresh <= by; f.fresh++ { // it took more than one, and may have been lucky
			v.floor = earlier(v.floor, floor(f, c.rules))
		}
		if !v.served.IsZero() {
			if v.served.Before(v.floor.Add(-time.Millisecond)) {
				return nil, fmt.Errorf("%s, node %d: served %s after the failure, before the floor of %s", c, d.node, v.served.Sub(d.at), v.floor.Sub(d.at))
			}
			v.lag = c.pollLag(l, own, v)
			v.mutating, v.reads = c.calls(l, v)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// span is a moment with its end.
type span struct {
	sim.Moment
	end time.Time
}

func spans(moments []sim.Moment, end time.Time) []span {
	list := make([]span, 0, len(moments))
	last := map[string]int{}
	for _, m := range moments {
		if i, ok := last[m.Machine]; ok {
			list[i].end = m.At
		}
		last[m.Machine] = len(list)
		list = append(list, span{m, end})
	}
	return list
}

// servedAfter is when traffic first reached a machine of the node again, and that
// machine's attempt.
func servedAfter(own []span, d disaster) (first time.Time, attempt int) {
	for _, s := range own {
		if s.Serves.IsZero() || s.Machine == d.instance && !s.At.After(d.at) {
			continue
		}
		from := later(s.Serves, s.At)
		if from.Before(d.at) || !from.Before(s.end) || from.After(d.until) {
			continue
		}
		if first.IsZero() || from.Before(first) {
			first, attempt = from, s.Attempt
		}
	}
	return first, attempt
}

// overlap reports whether two machines of the node did the same thing at once
// between the disaster and its end.
func overlap(own []span, d disaster, does func(span) (time.Time, bool)) bool {
	for i, a := range own {
		from, yes := does(a)
		if !yes {
			continue
		}
		from = later(later(from, a.At), d.at)
		for _, b := range own[i+1:] {
			start, also := does(b)
			if !also || b.Machine == a.Machine {
				continue
			}
			begin, stop := later(from, later(start, b.At)), earlier(earlier(a.end, b.end), d.until)
			if begin.Before(stop) {
				return true
			}
		}
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// left counts the machines that have power at the end, beside one.
func left(own []span, d disaster) int {
	n := 0
	for _, s := range own {
		if s.Power && !s.At.After(d.until) && s.end.After(d.until) {
			n++
		}
	}
	return max(n-1, 0)
}

// detected is when AWS first showed what the controller acts on.
func (c contest) detected(l *sim.Lab, g group, d disaster) time.Time {
	if c.own {
		for _, t := range g.marked[d.node] {
			if t.After(d.at) && t.Before(d.until) {
				return t
			}
		}
		return time.Time{}
	}
	for _, n := range l.Notices {
		e := readEvent(n.Payload)
		if n.At.Before(d.at) || n.At.After(d.until) || !c.minds(e) || l.NodeOf(e.instance, e.alarm) != d.node {
			continue
		}
		return n.At
	}
	return time.Time{}
}

// minds reports whether an event can set the controller going.
func (c contest) minds(e event) bool {
	switch {
	case c.ours:
		return e.alarm != "" || e.state != cloud.Pending && e.state != cloud.Running
	case c.unfenced: // the Outposts sample watches one alarm
		return strings.HasSuffix(e.alarm, "application")
	default:
		return e.alarm != "" || e.state == cloud.Stopped
	}
}

// begin is when the controller could know: the notice has reached it, or it
// happened to look before that.
func (c contest) begin(l *sim.Lab, v verdict) time.Time {
	if c.own {
		return v.detected
	}
	begin := v.detected.Add(notice(l.Delays, c.fault == sim.FaultStop && !c.unfenced))
	for _, x := range l.Calls {
		looks := x.Action == "DescribeInstances" || x.Action == "DescribeAlarms"
		if looks && !x.At.Before(v.detected) && x.At.Before(begin) {
			return x.At
		}
	}
	return begin
}

// pollLag is how long what the switch waited for was true before the controller
// looked: that the old machine is off and that the new one runs. A gated switch
// waits for the later of both.
func (c contest) pollLag(l *sim.Lab, own []span, v verdict) time.Duration {
	var off, runs time.Time
	for _, s := range own {
		switch {
		case s.At.Before(v.at):
		case s.Machine == v.instance && off.IsZero() && (s.State == cloud.Stopped || s.State == cloud.Terminated):
			off = s.At
		case s.Machine != v.instance && runs.IsZero() && s.State == cloud.Running && s.At.Before(v.served):
			runs = s.At
		}
	}
	waits := []time.Time{off, runs}
	switch {
	case c.gated:
		waits = []time.Time{later(off, runs)}
	case c.unfenced:
		waits = []time.Time{runs}
	}
	var lag time.Duration
	for _, w := range waits {
		if w.IsZero() || w.After(v.served) || w.Before(c.begin(l, v)) {
			continue
		}
		i := slices.IndexFunc(l.Calls, func(x sim.Called) bool { return x.Action == "DescribeInstances" && !x.At.Before(w) })
		if i >= 0 && l.Calls[i].At.Before(v.served) {
			lag += l.Calls[i].At.Sub(w)
		}
	}
	return lag
}

// calls counts what changes something from the detection to the end, for each node
// that failed together, and how often a second the API that is read most is read
// until the node serves. A look at one target group serves no other node.
func (c contest) calls(l *sim.Lab, v verdict) (mutating int, reads float64) {
	changes, looks := 0, map[string]float64{}
	for _, x := range l.Calls {
		if x.At.Before(v.detected) || x.At.After(v.until) || x.Service != "EC2" && x.Service != "ELB" && x.Service != "CloudWatch" {
			continue
		}
		switch {
		case !strings.HasPrefix(x.Action, "Describe"):
			changes++
		case x.At.After(v.served):
		case x.Action == "DescribeTargetHealth":
			looks[x.Action] += 1 / float64(c.nodes)
		default:
			looks[x.Action]++
		}
	}
	for _, n := range looks {
		reads = max(reads, n/v.took().Seconds())
	}
	return (changes + c.nodes - 1) / c.nodes, reads
}
