package access_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ofIAMAlone are permissions that are no operation of an API, with what they are for.
var ofIAMAlone = map[string]string{
	"iam:PassRole":          "hands a role to a service",
	"lambda:InvokeFunction": "the operation is called Invoke",
	"s3:GetObject":          "CDK's bucket",
}

// operations are a service's, by the models that the emulator's SDK carries.
func operations(t *testing.T, service string) map[string]bool {
	t.Helper()
	folder := service
	if f, ok := map[string]string{"elasticloadbalancing": "elbv2", "elasticfilesystem": "efs"}[service]; ok {
		folder = f
	}
	found, err := filepath.Glob("../../../.tools/venv/lib/python3*/site-packages/botocore/data/" + folder + "/*/service-2.json.gz")
	if err != nil || len(found) == 0 {
		t.Fatalf("no model of %s in the virtual environment (%v): make python", service, err)
	}
	file, err := os.Open(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var model struct{ Operations map[string]any }
	if err := json.NewDecoder(text).Decode(&model); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for name := range model.Operations {
		all[name] = true
	}
	return all
}

var (
	typeRow = regexp.MustCompile("(?m)^\\| `AWS::[A-Za-z0-9:]+`[^|]*\\|(.*)\\|$")
	quoted  = regexp.MustCompile("`([a-z0-9-]+:)?([A-Za-z0-9]+)`")
)

// TestDeploymentActionsExist: what docs/getting-started.md tells people to allow
// CloudFormation is what the services' APIs know. A name without a service is of the one
// before it.
func TestDeploymentActionsExist(t *testing.T) {
	page, err := os.ReadFile("../../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]bool{}
	checked := 0
	for _, row := range typeRow.FindAllStringSubmatch(string(page), -1) {
		service := ""
		for _, m := range quoted.FindAllStringSubmatch(row[1], -1) {
			if m[1] != "" {
				service = strings.TrimSuffix(m[1], ":")
			}
			if _, ok := ofIAMAlone[service+":"+m[2]]; ok {
				continue
			}
			if known[service] == nil {
				known[service] = operations(t, service)
			}
			if checked++; !known[service][m[2]] {
				t.Errorf("%s: %s has no operation %s", row[0], service, m[2])
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d actions were found: the table has another form now", checked)
	}
}
