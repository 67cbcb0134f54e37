package sim

import "testing"

// TestLatencyIsOfTheAttempt: what a machine takes does not depend on what happened
// before, so that two controllers meet the same machines.
func TestLatencyIsOfTheAttempt(t *testing.T) {
	a, b := NewWorld(NewSim(7), 2, Chaos{}), NewWorld(NewSim(7), 2, Chaos{})
	_ = b.Rand.Uint64() // another past
	for _, kind := range []Delay{DelayStop, DelayServing} {
		for attempt := range 3 {
			one, other := a.latency(kind, 1, attempt), b.latency(kind, 1, attempt)
			if one != other {
				t.Errorf("%s of attempt %d is %s in one world and %s in the other", kind, attempt, one, other)
			}
			r := a.Delays[kind]
			if one < r.Least || one > r.Most {
				t.Errorf("%s of attempt %d is %s, outside %s to %s", kind, attempt, one, r.Least, r.Most)
			}
			if one == a.latency(kind, 2, attempt) || one == a.latency(kind, 1, attempt+1) {
				t.Errorf("%s of attempt %d is another's too", kind, attempt)
			}
		}
	}
}
