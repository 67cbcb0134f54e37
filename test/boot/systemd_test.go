package boot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/workload-recovery/workload-recovery/internal/boot"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

// world is one boot of a real systemd.
type world struct {
	t   *testing.T
	dir string
}

// newWorld makes the root's content, or skips the test where no systemd can be
// started: it takes root and a version 2 cgroup.
func newWorld(t *testing.T, plan boot.Plan, imds *metadata) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a systemd can be started by root only")
	}
	for _, tool := range []string{"unshare", "chroot", "bash", "curl", "/usr/lib/systemd/systemd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	w := &world{t: t, dir: t.TempDir()}
	w.write("hook", plan.Hook(), 0o600)
	w.write("system.conf", fmt.Sprintf("[Manager]\nDefaultEnvironment=RECOVERY_METADATA=%s/latest RECOVERY_POLL=0.02 RECOVERY_STAY=infinity\nDefaultTimeoutStartSec=infinity\nDefaultTimeoutStopSec=infinity\n", imds.URL), 0o600)
	for _, target := range []string{"sysinit", "basic", "multi-user", "network-online", "shutdown", "umount"} {
		w.unit(target+".target", "[Unit]\nDescription="+target+"\n")
	}
	w.unit("multi-user.target", "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n")
	w.unit("boot.target", "[Unit]\nWants=multi-user.target\n")
	// What units say goes to one file instead of journal and console.
	w.unit("service.d/test.conf", "[Service]\nStandardOutput=append:/out/journal\nStandardError=append:/out/journal\n")
	w.unit("app.service", "[Service]\nExecStart=/usr/local/sbin/app\n[Install]\nWantedBy=multi-user.target\n")
	for name, text := range patient {
		w.command(name, strings.ReplaceAll(text, "REAL", real(t, name)))
	}
	w.command("mount", "echo mount >>/out/log")
	w.command("mountpoint", "exit 1")
	w.command("umount", "echo umount >>/out/log")
	w.command("mount.efs", "")
	w.command("app", "echo app >>/out/log; exit 1")
	w.write("enabled", "", 0o600)
	return w
}

func (w *world) write(name, text string, mode os.FileMode) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) unit(name, text string) { w.write("units/"+name, text, 0o600) }

func (w *world) command(name, text string) {
	w.write("commands/"+name, "#!/bin/sh\n"+text+"\n", 0o700)
}

// firstBoot runs the parts as cloud-init's last unit does.
func (w *world) firstBoot() {
	w.unit("boot.target", "[Unit]\nWants=multi-user.target cloud-final.service\n")
	w.unit("cloud-final.service", "[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/sh -c '/out/prepare; echo user >>/out/log; /out/start'\n")
	w.write("prepare", boot.Prepare, 0o700)
	w.write("start", boot.Start, 0o700)
}

// run boots until it powers itself off, and returns what happened.
func (w *world) run() (log []string, journal string) {
	w.t.Helper()
	return w.runUntil(syscall.SIGINT)
}

// runUntil boots until the kernel ends the namespace: with SIGINT when it powers off,
// with SIGHUP when it reboots.
func (w *world) runUntil(end syscall.Signal) (log []string, journal string) {
	w.t.Helper()
	script, err := filepath.Abs("systemd.sh")
	if err != nil {
		w.t.Fatal(err)
	}
	cgroup := filepath.Join(cgroups(w.t), strings.ReplaceAll(strings.TrimPrefix(w.dir, "/"), "/", "-"))
	defer removeCgroup(w.t, cgroup)
	said, err := os.Create(filepath.Join(w.dir, "said"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = said.Close() }()
	cmd := exec.CommandContext(w.t.Context(), "bash", script, w.dir, cgroup)
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	out := w.read("said")
	journal = w.read("journal")
	if strings.Contains(out, "Operation not permitted") || strings.Contains(out, "Permission denied") {
		w.t.Skipf("this machine does not allow to start a systemd: %s", out)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != end {
		w.t.Fatalf("it was not ended by %v but with %v: %s\nlog\n%s\njournal\n%s", end, err, out, w.read("log"), journal)
	}
	return strings.Fields(w.read("log")), journal
}

func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(text)
}

// cgroups is where version 2 is mounted.
func cgroups(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			return f[1]
		}
	}
	t.Skip("no cgroup of version 2 is mounted")
	return ""
}

