package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// work is what one invocation that recovers so many nodes costs the function.
type work struct {
	nodes          int
	seconds        float64 // of CPU, for all nodes
	bytes          float64 // allocated, for all nodes
	callsPerNode   float64
	secondsPerNode float64
}

var benchLine = regexp.MustCompile(`^BenchmarkRecovery/nodes=(\d+)\S*\s+\d+\s+(.*)$`)

// benchmark runs the engine's benchmark, whose world answers at once.
func benchmark() ([]work, error) {
	out, err := exec.Command("go", "test", "-timeout=90m", "-run", "^$", "-bench", "^BenchmarkRecovery$", "-benchtime", "3x", "-benchmem", "./internal/engine").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("the engine's benchmark: %w\n%s", err, out)
	}
	list := readBench(string(out))
	if len(list) == 0 {
		return nil, fmt.Errorf("the engine's benchmark printed no line of BenchmarkRecovery:\n%s", out)
	}
	return list, nil
}

func readBench(out string) (list []work) {
	for line := range strings.Lines(out) {
		m := benchLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		w := work{nodes: n}
		fields := strings.Fields(m[2])
		for i := 0; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			switch fields[i+1] {
			case "ns/op":
				w.seconds = v / 1e9
				w.secondsPerNode = w.seconds / float64(n)
			case "B/op":
				w.bytes = v
			case "calls/node":
				w.callsPerNode = v
			}
		}
		list = append(list, w)
	}
	return list
}
