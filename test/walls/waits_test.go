package walls

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allowedWaits are the waits and limits of real time that tests, their tools and the scripts
// may have, by file, function and call. The reason says why a busy machine cannot make a test
// fail by it. Everything else waits for a condition: test/wait.
var allowedWaits = map[string]string{
	"test/wait/wait.go For time.After":                                     "the pause between two looks at a condition",
	"test/wait/wait.go Until context.WithDeadline":                         "reports the condition just before go test ends the package",
	"test/cli/main_test.go tick time.After":                                "the pause between two ticks of the schedule; no test counts ticks",
	"test/emulator/child/child.go Start SetReadDeadline":                   "ends a child that hangs, after half an hour; one that dies is noticed at once",
	"test/emulator/child/child.go Stop time.After":                         "how long a child may take to end before it is killed; it ends in both cases",
	"test/emulator/proxy/fault.go wait time.NewTimer":                      "the latency that a test injects",
	"test/emulator/runtimeapi/worker.go run time.NewTimer":                 "the function's time-out, as Lambda has it; a failed invocation is tried again",
	"test/emulator/runtimeapi/worker.go run time.Until":                    "the function's time-out, as Lambda has it; a failed invocation is tried again",
	"test/emulator/runtimeapi/testdata/echo/main.go main time.Sleep":       "a handler that hangs until it is killed, and one that looks for a file",
	"test/bench/function.go start time.After":                              "a measurement, not a test; ends a function that hangs",
	"internal/awscloud/body_test.go Read time.After":                       "lets a faulty transport close the connection; a correct one is never waited for",
	"internal/awscloud/zones_test.go TestAdviceDoesNotWaitLong time.Until": "compares a limit with the largest allowed one; time that passes makes it smaller",
	"scripts/mutation/tests.go run context.WithTimeout":                    "ends a mutant that hangs, after 90 minutes",
	"scripts/mutation/tests.go run WaitDelay":                              "a mutant may leave children that hold its output open",
	"scripts/mutation/main.go all time.Now().Before":                       "the time that the caller gives the whole search",
	"scripts/mutants/hunt.go hunt time.Now().After":                        "the time that the caller gives the whole hunt",
	"scripts/mutants/hunt.go round time.Until":                             "the time that the caller gives the whole hunt",
	"scripts/mutants/hunt.go chase time.Now().Before":                      "the time that the caller gives the whole hunt",
	"scripts/mutants/hunt.go chase time.Until":                             "the time that the caller gives the whole hunt",
	"scripts/mutants/hunt.go run context.WithTimeout":                      "the time that the caller gives the whole hunt",
}

// allowedLines are lines of scripts with a wait of their own, by file and line.
var allowedLines = map[string]string{}

// TestTestsWaitForConditions: no test is red because the machine is busy.
func TestTestsWaitForConditions(t *testing.T) {
	found := map[string]string{} // place: position
	for _, file := range files(t, ".go") {
		if !strings.HasPrefix(file, "test/") && !strings.HasPrefix(file, "scripts/") && !strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(found, waits(t, file, src))
	}
	compareWaits(t, found, allowedWaits, "wait for the condition instead (test/wait)")
}

// TestScriptsWaitForConditions reads the scripts that tests run.
func TestScriptsWaitForConditions(t *testing.T) {
	found := map[string]string{}
	for _, file := range files(t, ".txtar", ".sh") {
		if !strings.HasPrefix(file, "test/") {
			continue
		}
		src, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(found, scriptWaits(file, src))
	}
	compareWaits(t, found, allowedLines, "wait for the condition instead (await, condition, until)")
}

func compareWaits(t *testing.T, found, allowed map[string]string, advice string) {
	t.Helper()
	for _, place := range slices.Sorted(maps.Keys(found)) {
		if allowed[place] == "" {
			t.Errorf("%s: %q is a wait or a limit of real time, which a busy machine exceeds: %s, or add it to the allow list of test/walls/waits_test.go with its reason", found[place], place, advice)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(allowed)) {
		if found[place] == "" {
			t.Errorf("the allow list of test/walls/waits_test.go names %q, which does not exist: remove the entry", place)
		}
	}
}

// files are the module's files with one of these endings, without what is installed or built.
func files(t *testing.T, ends ...string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		if d.IsDir() && (slices.Contains([]string{".git", ".tools", "cdk.out", "dist"}, name) || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !d.IsDir() && slices.Contains(ends, filepath.Ext(name)) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("no file ends with %v (%v)", ends, err)
	}
	return names
}

var (
	waitCalls = []string{
		"time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker", "time.Until",
		"context.WithTimeout", "context.WithDeadline", "context.WithTimeoutCause", "context.WithDeadlineCause",
	}
	waitMethods = []string{"SetDeadline", "SetReadDeadline", "SetWriteDeadline"}
	waitFields  = map[string][]string{
		"http.Client": {"Timeout"}, "http.Server": {"ReadTimeout", "ReadHeaderTimeout", "WriteTimeout", "IdleTimeout"},
		"http.Transport": {"TLSHandshakeTimeout", "ResponseHeaderTimeout", "IdleConnTimeout"}, "net.Dialer": {"Timeout", "Deadline"},
	}
)

// waits finds waits and limits of real time in a Go file. Code inside synctest.Test has a
// clock of its own.
func waits(t *testing.T, file string, src []byte) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, decl := range f.Decls {
		function := "-"
		if fn, ok := decl.(*ast.FuncDecl); ok {
			function = fn.Name.Name
		}
		note := func(n ast.Node, call string) { found[file+" "+function+" "+call] = set.Position(n.Pos()).String() }
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if text(n.Fun) == "synctest.Test" {
					return false
				}
			case *ast.SelectorExpr:
				name := text(n)
				switch {
				case slices.Contains(waitCalls, name), name == "time.Now().After", name == "time.Now().Before":
					note(n, name)
				case slices.Contains(waitMethods, n.Sel.Name), n.Sel.Name == "WaitDelay":
					note(n, n.Sel.Name)
				}
			case *ast.CompositeLit:
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && slices.Contains(append(waitFields[text(n.Type)], "WaitDelay"), text(kv.Key)) {
						note(e, text(n.Type)+"."+text(kv.Key))
					}
				}
			}
			return true
		})
	}
	return found
}

