package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// processor is one that Lambda runs on: AWS CDK's name for it, Go's, and how its zip is
// packed. Go writes more for x86_64.
type processor struct {
	name, goarch, level string
	deflate             deflate
}

// limit is how many bytes a zip may have: a larger one is slower to start, and every
// consumer's app holds both. The goal is 5 MB; no fix waits for some kilobytes over it.
const limit = 5_100_000

var all = []processor{
	{"arm64", "arm64", "GOARM64=v8.0", fast},
	{"x86_64", "amd64", "GOAMD64=v1", dense},
}

// processors are those asked for.
func processors(only string) ([]processor, error) {
	if only == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(p processor) bool { return p.name == only })
	if i < 0 {
		return nil, fmt.Errorf("the processor is %q: allowed are arm64 and x86_64", only)
	}
	return all[i : i+1], nil
}

// builder builds the switcher of the work tree in root.
type builder struct {
	root       string
	processors []processor
	cold       bool
	toolchain  string
}

// environment is all of go's that changes what it writes, so that nothing of the
// person's own does.
func (b builder) environment(p processor, cache string) []string {
	env := append(os.Environ(), "GOOS=linux", "GOARCH="+p.goarch, p.level,
		"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off", "GOTOOLCHAIN="+b.toolchain)
	if cache != "" {
		env = append(env, "GOCACHE="+cache)
	}
	return env
}

// tags and flags are the Makefile's too; a test compares.
const (
	tags    = "lambda.norpc"
	ldflags = "-s -w -buildid="
)

// binary is the built switcher.
func (b builder) binary(ctx context.Context, p processor) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bundle-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cache := ""
	if b.cold {
		cache = filepath.Join(dir, "cache")
	}
	file := filepath.Join(dir, "bootstrap")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", ldflags, "-o", file, "./lambda/switcher")
	cmd.Dir = b.root
	cmd.Env = b.environment(p, cache)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the switcher for %s: %w\n%s", p.name, err, out)
	}
	return os.ReadFile(file)
}

// write builds all zips and their manifest into a directory.
func (b builder) write(ctx context.Context, dir, version, revision string) (bundle.Manifest, error) {
	m := bundle.Manifest{Version: version, Revision: revision, Toolchain: b.toolchain, Zips: map[string]bundle.Zip{}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return m, err
	}
	for _, p := range b.processors {
		binary, err := b.binary(ctx, p)
		if err != nil {
			return m, err
		}
		data, err := pack(ctx, binary, p.deflate)
		if err != nil {
			return m, err
		}
		if len(data) > limit {
			return m, fmt.Errorf("the zip for %s has %d bytes, more than the %d that we allow: find what made it grow (go version -m, go tool nm -size)", p.name, len(data), limit)
		}
		z := bundle.Zip{File: "switcher-" + p.name + ".zip", SHA256: bundle.Sum(data), Size: len(data)}
		if err := os.WriteFile(filepath.Join(dir, z.File), data, 0o644); err != nil {
			return m, err
		}
		m.Zips[p.name] = z
	}
	var err error
	if m.Source, err = b.source(ctx); err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, os.WriteFile(filepath.Join(dir, bundle.ManifestFile), append(text, '\n'), 0o644)
}

// source is the hash of what the switcher is compiled of in this module.
func (b builder) source(ctx context.Context) (string, error) {
	files := []string{"go.mod", "go.sum"}
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", tags, "-json=Dir,Standard,Module,GoFiles,EmbedFiles,SFiles,OtherFiles", "./lambda/switcher")
	cmd.Dir = b.root
	cmd.Env = b.environment(b.processors[0], "")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("list the switcher's source: %w\n%s", err, stderr.String())
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir                                     string
			Module                                  *struct{ Main bool }
			GoFiles, EmbedFiles, SFiles, OtherFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", err
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		root, err := filepath.Abs(b.root)
		if err != nil {
			return "", err
		}
		dir, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return "", err
		}
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles, p.SFiles, p.OtherFiles) {
			files = append(files, filepath.ToSlash(filepath.Join(dir, name)))
		}
	}
	if len(files) < 10 {
		return "", fmt.Errorf("only %d source files found: the list of the switcher's packages is wrong", len(files))
	}
	return dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(b.root, name)) })
}
