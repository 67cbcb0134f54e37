package template

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// TestDiff asks AWS CDK's command line what a deployment would change, offline: nothing
// after a second synthesis, and after a change of the source that change and no more.
func TestDiff(t *testing.T) {
	compose := func(kind string, fence, threshold float64) string {
		app := newApp(t)
		vpc := awscdk.NewStack(app, jsii.String("Vpc"), nil)
		s := addSwitcher(vpc, recovery.SwitcherProps{
			Name: jsii.String("test"), Policy: &recovery.RecoveryPolicy{FenceTime: awscdk.Duration_Seconds(jsii.Number(fence))},
		})
		b := base{app: app, stack: awscdk.NewStack(app, jsii.String("Nodes"), nil), switcher: s}
		node := b.node("Node", recovery.ClusterNodeProps{InstanceType: instanceType(kind)})
		recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
			ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x"), Threshold: jsii.Number(threshold)},
		})
		return *app.Synth(nil).Directory()
	}
	// That all templates are the same is TestSameTwice's; the command line is slow.
	before, again, changed := compose("t4g.small", 600, 1), compose("t4g.small", 600, 1), compose("m7g.large", 300, 2)
	for _, c := range []struct {
		stack, now string
		lines      []string // nil: no difference
	}{
		{"Nodes", again, nil},
		{"Nodes", changed, []string{
			"[~] AWS::EC2::LaunchTemplate Node/Template", ".InstanceType:", "[-] t4g.small", "[+] m7g.large",
			"[~] AWS::CloudWatch::Alarm Monitor/Application", "[~] Threshold", "[-] 1", "[+] 2",
		}},
		{"Vpc", changed, []string{"[~] AWS::Lambda::Function Switcher/Resource", `\"fenceSeconds\":600`, `\"fenceSeconds\":300`}},
	} {
		out, differs := cdkDiff(t, filepath.Join(before, c.stack+".template.json"), c.now, c.stack)
		if differs != (c.lines != nil) {
			t.Errorf("%s differs: %v, want %v:\n%s", c.stack, differs, c.lines != nil, out)
		}
		for _, line := range c.lines {
			if !strings.Contains(out, line) {
				t.Errorf("%s: the difference does not say %q:\n%s", c.stack, line, out)
			}
		}
		for _, bad := range []string{"[-] AWS::", "[+] AWS::", "replace"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s: the difference says %q:\n%s", c.stack, bad, out)
			}
		}
	}
}

// cdkDiff runs `cdk diff` where it can reach no account.
func cdkDiff(t *testing.T, template, assembly, stack string) (out string, differs bool) {
	t.Helper()
	cli, err := filepath.Abs("../../node_modules/.bin/cdk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(cli); err != nil {
		t.Fatalf("%v: run `make node`", err)
	}
	text, code := offline(t, cli, "diff", "--app", assembly, "--template", template, "--exclusively", "--fail", "--no-color", "--no-notices", stack)
	if code > 1 || !strings.Contains(text, "Number of stacks with differences: "+fmt.Sprint(code)) {
		t.Fatalf("cdk diff ended with %d:\n%s", code, text)
	}
	return text, code == 1
}

// offline runs a command that finds no AWS account.
func offline(t *testing.T, name string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "CDK_DISABLE_CLI_TELEMETRY=true")
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func instanceType(name string) awsec2.InstanceType { return awsec2.NewInstanceType(jsii.String(name)) }
