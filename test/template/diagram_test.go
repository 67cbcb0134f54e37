package template

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/scripts/diagram/picture"
	"github.com/workload-recovery/workload-recovery/stacks"
)

// drawn is the picture of what an app synthesises.
func drawn(t *testing.T, app awscdk.App) picture.Assembly {
	t.Helper()
	a, err := picture.Read(*app.Synth(nil).Directory())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestDiagramIsCurrent: docs/diagram.md shows what app.go deploys.
func TestDiagramIsCurrent(t *testing.T) {
	const page = "../../docs/diagram.md"
	app := newApp(t)
	stacks.Single(app, stacks.ExampleProps{Code: code})
	got := drawn(t, app).Page()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/diagram.md is not current: write it with make diagram (-want +got):\n%s", diff)
	}
}

// TestDiagramOfMany: two VPCs in one Region, a third in another, each with its node.
func TestDiagramOfMany(t *testing.T) {
	app := newApp(t)
	stacks.Multi(app, stacks.ExampleProps{Code: code})
	text := drawn(t, app).Mermaid()
	for _, want := range []string{
		`["Region us-east-1"]`, `["Region ap-northeast-1"]`, "VPC 10.0.0.0/16, 3 zones, stack Multi1a-Vpc", "VPC 10.10.0.0/16, 3 zones, stack Multi2a-Vpc",
		"Node 11 database-11, stack Multi1a-Nodes", "Node 12 database-12, stack Multi1b-Nodes", "Node 11 database-11, stack Multi2a-Nodes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture lacks %q:\n%s", want, text)
		}
	}
	for what, n := range map[string]int{"Switcher multi-": 3, "DynamoDB table": 2, `["dashboard"]`: 3, "-- fences, launches -->": 3, "--> table1": 1, "--> table2": 2} {
		if got := strings.Count(text, what); got != n {
			t.Errorf("%d times %q, want %d:\n%s", got, what, n, text)
		}
	}
}
