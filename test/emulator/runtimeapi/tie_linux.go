package runtimeapi

import (
	"os/exec"
	"syscall"
)

// tie asks the kernel to kill the process when the thread that starts it ends.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
