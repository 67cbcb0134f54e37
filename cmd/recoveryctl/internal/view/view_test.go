package view_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var update = flag.Bool("update", false, "rewrite the goldens; read the difference: the JSON form is a promise")

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// nodes in several states.
func nodes() []record.Node {
	grant := func(i, zone string) *record.Grant { return &record.Grant{Instance: i, Epoch: 1, Zone: zone} }
	return []record.Node{
		{ID: 1, Name: "database-1", Phase: record.Done, Epoch: 3, Since: ago(50 * time.Hour), Grant: grant("i-1", "eu-west-1a")},
		{
			ID: 2, Name: "web-2", Phase: record.Launching, Epoch: 2, Since: ago(12 * time.Second),
			Switch: &record.Switch{ID: "2-2", Kind: record.KindRecover, Started: ago(30 * time.Second), From: "i-2", FromZone: "eu-west-1b", Cause: record.Cause{Detail: "i-2 is stopped"}},
			Hold:   &record.Hold{Kind: record.Held, Code: "WR201", Reason: "eu-west-1c: lacked capacity", Since: ago(9 * time.Second), RetryAt: now.Add(time.Minute)},
		},
		{
			ID: 30, Name: "", Phase: record.Done, Epoch: 1, Since: ago(90 * time.Minute), Grant: grant("i-30", "eu-west-1c"),
			Pause: &record.Pause{Until: now.Add(2 * time.Hour), By: "arn:aws:sts::1:assumed-role/ops/ann", Reason: "new disks"},
			Off:   &record.Off{Since: ago(time.Minute), By: "arn:aws:sts::1:assumed-role/ops/ann", Reason: "hands off"},
		},
	}
}

func recovery() record.History {
	return record.History{
		Node: 1, Epoch: 3, Switch: "1-3", Kind: record.KindRecover, Cause: record.Cause{Kind: "stopped", Detail: "i-0 is stopped (Client.UserInitiatedShutdown)"},
		From: "i-0", FromZone: "eu-west-1b", To: "i-1", ToZone: "eu-west-1a", Started: ago(50*time.Hour + time.Minute), Finished: ago(50 * time.Hour), Recovery: 48.23,
		Phases: map[string]float64{"serving": 21.5, "confirmed": 1.2, "fencing": 20.1, "served": 4, "launching": 1.4, "gated": 0}, Attempts: 1, Effects: 14,
	}
}

func status() view.Status {
	last := recovery()
	st := view.SwitcherStatus{Name: "prod", VPC: "vpc-1"}
	for i, n := range nodes() {
		h := &last
		if i > 0 {
			h = nil
		}
		st.Nodes = append(st.Nodes, view.NewNode(n, h, now))
	}
	st.Brake, st.Sweep = view.NewBrake(nodes()[2].Off), view.NewSweep(record.Lease{Swept: ago(41 * time.Second)}, len(st.Nodes), now)
	return view.Status{Region: "eu-west-1", Switchers: []view.SwitcherStatus{
		st,
		{Name: "test", VPC: "vpc-2", Nodes: []view.NodeStatus{}},
		{Name: "quiet", VPC: "vpc-3", Sweep: view.NewSweep(record.Lease{Swept: ago(4 * time.Minute)}, 1, now), Nodes: []view.NodeStatus{view.NewNode(nodes()[0], nil, now)}},
	}}
}

func history() view.History {
	h := view.History{Region: "eu-west-1", Entries: []view.Entry{
		view.NewSwitch("prod", recovery()),
		view.NewSwitch("prod", record.History{Node: 1, Epoch: 1, Switch: "1-1", Kind: record.KindCreate, To: "i-0", ToZone: "eu-west-1b", Started: ago(99 * time.Hour), Finished: ago(99 * time.Hour)}),
		view.NewOrder("prod", record.Action{ID: "o", Node: 30, At: ago(time.Hour), Kind: "paused", By: "arn:me", Reason: "new disks", Until: now}),
		view.NewOrder("prod", record.Action{ID: "p", Node: 1, At: ago(time.Hour), Kind: "planned by an operator", By: "arn:me", To: "eu-west-1c"}),
	}}
	h.Sort(0)
	return h
}

func show() view.Node {
	n := nodes()[1]
	return view.Node{
		Region: "eu-west-1", Switcher: "prod", VPC: "vpc-1", Sweep: view.NewSweep(record.Lease{Swept: ago(4 * time.Minute)}, 1, now), Status: view.NewNode(n, nil, now),
		Settings:  contract.Settings{ID: 2, Template: contract.Template{ID: "lt-1", Version: "4"}, Gate: true, Priority: 100},
		Blueprint: &cloud.Blueprint{Image: "ami-1", Type: "m7g.large", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-1", "sg-2"}}}, Volumes: []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3"}}, Tags: map[string]string{"b": "2", "a": "1"}},
		Targets:   []view.Target{{Group: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/abc", ID: "i-2", Port: 80, Health: "unused", Reason: "Target.InvalidState"}},
		Alarms:    []view.Alarm{{Name: "prod.node-2.instance", State: "ALARM", Watches: []string{"i-2"}, Believed: true}, {Name: "prod.node-2.application", State: "absent"}},
		Condemned: []view.CondemnedInstance{{Instance: "i-2", Zone: "eu-west-1b", Epoch: 2, State: "stopping"}},
		Candidates: []view.Candidate{
			{Zone: "eu-west-1a", Subnet: "subnet-a", Type: "m7g.large", Free: 99, Reserved: true}, {Zone: "eu-west-1c", Subnet: "subnet-c", Type: "m7g.large", Free: 9},
		},
		Others: []string{"eu-west-1b: the node was there"}, Unread: []string{"zones: denied"},
	}
}

