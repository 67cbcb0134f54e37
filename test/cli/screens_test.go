package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/test/emulator/world"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

var update = flag.Bool("update", false, "rewrite docs/cli/screens.md from a session in the emulator")

const screens = "../../docs/cli/screens.md"

// TestScreens has a session in the emulator and compares it with the page of screens,
// ids, times and the lines of a watch aside; those are never twice the same.
func TestScreens(t *testing.T) {
	a, settings, err := open(world.Options{Pending: 2, Initial: 3})
	if a != nil {
		t.Cleanup(func() {
			for _, f := range a.end() {
				t.Error(f)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	page.WriteString("# Screens\n\n<!-- Made by `make screens`. Do not edit. -->\n\nA session in the emulator, where instances boot and stop at once: the times say nothing of AWS.\n")
	title := func(text string) { fmt.Fprintf(&page, "\n## %s\n", text) }
	shell := func(args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(shared.tools, "recoveryctl"), args...)
		cmd.Env = append(os.Environ(), settings...)
		return cmd
	}
	note := func(args []string, out []byte) {
		fmt.Fprintf(&page, "\n```console\n$ recoveryctl %s\n%s```\n", strings.Join(args, " "), out)
	}
	run := func(args ...string) {
		out, err := shell(args...).CombinedOutput()
		if code := shellCode(err); code != 0 && code != 4 {
			t.Fatalf("recoveryctl %v: exit code %d\n%s", args, code, out)
		}
		note(args, out)
	}
	ctx := context.Background()

	title("All is well")
	run("status")
	title("A node fails")
	watch := shell("watch", "1", "--wait")
	seen, err := os.Create(filepath.Join(t.TempDir(), "watch"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = seen.Close() }()
	watch.Stdout, watch.Stderr = seen, seen
	written := func() []byte {
		text, err := os.ReadFile(seen.Name())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the start of watch", func() bool { return bytes.Contains(written(), []byte("waiting for its next switch")) })
	n, err := a.s.Node(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.s.FailApplication(ctx, n.Grant.Instance)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Deliver(ctx, e); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); err != nil {
		t.Fatalf("watch: %v\n%s", err, written())
	}
	a.Settle()
	note([]string{"watch", "1", "--wait"}, written())
	run("history", "1", "--last", "1")
	title("Something is not as it should be")
	if err := faults["tag"](ctx, a, []string{"2", a.s.Settings.TargetTag, "false"}); err != nil {
		t.Fatal(err)
	}
	run("doctor")
	title("What would happen")
	run("plan", "1", "--fail-node")

	if *update {
		if err := os.WriteFile(screens, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(screens)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(masked(string(kept)), masked(page.String())); diff != "" {
		t.Errorf("docs/cli/screens.md is out of date; run make screens (-kept +now)\n%s", diff)
	}
}

func shellCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // exec's own answer
		return exit.ExitCode()
	}
	return -1
}

var (
	watchLine = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\dZ  node.*\n`)
	changing  = regexp.MustCompile(`\d+(\.\d+)?s\b|\d+m\d\ds|\d+h\d\dm|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ|\b(i|vpc|subnet|sg|eni|ami|lt)-[0-9a-f]+|\d{12}|-[0-9a-f]{8}\b|/[0-9a-f]{16}\b|\b\d+ calls?\b|calls  \d+`)
	spaces    = regexp.MustCompile(` +`)
)

// masked is a page without what changes from run to run.
func masked(page string) []string {
	page = changing.ReplaceAllString(watchLine.ReplaceAllString(page, ""), "…")
	return strings.Split(spaces.ReplaceAllString(page, " "), "\n")
}
