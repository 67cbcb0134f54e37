package sim

import (
	"fmt"
	"time"
)

// Run makes one run and tells its outcome. The invariants are checked after every
// step, as in a seeded run, and so are the file's own expectations.
func (s *Scenario) Run(v Variant, trace func(string)) (string, error) {
	sc, err := s.script(v)
	if err != nil {
		return "", err
	}
	sim := NewSim(v.Seed)
	sim.witness = s.Witness
	defer sim.Close()
	w := NewWorld(sim, s.nodes, Chaos{})
	w.script, sc.w = sc, w
	story := newStory(sc)
	sim.Trace = func(text string) {
		story.hear(text)
		if trace != nil {
			trace(text)
		}
	}
	for _, do := range sc.setUp {
		do()
	}
	sc.deploy()
	sc.mirror()
	start := sim.Now
	_ = sim.Run(start.Add(creating(s.nodes))) // a failure stops everything after it, and is told at the end
	w.Watch()
	if w.twin != nil {
		w.twin.Watch()
	}
	_ = sim.Run(start.Add(max(8*time.Minute, creating(s.nodes)+watching(s.nodes))))
	sc.armed, sc.zero = true, sim.Now
	w.Chaos.from = sim.Now
	sim.Log("the scenario begins")
	story.remember()
	for _, do := range sc.plan {
		do()
	}
	_ = sim.Run(sc.zero.Add(s.length))
	switch {
	case sim.stop != nil:
		return story.text(), fmt.Errorf("invariant broken: %w", sim.stop)
	case sc.broken != nil:
		return story.text(), sc.broken
	}
	return story.text(), sc.missed()
}
