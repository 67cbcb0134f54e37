// Command grow is an app of any size: it synthesises a number of nodes, spread over a
// number of VPCs, into stacks of 16 node ids.
//
//	CDK_OUTDIR=dir go run ./test/bench/grow <nodes> <VPCs>
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/stacks"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "grow:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	defer jsii.Close()
	if len(args) != 2 {
		return fmt.Errorf("%d arguments: give the number of nodes and of VPCs", len(args))
	}
	nodes, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	vpcs, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &file.Context})
	region := stacks.NewRegionStack(app, "Region", nil)
	next := 1
	for v := range vpcs {
		name := fmt.Sprintf("Vpc%d", v+1)
		vpc := stacks.NewVpcStack(app, name, &stacks.VpcStackProps{Region: region, Switcher: &recovery.SwitcherProps{Name: jsii.String(name)}})
		var group []stacks.Node
		for range (nodes + vpcs - 1 - v) / vpcs {
			n := stacks.SingleNodes()[next%2]
			n.ID, n.Props.NodeId, n.Props.NodeName = fmt.Sprintf("Node%d", next), jsii.Number(float64(next)), jsii.String(fmt.Sprintf("node-%d", next))
			group = append(group, n)
			next++
		}
		stacks.NewNodesStacks(app, name+"Nodes", &stacks.NodesStackProps{Switcher: vpc.Switcher, Nodes: group})
	}
	app.Synth(nil)
	return nil
}
