package rehearse

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// recorder notes what the engine says and does of one node.
type recorder struct {
	w      *fake.World
	cfg    contract.Config
	node   record.Node
	phase  string
	answer *Answer
}

func (r *recorder) ports() cloud.Ports {
	p := r.w.Ports()
	p.Compute, p.Balancers, p.Alarms, p.Files = compute{p.Compute, r}, balancers{p.Balancers, r}, alarms{p.Alarms, r}, files{p.Files, r}
	return p
}

func (r *recorder) call(name, format string, args ...any) {
	r.answer.Steps = append(r.answer.Steps, Step{Phase: r.phase, Call: name, Text: fmt.Sprintf(format, args...)})
}

// ours reports whether an instance is the node's.
func (r *recorder) ours(instance string) bool {
	b := r.w.Boxes[instance]
	return b != nil && b.Tags[r.cfg.IDTag] == fmt.Sprint(r.node.ID) || r.node.Knows(instance)
}

// Enabled, Handle, WithAttrs and WithGroup make the recorder a slog.Handler.
func (r *recorder) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle notes a message about the node.
func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	s, node := Step{Text: rec.Message}, int64(0)
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "code":
			s.Code = a.Value.String()
		case "reason":
			s.Text += ": " + a.Value.String()
		case "node":
			node = a.Value.Int64()
		case "phase":
			s.Phase = a.Value.String()
		}
		return true
	})
	if node == int64(r.node.ID) {
		r.phase = s.Phase
		r.answer.Steps = append(r.answer.Steps, s)
	}
	return nil
}

// WithAttrs is part of slog.Handler; the engine does not use it.
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup is part of slog.Handler; the engine does not use it.
func (r *recorder) WithGroup(string) slog.Handler { return r }

type compute struct {
	cloud.Compute
	r *recorder
}

func (c compute) each(name string, ids []string, more string) {
	for _, id := range ids {
		if c.r.ours(id) {
			c.r.call(name, "%s%s", id, more)
		}
	}
}

func (c compute) Launch(ctx context.Context, l cloud.Launch) (cloud.Instance, error) {
	i, err := c.Compute.Launch(ctx, l)
	if err == nil && c.r.ours(i.ID) {
		c.r.call("ec2:RunInstances", "%s of %s in %s (%s)", i.Type, l.Blueprint.Image, l.Zone, l.Subnet)
	}
	return i, err
}

func (c compute) Stop(ctx context.Context, ids []string, how cloud.PowerOff) error {
	c.each("ec2:StopInstances", ids, howOff[how])
	return c.Compute.Stop(ctx, ids, how)
}

func (c compute) Terminate(ctx context.Context, ids []string, how cloud.PowerOff) error {
	c.each("ec2:TerminateInstances", ids, howOff[how])
	return c.Compute.Terminate(ctx, ids, how)
}

// howOff describes in a plan the way an instance is powered off.
var howOff = map[cloud.PowerOff]string{
	cloud.SkipShutdown: ", skipping the operating system's shutdown",
	cloud.ForceOff:     ", by force",
}

func (c compute) Start(ctx context.Context, id string) error {
	c.each("ec2:StartInstances", []string{id}, "")
	return c.Compute.Start(ctx, id)
}

func (c compute) Unprotect(ctx context.Context, id string, stop bool) error {
	c.each("ec2:ModifyInstanceAttribute", []string{id}, ": its protection is cleared")
	return c.Compute.Unprotect(ctx, id, stop)
}

func (c compute) SetGroups(ctx context.Context, nic string, groups []string) error {
	for id, b := range c.r.w.Boxes {
		if c.r.ours(id) && slices.ContainsFunc(b.Interfaces, func(i cloud.Interface) bool { return i.ID == nic }) {
			c.r.call("ec2:ModifyNetworkInterfaceAttribute", "%s of %s gets %s", nic, id, strings.Join(groups, " "))
		}
	}
	return c.Compute.SetGroups(ctx, nic, groups)
}

func (c compute) Tag(ctx context.Context, ids []string, tags map[string]string) error {
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	c.each("ec2:CreateTags", ids, " gets "+strings.Join(keys, ", "))
	return c.Compute.Tag(ctx, ids, tags)
}

func (c compute) Untag(ctx context.Context, id string, keys []string) error {
	c.each("ec2:DeleteTags", []string{id}, " loses "+strings.Join(keys, ", "))
	return c.Compute.Untag(ctx, id, keys)
}

type balancers struct {
	cloud.Balancers
	r *recorder
}

func (b balancers) note(name, group string, targets []cloud.Target) {
	if !slices.ContainsFunc(b.r.node.Settings.Groups, func(g contract.GroupSetting) bool { return g.ARN == group }) {
		return
	}
	for _, t := range targets {
		b.r.call(name, "%s in %s", t.ID, group)
	}
}

func (b balancers) Register(ctx context.Context, group string, targets []cloud.Target) error {
	b.note("elasticloadbalancing:RegisterTargets", group, targets)
	return b.Balancers.Register(ctx, group, targets)
}

func (b balancers) Deregister(ctx context.Context, group string, targets []cloud.Target) error {
	b.note("elasticloadbalancing:DeregisterTargets", group, targets)
	return b.Balancers.Deregister(ctx, group, targets)
}

type alarmPort = cloud.Alarms // whose name is also that of a method

type alarms struct {
	alarmPort
	r *recorder
}

func (a alarms) Repoint(ctx context.Context, name, instance string) error {
	if slices.Contains(a.r.node.Settings.Alarms, name) {
		a.r.call("cloudwatch:PutMetricAlarm", "%s watches %s", name, instance)
	}
	return a.alarmPort.Repoint(ctx, name, instance)
}

type files struct {
	cloud.Files
	r *recorder
}

func (f files) CreateMount(ctx context.Context, fs string, m cloud.Mount) error {
	if fs == f.r.node.Settings.FileSystem {
		f.r.call("elasticfilesystem:CreateMountTarget", "%s in %s", fs, m.Zone)
	}
	return f.Files.CreateMount(ctx, fs, m)
}

func (f files) DeleteMount(ctx context.Context, id string) error {
	f.r.call("elasticfilesystem:DeleteMountTarget", "%s", id)
	return f.Files.DeleteMount(ctx, id)
}
