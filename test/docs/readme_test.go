package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's Go is what a newcomer copies first: it must compile as it stands.
func TestReadmeCodeCompiles(t *testing.T) {
	snippet := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(read(t, "README.md"))
	if snippet == nil {
		t.Fatal("README.md has no Go code")
	}
	program := `package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

func main() {
	app := awscdk.NewApp(nil)
` + snippet[1] + "}\n"
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	// An overlay puts the program inside the module without writing there.
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(module, "test", "docs", "readme", "main.go"): file},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{file: []byte(program), overlay: replace} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", os.DevNull, "./test/docs/readme")
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("the README's Go does not compile: %v\n%s", err, out)
	}
}

// The page about upgrading names the version of AWS CDK that go.mod asks for.
func TestVersionOfTheCDKIsNamed(t *testing.T) {
	version := regexp.MustCompile(`aws-cdk-go/awscdk/v2 (v[0-9.]+)`).FindStringSubmatch(read(t, "go.mod"))
	if version == nil {
		t.Fatal("go.mod names no version of AWS CDK")
	}
	if page := read(t, "docs/upgrading.md"); strings.Count(page, version[1]) != 2 {
		t.Errorf("docs/upgrading.md must name AWS CDK %s, the version of go.mod, as the one that is needed and as the one that is tested", version[1])
	}
}
