// Package child runs a test double as a process that cannot outlive us.
//
// The program must end when its standard input does, and must print one line once
// it listens. We hold the other end of its standard input: whatever ends this
// process (a panic, SIGKILL, a test time-out) ends the child as well, without a
// signal to a process id that might by then be another's.
package child

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// startLimit bounds the time until the first line. Our doubles take 0.2 to 1.5 s on an idle
// machine. A child that dies is noticed at once, so the limit only ends one that hangs.
const startLimit = 30 * time.Minute

// Process is a running child.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	output *tail
	exited chan struct{}
	stop   sync.Once
}

// Start runs cmd, whose Stdin, Stdout and Stderr must be unset, and returns it
// with the first line of its standard output. The end of its standard error is kept for
// Output.
func Start(cmd *exec.Cmd) (*Process, string, error) {
	p := &Process{cmd: cmd, output: &tail{}, exited: make(chan struct{})}
	cmd.Stderr = p.output
	ownGroup(cmd)
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	// A pipe of our own, not StdoutPipe: Wait would close that one under the reader.
	read, write, err := os.Pipe()
	if err != nil {
		return nil, "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	defer func() { _ = read.Close() }()
	cmd.Stdout = write
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return nil, "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	_ = read.SetReadDeadline(time.Now().Add(startLimit))
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		p.Stop()
		return nil, "", fmt.Errorf("%s said nothing within %s (%w); its output was:\n%s", cmd.Path, startLimit, err, p.Output())
	}
	return p, strings.TrimSpace(line), nil
}

// Output returns the last of what the child wrote to its standard error.
func (p *Process) Output() string { return p.output.String() }

// Stop ends the child that Start started, and nothing else. It may be called more
// than once.
func (p *Process) Stop() {
	p.stop.Do(func() {
		_ = p.stdin.Close()
		select {
		case <-p.exited:
		case <-time.After(5 * time.Second):
			killGroup(p.cmd)
			<-p.exited
		}
	})
}

// Root is the project's folder: the nearest one with a go.mod, from the working
// directory upwards.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project's folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the project's folder: no go.mod in the working directory or above it; run from inside the project")
		}
		dir = parent
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailLimit = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailLimit; over > 0 {
		t.kept = bytes.Clone(t.kept[over:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
