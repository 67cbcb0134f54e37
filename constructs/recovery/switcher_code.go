package recovery

import (
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// codeContext is the context key that names the built switcher's directory.
const codeContext = "recovery:switcherCode"

// builtCode finds the switcher that `make build` made.
func builtCode(scope constructs.Construct, at place, architecture string) awslambda.Code {
	dir, from := "", "beside the nearest go.mod"
	if given, ok := scope.Node().TryGetContext(jsii.String(codeContext)).(string); ok && given != "" {
		dir, from = given, "from the context key "+codeContext
	} else {
		dir = filepath.Join(moduleRoot(at), "dist", "switcher", architecture)
	}
	info, err := os.Stat(filepath.Join(dir, "bootstrap"))
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		at.fail("Code is not given and there is no executable %s (%s): run \"make build\", or give Code", filepath.Join(dir, "bootstrap"), from)
	}
	return awslambda.Code_FromAsset(jsii.String(dir), nil)
}

// moduleRoot is the nearest directory upward that holds a go.mod: `go run`,
// `go test` and cdk start in different ones.
func moduleRoot(at place) string {
	start, err := os.Getwd()
	at.failOn(err)
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return start
		}
	}
}
