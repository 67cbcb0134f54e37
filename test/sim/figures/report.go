package main

import (
	"fmt"
	"strings"
	"time"
)

// report is all that is printed.
type report struct {
	seeds              int
	nodes              string
	board              scoreboard
	masses             []massed
	bench              []work
	disastersPerSecond float64
	text               strings.Builder
}

func (r *report) markdown() string {
	r.line("Made by `make figures SEEDS=%d NODES=%s`, seeds 1 to %d of each class, %d disasters in all, on 2 shared cores (%.0f simulated disasters a second).",
		r.seeds, r.nodes, r.seeds, r.board.disasters, r.disastersPerSecond)
	r.overview()
	for _, trouble := range []bool{false, true} {
		r.times(trouble)
	}
	r.massTables()
	r.costs()
	r.sources()
	return r.text.String()
}

func (r *report) line(format string, a ...any) { fmt.Fprintf(&r.text, format+"\n", a...) }

func (r *report) head(title string) { r.line("\n### %s\n", title) }

// table writes a head and its rule.
func (r *report) table(columns ...string) {
	r.line("| %s |", strings.Join(columns, " | "))
	rule := []string{"---"}
	for range columns[1:] {
		rule = append(rule, "---:")
	}
	r.line("| %s |", strings.Join(rule, " | "))
}

func (r *report) row(cells ...string) { r.line("| %s |", strings.Join(cells, " | ")) }

