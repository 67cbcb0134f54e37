package rehearse_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/rehearse"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const group = "arn:tg-1"

// deployed is a Region with two nodes in az-a, at rest.
func deployed(t *testing.T) (*fake.World, rehearse.Source) {
	t.Helper()
	w := fake.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w.Places = []cloud.Subnet{{ID: "subnet-a", Zone: "az-a", Free: 9}, {ID: "subnet-b", Zone: "az-b", Free: 9}, {ID: "subnet-c", Zone: "az-c", Free: 9}}
	w.Pools[group] = &fake.Pool{TargetGroup: cloud.TargetGroup{ARN: group, Kind: "instance", Port: 80, Balancers: 1}, Members: map[string]*fake.Member{}}
	cfg := contract.Config{Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-hole", IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: contract.DefaultPolicy()}
	e := engine.New(cfg, w.Ports(), engine.WithClock(w), engine.WithGang(engine.Sequential{}))
	call := func(payload string) {
		t.Helper()
		if _, err := e.Handle(t.Context(), engine.Invocation{ID: "i"}, json.RawMessage(payload)); err != nil {
			t.Fatal(err)
		}
	}
	// Ids that the AWS in memory gives must not be those of the Region rehearsed: real
	// ones are longer.
	for i := range 40 {
		b, err := w.Ports().Compute.Launch(t.Context(), cloud.Launch{Subnet: "subnet-a", Zone: "az-a", Token: fmt.Sprint("used up ", i)})
		if err != nil {
			t.Fatal(err)
		}
		delete(w.Boxes, b.ID)
	}
	for id := 1; id <= 2; id++ {
		w.Templates[fmt.Sprintf("lt-%d/1", id)] = cloud.Blueprint{
			Image: "ami-1", Type: "m7g.large", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-app"}}},
			Tags: map[string]string{contract.DefaultIDTag: fmt.Sprint(id), contract.DefaultTargetTag: "true"},
		}
		groups := ""
		if id == 1 {
			groups = `,"TargetGroups":[{"Arn":"` + group + `"}]`
		}
		call(fmt.Sprintf(`{"RequestType":"Create","RequestId":"r-%d","ResponseURL":"https://x/%d","StackId":"s","LogicalResourceId":"N%d","ResourceType":"Custom::RecoveryNode",`+
			`"ResourceProperties":{"NodeId":"%d","LaunchTemplateId":"lt-%d","LaunchTemplateVersion":"1","Zones":["az-a","az-c"]%s}}`, id, id, id, id, id, groups))
	}
	w.Time = w.Time.Add(time.Hour)
	call(`{"source":"workload-recovery","detail-type":"Recovery Sweep"}`)
	return w, rehearse.Source{Config: cfg, Ports: w.Ports(), Store: record.Store{Table: w.Ports().Table, VPC: cfg.VPC}}
}

// ask rehearses, and sees that nothing was changed by it.
func ask(t *testing.T, w *fake.World, s rehearse.Source, q rehearse.Question) rehearse.Answer {
	t.Helper()
	from, items := len(w.Calls), fmt.Sprint(w.Items)
	a, err := rehearse.Ask(t.Context(), s, q, w.Time)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.Calls[from:] {
		_, action, _ := strings.Cut(c, " ")
		if !slices.ContainsFunc([]string{"Describe", "Get", "List", "Query"}, func(p string) bool { return strings.HasPrefix(action, p) }) {
			t.Errorf("a rehearsal calls %s", c)
		}
	}
	if fmt.Sprint(w.Items) != items {
		t.Error("a rehearsal changes the table")
	}
	return a
}

func calls(a rehearse.Answer) (list []string) {
	for _, s := range a.Steps {
		if s.Call != "" {
			list = append(list, s.Call)
		}
	}
	return list
}

func TestAHealthyNodeStaysWhereItIs(t *testing.T) {
	w, s := deployed(t)
	a := ask(t, w, s, rehearse.Question{Node: 1})
	if a.After.Grant.Instance != a.Before.Grant.Instance || len(calls(a)) != 0 {
		t.Errorf("%+v", a)
	}
}

// TestAFailureIsRehearsedWhole: with the choice and the calls that the engine then
// really makes.
func TestAFailureIsRehearsedWhole(t *testing.T) {
	w, s := deployed(t)
	a := ask(t, w, s, rehearse.Question{Node: 1, FailNode: true})
	if g := a.After.Grant; g == nil || g.Zone != "az-c" || a.Type != "m7g.large" || a.After.Phase != record.Done {
		t.Fatalf("after the rehearsal: %+v", a.After)
	}
	want := []string{"ec2:CreateTags", "ec2:ModifyNetworkInterfaceAttribute", "ec2:RunInstances", "elasticloadbalancing:RegisterTargets", "ec2:TerminateInstances"}
	got := calls(a)
	for _, c := range want {
		if !slices.Contains(got, c) {
			t.Errorf("%s is not among the calls %v", c, got)
		}
	}
	w.Stop(a.Before.Grant.Instance)
	e := engine.New(s.Config, w.Ports(), engine.WithClock(w), engine.WithGang(engine.Sequential{}))
	if _, err := e.Handle(t.Context(), engine.Invocation{ID: "real"}, json.RawMessage(`{"source":"workload-recovery","detail-type":"Recovery Sweep"}`)); err != nil {
		t.Fatal(err)
	}
	nodes, err := s.Store.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.After.Grant.Zone, nodes[0].Grant.Zone); diff != "" {
		t.Errorf("rehearsed and real zone differ:\n%s", diff)
	}
}

func TestAZoneThatFailsIsNoDestination(t *testing.T) {
	w, s := deployed(t)
	if a := ask(t, w, s, rehearse.Question{Node: 1, FailZone: "az-a"}); a.After.Grant == nil || a.After.Grant.Zone == "az-a" || len(a.Assumed) < 3 {
		t.Errorf("%+v, assumed %v", a.After.Grant, a.Assumed)
	}
	w.Impaired["az-b"], w.Impaired["az-c"] = "x", "y"
	a := ask(t, w, s, rehearse.Question{Node: 1, FailZone: "az-a"})
	if a.After.Hold == nil || a.After.Hold.Code != "WR201" {
		t.Errorf("no zone is left, and the node would be %s, held %+v", a.After.Phase, a.After.Hold)
	}
}

func TestAPlannedSwitchGoesWhereItIsSent(t *testing.T) {
	w, s := deployed(t)
	for _, zone := range []string{"az-b", "az-c"} {
		a := ask(t, w, s, rehearse.Question{Node: 1, Switch: true, To: zone})
		if a.After.Grant == nil || a.After.Grant.Zone != zone || !slices.Contains(calls(a), "elasticloadbalancing:DeregisterTargets") {
			t.Errorf("to %s: %+v, calls %v", zone, a.After.Grant, calls(a))
		}
	}
}

func TestAnUnknownNodeIsAnError(t *testing.T) {
	_, s := deployed(t)
	if _, err := rehearse.Ask(t.Context(), s, rehearse.Question{Node: 9}, time.Now()); err == nil || !strings.Contains(err.Error(), "no record of node 9") {
		t.Errorf("got %v", err)
	}
}
