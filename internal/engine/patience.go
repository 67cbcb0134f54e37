package engine

import (
	"context"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// patiently repeats what can be repeated while its error may pass: after 1, 2
// and 4 seconds. What still fails then is left to Lambda, which tries the whole
// invocation again.
func (e *Engine) patiently(ctx context.Context, do func() error) error {
	err := do()
	for pause := time.Second; pause <= 4*time.Second && err != nil && cloud.Passing(err); pause *= 2 {
		if slept := e.clock.Sleep(ctx, pause); slept != nil {
			return err
		}
		err = do()
	}
	return err
}
