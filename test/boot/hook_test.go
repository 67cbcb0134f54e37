package boot

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// TestHook runs the boothook with its files below another root.
func TestHook(t *testing.T) {
	dir := t.TempDir()
	run := func(instance string, p boot.Plan) {
		t.Helper()
		text := strings.NewReplacer("/etc/recovery", dir+"/etc/recovery", "/usr/local/sbin/recovery-", dir+"/sbin/recovery-",
			"/etc/systemd/system", dir+"/systemd", "systemctl daemon-reload", "echo reload >>"+dir+"/reloads").Replace(p.Hook())
		cmd := exec.Command("sh", "-eu")
		cmd.Env = []string{"INSTANCE_ID=" + instance, "PATH=" + os.Getenv("PATH")}
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v: %s", err, out)
		}
	}
	at := func(f boot.File) string {
		return strings.NewReplacer("/etc/recovery", dir+"/etc/recovery", "/usr/local/sbin/", dir+"/sbin/", "/etc/systemd/system", dir+"/systemd").Replace(f.Path)
	}
	check := func(p boot.Plan) {
		t.Helper()
		for _, f := range p.Files() {
			got, err := os.ReadFile(at(f))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("/usr/local/sbin/recovery-", dir+"/sbin/recovery-", "/etc/recovery", dir+"/etc/recovery", "systemctl daemon-reload", "echo reload >>"+dir+"/reloads").Replace(f.Text)
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", f.Path, diff)
			}
			if info, err := os.Stat(at(f)); err != nil || info.Mode().Perm()&0o111 != 0 != f.Executable {
				t.Errorf("%s: mode %v, %v", f.Path, info.Mode(), err)
			}
		}
	}
	full := plan()
	full.Application.FaultScript, full.Commands = `echo "$1" \$x '`+"`id`'", "true"
	run("i-1", full)
	check(full)
	// A person's change stays at the next boot of this instance.
	if err := os.WriteFile(dir+"/etc/recovery/node.conf", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("i-1", full)
	if text, _ := os.ReadFile(dir + "/etc/recovery/node.conf"); string(text) != "mine" {
		t.Errorf("the second boot wrote %q", text)
	}
	// Another instance, of an image of the first: what it brought is gone.
	plain := plan()
	plain.Gate, plain.Application, plain.Agent = false, nil, nil
	run("i-2", plain)
	check(plain)
	for _, f := range full.Files()[5:] {
		if _, err := os.Stat(at(f)); err == nil {
			t.Errorf("%s of another instance is still there", f.Path)
		}
	}
	if text, _ := os.ReadFile(dir + "/reloads"); string(text) != "reload\nreload\n" {
		t.Errorf("reloads: %q", text)
	}
}
