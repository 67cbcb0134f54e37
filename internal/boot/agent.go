package boot

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Dimension is the metric dimension that holds the node's id, and the only one that
// the alarm's metric has: it outlives the instance.
const Dimension = "NodeId"

// Agent is what the CloudWatch agent sends:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
type Agent struct {
	Node string // the node's id
	// Interval between two counts, in seconds; 0: no metrics.
	Interval  int
	Namespace string
	// Process is a regular expression for command lines to count, or "" to count the
	// application's units.
	Process string
	// LogGroup takes the LogFiles (paths, * allowed).
	LogGroup string
	LogFiles []string
}

// Configuration is the agent's, in JSON. The measurement is pid_count of procstat:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-procstat-process-metrics.html
func (a Agent) Configuration(units []string) string {
	out := map[string]any{}
	if a.Interval > 0 {
		out["agent"] = map[string]any{"metrics_collection_interval": a.Interval}
		out["metrics"] = map[string]any{
			"namespace":              a.Namespace,
			"force_flush_interval":   a.Interval, // the default of 60 s would look like silence
			"aggregation_dimensions": [][]string{{Dimension}},
			"metrics_collected":      map[string]any{"procstat": a.procstat(units)},
		}
	}
	if len(a.LogFiles) > 0 {
		var list []any
		for _, file := range a.LogFiles {
			list = append(list, map[string]any{
				"file_path": file, "log_group_name": a.LogGroup,
				// One stream for each file of each instance: two writers in one lose lines.
				"log_stream_name": "{instance_id}/" + strings.ReplaceAll(strings.TrimPrefix(file, "/"), "*", "_"),
			})
		}
		out["logs"] = map[string]any{"logs_collected": map[string]any{"files": map[string]any{"collect_list": list}}}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil { // maps of texts and numbers always can be
		panic("boot: " + err.Error())
	}
	return strings.TrimRight(text.String(), "\n")
}

// procstat counts, for each unit, the file that is there while the unit is up.
func (a Agent) procstat(units []string) []any {
	entry := func(key, value string) any {
		return map[string]any{
			key: value, "measurement": []string{"pid_count"}, "metrics_collection_interval": a.Interval,
			"append_dimensions": map[string]string{Dimension: a.Node},
		}
	}
	if a.Process != "" {
		return []any{entry("pattern", a.Process)}
	}
	var out []any
	for _, u := range units {
		out = append(out, entry("pid_file", PidFile(u)))
	}
	return out
}
