package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// part is one kind of check.
type part struct {
	name, about string
	lane        lane
	run         func(context.Context, io.Writer) tally
}

// lane says beside what a part runs: the parts of a lane one at a time, the lanes side by
// side. Two that compute keep two processors busy, since Node and a test take turns.
type lane int

const (
	computes    lane = iota // on all processors
	synthesises             // by Node, on one
	waits                   // more than it computes, and by the clock: served before the others
	first                   // before all lanes, which need what it makes
)

// packageParts says which part tests which packages: the first whose folder
// holds the package. Every other package belongs to the unit tests, so that none
// is ever left out.
var packageParts = []struct {
	name    string
	folders []string
}{
	{"node", []string{"test/boot"}},
	{"walls", []string{"test/walls"}},
	{"documents", []string{"test/docs"}},
	{"simulation", []string{"test/sim/fixed"}},
	{"template", []string{"test/template"}},
	{"roles", []string{"test/permissions", "constructs"}},
	{"consumer", []string{"test/consumer"}},
	{"node-versions", []string{"test/nodes"}},
	{"emulator", []string{"test/emulator", "test/contracts"}},
	{"e2e", []string{"test/e2e", "test/cli", "test/demo"}},
}

// parts lists all parts in the order they run.
func parts() []part {
	return []part{
		{"build", "the switcher for Lambda", first, command("make", "--no-print-directory", "build")},
		{"emulator", "the SDK adapters and the test tools against moto and dynalite", computes, goTest("emulator", nil, "-count=1", "-p=1")},
		{"unit", "pure packages and in-memory fakes", computes, goTest("unit", nil)},
		{"simulation", "the engine under faults: 2,000 fixed seeds", computes, goTest("simulation", nil)},
		{"fresh", "the same with 25 seeds that nobody has run before", computes, command("go", "run", "./test/sim/campaign", "-seeds=0", "-fresh=25")},
		// -count=1: Go's test cache does not see the machine's systemd and shells.
		{"node", "what an instance runs by itself: scripts as processes, units under a real systemd", computes, goTest("node", nil, "-count=1")},
		{"walls", "which package may import what", computes, goTest("walls", nil, "-count=1")},
		{"documents", "links, names and generated pages", computes, goTest("documents", nil, "-count=1")},
		{"template", "the synthesised CloudFormation", synthesises, synthTest("template")},
		// -count=1: Go's test cache does not see the files that Node reads.
		{"roles", "simulated calls against the synthesised roles, and the examples of the package", synthesises, synthTest("roles", "-count=1", "-p=1")},
		// -count=1: Go's test cache does not see what git and the proxy would hand out.
		{"consumer", "a module elsewhere that imports a release of this tree", synthesises, goTest("consumer", nil, "-count=1")},
		// Not in test: it fetches three releases of Node.js.
		{"node-versions", "the example under each Node.js that is supported", synthesises, goTest("node-versions", nil, "-count=1")},
		{"synth", "the ready-made stacks, with CDK's validation", synthesises, command("make", "--no-print-directory", "synth", "dist/multi/.stamp")},
		{"cfn-lint", "the synthesised templates against CloudFormation's schemas", synthesises, cfnLint},
		{"schemas", "the list of properties that replace a resource against CloudFormation's schemas", synthesises, command(".tools/venv/bin/python", "scripts/schemas/createonly.py", "test/template/testdata/create-only.json", "--check")},
		// They wait more than they compute: many side by side.
		{"e2e", "the real binary against moto", waits, goTest("e2e", nil, "-count=1", "-p=3", "-parallel=16")},
		{"vet", "go vet", computes, command("go", "vet", "./...")},
		{"golangci", "golangci-lint, with gofumpt", computes, command(golangciLint(), "run")},
		{"prose", "the sentences of comments, messages and documents", computes, command("go", "run", "./scripts/prose")},
		{"shellcheck", "the shell scripts", computes, command(".tools/venv/bin/shellcheck", ".ci/run", "scripts/preflight", "internal/boot/node.sh", "test/boot/systemd.sh")},
	}
}

// groups are short names for several parts.
var groups = map[string][]string{
	"test": {"build", "unit", "simulation", "fresh", "node", "walls", "documents", "template", "roles", "consumer", "synth", "cfn-lint", "schemas", "emulator", "e2e"},
	"lint": {"vet", "golangci", "prose", "shellcheck"},
}

