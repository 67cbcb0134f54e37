package boot

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata")

// full uses everything there is.
func full() Plan {
	return Plan{
		Mounts: []Mount{
			{FileSystem: "fs-1", AccessPoint: "fsap-1", Path: "/data", Data: true},
			{FileSystem: "fs-2", AccessPoint: "fsap-2", Path: "/var/log/recovery"},
		},
		Gate: true, GateSeconds: 3600, Commands: "set -e\ndnf install -y postgresql15-server",
		Application: &Application{
			Units: []string{"postgresql.service", "app@main.service"}, Restarts: 3, WindowSeconds: 300, DelaySeconds: 1, WatchdogSeconds: 30,
			Check:       &Check{Command: "exec pg_isready", IntervalSeconds: 10, TimeoutSeconds: 5, Failures: 3, StartSeconds: 120},
			FaultScript: "#!/bin/bash\nlogger \"$1 failed\"\n", FaultSeconds: 60,
		},
		Agent: &Agent{Node: "7", Interval: 10, Namespace: "CWAgent", LogGroup: "group", LogFiles: []string{"/var/log/app/*.log"}},
	}
}

// plain is a node without an application of ours and without a gate.
func plain() Plan {
	return Plan{
		Mounts: full().Mounts,
		Agent:  &Agent{Node: "7", Interval: 10, Namespace: "CWAgent", Process: `db "main"`},
	}
}

func TestFiles(t *testing.T) {
	for name, plan := range map[string]Plan{"full": full(), "plain": plain()} {
		t.Run(name, func(t *testing.T) {
			if err := plan.Validate(); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, f := range plan.Files() {
				if f.Path == bin+"recovery-node" {
					continue // as it stands in node.sh
				}
				fmt.Fprintf(&out, "== %s (executable: %v)\n%s", f.Path, f.Executable, f.Text)
			}
			golden(t, name+".txt", out.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestHookIsShort: what is generated leaves room for a user's own script.
func TestHookIsShort(t *testing.T) {
	if n := len(full().Hook()); n > 13000 {
		t.Errorf("the generated part has %d bytes of %d", n, Limit)
	}
	if strings.Contains(Script(), "\n#") || !strings.HasPrefix(Script(), "#!/bin/sh\n") {
		t.Error("the script on the instance has comments, or no first line")
	}
}

func TestUnitName(t *testing.T) {
	for name, want := range map[string]string{
		"postgresql": "postgresql.service", "app@a-b.service": "app@a-b.service", `a\x2db.service`: `a\x2db.service`,
		"": "", "a.socket": "", "a b": "", "../x.service": "", "a@b@c.service": "", "a'.service": "", "$(x).service": "", "a.service\n": "",
	} {
		got, err := UnitName(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name  string
		plan  Plan
		wants string
	}{
		{"path", Plan{Mounts: []Mount{{Path: "/da ta"}}}, `"/da ta" is not usable`},
		{"relative path", Plan{Mounts: []Mount{{Path: "data"}}}, `"data" is not usable`},
		{"root", Plan{Mounts: []Mount{{Path: "/"}}}, `"/" is not usable`},
		{"the end of a file", Plan{Commands: "cat <<X\nRECOVERY_END\nX"}, `recovery-prepare has a line "RECOVERY_END"`},
		{"umlaut", Plan{Commands: "echo grün"}, `recovery-prepare has a character beyond ASCII, near "ün`},
		{"carriage return", Plan{Application: &Application{FaultScript: "a\r\nb"}}, "recovery-fault-script has carriage returns"},
	} {
		if err := c.plan.Validate(); err == nil || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: %v, want %q", c.name, err, c.wants)
		}
	}
}

// TestAgent: the alarm's metric has the node's id as its only dimension.
func TestAgent(t *testing.T) {
	for name, c := range map[string]struct {
		agent Agent
		units []string
		want  string
	}{
		"units": {
			Agent{Node: "7", Interval: 10, Namespace: "CWAgent"},
			[]string{"a.service", "b@x.service"},
			`{"agent":{"metrics_collection_interval":10},"metrics":{"aggregation_dimensions":[["NodeId"]],"force_flush_interval":10,"metrics_collected":{"procstat":[` +
				`{"append_dimensions":{"NodeId":"7"},"measurement":["pid_count"],"metrics_collection_interval":10,"pid_file":"/run/recovery/a.pid"},` +
				`{"append_dimensions":{"NodeId":"7"},"measurement":["pid_count"],"metrics_collection_interval":10,"pid_file":"/run/recovery/b@x.pid"}]},"namespace":"CWAgent"}}`,
		},
		"process": {
			Agent{Node: "7", Interval: 60, Namespace: "Mine", Process: "a<b"},
			[]string{"a.service"},
			`{"agent":{"metrics_collection_interval":60},"metrics":{"aggregation_dimensions":[["NodeId"]],"force_flush_interval":60,"metrics_collected":{"procstat":[` +
				`{"append_dimensions":{"NodeId":"7"},"measurement":["pid_count"],"metrics_collection_interval":60,"pattern":"a<b"}]},"namespace":"Mine"}}`,
		},
		"logs only": {
			Agent{Node: "7", LogGroup: "g", LogFiles: []string{"/var/log/a*.log"}},
			nil,
			`{"logs":{"logs_collected":{"files":{"collect_list":[{"file_path":"/var/log/a*.log","log_group_name":"g","log_stream_name":"{instance_id}/var/log/a_.log"}]}}}}`,
		},
	} {
		got := c.agent.Configuration(c.units)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s is no JSON", name)
		}
	}
}
