package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/workload-recovery/workload-recovery/test/sim"
)

// class is one line of the tables.
type class struct {
	who     int // of controllers
	fault   sim.Fault
	before  balancer
	trouble bool
}

// tally is what all disasters of a class came to.
type tally struct {
	detect, took, over, lag, floor []time.Duration
	ratio                          []float64
	mutating                       []int
	reads                          []float64
	disasters, lost                int
	writers, servers, left         int
	broken                         []error // runs that broke an invariant
}

func (t *tally) add(v verdict) {
	t.disasters++
	if v.writers {
		t.writers++
	}
	if v.servers {
		t.servers++
	}
	t.left += v.left
	if v.served.IsZero() {
		t.lost++
		return
	}
	t.detect = append(t.detect, v.detected.Sub(v.at))
	t.took = append(t.took, v.took())
	t.over = append(t.over, v.over())
	t.lag = append(t.lag, v.lag)
	t.floor = append(t.floor, v.floor.Sub(v.detected))
	t.ratio = append(t.ratio, v.ratio())
	t.mutating = append(t.mutating, v.mutating)
	t.reads = append(t.reads, v.reads)
}

func (t *tally) join(o *tally) {
	t.detect = append(t.detect, o.detect...)
	t.took = append(t.took, o.took...)
	t.over = append(t.over, o.over...)
	t.lag = append(t.lag, o.lag...)
	t.floor = append(t.floor, o.floor...)
	t.ratio = append(t.ratio, o.ratio...)
	t.mutating = append(t.mutating, o.mutating...)
	t.reads = append(t.reads, o.reads...)
	t.disasters += o.disasters
	t.lost += o.lost
	t.writers += o.writers
	t.servers += o.servers
	t.left += o.left
	t.broken = append(t.broken, o.broken...)
}

// scoreboard is all classes.
type scoreboard struct {
	tallies   map[class]*tally
	disasters int
}

// sum joins the classes that are meant.
func (b scoreboard) sum(meant func(class) bool) *tally {
	all := &tally{}
	for _, c := range classes() {
		if meant(c) {
			all.join(b.tallies[c])
		}
	}
	return all
}

// failed tells of the runs of the engine that broke an invariant.
func (b scoreboard) failed() error {
	return errors.Join(b.sum(func(class) bool { return true }).broken...)
}

func classes() (list []class) {
	for _, trouble := range []bool{false, true} {
		for _, f := range faults {
			for _, b := range []balancer{alb, nlb} {
				for who := range controllers {
					list = append(list, class{who, f, b, trouble})
				}
			}
		}
	}
	return list
}

// zoneNodes is how many nodes lose their zone together: fewer than the brake looks at.
const zoneNodes = 3

// score runs every class with seeds 1 to n.
func score(n, workers int) (scoreboard, error) {
	board := scoreboard{tallies: map[class]*tally{}}
	jobs := make(chan class)
	var mu sync.Mutex
	var errs []error
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for c := range jobs {
				t, err := c.run(n)
				mu.Lock()
				board.tallies[c] = t
				board.disasters += t.disasters
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, c := range classes() {
		jobs <- c
	}
	close(jobs)
	group.Wait()
	return board, errors.Join(errs...)
}

// nodes is how many fail together.
func (c class) nodes() int {
	if c.fault == sim.FaultZone {
		return zoneNodes
	}
	return 1
}

func (c class) run(n int) (*tally, error) {
	t := &tally{}
	for seed := range uint64(n) {
		x := contest{controller: controllers[c.who], fault: c.fault, before: c.before, seed: seed + 1, nodes: c.nodes(), trouble: c.trouble}
		list, err := x.run()
		switch {
		case errors.Is(err, errInvariant):
			t.broken = append(t.broken, err)
		case err != nil:
			return t, err
		}
		for _, v := range list {
			t.add(v)
		}
	}
	return t, nil
}

// at is the p-th percentile by the nearest rank.
func at[T int | float64 | time.Duration](p int, list []T) T {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}

// massed is a mass run and what it came to.
type massed struct {
	mass
	spread
	bound time.Duration
	err   error
}

// launching names the buckets that are compared. The second is that of CreateFleet,
// as of every mutating action that is not listed by itself; the third is what one
// request for a higher limit may ask for at most (the same page).
var launching = []struct {
	name   string
	bucket bucket
}{{"RunInstances", runInstances}, {"CreateFleet", createFleet}, {"RunInstances, raised threefold", raised}}

// weigh runs the mass recoveries: the engine's with each launching API's bucket, the
// others' with the default one.
func weigh(counts []int) (list []massed, failed error) {
	for who, c := range controllers {
		if c.own {
			continue // how Auto Scaling is limited inside is not documented
		}
		for _, launch := range launching {
			if who > 0 && launch.bucket != runInstances {
				continue
			}
			for _, n := range counts {
				m := massed{mass: mass{controller: c, before: alb, seed: 1, nodes: n, burst: launch.bucket.burst, rate: launch.bucket.rate}}
				m.spread, m.err = m.run()
				m.bound = bound(m.seed, delays(m.before), n, budgets{launches: launch.bucket, registrations: targets})
				if m.err != nil {
					failed = errors.Join(failed, fmt.Errorf("%d nodes, %s: %w", n, c.name, m.err))
				}
				list = append(list, m)
			}
		}
	}
	return list, failed
}