// removeCgroup removes what systemd made below it, innermost first, once the kernel
// has buried the processes.
func removeCgroup(t *testing.T, top string) {
	var dirs []string
	_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		wait.Until(t, "the removal of "+dirs[i], func() bool { return os.Remove(dirs[i]) == nil })
	}
}

func quick() boot.Plan {
	p := plan()
	p.Agent = nil
	p.Application.Check = nil
	p.Application.FaultScript = "echo \"script-$1\" >>/out/log"
	return p
}

// opening is a gate that opens at the third question.
func opening(t *testing.T) *metadata {
	imds := newMetadata(t, map[string]string{"recovery:gate": "-", "recovery:epoch": "2"})
	imds.onAsk = func(m *metadata, path string, times int) {
		if path == "tags/instance" && times == 3 {
			m.tag(map[string]string{"recovery:gate": self + ":2", "recovery:epoch": "2"})
		}
	}
	return imds
}

func wantLog(t *testing.T, got []string, journal string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what happened (-want +got):\n%s\njournal\n%s", diff, journal)
	}
}

// TestSystemdFirstBoot: the gate, the mounts, the user's script and the application, in
// this order; then as many starts as allowed, the fault script, and off.
func TestSystemdFirstBoot(t *testing.T) {
	w := newWorld(t, quick(), opening(t))
	w.firstBoot()
	log, journal := w.run()
	wantLog(t, log, journal, "mount", "mount", "user", "app", "app", "app", "script-app.service")
	for _, want := range []string{"gate: shut: the tag recovery:gate is closed", "gate: open: granted to i-0aaa in epoch 2", "app.service has failed for good"} {
		if !strings.Contains(journal, want) {
			t.Errorf("the journal lacks %q:\n%s", want, journal)
		}
	}
}

// TestSystemdLaterBoot: what is enabled waits for the gate by itself.
func TestSystemdLaterBoot(t *testing.T) {
	w := newWorld(t, quick(), opening(t))
	w.write("enabled", "app.service\nrecovery-mount.service\n", 0o600)
	log, journal := w.run()
	wantLog(t, log, journal, "mount", "mount", "app", "app", "app", "script-app.service")
}

// TestSystemdShutGate: nothing is mounted or started, at the first boot and later.
func TestSystemdShutGate(t *testing.T) {
	p := quick()
	p.GateSeconds = 1
	tags := map[string]string{"recovery:gate": "-", "recovery:epoch": "2"}
	first := newWorld(t, p, newMetadata(t, tags))
	first.firstBoot()
	log, journal := first.run()
	wantLog(t, log, journal)
	if !strings.Contains(journal, "gate: GIVING UP") {
		t.Errorf("journal\n%s", journal)
	}
	later := newWorld(t, p, newMetadata(t, tags))
	later.write("enabled", "app.service\nrecovery-mount.service\n", 0o600)
	log, journal = later.run()
	wantLog(t, log, journal)
}

// TestSystemdStaleImage: an image that was made of an instance without a gate has its
// units enabled and read before the boothook writes those with a gate.
func TestSystemdStaleImage(t *testing.T) {
	stale := quick()
	stale.Gate = false
	w := newWorld(t, stale, newMetadata(t, map[string]string{"recovery:gate": "-", "recovery:epoch": "2"}))
	p := quick()
	p.GateSeconds = 1
	w.write("newhook", p.Hook(), 0o700)
	w.unit("cloud-init.service", "[Unit]\nDefaultDependencies=no\nBefore=network-online.target\n[Service]\nType=oneshot\nEnvironment=INSTANCE_ID=i-0aab\nExecStart=/bin/sh -c '/out/newhook && echo hook >>/out/log'\n")
	w.write("enabled", "app.service\nrecovery-mount.service\ncloud-init.service\n", 0o600)
	log, journal := w.run()
	wantLog(t, log, journal, "hook")
	if !strings.Contains(journal, "gate: GIVING UP") {
		t.Errorf("journal\n%s", journal)
	}
}

// TestSystemdNoData: data that cannot be mounted is a fault, and nothing is started.
func TestSystemdNoData(t *testing.T) {
	p := quick()
	p.Gate = false
	w := newWorld(t, p, newMetadata(t, nil))
	w.command("mount", "exit 32")
	w.firstBoot()
	log, journal := w.run()
	wantLog(t, log, journal, "script-recovery-mount.service")
}