// text is a name as it stands in the source: "time.Sleep", "time.Now().After".
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return text(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return text(e.Fun) + "()"
	case *ast.UnaryExpr:
		return text(e.X)
	}
	return ""
}

var (
	// A pause outside a loop, a limit of minutes or less on a command that must succeed, and a
	// loop that counts its looks.
	pauses  = regexp.MustCompile(`(?:^|exec )sleep [0-9.]+\s*$`)
	limits  = regexp.MustCompile(`(?:^|[ ;&|])timeout (?:-k [0-9]+ )?[0-9]|--(?:timeout|wait|objective)[ =][1-9][0-9.]*(?:ms|s|m)\b`)
	counted = regexp.MustCompile(`\bfor \w+ in (?:\$\(seq|1 2 3)`)
	refused = regexp.MustCompile(`^(?:! exec|exec sh each\.sh)|; echo code`)
)

// scriptWaits finds the same in a script. A command that is expected to fail may have a limit.
func scriptWaits(file string, src []byte) map[string]string {
	found := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(src))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		if pauses.MatchString(line) || counted.MatchString(line) || limits.MatchString(line) && !refused.MatchString(line) {
			found[file+": "+line] = fmt.Sprintf("%s:%d", file, n)
		}
	}
	return found
}

func TestWaitsAreFound(t *testing.T) {
	src := `package a
import ("context"; "net/http"; "testing/synctest"; "time")
func a() { time.Sleep(1); <-time.After(1); for time.Now().Before(end) {} }
func b() { context.WithTimeout(ctx, 1); cmd.WaitDelay = 1; c.SetReadDeadline(t); _ = &http.Client{Timeout: 1}; _ = options{Timeout: 1} }
func c() { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }
func d() { start := time.Now(); _ = time.Since(start) }
`
	want := []string{
		"a.go a time.After", "a.go a time.Now().Before", "a.go a time.Sleep",
		"a.go b SetReadDeadline", "a.go b WaitDelay", "a.go b context.WithTimeout", "a.go b http.Client.Timeout",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(waits(t, "a.go", []byte(src))))); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	script := "exec sleep 5\nsleep 0.5\n# sleep 1\nwhile sleep 0.1; do :; done\nexec recoveryctl watch --timeout 25s &all&\nexec recoveryctl drill 1 --timeout 3m\n" +
		"! exec recoveryctl pause 1 --wait 2s\nexec sh each.sh 7 watch --timeout 5s\nexec recoveryctl pause 1 --wait 0\nexec recoveryctl drill 1 --timeout 24h\nfor i in $(seq 20); do look; done\ntimeout 5 look\n"
	want = []string{
		"a.sh: exec recoveryctl drill 1 --timeout 3m", "a.sh: exec recoveryctl watch --timeout 25s &all&", "a.sh: exec sleep 5",
		"a.sh: for i in $(seq 20); do look; done", "a.sh: sleep 0.5", "a.sh: timeout 5 look",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(scriptWaits("a.sh", []byte(script))))); diff != "" {
		t.Errorf("waits of a script (-want +got):\n%s", diff)
	}
}

// TestGoTestHasALimitOf90Minutes: Go's own limit of 10 minutes, and the linter's, end what a
// busy machine slows down.
func TestGoTestHasALimitOf90Minutes(t *testing.T) {
	for file, rule := range map[string]struct{ runs, limit string }{
		"Makefile":      {`\bgo test `, `-timeout=90m`},
		".golangci.yml": {`^\s+timeout:`, `timeout: 90m`},
		"scripts/suite": {`^limit=|-- .*"\$@" \$list`, `=90m|-timeout="\$limit"`},
	} {
		src, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		runs := 0
		for i, line := range strings.Split(string(src), "\n") {
			if !strings.HasPrefix(line, "#") && regexp.MustCompile(rule.runs).MatchString(line) {
				runs++
				if !regexp.MustCompile(rule.limit).MatchString(line) {
					t.Errorf("%s:%d: %s: wanted the limit %s", file, i+1, strings.TrimSpace(line), rule.limit)
				}
			}
		}
		if runs == 0 {
			t.Errorf("%s has no line that matches %s: this test looks for the wrong thing", file, rule.runs)
		}
	}
}

// TestOnlyTestsRelaxLimits: a deployed program has the limits of its source.
func TestOnlyTestsRelaxLimits(t *testing.T) {
	uses := 0
	for _, file := range files(t, ".go", ".yml", ".sh") {
		src, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(src, []byte("timelimit.Relax")) && !bytes.Contains(src, []byte("timelimit.LinkerFlag")) && !bytes.Contains(src, []byte("timelimit.scale")) {
			continue
		}
		uses++
		if !strings.HasPrefix(file, "test/") && !strings.HasPrefix(file, "internal/timelimit/") && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s relaxes limits of time: only tests and test/ may", file)
		}
	}
	if uses < 3 {
		t.Errorf("%d files relax limits, wanted the tests' tools at least: this test looks for the wrong name", uses)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(makefile, []byte("timelimit")) {
		t.Error("the Makefile relaxes limits of time: it builds the program that is deployed")
	}
}
