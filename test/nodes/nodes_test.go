// Package nodes synthesises the example under each Node.js that is supported, with the
// library's own command line, and wants the same templates of all.
package nodes

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// supported are the major versions that README.md and docs/ecosystem.md name.
var supported = []string{"v20.", "v22.", "v24."}

// nodes are the Node.js binaries to try: those that `make test-node-versions` installs,
// or those that the environment names, where there are none for the machine.
func nodes(t *testing.T) []string {
	t.Helper()
	if named := os.Getenv("NODES"); named != "" {
		return strings.Fields(named)
	}
	found, err := filepath.Glob(filepath.Join(absolute(t, root), ".tools/nodes/node_modules/node*/bin/node"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no Node.js is installed in .tools/nodes (%v): run `make test-node-versions`", err)
	}
	return found
}

// TestNodeVersions: the templates and the lists of assets are the same under each.
func TestNodeVersions(t *testing.T) {
	app := filepath.Join(t.TempDir(), "app")
	run(t, nil, "go", "build", "-o", app, ".")
	seen := map[string]bool{}
	var first map[string][]byte
	for _, node := range nodes(t) {
		version := strings.TrimSpace(run(t, nil, node, "--version"))
		seen[version] = true
		got := synth(t, node, app)
		if len(got) < 8 {
			t.Errorf("%s: only %d files are written", version, len(got))
		}
		if len(seen) == 1 {
			first = got
		}
		for name := range first {
			if !bytes.Equal(first[name], got[name]) {
				t.Errorf("%s: %s is another than under the first Node.js", version, name)
			}
		}
	}
	for _, want := range supported {
		if os.Getenv("NODES") == "" && !slices.ContainsFunc(keys(seen), func(v string) bool { return strings.HasPrefix(v, want) }) {
			t.Errorf("Node.js %s is not among those that were tried, %v", want, keys(seen))
		}
	}
	t.Logf("the same under Node.js %v", keys(seen))
}

// synth runs `cdk synth` as somebody does whose only Node.js is this one: command line
// and app find it on the path. It returns the templates and lists of assets.
func synth(t *testing.T, node, app string) map[string][]byte {
	t.Helper()
	out := t.TempDir()
	// `make synth` validates them.
	env := []string{"JSII_NODE=" + node, "PATH=" + filepath.Dir(node) + ":" + os.Getenv("PATH"), "CDK_VALIDATION=false", "AWS_EC2_METADATA_DISABLED=true"}
	run(t, env, node, "node_modules/aws-cdk/bin/cdk", "synth", "--quiet", "--lookups=false", "--no-notices", "--app", app, "--output", out)
	files := map[string][]byte{}
	for _, pattern := range []string{"*.template.json", "*.assets.json"} {
		names, err := filepath.Glob(filepath.Join(out, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = data
		}
	}
	return files
}

// run runs a command in the project's folder and returns what it wrote.
func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	out, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(fmt.Errorf("the project's folder: %w", err))
	}
	return out
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
