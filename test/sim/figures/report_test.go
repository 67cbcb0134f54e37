package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadBench(t *testing.T) {
	out := `goos: linux
BenchmarkRecovery/nodes=1-2         	       3	   1000000 ns/op	        58.00 calls/node	   1000000 ns/node	  300000 B/op	    2000 allocs/op
BenchmarkRecovery/nodes=1000        	       3	 500000000 ns/op	        15.00 calls/node	    500000 ns/node	30000000 B/op	  200000 allocs/op
PASS
`
	want := []work{
		{nodes: 1, seconds: 0.001, bytes: 300000, callsPerNode: 58, secondsPerNode: 0.001},
		{nodes: 1000, seconds: 0.5, bytes: 30000000, callsPerNode: 15, secondsPerNode: 0.0005},
	}
	if diff := cmp.Diff(want, readBench(out), cmp.AllowUnexported(work{})); diff != "" {
		t.Error(diff)
	}
	if list := readBench("PASS\n"); len(list) > 0 {
		t.Errorf("%+v read from nothing", list)
	}
}

func TestPercentile(t *testing.T) {
	list := []int{5, 1, 4, 2, 3}
	for _, c := range []struct{ p, want int }{{1, 1}, {20, 1}, {21, 2}, {50, 3}, {99, 5}, {100, 5}} {
		if got := at(c.p, list); got != c.want {
			t.Errorf("percentile %d is %d, want %d", c.p, got, c.want)
		}
	}
	if got := at(99, []time.Duration{}); got != 0 {
		t.Errorf("of nothing it is %s", got)
	}
}

// TestTables: one seed of everything gives a row for each class, and all of them
// end above their floors.
func TestTables(t *testing.T) {
	board, err := score(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := board.failed(); err != nil {
		t.Fatal(err)
	}
	masses, err := weigh([]int{1})
	if err != nil {
		t.Fatal(err)
	}
	r := report{seeds: 1, board: board, masses: masses, bench: []work{{nodes: 1, secondsPerNode: 1}}}
	text := r.markdown()
	for _, c := range controllers {
		if n := strings.Count(text, "| "+mark(c)+" |"); n < 2+2*2*len(faults) {
			t.Errorf("%s has %d rows:\n%s", c.name, n, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "-9223372036") || strings.Contains(line, "NaN") || strings.Contains(line, "Inf") {
			t.Errorf("not a number: %s", line)
		}
	}
}
