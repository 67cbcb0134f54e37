package template

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/workload-recovery/workload-recovery/stacks"
)

var freeze = flag.String("freeze", "", "write testdata/logical-ids.txt for this release, x.y.z or unreleased")

const frozen = "testdata/logical-ids.txt"

// logicalIDs are the resources of both examples, and those that further props ask for,
// as CloudFormation knows them.
func logicalIDs(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, compose := range []func(awscdk.App){
		func(app awscdk.App) { stacks.Single(app, stacks.ExampleProps{Code: code}) },
		func(app awscdk.App) { stacks.Multi(app, stacks.ExampleProps{Code: code}) },
		func(app awscdk.App) { everything(app) },
	} {
		app := newApp(t)
		compose(app)
		for _, c := range *app.Node().Children() {
			stack, is := c.(awscdk.Stack)
			if !is {
				continue
			}
			for id, r := range synth(t, stack).Resources {
				list = append(list, fmt.Sprintf("%s %s %s", *stack.Node().Id(), id, r.Type))
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestLogicalIDs: a resource that the last release made is still made under its
// logical id, since CloudFormation deletes what has another, or docs/upgrading.md
// names it and says what to do. Resources may be added.
func TestLogicalIDs(t *testing.T) {
	now := logicalIDs(t)
	if *freeze != "" {
		text := "# " + *freeze + "\n" + strings.Join(now, "\n") + "\n"
		if err := os.WriteFile(frozen, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(frozen)
	if err != nil {
		t.Fatalf("%v; write it with `make logical-ids`", err)
	}
	page, err := os.ReadFile("../../docs/upgrading.md")
	if err != nil {
		t.Fatal(err)
	}
	released := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	if len(released) < 100 {
		t.Errorf("%s names %d resources only", frozen, len(released))
	}
	for _, fault := range lost(released, now, string(page)) {
		t.Error(fault)
	}
}

// lost are the released resources that are made no more and that the page's section
// on the next release does not name.
func lost(released, now []string, page string) []string {
	_, next, _ := strings.Cut(page, "\n## Next release\n")
	next, _, _ = strings.Cut(next, "\n## ")
	var faults []string
	for _, line := range released {
		if slices.Contains(now, line) {
			continue
		}
		id := strings.Fields(line)[1]
		if !strings.Contains(next, "`"+id+"`") {
			faults = append(faults, fmt.Sprintf("%s is made no more: CloudFormation would delete it at the next deployment. Keep its construct's id, or name `%s` under \"Next release\" in docs/upgrading.md and say what to do", line, id))
		}
	}
	return faults
}

func TestLost(t *testing.T) {
	released := []string{"Stack TableA AWS::DynamoDB::Table", "Stack TopicB AWS::SNS::Topic"}
	page := "# Upgrading\n\n## Next release\n\nThe topic `TopicB` is made anew.\n\n## 0.1.0\n\nThe table `TableA`.\n"
	for _, test := range []struct {
		name string
		now  []string
		want int
	}{
		{"all there, and one more", append(slices.Clone(released), "Stack QueueC AWS::SQS::Queue"), 0},
		{"named", released[:1], 0},
		{"named for an earlier release only", released[1:], 1},
		{"of another type", []string{"Stack TableA AWS::DynamoDB::GlobalTable", released[1]}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lost(released, test.now, page); len(got) != test.want {
				t.Errorf("%d faults, want %d: %q", len(got), test.want, got)
			}
		})
	}
}
