//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group, so that a Ctrl-C in the terminal
// reaches it only through us.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the group that ownGroup made. It is called only while the
// command has not been waited for, so its id cannot have been given to another.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
