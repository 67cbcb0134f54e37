package main

import (
	"context"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// outposts is the logic of the function of aws-samples/ec2-outposts-autorestart
// (seeds/002), step by step: look at the two newest items of the alarm's history
// and return if both hold the word ALARM; run the launch template; wait until the
// instance runs; register it and deregister the old one; mail. Every error ends in
// the mail, so nothing is tried again. It fences nothing.
//
// The sample watches a whole Outposts server. Here one alarm of the node takes that
// part, the one that every fault raises.
type outposts struct{ lab *sim.Lab }

// destination is the subnet of its launch template.
var destination = sim.Zones()[1]

func (o outposts) handle(ctx context.Context, c sim.Call) error {
	e := readEvent(c.Payload)
	node := o.lab.NodeOf("", e.alarm)
	if node == 0 || e.alarm != sim.Alarms(node)[1] {
		return nil
	}
	if o.guarded(e.alarm) {
		return nil
	}
	_ = o.relaunch(ctx, boto{c}, node) // what fails is mailed
	return nil
}

// guarded is its guard against duplicates. "Alarm updated from ALARM to OK" holds
// the word too, so from the second outage on it always returns.
func (o outposts) guarded(alarm string) bool {
	alarms := 0
	for _, n := range o.lab.Notices {
		if readEvent(n.Payload).alarm == alarm {
			alarms++
		}
	}
	return alarms > 1
}

func (o outposts) relaunch(ctx context.Context, b boto, node int) error {
	fresh, err := b.launch(ctx, o.lab.Request(node, destination, "outposts-"+b.ID))
	if err != nil {
		return err
	}
	if err := b.wait(ctx, fresh.ID, cloud.Running); err != nil {
		return err
	}
	group := sim.Group(node)
	var members []cloud.Target
	err = b.try(ctx, func() (err error) { members, err = b.Ports.Balancers.Targets(ctx, group); return err })
	if err != nil {
		return err
	}
	if err := b.try(ctx, func() error { return b.Ports.Balancers.Register(ctx, group, []cloud.Target{{ID: fresh.ID, Port: 80}}) }); err != nil {
		return err
	}
	return b.try(ctx, func() error { return b.Ports.Balancers.Deregister(ctx, group, members) })
}
