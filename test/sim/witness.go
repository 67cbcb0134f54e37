package sim

import (
	"context"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Deed is a call of a switcher at the moment when AWS would authorise it: as it is
// carried out, after its process may have slept. Its methods tell of the resources
// that it names, as they are then.
type Deed struct {
	Region, Switcher string
	// Again makes the same call on other ports.
	Again func(cloud.Ports)
	// Like is what the permissions that the call needs depend on. It is empty if they
	// depend on how things are at that moment: such calls are not alike.
	Like string

	w *World
}

// Witness is told of every call of a run's switchers.
type Witness func(Deed)

// RunBefore is Run with a witness.
func RunBefore(witness Witness, seed uint64, n int) Result {
	s := NewSim(seed)
	s.witness = witness
	return runSeed(s, n)
}

// witnessed tells the witness of the call that the thread is about to make.
func (c *client) witnessed() {
	t := c.p.current
	if c.witness == nil || t.again == nil {
		return
	}
	c.witness(Deed{Region: c.region, Switcher: c.site.name, Again: t.again, Like: t.like, w: c.World})
	t.again = nil
}

// told are ports that note each call before they make it. They embed none, so that a
// new call cannot pass unseen.
func (c *client) told(p cloud.Ports) cloud.Ports {
	if c.witness == nil {
		return p
	}
	return cloud.Ports{
		Compute: toldCompute{p.Compute, c}, Balancers: toldBalancers{p.Balancers, c}, Alarms: toldAlarms{p.Alarms, c}, Zones: toldZones{p.Zones, c},
		Files: toldFiles{p.Files, c}, Table: toldTable{p.Table, c}, Topic: toldTopic{p.Topic, c}, Bus: toldBus{p.Bus, c}, Invoker: toldInvoker{p.Invoker, c},
		Responder: p.Responder, // a pre-signed address: nobody's permission
	}
}

// note keeps a call until it is carried out.
func (c *client) note(like string, again func(cloud.Ports)) {
	c.p.current.like, c.p.current.again = like, again
}

type toldCompute struct {
	to cloud.Compute
	c  *client
}

func (t toldCompute) Instances(ctx context.Context, ids []string) ([]cloud.Instance, error) {
	t.c.note("Instances", func(p cloud.Ports) { _, _ = p.Compute.Instances(ctx, ids) })
	return t.to.Instances(ctx, ids)
}

func (t toldCompute) TaggedInstances(ctx context.Context, key string, values []string) ([]cloud.Instance, error) {
	t.c.note("TaggedInstances", func(p cloud.Ports) { _, _ = p.Compute.TaggedInstances(ctx, key, values) })
	return t.to.TaggedInstances(ctx, key, values)
}

func (t toldCompute) Details(ctx context.Context, i cloud.Instance) (cloud.Details, error) {
	t.c.note("", func(p cloud.Ports) { _, _ = p.Compute.Details(ctx, i) })
	return t.to.Details(ctx, i)
}

func (t toldCompute) Subnets(ctx context.Context, vpc, key, value string) ([]cloud.Subnet, error) {
	t.c.note("Subnets", func(p cloud.Ports) { _, _ = p.Compute.Subnets(ctx, vpc, key, value) })
	return t.to.Subnets(ctx, vpc, key, value)
}

func (t toldCompute) Scheduled(ctx context.Context, ids []string) ([]cloud.Scheduled, error) {
	t.c.note("Scheduled", func(p cloud.Ports) { _, _ = p.Compute.Scheduled(ctx, ids) })
	return t.to.Scheduled(ctx, ids)
}

func (t toldCompute) Failing(ctx context.Context, ids []string) ([]cloud.Failing, error) {
	t.c.note("Failing", func(p cloud.Ports) { _, _ = p.Compute.Failing(ctx, ids) })
	return t.to.Failing(ctx, ids)
}

func (t toldCompute) Template(ctx context.Context, id, version string) (cloud.Blueprint, error) {
	t.c.note("Template", func(p cloud.Ports) { _, _ = p.Compute.Template(ctx, id, version) })
	return t.to.Template(ctx, id, version)
}

func (t toldCompute) Launch(ctx context.Context, l cloud.Launch) (cloud.Instance, error) {
	t.c.note("", func(p cloud.Ports) { _, _ = p.Compute.Launch(ctx, l) })
	return t.to.Launch(ctx, l)
}

func (t toldCompute) Stop(ctx context.Context, ids []string, how cloud.PowerOff) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Stop(ctx, ids, how) })
	return t.to.Stop(ctx, ids, how)
}

