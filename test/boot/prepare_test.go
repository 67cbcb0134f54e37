package boot

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestPrepare(t *testing.T) {
	start := []string{"systemctl daemon-reload", "systemctl stop app.service", "systemctl enable recovery-mount.service", "systemctl start recovery-mount.service"}
	agent := "agent-ctl -a fetch-config -m ec2 -s -c file:%s/agent.json"
	t.Run("an image that has everything", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("mount.efs", "")
		if out, code := m.run("prepare"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(append(start, agent)...)
	})
	t.Run("Amazon Linux", func(t *testing.T) {
		p := plan()
		p.Commands = "echo mine >>" + "$RECOVERY_RUN/mine"
		m := newMachine(t, p, nil)
		m.env[4] = "RECOVERY_AGENT=" + m.path("bin/later-ctl")
		m.command("yum", "mv "+m.path("bin/agent-ctl")+" "+m.path("bin/later-ctl"))
		m.command("systemctl", `[ "$1" != is-active ]`)
		if out, code := m.run("prepare"); code != 0 || m.read("run/mine") != "mine\n" {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(start[0], "yum install -y amazon-efs-utils amazon-cloudwatch-agent", start[2], start[3], agent)
	})
	t.Run("nobody wants the agent", func(t *testing.T) {
		p := plan()
		p.Agent = nil
		m := newMachine(t, p, nil)
		m.env[4] = "RECOVERY_AGENT=" + m.path("none")
		m.command("yum", "cp "+m.path("bin/dpkg")+" "+m.path("bin/mount.efs"))
		if out, code := m.run("prepare"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(start[0], start[1], "yum install -y amazon-efs-utils", start[2], start[3])
	})
	t.Run("the gate stays shut", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("mount.efs", "")
		m.command("systemctl", `[ "$1" != start ]`)
		if out, code := m.run("prepare"); code != 1 || !strings.Contains(out, "gate or mount: not going on") {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls(start...) // no agent, and no power off: the unit that failed does that
	})
	t.Run("a command that fails", func(t *testing.T) {
		p := plan()
		p.Commands = "set -e\nfalse\ntrue"
		m := newMachine(t, p, nil)
		if out, _ := m.run("prepare"); !strings.Contains(out, "PrepareCommands (1) has failed for good") || !strings.Contains(out, "prepare: not going on") {
			t.Error(out)
		}
		m.wantCalls(start[0], start[1], off)
	})
	t.Run("no agent", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("mount.efs", "")
		m.command("agent-ctl", "exit 1")
		if out, code := m.run("prepare"); code != 0 || !strings.Contains(out, "agent: NOT RUNNING") {
			t.Errorf("exit %d: %s", code, out)
		}
	})
}

// TestInstall: other distributions have no amazon-efs-utils, and the agent is AWS's
// own package.
func TestInstall(t *testing.T) {
	for _, c := range []struct{ os, url, with string }{
		{"ID=ubuntu\nID_LIKE=debian\n", "ubuntu/%s/latest/amazon-cloudwatch-agent.deb", "dpkg -i %s/run/agent.deb"},
		{"ID=debian\n", "debian/%s/latest/amazon-cloudwatch-agent.deb", "dpkg -i %s/run/agent.deb"},
		{"ID=\"rhel\"\nID_LIKE=\"fedora\"\n", "redhat/%s/latest/amazon-cloudwatch-agent.rpm", "rpm -U %s/run/agent.rpm"},
		{"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "redhat/%s/latest/amazon-cloudwatch-agent.rpm", "rpm -U %s/run/agent.rpm"},
	} {
		for cpu, name := range map[string]string{"aarch64": "arm64", "x86_64": "amd64"} {
			t.Run(strings.Fields(c.os)[0]+" "+cpu, func(t *testing.T) {
				m := newMachine(t, plan(), newMetadata(t, nil))
				m.write("os-release", c.os, 0o600)
				m.command("mount.efs", "")
				m.command("uname", "echo "+cpu)
				m.env[4] = "RECOVERY_AGENT=" + m.path("none")
				real, err := exec.LookPath("curl")
				if err != nil {
					t.Fatal(err)
				}
				m.write("bin/curl", "#!/bin/sh\ncase \"$*\" in *amazonaws.com*) echo curl \"$@\" >>"+m.path("calls")+"; exit 0 ;; esac\nexec "+real+" \"$@\"\n", 0o700)
				m.command("uname", "echo "+cpu)
				m.run("prepare")
				calls := m.calls()
				url := "https://amazoncloudwatch-agent-us-east-1.s3.us-east-1.amazonaws.com/" + fmt.Sprintf(c.url, name)
				if len(calls) < 5 || !strings.HasSuffix(calls[3], url) || calls[4] != strings.ReplaceAll(c.with, "%s", m.dir) {
					t.Errorf("calls %q, want %s and %s", calls, url, c.with)
				}
			})
		}
	}
	t.Run("no mount helper", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.write("os-release", "ID=debian\n", 0o600)
		out, _ := m.run("prepare")
		if !strings.Contains(out, "mount.efs is missing and no repository of 'debian ' has it: the image, or PrepareCommands, must bring amazon-efs-utils") {
			t.Error(out)
		}
		m.wantCalls("systemctl daemon-reload", "systemctl stop app.service", off)
	})
	t.Run("a repository that does not answer", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("yum", "exit 1")
		out, _ := m.run("prepare")
		install := "yum install -y amazon-efs-utils"
		m.wantCalls("systemctl daemon-reload", "systemctl stop app.service", install, install, install, off)
		if !strings.Contains(out, "install: not going on") {
			t.Error(out)
		}
	})
}

func TestStart(t *testing.T) {
	t.Run("units and check", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		if out, code := m.run("start"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls("systemctl daemon-reload", "systemctl enable app.service recovery-check.service", "systemctl start --no-block app.service recovery-check.service")
	})
	t.Run("no check", func(t *testing.T) {
		p := plan()
		p.Application.Check = nil
		m := newMachine(t, p, nil)
		m.run("start")
		m.wantCalls("systemctl daemon-reload", "systemctl enable app.service", "systemctl start --no-block app.service")
	})
	t.Run("a unit that is not there", func(t *testing.T) {
		m := newMachine(t, plan(), nil)
		m.command("systemctl", `[ "$1" != cat ]`)
		if out, _ := m.run("start"); !strings.Contains(out, "app.service, which is not installed, has failed for good") {
			t.Error(out)
		}
		m.wantCalls("systemctl daemon-reload", off)
	})
	t.Run("no application", func(t *testing.T) {
		p := plan()
		p.Application = nil
		m := newMachine(t, p, nil)
		if out, code := m.run("start"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		m.wantCalls()
	})
}