// choose returns the named parts and groups' parts, in the table's order.
func choose(names []string) ([]part, error) {
	var wanted, known []string
	all := parts()
	for _, p := range all {
		known = append(known, p.name)
	}
	for _, name := range names {
		switch {
		case groups[name] != nil:
			wanted = append(wanted, groups[name]...)
		case slices.Contains(known, name):
			wanted = append(wanted, name)
		default:
			return nil, fmt.Errorf("no part is named %q: allowed are test, lint, %s", name, strings.Join(known, ", "))
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("name at least one part: test, lint, %s", strings.Join(known, ", "))
	}
	return slices.DeleteFunc(all, func(p part) bool { return !slices.Contains(wanted, p.name) }), nil
}

// partOf names the part that tests the package in this folder of the module.
func partOf(folder string) string {
	for _, p := range packageParts {
		for _, f := range p.folders {
			if folder == f || strings.HasPrefix(folder, f+"/") {
				return p.name
			}
		}
	}
	return "unit"
}

// command is a part that passes when the command does.
func command(name string, args ...string) func(context.Context, io.Writer) tally {
	return func(ctx context.Context, w io.Writer) (t tally) {
		cmd := polite(ctx, name, args...)
		cmd.Stdout, cmd.Stderr = w, w
		err := cmd.Run()
		t.spent(cmd)
		if err != nil {
			t.fail("%s %s: %v", name, strings.Join(args, " "), err)
			return t
		}
		t.passed++
		return t
	}
}

// yields marks the context of a lane whose commands let those of others go first.
type yields struct{}

// polite is a command that lets others go first if its lane does.
func polite(ctx context.Context, name string, args ...string) *exec.Cmd {
	if ctx.Value(yields{}) != nil {
		name, args = "nice", slices.Concat([]string{"-n", "5", name}, args)
	}
	return exec.CommandContext(ctx, name, args...)
}

// golangciLint is the one file that `make tools` installs under that name, whose
// version the Makefile states.
func golangciLint() string {
	found, err := os.ReadDir(".tools/bin")
	if err == nil {
		for _, f := range slices.Backward(found) {
			if strings.HasPrefix(f.Name(), "golangci-lint-") {
				return ".tools/bin/" + f.Name()
			}
		}
	}
	return "golangci-lint"
}

// limit of the tests of one package: it ends what hangs, and not what a busy machine slows
// down (Go's own is 10 minutes).
const limit = "90m"

// goTest is a part that runs `go test` on the part's packages.
func goTest(name string, env []string, flags ...string) func(context.Context, io.Writer) tally {
	return func(ctx context.Context, w io.Writer) (t tally) {
		packages, err := packagesOf(ctx, name)
		if err != nil {
			t.fail("%v", err)
			return t
		}
		if len(packages) == 0 {
			t.fail("no package belongs to this part: scripts/suite/parts.go says which folders should")
			return t
		}
		cmd := polite(ctx, "go", slices.Concat([]string{"test", "-json", "-timeout=" + limit}, flags, packages)...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stderr = w
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.fail("go test: %v", err)
			return t
		}
		t = readEvents(out, w)
		err = cmd.Wait()
		t.spent(cmd)
		// go test's exit status repeats what the events said, unless it said nothing.
		if err != nil && t.failed == 0 {
			t.fail("go test: %v", err)
		}
		return t
	}
}

// synthTest is a part whose tests synthesise. They are told which Node and which shell are
// there, so that Go's test cache keeps no result of another.
func synthTest(name string, flags ...string) func(context.Context, io.Writer) tally {
	return func(ctx context.Context, w io.Writer) (t tally) {
		programs := ""
		for _, program := range []string{"node", "bash"} {
			version, err := output(ctx, program, "--version")
			if err != nil {
				t.fail("%v", err)
				return t
			}
			programs += version
		}
		return goTest(name, []string{"CDK_VALIDATION=false", "RECOVERY_PROGRAMS=" + programs}, flags...)(ctx, w)
	}
}

// packagesOf lists the module's packages that the part tests.
func packagesOf(ctx context.Context, name string) ([]string, error) {
	module, err := output(ctx, "go", "list", "-m")
	if err != nil {
		return nil, err
	}
	list, err := output(ctx, "go", "list", "./...")
	if err != nil {
		return nil, err
	}
	var packages []string
	for _, p := range strings.Fields(list) {
		if partOf(strings.TrimPrefix(p, strings.TrimSpace(module)+"/")) == name {
			packages = append(packages, p)
		}
	}
	return packages, nil
}

// output runs a command and returns what it printed.
func output(ctx context.Context, name string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s (on %s): %w: %s", name, strings.Join(args, " "), runtime.GOOS, err, stderr.String())
	}
	return string(out), nil
}
