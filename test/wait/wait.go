// Package wait waits for conditions in tests. It has no limits of its own: a busy machine
// makes a test slower, not red. A condition that never holds ends the package at the limit
// of go test, which scripts and Makefile set to 90 minutes.
package wait

import (
	"context"
	"testing"
	"time"
)

// pause is the time between two looks at a condition.
const pause = 10 * time.Millisecond

// Until returns when the condition holds. It fails the test shortly before go test would
// end the package, so that the failure names what was waited for.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx := t.Context()
	if limited, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := limited.Deadline(); ok {
			var cancel func()
			ctx, cancel = context.WithDeadline(ctx, end.Add(-time.Minute))
			defer cancel()
		}
	}
	if !For(ctx, holds) {
		t.Fatalf("waiting for %s: it has not happened when the package's time limit is near", what)
	}
}

// For returns true when the condition holds, and false when the context ends first.
func For(ctx context.Context, holds func() bool) bool {
	for !holds() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	return true
}
