package account

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// inspection reads one switcher's deployment, its parts side by side.
type inspection struct {
	a   *Account
	s   Switcher
	ec2 *ec2.Client
	mu  sync.Mutex
	f   doctor.Facts
}

// Inspect reads what the doctor judges. What cannot be read is noted in the facts;
// only without the records there is nothing to judge.
func (a *Account) Inspect(ctx context.Context, s Switcher, now time.Time) (doctor.Facts, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return doctor.Facts{}, err
	}
	x := &inspection{a: a, s: s, ec2: ec2.NewFromConfig(a.SDK), f: doctor.Facts{
		Now: now, Config: s.Config, Nodes: nodes, Claims: map[int]record.Claim{}, Offered: map[string]map[string]bool{}, Images: map[string]string{},
		Function: doctor.Function{
			State: string(s.Function.State), Reason: aws.ToString(s.Function.StateReason), Update: string(s.Function.LastUpdateStatus), Timeout: int(aws.ToInt32(s.Function.Timeout)),
		},
	}}
	if err := x.observe(ctx, now); err != nil {
		x.unread("instances", err)
	}
	var all sync.WaitGroup
	for what, read := range map[string]func(context.Context) error{
		"the lease": x.lease, "hints": x.hints, "claims": x.claims, "security groups": x.blackhole, "endpoints": x.endpoints, "instance types": x.offered,
		"images": x.images, "the table's protections": x.table, "subscriptions": x.listeners, "other switchers": x.others, "target groups' attributes": x.attributes, "zonal autoshift": x.autoshift, "the role's permissions": x.permissions, "quotas": x.quota, "metadata defaults": x.metadata,
	} {
		all.Go(func() {
			if err := read(ctx); err != nil {
				x.unread(what, err)
			}
		})
	}
	all.Wait()
	slices.SortFunc(x.f.Unread, func(p, q doctor.Unread) int { return strings.Compare(p.What, q.What) })
	return x.f, nil
}

func (x *inspection) unread(what string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.f.Unread = append(x.f.Unread, doctor.Unread{What: what, Why: err.Error()})
}

// note changes the facts; several readers do.
func (x *inspection) note(change func(*doctor.Facts)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.f)
}

// describedWhole is up to how many nodes the doctor describes each instance whole: it
// takes five calls each, of a budget that the switcher needs too, and tells only notes.
const describedWhole = 25

// observe makes the engine's own reads.
func (x *inspection) observe(ctx context.Context, now time.Time) error {
	needs := make([]observe.Need, 0, len(x.f.Nodes))
	for _, n := range x.f.Nodes {
		need := observe.NeedOf(n, true, x.s.Config.Policy, now)
		need.Alarms, need.Places, need.Health, need.Templates, need.Targets = n.Settings.Alarms, true, true, []contract.Template{n.Settings.Template}, nil
		for _, g := range n.Settings.Groups {
			need.Targets = append(need.Targets, g.ARN)
		}
		if n.Settings.FileSystem != "" {
			need.Mounts = append(need.Mounts, n.Settings.FileSystem)
		}
		if n.Grant != nil && len(x.f.Nodes) <= describedWhole {
			need.Details = []string{n.Grant.Instance}
		}
		needs = append(needs, need)
	}
	o := observe.Observer{Ports: x.s.Ports, Store: x.s.Store, IDTag: x.s.Config.IDTag, VPC: x.s.Config.VPC, Now: func() time.Time { return now }}
	var err error
	x.f.Seen, err = o.Read(ctx, needs, now)
	for part, why := range x.f.Seen.Unseen {
		x.unread(string(part), why)
	}
	return err
}

func (x *inspection) lease(ctx context.Context) error {
	l, ok, err := x.s.Store.Lease(ctx)
	if ok {
		x.note(func(f *doctor.Facts) { f.Lease = &l })
	}
	return err
}

// others reads the other switchers of the Region.
func (x *inspection) others(ctx context.Context) error {
	all, err := x.a.Switchers(ctx, "", "")
	if err != nil {
		return err
	}
	var found []doctor.Other
	for _, s := range all {
		if s.Config.Name != x.s.Config.Name {
			found = append(found, doctor.Other{Name: s.Config.Name, VPC: s.Config.VPC, Table: s.Config.Table})
		}
	}
	x.note(func(f *doctor.Facts) { f.Others = found })
	return nil
}

func (x *inspection) hints(ctx context.Context) error {
	hints, err := x.s.Store.Hints(ctx)
	x.note(func(f *doctor.Facts) { f.Hints = hints })
	return err
}

func (x *inspection) claims(ctx context.Context) error {
	for _, n := range x.f.Nodes {
		it, err := x.s.Ports.Table.Get(ctx, contract.ClaimPartition, contract.NodeKey(n.ID))
		if cloud.Is(err, cloud.NotFound) {
			continue
		}
		var c record.Claim
		if err == nil {
			err = json.Unmarshal(it.Body, &c)
		}
		if err != nil {
			return err
		}
		x.note(func(f *doctor.Facts) { f.Claims[n.ID] = c })
	}
	return nil
}

func (x *inspection) table(ctx context.Context) error {
	client := dynamodb.NewFromConfig(x.a.SDK)
	about, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &x.s.Config.Table})
	if err != nil {
		return err
	}
	backups, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &x.s.Config.Table})
	if err != nil {
		return err
	}
	t := doctor.Table{Name: x.s.Config.Table, Read: true, Deletion: aws.ToBool(about.Table.DeletionProtectionEnabled)}
	if d := backups.ContinuousBackupsDescription; d != nil && d.PointInTimeRecoveryDescription != nil {
		t.PointInTime = d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == "ENABLED"
	}
	x.note(func(f *doctor.Facts) { f.Table = t })
	return nil
}

func (x *inspection) listeners(ctx context.Context) error {
	out, err := sns.NewFromConfig(x.a.SDK).ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &x.s.Config.Topic})
	if err != nil {
		return err
	}
	x.note(func(f *doctor.Facts) { f.Listeners = len(out.Subscriptions) })
	return nil
}

// Quota of running On-Demand standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs
// ("Amazon EC2 On-Demand Instance quotas").
const (
	quotaService = "ec2"
	quotaCode    = "L-1216C47A"
)

func (x *inspection) quota(ctx context.Context) error {
	kinds := x.kinds()
	if len(kinds) == 0 {
		return nil
	}
	out, err := servicequotas.NewFromConfig(x.a.SDK).GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{
		ServiceCode: aws.String(quotaService), QuotaCode: aws.String(quotaCode),
	})
	if err != nil {
		return err
	}
	cpus, err := x.cpus(ctx, kinds)
	if err != nil {
		return err
	}
	needed, largest := 0.0, 0.0
	for _, n := range x.f.Nodes {
		if n.Blueprint == nil || !strings.ContainsAny(n.Blueprint.Type[:1], "acdhimrtz") {
			continue
		}
		needed += cpus[n.Blueprint.Type]
		largest = max(largest, cpus[n.Blueprint.Type])
	}
	x.note(func(f *doctor.Facts) { f.CPUs, f.Needed = aws.ToFloat64(out.Quota.Value), needed+largest })
	return nil
}
