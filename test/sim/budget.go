package sim

import (
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// rate is a token bucket: how much it holds, and how much is refilled a second.
// For an account and a Region ("Request throttling for the Amazon EC2 API": each
// action is evaluated by itself; "Request throttling for the Elastic Load Balancing
// API"; "CloudWatch service quotas").
type rate struct{ most, refill float64 }

// limits by action. Those not named are as others of their kind (limitOf).
var limits = map[string]rate{
	"RunInstances":                    {5, 2},
	"StartInstances":                  {5, 2},
	"TerminateInstances":              {100, 5},
	"ModifyNetworkInterfaceAttribute": {100, 5},
	"CreateTags":                      {100, 10},
	"DeleteTags":                      {100, 10},
	"DescribeInstances":               {50, 10}, // by ids: neither filtered nor paged
	"DescribeInstances by tag":        {100, 20},
	"DescribeInstanceAttribute":       {100, 20},
	"PutMetricAlarm":                  {3, 3},
	"DescribeAlarms":                  {9, 9},
}

// resources are the buckets that lose a token for each instance of a call.
var resources = map[string]rate{
	"RunInstances": {1000, 2}, "StartInstances": {1000, 2}, "StopInstances": {1000, 20}, "TerminateInstances": {1000, 20},
}

// balancerLimits are shared by several actions.
var (
	balancerAll     = rate{40, 10}
	balancerTargets = rate{20, 4}
)

// limitOf is the bucket of an action that has one of its own.
func limitOf(service, action string) (rate, bool) {
	if r, ok := limits[action]; ok {
		return r, true
	}
	switch {
	case service != "EC2":
		return rate{}, false // on demand, or no limit that matters is documented
	case strings.HasPrefix(action, "Describe"):
		return rate{100, 20}, true
	default:
		return rate{50, 5}, true
	}
}

// limitOf is the bucket of an action in this world.
func (w *World) limitOf(service, action string) (rate, bool) {
	if w.lab != nil && action == "RunInstances" && w.lab.LaunchBurst > 0 {
		return rate{w.lab.LaunchBurst, w.lab.LaunchRate}, true
	}
	return limitOf(service, action)
}

// bucket is one at work. left is what AWS sees, with all that others in the account
// use; own is what would be left if the switchers were alone. excess counts refusals
// that they brought about themselves. As many as the bucket is deep are forgiven:
// a leader that begins in another VPC at the same moment cannot know yet what the
// first one uses, nor can one that takes over know what the former has just used.
// They are forgotten at a quarter of the refill rate.
type bucket struct {
	rate
	name      string
	left, own float64
	excess    float64
	at        time.Time
}

func (b *bucket) refilled(now time.Time, others float64) {
	past := now.Sub(b.at).Seconds()
	b.at = now
	b.left = min(b.left+past*b.refill*(1-others), b.most*(1-others))
	b.own = min(b.own+past*b.refill, b.most)
	b.excess = max(0, b.excess-past*b.refill/4)
}

// toll is what a call takes from one bucket.
type toll struct {
	*bucket
	each bool // a token for each instance, rather than for the call
}

// tolls are what a call of the action takes. Whether RegisterTargets also takes from
// the bucket of mutating actions (20 and 3 a second) is not documented: assumed not.
func (w *World) tolls(service, action string) []toll {
	if list, ok := w.paid[action]; ok {
		return list
	}
	var list []toll
	add := func(name string, r rate, each bool) {
		b := w.buckets[name]
		if b == nil {
			b = &bucket{rate: r, name: name, left: r.most, own: r.most, at: w.Now}
			w.buckets[name] = b
		}
		list = append(list, toll{b, each})
	}
	if r, ok := w.limitOf(service, action); ok {
		add(action, r, false)
	}
	if r, ok := resources[action]; ok {
		add(action+" (instances)", r, true)
	}
	if service == "ELB" {
		add("ELB", balancerAll, false)
	}
	if action == "RegisterTargets" || action == "DeregisterTargets" {
		add("ELB targets", balancerTargets, false)
	}
	w.paid[action] = list
	return list
}

// spend takes a call's tokens, or refuses it. A refusal that the switchers' own
// calls brought about breaks I6.
func (w *World) spend(service, action string, n int) error {
	if w.Chaos.EveryLease || w.unwatched {
		return nil // as many leaders as there are invocations: no budget suffices
	}
	list := w.tolls(service, action)
	for _, x := range list {
		x.refilled(w.Now, w.Chaos.Others)
		if x.left >= x.of(n) {
			continue
		}
		if x.own < x.of(n) {
			x.excess += x.of(n)
		}
		if x.excess > x.most && (w.lab == nil || w.lab.Function == nil) {
			w.Fail("I6: the switchers' own calls have emptied the bucket of %s", x.name)
		}
		return refuse(cloud.Throttled, service, action, "RequestLimitExceeded")
	}
	for _, x := range list {
		x.left -= x.of(n)
		x.own -= x.of(n)
	}
	return nil
}

func (t toll) of(n int) float64 {
	if t.each {
		return float64(n)
	}
	return 1
}
