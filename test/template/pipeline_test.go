package template

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/docs/examples"
)

// exampleApp is an app as a reader of the manual has it: the built switcher's place is
// named by the context.
func exampleApp(t *testing.T, more map[string]any) awscdk.App {
	t.Helper()
	context := maps.Clone(flags)
	context["recovery:switcherCode"] = "testdata/switcher"
	maps.Copy(context, more)
	return appOf(t, context)
}

// readJSON reads a file of a cloud assembly.
func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// lookups are what an assembly, or one nested in it, asks AWS for.
func lookups(t *testing.T, dir string) []lookup {
	t.Helper()
	var out []lookup
	for _, pattern := range []string{"manifest.json", "*/manifest.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			var manifest struct{ Missing []lookup }
			readJSON(t, file, &manifest)
			out = append(out, manifest.Missing...)
		}
	}
	return out
}

type lookup struct{ Key, Provider string }

// TestPipelines: the manual's pipeline deploys the stacks of a stage in their order,
// publishes the built switcher once for all accounts, and looks nothing up.
func TestPipelines(t *testing.T) {
	app := exampleApp(t, nil)
	pipeline := examples.Pipeline(app)
	dir := *app.Synth(nil).Directory()
	if found := lookups(t, dir); len(found) > 0 {
		t.Errorf("lookups: %v", found)
	}
	d := synth(t, awscdk.Stack_Of(pipeline))
	stages := map[string]map[string]float64{} // the order of each stage's actions
	var order []string
	for _, s := range d.one(t, "AWS::CodePipeline::Pipeline", "Pipeline").Properties["Stages"].([]any) {
		name, actions := s.(map[string]any)["Name"].(string), map[string]float64{}
		for _, a := range s.(map[string]any)["Actions"].([]any) {
			actions[a.(map[string]any)["Name"].(string)] = a.(map[string]any)["RunOrder"].(float64)
		}
		stages[name], order = actions, append(order, name)
	}
	if diff := cmp.Diff([]string{"Source", "Build", "UpdatePipeline", "Assets", "Test", "Prod"}, order); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	for _, name := range []string{"Test", "Prod"} {
		s := stages[name]
		if !(s["Region.Deploy"] > 0 && s["Region.Deploy"] < s["Place.Prepare"] && s["Place.Deploy"] < s["Nodes.Prepare"]) {
			t.Errorf("%s: actions in the order %v, want Region, Place, Nodes", name, s)
		}
	}
	if _, asked := stages["Prod"]["Approve"]; !asked {
		t.Errorf("Prod: nobody is asked: %v", stages["Prod"])
	}

	hashes := map[string]bool{}
	for _, stage := range []string{"Test", "Prod"} {
		hashes[switcherAsset(t, filepath.Join(dir, "assembly-"+stage), stage+"Place")] = true
	}
	if len(hashes) != 1 {
		t.Fatalf("the stages have different switchers: %v", slices.Collect(maps.Keys(hashes)))
	}
	builds := ""
	for _, id := range d.ids("AWS::CodeBuild::Project") {
		if strings.Contains(id, "Assets") {
			builds += text(t, d.Resources[id].Properties["Source"])
		}
	}
	for hash := range hashes {
		// Twice: to each account's bucket.
		if n := strings.Count(builds, hash); n != 2 {
			t.Errorf("the switcher %s is published %d times, want once to each account, by %s", hash, n, builds)
		}
	}
}

// switcherAsset is the hash of the one zipped asset of the stage's stack.
func switcherAsset(t *testing.T, assembly, prefix string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(assembly, prefix+"*.assets.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s has %q (%v), want one list of assets", assembly, files, err)
	}
	var assets struct {
		Files map[string]struct{ Source struct{ Packaging string } }
	}
	readJSON(t, files[0], &assets)
	var found []string
	for hash, file := range assets.Files {
		if file.Source.Packaging == "zip" {
			found = append(found, hash)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s lists the zipped assets %q, want one", files[0], found)
	}
	return found[0]
}

// TestStagesWithoutEnv: two stages that go to the same account, as far as anybody can
// see, collide as two stacks would, and the error says what tells them apart.
func TestStagesWithoutEnv(t *testing.T) {
	app := newApp(t)
	deploy := func(name string) {
		stack := awscdk.NewStack(awscdk.NewStage(app, jsii.String(name), nil), jsii.String("Stack"), nil)
		addSwitcher(stack, recovery.SwitcherProps{})
	}
	deploy("Test")
	refused(t, func() { deploy("Prod") }, "Prod/Stack/Table: recovery table", "Test/Stack/Table", "told apart by their Env, or that of their Stage")
}
