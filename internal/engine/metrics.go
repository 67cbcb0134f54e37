package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// MetricNamespace is where the switcher's metrics appear in CloudWatch:
// RecoverySeconds, Effects and one <Phase>Seconds per phase, by switcher.
const MetricNamespace = "WorkloadRecovery"

// measure writes the metrics of a finished switch once its history is stored,
// in the embedded metric format ("CloudWatch embedded metric format specification").
func (r *run) measure(n record.Node, o decide.Outcome) {
	if o.Effect.Do != decide.Deliver || o.Effect.Post.Kind != record.PostHistory || o.Err != nil {
		return
	}
	var h record.History
	if err := json.Unmarshal(o.Effect.Post.Body, &h); err != nil || h.Kind != record.KindRecover {
		return
	}
	values := map[string]float64{"RecoverySeconds": h.Recovery, "Effects": float64(h.Effects), "Attempts": float64(h.Attempts)}
	for phase, s := range h.Phases {
		values[strings.ToUpper(phase[:1])+phase[1:]+"Seconds"] = s
	}
	type metric struct{ Name, Unit string }
	var metrics []metric
	line := map[string]any{"Switcher": r.cfg.Name, "node": n.ID, "switch": h.Switch}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		unit := "Seconds"
		if !strings.HasSuffix(name, unit) {
			unit = "Count"
		}
		metrics = append(metrics, metric{name, unit})
		line[name] = values[name]
	}
	line["_aws"] = map[string]any{
		"Timestamp": r.clock.Now().UnixNano() / int64(time.Millisecond),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": MetricNamespace, "Dimensions": [][]string{{"Switcher"}}, "Metrics": metrics,
		}},
	}
	b, err := json.Marshal(line)
	if err != nil {
		return // plain data: cannot be
	}
	_, _ = r.metrics.Write(append(b, '\n')) // standard output; a metric is not worth a switch
}
