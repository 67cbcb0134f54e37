package timelimit

import (
	"testing"
	"time"
)

func TestScale(t *testing.T) {
	kept := scale
	t.Cleanup(func() { scale = kept })
	if got := Scale(10 * time.Second); got != 10*time.Second {
		t.Errorf("a program that is not a test's has the limit %s, want 10s", got)
	}
	scale = "wrong"
	if got := Scale(10 * time.Second); got != 10*time.Second {
		t.Errorf("a program linked with a wrong scale has the limit %s, want 10s", got)
	}
	Relax()
	if got := Scale(10 * time.Second); got != 10*time.Minute {
		t.Errorf("a relaxed program has the limit %s, want 10m", got)
	}
}
