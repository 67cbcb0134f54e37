package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// serial is the design of seeds/000: one invocation for each event, which marks
// the node as being switched, applies the blackhole group, destroys the instance,
// waits, launches another, switches its target and alarms, and clears the mark.
// An invocation that finds the mark does nothing.
//
// Inferred, since the manual does not tell: the waits are the SDK's waiters; the
// mark is set by a conditional write; an error ends the invocation, and Lambda
// tries it again.
type serial struct{ lab *sim.Lab }

func (s serial) handle(ctx context.Context, c sim.Call) error {
	e := readEvent(c.Payload)
	if e.state != "" && e.state != cloud.Stopped {
		return nil // "instance state not handled"
	}
	node := s.lab.NodeOf(e.instance, e.alarm)
	if node == 0 {
		return nil
	}
	b := boto{c}
	mark := cloud.Item{Partition: "serial", Sort: strconv.Itoa(node), Body: []byte(`{"execution":"SWITCHING"}`)}
	found, err := b.item(ctx, mark)
	if err != nil {
		return err
	}
	if string(found.Body) == string(mark.Body) {
		return nil // it is being switched
	}
	if err := b.put(ctx, mark, found.Revision); err != nil {
		return err
	}
	old, err := b.instance(ctx, node, e.instance)
	if err != nil {
		return err
	}
	if err := s.replace(ctx, b, node, old); err != nil {
		return err // the mark stays
	}
	mark.Body = []byte(`{"execution":"NOT_SWITCHED"}`)
	return b.put(ctx, mark, found.Revision+1)
}

func (s serial) replace(ctx context.Context, b boto, node int, old cloud.Instance) error {
	for _, n := range old.Interfaces {
		if err := b.try(ctx, func() error { return b.Ports.Compute.SetGroups(ctx, n.ID, []string{sim.Config().BlackholeGroup}) }); err != nil {
			return err
		}
	}
	if err := b.try(ctx, func() error { return b.Ports.Compute.Terminate(ctx, []string{old.ID}, cloud.ShutDown) }); err != nil {
		return err
	}
	if err := b.wait(ctx, old.ID, cloud.Terminated); err != nil {
		return err
	}
	zones := slices.DeleteFunc(slices.Clone(sim.Zones()), func(z string) bool { return z == old.Zone })
	fresh, err := b.launch(ctx, s.lab.Request(node, zones[0], "serial-"+b.ID))
	if err != nil {
		return err
	}
	if err := b.wait(ctx, fresh.ID, cloud.Running); err != nil {
		return err
	}
	group := sim.Group(node)
	for _, do := range []func() error{
		func() error { return b.Ports.Balancers.Deregister(ctx, group, []cloud.Target{{ID: old.ID, Port: 80}}) },
		func() error { return b.Ports.Balancers.Register(ctx, group, []cloud.Target{{ID: fresh.ID, Port: 80}}) },
		func() error { return b.Ports.Alarms.Repoint(ctx, sim.Alarms(node)[0], fresh.ID) },
		func() error { return b.Ports.Alarms.Repoint(ctx, sim.Alarms(node)[1], fresh.ID) },
	} {
		if err := b.try(ctx, do); err != nil {
			return err
		}
	}
	return nil
}

// boto is what the Python SDK does around a call: it repeats what was throttled or
// not answered, up to four times ("Retries", legacy mode), with one client token.
type boto struct{ sim.Call }

func (b boto) try(ctx context.Context, do func() error) error {
	err := do()
	for pause := time.Second / 2; pause <= 4*time.Second && err != nil; pause *= 2 {
		if !cloud.Passing(err) {
			return err
		}
		if slept := b.Clock.Sleep(ctx, pause); slept != nil {
			return slept
		}
		err = do()
	}
	return err
}

func (b boto) item(ctx context.Context, like cloud.Item) (item cloud.Item, err error) {
	err = b.try(ctx, func() error { item, err = b.Ports.Table.Get(ctx, like.Partition, like.Sort); return err })
	if cloud.Is(err, cloud.NotFound) {
		return cloud.Item{}, nil
	}
	return item, err
}

func (b boto) put(ctx context.Context, i cloud.Item, prev int64) error {
	return b.try(ctx, func() error { return b.Ports.Table.Put(ctx, i, prev) })
}

func (b boto) launch(ctx context.Context, l cloud.Launch) (i cloud.Instance, err error) {
	err = b.try(ctx, func() error { i, err = b.Ports.Compute.Launch(ctx, l); return err })
	return i, err
}

// instance is the node's: the one that the event names, or the newest one tagged.
func (b boto) instance(ctx context.Context, node int, id string) (found cloud.Instance, err error) {
	var list []cloud.Instance
	err = b.try(ctx, func() error {
		if id != "" {
			list, err = b.Ports.Compute.Instances(ctx, []string{id})
		} else {
			list, err = b.Ports.Compute.TaggedInstances(ctx, contract.DefaultIDTag, []string{strconv.Itoa(node)})
		}
		return err
	})
	for _, i := range list {
		if i.VPC == "vpc-1" && i.Token != "" && i.State != cloud.Terminated {
			found = i
		}
	}
	if err == nil && found.ID == "" {
		err = fmt.Errorf("node %d has no instance", node)
	}
	return found, err
}

var errWaiter = errors.New("the waiter gave up")

// wait is the SDK's waiter: a look every 15 s, 40 times ("Waiters", EC2).
func (b boto) wait(ctx context.Context, id, state string) error {
	for range 40 {
		var list []cloud.Instance
		err := b.try(ctx, func() (err error) { list, err = b.Ports.Compute.Instances(ctx, []string{id}); return err })
		if err != nil {
			return err
		}
		if len(list) == 1 && list[0].State == state {
			return nil
		}
		if err := b.Clock.Sleep(ctx, 15*time.Second); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s is not %s: %w", id, state, errWaiter)
}
