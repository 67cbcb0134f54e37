package template

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden.json")

// hashes are what AWS CDK derives from paths and file contents: they change with
// versions of AWS CDK and say nothing.
var hashes = regexp.MustCompile(`[0-9A-F]{8}(?:[0-9A-F]{24})?|[0-9a-f]{64}`)

// TestGolden holds two small templates as a person reads them: the Region's whole,
// and what one node is to CloudFormation. Write them anew with -update and read
// the difference.
func TestGolden(t *testing.T) {
	example := single(t)
	nodes := synth(t, example.Nodes.Stack)
	node := map[string]any{}
	for id, r := range nodes.Resources {
		switch r.Type {
		case "Custom::RecoveryNode", "AWS::EC2::LaunchTemplate", "AWS::CloudWatch::Alarm":
			if len(id) > 9 && id[:9] == "Database1" {
				node[short(id)] = map[string]any{"Type": r.Type, "Properties": lines(flat(r.Properties))}
			}
		}
	}
	region := map[string]any{}
	for id, r := range synth(t, example.Region.Stack).Resources {
		region[short(id)] = map[string]any{
			"Type": r.Type, "Properties": flat(r.Properties),
			"DeletionPolicy": r.DeletionPolicy, "UpdateReplacePolicy": r.UpdateReplacePolicy,
		}
	}
	compareGolden(t, "region", region)
	compareGolden(t, "node", node)
}

// script is what internal/boot tests; it would hide the rest of the user data.
var script = regexp.MustCompile(`(?s)(recovery-node <<'RECOVERY_END'\n).*?(\nRECOVERY_END\n)`)

// lines makes a launch template's user data readable.
func lines(properties any) any {
	if template, ok := properties.(map[string]any)["LaunchTemplateData"].(map[string]any); ok {
		template["UserData"] = strings.Split(script.ReplaceAllString(template["UserData"].(string), "${1}(internal/boot/node.sh)$2"), "\n")
	}
	return properties
}

func compareGolden(t *testing.T, name string, v any) {
	t.Helper()
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := hashes.ReplaceAllString(string(out), "") + "\n"
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
