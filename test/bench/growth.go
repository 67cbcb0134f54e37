package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sizes are the apps that growth measures, by nodes and VPCs.
var sizes = []struct{ nodes, vpcs int }{{1, 1}, {10, 1}, {100, 1}, {5, 5}, {10, 5}, {100, 5}}

// limits of one template ("Understand CloudFormation quotas", AWS CloudFormation User
// Guide).
const (
	mostResources = 500
	mostBytes     = 1_000_000
)

// growth synthesises apps of several sizes.
func growth(ctx context.Context, b bench) (string, error) {
	if err := quietly(ctx, "", "go", "build", "-o", scratch+"/grow", "./test/bench/grow"); err != nil {
		return "", err
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "Made by `make bench-growth RUNS=%d`, medians, without AWS CDK's validation. The unit is what one node in one VPC takes. What a further node takes is the difference to the row before, per node, in the same unit.\n\n", b.runs)
	t := newTable("nodes", "VPCs", "stacks", "processor", "memory", "processor, a further node", "memory, a further node",
		"most resources in a template", "largest template")
	var unit, before cost
	for i, size := range sizes {
		dir := filepath.Join(scratch, "grown")
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		var costs []cost
		for range b.runs {
			c, _, err := spend(ctx, "", []string{"CDK_VALIDATION=false", "CDK_OUTDIR=" + dir}, scratch+"/grow", strconv.Itoa(size.nodes), strconv.Itoa(size.vpcs))
			if err != nil {
				return "", err
			}
			costs = append(costs, c)
		}
		stacks, resources, bytes, err := largest(dir)
		if err != nil {
			return "", err
		}
		now := cost{processor: time.Duration(median(costs, processorOf) * float64(time.Second)), memory: median(costs, memoryOf)}
		if i == 0 {
			unit = now
		}
		moreTime, moreMemory := "-", "-"
		if i > 0 && sizes[i-1].vpcs == size.vpcs {
			more := float64(size.nodes - sizes[i-1].nodes)
			moreTime = fmt.Sprintf("%.4f", (processorOf(now)-processorOf(before))/more/processorOf(unit))
			moreMemory = fmt.Sprintf("%.4f", (now.memory-before.memory)/more/unit.memory)
		}
		before = now
		t.row(strconv.Itoa(size.nodes), strconv.Itoa(size.vpcs), strconv.Itoa(stacks), ratio(processorOf(now), processorOf(unit)), ratio(now.memory, unit.memory),
			moreTime, moreMemory, fmt.Sprintf("%d of %d", resources, mostResources), fmt.Sprintf("%.2f of %.0f MB", float64(bytes)/1e6, mostBytes/1e6))
	}
	return out.String() + t.String(), nil
}

// largest is of all templates in a directory.
func largest(dir string) (stacks, resources int, bytes int64, err error) {
	files, err := filepath.Glob(dir + "/*.template.json")
	if err != nil {
		return 0, 0, 0, err
	}
	for _, file := range files {
		about, err := os.Stat(file)
		if err != nil {
			return 0, 0, 0, err
		}
		template, err := readTemplate(file)
		if err != nil {
			return 0, 0, 0, err
		}
		held, _ := template["Resources"].(map[string]any)
		resources, bytes = max(resources, len(held)), max(bytes, about.Size())
	}
	return len(files), resources, bytes, nil
}
