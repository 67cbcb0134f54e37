package boot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/boot"
)

const self = "i-0aaa"

// metadata is an instance metadata service, version 2 only, with tags.
type metadata struct {
	*httptest.Server
	mu    sync.Mutex
	items map[string]string // by path below meta-data; "" is answered by 404
	fault map[string]int    // path -> status
	asked map[string]int
	// onAsk is called with the path and how often it was asked for, under the lock.
	onAsk func(m *metadata, path string, times int)
}

func newMetadata(t *testing.T, tags map[string]string) *metadata {
	t.Helper()
	m := &metadata{
		items: map[string]string{"instance-id": self, "placement/availability-zone": "us-east-1c", "placement/region": "us-east-1", "services/domain": "amazonaws.com"},
		fault: map[string]int{}, asked: map[string]int{},
	}
	m.tag(tags)
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// tag sets all tags. Nil: the metadata expose none.
func (m *metadata) tag(tags map[string]string) {
	for path := range m.items {
		if strings.HasPrefix(path, "tags/") {
			delete(m.items, path)
		}
	}
	var keys []string
	for k, v := range tags {
		keys = append(keys, k)
		m.items["tags/instance/"+k] = v
	}
	if tags != nil {
		m.items["tags/instance"] = strings.Join(keys, "\n")
	}
}

func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") != "" {
		fmt.Fprint(w, "the-token")
		return
	}
	if r.Method != http.MethodGet || r.Header.Get("X-aws-ec2-metadata-token") != "the-token" {
		http.Error(w, "IMDSv2 is required", http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/latest/meta-data/")
	m.asked[path]++
	if m.onAsk != nil {
		m.onAsk(m, path, m.asked[path])
	}
	item, found := m.items[path]
	switch {
	case m.fault[path] != 0:
		http.Error(w, "fault", m.fault[path])
	case !found:
		http.NotFound(w, r)
	default:
		fmt.Fprint(w, item)
	}
}

// machine is a directory that stands for an instance.
type machine struct {
	t    *testing.T
	dir  string
	imds *metadata
	env  []string
	sh   []string // runs the script
}

// patient are commands of the script whose limits of time a busy machine would reach: those
// of whole seconds are made an hour. A test of a limit sets a fraction.
var patient = map[string]string{
	"curl": `exec REAL "$@" -m 3600`,
	"timeout": `kill=
[ "$1" != -k ] || { kill="-k $2"; shift 2; }
limit=$1
shift
case $limit in *.*) ;; *) limit=3600 ;; esac
exec REAL $kill "$limit" "$@"`,
}

// real is the path of the machine's own program.
func real(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// newMachine writes the plan's files, without the units, and commands that only write
// down how they were called.
func newMachine(t *testing.T, plan boot.Plan, imds *metadata) *machine {
	t.Helper()
	for _, tool := range []string{"curl", "timeout"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the script needs %s, which is not installed here", tool)
		}
	}
	m := &machine{t: t, dir: t.TempDir(), imds: imds, sh: []string{"sh"}}
	for _, f := range plan.Files() {
		name, mode := filepath.Base(f.Path), os.FileMode(0o600)
		if f.Executable {
			mode = 0o700
		}
		if !strings.HasPrefix(f.Path, "/etc/systemd/") {
			m.write(name, f.Text, mode)
		}
	}
	for _, name := range []string{"systemctl", "poweroff", "mount", "umount", "yum", "agent-ctl", "dpkg", "rpm"} {
		m.command(name, "")
	}
	m.command("mountpoint", "exit 1")
	for name, text := range patient {
		m.write("bin/"+name, "#!/bin/sh\n"+strings.ReplaceAll(text, "REAL", real(t, name))+"\n", 0o700)
	}
	m.write("os-release", "ID=amzn\nID_LIKE=fedora\n", 0o600)
	m.env = []string{
		"PATH=" + m.path("bin") + ":" + m.dir + ":" + os.Getenv("PATH"), "RECOVERY_ETC=" + m.dir, "RECOVERY_RUN=" + m.path("run"), "RECOVERY_BIN=" + m.dir,
		"RECOVERY_AGENT=" + m.path("bin/agent-ctl"), "RECOVERY_OS=" + m.path("os-release"), "RECOVERY_POLL=0.01", "RECOVERY_STAY=0",
	}
	if imds != nil {
		m.env = append(m.env, "RECOVERY_METADATA="+imds.URL+"/latest")
	}
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) write(name, text string, mode os.FileMode) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
}

// command makes a command that writes its call down and then does what the text says.
func (m *machine) command(name, text string) {
	m.t.Helper()
	m.write("bin/"+name, fmt.Sprintf("#!/bin/sh\necho %s \"$@\" >>%s\n%s\n", name, m.path("calls"), text), 0o700)
}

// set replaces a line of node.conf.
func (m *machine) set(key, value string) {
	m.t.Helper()
	lines := strings.SplitAfter(m.read("node.conf"), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, key+"=") {
			lines[i] = key + "=" + value + "\n"
			m.write("node.conf", strings.Join(lines, ""), 0o600)
			return
		}
	}
	m.t.Fatalf("node.conf has no %s", key)
}

func (m *machine) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	return string(text)
}

// run runs the script to its end.
func (m *machine) run(args ...string) (out string, code int) {
	m.t.Helper()
	cmd := m.start(m.t.Context(), args...)
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return m.read("said"), cmd.ProcessState.ExitCode()
}

// start starts the script, which writes to the file "said". (Wait would wait for the end of a
// pipe, which a child of the script may keep open.)
func (m *machine) start(ctx context.Context, args ...string) *exec.Cmd {
	m.t.Helper()
	said, err := os.Create(m.path("said"))
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = said.Close() }()
	full := append(append(append([]string{}, m.sh...), m.path("recovery-node")), args...)
	cmd := exec.CommandContext(ctx, full[0], full[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = m.env, said, said
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	return cmd
}

// calls are the commands called, but those that only ask.
func (m *machine) calls() []string {
	m.t.Helper()
	var out []string
	for line := range strings.SplitSeq(strings.TrimSpace(m.read("calls")), "\n") {
		if line != "" && !strings.HasPrefix(line, "mountpoint ") && !strings.HasPrefix(line, "systemctl is-active") && !strings.HasPrefix(line, "systemctl cat") {
			out = append(out, line)
		}
	}
	return out
}

// plan is a gated node with one unit.
// plan has limits of time that a busy machine does not reach.
func plan() boot.Plan {
	return boot.Plan{
		Mounts: []boot.Mount{
			{FileSystem: "fs-1", AccessPoint: "fsap-1", Path: "/data", Data: true},
			{FileSystem: "fs-2", AccessPoint: "fsap-2", Path: "/var/log/recovery"},
		},
		Gate: true, GateSeconds: 36000,
		Application: &boot.Application{
			Units: []string{"app.service"}, Restarts: 2, WindowSeconds: 36000, FaultSeconds: 3600,
			Check: &boot.Check{Command: "false", IntervalSeconds: 1, TimeoutSeconds: 3600, Failures: 2},
		},
		Agent: &boot.Agent{Node: "7", Interval: 10, Namespace: "CWAgent"},
	}
}
