package runtimeapi

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawn starts a process that ends with this one, however this one ends (a panic, SIGKILL,
// a test time-out), where the system can do that: see tie.
func spawn(cmd *exec.Cmd) error {
	tie(cmd)
	started := make(chan error)
	spawner() <- func() { started <- cmd.Start() }
	return <-started
}

// spawner is a thread of its own that never ends: what tie asks for is kept as soon as the
// thread that started the process is gone.
var spawner = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})
