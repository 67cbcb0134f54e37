package fake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

type balancers struct{ w *World }

func (l balancers) Groups(_ context.Context, arns []string) (list []cloud.TargetGroup, err error) {
	err = l.w.call("ELB DescribeTargetGroups", func() error {
		for _, arn := range arns {
			p, ok := l.w.Pools[arn]
			if !ok {
				return Refuse(cloud.NotFound, "TargetGroupNotFound", arn)
			}
			list = append(list, p.TargetGroup)
		}
		return nil
	})
	return list, err
}

func (l balancers) Attributes(_ context.Context, group string) (found map[string]string, err error) {
	err = l.w.call("ELB DescribeTargetGroupAttributes", func() error {
		p, ok := l.w.Pools[group]
		if !ok {
			return Refuse(cloud.NotFound, "TargetGroupNotFound", group)
		}
		found = maps.Clone(p.Attributes)
		return nil
	})
	return found, err
}

func (l balancers) Targets(_ context.Context, group string) (list []cloud.Target, err error) {
	err = l.w.call("ELB DescribeTargetHealth", func() error {
		p, ok := l.w.Pools[group]
		if !ok {
			return Refuse(cloud.NotFound, "TargetGroupNotFound", group)
		}
		for _, k := range slices.Sorted(maps.Keys(p.Members)) {
			list = append(list, l.health(p, p.Members[k]))
		}
		return nil
	})
	return list, err
}

func (l balancers) health(p *Pool, m *Member) cloud.Target {
	t := m.Target
	box := l.holder(p, t.ID)
	switch {
	case p.Balancers == 0, box == nil, box.State != cloud.Running:
		t.Health = cloud.Unused
	case l.w.Time.Sub(m.since) < l.w.Healthy:
		t.Health = "initial"
	default:
		t.Health = cloud.Healthy
	}
	return t
}

func (l balancers) holder(p *Pool, id string) *Box {
	for _, b := range l.w.Boxes {
		if p.Kind == "ip" && b.PrivateIP == id || b.ID == id {
			return b
		}
	}
	return nil
}

func (l balancers) Register(_ context.Context, group string, targets []cloud.Target) error {
	return l.w.call("ELB RegisterTargets", func() error {
		p, ok := l.w.Pools[group]
		if !ok {
			return Refuse(cloud.NotFound, "TargetGroupNotFound", group)
		}
		for _, t := range targets {
			t.Port = portOf(p, t)
			if p.Elsewhere != t.Outside {
				return Refuse(cloud.Invalid, "ValidationError", "the Availability Zone of "+t.ID+" must be all, and only where it is outside of the VPC")
			}
			if key := memberKey(t); p.Members[key] == nil {
				if p.Most > 0 && len(p.Members) >= p.Most {
					return Refuse(cloud.Quota, "TooManyTargets", group)
				}
				p.Members[key] = &Member{Target: t, since: l.w.Time}
			}
		}
		return nil
	})
}

func (l balancers) Deregister(_ context.Context, group string, targets []cloud.Target) error {
	return l.w.call("ELB DeregisterTargets", func() error {
		p, ok := l.w.Pools[group]
		if !ok {
			return Refuse(cloud.NotFound, "TargetGroupNotFound", group)
		}
		for _, t := range targets {
			t.Port = portOf(p, t)
			delete(p.Members, memberKey(t))
		}
		return nil
	})
}

// portOf: a target without a port of its own has the group's.
func portOf(p *Pool, t cloud.Target) int { return cmp.Or(t.Port, p.Port) }

func memberKey(t cloud.Target) string { return fmt.Sprintf("%s:%d", t.ID, t.Port) }

type alarms struct{ w *World }

func (a alarms) Alarms(_ context.Context, names []string) (list []cloud.Alarm, err error) {
	err = a.w.call("CloudWatch DescribeAlarms", func() error {
		for _, n := range names {
			if x, ok := a.w.Watches[n]; ok {
				list = append(list, *x)
			}
		}
		return nil
	})
	return list, err
}

func (a alarms) Repoint(_ context.Context, name, instance string) error {
	return a.w.call("CloudWatch PutMetricAlarm", func() error {
		x, ok := a.w.Watches[name]
		if !ok {
			return Refuse(cloud.NotFound, "ResourceNotFound", name)
		}
		x.Instances = []string{instance}
		x.State, x.Since = "OK", a.w.Time // evaluated at once; AWS takes a period
		return nil
	})
}

type table struct{ w *World }

func (t table) Get(_ context.Context, partition, sort string) (item cloud.Item, err error) {
	err = t.w.call("DynamoDB GetItem", func() error {
		var ok bool
		if item, ok = t.w.Items[partition+"|"+sort]; !ok {
			return Refuse(cloud.NotFound, "", partition+" "+sort)
		}
		return nil
	})
	return item, err
}

func (t table) Query(_ context.Context, partition, prefix string) (list []cloud.Item, err error) {
	err = t.w.call("DynamoDB Query", func() error {
		for _, k := range slices.Sorted(maps.Keys(t.w.Items)) {
			if strings.HasPrefix(k, partition+"|"+prefix) {
				list = append(list, t.w.Items[k])
			}
		}
		return nil
	})
	return list, err
}

func (t table) Put(_ context.Context, item cloud.Item, prev int64) error {
	return t.w.call("DynamoDB PutItem", func() error {
		key := item.Partition + "|" + item.Sort
		if body := bytes.TrimSpace(item.Body); !json.Valid(body) || body[0] != '{' {
			return Refuse(cloud.Invalid, "", "the body is not a JSON object")
		}
		if t.w.Items[key].Revision != prev {
			return Refuse(cloud.Conflict, "ConditionalCheckFailedException", key)
		}
		item.Revision = item.Next(prev)
		item.Body = slices.Clone(item.Body)
		t.w.Items[key] = item
		return nil
	})
}

func (t table) Delete(_ context.Context, partition, sort string, prev int64) error {
	return t.w.call("DynamoDB DeleteItem", func() error {
		key := partition + "|" + sort
		if it, ok := t.w.Items[key]; !ok || it.Revision != prev {
			return Refuse(cloud.Conflict, "ConditionalCheckFailedException", key)
		}
		delete(t.w.Items, key)
		return nil
	})
}

type bus struct{ w *World }

func (b bus) Put(_ context.Context, e cloud.Happening) error {
	return b.w.call("EventBridge PutEvents", func() error {
		b.w.Happened = append(b.w.Happened, e)
		return nil
	})
}

type topic struct{ w *World }

func (t topic) Publish(_ context.Context, n cloud.Notice) error {
	return t.w.call("SNS Publish", func() error {
		t.w.Notices = append(t.w.Notices, n)
		return nil
	})
}

type invoker struct{ w *World }

func (i invoker) Invoke(_ context.Context, payload []byte) error {
	return i.w.call("Lambda Invoke", func() error {
		i.w.Invoked = append(i.w.Invoked, payload)
		return nil
	})
}

type responder struct{ w *World }

func (r responder) Respond(_ context.Context, url string, body []byte) error {
	return r.w.call("CloudFormation Respond", func() error {
		r.w.Answers[url] = append(r.w.Answers[url], slices.Clone(body))
		return nil
	})
}
