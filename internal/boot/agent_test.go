package boot

import (
	"encoding/json"
	"strings"
	"testing"
)

// configuration is as much of the agent's schema as is used here, written down from
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
// and from translator/config/schema.json of github.com/aws/amazon-cloudwatch-agent
// (01c5802), which cannot be fetched as a Go module: what it has no field for is
// refused here, as most of its objects refuse other properties.
type configuration struct {
	Agent *struct {
		Interval int `json:"metrics_collection_interval"` // 1 to 172800
	} `json:"agent"`
	Metrics *struct {
		Namespace  string     `json:"namespace"`              // 1 to 255
		Flush      int        `json:"force_flush_interval"`   // 1 to 172800
		Dimensions [][]string `json:"aggregation_dimensions"` // 1 to 1024 lists, no two alike, of 0 to 30
		Collected  struct {
			Procstat []struct { // 1 to 255
				PidFile     string            `json:"pid_file"` // one of the two, 1 to 255
				Pattern     string            `json:"pattern"`
				Measurement []string          `json:"measurement"` // required
				Interval    int               `json:"metrics_collection_interval"`
				Append      map[string]string `json:"append_dimensions"` // to 30, values of 1 to 1024
			} `json:"procstat"`
		} `json:"metrics_collected"`
	} `json:"metrics"`
	Logs *struct {
		Collected struct {
			Files struct {
				List []struct { // 1 to 16384, no two alike
					Path   string `json:"file_path"`       // to 4096
					Group  string `json:"log_group_name"`  // 1 to 512
					Stream string `json:"log_stream_name"` // 1 to 512
				} `json:"collect_list"`
			} `json:"files"`
		} `json:"logs_collected"`
	} `json:"logs"`
}

func (c configuration) faults() (out []string) {
	want := func(ok bool, what string) {
		if !ok {
			out = append(out, what)
		}
	}
	text := func(s string, low, high int, what string) { want(len(s) >= low && len(s) <= high, what) }
	seconds := func(n int, what string) { want(n >= 1 && n <= 172800, what) }
	if c.Agent != nil {
		seconds(c.Agent.Interval, "agent interval")
	}
	if m := c.Metrics; m != nil {
		text(m.Namespace, 1, 255, "namespace")
		seconds(m.Flush, "flush")
		want(len(m.Dimensions) == 1 && len(m.Dimensions[0]) == 1, "dimensions")
		want(len(m.Collected.Procstat) >= 1 && len(m.Collected.Procstat) <= 255, "procstat")
		for _, p := range m.Collected.Procstat {
			want((p.PidFile == "") != (p.Pattern == ""), "one of pid_file and pattern")
			text(p.PidFile+p.Pattern, 1, 255, "pid_file or pattern")
			want(len(p.Measurement) > 0, "measurement")
			seconds(p.Interval, "interval")
			want(len(p.Append) == 1, "append_dimensions")
		}
	}
	if c.Logs != nil {
		want(len(c.Logs.Collected.Files.List) > 0, "collect_list")
		for _, f := range c.Logs.Collected.Files.List {
			text(f.Path, 1, 4096, "file_path")
			text(f.Group, 1, 512, "log_group_name")
			text(f.Stream, 1, 512, "log_stream_name")
			// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
			want(!strings.ContainsAny(f.Stream, ":*"), "a log stream's name has neither : nor *")
		}
	}
	return out
}

func parse(t *testing.T, text string) configuration {
	t.Helper()
	var c configuration
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return c
}

func TestAgentSchema(t *testing.T) {
	all := *full().Agent
	logs := Agent{Node: "7", LogGroup: "g", LogFiles: []string{"/var/log/a*.log", "/var/log/b"}}
	for _, text := range []string{all.Configuration([]string{"a.service"}), plain().Agent.Configuration(nil), logs.Configuration(nil)} {
		if faults := parse(t, text).faults(); len(faults) > 0 {
			t.Errorf("%q in %s", faults, text)
		}
	}
	// What the rules are for.
	none := Agent{Node: "7", Interval: 10, Namespace: "CWAgent"}
	if faults := parse(t, none.Configuration(nil)).faults(); len(faults) != 1 {
		t.Errorf("an agent that counts nothing: %q", faults)
	}
}
