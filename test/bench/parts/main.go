// Command parts is the example app with marks of where the time goes, in milliseconds
// since 1970: the counterpart of PARTS=1 in ../typescript/app.ts.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/stacks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "parts:", err)
		os.Exit(1)
	}
}

func run() error {
	defer jsii.Close()
	marks := map[string]int64{}
	mark := func(name string) { marks[name] = time.Now().UnixMilli() }
	mark("begin")
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	// The first use starts Node and loads the libraries.
	awscdk.Duration_Days(jsii.Number(1))
	mark("loaded")
	app := awscdk.NewApp(&awscdk.AppProps{Context: &file.Context})
	mark("started")
	stacks.Single(app, stacks.ExampleProps{})
	mark("built")
	app.Synth(nil)
	mark("done")
	return json.NewEncoder(os.Stderr).Encode(marks)
}