func (t toldCompute) Terminate(ctx context.Context, ids []string, how cloud.PowerOff) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Terminate(ctx, ids, how) })
	return t.to.Terminate(ctx, ids, how)
}

func (t toldCompute) Unprotect(ctx context.Context, id string, stop bool) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Unprotect(ctx, id, stop) })
	return t.to.Unprotect(ctx, id, stop)
}

func (t toldCompute) SetGroups(ctx context.Context, networkInterface string, groups []string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.SetGroups(ctx, networkInterface, groups) })
	return t.to.SetGroups(ctx, networkInterface, groups)
}

func (t toldCompute) Forward(ctx context.Context, networkInterface string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Forward(ctx, networkInterface) })
	return t.to.Forward(ctx, networkInterface)
}

func (t toldCompute) MoveAddress(ctx context.Context, allocation, networkInterface string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.MoveAddress(ctx, allocation, networkInterface) })
	return t.to.MoveAddress(ctx, allocation, networkInterface)
}

func (t toldCompute) Tag(ctx context.Context, ids []string, tags map[string]string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Tag(ctx, ids, tags) })
	return t.to.Tag(ctx, ids, tags)
}

func (t toldCompute) Untag(ctx context.Context, id string, keys []string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Untag(ctx, id, keys) })
	return t.to.Untag(ctx, id, keys)
}

func (t toldCompute) Start(ctx context.Context, id string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Compute.Start(ctx, id) })
	return t.to.Start(ctx, id)
}

func (t toldCompute) Watch(ctx context.Context, check, key, value string) error {
	t.c.note("Watch "+check, func(p cloud.Ports) { _ = p.Compute.Watch(ctx, check, key, value) })
	return t.to.Watch(ctx, check, key, value)
}

func (t toldCompute) Unwatch(ctx context.Context, check, key, value string) error {
	t.c.note("Unwatch "+check, func(p cloud.Ports) { _ = p.Compute.Unwatch(ctx, check, key, value) })
	return t.to.Unwatch(ctx, check, key, value)
}

type toldBalancers struct {
	to cloud.Balancers
	c  *client
}

func (t toldBalancers) Groups(ctx context.Context, arns []string) ([]cloud.TargetGroup, error) {
	t.c.note("Groups", func(p cloud.Ports) { _, _ = p.Balancers.Groups(ctx, arns) })
	return t.to.Groups(ctx, arns)
}

func (t toldBalancers) Targets(ctx context.Context, group string) ([]cloud.Target, error) {
	t.c.note("Targets", func(p cloud.Ports) { _, _ = p.Balancers.Targets(ctx, group) })
	return t.to.Targets(ctx, group)
}

func (t toldBalancers) Attributes(ctx context.Context, group string) (map[string]string, error) {
	return t.to.Attributes(ctx, group)
}

func (t toldBalancers) Register(ctx context.Context, group string, targets []cloud.Target) error {
	t.c.note("Register "+group, func(p cloud.Ports) { _ = p.Balancers.Register(ctx, group, targets) })
	return t.to.Register(ctx, group, targets)
}

func (t toldBalancers) Deregister(ctx context.Context, group string, targets []cloud.Target) error {
	t.c.note("Deregister "+group, func(p cloud.Ports) { _ = p.Balancers.Deregister(ctx, group, targets) })
	return t.to.Deregister(ctx, group, targets)
}

type toldAlarms struct {
	to cloud.Alarms
	c  *client
}

func (t toldAlarms) Alarms(ctx context.Context, names []string) ([]cloud.Alarm, error) {
	t.c.note("Alarms", func(p cloud.Ports) { _, _ = p.Alarms.Alarms(ctx, names) })
	return t.to.Alarms(ctx, names)
}

