package boot

import (
	"net/http"
	"strings"
	"testing"
)

// TestGate looks once: with no time to wait the gate opens at once or gives up.
func TestGate(t *testing.T) {
	tags := func(gate, epoch string) map[string]string {
		out := map[string]string{"Name": "db"}
		if gate != "" {
			out["recovery:gate"] = gate
		}
		if epoch != "" {
			out["recovery:epoch"] = epoch
		}
		return out
	}
	for _, c := range []struct {
		name  string
		tags  map[string]string
		open  bool
		wants string
	}{
		{"granted in the epoch of the launch", tags(self+":3", "3"), true, "open: granted to i-0aaa in epoch 3"},
		{"granted again in place", tags(self+":12", "3"), true, "in epoch 12"},
		{"not launched by the switcher", tags(self+":1", ""), true, "in epoch 1"},
		{"not granted", tags("", "3"), false, "not granted yet"},
		{"revoked", tags("-", "3"), false, "the grant was revoked"},
		{"another's", tags("i-0bbb:3", "3"), false, "'i-0bbb:3' and does not name i-0aaa"},
		{"another's that begins alike", tags(self+"0:3", "3"), false, "does not name i-0aaa"},
		{"a pattern", tags("*:3", "3"), false, "does not name i-0aaa"},
		{"an epoch before the launch", tags(self+":2", "3"), false, "of an epoch before the launch in 3"},
		{"no epoch", tags(self+":", "3"), false, "hold no epochs"},
		{"no number", tags(self+":3x", "3"), false, "hold no epochs"},
		{"negative", tags(self+":-1", "3"), false, "hold no epochs"},
		{"too long for the shell", tags(self+":99999999999999999999", "3"), false, "hold no epochs"},
		{"a launch epoch that is none", tags(self+":3", "x"), false, "hold no epochs"},
		{"a text that looks like the answer", tags("open: yes", "3"), false, "does not name"},
		{"no tags in the metadata", nil, false, "the instance metadata, or the tags in it, cannot be read"},
	} {
		for _, sh := range [][]string{{"sh"}, {"bash", "--posix"}} {
			t.Run(c.name+" "+sh[0], func(t *testing.T) {
				m := newMachine(t, plan(), newMetadata(t, c.tags))
				m.sh = sh
				m.set("GATE_SECONDS", "0")
				m.judge(c.open, c.wants)
			})
		}
	}
}

// judge runs the gate once.
func (m *machine) judge(open bool, wants string) {
	m.t.Helper()
	out, code := m.run("gate")
	if (code == 0) != open || strings.Contains(out, "GIVING UP") == open || !strings.Contains(out, wants) {
		m.t.Errorf("exit %d: %s\nwant open=%v and %q", code, out, open, wants)
	}
	if calls := m.calls(); len(calls) != 0 {
		m.t.Errorf("the gate called %q", calls)
	}
}

// TestGateWithoutMetadata: whatever cannot be read keeps it shut.
func TestGateWithoutMetadata(t *testing.T) {
	granted := map[string]string{"recovery:gate": self + ":3", "recovery:epoch": "3"}
	for path, wants := range map[string]string{
		"instance-id": "cannot be read", "tags/instance": "cannot be read",
		"tags/instance/recovery:gate": "'?' and does not name", "tags/instance/recovery:epoch": "hold no epochs",
	} {
		t.Run(path, func(t *testing.T) {
			imds := newMetadata(t, granted)
			imds.fault[path] = http.StatusInternalServerError
			m := newMachine(t, plan(), imds)
			m.set("GATE_SECONDS", "0")
			m.judge(false, wants)
		})
	}
	t.Run("down", func(t *testing.T) {
		imds := newMetadata(t, granted)
		m := newMachine(t, plan(), imds)
		imds.Close()
		m.set("GATE_SECONDS", "0")
		m.judge(false, "cannot be read")
	})
	t.Run("no curl", func(t *testing.T) {
		m := newMachine(t, plan(), newMetadata(t, granted))
		m.command("curl", "exit 127")
		m.set("GATE_SECONDS", "0")
		if out, code := m.run("gate"); code != 1 || !strings.Contains(out, "cannot be read") {
			t.Errorf("exit %d: %s", code, out)
		}
	})
}

// TestGateOpensLater: it keeps asking, through faults of the metadata service.
func TestGateOpensLater(t *testing.T) {
	imds := newMetadata(t, map[string]string{"recovery:gate": "-", "recovery:epoch": "3"})
	imds.onAsk = func(m *metadata, path string, times int) {
		if path != "instance-id" {
			return
		}
		m.fault["tags/instance"] = 0
		switch times {
		case 3:
			m.fault["tags/instance"] = http.StatusServiceUnavailable
		case 4:
			m.tag(map[string]string{"recovery:gate": "i-0bbb:4", "recovery:epoch": "3"})
		case 5:
			m.tag(map[string]string{"recovery:gate": self + ":4", "recovery:epoch": "3"})
		}
	}
	m := newMachine(t, plan(), imds)
	out, code := m.run("gate")
	if code != 0 || !strings.Contains(out, "gate: shut: the tag recovery:gate is closed") || !strings.Contains(out, "gate: open: granted to i-0aaa in epoch 4") {
		t.Errorf("exit %d: %s", code, out)
	}
	if imds.asked["instance-id"] != 5 {
		t.Errorf("it asked %d times", imds.asked["instance-id"])
	}
}
