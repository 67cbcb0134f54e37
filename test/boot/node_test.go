package boot

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

const (
	dataMount = "mount -t efs -o _netdev,noresvport,tls,iam,az=us-east-1c,accesspoint=fsap-1 fs-1:/ %s/data"
	logMount  = "mount -t efs -o _netdev,noresvport,tls,iam,accesspoint=fsap-2 fs-2:/ %s/logs"
)

// mounting is a machine whose mount points lie in its directory.
func mounting(t *testing.T) (*machine, *metadata) {
	t.Helper()
	p, imds := plan(), newMetadata(t, nil)
	p.Gate = false
	m := newMachine(t, p, imds)
	p.Mounts[0].Path, p.Mounts[1].Path = m.path("data"), m.path("logs")
	for _, f := range p.Files() {
		if name := filepath.Base(f.Path); name == "mounts" || name == "node.conf" {
			m.write(name, f.Text, 0o600)
		}
	}
	return m, imds
}

func (m *machine) wantCalls(want ...string) {
	m.t.Helper()
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "%s", m.dir)
	}
	if diff := cmp.Diff(want, m.calls()); diff != "" {
		m.t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestMount(t *testing.T) {
	t.Run("both", func(t *testing.T) {
		m, _ := mounting(t)
		if out, code := m.run("mount"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(dataMount, logMount)
		if info, err := os.Stat(m.path("data")); err != nil || !info.IsDir() {
			t.Errorf("the mount point: %v", err)
		}
	})
	t.Run("at the third try", func(t *testing.T) {
		m, imds := mounting(t)
		imds.fault["placement/availability-zone"] = http.StatusServiceUnavailable
		imds.onAsk = func(i *metadata, _ string, _ int) { i.fault["placement/availability-zone"] = 0 }
		m.command("mount", `[ "$(grep -c "^mount " `+m.path("calls")+`)" -gt 2 ]`)
		if out, code := m.run("mount"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(dataMount, dataMount, dataMount, logMount)
	})
	t.Run("no data", func(t *testing.T) {
		m, _ := mounting(t)
		m.command("mount", "exit 32")
		if out, code := m.run("mount"); code != 1 || !strings.Contains(out, "data cannot be mounted") {
			t.Errorf("exit %d: %s", code, out)
		}
		if n := len(m.calls()); n != 10 {
			t.Errorf("%d tries", n)
		}
	})
	t.Run("no zone, no data", func(t *testing.T) {
		m, imds := mounting(t)
		imds.fault["placement/availability-zone"] = http.StatusNotFound
		if out, code := m.run("mount"); code != 1 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls()
	})
	t.Run("no logs", func(t *testing.T) {
		m, _ := mounting(t)
		m.command("mount", `case "$*" in *fs-2*) exit 32 ;; esac`)
		if out, code := m.run("mount"); code != 0 || !strings.Contains(out, "recovery logs of this boot stay on the instance") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(dataMount, logMount)
	})
	t.Run("mounted by an image's fstab", func(t *testing.T) {
		m, _ := mounting(t)
		m.command("mountpoint", `case "$*" in */data) exit 0 ;; esac; exit 1`)
		if out, code := m.run("mount"); code != 0 || !strings.Contains(out, "was mounted by somebody else") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("umount %s/data", dataMount, logMount)
	})
	t.Run("mounted by somebody and in use", func(t *testing.T) {
		m, _ := mounting(t)
		m.command("mountpoint", "exit 0")
		m.command("umount", "exit 1")
		if out, code := m.run("mount"); code != 1 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("umount %s/data")
	})
	t.Run("a gate that stays shut", func(t *testing.T) {
		m := newMachine(t, plan(), newMetadata(t, nil))
		m.command("systemctl", "exit 1")
		if out, code := m.run("mount"); code != 1 || !strings.Contains(out, "gate: not going on") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("systemctl start recovery-gate.service")
	})
	t.Run("unmount", func(t *testing.T) {
		m, _ := mounting(t)
		m.command("mountpoint", "exit 0")
		m.command("umount", `case "$*" in -l*) ;; */data) exit 1 ;; esac`)
		if out, code := m.run("unmount"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("umount %s/data", "umount -l %s/data", "umount %s/logs")
	})
}

const off = "systemctl poweroff --force"

func TestFault(t *testing.T) {
	t.Run("script, then off, once", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.write("recovery-fault-script", "#!/bin/sh\necho script \"$1\" >>"+m.path("calls")+"\nexit 7\n", 0o700)
		out, code := m.run("fault", "app.service")
		if code != 0 || !strings.Contains(out, "app.service has failed for good") || !strings.Contains(out, "the fault script ended with 7") || !strings.Contains(out, "POWERING OFF") {
			t.Errorf("exit %d: %s", code, out)
		}
		if out, code := m.run("fault", "other.service"); code != 0 || out != "" {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("script app.service", off)
	})
	t.Run("a script that hangs", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.set("FAULT_SECONDS", "0.1")
		m.write("recovery-fault-script", "#!/bin/sh\nexec sleep 1000\n", 0o700)
		if out, code := m.run("fault", "app.service"); code != 0 || !strings.Contains(out, "ended with 124") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(off)
	})
	t.Run("no script; systemd does not answer", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("systemctl", "exit 1")
		m.run("fault", "app.service")
		m.wantCalls(off, "poweroff -f")
	})
	t.Run("maintenance", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.write("run/maintenance", "", 0o600)
		if out, code := m.run("fault", "app.service"); code != 0 || !strings.Contains(out, "left alone") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls()
	})
	t.Run("the recovery log", func(t *testing.T) {
		m, _ := mounting(t)
		m.write("logs/node.log", "", 0o600)
		m.command("mountpoint", "exit 0")
		m.run("fault", "app.service")
		if log := m.read("logs/node.log"); !strings.Contains(log, " fault: app.service\n") {
			t.Errorf("log %q", log)
		}
	})
}

// TestCheck runs the loop until a condition on the calls holds.
func TestCheck(t *testing.T) {
	m := func(t *testing.T, check string) *machine {
		t.Helper()
		m := newMachine(t, plan(), nil)
		m.set("CHECK_INTERVAL", "0.01")
		m.write("recovery-check", "#!/bin/sh\n"+check+"\n", 0o700)
		return m
	}
	kill := "systemctl kill --signal=KILL app.service"
	t.Run("twice in a row is a crash; again and again", func(t *testing.T) {
		m := m(t, "echo a; echo the reason; exit 3")
		out := m.until(func() bool { return len(m.calls()) >= 2 })
		if calls := m.calls(); calls[0] != kill || calls[1] != kill {
			t.Errorf("calls %q", calls)
		}
		if !strings.Contains(out, "check: failed 1 of 2 times: the reason\nrecovery: check: failed 2 of 2 times: the reason\nrecovery: check: killing app.service") {
			t.Error(out)
		}
	})
	t.Run("success between failures", func(t *testing.T) {
		m := m(t, "")
		m.write("recovery-check", `#!/bin/sh
n=$(cat `+m.path("n")+` 2>/dev/null || echo 0); echo $((n + 1)) >`+m.path("n")+`
[ $((n % 2)) = 0 ]
`, 0o700)
		m.until(func() bool { return len(strings.TrimSpace(m.read("n"))) > 1 }) // ten times
		m.wantCalls()
	})
	t.Run("a check that hangs", func(t *testing.T) {
		m := m(t, "exec sleep 1000")
		m.set("CHECK_TIMEOUT", "0.05")
		m.until(func() bool { return len(m.calls()) > 0 })
		m.wantCalls(kill)
	})
	t.Run("a slow start", func(t *testing.T) {
		m := m(t, "echo x >>$RECOVERY_RUN/count; exit 1")
		m.set("CHECK_START", "3600")
		m.until(func() bool { return len(m.read("run/count")) > 20 })
		m.wantCalls()
	})
	t.Run("a failure after a success within the start time", func(t *testing.T) {
		m := m(t, "echo x >>$RECOVERY_RUN/count; [ $(wc -l <$RECOVERY_RUN/count) -lt 3 ]")
		m.set("CHECK_START", "3600")
		m.until(func() bool { return len(m.calls()) > 0 })
		if calls := m.calls(); calls[0] != kill {
			t.Errorf("calls %q", calls)
		}
	})
	for name, prepare := range map[string]func(*machine){
		"units that are down": func(m *machine) { m.command("systemctl", `[ "$1" != is-active ]`) },
		"maintenance":         func(m *machine) { m.write("run/maintenance", "", 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			m := m(t, "echo x >>$RECOVERY_RUN/count; exit 1")
			prepare(m)
			m.command("sleep", "exec "+real(t, "sleep")+" \"$@\"")
			m.until(func() bool { return strings.Count(m.read("calls"), "sleep") > 20 })
			if m.read("run/count") != "" {
				t.Error("the check ran")
			}
		})
	}
	t.Run("units that cannot be killed", func(t *testing.T) {
		m := m(t, "exit 1")
		m.command("systemctl", `[ "$1" != kill ]`)
		m.until(func() bool { return strings.Contains(m.read("calls"), off) })
		if calls := m.calls(); calls[0] != kill || calls[1] != off {
			t.Errorf("calls %q", calls)
		}
	})
}

// until runs the check loop until the condition holds.
func (m *machine) until(holds func() bool) string {
	m.t.Helper()
	ctx, cancel := context.WithCancel(m.t.Context())
	defer cancel()
	cmd := m.start(ctx, "check")
	wait.Until(m.t, "the check loop", holds)
	cancel()
	_ = cmd.Wait() // killed
	return m.read("said")
}

// TestPidFile: what the agent counts is there while the unit is up.
func TestPidFile(t *testing.T) {
	m := newMachine(t, plan(), nil)
	m.run("up", "app@main")
	if pid := m.read("run/app@main.pid"); pid != "1\n" {
		t.Errorf("a unit without a main process: %q", pid)
	}
	m.env = append(m.env, "MAINPID=42")
	m.run("up", "app@main")
	if pid := m.read("run/app@main.pid"); pid != "42\n" {
		t.Errorf("pid %q", pid)
	}
	if want := "/run/recovery/app@main.pid"; boot.PidFile("app@main.service") != want {
		t.Errorf("the agent reads %s, want %s", boot.PidFile("app@main.service"), want)
	}
	m.run("down", "app@main")
	if _, err := os.Stat(m.path("run/app@main.pid")); err == nil {
		t.Error("the file is still there")
	}
	if out, code := m.run("nonsense"); code != 2 || !strings.Contains(out, "usage: recovery-node") {
		t.Errorf("exit %d: %s", code, out)
	}
}
