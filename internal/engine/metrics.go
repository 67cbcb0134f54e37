package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// measure writes the metrics of a finished recovery once its history is stored.
func (r *run) measure(n record.Node, o decide.Outcome) {
	if o.Effect.Do != decide.Deliver || o.Effect.Post.Kind != record.PostHistory || o.Err != nil {
		return
	}
	var h record.History
	if err := json.Unmarshal(o.Effect.Post.Body, &h); err != nil || h.Kind != record.KindRecover {
		return
	}
	values := map[string]float64{
		contract.MetricRecovery: h.Recovery, contract.MetricSwitch: h.Recovery,
		contract.MetricEffects: float64(h.Effects), contract.MetricAttempts: float64(h.Attempts),
	}
	for phase, s := range h.Phases {
		values[contract.MetricPhase(phase)] = s
	}
	r.emit(values, map[string]any{"node": n.ID, "switch": h.Switch})
}

// pulseEvery is how often a leader tells how its nodes fare.
const pulseEvery = time.Minute

// pulse tells how the nodes fare: after the first look of an invocation, then once a
// minute, when a sweep has looked at every node, and at the end if that is different
// by then.
func (r *run) pulse(end bool) {
	if !r.loaded {
		return
	}
	now := r.clock.Now()
	swept := r.owes && len(r.sweeping) == 0
	due := swept || now.Sub(r.pulsed) >= pulseEvery
	if !due && !end {
		return
	}
	values := r.census(now)
	if !due && maps.Equal(values, r.counted) {
		return
	}
	r.pulsed, r.counted, r.owes = now, maps.Clone(values), r.owes && !swept
	if swept {
		r.lease.Swept = now
		values[contract.MetricSweeps] = 1
	}
	r.emit(values, nil)
	r.onPulse()
}

// census counts the nodes by phase and by what stops them, and finds the oldest
// recovery under way.
func (r *run) census(now time.Time) map[string]float64 {
	values := map[string]float64{}
	for _, n := range r.nodes {
		if n.Phase == record.Deleted {
			continue
		}
		values[contract.MetricNodes(string(n.Phase))]++
		if h := n.Hold; h != nil {
			switch {
			case h.Code == string(message.HeldBrake) || h.Code == string(message.HeldOff): // counted below
			case h.Kind == record.Interrupted:
				values[contract.MetricInterrupted]++
			default:
				values[contract.MetricHeld]++
			}
		}
		if decide.Braked(n) || n.Off != nil {
			values[contract.MetricBraked]++
		}
		if n.Paused(now) {
			values[contract.MetricPaused]++
		}
		if s := n.Switch; s != nil && s.Kind == record.KindRecover && n.Phase != record.Suspected {
			began := s.Started
			if !s.Cause.At.IsZero() {
				began = s.Cause.At
			}
			values[contract.MetricSwitch] = max(values[contract.MetricSwitch], now.Sub(began).Seconds())
		}
	}
	return values
}

// emit writes one line in CloudWatch's embedded metric format, with more beside the
// metrics.
func (r *run) emit(values map[string]float64, more map[string]any) {
	if len(values) == 0 {
		return
	}
	type metric struct{ Name, Unit string }
	metrics := make([]metric, 0, len(values))
	line := map[string]any{contract.MetricDimension: r.cfg.Name}
	maps.Copy(line, more)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		unit := "Seconds"
		if !strings.HasSuffix(name, unit) {
			unit = "Count"
		}
		metrics = append(metrics, metric{name, unit})
		line[name] = values[name]
	}
	line["_aws"] = map[string]any{
		"Timestamp": r.clock.Now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": contract.MetricNamespace, "Dimensions": [][]string{{contract.MetricDimension}}, "Metrics": metrics,
		}},
	}
	b, err := json.Marshal(line)
	if err != nil {
		return // plain data: cannot be
	}
	_, _ = r.metrics.Write(append(b, '\n')) // standard output; a metric is not worth a switch
}
