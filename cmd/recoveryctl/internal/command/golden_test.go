package command

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

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/rehearse"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
)

var update = flag.Bool("update", false, "rewrite the goldens; read the difference: the JSON form is a promise")

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestGoldens: what plan, doctor, drill, brake and the commands that give orders print.
func TestGoldens(t *testing.T) {
	until := now.Add(2 * time.Hour)
	for name, v := range map[string]interface {
		Write(io.Writer, view.Style) error
	}{
		"plan": Plan{
			Region: "eu-west-1", Switcher: "prod", Node: 7, Outcome: "moved", Summary: "node 7 would be moved from a to b (subnet-b, m7g.large)",
			From: &Where{Instance: "i-1", Zone: "a", Subnet: "subnet-a"}, To: &Where{Zone: "b", Subnet: "subnet-b", Type: "m7g.large"},
			Hold:    &view.HoldView{Kind: "held", Code: "WR201", Text: "t", Reason: "r", Since: now, RetryAt: now, Action: "a"},
			Steps:   []rehearse.Step{{Phase: "confirmed", Code: "WR110", Text: "switch started: i-1 is stopped"}, {Phase: "launching", Call: "ec2:RunInstances", Text: "m7g.large in b"}},
			Assumed: []string{"EC2 has room for every launch"}, Unread: []string{"zones: denied"},
		},
		"doctor": Diagnosis{Region: "eu-west-1", Switchers: []SwitcherDiagnosis{
			{Name: "prod", VPC: "vpc-1", Nodes: 2, Checks: 30, Findings: []doctor.Finding{
				{Severity: doctor.Error, Check: "tags", Node: 7, What: "what", Cause: "cause", Fix: "fix"},
				{Severity: doctor.Warning, Check: "listeners", What: "what", Fix: "fix"},
			}},
			{Name: "test", VPC: "vpc-2", Findings: []doctor.Finding{}},
		}},
		"drill": DrillReport{
			Region: "eu-west-1", Switcher: "prod", VPC: "vpc-1", Kind: "instance", Reason: "game day", By: "arn:me", BrokenAt: now, ObjectiveSeconds: 60,
			Nodes: []DrilledNode{{
				ID: 7, Name: "seven", Switch: "7-2", From: "i-1", FromZone: "a", To: "i-2", ToZone: "b", NoticedSeconds: 1.5, DownSeconds: 71.2,
				Phases: []view.PhaseLength{{Phase: "fencing", Seconds: 20}}, Calls: 14, Attempts: 1,
			}},
		},
		"order": Ordered{Order: "order-X", Kind: "Recovery Pause", Switcher: "prod", Nodes: []int{7}, By: "arn:me", Reason: "disks", At: now, Until: &until, To: "b", Taken: true, text: "node 7 is paused"},
		"brake": BrakeStatus{Switcher: "prod", VPC: "vpc-1", Operator: view.Brake{On: true, Since: &now, By: "arn:me", Reason: "storm"}, Held: []int{7}, Reason: "6 of 7 nodes fail at once"},
	} {
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

// TestDrillWithoutAReason: the line that names who did it ends with that.
func TestDrillWithoutAReason(t *testing.T) {
	var text bytes.Buffer
	if err := (DrillReport{Region: "eu-west-1", Switcher: "prod", VPC: "vpc-1", By: "arn:me"}).Write(&text, view.Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "by arn:me.\n\n"; !strings.Contains(text.String(), want) {
		t.Errorf("%q holds no %q", text.String(), want)
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
