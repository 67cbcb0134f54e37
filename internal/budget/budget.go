// Package budget keeps the switcher within AWS's API budgets: a token bucket for
// each API of the account and Region, of which the leader uses its share. It is
// pure: the caller gives the time, and nothing here calls, waits or locks.
//
// A bucket here holds what this switcher may still use, so AWS, which counts what
// everybody in the account uses, may still throttle. Then the API's rate is halved
// and recovers a little every second.
package budget

import (
	"math"
	"time"
)

// API names a bucket. Most are one action's own; some are shared by several, and
// an action may take from several.
type API string

// Limit is how much a bucket holds and how much it regains a second.
type Limit struct {
	Capacity float64
	Refill   float64
}

// Cost is what a call takes from one bucket.
type Cost struct {
	API    API
	Tokens float64
}

const (
	// slowest is the lowest rate, as a part of the share, that throttling leads to.
	slowest = 1.0 / 16
	// recovery is what a slowed rate regains a second: from one half in 10 s.
	recovery = 0.05
	// settling is how long after a slowdown further refusals are put down to the same cause.
	settling = time.Second
	// rounding keeps a token that is full but for the last bit from waiting.
	rounding = 1e-6
)

// Budget is the buckets of one leader. Not safe for concurrent use.
type Budget struct {
	limits  map[API]Limit
	share   float64
	buckets map[API]*bucket
}

type bucket struct {
	level float64
	at    time.Time // of level
	pace  float64   // part of the refill that is used: 1, less after a throttling
	slow  time.Time // when it was last slowed
}

// New returns full buckets.
func New(limits map[API]Limit, now time.Time) *Budget {
	b := &Budget{limits: limits, share: 1, buckets: map[API]*bucket{}}
	for api := range limits {
		b.buckets[api] = &bucket{level: b.capacity(api), at: now, pace: 1}
	}
	return b
}

// Share sets the part of each bucket that may be used: percent of it, divided by
// the number of leaders of the Region.
func (b *Budget) Share(percent, leaders int, now time.Time) {
	for api := range b.buckets {
		b.refill(api, now)
	}
	b.share = float64(percent) / 100 / float64(max(1, leaders))
	for api, k := range b.buckets {
		k.level = min(k.level, b.capacity(api))
	}
}

// capacity leaves a token: calls that are sent at the right distance may arrive
// closer together. It is at least one: with a small share a call is rare, not
// impossible.
func (b *Budget) capacity(api API) float64 {
	return max(1, (b.limits[api].Capacity-1)*b.share)
}

func (b *Budget) refill(api API, now time.Time) *bucket {
	k := b.buckets[api]
	past := now.Sub(k.at).Seconds()
	if past <= 0 {
		return k
	}
	k.level = min(b.capacity(api), k.level+past*b.limits[api].Refill*b.share*k.pace)
	k.pace = min(1, k.pace+past*recovery)
	k.at = now
	return k
}

// Take takes a call's tokens, from all of its buckets or from none. A call that
// needs more than a bucket can hold is made from a full one and leaves it in debt.
func (b *Budget) Take(now time.Time, costs ...Cost) bool {
	_, ok := b.Reserve(now, 0, costs...)
	return ok
}

// Reserve takes a call's tokens that are there now or will be within a time, and
// says how long to wait before the call.
func (b *Budget) Reserve(now time.Time, within time.Duration, costs ...Cost) (wait time.Duration, ok bool) {
	for _, c := range costs {
		if b.buckets[c.API] == nil {
			continue
		}
		k := b.refill(c.API, now)
		if short := min(c.Tokens, b.capacity(c.API)) - k.level; short > rounding {
			refilled := time.Duration(short / (b.limits[c.API].Refill * b.share * k.pace) * float64(time.Second))
			wait = max(wait, k.at.Sub(now)+refilled, time.Nanosecond)
		}
	}
	if wait > within {
		return 0, false
	}
	for _, c := range costs {
		if k := b.buckets[c.API]; k != nil {
			k.level -= c.Tokens
		}
	}
	return wait, true
}

// Most is how many calls of one token the API has room for now.
func (b *Budget) Most(now time.Time, api API) int {
	if b.buckets[api] == nil {
		return math.MaxInt
	}
	return max(0, int(b.refill(api, now).level+rounding))
}

// Throttled notes that AWS refused a call that takes from these buckets. Which of
// them was empty is not told, so all are slowed.
func (b *Budget) Throttled(now time.Time, costs ...Cost) {
	for _, c := range costs {
		k := b.buckets[c.API]
		if k == nil {
			continue
		}
		b.refill(c.API, now)
		k.level = min(k.level, 0)
		if now.Sub(k.slow) >= settling {
			k.pace, k.slow = max(slowest, k.pace/2), now
		}
	}
}
