// Command workload-recovery is the example app: `npx cdk synth` prints its
// templates, `npx cdk deploy --all` deploys them.
//
// Context keys (-c key=value):
//
//	example=single   two nodes in one VPC (default)
//	example=multi    two VPCs in one Region and one in another
//
// The environment variable RECOVERY_EXAMPLE does the same where there is no
// command line of cdk (`RECOVERY_EXAMPLE=multi CDK_OUTDIR=dir go run .`).
//
// Stacks are deployed to the account and Region of the credentials. Set
// RECOVERY_ENV=explicit to fix them from CDK_DEFAULT_ACCOUNT and
// CDK_DEFAULT_REGION at synthesis. Neither way looks anything up.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/stacks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() (err error) {
	defer jsii.Close()
	// Constructs report wrong props by a panic: show its text, which says what to
	// do, without the stack trace.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	settings, err := settings()
	if err != nil {
		return err
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &settings})
	if err := compose(app); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}

// settings are the feature flags of cdk.json when the app is run without the cdk
// command, which would hand them over itself: the templates must not differ.
func settings() (map[string]any, error) {
	if os.Getenv("CDK_CONTEXT_JSON") != "" {
		return nil, nil
	}
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return nil, fmt.Errorf("the app needs the feature flags in cdk.json: %w; run it in the project's directory", err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("cdk.json is not JSON: %w", err)
	}
	return file.Context, nil
}

func compose(app awscdk.App) error {
	example := os.Getenv("RECOVERY_EXAMPLE")
	if given, ok := app.Node().TryGetContext(jsii.String("example")).(string); ok {
		example = given
	}
	props := stacks.ExampleProps{Env: environment()}
	switch example {
	case "", "single":
		stacks.Single(app, props)
	case "multi":
		stacks.Multi(app, props)
	default:
		return fmt.Errorf("the example is %q: allowed are single and multi; correct the context key example or RECOVERY_EXAMPLE, or leave them out", example)
	}
	return nil
}

func environment() *awscdk.Environment {
	if os.Getenv("RECOVERY_ENV") != "explicit" {
		return nil
	}
	return &awscdk.Environment{
		Account: jsii.String(os.Getenv("CDK_DEFAULT_ACCOUNT")), Region: jsii.String(os.Getenv("CDK_DEFAULT_REGION")),
	}
}
