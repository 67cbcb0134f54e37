package consumer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

const (
	library = "github.com/workload-recovery/workload-recovery"
	version = "v0.0.1-consumer"
	root    = "../.."
)

// release copies what git would commit of the work tree, as it is now, and puts
// the built switcher into it: the tree of a release made at this moment.
func release(t *testing.T, bundled bool) string {
	t.Helper()
	dir := t.TempDir()
	files := run(t, root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	for name := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		// What a release carries already is left out, so that the test says what holds
		// for this source.
		if strings.HasPrefix(name, bundle.Folder+"/") && !strings.HasSuffix(name, ".md") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed so
		}
		must(t, err)
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	if bundled {
		out, err := filepath.Abs(filepath.Join(dir, bundle.Folder))
		must(t, err)
		// One processor by the Go at hand, for time's sake; `make verify-bundle` builds both by the pinned one.
		run(t, root, nil, "go", "run", "./scripts/bundle", "-local", "-only", "arm64", "-version", strings.TrimPrefix(version, "v"), "-out", out)
	}
	return dir
}

// proxy makes a module proxy of files that serves the tree as the library's one
// version (https://go.dev/ref/mod#goproxy-protocol).
func proxy(t *testing.T, tree string) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, library, "@v")
	must(t, os.MkdirAll(at, 0o755))
	var archive bytes.Buffer
	must(t, zip.CreateFromDir(&archive, module.Version{Path: library, Version: version}, tree))
	t.Logf("the library's module zip has %.1f MB", float64(archive.Len())/1e6)
	info, err := json.Marshal(map[string]string{"Version": version})
	must(t, err)
	mod, err := os.ReadFile(filepath.Join(tree, "go.mod"))
	must(t, err)
	for name, data := range map[string][]byte{
		"list": []byte(version + "\n"), version + ".info": info, version + ".mod": mod, version + ".zip": archive.Bytes(),
	} {
		must(t, os.WriteFile(filepath.Join(at, name), data, 0o644))
	}
	return "file://" + dir
}

// moduleCache is a module cache of its own for this library that shares everything
// else with the machine's: half a gigabyte need not be fetched again, and a
// version that never was released must not stay behind.
func moduleCache(t *testing.T) string {
	t.Helper()
	shared := strings.TrimSpace(run(t, root, nil, "go", "env", "GOMODCACHE"))
	dir := t.TempDir()
	t.Cleanup(func() { writable(t, dir) })
	owner, _, _ := strings.Cut(strings.TrimPrefix(library, "github.com/"), "/")
	for _, below := range []string{"", "cache/download"} {
		own := map[string]bool{"github.com": true, "cache": below == ""}
		link(t, filepath.Join(shared, below), filepath.Join(dir, below), own)
		link(t, filepath.Join(shared, below, "github.com"), filepath.Join(dir, below, "github.com"), map[string]bool{owner: true})
	}
	return dir
}

// link makes a directory whose entries are links to those of another, save some.
func link(t *testing.T, from, to string, without map[string]bool) {
	t.Helper()
	entries, err := os.ReadDir(from)
	must(t, err)
	must(t, os.MkdirAll(to, 0o755))
	for _, e := range entries {
		if e.IsDir() && !without[e.Name()] {
			must(t, os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
		}
	}
}

// writable lets the test's folder be removed: Go makes its module cache read-only.
func writable(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	}))
}

// run runs a command to its end and returns what it wrote to its standard output.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

func try(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), errors.Join(err, errors.New(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
