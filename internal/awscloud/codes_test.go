package awscloud

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// group is one group of a list of codes.
type group struct {
	head  []string // its first line, split at the semicolons
	codes []string
}

// groups reads a list of codes: see the comment at its beginning.
func groups(t *testing.T, name string, fields int) (list []group) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#"), strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "  "):
			last := &list[len(list)-1]
			last.codes = append(last.codes, strings.Fields(line)...)
		default:
			head := strings.SplitN(line, "; ", fields)
			if len(head) != fields || head[fields-1] == "" {
				t.Fatalf("%s:%d: %q has not %d fields, of which the last is the reason", name, n+1, line, fields)
			}
			list = append(list, group{head: head})
		}
	}
	return list
}

func statusOfGroup(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEveryPublishedCodeOfEC2 holds each code of AWS's list to a kind, for a launch and
// for any other call, however it is spelled.
func TestEveryPublishedCodeOfEC2(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range groups(t, "ec2-codes.txt", 4) {
		status := statusOfGroup(t, g.head[0])
		for _, code := range g.codes {
			if seen[code] {
				t.Errorf("%s stands twice in the list", code)
			}
			seen[code] = true
			for _, spelled := range []string{code, strings.ToLower(code), strings.ToUpper(code), "Client." + code} {
				for action, want := range map[string]string{"RunInstances": g.head[1], "StartInstances": g.head[2], "StopInstances": g.head[2], "CreateTags": g.head[2]} {
					if got := cloud.KindOf(failure(answer(serviceEC2, action, spelled, status))); string(got) != want {
						t.Errorf("%s of %s is %q, want %q: %s", spelled, action, got, want, g.head[3])
					}
				}
			}
		}
	}
	if len(seen) != 417 {
		t.Errorf("the list has %d codes, AWS's page had 417: say in the list's comment when it was read again", len(seen))
	}
}

// TestEveryCodeOfTheOtherServices does that for the other services.
func TestEveryCodeOfTheOtherServices(t *testing.T) {
	for _, g := range groups(t, "service-codes.txt", 4) {
		for _, code := range g.codes {
			for _, spelled := range []string{code, strings.ToLower(code)} {
				if got := cloud.KindOf(failure(answer(g.head[0], "Any", spelled, statusOfGroup(t, g.head[1])))); string(got) != g.head[2] {
					t.Errorf("%s %s is %q, want %q: %s", g.head[0], spelled, got, g.head[2], g.head[3])
				}
			}
		}
	}
}

// TestEveryCodeOfTheSDKIsListed: a code that an update of the SDK adds has to be given a
// kind and a reason.
func TestEveryCodeOfTheSDKIsListed(t *testing.T) {
	listed := map[string]map[string]bool{}
	for _, g := range groups(t, "service-codes.txt", 4) {
		if listed[g.head[0]] == nil {
			listed[g.head[0]] = map[string]bool{}
		}
		for _, code := range g.codes {
			listed[g.head[0]][code] = true
		}
	}
	modelled := regexp.MustCompile(`(?s)ErrorCode\(\) string \{\n\tif e == nil \|\| e\.ErrorCodeOverride == nil \{\n\t\treturn "([^"]+)"`)
	const base = "github.com/aws/aws-sdk-go-v2/service/"
	for module, service := range map[string]string{
		"elasticloadbalancingv2": serviceELB, "cloudwatch": serviceAlarms, "dynamodb": serviceDynamoDB, "sns": serviceSNS,
		"eventbridge": serviceEvents, "efs": serviceEFS, "arczonalshift": serviceZonal, "lambda": serviceLambda, "sts": "STS",
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", base+module).Output()
		if err != nil {
			t.Fatalf("find the SDK's %s: %v", module, err)
		}
		var m struct{ Dir string }
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(filepath.Join(m.Dir, "types", "errors.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := modelled.FindAllStringSubmatch(string(source), -1)
		if len(found) == 0 {
			t.Errorf("no error is found in the SDK's %s: its source looks different", module)
		}
		for _, f := range found {
			if !listed[service][f[1]] {
				t.Errorf("%s: %s is not in testdata/service-codes.txt: add it to a kind, with a reason", service, f[1])
			}
		}
	}
}

// TestUnsupportedOperation: the words decide whether another candidate can help.
func TestUnsupportedOperation(t *testing.T) {
	for message, want := range map[string]cloud.Kind{
		"You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. Either launch the instance with httpTokens=required or contact your account owner.": cloud.Invalid,
		"The operation is not supported.": cloud.Invalid,
		"":                                cloud.Invalid,
		"The instance configuration for this AWS Marketplace product is not supported. Please see http://aws.amazon.com/marketplace/pp?sku=1 for supported configurations.": cloud.Invalid,
		"The requested instance type's architecture (arm64) does not match the architecture in the manifest for ami-1 (x86_64).":                                            cloud.Unsupported,
		"m7g.medium is not supported here.":                            cloud.Unsupported,
		"u7i-12tb.224xlarge can only be launched in a VPC.":            cloud.Unsupported,
		"g6e.metal-48xl is not available.":                             cloud.Unsupported,
		"Launches are suspended in eu-west-1a at the moment.":          cloud.Unsupported,
		"Launches are suspended in your requested Availability Zone.":  cloud.Unsupported,
		"Launches are suspended in us-gov-west-1b.":                    cloud.Unsupported,
		"The image ami-0abc1234 of eu-west-1 is not supported. v1.2.3": cloud.Invalid,
	} {
		err := &smithy.OperationError{ServiceID: serviceEC2, OperationName: "RunInstances", Err: &smithy.GenericAPIError{Code: "UnsupportedOperation", Message: message}}
		if got := cloud.KindOf(failure(err)); got != want {
			t.Errorf("%q is %q, want %q", message, got, want)
		}
	}
	stop := &smithy.OperationError{ServiceID: serviceEC2, OperationName: "StopInstances", Err: &smithy.GenericAPIError{Code: "UnsupportedOperation", Message: "A spot instance cannot be stopped"}}
	if got := cloud.KindOf(failure(stop)); got != cloud.Unsupported {
		t.Errorf("of StopInstances it is %q, want %q", got, cloud.Unsupported)
	}
}

// TestUnknownCodesAreSafe: a 4xx was not carried out and is not repeated blindly; what
// was not answered, or answered with a 5xx, may have been carried out.
func TestUnknownCodesAreSafe(t *testing.T) {
	for status, want := range map[int]cloud.Kind{
		400: cloud.Invalid, 404: cloud.Invalid, 409: cloud.Invalid, 401: cloud.Denied, 403: cloud.Denied, 408: cloud.Ambiguous, 429: cloud.Throttled,
		200: cloud.Ambiguous, 500: cloud.Ambiguous, 502: cloud.Ambiguous, 503: cloud.Ambiguous, 0: cloud.Ambiguous,
	} {
		for _, service := range []string{serviceEC2, serviceELB, serviceDynamoDB, "A new service"} {
			if got := cloud.KindOf(failure(answer(service, "RunInstances", "Unheard.Of", status))); got != want {
				t.Errorf("an unknown code of %s with status %d is %q, want %q", service, status, got, want)
			}
		}
	}
}

// TestCodesAreComparedWithoutCase: what asks for one code finds it however it is spelled.
func TestCodesAreComparedWithoutCase(t *testing.T) {
	err := failure(answer(serviceELB, "DeregisterTargets", "invalidtarget", 400))
	if !cloud.HasCode(err, "InvalidTarget") || cloud.HasCode(err, "Other") || cloud.HasCode(errors.New("x"), "InvalidTarget") {
		t.Errorf("%v is not found by its code", err)
	}
}
