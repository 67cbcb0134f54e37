// Command apps synthesises one app in several states, as a project's source has them
// one after the other: each changes something, and is deployed over the first. All are
// written by one process, into a folder each. It takes the CDK's context as the command
// line would hand it over, so that the templates are those that users get.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/stacks"
)

func main() {
	out := flag.String("out", "", "`folder` to write to, a folder below it for each state")
	code := flag.String("code", "", "`folder` with the switcher's code")
	flag.Parse()
	if *out == "" || *code == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: apps -out folder -code folder")
		os.Exit(2)
	}
	defer jsii.Close()
	for name, change := range states {
		s := first()
		change(&s)
		s.synth(filepath.Join(*out, name), *code)
	}
}

// state is the source at one time.
type state struct {
	stack         string      // of the nodes
	database, web stacks.Node // without an id: not there
	tags          map[string]*string
	adopt         bool
}

// first is the example, of which the database applies changes at once.
func first() state {
	nodes := stacks.SingleNodes()
	s := state{stack: "RecoveryNodes", database: nodes[0], web: nodes[1]}
	s.database.Props.Deployment = &recovery.NodeDeployment{ApplyChanges: recovery.ApplyChanges_AT_ONCE}
	for _, n := range []*stacks.Node{&s.database, &s.web} {
		n.Monitor.Instance, n.Monitor.Application = &recovery.InstanceAlarm{}, &recovery.ApplicationAlarm{}
	}
	return s
}

// badImage is an image that exists nowhere.
const badImage = "ami-0bad0bad0bad0bad0"

var states = map[string]func(*state){
	"first": func(*state) {},
	// The alarms are slower to go off, and want more processes.
	"threshold": slower,
	// Other tags of the stack, which stand in no template.
	"tags": func(s *state) { s.tags = map[string]*string{"cost-centre": jsii.String("4711")} },
	// After that, a larger type for both nodes.
	"type": func(s *state) { slower(s); larger(s) },
	// A larger type, an image that cannot be launched, and an alarm that would be slower.
	"image": func(s *state) {
		larger(s)
		image := map[string]*string{"ap-northeast-1": jsii.String(badImage)}
		for _, n := range []*stacks.Node{&s.database, &s.web} {
			n.Props.MachineImage = awsec2.MachineImage_GenericLinux(&image, nil)
			n.Monitor.Instance.EvaluationPeriods = jsii.Number(5)
		}
	},
	// After that, the web node is taken out of the source.
	"without": func(s *state) { slower(s); larger(s); s.web.ID = "" },
	// Another stack, of another team, with the same node id.
	"second": func(s *state) { s.stack, s.web.ID = "SecondNodes", "" },
	// A running instance becomes a node, and its stack may go without it.
	"adopt": func(s *state) { s.adopt = true },
}

func slower(s *state) {
	for _, n := range []*stacks.Node{&s.database, &s.web} {
		n.Monitor.Instance.EvaluationPeriods = jsii.Number(3)
		n.Monitor.Application.Threshold = jsii.Number(2)
	}
}

func larger(s *state) {
	for _, n := range []*stacks.Node{&s.database, &s.web} {
		n.Props.InstanceType = awsec2.NewInstanceType(jsii.String("t4g.medium"))
	}
}

func (s state) synth(dir, code string) {
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(dir)})
	region := stacks.NewRegionStack(app, "RecoveryRegion", nil)
	vpc := stacks.NewVpcStack(app, "RecoveryVpc", &stacks.VpcStackProps{
		Region: region, Switcher: &recovery.SwitcherProps{Name: jsii.String("example"), Code: awslambda.Code_FromAsset(&code, nil)},
	})
	in := stacks.NodesStackProps{Switcher: vpc.Switcher}
	if s.tags != nil {
		in.Tags = &s.tags
	}
	for _, n := range []stacks.Node{s.database, s.web} {
		if n.ID != "" {
			in.Nodes = append(in.Nodes, n)
		}
	}
	stacks.NewNodesStack(app, s.stack, &in)
	if s.adopt {
		adopted(app, vpc)
	}
	app.Synth(nil)
}

// adopted is a stack of one node that is an instance already, which the parameter
// names, behind a group that the parameter names.
func adopted(app awscdk.App, vpc stacks.VpcStack) {
	stack := awscdk.NewStack(app, jsii.String("RecoveryAdopted"), nil)
	parameter := func(name string) *string {
		return awscdk.NewCfnParameter(stack, &name, &awscdk.CfnParameterProps{Type: jsii.String("String")}).ValueAsString()
	}
	node := recovery.NewAdoptedNode(stack, jsii.String("Adopted"), &recovery.AdoptedNodeProps{
		InstanceId: parameter("Instance"), Switcher: vpc.Switcher, NodeId: jsii.Number(9),
		ApplicationStatusCheck: &recovery.ApplicationStatusCheck{Port: jsii.Number(80)},
		Network:                &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: parameter("TargetGroup"), Port: jsii.Number(80)}}},
	})
	recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("java")}})
}
