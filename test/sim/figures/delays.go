package main

import (
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// balancer is the kind of load balancer before a node.
type balancer string

const (
	alb balancer = "ALB"
	nlb balancer = "NLB"
)

// term is one of AWS's times, with where it is from.
type term struct {
	delay  sim.Delay
	text   string
	least  time.Duration
	most   time.Duration
	source string
}

const (
	assumed = "assumption"
	daemon  = "measured 2021: C. Percival, EC2 boot time benchmarking"
)

// terms are the times of every run of the figures. What is one number in its
// source is one number here.
var terms = []term{
	{sim.DelayLaunchCall, "RunInstances call", 1500 * time.Millisecond, 1500 * time.Millisecond, daemon},
	{sim.DelayRunning, "pending to running", 4900 * time.Millisecond, 4900 * time.Millisecond, daemon},
	{sim.DelayServing, "running to the first answer", 17 * time.Second, 23 * time.Second, daemon},
	{sim.DelayStop, "forced stop", 10 * time.Second, 40 * time.Second, assumed},
	{sim.DelayPowerOff, "the instance's own shutdown", 10 * time.Second, 40 * time.Second, assumed},
	{sim.DelayTerminate, "terminate", 30 * time.Second, 120 * time.Second, assumed},
	{sim.DelayHealth, "health checks, 2 x 5 s", 10 * time.Second, 10 * time.Second, "ELB: target group health checks"},
	{sim.DelayState, "instance state to its event", 2 * time.Second, 2 * time.Second, assumed},
	{sim.DelayEvent, "EventBridge to Lambda", 500 * time.Millisecond, 500 * time.Millisecond, assumed},
	{sim.DelayStart, "start of the function", 50 * time.Millisecond, 50 * time.Millisecond, "measured: Go on arm64, 43 ms median, 53 ms p99"},
	{sim.DelayCall, "half of any API call", 3 * time.Millisecond, 60 * time.Millisecond, assumed},
}

// registration is what differs between the load balancers.
var registration = map[balancer]term{
	alb: {sim.DelayRegister, "registration, ALB", 2 * time.Second, 2 * time.Second, assumed},
	nlb: {sim.DelayRegister, "registration, NLB instance target", 60 * time.Second, 180 * time.Second, "measured 2021 and 2025"},
}

// delays are the world's times with this load balancer.
func delays(b balancer) map[sim.Delay]sim.Range {
	d := map[sim.Delay]sim.Range{}
	for _, t := range append(terms, registration[b]) {
		d[t.delay] = sim.Range{Least: t.least, Most: t.most}
	}
	return d
}

// notice is how long an event of this kind takes to reach a function that runs.
func notice(d map[sim.Delay]sim.Range, state bool) time.Duration {
	t := d[sim.DelayEvent].Least + d[sim.DelayStart].Least
	if state {
		t += d[sim.DelayState].Least
	}
	return t
}
