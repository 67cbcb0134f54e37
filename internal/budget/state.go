package budget

import (
	"maps"
	"slices"
	"time"
)

// State is what a leader leaves to the next one, in the lease.
type State struct {
	At     time.Time       `json:"at"`
	Levels map[API]float64 `json:"levels"`          // of the buckets that are not full
	Paces  map[API]float64 `json:"paces,omitempty"` // of those that were slowed
}

// State returns the levels of now.
func (b *Budget) State(now time.Time) State {
	s := State{At: now, Levels: map[API]float64{}}
	for _, api := range slices.Sorted(maps.Keys(b.buckets)) {
		k := b.refill(api, now)
		if k.level < b.capacity(api) {
			s.Levels[api] = k.level
		}
		if k.pace < 1 {
			if s.Paces == nil {
				s.Paces = map[API]float64{}
			}
			s.Paces[api] = k.pace
		}
	}
	return s
}

// Resume takes over what the leader before left. margin is how far the two clocks
// may differ: nothing is regained for that time.
func (b *Budget) Resume(s State, margin time.Duration, now time.Time) {
	for api, k := range b.buckets {
		if level, ok := s.Levels[api]; ok {
			k.level = level
		}
		if pace, ok := s.Paces[api]; ok {
			k.pace = pace
		}
		k.at = earlier(s.At.Add(margin), now.Add(2*margin)) // later only if its clock was wrong
	}
}

// Emptied assumes that all was used until a time: what is known of a leader that
// ended without a word.
func (b *Budget) Emptied(until, now time.Time) {
	for _, k := range b.buckets {
		k.level, k.at = 0, earlier(until, now)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
