// Package userdata assembles an instance's user data from generated parts and the
// owner's own.
package userdata

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// Assemble puts the owner's own user data, or nothing, between the parts that the plan
// generates.
func Assemble(scope constructs.Construct, plan *boot.Plan, own awsec2.UserData) awsec2.UserData {
	// What cloud-init finds out by the first line, it finds out as if it were alone.
	kind := "text/plain; charset=\"utf-8\""
	if own == nil {
		own = awsec2.UserData_ForLinux(nil)
	}
	parts := awsec2.NewMultipartUserData(nil)
	parts.AddPart(part("text/cloud-boothook", awscdk.Lazy_String(&hook{plan: plan}, nil)))
	parts.AddPart(part("text/x-shellscript", jsii.String(boot.Prepare)))
	parts.AddUserDataPart(own, jsii.String(kind), jsii.Bool(true))
	parts.AddPart(part("text/x-shellscript", jsii.String(boot.Start)))
	scope.Node().AddValidation(&sizeCheck{scope: scope, plan: plan, data: parts})
	return parts
}

func part(kind string, body *string) awsec2.MultipartBody {
	return awsec2.MultipartBody_FromRawBody(&awsec2.MultipartBodyOptions{ContentType: jsii.String(kind + "; charset=\"utf-8\""), Body: body})
}

// hook produces the boothook when the plan is final: a ResourceMonitor, made after
// the node, adds to it.
type hook struct{ plan *boot.Plan }

// Produce is called at synthesis.
func (h *hook) Produce() *string { return jsii.String(h.plan.Hook()) }

// sizeCheck refuses, at synthesis, user data that EC2 would refuse at the launch.
type sizeCheck struct {
	scope constructs.Construct
	plan  *boot.Plan
	data  awsec2.UserData
}

// tokenSize is more than any id that CloudFormation fills in later has.
const tokenSize = 32

// Validate is called by AWS CDK when the user data is complete.
func (c *sizeCheck) Validate() *[]*string {
	size := measure(awscdk.Stack_Of(c.scope).Resolve(c.data.Render()))
	if size <= boot.Limit {
		return jsii.Strings()
	}
	return jsii.Strings(fmt.Sprintf("the user data has about %d bytes, of which %d are generated, and EC2 allows %d: "+
		"put what UserData, Boot.PrepareCommands, FaultScript and Check do into the image or a file in S3, or set Boot.GenerateUserData to false and build all of it into the image",
		size, len(c.plan.Hook()), boot.Limit))
}

// measure is the length of a resolved text whose functions are not evaluated yet.
func measure(v any) int {
	switch x := v.(type) {
	case string:
		return len(x)
	case map[string]any:
		if inner, ok := x["Fn::Base64"]; ok { // the user's own part
			return (measure(inner) + 2) / 3 * 4
		}
		if join, ok := x["Fn::Join"].([]any); ok {
			size := 0
			for _, e := range join[1].([]any) {
				size += measure(e)
			}
			return size
		}
	}
	return tokenSize
}
