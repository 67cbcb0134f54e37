package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// verify builds the tree's bundle again and compares it bit for bit.
func verify(ctx context.Context, b builder, w io.Writer) error {
	carried, err := bundle.Read(os.DirFS(filepath.Join(b.root, bundle.Folder)))
	if errors.Is(err, bundle.ErrNone) {
		return twice(ctx, b, w)
	} else if err != nil {
		return err
	}
	if carried.Toolchain != toolchain {
		return fmt.Errorf("release %s was built by %s, but this tree's scripts/bundle names %s: verify it in a checkout of its own tag", carried.Version, carried.Toolchain, toolchain)
	}
	source, err := b.source(ctx)
	if err != nil {
		return err
	}
	if source != carried.Source {
		return fmt.Errorf("release %s was built of source %s, but this tree is %s: its bundle is not of this source; make the release anew", carried.Version, carried.Source, source)
	}
	for _, p := range b.processors {
		data, err := carried.Zip(p.name)
		if err != nil {
			return err
		}
		carries, err := unpack(data)
		if err != nil {
			return fmt.Errorf("%s: %w", carried.Zips[p.name].File, err)
		}
		again, err := b.binary(ctx, p)
		if err != nil {
			return err
		}
		if err := same(carried.Zips[p.name].File, carries, again); err != nil {
			return err
		}
		fmt.Fprintf(w, "ok    %s: %d bytes, its executable built again from %s: identical\n", carried.Zips[p.name].File, len(data), carried.Revision)
	}
	return nil
}

// same compares the executable of a zip with one that was built again.
func same(name string, want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	return fmt.Errorf("%s: the sha256 of its executable is %s, built again it is %s: it was made of other source, by another toolchain, or not by scripts/bundle", name, bundle.Sum(want), bundle.Sum(got))
}

// twice builds this tree and a copy of it in another folder.
func twice(ctx context.Context, b builder, w io.Writer) error {
	dir, err := os.MkdirTemp("", "bundle-copy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyTree(ctx, b.root, dir); err != nil {
		return err
	}
	other := b
	other.root = dir
	for _, p := range b.processors {
		here, err := b.binary(ctx, p)
		if err != nil {
			return err
		}
		there, err := other.binary(ctx, p)
		if err != nil {
			return err
		}
		if !bytes.Equal(here, there) {
			return fmt.Errorf("the switcher for %s differs when the same source is built in another folder: a path or the work tree's state is in it (go version -m, diffoscope)", p.name)
		}
		fmt.Fprintf(w, "ok    %s: no release here; built in two folders: identical, sha256 %s\n", p.name, bundle.Sum(here))
	}
	return nil
}

// copyTree copies what git would commit of a work tree, as it is now.
func copyTree(ctx context.Context, from, to string) error {
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = from
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("list the work tree's files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed so
		} else if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