// TestSystemdHang: a check that fails makes a crash of the hang, within the same limits.
// The file that the agent counts comes and goes with the unit.
func TestSystemdHang(t *testing.T) {
	p := quick()
	p.Gate = false
	p.Application.Check = &boot.Check{Command: "[ -e /run/recovery/app.pid ] && echo up >>/out/log; false", IntervalSeconds: 1, TimeoutSeconds: 3600, Failures: 1}
	p.Application.FaultScript = "[ -e /run/recovery/app.pid ] || echo down >>/out/log"
	w := newWorld(t, p, newMetadata(t, nil))
	w.command("app", "echo app >>/out/log; exec sleep infinity")
	w.firstBoot()
	log, journal := w.run()
	wantLog(t, log, journal, "mount", "mount", "user", "app", "up", "app", "up", "app", "up", "down")
}

// TestSystemdStop: a person who stops the application, and a clean end, power nothing
// off; one who stops what ends with an error does, unless the file maintenance exists.
func TestSystemdStop(t *testing.T) {
	p := quick()
	p.Gate = false
	w := newWorld(t, p, newMetadata(t, nil))
	w.command("app", "trap 'exit 143' TERM; echo app >>/out/log; while sleep 0.1; do :; done")
	w.write("enabled", "app.service\nrecovery-mount.service\nperson.service\n", 0o600)
	w.unit("person.service", "[Unit]\nAfter=app.service\n[Service]\nType=oneshot\nExecStart=/usr/local/sbin/person\n")
	w.command("person", `until grep -q app /out/log; do sleep 0.05; done
systemctl stop app
systemctl is-failed app || echo stopped >>/out/log
systemctl start app
touch /run/recovery/maintenance
until systemctl is-failed app; do systemctl kill --signal=KILL app; sleep 0.1; done
systemctl is-failed app && echo maintained >>/out/log
systemctl poweroff --force`)
	log, journal := w.run()
	if len(log) < 5 || log[2] != "app" || log[3] != "stopped" || log[len(log)-1] != "maintained" {
		t.Errorf("log %q, journal\n%s", log, journal)
	}
	if strings.Contains(journal, "POWERING OFF") || !strings.Contains(journal, "left alone, since /run/recovery/maintenance exists") {
		t.Errorf("journal\n%s", journal)
	}
}

// TestSystemdReboot: an application that ends with an error when the system reboots
// does not turn the reboot into a power off.
func TestSystemdReboot(t *testing.T) {
	p := quick()
	p.Gate = false
	w := newWorld(t, p, newMetadata(t, nil))
	w.unit("final.target", "[Unit]\nDefaultDependencies=no\nAfter=shutdown.target umount.target\n")
	w.unit("shutdown.target", "[Unit]\nDefaultDependencies=no\n")
	w.unit("umount.target", "[Unit]\nDefaultDependencies=no\n")
	w.unit("systemd-reboot.service", "[Unit]\nDefaultDependencies=no\nRequires=shutdown.target umount.target final.target\nAfter=shutdown.target umount.target final.target\nSuccessAction=reboot-force\n[Service]\nType=oneshot\nExecStart=/bin/true\n")
	w.unit("reboot.target", "[Unit]\nDefaultDependencies=no\nRequires=systemd-reboot.service\nAfter=systemd-reboot.service\nAllowIsolate=yes\nJobTimeoutSec=24h\nJobTimeoutAction=poweroff-force\n")
	w.command("app", "trap 'echo stopped >>/out/log; exit 1' TERM; echo app >>/out/log; while sleep 0.1; do :; done")
	w.write("enabled", "app.service\nrecovery-mount.service\nperson.service\n", 0o600)
	w.unit("person.service", "[Unit]\nAfter=app.service\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'until grep -q app /out/log; do sleep 0.05; done; systemctl --no-block reboot'\n")
	log, journal := w.runUntil(syscall.SIGHUP)
	wantLog(t, log, journal, "mount", "mount", "app", "stopped")
	if strings.Contains(journal, "has failed for good") {
		t.Errorf("journal\n%s", journal)
	}
}
