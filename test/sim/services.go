package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func nodeOf(s string) (int, error) { return strconv.Atoi(s) }

type elb client

func (l *elb) Groups(_ context.Context, arns []string) (list []cloud.TargetGroup, err error) {
	err = (*client)(l).call("ELB", "DescribeTargetGroups", func() error {
		for _, arn := range arns {
			p := l.pool(arn)
			if p == nil || p.deleted {
				return refuse(cloud.NotFound, "ELB", "DescribeTargetGroups", "TargetGroupNotFound")
			}
			list = append(list, p.TargetGroup)
		}
		return nil
	})
	return list, err
}

// Attributes are those that every group of the simulated world has: none that matters. The
// call is not simulated.
func (l *elb) Attributes(context.Context, string) (map[string]string, error) { return nil, nil }

func (l *elb) Targets(_ context.Context, group string) (list []cloud.Target, err error) {
	err = (*client)(l).about(l.nodeOfPool(group)...).call("ELB", "DescribeTargetHealth", func() error {
		p := l.pool(group)
		if p.deleted {
			return refuse(cloud.NotFound, "ELB", "DescribeTargetHealth", "TargetGroupNotFound")
		}
		for _, x := range p.members {
			t := x.Target
			t.Health = l.health(p, x)
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// machineOf is the machine behind a target.
func (w *World) machineOf(p *Pool, target string) (m *Machine) {
	if p.Kind != "ip" {
		return w.byID[target]
	}
	list := w.machines
	if p.node > 0 {
		list = w.of(p.node)
	}
	for _, c := range list {
		if c.has(target) && c.State != cloud.Terminated {
			m = c
		}
	}
	return m
}

// has reports whether the target is the machine or one of its addresses.
func (m *Machine) has(target string) bool {
	return m.ID == target || slices.ContainsFunc(m.Addresses(), func(a cloud.Address) bool { return a.IP == target })
}

func (l *elb) health(p *Pool, x *member) string {
	m := l.machineOf(p, x.ID)
	switch {
	case p.Balancers == 0, m == nil || m.State != cloud.Running && p.Kind == "instance":
		return cloud.Unused
	case l.Now.Sub(x.since) < x.ready:
		return "initial"
	case !x.drained.IsZero():
		return cloud.Draining
	case !m.up || !m.powered || m.lost || m.hung || isolated(m) || p.misfires:
		return cloud.Unhealthy
	case l.Now.Before(l.healthyFrom(x, m)):
		return "initial"
	default:
		return cloud.Healthy
	}
}

// readiness is how long a load balancer takes to check a new target.
func (l *elb) readiness(p *Pool, t cloud.Target) time.Duration {
	m := l.machineOf(p, t.ID)
	if m == nil {
		return l.latency(DelayRegister, p.node, 0)
	}
	return l.latency(DelayRegister, m.node, m.course())
}

// healthyFrom is when a target that answers has passed its health checks.
func (w *World) healthyFrom(x *member, m *Machine) time.Time {
	from := x.since.Add(x.ready)
	if m.upSince.After(from) {
		from = m.upSince
	}
	return from.Add(w.Delays[DelayHealth].Least)
}

func (l *elb) Register(_ context.Context, group string, targets []cloud.Target) error {
	return (*client)(l).about(l.nodeOfPool(group)...).sending(group, targets).call("ELB", "RegisterTargets", func() error {
		p := l.pool(group)
		if p.deleted {
			return refuse(cloud.NotFound, "ELB", "RegisterTargets", "TargetGroupNotFound")
		}
		l.enlisted(p, targets)
		for _, t := range targets {
			t.Port = cmp.Or(t.Port, p.Port)
			if m := l.byID[t.ID]; p.Kind == "instance" && (m == nil || m.State != cloud.Running) {
				return refuse(cloud.NotFound, "ELB", "RegisterTargets", "InvalidTarget")
			}
			if i := slices.IndexFunc(p.members, func(x *member) bool { return x.ID == t.ID && x.Port == t.Port }); i >= 0 {
				p.members[i].drained = time.Time{}
			} else {
				p.members = append(p.members, &member{Target: cloud.Target{ID: t.ID, Port: t.Port}, since: l.Now, ready: l.readiness(p, t)})
			}
		}
		return nil
	})
}

func (l *elb) Deregister(_ context.Context, group string, targets []cloud.Target) error {
	return (*client)(l).about(l.nodeOfPool(group)...).sending(group, targets).call("ELB", "DeregisterTargets", func() error {
		p := l.pool(group)
		for _, t := range targets {
			t.Port = cmp.Or(t.Port, p.Port)
			if i := slices.IndexFunc(p.members, func(x *member) bool { return x.ID == t.ID && x.Port == t.Port }); i >= 0 {
				l.leave(p, p.members[i])
			}
		}
		return nil
	})
}

type cw client

func (a *cw) Alarms(_ context.Context, names []string) (list []cloud.Alarm, err error) {
	err = (*client)(a).call("CloudWatch", "DescribeAlarms", func() error {
		for _, n := range names {
			if x := a.alarm(n); x != nil {
				c := x.Alarm
				c.Instances = slices.Clone(c.Instances)
				list = append(list, c)
			}
		}
		return nil
	})
	return list, err
}

func (a *cw) Repoint(_ context.Context, name, instance string) error {
	return (*client)(a).about(a.nodeOfAlarm(name)...).sending(name, instance).call("CloudWatch", "PutMetricAlarm", func() error {
		x := a.alarm(name)
		if x == nil {
			return refuse(cloud.NotFound, "CloudWatch", "PutMetricAlarm", "ResourceNotFound")
		}
		x.Instances, x.bad = []string{instance}, 0 // AWS keeps the state until the next evaluation
		return nil
	})
}

type ddb client

const leaseSuffix = "|lease"

func (d *ddb) Get(_ context.Context, partition, sort string) (item cloud.Item, err error) {
	err = (*client)(d).about(nodeOfKey(partition, sort)...).call("DynamoDB", "GetItem", func() error {
		var ok bool
		if item, ok = d.items[partition+"|"+sort]; !ok || d.Chaos.EveryLease && sort == "lease" {
			item = cloud.Item{}
			return refuse(cloud.NotFound, "DynamoDB", "GetItem", "")
		}
		return nil
	})
	return item, err
}

func (d *ddb) Query(_ context.Context, partition, prefix string) (list []cloud.Item, err error) {
	err = (*client)(d).call("DynamoDB", "Query", func() error {
		list = d.under(partition + "|" + prefix)
		return nil
	})
	return list, err
}

func (d *ddb) Put(_ context.Context, item cloud.Item, prev int64) error {
	return (*client)(d).about(nodeOfKey(item.Partition, item.Sort)...).call("DynamoDB", "PutItem", func() error {
		key := item.Partition + "|" + item.Sort
		if len(item.Body) == 0 || item.Body[0] != '{' || d.unwatched && !json.Valid(item.Body) {
			return refuse(cloud.Invalid, "DynamoDB", "PutItem", "ValidationException")
		}
		free := d.Chaos.EveryLease && strings.HasSuffix(key, leaseSuffix)
		if d.items[key].Revision != prev && !free {
			return refuse(cloud.Conflict, "DynamoDB", "PutItem", "ConditionalCheckFailedException")
		}
		item.Revision = item.Next(prev)
		if strings.HasPrefix(item.Sort, contract.HintPrefix) {
			d.hinted[key] = d.Now
		}
		d.keep(key, item)
		d.recorded(item)
		return nil
	})
}

func (d *ddb) Delete(_ context.Context, partition, sort string, prev int64) error {
	return (*client)(d).about(nodeOfKey(partition, sort)...).call("DynamoDB", "DeleteItem", func() error {
		key := partition + "|" + sort
		if it, ok := d.items[key]; !ok || it.Revision != prev {
			return refuse(cloud.Conflict, "DynamoDB", "DeleteItem", "ConditionalCheckFailedException")
		}
		d.drop(key)
		return nil
	})
}

type sns client

func (s *sns) Publish(_ context.Context, n cloud.Notice) error {
	return (*client)(s).call("SNS", "Publish", func() error {
		s.Log("notice %s", n.Subject)
		s.script.published(n)
		s.told(n)
		if s.unwatched {
			s.notices = append(s.notices, n)
		}
		return nil
	})
}

// bus is an event bus that always answers at once: nothing rests on it.
type bus client

func (b *bus) Put(_ context.Context, e cloud.Happening) error {
	b.Log("event %s", e.Kind)
	return nil
}

type cfn client

func (c *cfn) Respond(_ context.Context, _ string, body []byte) error {
	return (*client)(c).call("CloudFormation", "Respond", func() error {
		var a reply
		if err := json.Unmarshal(body, &a); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		c.Answers[a.RequestID] = a.Status
		if s := c.requests[a.RequestID]; s != nil {
			s.hear(a)
		}
		c.misnamedAnswer(a)
		return nil
	})
}
