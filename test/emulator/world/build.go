package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/timelimit"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
)

// Root is the project's folder: the nearest one above the working directory that
// holds a go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod in the working directory or above it: run from inside the project")
		}
		dir = filepath.Dir(dir)
	}
}

// BuildBootstrap builds the switcher for this machine, with the limits of its API calls
// relaxed. (The deployed one is built from the same source for Lambda's processors.)
func BuildBootstrap(ctx context.Context, root, dir string) (string, error) {
	path := filepath.Join(dir, "bootstrap")
	return path, run(ctx, root, nil, "go", "build", "-tags", "lambda.norpc", "-ldflags", timelimit.LinkerFlag, "-o", path, "./lambda/switcher")
}

// BuildCommand builds one of cmd's programs, with relaxed limits.
func BuildCommand(ctx context.Context, root, dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	return path, run(ctx, root, nil, "go", "build", "-ldflags", timelimit.LinkerFlag, "-o", path, "./cmd/"+name)
}

// Synth writes the templates of the app into dir, as the CDK's command line would
// with these context keys, and reads them. It needs no account and looks nothing up.
func Synth(ctx context.Context, root, dir string, keys map[string]any) (*provision.Assembly, error) {
	env, err := settings(root, keys)
	if err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	env = append(env, "CDK_OUTDIR="+dir)
	if err := run(ctx, root, env, "go", "run", "."); err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	return provision.Load(dir)
}

// Apps writes the templates of one app in all the states that command apps has, each
// as its source would be deployed after the others, and reads them. The asset with the
// function's code is a stand-in: the harness runs the binary itself.
func Apps(ctx context.Context, root, dir string) (map[string]*provision.Assembly, error) {
	env, err := settings(root, nil)
	if err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	code := dir + "-code"
	if err := os.MkdirAll(code, 0o700); err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	if err := os.WriteFile(filepath.Join(code, "bootstrap"), []byte("stand-in\n"), 0o700); err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	if err := run(ctx, root, env, "go", "run", "./test/emulator/apps", "-out", dir, "-code", code); err != nil {
		return nil, fmt.Errorf("synthesise: %w", err)
	}
	return LoadApps(dir)
}

// LoadApps reads what Apps wrote.
func LoadApps(dir string) (map[string]*provision.Assembly, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the apps: %w", err)
	}
	all := map[string]*provision.Assembly{}
	for _, e := range entries {
		if all[e.Name()], err = provision.Load(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// settings are what the CDK's command line tells an app.
func settings(root string, keys map[string]any) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	if err != nil {
		return nil, err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("cdk.json: %w", err)
	}
	maps.Copy(file.Context, keys)
	values, err := json.Marshal(file.Context)
	return []string{"CDK_VALIDATION=false", "CDK_CONTEXT_JSON=" + string(values)}, err
}

// run sets the flags that the Makefile sets, so that nothing is compiled twice.
func run(ctx context.Context, dir string, env []string, command ...string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0",
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=1")
	if os.Getenv("GOFLAGS") == "" {
		c.Env = append(c.Env, "GOFLAGS=-trimpath -buildvcs=false")
	}
	c.Env = append(c.Env, env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
	}
	return nil
}
