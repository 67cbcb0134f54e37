package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// group is Amazon EC2 Auto Scaling with a group of one for each node, by its
// documented rules:
//
//   - An instance that is not running any more, whose status check fails, or that
//     the load balancer finds unhealthy, is marked unhealthy ("Health checks for
//     instances in an Auto Scaling group"). The last counts only after the grace
//     period: 300 s as the console sets it ("Set the health check grace period").
//   - A failed health check is answered by "terminate and launch": the new instance
//     is provisioned at the same time as the old one is terminated ("Instance
//     maintenance policy for Auto Scaling group", default behaviors). So nothing
//     waits for the old one to be off.
//   - The new one goes to the zone with the fewest instances of the group, and to
//     another where that lacks capacity. With one instance there is nothing to
//     rebalance.
//   - It is put into the target group once it is in service, that is, runs.
//   - The default cooldown holds simple scaling policies back, not replacements
//     ("Scaling cooldowns").
//
// It is a part of AWS, so that calls are not throttled or lost for it. How often it
// looks, and how long connections drain, is not documented or is the user's: every
// 10 s, and not at all, are our assumptions in its favour.
type group struct {
	lab    *sim.Lab
	marked map[int][]time.Time // when a node's instance was marked unhealthy
}

const (
	graceful  = 300 * time.Second
	lookEvery = 10 * time.Second
)

// keep runs the group of one node.
func (g group) keep(ctx context.Context, c sim.Call, node int) {
	current, _ := g.lab.Carrier(node)
	since := time.Time{} // in service for long
	for n := 1; ; n++ {
		if c.Clock.Sleep(ctx, lookEvery) != nil {
			return
		}
		zone, ill := g.look(ctx, c, node, current, since)
		if !ill {
			continue
		}
		g.marked[node] = append(g.marked[node], c.Clock.Now())
		g.terminate(current)
		fresh := g.launch(ctx, c, node, zone, n)
		for {
			list, _ := c.Ports.Compute.Instances(ctx, []string{fresh})
			if len(list) == 1 && list[0].State == cloud.Running {
				break
			}
			if c.Clock.Sleep(ctx, time.Second) != nil {
				return
			}
		}
		members, _ := c.Ports.Balancers.Targets(ctx, sim.Group(node))
		_ = c.Ports.Balancers.Register(ctx, sim.Group(node), []cloud.Target{{ID: fresh, Port: 80}})
		_ = c.Ports.Balancers.Deregister(ctx, sim.Group(node), members)
		_ = c.Ports.Alarms.Repoint(ctx, sim.Alarms(node)[0], fresh) // stands for the new instance's own status check
		current, since = fresh, c.Clock.Now()
	}
}

// terminate ends the old instance. One that is stopping by itself goes on doing
// that first: the world would let its shutdown begin anew.
func (g group) terminate(id string) {
	g.lab.Service("terminate "+id, func(ctx context.Context, c sim.Call) {
		for {
			list, _ := c.Ports.Compute.Instances(ctx, []string{id})
			if len(list) == 0 || list[0].State != cloud.Stopping || c.Clock.Sleep(ctx, time.Second) != nil {
				break
			}
		}
		_ = c.Ports.Compute.Terminate(ctx, []string{id}, cloud.ShutDown) // it may be gone already
	})
}

// look tells the instance's zone and whether it is unhealthy.
func (g group) look(ctx context.Context, c sim.Call, node int, id string, since time.Time) (zone string, ill bool) {
	list, _ := c.Ports.Compute.Instances(ctx, []string{id})
	if len(list) == 0 || list[0].State != cloud.Running {
		if len(list) > 0 {
			zone = list[0].Zone
		}
		return zone, true
	}
	checks, _ := c.Ports.Alarms.Alarms(ctx, sim.Alarms(node)[:1])
	if len(checks) == 1 && checks[0].State == "ALARM" && slices.Contains(checks[0].Instances, id) {
		return list[0].Zone, true
	}
	if c.Clock.Now().Sub(since) < graceful {
		return "", false
	}
	targets, _ := c.Ports.Balancers.Targets(ctx, sim.Group(node))
	ill = slices.ContainsFunc(targets, func(t cloud.Target) bool { return t.ID == id && t.Health == cloud.Unhealthy })
	return list[0].Zone, ill
}

// launch tries the zones until one has capacity; all of them hold as many
// instances of the group, so the one that failed comes last.
func (g group) launch(ctx context.Context, c sim.Call, node int, failed string, n int) string {
	zones := slices.DeleteFunc(slices.Clone(sim.Zones()), func(z string) bool { return z == failed })
	for try := 0; ; try++ {
		for _, z := range append(zones, failed) {
			i, err := c.Ports.Compute.Launch(ctx, g.lab.Request(node, z, fmt.Sprintf("group-%d-%d-%d", node, n, try)))
			if err == nil {
				return i.ID
			}
		}
		if c.Clock.Sleep(ctx, lookEvery) != nil {
			return ""
		}
	}
}