// An order that was given during a recovery ended before it: the newest entry is the
// recovery.
func TestHistoryIsInOrderOfItsEnds(t *testing.T) {
	recovered := recovery()
	h := view.History{Entries: []view.Entry{
		view.NewSwitch("prod", recovered),
		view.NewOrder("prod", record.Action{ID: "during", Node: 1, At: recovered.Started.Add(30 * time.Second), Kind: "paused"}),
		view.NewOrder("prod", record.Action{ID: "before", Node: 1, At: recovered.Started.Add(-time.Second), Kind: "resumed"}),
	}}
	h.Sort(2)
	if len(h.Entries) != 2 || h.Entries[0].Order == nil || h.Entries[0].Order.Kind != "paused" || h.Entries[1].Switch == nil {
		t.Errorf("%+v", h.Entries)
	}
	h.Sort(1)
	if h.Entries[0].Switch == nil || !h.Entries[0].At.Equal(recovered.Finished) {
		t.Errorf("the newest is %+v", h.Entries[0])
	}
}

type writer interface {
	Write(io.Writer, view.Style) error
}

// TestGoldens: what people and programs are shown. Fields of the JSON form may be
// added, never renamed or removed.
func TestGoldens(t *testing.T) {
	for name, v := range map[string]writer{"status": status(), "history": history(), "show": show(), "nothing": view.History{Entries: []view.Entry{}}} {
		var text, data bytes.Buffer
		if err := v.Write(&text, view.Style{Now: now}); err != nil {
			t.Fatal(err)
		}
		if err := view.JSON(&data, v); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.String())
		golden(t, name+".json", data.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-kept +now)\n%s", name, diff)
	}
}

// TestColoursOnlyWhereTheyAreWanted: and the text is the same without them.
func TestColoursOnlyWhereTheyAreWanted(t *testing.T) {
	var plain, coloured bytes.Buffer
	st := status()
	if err := st.Write(&plain, view.Style{Now: now}); err != nil {
		t.Fatal(err)
	}
	if err := st.Write(&coloured, view.Style{Now: now, Colour: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("escapes where no colour is wanted")
	}
	strip := coloured.String()
	for _, esc := range []string{"\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"} {
		strip = strings.ReplaceAll(strip, esc, "")
	}
	if diff := cmp.Diff(plain.String(), strip); diff != "" || strip == coloured.String() {
		t.Errorf("colours change more than colour, or there are none:\n%s", diff)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0.0s", 48230 * time.Millisecond: "48.2s", 59960 * time.Millisecond: "1m00s", 61 * time.Second: "1m01s",
		time.Hour: "1h00m", 47*time.Hour + 59*time.Minute: "47h59m", 50 * time.Hour: "2d02h",
	} {
		if got := view.Duration(d); got != want {
			t.Errorf("%v is %q, want %q", int64(d), got, want)
		}
	}
}

// A person is wanted for a hold, the brake, and a switcher that no longer looks at its
// nodes, whatever the records say.
func TestAttention(t *testing.T) {
	atRest := []view.NodeStatus{{ID: 1, Phase: "done"}}
	held := []view.NodeStatus{{ID: 1, Phase: "done", Hold: &view.HoldView{Code: "WR201"}}}
	fresh := view.NewSweep(record.Lease{Swept: ago(time.Minute)}, 1, now)
	for name, c := range map[string]struct {
		st   view.SwitcherStatus
		want bool
	}{
		"at rest":                              {view.SwitcherStatus{Sweep: fresh, Nodes: atRest}, false},
		"held":                                 {view.SwitcherStatus{Sweep: fresh, Nodes: held}, true},
		"brake":                                {view.SwitcherStatus{Sweep: fresh, Nodes: atRest, Brake: view.Brake{On: true}}, true},
		"sweep of 3 min":                       {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{Swept: ago(3 * time.Minute)}, 1, now), Nodes: atRest}, false},
		"sweep older than 3 min":               {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{Swept: ago(3*time.Minute + time.Second)}, 1, now), Nodes: atRest}, true},
		"never swept":                          {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{}, 1, now), Nodes: atRest}, true},
		"not swept yet, deployed a minute ago": {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{Began: ago(time.Minute)}, 1, now), Nodes: atRest}, false},
		"not swept yet, deployed 4 min ago":    {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{Began: ago(4 * time.Minute)}, 1, now), Nodes: atRest}, true},
		"never swept, and no node":             {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{}, 0, now)}, false},
		"swept by a clock that is ahead":       {view.SwitcherStatus{Sweep: view.NewSweep(record.Lease{Swept: now.Add(time.Minute)}, 1, now), Nodes: atRest}, false},
	} {
		if got := (view.Status{Switchers: []view.SwitcherStatus{c.st}}).Attention(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A stale sweep is red on a terminal; a fresh one is not.
func TestStaleSweepIsRed(t *testing.T) {
	for age, want := range map[time.Duration]bool{time.Minute: false, 4 * time.Minute: true} {
		var text bytes.Buffer
		st := view.Status{Switchers: []view.SwitcherStatus{{Name: "prod", Sweep: view.NewSweep(record.Lease{Swept: ago(age)}, 1, now)}}}
		if err := st.Write(&text, view.Style{Now: now, Colour: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text.String(), "\x1b[31mlast sweep: "); got != want {
			t.Errorf("after %s red is %v, want %v: %q", age, got, want, &text)
		}
	}
}
