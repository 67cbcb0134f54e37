package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/test/marked"
)

func main() {
	seeds := flag.Int("seeds", 200, "seeds of each combination of controller, fault and load balancer")
	nodes := flag.String("nodes", "1,10,100,1000", "how many nodes fail with their zone, from small to great")
	workers := flag.Int("workers", 2, "runs at the same time")
	write := flag.String("write", "", "a Markdown file whose text between the figures marks is replaced")
	why := flag.String("explain", "", "print what happened when, in the runs whose name holds this text, for example \"gated, AZ loss, ALB, seed 3, trouble false\"")
	flag.Parse()
	if *why != "" {
		if err := explain(os.Stdout, *why, *seeds); err != nil {
			fmt.Fprintln(os.Stderr, "figures:", err)
			os.Exit(1)
		}
		return
	}
	if err := figures(*seeds, *nodes, *workers, *write); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func figures(seeds int, nodes string, workers int, write string) error {
	var counts []int
	for text := range strings.SplitSeq(nodes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-nodes %q: %q is not a number from 1 up; write for example -nodes 1,10,100", nodes, text)
		}
		counts = append(counts, n)
	}
	start := time.Now()
	board, err := score(seeds, workers)
	if err != nil {
		return err
	}
	spent := time.Since(start)
	masses, failed := weigh(counts)
	bench, err := benchmark()
	if err != nil {
		return err
	}
	r := report{seeds: seeds, nodes: nodes, board: board, masses: masses, bench: bench, disastersPerSecond: float64(board.disasters) / spent.Seconds()}
	text := r.markdown()
	fmt.Print(text)
	if write != "" {
		failed = errors.Join(failed, marked.Replace(write, "figures", text))
	}
	return errors.Join(board.failed(), failed)
}
