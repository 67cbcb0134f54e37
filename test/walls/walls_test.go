// Package walls keeps the two sides of the module apart: nothing that writes
// templates may reach the AWS SDK, and nothing that runs in Lambda may reach jsii.
package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/workload-recovery/workload-recovery/"

// pkg is what `go list -deps` says of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// list returns the packages that match the patterns and all they depend on.
// Patterns are relative to the module.
func list(t *testing.T, patterns ...string) map[string]pkg {
	t.Helper()
	args := []string{"list", "-deps", "-json=ImportPath,Standard,Imports"}
	for _, p := range patterns {
		args = append(args, module+p)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	found := map[string]pkg{}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[p.ImportPath] = p
	}
	if len(found) == 0 {
		t.Fatalf("go %s found no package", strings.Join(args, " "))
	}
	return found
}

// chain tells how the module reaches a package, for the error message.
func chain(all map[string]pkg, to string) string {
	way := []string{to}
	for !strings.HasPrefix(way[0], module) {
		next := ""
		for path, p := range all {
			// The least name, so that the message does not change from run to run.
			if slices.Contains(p.Imports, way[0]) && !slices.Contains(way, path) && (next == "" || better(path, next)) {
				next = path
			}
		}
		if next == "" {
			break
		}
		way = append([]string{next}, way...)
	}
	return strings.Join(way, " -> ")
}

func better(a, b string) bool {
	if own := strings.HasPrefix(a, module); own != strings.HasPrefix(b, module) {
		return own
	}
	return a < b
}

var (
	sdk  = []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go", "github.com/aws/aws-lambda-go"}
	jsii = []string{"github.com/aws/jsii-runtime-go", "github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/cdklabs/"}
)

func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return strings.HasPrefix(path, r) })
}

func TestWalls(t *testing.T) {
	for _, wall := range []struct {
		name      string
		patterns  []string
		forbidden []string
		reaches   []string // what the other side of the wall is seen to reach, lest the test prove nothing
	}{
		{"the constructs and stacks reach no AWS SDK", []string{"constructs/...", "stacks/..."}, sdk, jsii[:1]},
		{"the switcher reaches no jsii", []string{"lambda/...", "internal/..."}, jsii, sdk[:1]},
		{"the operator's command reaches no jsii", []string{"cmd/..."}, jsii, sdk[:1]},
		{"the switcher reaches nothing of the operator's command", []string{"lambda/...", "internal/..."}, []string{module + "cmd/", "github.com/spf13/"}, sdk[:1]},
	} {
		t.Run(wall.name, func(t *testing.T) {
			all := list(t, wall.patterns...)
			for path := range all {
				if under(path, wall.forbidden) {
					t.Errorf("%s", chain(all, path))
				}
			}
			for _, root := range wall.reaches {
				if !slices.ContainsFunc(keys(all), func(p string) bool { return strings.HasPrefix(p, root) }) {
					t.Errorf("%v does not reach %s either: the patterns of this test match the wrong packages", wall.patterns, root)
				}
			}
		})
	}
}

// TestEngineKnowsNoSDK: the engine's parts are tested and simulated without AWS.
// Only internal/awscloud may know it.
func TestEngineKnowsNoSDK(t *testing.T) {
	for path := range list(t, "internal/...") {
		name, ours := strings.CutPrefix(path, module)
		if !ours || name == "internal/awscloud" {
			continue
		}
		all := list(t, name)
		for dep := range all {
			if under(dep, sdk) || under(dep, jsii) {
				t.Errorf("%s", chain(all, dep))
			}
		}
	}
}

// TestStandardLibraryOnly: what the constructs share with the switcher, write to
// instances, or carry.
func TestStandardLibraryOnly(t *testing.T) {
	for _, name := range []string{"internal/contract", "internal/boot", "internal/bundle"} {
		for path, p := range list(t, name) {
			if !p.Standard && path != module+name {
				t.Errorf("%s reaches %s", name, path)
			}
		}
	}
}

// TestBundleStaysOutside: the built switcher is embedded in apps that import the
// constructs, and in nothing that is built into it: it would hold itself.
func TestBundleStaysOutside(t *testing.T) {
	const name = module + "internal/bundle"
	if _, there := list(t, "constructs/...")[name]; !there {
		t.Errorf("the constructs do not reach %s: this test matches the wrong package", name)
	}
	all := list(t, "lambda/...", "cmd/...")
	if _, there := all[name]; there {
		t.Errorf("%s", chain(all, name))
	}
}

func keys(m map[string]pkg) []string {
	to := make([]string, 0, len(m))
	for k := range m {
		to = append(to, k)
	}
	return to
}
