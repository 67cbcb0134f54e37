// Package processor compares the processor architecture of instance types, images and
// built executables.
package processor

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// Architectures as AWS writes them.
const (
	Arm64 = "arm64"
	X86   = "x86_64"
)

var typeName = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)

// CheckType refuses what is no instance type.
func CheckType(at prop.Place, path string, kind awsec2.InstanceType) {
	if kind == nil {
		return
	}
	if name := *kind.ToString(); !prop.Unresolved(name) && !typeName.MatchString(name) {
		at.Fail("%s is %q: give a family and a size such as t4g.small", path, name)
	}
}

// Of is the architecture of an instance type.
func Of(kind awsec2.InstanceType) string {
	if a := kind.Architecture(); a != awsec2.InstanceArchitecture_ARM_64 {
		return strings.ToLower(string(a))
	}
	return Arm64
}

// CheckImage refuses an image of another architecture than the type's. The architecture of
// an image is known by the name of its SSM parameter, as of Amazon Linux.
func CheckImage(at prop.Place, scope constructs.Construct, kind awsec2.InstanceType, id *string) {
	if prop.Unresolved(kind.ToString()) || id == nil {
		return
	}
	has, other := Of(kind), X86
	if has == X86 {
		other = Arm64
	}
	if name := parameterOf(awscdk.Stack_Of(scope), id); strings.Contains(name, other) && !strings.Contains(name, has) {
		at.Fail("MachineImage is %s, for processors of architecture %s, and InstanceType %s has %s: the instance could not be launched; give an image of %s, or a type of %s",
			name, other, *kind.ToString(), has, has, other)
	}
}

// parameterOf is the name of the SSM parameter that an image's id is read from, or "".
func parameterOf(stack awscdk.Stack, id *string) string {
	switch v := stack.Resolve(id).(type) {
	case string:
		if strings.HasPrefix(v, "{{resolve:ssm:") {
			return v
		}
	case map[string]any:
		ref, is := v["Ref"].(string)
		if !is {
			return ""
		}
		for _, c := range *stack.Node().Children() {
			if p, is := c.(awscdk.CfnParameter); is && fmt.Sprint(stack.Resolve(p.LogicalId())) == ref {
				return fmt.Sprint(p.Default())
			}
		}
	}
	return ""
}

// CheckCode refuses a built function of another architecture than it is declared to have.
// A bootstrap that is no ELF file (a script) runs on any.
func CheckCode(at prop.Place, code awslambda.Code, architecture string) {
	asset, is := code.(interface{ Path() *string })
	if !is {
		return
	}
	machine := machineOf(*asset.Path())
	built := map[elf.Machine]string{elf.EM_AARCH64: Arm64, elf.EM_X86_64: X86}[machine]
	if built != "" && built != architecture {
		at.Fail("Code %s was built for architecture %s, and Architecture is %s: the function could not start; build it for %s, or set Architecture", *asset.Path(), built, architecture, architecture)
	}
}

func machineOf(path string) elf.Machine {
	var text []byte
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		text, _ = os.ReadFile(filepath.Join(path, "bootstrap")) //nolint:gosec // G304: the user names it; AWS CDK reports one that cannot be read
	} else if archive, err := zip.OpenReader(path); err == nil {
		defer archive.Close() //nolint:errcheck // it was only read
		if f, err := archive.Open("bootstrap"); err == nil {
			text, _ = io.ReadAll(f)
		}
	}
	file, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		return elf.EM_NONE
	}
	return file.Machine
}
