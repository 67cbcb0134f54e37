package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Gang carries out things that do not depend on each other: the saves of a round,
// and then its effects.
type Gang interface {
	// Each runs do for 0 to n-1, possibly several at once, begun in this order, and
	// returns when all that began have ended. A panic in one is raised again in the
	// caller; what had not begun by then is left out.
	Each(ctx context.Context, n int, do func(ctx context.Context, i int))
}

// WithGang replaces the goroutines by something else: Sequential, or a simulation's own.
func WithGang(g Gang) Option { return func(e *Engine) { e.gang = g } }

// Sequential runs one after the other in the caller's goroutine: for fakes that
// are not safe for concurrent use.
type Sequential struct{}

// Each implements Gang.
func (Sequential) Each(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	for i := range n {
		do(ctx, i)
	}
}

// gangSize is how many goroutines a round uses at most: enough to save a thousand
// records within a second (a write takes some 10 ms), and for the calls that the API
// budgets allow at once, of which RunInstances is the slowest with about 1.5 s
// (measured, 2021).
const gangSize = 32

// goroutines is the default gang. None outlives the call.
type goroutines struct{}

// Panicked is what a goroutine of a gang panicked with, and where.
type Panicked struct {
	Value any
	Stack []byte
}

func (p Panicked) Error() string { return fmt.Sprintf("%v\n%s", p.Value, p.Stack) }

// Each implements Gang.
func (goroutines) Each(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	var (
		wait  sync.WaitGroup
		next  atomic.Int64
		first atomic.Pointer[Panicked]
	)
	work := func() {
		defer func() {
			if v := recover(); v != nil {
				first.CompareAndSwap(nil, &Panicked{v, debug.Stack()})
			}
		}()
		for first.Load() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(ctx, i)
		}
	}
	for range min(n, gangSize) {
		wait.Go(work)
	}
	wait.Wait()
	if p := first.Load(); p != nil {
		panic(*p)
	}
}
