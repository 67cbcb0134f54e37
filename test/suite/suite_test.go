// Package suite tests scripts/suite, which runs the project's checks.
package suite

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bash sources scripts/suite and runs a script in dir. It returns what the script printed and
// its exit code.
func bash(t *testing.T, dir, script string) (string, int) {
	t.Helper()
	path, err := filepath.Abs("../../scripts/suite")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "source "+path+"\n"+script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// closing is the output from the closing table on, without the columns of times.
func closing(t *testing.T, out string) []string {
	t.Helper()
	_, end, found := strings.Cut(out, "\npart ")
	if !found {
		t.Fatalf("there is no closing table:\n%s", out)
	}
	var lines []string
	for line := range strings.Lines("part " + end) {
		fields := strings.Fields(line)
		if len(fields) == 6 && fields[0] != "part" && !strings.HasSuffix(fields[0], ":") {
			fields = fields[:4]
		} else if fields[0] == "all" {
			fields = fields[:3]
		}
		lines = append(lines, strings.Join(fields, " "))
	}
	return lines
}

func TestClosingSummary(t *testing.T) {
	out, code := bash(t, t.TempDir(), `part() {
  case $1 in
  build) ;;
  unit) echo 5 1 1 >"$COUNTS"; echo "=== FAIL: internal/x TestY (0.00s)"; echo "=== SKIP: internal/x TestZ (0.00s)"; return 1 ;;
  vet) echo "not in Go"; return 3 ;;
  synth) echo 7 0 0 >"$COUNTS" ;;
  e2e) echo 0 0 0 >"$COUNTS" ;;
  roles) echo 2 0 0 >"$COUNTS"; return 1 ;;
  esac
}
suite build unit vet synth e2e roles`)
	want := []string{
		"part passed failed skipped seconds processor",
		"build 1 0 0", "unit 3 1 1", "vet 0 1 0", "synth 7 0 0", "e2e 0 1 0", "roles 2 1 0", "all 13 4",
		"skipped: unit: internal/x TestZ (0.00s)",
		"failed: unit: internal/x TestY (0.00s)", "failed: vet: see its output above",
		"failed: e2e: see its output above", "failed: roles: see its output above",
		"13 passed, 4 failed",
	}
	if diff := cmp.Diff(want, closing(t, out)); diff != "" {
		t.Errorf("closing summary (-want +got):\n%s", diff)
	}
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if out, code = bash(t, t.TempDir(), "part() { :; }\nsuite vet prose"); code != 0 || !strings.HasSuffix(out, "\n2 passed, 0 failed\n") {
		t.Errorf("exit code %d when all parts pass, want 0; the output ends otherwise than 2 passed, 0 failed:\n%s", code, out)
	}
}

// TestLanes would not end if the lanes ran one after the other, or if build did not run first.
func TestLanes(t *testing.T) {
	out, code := bash(t, t.TempDir(), `await() { until [ -e "$1" ]; do sleep 0.01; done; }
part() {
  [ "$1" = build ] || [ -e build ] || return 1
  case $1 in
  vet) await e2e; await synth ;;
  synth | e2e) touch "$1"; await prose ;;
  esac
  touch "$1"
  echo "$1 with '$nice'"
}
suite e2e vet synth prose build`)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	// The tests that wait go before the others that need a processor.
	for _, want := range []string{"build with ''", "vet with 'nice -n 5'", "synth with 'nice -n 5'", "\n== e2e\ne2e with ''\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
}

func TestUnknownPart(t *testing.T) {
	for _, parts := range []string{"", "unti"} {
		out, code := bash(t, t.TempDir(), "suite "+parts)
		if code == 0 || !strings.Contains(out, "allowed are build unit") {
			t.Errorf("suite %q: exit code %d, want a failure that names the parts:\n%s", parts, code, out)
		}
	}
}

func TestEveryPackageBelongsToExactlyOnePart(t *testing.T) {
	out, code := bash(t, "../..", `for part in unit $named; do packages "$part" | sed "s/^/$part /"; done; go list ./... | sed "s/^/all /"`)
	if code != 0 {
		t.Fatal(out)
	}
	parts := map[string][]string{}
	for line := range strings.Lines(out) {
		part, pkg, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts[pkg] = append(parts[pkg], part)
	}
	const module = "github.com/workload-recovery/workload-recovery/"
	for pkg, in := range parts {
		if len(in) != 2 || !slices.Contains(in, "all") {
			t.Errorf("%s belongs to the parts %v, want one beside all", pkg, in)
		}
	}
	for pkg, want := range map[string]string{"internal/decide": "unit", "test/sim": "unit", "test/sim/fixed": "simulation", "constructs/recovery": "roles", "test/cli": "e2e"} {
		if !slices.Contains(parts[module+pkg], want) {
			t.Errorf("%s belongs to %v, want %s", pkg, parts[module+pkg], want)
		}
	}
}

// TestGoTestsAreCounted runs gotestsum on tests that pass, fail, are skipped, end their
// process, and do not compile.
func TestGoTestsAreCounted(t *testing.T) {
	tools, err := filepath.Glob("../../.tools/bin/gotestsum-*")
	if err != nil || len(tools) == 0 {
		t.Skip("gotestsum is not installed: make tools installs it")
	}
	tool, err := filepath.Abs(tools[len(tools)-1])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ test, want string }{
		"all pass":          {"func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}", "2 passed, 0 failed"},
		"one fails":         {"func TestA(t *testing.T) { t.Error(1) }\nfunc TestB(t *testing.T) {}", "1 passed, 1 failed"},
		"one is skipped":    {"func TestA(t *testing.T) { t.Skip() }\nfunc TestB(t *testing.T) {}", "1 passed, 0 failed"},
		"the process ends":  {"func TestA(t *testing.T) { os.Exit(3) }", "0 passed, 1 failed"},
		"it does not build": {"func TestA(t *testing.T) { nothing }", "0 passed, 1 failed"},
		"TestMain fails":    {"func TestA(t *testing.T) {}\nfunc TestMain(m *testing.M) { os.Exit(1) }", "0 passed, 1 failed"},
		"no test":           {"", "0 passed, 1 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"go.mod": "module example\n\ngo 1.24\n", "a_test.go": "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nvar _ = os.Exit\nvar _ testing.TB\n" + c.test + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, code := bash(t, dir, "packages() { echo ./...; }\nGOTESTSUM="+tool+"\nsuite unit")
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if last := lines[len(lines)-1]; last != c.want {
				t.Errorf("last line %q, want %q:\n%s", last, c.want, out)
			}
			if failed := !strings.HasSuffix(c.want, " 0 failed"); (code != 0) != failed {
				t.Errorf("exit code %d with %q", code, c.want)
			}
		})
	}
}
