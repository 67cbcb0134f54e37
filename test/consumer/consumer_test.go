// Package consumer tests the library as people have it: a module of its own imports
// it from the read-only module cache, through a module proxy of files that holds a
// release of this work tree, and synthesises.
package consumer

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// shop is a consumer's module in a folder of its own.
type shop struct {
	dir, cache string
	env        []string // for go
}

// newShop does what a consumer does: a new module, the library, the app.
func newShop(t *testing.T, tree string) shop {
	t.Helper()
	s := shop{dir: t.TempDir(), cache: moduleCache(t)}
	others := strings.TrimSpace(run(t, root, nil, "go", "env", "GOPROXY"))
	s.env = append(os.Environ(), "GOPROXY="+proxy(t, tree)+","+others, "GONOSUMDB="+library, "GOMODCACHE="+s.cache,
		"GOFLAGS=-trimpath", "GOWORK=off", "CGO_ENABLED=0", "CDK_VALIDATION=false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20")
	must(t, os.CopyFS(s.dir, os.DirFS("testdata/shop")))
	s.goes(t, "mod", "init", "example.com/shop")
	s.goes(t, "get", library+"@"+version)
	s.goes(t, "mod", "tidy")
	return s
}

func (s shop) goes(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, s.dir, s.env, "go", args...)
}

// synth runs the built app where there is no compiler, no make and no Docker.
func (s shop) synth(t *testing.T, app string) (out string, err error) {
	t.Helper()
	bin := t.TempDir()
	node, err := exec.LookPath("node")
	must(t, err)
	must(t, os.Symlink(node, filepath.Join(bin, "node")))
	out = t.TempDir()
	env := append(slices.Clone(s.env), "PATH="+bin, "CDK_OUTDIR="+out)
	_, err = try(t, s.dir, env, app)
	return out, err
}

// TestConsumer: the release's switcher is what every way of importing deploys.
func TestConsumer(t *testing.T) {
	tree := release(t, true)
	released, err := bundle.Read(os.DirFS(filepath.Join(tree, bundle.Folder)))
	must(t, err)
	s := newShop(t, tree)
	module := filepath.Join(s.cache, library+"@"+version)
	before := hash(t, module)

	t.Run("no AWS SDK", func(t *testing.T) {
		for _, args := range [][]string{{"list", "-deps", "./..."}, {"list", "-deps", "-test", "./..."}} {
			deps := s.goes(t, args...)
			if !strings.Contains(deps, library+"/constructs/recovery\n") {
				t.Fatalf("go %v does not list the constructs", args)
			}
			if strings.Contains(deps, "aws-sdk-go-v2") || strings.Contains(deps, "smithy-go") {
				t.Errorf("go %v lists the AWS SDK", args)
			}
		}
		for _, name := range []string{"go.mod", "go.sum"} {
			text, err := os.ReadFile(filepath.Join(s.dir, name))
			must(t, err)
			if strings.Contains(string(text), "aws-sdk-go-v2") {
				t.Errorf("%s names the AWS SDK:\n%s", name, text)
			}
		}
	})

	app := filepath.Join(t.TempDir(), "shop")
	s.goes(t, "build", "-o", app, ".")
	asset := ""
	t.Run("from the module cache", func(t *testing.T) {
		out, err := s.synth(t, app)
		must(t, err)
		asset = switcher(t, out, released)
	})
	t.Run("a consumer's snapshot test", func(t *testing.T) { s.snapshot(t) })
	t.Run("vendored", func(t *testing.T) {
		s.goes(t, "mod", "vendor")
		s.goes(t, "build", "-mod=vendor", "-o", app+"-vendored", ".")
		out, err := s.synth(t, app+"-vendored")
		must(t, err)
		if again := switcher(t, out, released); again != asset {
			t.Errorf("the asset is %s, from the module cache it was %s", again, asset)
		}
	})
	for _, page := range []string{"README.md", "docs/importing.md"} {
		t.Run("as "+page+" says", func(t *testing.T) { s.typed(t, page, released) })
	}
	t.Run("the operator's command", func(t *testing.T) { s.install(t) })
	if after := hash(t, module); after != before {
		t.Errorf("the library in the module cache was written to: %s, before %s", after, before)
	}
}

// install gets recoveryctl as its manual says, from the module proxy alone.
func (s shop) install(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	env := append(slices.Clone(s.env), "GOBIN="+bin)
	run(t, t.TempDir(), env, "go", "install", library+"/cmd/recoveryctl@"+version)
	if told := run(t, bin, env, filepath.Join(bin, "recoveryctl"), "--version"); !strings.Contains(told, version) {
		t.Errorf("recoveryctl --version says %q, want %s", told, version)
	}
}

var update = flag.Bool("update", false, "write the consumer's snapshot anew")

// snapshot runs the consumer's own test. With -update it writes the snapshot.
func (s shop) snapshot(t *testing.T) {
	t.Helper()
	args := []string{"test", "-count=1", "-timeout=90m", "."}
	if *update {
		args = append(args, "-update")
	}
	s.goes(t, args...)
	if *update {
		data, err := os.ReadFile(filepath.Join(s.dir, "testdata/snapshot.json"))
		must(t, err)
		must(t, os.WriteFile("testdata/shop/testdata/snapshot.json", data, 0o644))
	}
}

// switcher is the asset's hash in the synthesised app, whose file must be the
// release's zip, byte by byte, with an executable bootstrap in it.
func switcher(t *testing.T, out string, released bundle.Bundle) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, "Shop.assets.json"))
	must(t, err)
	var assets struct {
		Files map[string]struct{ Source struct{ Path string } }
	}
	must(t, json.Unmarshal(text, &assets))
	want, err := released.Zip("arm64")
	must(t, err)
	for found, file := range assets.Files {
		if !strings.HasSuffix(file.Source.Path, ".zip") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(out, file.Source.Path))
		must(t, err)
		if !bytes.Equal(data, want) {
			t.Errorf("the asset %s is not the release's zip", file.Source.Path)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		must(t, err)
		if len(z.File) != 1 || z.File[0].Name != "bootstrap" || z.File[0].Mode() != 0o755 {
			t.Errorf("the zip holds %v, want one executable bootstrap", z.File)
		}
		return found
	}
	t.Fatalf("no zip among the assets:\n%s", text)
	return ""
}

func hash(t *testing.T, dir string) string {
	t.Helper()
	sum, err := dirhash.HashDir(dir, library+"@"+version, dirhash.Hash1)
	must(t, err)
	return sum
}
