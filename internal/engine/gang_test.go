package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGangRunsEachOnce(t *testing.T) {
	for name, g := range map[string]Gang{"goroutines": goroutines{}, "sequential": Sequential{}} {
		for _, n := range []int{0, 1, gangSize - 1, gangSize + 1, 1000} {
			var lock sync.Mutex
			var ran []int
			g.Each(t.Context(), n, func(_ context.Context, i int) {
				lock.Lock()
				defer lock.Unlock()
				ran = append(ran, i)
			})
			slices.Sort(ran)
			for i, got := range ran {
				if got != i {
					t.Fatalf("%s of %d: ran %v", name, n, ran)
				}
			}
			if len(ran) != n {
				t.Errorf("%s of %d: %d ran", name, n, len(ran))
			}
		}
	}
}

// TestGoroutinesAtOnce: calls overlap up to the gang's size, and none goes on
// after Each returned (a bubble that ends with a goroutine left panics).
func TestGoroutinesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lock sync.Mutex
		var clock machineClock
		now, most := 0, 0
		began := clock.Now()
		goroutines{}.Each(t.Context(), 4*gangSize, func(ctx context.Context, _ int) {
			lock.Lock()
			now++
			most = max(most, now)
			lock.Unlock()
			_ = clock.Sleep(ctx, time.Second)
			lock.Lock()
			now--
			lock.Unlock()
		})
		if took := clock.Now().Sub(began); took != 4*time.Second || most != gangSize || now != 0 {
			t.Errorf("took %v of virtual time, %d at once, %d left", took, most, now)
		}
	})
}

// TestGangRaisesPanic: those that had begun come to their end, no other begins.
func TestGangRaisesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock machineClock
		var ended atomic.Int64
		cause := errors.New("the cause")
		defer func() {
			p, ok := recover().(Panicked)
			if !ok || p.Value != cause || len(p.Stack) == 0 { //nolint:errorlint // the very value
				t.Errorf("recovered %v", p)
			}
			if n := ended.Load(); n != gangSize-1 {
				t.Errorf("%d ran to their end, want %d", n, gangSize-1)
			}
		}()
		goroutines{}.Each(t.Context(), 1000, func(ctx context.Context, i int) {
			if i == 3 {
				_ = clock.Sleep(ctx, time.Second)
				panic(cause)
			}
			_ = clock.Sleep(ctx, 2*time.Second)
			ended.Add(1)
		})
	})
}
