package main

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

var update = flag.Bool("update", false, "write the snapshot anew; read its difference before you commit it")

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close() // or jsii leaves temporary files behind
	os.Exit(code)
}

// TestSnapshot holds what would replace or remove something at the next
// deployment if it changed: each resource's logical id and type. Whole templates
// change with each release of AWS CDK and of the library (the hash of the switcher's
// asset is in them); properties are better asserted one by one, where they matter.
func TestSnapshot(t *testing.T) {
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir())})
	template := assertions.Template_FromStack(newStack(app), nil)
	template.ResourceCountIs(jsii.String("Custom::RecoveryNode"), jsii.Number(1))

	kinds := map[string]any{}
	for id, resource := range (*template.ToJSON())["Resources"].(map[string]any) {
		kinds[id] = resource.(map[string]any)["Type"]
	}
	got, err := json.MarshalIndent(kinds, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/snapshot.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if string(want) != string(got) {
		t.Errorf("the snapshot differs; write it with -update and read the difference\nwant %s\ngot %s", want, got)
	}
}
