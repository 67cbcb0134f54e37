package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// prose is a page without its fenced code.
func prose(t *testing.T, page string) string { return code.ReplaceAllString(read(t, page), "") }

// section is a part of a page, from its heading to the next one.
func section(t *testing.T, page, title string) string {
	t.Helper()
	_, text, ok := strings.Cut(prose(t, page), "\n"+title+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", page, title)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// firstCells are the names between backquotes in the first column of a table.
func firstCells(text string) (names []string) {
	for _, row := range regexp.MustCompile("(?m)^\\| ([^|]*`[^|]*) \\|").FindAllStringSubmatch(text, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// The metrics that the switcher sends are those that the page describes.
func TestMetricsAreAsTold(t *testing.T) {
	sent := []string{"Nodes<Phase>", "<Phase>Seconds"}
	for _, m := range regexp.MustCompile(`(?m)^\tMetric\w+\s+= "(\w+)"`).FindAllStringSubmatch(read(t, "internal/contract/metrics.go"), -1) {
		if m[1] != contract.MetricNamespace && m[1] != contract.MetricDimension {
			sent = append(sent, m[1])
		}
	}
	told := firstCells(section(t, "docs/constructs/recovery-dashboard.md", "## The metrics"))
	for _, name := range sent {
		if !slices.Contains(told, name) {
			t.Errorf("docs/constructs/recovery-dashboard.md does not tell of the metric %s", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(sent, name) {
			t.Errorf("docs/constructs/recovery-dashboard.md tells of the metric %s, which is not sent", name)
		}
	}
	if len(sent) < 10 {
		t.Errorf("found only the metrics %q", sent)
	}
}

// The events that are told and the orders that are taken are those of the code.
func TestEventsAreAsTold(t *testing.T) {
	for page, want := range map[string][]string{
		"docs/events.md":     {contract.DetailFailure, contract.DetailSwitched, contract.DetailHeld, contract.DetailHeldBrake, contract.DetailInterrupted, contract.DetailNotice},
		"docs/cli/README.md": {contract.DetailPause, contract.DetailResume, contract.DetailAck, contract.DetailBrake, contract.DetailSwitch, contract.DetailDrill},
	} {
		told := slices.DeleteFunc(firstCells(read(t, page)), func(name string) bool { return !strings.HasPrefix(name, "Recovery ") })
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%s tells of %q, the code has %q", page, told, want)
		}
	}
}

// Each phase has its line in the runbook of what is held or interrupted.
func TestPhasesHaveARunbook(t *testing.T) {
	runbook := section(t, "docs/operations.md", "### By phase")
	told := firstCells(runbook)
	for _, p := range []record.Phase{record.Suspected, record.Draining, record.Confirmed, record.Fencing, record.Launching, record.Gated, record.Serving, record.Done, record.Deleting} {
		if !slices.Contains(told, string(p)) {
			t.Errorf("docs/operations.md has no line for the phase %s", p)
		}
	}
}

// What a page calls by a name of the code's (a prop, a method, a setting, a metric) is
// in the code: a name that was changed is found nowhere any more.
func TestNamesOfTheCodeExist(t *testing.T) {
	words := map[string]bool{}
	for _, name := range files(t) {
		if ext := filepath.Ext(name); ext == ".md" || ext == ".json" && strings.HasPrefix(name, "docs/") || strings.HasPrefix(name, "test/docs/") && strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, w := range regexp.MustCompile(`[A-Za-z]\w+`).FindAllString(read(t, name), -1) {
			words[w] = true
		}
	}
	actions := regexp.MustCompile("(?m)^\\| `AWS::.*$") // what CloudFormation may do is our reading of AWS
	humps := regexp.MustCompile("`([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)`")
	for _, page := range documents(t) {
		if !strings.HasPrefix(page, "docs/") && page != "README.md" || strings.HasPrefix(page, "docs/adr/") {
			continue
		}
		for _, m := range humps.FindAllStringSubmatch(actions.ReplaceAllString(prose(t, page), ""), -1) {
			if !words[m[1]] && !slices.Contains(awsNames, m[1]) && !strings.HasPrefix(m[1], "Test") { // tests: TestNamedTestsExist
				t.Errorf("%s names %s, which is nowhere in the code", page, m[1])
			}
		}
	}
}

// awsNames are of AWS, and of which the code has no need; Database1Address is put together in stacks.
var awsNames = []string{"RestrictDefaultSecurityGroup", "ReadOnlyAccess", "AdministratorAccess", "AmazonSSMManagedInstanceCore", "Database1Address"}

// What the code calls an assumption about AWS stands in docs/assumptions.md: by file,
// the words of its line there.
var assumed = map[string]string{
	"internal/engine/run.go":                     "no instance runs, and none is healthy, within 3 s",
	"internal/decide/power.go":                   "a stop that skips the shutdown, or is forced, takes 10 to 40 s",
	"internal/decide/evidence.go":                "ten minutes after a forced stop nothing is written any more",
	"internal/decide/identity.go":                "it sends Delete under an id that it makes up",
	"internal/decide/done.go":                    "one that was visible and is not for five minutes is gone",
	"internal/decide/planned.go":                 "Describe can show what was a moment ago",
	"internal/act/together.go":                   "StopInstances takes as many ids as TerminateInstances",
	"internal/budget/limits.go":                  "RegisterTargets does not take from the bucket of mutating actions",
	"internal/record/lease.go":                   "clocks of two invocations differ by less than 5 s",
	"constructs/recovery/dashboard.go":           "an alarm widget takes 100 alarms",
	"constructs/internal/keypolicy/keypolicy.go": "that the key's policy knows no source of EventBridge's for a queue",
}

func TestAssumptionsAreListed(t *testing.T) {
	page := read(t, "docs/assumptions.md")
	claims := regexp.MustCompile(`//.*(\bassumptions?\b|\b(is|are|said:) assumed\b)`)
	seen := map[string]bool{}
	for _, name := range files(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || !regexp.MustCompile(`^(internal|constructs|lambda)/`).MatchString(name) {
			continue
		}
		for line := range strings.Lines(read(t, name)) {
			if !claims.MatchString(line) || strings.Contains(line, "the default is assumed") {
				continue
			}
			if assumed[name] == "" {
				t.Errorf("%s assumes something of AWS: put a line into docs/assumptions.md, and its words into this test:\n%s", name, line)
			}
			seen[name] = true
		}
	}
	for name, words := range assumed {
		if !strings.Contains(page, words) {
			t.Errorf("docs/assumptions.md does not say %q, on which %s rests", words, name)
		}
		if !seen[name] {
			t.Errorf("%s names no assumption any more: take it out of this test", name)
		}
	}
}

var buckets = regexp.MustCompile(`(?s)(<!-- buckets: begin -->\n).*?(<!-- buckets: end -->\n)`)

// The numbers of AWS's throttling that the switcher keeps to are those of the page.
func TestBucketsAreAsTold(t *testing.T) {
	const page = "docs/assumptions.md"
	limits := budget.Limits(contract.DefaultPolicy().LaunchesPerSecond)
	table := "\n| calls | at once | a second |\n|---|---:|---:|\n"
	for _, api := range slices.Sorted(maps.Keys(limits)) {
		table += fmt.Sprintf("| %s | %g | %g |\n", api, limits[api].Capacity, limits[api].Refill)
	}
	text := read(t, page)
	want := buckets.ReplaceAllString(text, "${1}"+table+"\n${2}")
	switch {
	case !buckets.MatchString(text):
		t.Errorf("%s has no place for the buckets", page)
	case want == text:
	case !*update:
		t.Errorf("%s does not tell the buckets of internal/budget: write them with go test ./test/docs -run TestBucketsAreAsTold -update", page)
	default:
		if err := os.WriteFile(filepath.Join(root, page), []byte(want), 0o600); err != nil {
			t.Error(err)
		}
	}
}
