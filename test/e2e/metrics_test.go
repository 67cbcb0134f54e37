package e2e

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// sentMetrics are the metrics that the function's log holds for CloudWatch.
func sentMetrics(t *testing.T, s world.Switcher) map[string]int {
	t.Helper()
	lines, err := s.Logs(0)
	must(t, err)
	sent := map[string]int{}
	for _, l := range lines {
		head, _ := l.Fields["_aws"].(map[string]any)
		sets, _ := head["CloudWatchMetrics"].([]any)
		for _, x := range sets {
			set := x.(map[string]any)
			if set["Namespace"] != contract.MetricNamespace || l.Fields[contract.MetricDimension] != s.Settings.Name {
				t.Errorf("not the switcher's own: %s", l.Text)
			}
			for _, m := range set["Metrics"].([]any) {
				name := m.(map[string]any)["Name"].(string)
				if _, is := l.Fields[name].(float64); !is {
					t.Errorf("%s is declared and has no value: %s", name, l.Text)
				}
				sent[name]++
			}
		}
	}
	return sent
}

// TestMetricsAreSent: the function's own log tells CloudWatch of sweeps, nodes, calls
// and a recovery, each in lines of their own.
func TestMetricsAreSent(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{Pending: 1, Initial: 1})
	s := a.s[0]
	e, err := s.FailApplication(t.Context(), a.state(s, database).Node.Grant.Instance)
	must(t, err)
	a.deliver(e, 1)
	a.Settle()
	before := sentMetrics(t, s)
	s.Tick()
	a.Settle()
	after := sentMetrics(t, s)
	if before[contract.MetricRecovery] != 1 {
		t.Errorf("%d recoveries were told of, want one: %v", before[contract.MetricRecovery], before)
	}
	for _, name := range []string{contract.MetricSweeps, contract.MetricCalls, contract.MetricThrottled, contract.MetricNodes("done")} {
		if after[name] <= before[name] {
			t.Errorf("a sweep did not tell of %s: %v, then %v", name, before, after)
		}
	}
}
