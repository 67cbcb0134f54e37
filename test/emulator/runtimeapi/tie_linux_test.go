package runtimeapi

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/test/wait"
)

// TestProcessEndsWithItsParent starts this test binary again as a process whose function
// is in the middle of an invocation when the process dies by SIGKILL.
func TestProcessEndsWithItsParent(t *testing.T) {
	if os.Getenv("RUNTIMEAPI_TEST_PARENT") == "1" {
		f, _ := start(t, time.Hour)
		f.InvokeAsync([]byte(`{"Do":"hang"}`))
		wait.Until(t, "the invocation to begin", func() bool { return len(logs(t, f)) > 0 })
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcessEndsWithItsParent$")
	cmd.Env = append(os.Environ(), "RUNTIMEAPI_TEST_PARENT=1", "TMPDIR="+t.TempDir())
	// File 3 is inherited by the parent and, not being close-on-exec there, by the
	// function: reading its other end returns only when both are gone.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Run()
	_ = write.Close()
	if err == nil {
		t.Fatal("the parent ended by itself, wanted SIGKILL")
	}
	if _, err := io.ReadAll(read); err != nil { // it does not return while the function lives
		t.Fatal(err)
	}
}
