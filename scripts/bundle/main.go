// Command bundle builds the switcher as a release carries it: a zip for each
// processor, with the same executable on every machine, and a manifest.
//
// Usage, from the module's root:
//
//	go run ./scripts/bundle -out dir [-only arm64] [-local] [-version x.y.z] [-revision commit]
//	go run ./scripts/bundle -verify [-only arm64] [-cold]
//
// -verify builds a release's executables again and compares them bit for bit. In a commit
// that carries none it builds this tree and a copy of it elsewhere, and compares
// those. -cold builds without Go's build cache, which takes minutes and 4 GB.
// -local builds by the Go at hand instead of the pinned one, for tests.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
)

// toolchain compiles: another Go may write other bytes.
const toolchain = "go1.26.10"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("bundle", flag.ContinueOnError)
	out := flags.String("out", "", "write the bundle into this directory")
	only := flags.String("only", "", "one processor: arm64 or x86_64 (default both)")
	version := flags.String("version", "0.0.0", "the release's version")
	revision := flags.String("revision", "", "the commit whose source this is")
	check := flags.Bool("verify", false, "build what the tree carries again and compare")
	cold := flags.Bool("cold", false, "build without Go's build cache")
	local := flags.Bool("local", false, "build by the Go at hand: for tests; no release is made so, and -verify refuses it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	builds := toolchain
	switch {
	case *local:
		builds = runtime.Version()
	case runtime.Version() != toolchain:
		return again(ctx, args)
	}
	chosen, err := processors(*only)
	if err != nil {
		return err
	}
	b := builder{root: ".", processors: chosen, cold: *cold, toolchain: builds}
	switch {
	case *check:
		return verify(ctx, b, w)
	case *out == "":
		return fmt.Errorf("give -out or -verify; see go doc ./scripts/bundle")
	}
	manifest, err := b.write(ctx, *out, *version, *revision)
	if err != nil {
		return err
	}
	for _, p := range chosen {
		z := manifest.Zips[p.name]
		fmt.Fprintf(w, "%s  %s (%.2f MB)\n", z.SHA256, z.File, float64(z.Size)/1e6)
	}
	return nil
}

// again runs this command under the pinned toolchain, which Go fetches if need be.
func again(ctx context.Context, args []string) error {
	if os.Getenv("GOTOOLCHAIN") == toolchain {
		return fmt.Errorf("releases are built by %s, and this is %s: install it (https://go.dev/dl) or allow Go to fetch it", toolchain, runtime.Version())
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./scripts/bundle"}, args...)...)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("under %s: %w", toolchain, err)
	}
	return nil
}
