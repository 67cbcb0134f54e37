package boot

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// everything is a plan that writes every file there is.
func everything() boot.Plan {
	p := plan()
	p.Commands = "set -e\ntrue"
	p.Application.Units = append(p.Application.Units, "web@a.service")
	p.Application.WatchdogSeconds = 30
	p.Application.FaultScript = "exit 0"
	return p
}

// TestUnits hands the units to systemd's own check.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	root := t.TempDir()
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(root+path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	verify := func() string {
		t.Helper()
		var units []string
		for _, f := range everything().Files() {
			if name := filepath.Base(f.Path); strings.HasSuffix(name, ".service") {
				units = append(units, strings.Replace(name, "@.", "@app.service.", 1))
			}
		}
		if len(units) != 4 {
			t.Fatalf("units %q", units)
		}
		out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no", "--root=" + root, "app.service", "web@a.service"}, units...)...).CombinedOutput()
		if err != nil {
			return err.Error() + "\n" + string(out)
		}
		return string(out)
	}
	for _, f := range everything().Files() {
		mode := os.FileMode(0o644)
		if f.Executable {
			mode = 0o755
		}
		write(f.Path, f.Text, mode)
	}
	const service = "[Service]\nExecStart=/usr/local/sbin/recovery-node\n"
	write("/etc/systemd/system/app.service", service, 0o644)
	write("/etc/systemd/system/web@.service", service, 0o644)
	for _, target := range []string{"sysinit", "basic", "multi-user", "network-online", "shutdown"} {
		write("/usr/lib/systemd/system/"+target+".target", "[Unit]\nDescription=x\n", 0o644)
	}
	if out := verify(); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	// The check finds what is wrong, also in a drop-in.
	write("/etc/systemd/system/app.service.d/60-wrong.conf", "[Service]\nRestrat=always\n", 0o644)
	if out := verify(); !strings.Contains(out, "Restrat") {
		t.Errorf("systemd-analyze verify missed a fault: %s", out)
	}
}

// TestShellcheck reads the script as it is kept and as it is written.
func TestShellcheck(t *testing.T) {
	tool := "../../.tools/venv/bin/shellcheck"
	if _, err := os.Stat(tool); err != nil {
		var missing error
		if tool, missing = exec.LookPath("shellcheck"); missing != nil {
			t.Skip("shellcheck is not installed: make tools installs it")
		}
	}
	check := func(name, shell string) string {
		out, _ := exec.Command(tool, "--shell="+shell, "--", name).CombinedOutput() // its exit code says the same
		return string(out)
	}
	dir := t.TempDir()
	hook := filepath.Join(dir, "hook")
	if err := os.WriteFile(hook, []byte(everything().Hook()), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, shell := range map[string]string{"../../internal/boot/node.sh": "sh", hook: "sh", "systemd.sh": "bash"} {
		if out := check(name, shell); out != "" {
			t.Errorf("%s", out)
		}
	}
	wrong := filepath.Join(dir, "wrong")
	if err := os.WriteFile(wrong, []byte("#!/bin/sh\nx=$(ls *)\n[ $x == 1 ]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := check(wrong, "sh"); !strings.Contains(out, "SC2086") {
		t.Errorf("shellcheck missed a fault: %s", out)
	}
}
