package engine_test

import (
	"log/slog"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/engine"
)

// TestManyAtOnce: with the goroutines that the function itself uses, 40 nodes are
// recovered by one invocation, each once. Run it with -race where there is cgo.
func TestManyAtOnce(t *testing.T) {
	h := newHerd(t, 100, make([]string, 40)...)
	h.e = engine.New(h.cfg, h.w.Ports(), engine.WithClock(h.w), engine.WithLog(slog.New(slog.DiscardHandler)))
	for _, id := range h.w.Running() {
		h.w.Stop(id)
	}
	start := len(h.w.Calls)
	h.call(sweep)
	if got := tally(h.w, start, "EC2 RunInstances")["EC2 RunInstances"]; h.switched() != 40 || got != 40 || len(h.w.Running()) != 40 {
		t.Errorf("%d of 40 switched with %d launches, %d instances run", h.switched(), got, len(h.w.Running()))
	}
}