func sec(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

func count(n int) string { return fmt.Sprint(n) }

// perMille is a count of so many disasters, each thousand.
func perMille(n, of int) string {
	if n == 0 || of == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", 1000*float64(n)/float64(of))
}

// overview has one line for each controller, over all classes.
func (r *report) overview() {
	r.head("Overview")
	r.line("All classes together; the counts are for each 1000 disasters. \"Over\" is over the floor of the controller's own rules; a controller marked † waits for no fence, so that its floor has none and it may be quick at the price of two writers.\n")
	r.table("controller", "faults in its way", "over p50", "over p99", "took / floor, p99", "poll lag p50", "lost", "two writers", "two servers", "left", "mutating calls, p50 / most", "reads/s of one API")
	for who, c := range controllers {
		for _, trouble := range []bool{false, true} {
			t := r.board.sum(func(x class) bool { return x.who == who && x.trouble == trouble })
			calls, reads := fmt.Sprintf("%d / %d", at(50, t.mutating), at(100, t.mutating)), fmt.Sprintf("%.2f", at(99, t.reads))
			if c.own {
				calls, reads = "-", "-"
			}
			r.row(mark(c), yes(trouble), sec(at(50, t.over)), sec(at(99, t.over)), fmt.Sprintf("%.2f", at(99, t.ratio)), sec(at(50, t.lag)),
				perMille(t.lost, t.disasters), perMille(t.writers, t.disasters), perMille(t.servers, t.disasters), perMille(t.left, t.disasters), calls, reads)
		}
	}
	broken := len(r.board.sum(func(class) bool { return true }).broken)
	r.line("\nRuns of this engine that broke an invariant: %d. Goals without faults: over p50 at most 1.5 s, p99 at most 3 s, took / floor p99 at most 1.05, at most 12 mutating calls, at most one read a second.", broken)
}

func mark(c controller) string {
	if c.unfenced {
		return c.name + " †"
	}
	return c.name
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// times has one line for each class.
func (r *report) times(trouble bool) {
	title := "Seconds from detection to serving, nothing in the way"
	if trouble {
		title = "The same with crashes, lost answers, throttling and lost, late and repeated events"
	}
	r.head(title)
	r.table("fault", "before it", "controller", "detected p50", "took p50", "took p99", "floor p50", "over p50", "over p99", "poll lag p50", "took / floor, p99", "lost", "two writers", "two servers")
	for _, f := range faults {
		for _, b := range []balancer{alb, nlb} {
			for who, c := range controllers {
				t := r.board.tallies[class{who, f, b, trouble}]
				r.row(string(f), string(b), mark(c), sec(at(50, t.detect)), sec(at(50, t.took)), sec(at(99, t.took)), sec(at(50, t.floor)), sec(at(50, t.over)), sec(at(99, t.over)), sec(at(50, t.lag)),
					fmt.Sprintf("%.2f", at(99, t.ratio)), perMille(t.lost, t.disasters), perMille(t.writers, t.disasters), perMille(t.servers, t.disasters))
			}
		}
	}
}

// sizes are those for which bounds are told.
var sizes = []int{1, 10, 100, 1000}

// massTables are about many nodes at once.
func (r *report) massTables() {
	r.head("All nodes of a zone at once, ALB, under the documented API budgets")
	r.line("The makespan is from the detection to the last node that serves again. The bound is what the budgets and the machines allow at best, gated; the goal at 1000 is 1.05 x (245 s + the single-node floor). Lost and doubled are nodes. Auto Scaling is left out: how its own launches are limited is not documented.\n")
	r.table("controller", "launches", "nodes", "makespan", "bound", "makespan / bound", "/ (245 s + floor)", "lost", "doubled", "calls a node")
	for _, m := range r.masses {
		cells := []string{mark(m.controller), fmt.Sprintf("%.0f + %.0f/s", m.burst, m.rate), count(m.nodes)}
		if m.err != nil || m.lost == m.nodes {
			r.row(append(cells, "never", sec(m.bound), "-", "-", count(m.lost), count(m.doubles), "-")...)
			continue
		}
		ideal := 245*time.Second + m.single
		r.row(append(cells, sec(m.makespan), sec(m.bound), fmt.Sprintf("%.2f", m.makespan.Seconds()/m.bound.Seconds()),
			fmt.Sprintf("%.2f", m.makespan.Seconds()/ideal.Seconds()), count(m.lost), count(m.doubles), fmt.Sprintf("%.1f", float64(m.calls)/float64(m.nodes)))...)
	}
	r.head("What the budgets allow: the bound of the makespan in seconds")
	columns := []string{"launching API", "deregistration", "RegisterTargets"}
	for _, n := range sizes {
		columns = append(columns, fmt.Sprintf("%d nodes", n))
	}
	r.table(columns...)
	for _, launch := range launching {
		for _, x := range []struct {
			dereg string
			reg   string
			budgets
		}{
			{"after serving", "20 + 4/s", budgets{launch.bucket, targets, false}},
			{"before serving", "20 + 4/s", budgets{launch.bucket, targets, true}},
			{"after serving", "20 + 3/s, if it drains the mutating bucket", budgets{launch.bucket, elbMutating, false}},
		} {
			cells := []string{launch.name, x.dereg, x.reg}
			for _, n := range sizes {
				cells = append(cells, sec(bound(1, delays(alb), n, x.budgets)))
			}
			r.row(cells...)
		}
	}
}

// costs is what the function itself costs.
func (r *report) costs() {
	r.head("The function's own work")
	r.line("`make bench`: one invocation recovers all nodes, in a world that answers at once. Times are relative to one node of the smallest size.\n")
	r.table("nodes", "CPU a node, relative", "CPU seconds in all", "allocated in all, MB", "calls a node")
	for _, w := range r.bench {
		r.row(count(w.nodes), fmt.Sprintf("%.2f", w.secondsPerNode/r.bench[0].secondsPerNode), fmt.Sprintf("%.3f", w.seconds), fmt.Sprintf("%.1f", w.bytes/1e6), fmt.Sprintf("%.1f", w.callsPerNode))
	}
}

// sources are the times that the runs rest on.
func (r *report) sources() {
	r.head("Times in every run")
	r.table("what", "seconds", "source")
	for _, t := range append(terms, registration[alb], registration[nlb]) {
		span := fmt.Sprint(t.least.Seconds())
		if t.most != t.least {
			span += fmt.Sprintf(" to %v, skewed to the low end", t.most.Seconds())
		}
		r.row(t.text, span, t.source)
	}
	r.line("\nIn the way, for %s from the disaster on: a crash at %.0f %% of calls, a lost request or answer at %.0f %%, throttling at %.0f %%; %.0f %% of events lost, %.0f %% delivered twice; %.0f %% of looks show what was a moment ago.",
		troubled, 100*troubles.Crash, 100*troubles.Lost, 100*troubles.Throttle, 100*troubles.EventLoss, 100*troubles.EventTwice, 100*troubles.Lag)
}
