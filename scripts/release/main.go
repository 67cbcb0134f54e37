// Command release checks that a release can be made, builds all that it hands out
// into dist/release, and says what it would commit. It changes nothing else,
// unless -confirm is given: then it commits the built switcher on a branch of its
// own and tags it. It pushes nothing.
//
// Usage, from the module's root: go run ./scripts/release -version x.y.z [-confirm]
//
// docs/releasing.md tells the steps before and after.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	version := flag.String("version", "", "the release, x.y.z")
	confirm := flag.Bool("confirm", false, "commit and tag")
	flag.Parse()
	r := release{version: *version, confirm: *confirm, root: ".", out: filepath.Join("dist", "release"), log: os.Stdout, build: build}
	if err := r.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one run.
type release struct {
	version   string
	confirm   bool
	root, out string
	log       io.Writer
	// build writes bundle and lists for the checkout into a directory.
	build func(ctx context.Context, checkout, out, version, revision string) error
}

func (r release) branch() string { return "release/v" + r.version }
func (r release) tag() string    { return "v" + r.version }

func (r release) run(ctx context.Context) error {
	if err := r.check(ctx); err != nil {
		return err
	}
	revision, err := r.git(ctx, r.root, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	// A checkout of the commit, elsewhere: what is built is what is committed, and the
	// work tree stays as it is.
	checkout, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	if _, err := r.git(ctx, r.root, "worktree", "add", "--quiet", "--detach", checkout, revision); err != nil {
		return err
	}
	err = r.make(ctx, checkout, revision)
	// The checkout goes even when the run is interrupted.
	_, cleanup := r.git(context.WithoutCancel(ctx), r.root, "worktree", "remove", "--force", checkout)
	return errors.Join(err, cleanup)
}

func (r release) make(ctx context.Context, checkout, revision string) error {
	out, err := filepath.Abs(filepath.Join(r.root, r.out))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := r.build(ctx, checkout, out, r.version, revision); err != nil {
		return err
	}
	if _, err := r.git(ctx, checkout, "add", "--force", builtFolder); err != nil {
		return err
	}
	files, err := r.git(ctx, checkout, "diff", "--cached", "--stat")
	if err != nil {
		return err
	}
	fmt.Fprintf(r.log, "\n%s is ready in %s. Its commit, a child of %.12s on the branch %s:\n%s\n", r.tag(), r.out, revision, r.branch(), files)
	if !r.confirm {
		fmt.Fprintf(r.log, "\nDry run: nothing was committed. With CONFIRM=1 the commit is made and tagged %s.\n", r.tag())
		return nil
	}
	for _, args := range [][]string{
		{"checkout", "--quiet", "-b", r.branch()},
		{"commit", "--quiet", "-m", "release: " + r.tag()},
		{"tag", "--annotate", "--message", "Release " + r.tag(), r.tag()},
	} {
		if _, err := r.git(ctx, checkout, args...); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.log, "\nCommitted and tagged. To publish it: git push origin %s %s\n", r.branch(), r.tag())
	return nil
}

// git runs git in a directory and returns what it says.
func (r release) git(ctx context.Context, dir string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimRight(stdout.String(), "\n"), nil
}
