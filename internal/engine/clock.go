package engine

import (
	"context"
	"time"
)

// machineClock is the machine's own: the only place of the engine that reads it.
type machineClock struct{}

func (machineClock) Now() time.Time { return time.Now() } //nolint:forbidigo // the one clock

func (machineClock) Sleep(ctx context.Context, d time.Duration) error {
	nap, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-nap.Done()
	return ctx.Err()
}