func (t toldAlarms) Repoint(ctx context.Context, name, instance string) error {
	t.c.note("Repoint "+name, func(p cloud.Ports) { _ = p.Alarms.Repoint(ctx, name, instance) })
	return t.to.Repoint(ctx, name, instance)
}

type toldZones struct {
	to cloud.Zones
	c  *client
}

func (t toldZones) Zones(ctx context.Context) ([]cloud.Zone, error) {
	t.c.note("Zones", func(p cloud.Ports) { _, _ = p.Zones.Zones(ctx) })
	return t.to.Zones(ctx)
}

func (t toldZones) Shifts(ctx context.Context) ([]cloud.Shift, error) {
	t.c.note("Shifts", func(p cloud.Ports) { _, _ = p.Zones.Shifts(ctx) })
	return t.to.Shifts(ctx)
}

func (t toldZones) Reserved(ctx context.Context, types []string) ([]cloud.Reserve, error) {
	t.c.note("Reserved", func(p cloud.Ports) { _, _ = p.Zones.Reserved(ctx, types) })
	return t.to.Reserved(ctx, types)
}

type toldFiles struct {
	to cloud.Files
	c  *client
}

func (t toldFiles) Mounts(ctx context.Context, fileSystem string) ([]cloud.Mount, error) {
	t.c.note("Mounts "+fileSystem, func(p cloud.Ports) { _, _ = p.Files.Mounts(ctx, fileSystem) })
	return t.to.Mounts(ctx, fileSystem)
}

func (t toldFiles) CreateMount(ctx context.Context, fileSystem string, m cloud.Mount) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Files.CreateMount(ctx, fileSystem, m) })
	return t.to.CreateMount(ctx, fileSystem, m)
}

func (t toldFiles) DeleteMount(ctx context.Context, id string) error {
	t.c.note("", func(p cloud.Ports) { _ = p.Files.DeleteMount(ctx, id) })
	return t.to.DeleteMount(ctx, id)
}

type toldTable struct {
	to cloud.Table
	c  *client
}

func (t toldTable) Get(ctx context.Context, partition, sort string) (cloud.Item, error) {
	t.c.note("Get "+partition, func(p cloud.Ports) { _, _ = p.Table.Get(ctx, partition, sort) })
	return t.to.Get(ctx, partition, sort)
}

func (t toldTable) Query(ctx context.Context, partition, prefix string) ([]cloud.Item, error) {
	t.c.note("Query "+partition, func(p cloud.Ports) { _, _ = p.Table.Query(ctx, partition, prefix) })
	return t.to.Query(ctx, partition, prefix)
}

func (t toldTable) Put(ctx context.Context, item cloud.Item, prev int64) error {
	t.c.note("Put "+item.Partition, func(p cloud.Ports) { _ = p.Table.Put(ctx, item, prev) })
	return t.to.Put(ctx, item, prev)
}

func (t toldTable) Delete(ctx context.Context, partition, sort string, prev int64) error {
	t.c.note("Delete "+partition, func(p cloud.Ports) { _ = p.Table.Delete(ctx, partition, sort, prev) })
	return t.to.Delete(ctx, partition, sort, prev)
}

type toldTopic struct {
	to cloud.Topic
	c  *client
}

func (t toldTopic) Publish(ctx context.Context, n cloud.Notice) error {
	t.c.note("Publish", func(p cloud.Ports) { _ = p.Topic.Publish(ctx, n) })
	return t.to.Publish(ctx, n)
}

// toldBus: the bus takes no time, and no call of it passes through client.call.
type toldBus struct {
	to cloud.Bus
	c  *client
}

func (t toldBus) Put(ctx context.Context, e cloud.Happening) error {
	t.c.note("Put event", func(p cloud.Ports) { _ = p.Bus.Put(ctx, e) })
	t.c.witnessed()
	return t.to.Put(ctx, e)
}

type toldInvoker struct {
	to cloud.Invoker
	c  *client
}

func (t toldInvoker) Invoke(ctx context.Context, payload []byte) error {
	t.c.note("Invoke", func(p cloud.Ports) { _ = p.Invoker.Invoke(ctx, payload) })
	return t.to.Invoke(ctx, payload)
}
