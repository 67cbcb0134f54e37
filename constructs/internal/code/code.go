// Package code finds the built switcher.
package code

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// codeContext is the context key that names the built switcher's directory.
const codeContext = "recovery:switcherCode"

// library is this module, whose work tree builds the switcher from source.
const library = "github.com/workload-recovery/workload-recovery"

// Built finds the switcher: where the context says, else what `make build` made
// in the library's own work tree, else what the release carries. A consumer's own
// folders are not looked at, so that the same release gives the same asset anywhere.
func Built(scope constructs.Construct, at prop.Place, architecture string) awslambda.Code {
	if given, ok := scope.Node().TryGetContext(jsii.String(codeContext)).(string); ok && given != "" {
		return codeIn(at, given, "which the context key "+codeContext+" names")
	}
	if root, ours := workTree(at); ours {
		return codeIn(at, filepath.Join(root, "dist", "switcher", architecture), "in the library's work tree")
	}
	released, err := bundle.Released()
	if errors.Is(err, bundle.ErrNone) {
		at.Fail("Code is not given and %v: require a release (go get %s@<version>); or run \"make build\" in a clone of the library and name its folder dist/switcher/%s by the context key %s, or give Code",
			err, library, architecture, codeContext)
	}
	at.FailOn(err)
	zip, err := released.Zip(architecture)
	at.FailOn(err)
	// In the app's own output directory, which can be written for certain and where it
	// outlives the synthesis if the app stages no assets.
	file := filepath.Join(*awscdk.Stage_Of(scope).AssetOutdir(), "recovery-switcher-"+architecture+".zip")
	at.FailOn(writeOnce(file, zip))
	return awslambda.Code_FromAsset(jsii.String(file), nil)
}

// codeIn is the switcher in a directory.
func codeIn(at prop.Place, dir, which string) awslambda.Code {
	file := filepath.Join(dir, "bootstrap")
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		at.Fail("Code is not given and there is no executable %s (%s): run \"make build\", or give Code", file, which)
	}
	return awslambda.Code_FromAsset(jsii.String(dir), nil)
}

// workTree is the nearest directory upward that holds a go.mod (`go run`, `go test`
// and cdk start in different ones), and whether it is this library's.
func workTree(at prop.Place) (root string, ours bool) {
	start, err := os.Getwd()
	at.FailOn(err)
	for dir := start; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // G304: one fixed name, in the directories above the current one
		if err == nil {
			for line := range strings.Lines(string(text)) {
				if name, is := strings.CutPrefix(line, "module "); is {
					return dir, strings.TrimSpace(name) == library
				}
			}
			return dir, false
		}
		if dir == filepath.Dir(dir) {
			return start, false
		}
	}
}

// writeOnce writes a file whole, unless it is there already. Several switchers of
// an app share one.
func writeOnce(file string, data []byte) error {
	if there, err := os.ReadFile(file); err == nil && bytes.Equal(there, data) { //nolint:gosec // G304: a fixed name in the app's output directory
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // G301: as AWS CDK makes its output directory
		return fmt.Errorf("the app's output directory: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(file), ".recovery-switcher-*")
	if err != nil {
		return fmt.Errorf("the built switcher: %w", err)
	}
	_, err = part.Write(data)
	if err = errors.Join(err, part.Chmod(0o644), part.Close()); err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the built switcher: %w", err), os.Remove(part.Name()))
	}
	return nil
}
