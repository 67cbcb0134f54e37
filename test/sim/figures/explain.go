package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// explain makes the runs that the text names and prints, for each disaster, what
// happened when: the calls and what became true, in seconds since the detection.
// The text is a part of the run's own name, as "gated, AZ loss, ALB, seed 3,".
func explain(w io.Writer, text string, seeds int) error {
	for _, c := range classes() {
		for seed := range uint64(seeds) {
			x := contest{controller: controllers[c.who], fault: c.fault, before: c.before, seed: seed + 1, nodes: c.nodes(), trouble: c.trouble}
			if !strings.Contains(x.String(), text) {
				continue
			}
			x.diary = func(l *sim.Lab, list []verdict) {
				for _, v := range list {
					x.tell(w, l, v)
				}
			}
			if _, err := x.run(); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell prints one disaster of one node.
func (c contest) tell(w io.Writer, l *sim.Lab, v verdict) {
	_, _ = fmt.Fprintf(w, "%s, node %d: took %.2f s, over the floor by %.2f s, of which poll lag %.2f s\n", c, v.node, v.took().Seconds(), v.over().Seconds(), v.lag.Seconds())
	line := func(at time.Time, text string) {
		_, _ = fmt.Fprintf(w, "%9.3f  %s\n", at.Sub(v.detected).Seconds(), text)
	}
	moments := l.Moments
	until := later(v.served, v.detected)
	for _, x := range l.Calls {
		for len(moments) > 0 && !moments[0].At.After(x.At) {
			if m := moments[0]; m.Node == v.node && !m.At.Before(v.at) && !m.At.After(until) {
				line(m.At, fmt.Sprintf("# %s attempt %d is %s, power %t, writes %t, serves %t", m.Machine, m.Attempt, m.State, m.Power, m.Writes, !m.Serves.IsZero()))
			}
			moments = moments[1:]
		}
		if x.At.Before(v.at) || x.At.After(until) {
			continue
		}
		line(x.At, x.Proc+" "+x.Service+" "+x.Action)
	}
	line(v.floor, "# the floor")
	line(v.served, "# serves")
}
