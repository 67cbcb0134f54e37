package consumer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// typed types, in an empty folder, what a page tells a consumer to: its first block that
// begins with mkdir, line by line as it stands. Only the version is that of this
// release, and npx is kept from the network.
func (s shop) typed(t *testing.T, page string, released bundle.Bundle) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	must(t, err)
	block := regexp.MustCompile("(?s)```\n(mkdir .*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no block of lines to type that begins with mkdir", page)
	}
	wanted := regexp.MustCompile(regexp.QuoteMeta(library) + `@v[0-9.]+`)
	if !wanted.Match(block[1]) {
		t.Fatalf("%s requires no release of %s:\n%s", page, library, block[1])
	}
	lines := wanted.ReplaceAllString(string(block[1]), library+"@"+version)
	empty := t.TempDir()
	env := append(slices.Clone(s.env), "PATH="+npx(t)+":"+os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true", "CDK_DISABLE_CLI_TELEMETRY=true")
	said := run(t, empty, env, "bash", "-euo", "pipefail", "-c", lines)
	if !strings.Contains(said, "Custom::RecoveryNode") {
		t.Errorf("cdk synth prints no template:\n%s", said)
	}
	switcher(t, filepath.Join(empty, "shop", "cdk.out"), released)
}

// npx is a folder with an npx that runs the command line that package.json pins, and
// nothing else.
func npx(t *testing.T) string {
	t.Helper()
	var pinned struct {
		DevDependencies map[string]string
	}
	data, err := os.ReadFile(filepath.Join(root, "package.json"))
	must(t, err)
	must(t, json.Unmarshal(data, &pinned))
	cli, err := filepath.Abs(filepath.Join(root, "node_modules/.bin/cdk"))
	must(t, err)
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$1 $2\" = '--yes aws-cdk@" + pinned.DevDependencies["aws-cdk"] + "' ] || { echo \"npx $1 $2: package.json pins another\" >&2; exit 1; }\nshift 2\nexec " + cli + " \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(dir, "npx"), []byte(script), 0o755))
	return dir
}
