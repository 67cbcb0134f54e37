package sim

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/engine"
)

// gang is engine.Gang in virtual time: the parts are threads of the process, and
// park in their calls as it does, so that other processes, other parts and faults
// come in between. Who crashes in one part takes all with it.
type gang struct{ p *Proc }

// gangSize is how many parts are under way at once, as in the engine.
const gangSize = 32

// Each implements engine.Gang.
func (g gang) Each(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	if n <= 1 {
		for i := range n {
			do(ctx, i)
		}
		return
	}
	p := g.p
	caller := p.current
	var (
		begun, working int
		ends           time.Duration
		raised         any
	)
	work := func() {
		defer func() {
			switch r := recover(); r.(type) {
			case nil, killed:
			default:
				raised = engine.Panicked{Value: r, Stack: debug.Stack()}
			}
		}()
		for begun < n && raised == nil {
			begun++
			do(ctx, begun-1)
		}
	}
	for range min(n, gangSize) {
		t := p.thread(work)
		t.ended = func() {
			working--
			ends = max(ends, p.sim.at+t.owed)
			if working == 0 {
				caller.owed = ends - p.sim.at
				caller.run()
			}
		}
		working++
		p.sim.After(caller.owed, t.resume)
	}
	caller.wait()
	if raised != nil {
		panic(raised)
	}
}
