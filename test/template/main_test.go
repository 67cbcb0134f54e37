// Package template tests what the constructs write: the synthesised CloudFormation
// templates and the errors of a wrong synthesis.
//
// One package holds all of it, since a test binary with jsii runs one Node
// process; jsii is not safe for concurrent use, so no test is parallel. What Node reads
// is named in inputs, so that Go's test cache sees it.
package template

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/stacks"
)

// flags are the feature flags of cdk.json, which `go test` would not see.
var flags map[string]any

func TestMain(m *testing.M) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// prepare reads the feature flags and sees to the environment of the Node process.
// Importing awscdk starts that process before any of our code runs, so a variable
// that is missing takes a new start of the tests.
func prepare() error {
	wanted := map[string]string{
		// The validation takes seconds; `make synth` has it on.
		"CDK_VALIDATION": "false",
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
	}
	missing := false
	for key, value := range wanted {
		if _, set := os.LookupEnv(key); !set {
			missing = true
			if err := os.Setenv(key, value); err != nil {
				return err
			}
		}
	}
	if missing {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return syscall.Exec(self, os.Args, os.Environ())
	}
	text, err := os.ReadFile("../../cdk.json")
	if err != nil {
		return err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("cdk.json: %w", err)
	}
	flags = file.Context
	return nil
}

// inputs are what Node and the CDK's command line read or heed: Go's test cache keeps a
// result only while what a test itself reads, and the variables it asks for, are as they
// were (what TestMain reads before the tests, cdk.json, does not count). AWS CDK and jsii
// are Go modules. scripts/suite says which Node and which shell are there.
var inputs = sync.OnceValue(func() error {
	for _, name := range []string{
		"RECOVERY_PROGRAMS", "NODE_OPTIONS", "JSII_RUNTIME", "JSII_DEBUG", "CDK_DEBUG", "CDK_VALIDATION",
		"CDK_CONTEXT_JSON", "CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION",
	} {
		os.Getenv(name)
	}
	for _, file := range []string{"testdata/switcher/bootstrap", "../../node_modules/.package-lock.json", "../../cdk.json"} {
		if _, err := os.ReadFile(file); err != nil {
			return fmt.Errorf("%w: run `make node`", err)
		}
	}
	return nil
})

// newApp is an app with the project's feature flags that writes below the test's
// own directory.
func newApp(t *testing.T) awscdk.App {
	t.Helper()
	return appOf(t, flags)
}

// appOf is an app with this context.
func appOf(t *testing.T, context map[string]any) awscdk.App {
	t.Helper()
	if err := inputs(); err != nil {
		t.Fatal(err)
	}
	return awscdk.NewApp(&awscdk.AppProps{Context: &context, Outdir: jsii.String(t.TempDir())})
}

// code stands in for the built switcher.
func code() awslambda.Code { return awslambda.Code_FromAsset(jsii.String("testdata/switcher"), nil) }

func single(t *testing.T) stacks.SingleExample {
	t.Helper()
	return stacks.Single(newApp(t), stacks.ExampleProps{Code: code})
}

func multi(t *testing.T) stacks.MultiExample {
	t.Helper()
	return stacks.Multi(newApp(t), stacks.ExampleProps{Code: code})
}

// targetGroup is the ARN of an existing target group.
func targetGroup(name string) string {
	return "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/" + name + "/0123456789abcdef"
}

// refused runs a synthesis that must fail, and wants every text in the reason.
func refused(t *testing.T, synthesise func(), texts ...string) {
	t.Helper()
	reason := func() (reason string) {
		defer func() {
			if r := recover(); r != nil {
				reason = fmt.Sprint(r)
			}
		}()
		synthesise()
		return ""
	}()
	if reason == "" {
		t.Fatalf("the synthesis succeeded, want an error with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(reason, text) {
			t.Errorf("the error is\n\t%s\nwant it to say %q", reason, text)
		}
	}
}
