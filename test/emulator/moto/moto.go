// Package moto starts the third-party AWS emulator moto as a process of its own
// for tests and for the demonstration.
//
// What the emulator proves and what it cannot is written in docs and in the
// tests that use it; this package only runs it. It never skips: without the
// project's virtual environment Start fails and says which command makes it.
package moto

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/timelimit"
	"github.com/workload-recovery/workload-recovery/test/emulator/child"
)

// Version is the emulator's version that the project's tests were written against.
const Version = "5.2.1"

// PythonEnv names the environment variable that, when set, names the Python
// interpreter to use instead of the one in the project's virtual environment.
const PythonEnv = "RECOVERY_MOTO_PYTHON"

// Region and Account are where the emulator's resources live unless a caller's
// request names another Region.
const (
	Region  = "ap-northeast-1"
	Account = "123456789012"
)

//go:embed serve.py
var serve string

// Options of Start. The zero value is ready to use.
type Options struct {
	// Validate makes the emulator refuse unknown images, instance types and key
	// pairs, as EC2 does. Default: it accepts any.
	Validate bool
	// Env is added to the emulator's environment, as "NAME=value".
	Env []string
}

// Server is a running emulator.
type Server struct {
	url     string
	process *child.Process
}

// Start runs the emulator on a free loopback port and waits until it answers.
// It ends with Stop, and in any case with the calling process. The calling process's limits
// of API calls are relaxed.
func Start(o Options) (*Server, error) {
	timelimit.Relax() // many clients share the emulator's one processor
	python, err := interpreter()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, "-c", serve)
	cmd.Env = append(os.Environ(), environment(o)...)
	process, line, err := child.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("start moto: %w", err)
	}
	s := &Server{process: process}
	if err := s.ready(line); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start moto with %s: %w; its output was:\n%s", python, err, s.Output())
	}
	return s, nil
}

// ForTest is Start for a test or benchmark: it fails the test when the emulator
// cannot be had, and stops it when the test ends.
func ForTest(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Main runs a package's tests, which share one emulator: run calls m.Run, and does what is
// to be done before and after it. It does not return.
func Main(share *Share, run func() (code int, err error)) {
	code, err := share.serve(run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Share is an emulator that a package's tests share, each in an account of its own.
type Share struct {
	*Server
	Dir      string // for what the tests share besides; removed after them
	accounts atomic.Int64
}

func (s *Share) serve(run func() (int, error)) (code int, err error) {
	if s.Dir, err = os.MkdirTemp("", "recovery-emulator-*"); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(s.Dir) }()
	if s.Server, err = Start(Options{}); err != nil {
		return 0, err
	}
	defer s.Stop()
	return run()
}

// Account is the id of an account that no other test has.
func (s *Share) Account() string { return fmt.Sprintf("%012d", 111122220000+s.accounts.Add(1)) }

// URL is the emulator's address, for AWS_ENDPOINT_URL.
func (s *Server) URL() string { return s.url }

// Output returns the last lines that the emulator wrote, tracebacks included.
func (s *Server) Output() string { return s.process.Output() }

// Reset forgets all resources of all accounts and Regions.
func (s *Server) Reset(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/moto-api/reset", nil)
	if err != nil {
		return fmt.Errorf("reset moto: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reset moto: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("reset moto: HTTP status %s, wanted 200", response.Status)
	}
	return nil
}

// Stop ends the process that Start started, and no other. It may be called
// more than once.
func (s *Server) Stop() { s.process.Stop() }

// Env is the environment, beside the endpoint, that lets any AWS client use an
// emulator at url: fake credentials, a Region, and none of the machine's own
// configuration.
func Env(url string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + url,
		"AWS_ACCESS_KEY_ID=testing",
		"AWS_SECRET_ACCESS_KEY=testing",
		"AWS_SESSION_TOKEN=testing",
		"AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

func environment(o Options) []string {
	env := []string{
		"AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing",
		"PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "MOTO_DISABLE_GLOBAL_CORS=true",
	}
	if o.Validate {
		env = append(env, "MOTO_ENABLE_AMI_VALIDATION=1",
			"MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION=1", "MOTO_ENABLE_KEYPAIR_VALIDATION=1")
	}
	return append(env, o.Env...)
}

// ready understands the port and version that serve.py prints, and sees one answer.
func (s *Server) ready(line string) error {
	port, version, _ := strings.Cut(line, " ")
	if _, err := strconv.Atoi(port); err != nil {
		return fmt.Errorf("its first line is %q, wanted a port and a version", line)
	}
	if version != Version {
		return fmt.Errorf("it is version %s, wanted %s: run `make tools`", version, Version)
	}
	s.url = "http://127.0.0.1:" + port
	return s.Reset(context.Background())
}

// interpreter is the Python of the project's virtual environment.
func interpreter() (string, error) {
	if python := os.Getenv(PythonEnv); python != "" {
		if _, err := os.Stat(python); err != nil {
			return "", fmt.Errorf("%s names %q, which cannot be used (%w): give a Python that has moto[server]==%s, or unset it", PythonEnv, python, err, Version)
		}
		return python, nil
	}
	root, err := child.Root()
	if err != nil {
		return "", err
	}
	python := filepath.Join(root, ".tools", "venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return "", fmt.Errorf("the emulator moto is not installed (%w): run `make tools`, which makes the virtual environment", err)
	}
	return python, nil
}
