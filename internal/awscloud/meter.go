package awscloud

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Meter counts the calls of one invocation, for the account's API budgets. Its
// Observe is an Options.Observe. The zero value is ready to use.
type Meter struct {
	mu        sync.Mutex
	actions   map[string]int
	requests  int
	throttled int
	failed    int
	slowest   time.Duration
}

// Observe counts a call.
func (m *Meter) Observe(c Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.actions == nil {
		m.actions = map[string]int{}
	}
	m.actions[c.Service+" "+c.Action]++
	m.requests += c.Attempts
	m.slowest = max(m.slowest, c.Took)
	switch c.Kind {
	case "", cloud.NotFound, cloud.Conflict: // an answer, not a failure
	case cloud.Throttled:
		m.throttled++
	default:
		m.failed++
	}
}

// Flush writes what was counted as one line in CloudWatch's embedded metric format,
// with the calls by action beside the metrics, and begins anew. It writes nothing
// when nothing was called.
func (m *Meter) Flush(w io.Writer, switcher string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.actions) == 0 {
		return nil
	}
	calls := 0
	for _, n := range m.actions {
		calls += n
	}
	type metric struct{ Name, Unit string }
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": at.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace": contract.MetricNamespace, "Dimensions": [][]string{{contract.MetricDimension}},
				"Metrics": []metric{
					{Name: contract.MetricCalls, Unit: "Count"},
					{Name: contract.MetricRequests, Unit: "Count"},
					{Name: contract.MetricThrottled, Unit: "Count"},
					{Name: contract.MetricFailed, Unit: "Count"},
					{Name: contract.MetricSlowest, Unit: "Milliseconds"},
				},
			}},
		},
		contract.MetricDimension: switcher, contract.MetricCalls: calls, contract.MetricRequests: m.requests, contract.MetricThrottled: m.throttled,
		contract.MetricFailed: m.failed, contract.MetricSlowest: m.slowest.Milliseconds(), "actions": m.actions,
	})
	if err != nil {
		return fmt.Errorf("write the metrics of %d calls: %w", calls, err)
	}
	m.actions, m.requests, m.throttled, m.failed, m.slowest = nil, 0, 0, 0, 0
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the metrics of %d calls: %w", calls, err)
	}
	return nil
}
