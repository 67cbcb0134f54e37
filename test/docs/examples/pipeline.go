package examples

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// Pipeline deploys the licence server to a test account and, when somebody has
// approved, to production.
func Pipeline(app awscdk.App) pipelines.CodePipeline {
	stack := awscdk.NewStack(app, jsii.String("Pipeline"), &awscdk.StackProps{Env: account("111122223333")})
	pipeline := pipelines.NewCodePipeline(stack, jsii.String("Pipeline"), &pipelines.CodePipelineProps{
		CrossAccountKeys: jsii.Bool(true),
		Synth: pipelines.NewShellStep(jsii.String("Synth"), &pipelines.ShellStepProps{
			Input: pipelines.CodePipelineSource_Connection(jsii.String("acme/licences"), jsii.String("main"), &pipelines.ConnectionSourceOptions{
				ConnectionArn: jsii.String("arn:aws:codeconnections:eu-west-1:111122223333:connection/0b6ff3a4-1111-2222-3333-444455556666"),
			}),
			// cdk.json says "go run .": nothing of the switcher is compiled.
			Commands: jsii.Strings("npx --yes aws-cdk@2.1148.1 synth"),
		}),
	})
	pipeline.AddStage(licences(app, "Test", account("222233334444")), nil)
	pipeline.AddStage(licences(app, "Prod", account("444455556666")), &pipelines.AddStageOpts{
		Pre: &[]pipelines.Step{pipelines.NewManualApprovalStep(jsii.String("Approve"), nil)},
	})
	return pipeline
}

func account(id string) *awscdk.Environment {
	return &awscdk.Environment{Account: jsii.String(id), Region: jsii.String("eu-west-1")}
}

// licences are the same stacks in every account. Node ids are unique per account and
// Region, so they may be the same too.
func licences(app awscdk.App, name string, env *awscdk.Environment) awscdk.Stage {
	stage := awscdk.NewStage(app, jsii.String(name), &awscdk.StageProps{Env: env})
	region := awscdk.NewStack(stage, jsii.String("Region"), nil)
	table := recovery.NewRecoveryTable(region, jsii.String("Table"), nil)

	place := awscdk.NewStack(stage, jsii.String("Place"), nil)
	vpc := recovery.NewRecoveryVpc(place, jsii.String("Vpc"), &recovery.RecoveryVpcProps{
		AvailabilityZones: jsii.Strings("eu-west-1a", "eu-west-1b", "eu-west-1c"),
	})
	switcher := recovery.NewSwitcher(place, jsii.String("Switcher"), &recovery.SwitcherProps{Vpc: vpc, Table: table, Name: jsii.String("licences")})

	nodes := awscdk.NewStack(stage, jsii.String("Nodes"), nil)
	node := recovery.NewClusterNode(nodes, jsii.String("Server"), &recovery.ClusterNodeProps{Switcher: switcher, NodeId: jsii.Number(1)})
	recovery.NewResourceMonitor(nodes, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("lmgrd")},
	})
	return stage
}
