package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build makes what a release hands out: the bundle in the checkout, verified, and
// beside it, in out, the zips once more with what they are made of.
func build(ctx context.Context, checkout, out, version, revision string) error {
	folder := filepath.Join(checkout, builtFolder)
	for _, args := range [][]string{
		{"-out", folder, "-version", version, "-revision", revision},
		{"-verify"},
	} {
		cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./scripts/bundle"}, args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = checkout, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go run ./scripts/bundle %s: %w", strings.Join(args, " "), err)
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	used, err := modules(ctx, checkout)
	if err != nil {
		return err
	}
	if err := writeInventory(folder, version, revision, used); err != nil {
		return err
	}
	// The licences of what is in the zips have to go where the zips go.
	if err := os.CopyFS(out, os.DirFS(folder)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(out, "README.md")); err != nil {
		return err
	}
	return sums(out)
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func sums(dir string) error {
	entries, err := os.ReadDir(dir) // in order of names
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(list.String()), 0o644)
}
