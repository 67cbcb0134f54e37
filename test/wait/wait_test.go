package wait

import (
	"context"
	"testing"
)

func TestUntil(t *testing.T) {
	looks := 0
	Until(t, "the third look", func() bool { looks++; return looks == 3 })
	if looks != 3 {
		t.Errorf("%d looks, want 3", looks)
	}
}

func TestForEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	if For(ctx, func() bool { looks++; cancel(); return false }) {
		t.Error("a condition that does not hold is reported to hold")
	}
	if !For(ctx, func() bool { return true }) {
		t.Error("a condition that holds is reported not to hold because the context has ended")
	}
}
