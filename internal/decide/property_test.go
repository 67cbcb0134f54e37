package decide_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var (
	seedFlag = flag.Uint64("seed", 0, "run the properties with this seed only")
	rounds   = flag.Int("rounds", 20000, "how many random inputs the properties are tried on")
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestProperties throws random records and observations, sensible or not, at
// Decide and checks what must hold whatever it is given.
func TestProperties(t *testing.T) {
	seen := map[decide.Verb]int{}
	grants := 0
	for i := range *rounds {
		seed := uint64(i) + 1
		if *seedFlag != 0 {
			seed = *seedFlag
		}
		in := randomInput(rand.New(rand.NewPCG(seed, 7)))
		before := encode(t, in)
		step := decide.Decide(in)
		again := decide.Decide(decodeLike(t, in, before))
		if diff := cmp.Diff(encode(t, step), encode(t, again)); diff != "" {
			t.Errorf("not deterministic:\n%s", diff)
		}
		if diff := cmp.Diff(before, encode(t, in)); diff != "" {
			t.Errorf("the input was changed:\n%s", diff)
		}
		for _, e := range step.Effects {
			seen[e.Do]++
			checkEffect(t, in, step, e)
		}
		if g := step.Node.Grant; g != nil && (in.Node.Grant == nil || in.Node.Grant.Instance != g.Instance) {
			grants++
			checkFenced(t, in, step, "granted "+g.Instance)
		}
		checkBlueprint(t, in, step)
		checkBrake(t, in, step)
		if t.Failed() {
			t.Fatalf("replay: go test ./internal/decide -run TestProperties -seed %d\ninput %s\nstep %s", seed, before, encode(t, step))
		}
		if *seedFlag != 0 {
			return
		}
	}
	if *rounds < 20000 {
		return
	}
	for _, v := range []decide.Verb{
		decide.Condemn, decide.Isolate, decide.Unprotect, decide.Stop, decide.Terminate, decide.Launch,
		decide.Register, decide.Deregister, decide.Repoint, decide.Deliver, decide.Remember,
		decide.Open, decide.Regroup, decide.Pardon, decide.Start, decide.Unmount, decide.Mount,
		decide.Adopt, decide.Release, decide.Watch, decide.Unwatch, decide.Forward, decide.Address,
	} {
		if seen[v] < 20 {
			t.Errorf("only %d of the random inputs led to %s: the generator does not reach it", seen[v], v)
		}
	}
	if grants < 20 {
		t.Errorf("only %d grants", grants)
	}
}

func checkEffect(t *testing.T, in decide.Input, step decide.Step, e decide.Effect) {
	t.Helper()
	n := step.Node
	granted := n.Grant != nil && n.Grant.Instance == e.Instance
	switch e.Do {
	case decide.Stop, decide.Terminate, decide.Unprotect, decide.Isolate, decide.Condemn:
		if !n.Condemns(e.Instance) {
			t.Errorf("%s of %s, which is not condemned", e.Do, e.Instance)
		}
		if granted {
			t.Errorf("%s of %s, which holds the grant", e.Do, e.Instance)
		}
		checkAccepted(t, step, e)
		checkGentle(t, in, step, e)
	case decide.Launch:
		checkLaunch(t, in, step, e)
	case decide.Register, decide.Deregister:
		for _, x := range e.Targets {
			own := n.Grant != nil && (x.ID == n.Grant.Instance || x.ID == n.Grant.PrivateIP)
			if own && n.Phase == record.Draining && e.Do == decide.Deregister {
				continue // a planned switch drains it
			}
			if own != (e.Do == decide.Register) {
				t.Errorf("%s of %s, granted is %+v", e.Do, x.ID, n.Grant)
			}
		}
	case decide.Forward, decide.Address:
		if !granted || e.NIC == "" || e.Do == decide.Address && e.Key != n.Settings.ElasticIP.Allocation {
			t.Errorf("%s of %s with %q on %q, granted is %+v", e.Do, e.Instance, e.Key, e.NIC, n.Grant)
		}
	case decide.Repoint, decide.Open:
		if kept := e.Do == decide.Open && n.Switch != nil && n.Switch.Retain == e.Instance; !granted && !kept {
			t.Errorf("%s names %s, which has no grant", e.Do, e.Instance)
		}
		if granted && e.Do == decide.Open && e.Tags[contract.GateTag] != fmt.Sprintf("%s:%d", e.Instance, n.Grant.Epoch) {
			t.Errorf("the gate is opened with %v", e.Tags)
		}
	case decide.Regroup, decide.Pardon:
		if !granted && !n.Switch.Restart && (e.Do == decide.Pardon || n.Switch.Retain != e.Instance) {
			t.Errorf("%s of %s, which neither holds the grant, is started again nor retained", e.Do, e.Instance)
		}
		if mark := e.Tags[contract.CondemnedTag]; e.Do == decide.Pardon && mark != contract.NoEpoch && (mark != contract.MayStart || granted || !n.Switch.Restart) {
			t.Errorf("%s of %s writes the condemned tag %q", e.Do, e.Instance, mark)
		}
		if slices.Contains(e.Groups, hole) {
			t.Errorf("the blackhole group is given back to %s", e.Instance)
		}
	case decide.Start:
		if n.Condemns(e.Instance) || e.Instance != n.Switch.From || !n.Settings.RestartOriginal && !gently(n) {
			t.Errorf("%s is started", e.Instance)
		}
		for _, c := range in.Node.Condemned {
			if c.Instance == e.Instance && slices.ContainsFunc(c.Stoppers, func(x record.Sender) bool { return now.Before(x.Until) }) {
				t.Errorf("%s is started while a call to stop it may still arrive", e.Instance)
			}
		}
	case decide.Adopt:
		if n.Switch.Kind != record.KindAdopt || e.Instance != n.Settings.Adopt || len(e.Tags) == 0 {
			t.Errorf("%s is tagged as the node's: %v", e.Instance, e.Tags)
		}
	case decide.Release:
		if n.Phase != record.Deleting || e.Instance != n.Switch.Retain || n.Condemns(e.Instance) {
			t.Errorf("%s loses its tags", e.Instance)
		}
	case decide.Watch, decide.Unwatch:
		if e.Tags[contract.DefaultIDTag] != "1" || e.Key == "" {
			t.Errorf("%s of check %q for %v", e.Do, e.Key, e.Tags)
		}
	case decide.Unmount, decide.Mount:
		if slices.Contains(n.Remade, record.Remade{FileSystem: "fs", Mount: e.Mount.ID}) && n.Phase == record.Deleting {
			return // the switcher's own
		}
		if e.Do == decide.Unmount && n.Settings.Escalation != contract.EscalateStorage {
			t.Errorf("%s without the policy for it", e.Do)
		}
		if e.Do == decide.Unmount && !slices.ContainsFunc(n.Condemned, func(c record.Condemned) bool { return c.Zone == e.Mount.Zone && c.Mount != nil }) {
			t.Errorf("the mount target in %s is removed and nobody will put it back", e.Mount.Zone)
		}
	case decide.Remember, decide.Deliver:
	}
}

// gently reports whether the node is moved though it is well.
func gently(n record.Node) bool {
	return n.Switch != nil && (n.Switch.Kind == record.KindPlanned || n.Switch.Kind == record.KindUpdate)
}

// checkGentle: an instance that is to shut down by itself is not cut off before it
// has, or has had the time for that, or the node goes on without it; no other one is
// stopped gently, but one that runs, was never started since and so was never asked.
func checkGentle(t *testing.T, in decide.Input, step decide.Step, e decide.Effect) {
	t.Helper()
	n := step.Node
	early, unasked := false, false
	i := in.Facts.Instances[e.Instance]
	for _, c := range in.Node.Condemned {
		if c.Instance == e.Instance && gently(n) && n.Switch.From == e.Instance {
			unasked = i.State == cloud.Running && i.LaunchedAt.Before(c.Since)
		}
		if c.Instance == e.Instance && gently(n) && n.Switch.From == e.Instance {
			early = !c.Waived && !c.Cut && (c.FirstAsked.IsZero() || in.Now.Sub(c.FirstAsked) < time.Duration(n.Settings.Stop)*time.Second)
		}
	}
	switch {
	case e.Do == decide.Isolate && early && n.Settings.Stop > 0 && (i.State == cloud.Running || i.State == cloud.Stopping):
		t.Errorf("%s is isolated while it shuts down by itself", e.Instance)
	case e.Do == decide.Stop && e.How == cloud.ShutDown && !early && !unasked:
		t.Errorf("%s is stopped gently, and too late or without a reason", e.Instance)
	}
}

// checkAccepted: the running original of a gated node is powered off only after EC2
// accepted a replacement (I9).
func checkAccepted(t *testing.T, step decide.Step, e decide.Effect) {
	t.Helper()
	sw := step.Node.Switch
	off := e.Do == decide.Stop || e.Do == decide.Terminate
	if off && sw != nil && sw.Gate && !sw.FenceFirst && overlapping(step.Node) && e.Instance == sw.From && sw.Instance == "" && sw.Attempts == 0 && sw.Failed == "" &&
		(step.Node.Phase == record.Confirmed || step.Node.Phase == record.Launching) {
		t.Errorf("%s of the original %s before a replacement was accepted (phase %s)", e.Do, e.Instance, step.Node.Phase)
	}
}

func overlapping(n record.Node) bool {
	return n.Switch.Kind == record.KindRecover || gently(n) && n.Switch.Failed == ""
}

func checkLaunch(t *testing.T, in decide.Input, step decide.Step, e decide.Effect) {
	t.Helper()
	n := step.Node
	if n.Switch == nil || n.Switch.Launch == nil || n.Switch.Launch.Token != e.Launch.Token {
		t.Errorf("launch with token %s, which the record does not hold", e.Launch.Token)
		return
	}
	open := in.Node.Switch.Launch
	if open != nil && n.Switch.Requests == in.Node.Switch.Requests && open.Token != e.Launch.Token {
		t.Errorf("the open request's token changed from %s to %s", open.Token, e.Launch.Token)
	}
	if n.Phase == record.Deleting {
		return
	}
	if !n.Switch.Gate || n.Switch.FenceFirst || !overlapping(n) {
		checkFenced(t, in, step, "launched")
	}
	if e.Launch.Zone == n.Switch.FromZone && n.Switch.Kind != record.KindUpdate && (open == nil || open.Token != e.Launch.Token) {
		t.Errorf("launched in %s, where the node failed", e.Launch.Zone)
	}
	if (open == nil || open.Token != e.Launch.Token) && slices.ContainsFunc(in.Facts.Zones, func(z cloud.Zone) bool { return z.Name == e.Launch.Zone && z.State == "impaired" }) {
		t.Errorf("launched in %s, which is impaired", e.Launch.Zone)
	}
}

// checkFenced: every condemned instance is seen off, or has been gone for long.
func checkFenced(t *testing.T, in decide.Input, step decide.Step, what string) {
	t.Helper()
	for _, c := range step.Node.Condemned {
		i, visible := in.Facts.Instances[c.Instance]
		_, mounted := mountIn(in, c.Zone)
		_, looked := in.Facts.Mounts[c.FileSystem]
		switch {
		case c.Waived && step.Node.Settings.Escalation == contract.EscalateGoOn:
		case c.Cut && looked && !mounted && step.Node.Settings.Escalation == contract.EscalateStorage:
		case visible && i.State != cloud.Stopped && i.State != cloud.Terminated:
			t.Errorf("%s while %s is %s", what, c.Instance, i.State)
		case !visible && in.Now.Sub(c.AbsentSince) < 5*time.Minute:
			t.Errorf("%s while %s is out of sight since %s only", what, c.Instance, c.AbsentSince)
		}
	}
}

func mountIn(in decide.Input, zone string) (cloud.Mount, bool) {
	for _, m := range in.Facts.Mounts[in.Node.Settings.FileSystem] {
		if m.Zone == zone {
			return m, true
		}
	}
	return cloud.Mount{}, false
}

func checkBlueprint(t *testing.T, in decide.Input, step decide.Step) {
	t.Helper()
	b := step.Node.Blueprint
	if b == nil {
		return
	}
	for _, n := range b.Interfaces {
		if slices.Contains(n.Groups, in.Config.BlackholeGroup) {
			t.Errorf("the blueprint holds the blackhole group")
		}
	}
	for k := range b.Tags {
		if contract.IsControlTag(k) {
			t.Errorf("the blueprint holds the control tag %s", k)
		}
	}
}

// checkBrake: no recovery begins under the brake, or before all nodes were looked at.
func checkBrake(t *testing.T, in decide.Input, step decide.Step) {
	t.Helper()
	began := len(step.Node.Recent) > len(in.Node.Recent)
	if in.Hint != nil && in.Hint.Cause.Kind == event.CauseOperator {
		return // a person asked for this node
	}
	if began && in.Brake.Wide && (in.Brake.On || !in.Brake.Known) {
		t.Errorf("a switch begins under the brake %+v", in.Brake)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	if s, ok := v.(decide.Step); ok {
		type plain struct {
			Node    record.Node
			Effects []string
			Save    bool
			Wait    bool
			Keep    bool
			Verdict string
		}
		p := plain{Node: s.Node, Save: s.Save, Wait: s.Wait, Keep: s.Keep, Verdict: string(s.Verdict)}
		for _, e := range s.Effects {
			p.Effects = append(p.Effects, e.ID())
		}
		v = p
	}
	if in, ok := v.(decide.Input); ok {
		v = struct {
			Node      record.Node
			Instances map[string]cloud.Instance
			Targets   map[string][]cloud.Target
			Alarms    map[string]cloud.Alarm
			NoDetails map[string]string
			Zones     []cloud.Zone
			Mounts    map[string][]cloud.Mount
		}{in.Node, in.Facts.Instances, in.Facts.Targets, in.Facts.Alarms, in.Facts.NoDetails, in.Facts.Zones, in.Facts.Mounts}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// decodeLike gives the same input with a record that went through the table.
func decodeLike(t *testing.T, in decide.Input, _ string) decide.Input {
	t.Helper()
	b, err := json.Marshal(in.Node)
	if err != nil {
		t.Fatal(err)
	}
	var n record.Node
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatal(err)
	}
	in.Node = n
	return in
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func maybe(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

const (
	hole = "sg-hole"
	tg   = "arn:tg"
)

func randomInput(r *rand.Rand) decide.Input {
	cfg := contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: hole, IDTag: contract.DefaultIDTag,
		TargetTag: contract.DefaultTargetTag, Policy: contract.DefaultPolicy(),
	}
	cfg.Policy.ConfirmSeconds = pick(r, 0, 0, 30)
	ids := []string{"i-old", "i-new", "i-stray"}
	f := observe.Facts{
		Instances: map[string]cloud.Instance{}, Tagged: map[int][]cloud.Instance{}, Details: map[string]cloud.Details{},
		NoDetails: map[string]string{}, Groups: map[string]cloud.TargetGroup{}, Targets: map[string][]cloud.Target{},
		Alarms: map[string]cloud.Alarm{}, Template: map[contract.Template]cloud.Blueprint{}, NoTemplate: map[contract.Template]error{},
		Unseen: map[observe.Part]error{}, Sweep: maybe(r, 50), Mounts: map[string][]cloud.Mount{},
	}
	for _, id := range ids {
		i := randomInstance(r, id)
		if maybe(r, 85) {
			f.Instances[id] = i
			if maybe(r, 70) {
				f.Details[id] = cloud.Details{ProtectStop: maybe(r, 30), ProtectTerminate: maybe(r, 30), ShutdownBehavior: "stop"}
			}
		}
	}
	f.Tagged[1] = []cloud.Instance{randomInstance(r, "i-stray")}
	f.Groups[tg] = cloud.TargetGroup{ARN: tg, Kind: pick(r, "instance", "ip"), Port: 80, Balancers: pick(r, 0, 1)}
	for _, id := range append(ids, "10.0.0.1", "10.0.0.2") {
		if maybe(r, 40) {
			f.Targets[tg] = append(f.Targets[tg], cloud.Target{ID: id, Port: pick(r, 80, 81), Health: pick(r, "initial", cloud.Healthy, cloud.Healthy, cloud.Unhealthy, cloud.Unused, cloud.Draining)})
		}
	}
	f.Alarms["a"] = cloud.Alarm{Name: "a", State: pick(r, "OK", "ALARM", "ALARM", "INSUFFICIENT_DATA"), Instances: pick(r, nil, []string{"i-old"}, []string{"i-new"})}
	for _, z := range []string{"az-a", "az-b", "az-c"} {
		if maybe(r, 80) {
			f.Subnets = append(f.Subnets, cloud.Subnet{ID: "subnet-" + z, Zone: z, Free: pick(r, 0, 5, 5, 5)})
		}
	}
	f.Shortages = map[string]record.Shortage{}
	if maybe(r, 30) {
		f.Shortages[contract.CapacityKey("az-b", "m7g.large")] = record.Shortage{Since: now.Add(-time.Minute), Until: now.Add(time.Minute)}
	}
	f.Template[contract.Template{ID: "lt", Version: "1"}] = *plan()
	changed := contract.Template{ID: "lt", Version: "2"}
	if maybe(r, 80) {
		b := plan()
		b.Image = "ami-2"
		f.Template[changed] = *b
	} else {
		f.NoTemplate[changed] = fake.Refuse(pick(r, cloud.Throttled, cloud.Denied, cloud.NotFound), "Code", "text")
	}
	f.Scheduled = map[string][]cloud.Scheduled{}
	if maybe(r, 10) {
		f.Scheduled["i-new"] = []cloud.Scheduled{{Instance: "i-new", ID: "e-1", Code: "instance-retirement", NotBefore: now.Add(time.Duration(r.IntN(7200)-1800) * time.Second)}}
	}
	for _, p := range []observe.Part{observe.PartTargets, observe.PartAlarms, observe.PartPlaces, observe.PartTemplates, observe.PartDetails, observe.PartMounts, observe.PartZones} {
		if maybe(r, 5) {
			f.Unseen[p] = fake.Refuse(pick(r, cloud.Throttled, cloud.Denied), "Code", "text")
		}
	}
	if maybe(r, 80) {
		f.Mounts["fs"] = nil // looked at
	}
	for _, z := range []string{"az-a", "az-b", "az-c"} {
		f.Zones = append(f.Zones, cloud.Zone{Name: z, ID: "id-" + z, State: pick(r, "available", "available", "available", "impaired")})
		if _, looked := f.Mounts["fs"]; looked && maybe(r, 40) {
			f.Mounts["fs"] = append(f.Mounts["fs"], cloud.Mount{ID: "fsmt-" + z, Zone: z, State: pick(r, "available", "available", "deleting")})
		}
	}
	in := decide.Input{Config: cfg, Node: randomNode(r), Facts: f, Now: now}
	if id := in.Node.Settings.Adopt; id != "" && maybe(r, 80) { // few would be running otherwise
		i := randomInstance(r, id)
		i.State = cloud.Running
		if maybe(r, 80) { // and few free, which is refused before anything is touched
			i.Interfaces = []cloud.Interface{{ID: "eni-" + id, Groups: []string{"sg-1"}}}
		}
		f.Instances[id] = i
	}
	if maybe(r, 50) {
		in.Hint = &record.Hint{Key: "h", Node: 1, Instance: pick(r, "", "i-old", "i-new"), Cause: record.Cause{Kind: pick(r, "stopped", "alarm", event.CauseSpot, event.CauseOperator), Detail: "d", At: now.Add(-time.Second)}}
	}
	in.Brake = pick(r, decide.Brake{}, decide.Brake{}, decide.Brake{Wide: true}, decide.Brake{Wide: true, Known: true}, decide.Brake{Wide: true, Known: true, On: true, First: map[string]int{"": pick(r, 1, 2)}, Reason: "many"})
	in.Outcomes = randomOutcomes(r, in)
	return in
}

func plan() *cloud.Blueprint {
	return &cloud.Blueprint{
		Image: "ami", Type: "m7g.large", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-1"}}},
		Tags: map[string]string{contract.DefaultIDTag: "1", contract.DefaultTargetTag: "true"},
	}
}

func randomInstance(r *rand.Rand, id string) cloud.Instance {
	i := cloud.Instance{
		ID: id, State: pick(r, cloud.Pending, cloud.Running, cloud.Running, cloud.Stopping, cloud.Stopped, cloud.Stopped, cloud.Stopped, cloud.ShuttingDown, cloud.Terminated, cloud.Terminated),
		Zone: pick(r, "az-a", "az-b", "az-c"), PrivateIP: pick(r, "10.0.0.1", "10.0.0.2"), RootStore: pick(r, "ebs", "ebs", "instance-store"),
		VPC: pick(r, "vpc-1", "vpc-1", "vpc-1", "vpc-2"), Image: "ami", Type: "m7g.large", Token: pick(r, "wr-1-5-2-1-az-b", "other"),
		Tags: map[string]string{contract.DefaultIDTag: pick(r, "1", "1", "1", "2"), contract.DefaultTargetTag: pick(r, "true", "true", "true", "false")},
	}
	if maybe(r, 90) {
		i.Metadata = cloud.MetadataOptions{Endpoint: "enabled", Tags: "enabled"}
	}
	if i.State != cloud.Terminated {
		i.Interfaces = []cloud.Interface{{ID: "eni-" + id, Groups: []string{pick(r, "sg-1", hole)}}}
	}
	if maybe(r, 80) {
		i.Tags[contract.CondemnedTag] = pick(r, "2", "2", contract.NoEpoch, contract.MayStart)
		i.Tags[contract.GateTag] = contract.NoEpoch
	}
	if maybe(r, 50) {
		i.Tags[contract.SwitcherTag], i.Tags[contract.EpochTag] = pick(r, "rec", "rec", "other"), "2"
	}
	return i
}

func randomNode(r *rand.Rand) record.Node {
	set := contract.Settings{
		ID: 1, Template: contract.Template{ID: "lt", Version: "1"}, Zones: pick(r, nil, []string{"az-c"}),
		Groups: []contract.GroupSetting{{ARN: tg}}, Alarms: []string{"a"}, AllowTerminateFence: maybe(r, 50),
		Gate: maybe(r, 50), Types: pick(r, nil, []string{"m7i.large"}), RestartOriginal: maybe(r, 50),
		Escalation: pick(r, "", contract.EscalateStorage, contract.EscalateGoOn), FileSystem: "fs",
		StatusCheck: pick(r, "", "", "asc-1"), AtOnce: maybe(r, 70), Drain: pick(r, 0, 60, 600), Stop: pick(r, 0, 60, 120), Retain: maybe(r, 20),
	}
	n := record.Node{
		ID: 1, Name: "n", Born: 5, Settings: set, Epoch: 2, Since: now.Add(-time.Duration(r.IntN(1500)) * time.Second), Template: set.Template,
		Phase: pick(r, record.Draining, record.Suspected, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Done, record.Deleting, record.Deleted),
	}
	if maybe(r, 90) {
		n.Blueprint = plan()
		n.Blueprint.Interfaces[0].Forwards = maybe(r, 80)
	}
	if maybe(r, 50) {
		n.Settings.ElasticIP = contract.ElasticIP{Allocation: "eipalloc-1", Address: "203.0.113.9"}
	}
	if maybe(r, 20) {
		n.Settings.Groups = nil
	}
	if maybe(r, 70) {
		n.Armed = []string{"a"}
	}
	n.Watched = pick(r, "", "asc-1", "asc-2")
	if maybe(r, 10) {
		n.Hold = &record.Hold{Kind: record.Held, Code: "WR201", Since: now.Add(-time.Hour), RetryAt: now.Add(time.Duration(r.IntN(120)-60) * time.Second)}
	}
	if maybe(r, 20) {
		n.Request = &record.Request{ID: "r-1", Type: pick(r, event.Update, event.Update, event.Delete), At: now.Add(-time.Minute)}
		n.Settings.Template.Version = pick(r, "1", "2")
	}
	if maybe(r, 5) {
		n.Pause = &record.Pause{Until: now.Add(time.Hour)}
	}
	condemn := func(id string) {
		n.Condemned = append(n.Condemned, record.Condemned{Instance: id, Epoch: 2, PrivateIP: "10.0.0.1", Since: now.Add(-time.Hour), ProtectStop: record.ProtectionOf(maybe(r, 30)), ProtectTerminate: record.ProtectionOf(maybe(r, 30))})
		c := &n.Condemned[len(n.Condemned)-1]
		c.Zone, c.Cut, c.Waived = "az-a", maybe(r, 20) && set.Escalation == contract.EscalateStorage, maybe(r, 20) && set.Escalation == contract.EscalateGoOn
		if maybe(r, 70) {
			c.FirstAsked = now.Add(-time.Duration(r.IntN(1500)) * time.Second)
		}
		if maybe(r, 60) {
			c.Mount, c.FileSystem = &cloud.Mount{ID: "fsmt-was", Zone: "az-a"}, "fs"
		}
		if c.Cut {
			c.FileSystem = "fs"
		}
		if maybe(r, 30) {
			c.Stoppers = []record.Sender{{By: "other", Until: now.Add(time.Duration(r.IntN(20)-10) * time.Minute)}}
		}
		if maybe(r, 30) {
			n.Condemned[len(n.Condemned)-1].AbsentSince = now.Add(-time.Duration(r.IntN(600)) * time.Second)
		}
	}
	grant := func(id string) {
		n.Grant = &record.Grant{Instance: id, Epoch: 2, Zone: "az-b", PrivateIP: "10.0.0.2", GrantedAt: now.Add(-time.Duration(r.IntN(900)) * time.Second)}
		if maybe(r, 50) {
			n.Grant.ServedAt = now.Add(-time.Duration(r.IntN(600)) * time.Second)
		}
	}
	open := func() *record.Switch {
		return &record.Switch{
			ID: "1-2", Kind: pick(r, record.KindRecover, record.KindRecover, record.KindCreate, record.KindPlanned, record.KindUpdate), Started: now.Add(-time.Minute), From: "i-old", FromZone: "az-a",
			Gate:  set.Gate && maybe(r, 80),
			Cause: record.Cause{Kind: pick(r, "stopped", "alarm"), At: now.Add(-time.Minute)}, Recorded: maybe(r, 80), Attempts: r.IntN(4), Requests: r.IntN(3), Marks: map[string]time.Time{"confirmed": now.Add(-time.Minute)},
		}
	}
	switch n.Phase {
	case record.Done:
		grant("i-new")
		if maybe(r, 50) {
			condemn("i-old")
		}
	case record.Suspected:
		grant("i-new")
		n.Switch = open()
	case record.Draining:
		grant("i-new")
		n.Switch = open()
		n.Switch.Kind, n.Switch.From, n.Switch.Noted = pick(r, record.KindPlanned, record.KindUpdate), "i-new", maybe(r, 50)
		n.Switch.Recorded = false
	case record.Deleted:
	default:
		n.Switch = open()
		if n.Phase == record.Launching && maybe(r, 40) {
			n.Switch = &record.Switch{ID: "1-2", Kind: record.KindAdopt}
			n.Settings.Adopt, n.Settings.Groups, n.Blueprint = "i-new", nil, nil
			break
		}
		if n.Switch.Recorded && n.Blueprint != nil && n.Switch.Kind != record.KindCreate && maybe(r, 40) {
			n.Switch.Fallback = &record.Fallback{Blueprint: *plan(), Template: contract.Template{ID: "lt", Version: "0"}}
		} else if n.Switch.Kind == record.KindUpdate && maybe(r, 50) {
			n.Switch.Failed = "it was bad"
		}
		if n.Phase == record.Deleting && maybe(r, 30) {
			n.Switch.Retain = "i-new"
			n.Remade = []record.Remade{{FileSystem: "fs", Mount: pick(r, "fsmt-az-a", "fsmt-gone")}}
		}
		condemn("i-old")
		if n.Phase == record.Serving {
			grant("i-new")
		}
		if n.Phase == record.Gated || n.Phase == record.Serving {
			n.Switch.Instance = "i-new"
		}
		if n.Phase == record.Launching && maybe(r, 30) {
			n.Switch.Restart = set.RestartOriginal
		}
		if n.Phase == record.Gated && set.RestartOriginal && maybe(r, 30) { // the original is started again
			n.Switch.Restart, n.Switch.Instance, n.Condemned = true, "i-old", nil
		}
		if n.Blueprint != nil && (n.Phase == record.Launching || n.Phase == record.Deleting) && maybe(r, 50) {
			n.Switch.Recorded = true
			n.Switch.Launch = &cloud.Launch{Subnet: "subnet-az-b", Zone: "az-b", Token: fmt.Sprintf("wr-1-5-2-%d-az-b", n.Switch.Requests)}
		}
	}
	return n
}

// randomOutcomes answers some effects that the same input leads to.
func randomOutcomes(r *rand.Rand, in decide.Input) []decide.Outcome {
	var list []decide.Outcome
	for _, e := range decide.Decide(in).Effects {
		o := decide.Outcome{Effect: e}
		if maybe(r, 40) {
			o.Err = fake.Refuse(pick(r, cloud.Ambiguous, cloud.Throttled, cloud.Denied, cloud.Capacity, cloud.Capacity, cloud.Capacity, cloud.Addresses, cloud.Quota, cloud.Invalid, cloud.NotFound),
				pick(r, "Code", "OperationNotPermitted", "IncorrectInstanceState"), "text")
		} else if e.Do == decide.Launch {
			o.Instance = cloud.Instance{ID: "i-launched", State: cloud.Pending, Zone: e.Launch.Zone}
		}
		if maybe(r, 80) {
			list = append(list, o)
		}
	}
	return list
}
